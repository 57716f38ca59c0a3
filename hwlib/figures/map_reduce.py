"""What a pass over a large data set would cost on many machines, reckoned from times measured."""

import json
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hwlib.scenes import seen
from hwlib.scenes.plots import axis, mark, panel, plot, power

# written by bench/map_reduce.py
MEASURED = Path(__file__).parent / "measurements" / "map_reduce.json"


class DataSet(NamedTuple):
    """A data set on paper: n rows of d numbers, one byte each, and the k clusters it is to have."""

    algorithm: str
    n: int
    d: int
    k: int


DATA_SETS = {
    "digits, k-means": DataSet("k-means", 60_000, 784, 10),
    "digits, EM": DataSet("EM", 60_000, 784, 10),
    "genomes, EM": DataSet("EM", 500_000, 700_000, 10),
    "vectors, k-means": DataSet("k-means", 10**9, 128, 1_000),
}
CHUNKS = {"10 MB": 10**7, "100 MB": 10**8, "1 GB": 10**9}  # bytes
CORES = 16  # of a machine
LINK = 1.25e9  # bytes per second: 10 Gbit/s
PRICE = 0.05  # dollars for a core and an hour


class Pass(NamedTuple):
    """One pass over a data set, on paper."""

    data: int  # bytes
    flops: int  # of the matrix products
    chunks: int
    wire: int  # bytes, there and back
    computing: float  # seconds, as the next two
    scheduling: float
    network: float
    dollars: float

    @property
    def seconds(self):
        """Computing, scheduling and network together, in seconds."""
        return self.computing + self.scheduling + self.network


def measured():
    """Return what bench/map_reduce.py has measured."""
    return json.loads(MEASURED.read_text(encoding="utf-8"))


def on_paper(name, machines, chunk=CHUNKS["100 MB"]):
    """Return the `Pass` over one of DATA_SETS, stored in chunks of at most so many bytes."""
    algorithm, n, d, k = DATA_SETS[name]
    times = measured()
    chunks = math.ceil(n / max(1, chunk // d))
    wire = chunks * 8 * (k * d + k * (d + 1) + 1)  # parameters there, statistics back
    busy = min(machines * CORES, chunks)  # a chunk keeps one core busy
    computing = n * d * times["rates"][name] / busy
    scheduling = times["overhead"]["per_pass"] + chunks * times["overhead"]["per_chunk"]
    network = wire / LINK  # as if all of it went through one link
    dollars = machines * CORES * PRICE * (computing + scheduling + network) / 3600
    flops = n * d * k * (2 if algorithm == "k-means" else 4)
    return Pass(n * d, flops, chunks, wire, computing, scheduling, network, dollars)


def quantity(number, units):
    """Return a number in three digits, in the largest unit that it reaches or the smallest."""
    unit, size = max(
        (each for each in units.items() if each[1] <= number),
        key=lambda each: each[1],
        default=next(iter(units.items())),
    )
    return f"{float(f'{number / size:.3g}'):,g} {unit}"


def in_bytes(number):
    """Return a number of bytes with three digits and its unit: 49 MB, 1.57 TB."""
    return quantity(number, {"kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12})


def in_seconds(number):
    """Return a time with three digits and its unit: 12.3 ms, 4.5 s, 12 min, 7.35 h."""
    return quantity(number, {"ms": 1e-3, "s": 1, "min": 60, "h": 3600})


def machines(data, chunk):
    """Return a plot of the seconds of a pass against the number of machines, and of its parts.

    Parameters
    ----------
    data : str
        One of `DATA_SETS`.
    chunk : str
        One of `CHUNKS`.

    Returns
    -------
    state : dict
    caption : str
    """
    numbers = np.geomspace(1, 1000, 49)
    passes = [on_paper(data, number, CHUNKS[chunk]) for number in numbers]
    marks, key = [], []
    for part, color, dash in (
        ("seconds", "ink", None),
        ("computing", "c1", None),
        ("network", "c2", "7 4"),
        ("scheduling", "c3", "2 4"),
    ):
        levels = np.log10([getattr(each, part) for each in passes])
        line = [list(each) for each in zip(seen(np.log10(numbers), 3), seen(levels, 2))]
        marks.append(mark("line", line, color, **({"dash": dash} if dash else {})))
        key.append(["in all" if part == "seconds" else part, color, dash])
    x = axis((0, 3), {k: f"{10**k:,}" for k in range(4)}, f"machines of {CORES} cores")
    y = axis((-4, 5), {k: power(k) if k else "1" for k in range(-4, 6, 2)}, "seconds", grid=True)
    state = plot("Seconds of a pass", [panel(x, y, marks, key=key)], height=270)
    one, many = (on_paper(data, number, CHUNKS[chunk]) for number in (1, 64))
    return state, (
        f"{data[0].upper()}{data[1:]}, in {one.chunks:,} chunk{'s' * (one.chunks > 1)}. A pass "
        f"takes {in_seconds(one.seconds)} on one machine and {in_seconds(many.seconds)} on 64: "
        f"computing {in_seconds(many.computing)}, network {in_seconds(many.network)}, scheduling "
        f"{in_seconds(many.scheduling)}."
    )
