"""Tables of the page on speed, made from what `make bench` has measured."""

import json
from pathlib import Path
from statistics import geometric_mean, median

import numpy as np

RESULTS = Path(__file__).parent / "measurements" / "speed.json"
FIXED = "\N{NO-BREAK SPACE}"
HEAD = ["work", "who", "fastest", "median", "speed", "result", "iterations", "memory"]


def results():
    """Return what `make bench` has written, as a dictionary."""
    return json.loads(RESULTS.read_text(encoding="utf-8"))


def about(machine):
    """Return when and with what was measured, as a sentence."""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    system = f"{machine['processor']}, {machine['cores']} cores, Python {machine['python']}"
    return f"Measured on {machine['date']}: {system}, {versions}."


def rates(machine):
    """Return the machine's rates as a table in Markdown."""
    rates, costs = machine["rates"], machine["costs"]
    lines = {
        "read from memory": f"{rates['read'] / 1e9:.1f} billion bytes per second",
        "copy in memory (read and write)": f"{rates['copy'] / 1e9:.1f} billion bytes per second",
        "matrix product, float64": f"{rates['gemm64'] / 1e9:.1f} billion operations per second",
        "matrix product, float32": f"{rates['gemm32'] / 1e9:.1f} billion operations per second",
        "greater of two numbers, in a cache": f"{rates['cached'] / 1e9:.1f} billion per second",
        "numpy adds two vectors of length 3": seconds(costs["numpy call"]),
        "Python makes an object and calls it": seconds(costs["object"]),
    }
    rows = [f"| {what} | {figure} |" for what, figure in lines.items()]
    return "\n".join(["| on this machine | |", "| :-- | :-- |", *rows])


def table(works):
    """Return the comparison as rows of text, the head first.

    Parameters
    ----------
    works : dict
        Of results()["works"]. In each, the first row is ours, the second the peer whose speed
        counts as 1 (where there is a second).

    Returns
    -------
    list of list of str
        Of the columns `HEAD`; a work's title stands in its first row only.
    """
    lines = [HEAD]
    for work in works.values():
        peer = work["rows"][:2][-1]
        for i, row in enumerate(work["rows"]):
            line = [work["title"] if i == 0 else "", row["who"]]
            line += [seconds(of(row["seconds"])) for of in (min, median)]
            line += [f"{speed(peer, row):.2f}" if len(work["rows"]) > 1 else ""]
            line += ["" if row["result"] is None else f"{row['result']:.10g}"]
            line += ["" if row["iterations"] is None else f"{row['iterations']}"]
            lines.append([*line, size(row["memory"])])
    return lines


def speed(peer, row):
    """Return how many times as fast as the peer a row is, by the fewest seconds of each."""
    return min(peer["seconds"]) / min(row["seconds"])


def mean_speed(works):
    """Return the geometric mean of our speeds on the photograph."""
    photos = [work["rows"] for name, work in works.items() if name.startswith("photo-")]
    return geometric_mean(speed(peer, ours) for ours, peer, *_ in photos)


def ours(work):
    """Return our fewest seconds for a work."""
    return min(work["rows"][0]["seconds"])


def compare(works, *beginnings):
    """Return the rows of works whose names begin so as a table in Markdown."""
    chosen = {name: work for name, work in works.items() if name.startswith(beginnings)}
    head, *body = table(chosen)
    lines = [head, [":--", ":--", *["--:"] * (len(head) - 2)]]
    for title, who, *cells in body:
        title = title.partition(": ")[2]  # a page has one algorithm to a section
        lines.append([title.replace(" = ", f"{FIXED}={FIXED}"), who])
        lines[-1] += [cell.replace(" ", FIXED) for cell in cells]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def seconds(t):
    """Return a time with three digits and its unit: 1.23 s, 12.3 ms, 123 µs, 12.3 ns."""
    for unit, factor in [("s", 1), ("ms", 1e3), ("µs", 1e6)]:
        if t * factor >= 1:
            return f"{_three(t * factor)} {unit}"
    return f"{_three(t * 1e9)} ns"


def size(n):
    """Return a number of bytes in MB, or kB if it is small."""
    return f"{_three(n / 1e6)} MB" if n >= 1e6 else f"{_three(n / 1e3)} kB"


def _three(x):
    return f"{x:,.{max(0, 2 - int(np.floor(np.log10(x))))}f}" if x > 0 else "0"


def exponent(sizes, times):
    """Return (p, a) of the power law time = a · size^p, fitted to the larger half of the sizes.

    The fit is a straight line through the logarithms, by least squares. At small sizes the time
    does not depend on the size, since calls and set-up cost the same; hence the larger half.
    """
    half = len(sizes) // 2
    p, log_a = np.polyfit(np.log(sizes[half:]), np.log(times[half:]), 1)
    return float(p), float(np.exp(log_a))
