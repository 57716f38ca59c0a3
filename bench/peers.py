"""The book's algorithms and what others have written for the same work, from the same start.

A `Work` has contenders; each is set up (imports, data) and returns two functions. The first is
timed. The second turns what the first returned into a result, the loss or log-likelihood, and the
number of iterations, so that the table shows whether the contenders did the same.

    python bench/peers.py time photo-16               JSON: seconds, results
    python bench/peers.py memory photo-16 ours        JSON: peak memory in bytes
"""

import json
import math
import os
import sys
import warnings
from collections import deque
from functools import cache, partial
from importlib import metadata
from itertools import count, islice
from pathlib import Path
from typing import NamedTuple

import measure
import numpy as np
from PIL import Image

from hwlib import backprop, datasets
from hwlib.compression import compress_image, rgb_pixels
from hwlib.quick import binary_em, kmeans
from hwlib.quick.backprop import gradient_descent

OURS = "ours"
PACKAGES = [
    "autograd",
    "faiss-cpu",
    "micrograd",
    "numpy",
    "scikit-learn",
    "scipy",
    "stepmix",
    "torch",
]


class Work(NamedTuple):
    """One row, or a few, of the table."""

    title: str  # algorithm: what it does
    contenders: dict  # name -> set_up(); the first is ours, the second the peer that counts as 1
    per: int = 1  # times are divided by this; the title says so
    exact: tuple = ()  # the contenders whose result must be ours
    inputs: dict = {}  # n, d, k ... for those who reason about the times; numbers or functions


# ---- k-means on a photograph ---------------------------------------------------------------------

PHOTO_SIZE = (320, 422)  # 135,040 pixels


@cache
def photo(size=PHOTO_SIZE):
    """Return original.png from the working directory, else the book's photograph, scaled."""
    if os.path.exists("original.png"):
        return Image.fromarray(rgb_pixels(Image.open("original.png")))
    return datasets.photograph().resize(size)


@cache
def photo_start(k, size):
    """Return all pixels as floats, k of them to start from, and the seed that draws these.

    It is the first seed whose k pixels differ in color: of two equal centroids one gets no points,
    and scikit-learn would move it elsewhere.
    """
    X = rgb_pixels(photo(size)).reshape(-1, 3).astype(float)
    for seed in count():
        start = X[np.random.RandomState(seed).choice(np.arange(len(X)), k, replace=False)]
        if len(np.unique(start, axis=0)) == k:
            return X, start, seed


@cache
def photo_iterations(k, size):
    """Return how many assignments k-means makes on the photograph's colors."""
    X, start, _ = photo_start(k, size)
    colors, counts = np.unique(X, axis=0, return_counts=True)
    return sum(1 for _ in kmeans.iterate(colors, start, counts))


def photo_pixels(size):
    """Return the number of pixels."""
    return int(np.prod(photo(size).size))


def photo_colors(size):
    """Return the number of distinct colors."""
    return len(np.unique(rgb_pixels(photo(size)).reshape(-1, 3), axis=0))


def loss(X, centroids):
    """Return the loss with each point at its nearest centroid, in float64."""
    centroids = np.asarray(centroids, dtype=float)
    return kmeans.reconstruction_error(X, kmeans.assign(X, centroids), centroids)


def photo_ours(k, size):
    image, (*_, seed) = photo(size), photo_start(k, size)
    return lambda: compress_image(image, k, rng=seed), lambda result: (
        result.loss,
        photo_iterations(k, size),
    )


def photo_sklearn(k, size, algorithm="lloyd"):
    X, start, _ = photo_start(k, size)
    return points_sklearn(X, start, algorithm=algorithm)


def points_sklearn(X, start, algorithm="lloyd", iterations=100_000):
    from sklearn.cluster import KMeans

    settings = {"init": start, "n_init": 1, "tol": 0, "max_iter": iterations}
    model = KMeans(len(start), algorithm=algorithm, **settings)
    return lambda: model.fit(X), lambda fit: (fit.inertia_, fit.n_iter_)


def photo_scipy(k, size):
    from scipy.cluster.vq import kmeans2

    X, start, _ = photo_start(k, size)
    steps = photo_iterations(k, size) - 1  # it does as many as it is told
    return lambda: kmeans2(X, start, iter=steps, minit="matrix"), lambda out: (
        loss(X, out[0]),
        steps + 1,
    )


