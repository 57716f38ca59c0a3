"""hwlib/map_reduce.py against hwlib's single process, and the reckoning on its page."""

import os
import pickle
import subprocess
import sys
from itertools import islice

import dask
import dask.bag
import numpy as np
import psutil
import pytest

from hwlib import binary_em, datasets, kmeans, map_reduce
from hwlib.figures import map_reduce as figures

# Sums in another order differ by round-off, about 1e-16 for each addition.
CLOSE = {"rtol": 1e-9, "atol": 1e-9}
# One row; as many as there are; and rows of one kind together, so that chunks lack clusters.
CHUNKS = [1, 7, 60]


def bag(X, count):
    return dask.bag.from_sequence(np.array_split(X, count), npartitions=count)


def points():
    X = datasets.plane_points()[:60]
    return X[np.argsort(X[:, 0])], X[[3, 30, 50]]


def genomes():
    X = datasets.simulated_genomes(60, 40, populations=2, rng=0).X
    return X, *binary_em.initial_parameters(X, 3)


def check_kmeans(chunks, X, centroids):
    passes = list(map_reduce.kmeans_iterate(chunks, centroids))
    expected = list(kmeans.iterate(X, centroids))
    assert len(passes) == len(expected) > 2
    for (far, loss), near in zip(passes, expected):
        np.testing.assert_allclose(far, near.centroids, **CLOSE)
        assert loss == pytest.approx(near.loss, rel=1e-9)


def check_em(chunks, X, pi, W):
    passes = islice(map_reduce.em_iterate(chunks, pi, W), 12)
    expected = islice(binary_em.iterate(X, pi, W), 12)
    for (*far, level), near in zip(passes, expected, strict=True):
        np.testing.assert_allclose(far[0], near.pi, **CLOSE)
        np.testing.assert_allclose(far[1], near.W, **CLOSE)
        assert level == pytest.approx(near.log_likelihood, rel=1e-9)


@pytest.mark.parametrize("count", CHUNKS)
def test_chunks_in_this_process_give_the_same(count):
    with dask.config.set(scheduler="synchronous"):
        X, *start = points()
        check_kmeans(bag(X, count), X, *start)
        X, *start = genomes()
        check_em(bag(X, count), X, *start)


def test_a_cluster_that_is_empty_everywhere():
    X, start = points()
    start = np.vstack([start, [1e3, 1e3]])  # no point comes near it
    B, pi, W = genomes()
    pi = np.append(pi * 0.5, 0.5)
    W = np.vstack([W, np.full(W.shape[1], 0.5)])
    W[3, :2] = 0.0, 1.0
    B[:, 0], B[:, 1] = 1, 0  # the fourth cluster can make none of them
    with dask.config.set(scheduler="synchronous"):
        check_kmeans(bag(X, 5), X, start)
        check_em(bag(B, 5), B, pi, W)


def test_clusters_of_one_example_and_of_less_and_integers():
    with dask.config.set(scheduler="synchronous"):
        *_, (centroids, loss) = map_reduce.kmeans_iterate(bag([[0], [1], [10]], 2), [[0], [9]])
        assert (centroids.tolist(), loss) == ([[0.5], [10]], 0.5)
        X, *start = genomes()
        check_em(bag(X[:3], 2), X[:3], *start)


def test_round_off_does_not_lift_a_probability_above_one():
    X, rng = np.ones((1000, 1)), np.random.RandomState(0)
    start = rng.dirichlet(np.ones(7)), rng.uniform(size=(7, 1))
    with dask.config.set(scheduler="synchronous"):
        for _, W, _ in islice(map_reduce.em_iterate(bag(X, 9), *start), 5):
            assert W.max() <= 1


def test_two_worker_processes_give_the_same_and_leave_nothing(tmp_path):
    with map_reduce.local_client(2, local_directory=str(tmp_path)) as client:
        workers = [psutil.Process(pid) for pid in client.run(os.getpid).values()]
        assert list(client.nthreads().values()) == [1, 1] and len(workers) == 2
        assert any(tmp_path.iterdir())  # the options have come through
        for process in [psutil.Process(), *workers]:
            listening = [each for each in process.net_connections() if each.status == "LISTEN"]
            assert {each.laddr.ip for each in listening} == {"127.0.0.1"}
        X, *start = points()
        chunks = bag(X, 6).persist()
        check_kmeans(chunks, X, *start)
        holders = {worker for workers in client.who_has(chunks).values() for worker in workers}
        assert len(holders) == 2  # both have worked
        X, *start = genomes()
        check_em(bag(X, 6).persist(), X, *start)
    assert not any(process.is_running() for process in workers)


@pytest.mark.parametrize("rows", [50, 500])
def test_what_travels_does_not_grow_with_the_rows(rows):
    k, d = 3, 20
    X = np.random.RandomState(0).randint(2, size=(rows, d))
    for statistics in (
        map_reduce.kmeans_statistics(X, X[:k]),
        map_reduce.em_statistics(X, np.full(k, 1 / k), np.full((k, d), 0.5)),
    ):
        assert sum(np.size(each) for each in statistics) == k * (d + 1) + 1
        # the rest is what pickle says about types and shapes
        assert len(pickle.dumps(statistics)) < 8 * (k * (d + 1) + 1) + 400


