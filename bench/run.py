"""Measure the book's algorithms beside others' and write speed.json, which the book shows.

    python bench/run.py        (make bench brings the peers, and stores the page's outputs)

It takes about ten minutes. Leave the machine alone for so long.
"""

import json
import re
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent))  # hwlib need not be installed beside the peers
import measure
import peers
import scaling

from hwlib.figures import speed


def main():
    """Measure everything; write the file only when all has been measured."""
    began, versions = time.perf_counter(), peers.versions()
    algorithms = list(scaling.SIZES)
    steps = 1 + len(peers.WORKS) + len(algorithms)

    def progress(done, what):
        spent = time.perf_counter() - began
        print(f"{done + 1:2}/{steps}  {spent:4.0f} s  {what}", file=sys.stderr, flush=True)

    progress(0, "the machine")
    machine = measure.in_child(HERE / "scaling.py", "machine")
    works, curves = {}, {}
    for name, work in peers.WORKS.items():
        progress(1 + len(works), work.title)
        works[name] = peers.measured(name)
    for algorithm in algorithms:
        progress(1 + len(works) + len(curves), f"{algorithm}: time against size")
        curves[algorithm] = measure.in_child(HERE / "scaling.py", algorithm)
    results = {"machine": machine | {"versions": versions}, "works": works, "curves": curves}
    results["graph"] = scaling.graph()
    speed.RESULTS.write_text(text(results) + "\n", encoding="utf-8")
    print(report(results))


def text(results):
    """Return the results as JSON, with lists of numbers on one line each."""
    indented = json.dumps(results, indent=1)
    return re.sub(r"[\[{][^\[\]{}]*[\]}]", lambda inner: " ".join(inner[0].split()), indented)


def report(results):
    """Return the table of all rows, the mean over the photographs and the exponents as text."""
    works = results["works"]
    table = speed.table(works)
    widths = [max(map(len, column)) for column in zip(*table)]
    lines = []
    for row in table:
        who = [cell.ljust(width) for cell, width in zip(row[:2], widths)]
        numbers = [cell.rjust(width) for cell, width in zip(row[2:], widths[2:])]
        lines.append("  ".join(who + numbers).rstrip())
    lines += ["", f"photograph, geometric mean of our speeds: {speed.mean_speed(works):.2f}"]
    for algorithm, curves in results["curves"].items():
        lines.append(f"{algorithm}: time per iteration grows as {powers(curves)}")
    return "\n".join(lines)


def powers(curves):
    """Return the exponents of one algorithm's curves in words: n^1.02, d^0.51, k^0.90."""
    fits = {along: speed.exponent(each["sizes"], each["seconds"]) for along, each in curves.items()}
    return ", ".join(f"{along}^{p:.2f}" for along, (p, _) in fits.items())


if __name__ == "__main__":
    main()