def photo_faiss(k, size):
    import faiss

    X, start, _ = photo_start(k, size)
    pixels, start = X.astype(np.float32), start.astype(np.float32)
    steps = photo_iterations(k, size) - 1

    def run():
        # by default it would draw 256 points for each centroid, and use no others
        model = faiss.Kmeans(3, k, niter=steps, max_points_per_centroid=len(pixels))
        model.train(pixels, init_centroids=start)
        return model.centroids

    return run, lambda centroids: (loss(X, centroids), steps + 1)


def photo_numpy(k, size):
    """Lloyd's algorithm as it is usually written: all pixels, one table of all scores."""
    X, start, _ = photo_start(k, size)

    def run():
        centroids, before, steps = start, None, 0
        while True:
            z = np.argmin((centroids**2).sum(axis=1) - 2 * X @ centroids.T, axis=1)
            steps += 1
            if before is not None and (z == before).all():
                return centroids, steps
            members = [X[z == c] for c in range(k)]
            centroids = np.array(
                [m.mean(axis=0) if len(m) else mu for m, mu in zip(members, centroids)]
            )
            before = z

    return run, lambda out: (loss(X, out[0]), out[1])


def photo_work(k, size=PHOTO_SIZE):
    names = {OURS: photo_ours, "scikit-learn": photo_sklearn}
    if k == 16:
        names |= {
            "scikit-learn, elkan": partial(photo_sklearn, algorithm="elkan"),
            "scipy": photo_scipy,
            "faiss, float32": photo_faiss,
            "numpy, all pixels": photo_numpy,
        }
    contenders = {name: partial(set_up, k, size) for name, set_up in names.items()}
    inputs = {"n": partial(photo_pixels, size), "colors": partial(photo_colors, size)}
    inputs |= {"d": 3, "k": k}
    title = f"k-means: photograph, k = {k}"
    # Pixels are whole numbers, so colors can be equally far from two centroids. With 64 clusters,
    # hundreds are at the start. There scikit-learn decides by rounding, which depends on the BLAS
    # kernel: with 16 it makes our 212 iterations as on Prescott, and 242 as on Haswell. They end a
    # little apart, as the table shows.
    exact = ("scikit-learn",) if k < 16 else ()
    return Work(title, contenders, exact=exact, inputs=inputs)


# ---- k-means on points ---------------------------------------------------------------------------


@cache
def points(n, d):
    return np.random.RandomState(0).uniform(size=(n, d))


def points_ours(n, d, k, iterations):
    X = points(n, d)
    start, ones = X[np.newaxis, :k], np.ones(n)

    def run():
        # the assignment of the start, then an update and an assignment for each iteration
        points, weights, order, balls = kmeans.arranged(np.asfortranarray(X), ones, k)
        steps = islice(kmeans.lloyd(points, start, weights, balls), iterations + 1)
        [(done, (z, centroids, _))] = deque(enumerate(steps), maxlen=1)
        assignments = np.empty_like(z)
        assignments[:, order] = z
        return assignments, centroids, done

    return run, lambda last: (float(kmeans.losses(X, *last[:2], ones)[0]), last[2])


def points_peer(n, d, k, iterations):
    X = points(n, d)
    return points_sklearn(X, X[:k].copy(), iterations=iterations)


def points_work(n, d, k=16, iterations=10):
    parts = (n, d, k, iterations)
    contenders = {OURS: partial(points_ours, *parts), "scikit-learn": partial(points_peer, *parts)}
    title = f"k-means: {n:,} points, d = {d}, k = {k}, an iteration"
    inputs = {"n": n, "d": d, "k": k}
    return Work(title, contenders, iterations, ("scikit-learn",), inputs)


def restarts_ours(k, init, restarts):
    X = datasets.plane_points()
    return lambda: kmeans.kmeans(X, k, restarts=restarts, init=init), lambda best: (best.loss, None)


def restarts_sklearn(k, init, restarts):
    from sklearn.cluster import KMeans, kmeans_plusplus

    def one_draw(X, k, random_state):
        return kmeans_plusplus(X, k, random_state=random_state, n_local_trials=1)[0]

    X = datasets.plane_points()
    # its own k-means++ draws several candidates for each centroid and keeps the best: other work
    init = one_draw if init == "k-means++" else init
    model = KMeans(k, init=init, n_init=restarts, tol=0, max_iter=100_000, random_state=0)
    return lambda: model.fit(X), lambda fit: (fit.inertia_, None)


