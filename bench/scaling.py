"""How the time of one iteration grows with the size of the data, and what the machine could do.

python bench/scaling.py machine      JSON: bandwidths, rates, costs of a call
python bench/scaling.py kmeans       JSON: curves, one for each of n, d, k
"""

import json
import os
import platform
import sys
from collections import Counter, deque
from datetime import date
from itertools import islice
from pathlib import Path

import measure
import numpy as np
import peers

from hwlib import backprop
from hwlib.quick import binary_em
from hwlib.quick.backprop import Replay

# one size moves, the others stay
BASE = {
    "kmeans": {"n": 100_000, "d": 3, "k": 16},
    "em": {"n": 20_000, "d": 256, "k": 10},
    "backprop": {"n": 4, "h": 3, "d": 2},
}
SIZES = {
    "kmeans": {
        "n": [1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000, 5_000_000],
        "d": [1, 2, 4, 8, 16, 32, 64],
        "k": [2, 4, 8, 16, 32, 64, 128],
    },
    "em": {
        "n": [100, 300, 1000, 3000, 10_000, 30_000, 100_000],
        "d": [4, 16, 64, 256, 1024],
        "k": [2, 4, 8, 16, 32, 64, 128],
    },
    "backprop": {
        "n": [1, 4, 16, 64, 256, 1024],
        "h": [3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000],
        "d": [2, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000],
    },
}
ITERATIONS = {"kmeans": 10, "em": 4, "backprop": 100}  # of which one is the share
LARGE = 2**27  # bytes of an array that no cache holds
SMALL = 2**14  # numbers of an array that the nearest caches hold


def kmeans_seconds(n, d, k):
    """Return the seconds of an iteration of k-means on random points."""
    run, result = peers.points_ours(n, d, k, ITERATIONS["kmeans"])
    return measure.fastest(run) / max(result(run())[1], 1)


def em_seconds(n, d, k):
    """Return the seconds of an iteration of EM on random bits."""
    rng = np.random.RandomState(0)
    X = (rng.uniform(size=(n, d)) < 0.5).astype(float)
    pi, W = np.full(k, 1 / k), rng.uniform(0.3, 0.7, size=(k, d))

    def run():
        deque(islice(binary_em.iterate(X, pi, W), ITERATIONS["em"] + 1), maxlen=0)

    return measure.fastest(run) / ITERATIONS["em"]


def backprop_seconds(n, h, d):
    """Return the seconds of a step of gradient descent whose graph has been recorded."""
    rng = np.random.RandomState(0)
    data = [(x, (-1) ** i) for i, x in enumerate(rng.normal(size=(n, d)))]
    start = [rng.normal(size=(h, d)) / d, np.zeros(h), rng.normal(size=h) / h, 0.0]
    replay = Replay(*backprop.make_neural_network(data)(*start))
    steps = ITERATIONS["backprop"]
    return measure.fastest(lambda: replay.descend(1e-6, steps), seconds=0.3) / steps


SECONDS = {"kmeans": kmeans_seconds, "em": em_seconds, "backprop": backprop_seconds}


def curves(algorithm, sizes=None):
    """Return {"n": {"sizes": [...], "seconds": [...], "others": {...}}, ...}."""
    found = {}
    for along, values in (sizes or SIZES[algorithm]).items():
        others = {name: value for name, value in BASE[algorithm].items() if name != along}
        seconds = [SECONDS[algorithm](**others, **{along: value}) for value in values]
        rounded = [float(f"{each:.4g}") for each in seconds]
        found[along] = {"sizes": list(values), "seconds": rounded, "others": others}
    return found


def graph():
    """Return what a step of the network on XOR consists of: nodes and groups of them, calls."""
    compute_loss = backprop.make_neural_network(backprop.XOR_DATASET)
    params, loss = compute_loss(*backprop.initial_neural_network())
    replay = Replay(params, loss)
    return {
        "nodes": Counter(type(node).__name__ for node in loss.topo_order),
        "groups": len(replay.groups),
        "calls": len(replay.tape(lr=0.1)),
    }


# ---- the machine ---------------------------------------------------------------------------------


class Empty:
    """The least that a node can be: an object with a method."""

    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value

    def method(self):
        pass


def machine():
    """Return what this machine is, and the rates that bound every program on it."""
    large = np.ones(LARGE // 8)
    other = np.empty_like(large)
    small, result = np.ones(SMALL), np.empty(SMALL)
    three = np.ones(3)
    square = np.random.RandomState(0).uniform(size=(2048, 2048))
    single = square.astype(np.float32)
    products = 2 * len(square) ** 3
    calls = range(10_000)

    def many(call):
        return lambda: deque((call() for _ in calls), maxlen=0)

    def loop():
        return measure.fastest(many(lambda: None))

    nothing = loop()
    rates = {
        # a read and a write for each number; reading alone, with a product as light as can be
        "copy": 2 * LARGE / measure.fastest(lambda: np.copyto(other, large), 1),
        "read": LARGE / measure.fastest(lambda: large @ large, 1),
        "gemm64": products / measure.fastest(lambda: square @ square, 1.5),
        "gemm32": products / measure.fastest(lambda: single @ single, 1.5),
        "cached": SMALL / measure.fastest(lambda: np.maximum(small, result, out=result)),
    }
    costs = {
        "numpy call": (measure.fastest(many(lambda: three + three)) - nothing) / len(calls),
        "object": (measure.fastest(many(lambda: Empty(1.0).method())) - nothing) / len(calls),
    }
    return {
        "date": date.today().isoformat(),
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "cache": last_cache(),
        "python": platform.python_version(),
        "rates": {name: float(f"{rate:.4g}") for name, rate in rates.items()},
        "costs": {name: float(f"{cost:.4g}") for name, cost in costs.items()},
    }


def processor():
    """Return the processor's name, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(": ")[1] for line in lines if line.startswith("model name"))
    except (OSError, StopIteration, IndexError):
        return platform.processor() or platform.machine()


def last_cache():
    """Return the bytes of the largest cache, or None where the system does not tell."""
    sizes = []
    for path in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"):
        text = path.read_text().strip()
        sizes.append(int(text[:-1]) * {"K": 2**10, "M": 2**20}[text[-1]])
    return max(sizes, default=None)


if __name__ == "__main__":
    what = sys.argv[1]
    print(json.dumps(machine() if what == "machine" else curves(what)))