# ---- the reckoning --------------------------------------------------------------------------


def test_on_paper_by_hand(monkeypatch):
    times = {"per_pass": 0.5, "per_chunk": 0.01}
    rates = dict.fromkeys(figures.DATA_SETS, 1e-8)
    monkeypatch.setattr(figures, "measured", lambda: {"overhead": times, "rates": rates})
    # 10^9 rows of 128 bytes in chunks of 781,250 rows; 16 x 4 cores
    on = figures.on_paper("vectors, k-means", machines=4)
    assert on.data == 128 * 10**9 and on.chunks == 1280
    assert on.flops == 2 * 128 * 10**9 * 1000
    assert on.wire == 1280 * 8 * (2 * 128_000 + 1000 + 1)
    assert on.computing == pytest.approx(1280 / 64)
    assert on.scheduling == pytest.approx(0.5 + 12.8)
    assert on.network == pytest.approx(on.wire / 1.25e9)
    assert on.seconds == on.computing + on.scheduling + on.network
    assert on.dollars == pytest.approx(64 * 0.05 * on.seconds / 3600)
    # no more cores work than there are chunks
    assert figures.on_paper("vectors, k-means", machines=1000).computing == pytest.approx(1)
    assert figures.on_paper("digits, EM", machines=4).chunks == 1
    assert figures.on_paper("genomes, EM", machines=4, chunk=10).chunks == 500_000  # a row at least
    assert figures.on_paper("digits, EM", machines=4).flops == 4 * 60_000 * 784 * 10


def test_machines_are_drawn_as_they_are_on_paper():
    state, caption = figures.machines("vectors, k-means", "100 MB")
    (panel,) = state["panels"]
    parts = ["seconds", "computing", "network", "scheduling"]
    assert [name for name, *_ in panel["key"]] == ["in all", *parts[1:]]
    for part, line in zip(parts, panel["marks"], strict=True):
        (first, _), *_, (last, _) = line["at"]
        assert (first, last) == (0, 3)  # 1 and 1,000 machines, as powers of ten
        for x, y in line["at"]:
            expected = getattr(figures.on_paper("vectors, k-means", 10**x), part)
            assert y == pytest.approx(np.log10(expected), abs=0.01)  # rounded to two places
    many = figures.on_paper("vectors, k-means", 64)
    assert f"and {figures.in_seconds(many.seconds)} on 64: computing" in caption
    assert f"network {figures.in_seconds(many.network)}, scheduling" in caption
    assert "Digits, EM, in 1 chunk. A" in figures.machines("digits, EM", "1 GB")[1]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0000123, "0.0123 ms"), (0.0123, "12.3 ms"), (1, "1 s"), (75, "1.25 min"), (3600, "1 h")],
)
def test_times_in_words(seconds, words):
    assert figures.in_seconds(seconds) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (8, "0.008 kB"),
        (1e3, "1 kB"),
        (1e6, "1 MB"),
        (1e9, "1 GB"),
        (2.5e9, "2.5 GB"),
        (1e12, "1 TB"),
        (1e15, "1,000 TB"),
    ],
)
def test_sizes_in_words(number, words):
    assert figures.in_bytes(number) == words


def test_the_measured_file_is_complete():
    measured = figures.measured()
    assert measured["rates"].keys() == figures.DATA_SETS.keys()
    assert min(measured["rates"].values()) > 0
    assert {row["algorithm"] for row in measured["scaling"]} == {"k-means", "EM"}
    for row in measured["scaling"]:
        assert min(*row["alone"], *row["one_worker"], *row["two_workers"]) > 0


LATE = """
import logging
from dask.distributed import Client
from hwlib.map_reduce import local_client

def complain():  # as a worker does whose heartbeat meets a closed connection
    logging.getLogger("distributed.worker").error("Failed to communicate during heartbeat.")

if __name__ == "__main__":
    with {client} as client:
        client.run(complain)
"""


@pytest.mark.parametrize(
    ("client", "seen"),
    [
        ("local_client(1)", False),
        # else the first case would prove nothing
        ("Client(n_workers=1, host='127.0.0.1', dashboard_address='127.0.0.1:0')", True),
    ],
)
def test_the_workers_log_no_heartbeat_that_comes_too_late(tmp_path, client, seen):
    program = tmp_path / "late.py"
    program.write_text(LATE.replace("{client}", client))
    # conftest.py silences dask for all tests
    own = {name: value for name, value in os.environ.items() if not name.startswith("DASK_")}
    options = {"capture_output": True, "text": True, "check": True, "timeout": 300}
    done = subprocess.run([sys.executable, program], env=own, **options)
    assert done.stdout == "" and ("heartbeat" in done.stderr) == seen
