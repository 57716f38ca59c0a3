"""What a pass of k-means or EM costs here, in one process and on two local workers of dask.

    python bench/map_reduce.py       writes what hwlib.figures.map_reduce shows

Each process computes on one thread. Times are minima over ten passes that alternate between the
ways that are compared: on the clock, and of the processor in the busiest process, which does not
count what other programs took meanwhile. The start of the processes is not in them.
"""

import os

for library in ("OPENBLAS", "MKL", "OMP"):
    os.environ[f"{library}_NUM_THREADS"] = "1"  # before numpy; dask's workers do so by themselves

import json
import sys
from functools import partial, reduce
from pathlib import Path
from time import perf_counter, process_time

import dask
import dask.bag
import numpy as np
from dask.distributed import Client

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
from hwlib import map_reduce
from hwlib.figures.map_reduce import DATA_SETS, MEASURED

CHUNKS = 8
SCALING = [  # algorithm, n, d, k
    *(("k-means", n, 64, 16) for n in (8_000, 40_000, 200_000)),
    *(("EM", n, 256, 10) for n in (4_000, 20_000, 100_000)),
]
PROBE = 2**22  # numbers in the chunk that a data set's time per number is measured with
WIDEST = 20_000  # columns in it, at most


def load(algorithm, rows, d, seed):
    """Return one chunk: random bytes for k-means, random bits for EM."""
    levels = 256 if algorithm == "k-means" else 2
    return np.random.default_rng(seed).integers(levels, size=(rows, d), dtype=np.uint8)


def task(algorithm, d, k):
    """Return the map function and parameters for it."""
    rng = np.random.default_rng(0)
    if algorithm == "k-means":
        return map_reduce.kmeans_statistics, [rng.uniform(0, 255, size=(k, d))]
    return map_reduce.em_statistics, [np.full(k, 1 / k), rng.uniform(0.2, 0.8, size=(k, d))]


def measure(way, client=None):
    """Run once; return the seconds on the clock and the processor time of the busiest worker."""
    workers = client.run if client else lambda function: {"here": function()}
    busy, began = workers(process_time), perf_counter()
    way()
    seconds = perf_counter() - began
    return seconds, max(after - busy[name] for name, after in workers(process_time).items())


def minima(ways, runs=10):
    """Return each way's shortest times, the ways taking turns."""
    times = [[measure(*way) for way in ways] for _ in range(runs + 1)]
    return np.min(times[1:], axis=0).tolist()  # the first warms up


def chunks_of(algorithm, n, d):
    numbers = dask.bag.from_sequence(range(CHUNKS), npartitions=CHUNKS)
    return numbers.map(partial(load, algorithm, n // CHUNKS, d))


def scaling(clients):
    """Return a row for each of SCALING: its time in one process, on one worker, on two."""
    for algorithm, n, d, k in SCALING:
        step, parameters = task(algorithm, d, k)
        here = [load(algorithm, n // CHUNKS, d, i) for i in range(CHUNKS)]
        bags = [client.persist(chunks_of(algorithm, n, d)) for client in clients]

        def alone(here=here, step=step, parameters=parameters):
            reduce(map_reduce.add, (step(X, *parameters) for X in here))

        def on(client, bag, step=step, parameters=parameters):
            client.compute(bag.map(step, *parameters).fold(map_reduce.add)).result()

        ways = [(partial(on, client, bag), client) for client, bag in zip(clients, bags)]
        times = dict(zip(("alone", "one_worker", "two_workers"), minima([(alone,), *ways])))
        yield {"algorithm": algorithm, "n": n, "d": d, "k": k, **times}


def overhead(client):
    """Return this process's seconds, scheduler and client, for a pass and more for each chunk."""
    counts = [8, 64, 512]
    bags = [dask.bag.from_sequence(range(m), npartitions=m) for m in counts]
    bags = [client.persist(bag) for bag in bags]
    ways = [(lambda bag=bag: client.compute(bag.fold(max)).result(),) for bag in bags]
    per_chunk, per_pass = np.polyfit(counts, [busy for _, busy in minima(ways)], 1)
    return {"per_pass": max(per_pass, 0), "per_chunk": per_chunk}


def rates():
    """Return, for each data set of the page, one core's seconds for each number of it and pass."""
    for name, data in DATA_SETS.items():
        d = min(data.d, WIDEST)
        step, parameters = task(data.algorithm, d, data.k)
        X = load(data.algorithm, PROBE // d, d, 0)
        [(_, busy)] = minima([(partial(step, X, *parameters),)], runs=5)
        yield name, busy / X.size


def main():
    # by default dask makes its workers hand memory back at once, which slows large arrays down
    dask.config.set({"distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None})
    # local addresses and free ports only
    options = {"threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    result = {"load": os.getloadavg()[1], "cores": os.cpu_count(), "rates": dict(rates())}
    with Client(n_workers=1, **options) as one, Client(n_workers=2, **options) as two:
        result |= {"overhead": overhead(two), "scaling": list(scaling([one, two]))}
    # three digits: more would be noise
    rounded = json.loads(json.dumps(result), parse_float=lambda text: float(f"{float(text):.3g}"))
    MEASURED.write_text(json.dumps(rounded, indent=1) + "\n")
    print(MEASURED.read_text())


if __name__ == "__main__":
    main()