def restarts_work(k, init, restarts=200):
    parts = (k, init, restarts)
    contenders = {
        OURS: partial(restarts_ours, *parts),
        "scikit-learn": partial(restarts_sklearn, *parts),
    }
    inputs = {"n": 500, "d": 2, "k": k}
    return Work(f"k-means: {restarts} starts, {init}, k = {k}", contenders, inputs=inputs)


# ---- the network on XOR --------------------------------------------------------------------------

RATE = 0.1


def network():
    """Return X, y and the initial W, b, v, c as arrays."""
    X = np.array([x for x, _ in backprop.XOR_DATASET])
    y = np.array([float(y) for _, y in backprop.XOR_DATASET])
    return X, y, [np.array(p) for p in backprop.initial_neural_network()]


def network_ours(steps, descend=gradient_descent):
    compute_loss = backprop.make_neural_network(backprop.XOR_DATASET)

    def run():
        params = backprop.initial_neural_network()
        return descend(compute_loss, params, RATE, steps)

    return run, lambda history: (float(history[-1]), len(history) - 1)


def network_torch(steps):
    import torch

    torch.set_num_threads(1)  # for so small arrays a second thread only costs
    X, y, start = network()
    X, y = torch.tensor(X), torch.tensor(y)

    def run():
        params = [torch.tensor(p, requires_grad=True) for p in start]
        W, b, v, c = params
        for step in range(steps + 1):
            scores = torch.relu(X @ W.T + b) @ v + c
            loss = -torch.nn.functional.logsigmoid(y * scores).sum()
            if step < steps:
                # quicker than loss.backward() and p.grad
                gradients = torch.autograd.grad(loss, params)
                with torch.no_grad():
                    for p, gradient in zip(params, gradients):
                        p -= RATE * gradient
        return loss.item()

    return run, lambda loss: (loss, steps)


def network_micrograd(steps, unrolled=False):
    from micrograd.engine import Value
    from micrograd.nn import MLP

    X, y, (W, b, v, c) = network()
    start = [*np.column_stack([W, b]).ravel().tolist(), *v.tolist(), float(c)]
    examples = list(zip(X.tolist(), y.tolist()))

    def log_one_plus_exp(s):  # it has neither log nor exp
        # of math, not of numpy, whose functions take longer for a Python number
        value = max(s.data, 0.0) + math.log1p(math.exp(-abs(s.data)))
        out, slope = Value(value, (s,), "log(1+exp)"), 1 / (1 + math.exp(-s.data))

        def backward():
            s.grad += slope * out.grad

        out._backward = backward
        return out

    def run():
        model = MLP(2, [len(b), 1])  # a hidden layer with ReLU, and a linear one
        hidden, [last] = (layer.neurons for layer in model.layers)
        params = model.parameters()
        for p, value in zip(params, start):
            p.data = value

        def score(x1, x2):  # what model([x1, x2]) does, without its loops and calls
            h = [(n.w[0] * x1 + n.w[1] * x2 + n.b).relu() for n in hidden]
            return last.w[0] * h[0] + last.w[1] * h[1] + last.w[2] * h[2] + last.b

        for step in range(steps + 1):
            loss = Value(0.0)
            for x, label in examples:
                margin = (score(*x) if unrolled else model(x)) * -label
                loss = loss + log_one_plus_exp(margin)
            if step < steps:
                for p in params:
                    p.grad = 0
                loss.backward()
                for p in params:
                    p.data -= RATE * p.grad
        return loss.data

    return run, lambda loss: (float(loss), steps)


def network_autograd(steps):
    import autograd.numpy as anp
    from autograd import value_and_grad

    X, y, start = network()

    def loss(params):
        W, b, v, c = params
        scores = anp.dot(anp.maximum(anp.dot(X, W.T) + b, 0), v) + c
        return anp.sum(anp.logaddexp(0, -y * scores))

    both = value_and_grad(loss)

    def run():
        params = start
        for _ in range(steps):
            params = [p - RATE * g for p, g in zip(params, both(params)[1])]
        return loss(params)

    return run, lambda loss: (float(loss), steps)


def network_numpy(steps):
    X, y, start = network()

    def run():
        W, b, v, c = start
        for step in range(steps + 1):
            H = np.maximum(X @ W.T + b, 0)
            margins = y * (H @ v + c)
            if step < steps:
                g = -y / (1 + np.exp(margins))
                G = g[:, None] * v * (H > 0)
                W, b = W - RATE * G.T @ X, b - RATE * G.sum(axis=0)
                v, c = v - RATE * g @ H, c - RATE * g.sum()
        return np.logaddexp(0, -margins).sum()

    return run, lambda loss: (float(loss), steps)


def network_work(matrices=True, steps=1000):
    if matrices:
        peers = {
            "PyTorch": network_torch,
            "HIPS autograd": network_autograd,
            "numpy, by hand": network_numpy,
            "chapter 1": partial(network_ours, descend=backprop.gradient_descent),
        }
    else:
        # In a process of its own: its graphs are cycles, which only the garbage collector frees,
        # and that looks at all of memory the less often the more others have put there.
        peers = {
            "micrograd": network_micrograd,
            "micrograd, unrolled": partial(network_micrograd, unrolled=True),
        }
    contenders = {OURS: network_ours, **peers}
    contenders = {who: partial(set_up, steps) for who, set_up in contenders.items()}
    title = f"network: XOR, a step of {steps:,}" + ("" if matrices else ", nodes of numbers")
    return Work(title, contenders, steps, tuple(peers), inputs={"n": 4, "d": 2, "h": 3})


# ---- EM ------------------------------------------------------------------------------------------


@cache
def binary_data(n, d, k, certain=False):
    """Return X, float64, drawn from k clusters, and the start (pi, W) that StepMix makes of it.

    With `certain`, a cluster's W is 0 in a quarter of its entries and 1 in a twentieth, and a
    quarter of the columns, like a picture's border, is 0 in all of them.
    """
    rng = np.random.RandomState(0)
    W, z = rng.uniform(0.1, 0.9, (k, d)), rng.randint(k, size=n)
    if certain:
        kinds = rng.uniform(size=(k, d))
        W[kinds < 0.25], W[kinds > 0.95], W[:, : d // 4] = 0, 1, 0
    X = (rng.uniform(size=(n, d)) < W[z]).astype(float)
    # responsibilities at random, of the seed that em_stepmix names
    r = np.random.RandomState(0).uniform(size=(n, k))
    r /= r.sum(axis=1, keepdims=True)
    return X, np.full(k, 1 / k), r.T @ X / r.sum(axis=0)[:, None]


def em_ours(n, d, k, iterations, certain=False):
    X, pi, W = binary_data(n, d, k, certain)

    def run():
        return deque(islice(binary_em.iterate(X, pi, W), iterations + 1), maxlen=1).pop()

    return run, lambda last: (last.log_likelihood, iterations)


def em_stepmix(n, d, k, iterations, certain=False):
    from stepmix.stepmix import StepMix

    X, *_ = binary_data(n, d, k, certain)
    settings = {"init_params": "random", "random_state": 0, "abs_tol": 0, "rel_tol": 0}
    settings |= {"progress_bar": 0, "verbose": 0, "max_iter": iterations}

    def run():
        return StepMix(k, measurement="binary", **settings).fit(X)

    return run, lambda model: (model.lower_bound_buffer_[-1] * n, model.n_iter_)


def em_float32(n, d, k, iterations):
    """EM with the products in float32, sums in float64: what half the bytes gain and cost."""
    X, pi, W = binary_data(n, d, k)
    X = X.astype(np.float32)

    def run():
        p, V = pi, W
        for step in range(iterations + 1):
            V = np.clip(V, 1e-12, 1 - 1e-12)
            constant = np.log(p) + np.log1p(-V).sum(axis=1)
            scores = X @ np.log(V / (1 - V)).T.astype(np.float32) + constant.astype(np.float32)
            largest = scores.max(axis=1, keepdims=True)
            r = np.exp(scores - largest)
            total = r.sum(axis=1, keepdims=True)
            if step < iterations:
                r /= total
                N = r.sum(axis=0, dtype=float)
                p, V = N / n, (r.T @ X).astype(float) / N[:, None]
        return (largest + np.log(total)).sum(dtype=float)

    return run, lambda log_likelihood: (float(log_likelihood), iterations)


def em_products(n, d, k, iterations):
    """Nothing but the two matrix products of an iteration, in float64."""
    X, _, W = binary_data(n, d, k)
    r = np.random.RandomState(0).uniform(size=(n, k))

    def run():
        for _ in range(iterations):
            X @ W.T
            r.T @ X

    return run, lambda _: (None, iterations)


def em_work(n=20_000, d=256, k=10, iterations=20):
    names = {
        OURS: em_ours,
        "StepMix": em_stepmix,
        "numpy, float32": em_float32,
        "the two products alone": em_products,
    }
    parts = (n, d, k, iterations)
    contenders = {name: partial(set_up, *parts) for name, set_up in names.items()}
    title = f"EM: n = {n:,}, d = {d}, k = {k}, an iteration"
    inputs = {"n": n, "d": d, "k": k}
    return Work(title, contenders, iterations, ("StepMix",), inputs)


def em_certain_work(n=20_000, d=256, k=10, iterations=20):
    names = {OURS: em_ours, "StepMix": em_stepmix}
    parts = (n, d, k, iterations, True)
    contenders = {name: partial(set_up, *parts) for name, set_up in names.items()}
    title = f"EM: W reaches 0 and 1, n = {n:,}, d = {d}, k = {k}, an iteration"
    return Work(title, contenders, iterations, ("StepMix",), {"n": n, "d": d, "k": k})


def em_bytes(n, d, k):
    X = np.random.default_rng(0).integers(0, 2, size=(n, d), dtype=np.uint8)
    pi, W = np.full(k, 1 / k), np.random.default_rng(1).uniform(0.3, 0.7, size=(k, d))

    def run():
        return deque(islice(binary_em.iterate(X, pi, W), 2), maxlen=1).pop()

    return run, lambda last: (last.log_likelihood, 1)


def em_bytes_work(n=100_000, d=784, k=10):
    title = f"EM: X of uint8, n = {n:,}, d = {d}, k = {k}, two E steps, one M step"
    inputs = {"n": n, "d": d, "k": k}
    return Work(title, {OURS: partial(em_bytes, n, d, k)}, inputs=inputs)


WORKS = {
    **{f"photo-{k}": photo_work(k) for k in (2, 4, 8, 16, 64)},
    **{f"points-{d}d": points_work(10**6, d) for d in (2, 3)},
    "points-many": points_work(5 * 10**6, 3, iterations=3),
    **{f"restarts-{k}": restarts_work(k, "random") for k in (2, 4, 10)},
    **{f"restarts-{k}-plus": restarts_work(k, "k-means++") for k in (2, 4, 10)},
    "xor": network_work(),
    "xor-numbers": network_work(matrices=False),
    "em": em_work(),
    "em-certain": em_certain_work(),
    "em-bytes": em_bytes_work(),
}

# ---- measuring -----------------------------------------------------------------------------------


def times(work, **limits):
    """Return a row for each contender: seconds of each run, result, iterations."""
    set_up = {who: prepare() for who, prepare in work.contenders.items()}
    taken = measure.interleave({who: run for who, (run, _) in set_up.items()}, **limits)
    rows = []
    for who, (seconds, output) in taken.items():
        result, iterations = set_up[who][1](output)
        row = {"who": who, "seconds": [float(f"{each / work.per:.4g}") for each in seconds]}
        row["result"] = None if result is None else float(result)
        row["iterations"] = None if iterations is None else int(iterations)
        rows.append(row)
    return rows


def memory(work, who):
    """Return the peak memory of one contender, above its imports and its data, in bytes."""
    run, _ = work.contenders[who]()
    return measure.peak_memory(run)


def measured(name):
    """Measure one piece of work in processes of its own; return what speed.json keeps of it."""
    work, here = WORKS[name], Path(__file__)
    rows = measure.in_child(here, "time", name)
    for row in rows:
        row["memory"] = measure.in_child(here, "memory", name, row["who"])
    inputs = {key: value() if callable(value) else value for key, value in work.inputs.items()}
    return {"title": work.title, "inputs": inputs, "rows": rows}


def versions():
    """Return the installed version of each package; end the program if one is missing."""
    try:
        return {name: metadata.version(name) for name in PACKAGES}
    except metadata.PackageNotFoundError as error:
        sys.exit(f"{error.name} is not installed: see requirements-bench.txt")


if __name__ == "__main__":
    what, name, *who = sys.argv[1:]
    warnings.simplefilter("ignore")  # of peers that are stopped before they converge
    print(json.dumps({"time": times, "memory": memory}[what](WORKS[name], *who)))
