"""Numbers of any type give what the same numbers give as float64: nothing wraps or is rounded.

Each function of `CASES` is called with all its arrays of one type and with all of them as float64.
Every result is equal to the last bit, since the numbers are converted before anything is computed.
"""

from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hwlib import agreement, backprop, clustering, experiments, map_reduce
from hwlib import binary_em as em
from hwlib import kmeans as plain
from hwlib.quick import backprop as quick_backprop
from hwlib.quick import binary_em as quick_em
from hwlib.quick import kmeans as quick

# whole numbers up to these are exact, and squares or differences of them leave the type
LIMITS = {
    "uint8": (0, 255),
    "int8": (-128, 127),
    "uint16": (0, 65_535),
    "int16": (-32_768, 32_767),
    "int32": (-(2**31), 2**31 - 1),
    "uint32": (0, 2**32 - 1),
    "int64": (-(2**53), 2**53),
    "float16": (-2048, 2048),
    "float32": (-(2**24), 2**24),
}
POINTS = (12, 3)
CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


@case
def k_means(module, t, rng, low, high, whole):
    X, centroids = (t(rng.randint(low, high + 1, (n, 3), dtype=np.int64)) for n in (12, 4))
    z = rng.randint(0, 4, 12)
    return [
        module.assign(X, centroids),
        module.update(X, z, centroids),
        module.reconstruction_error(X, z, centroids),
        *islice(module.iterate(X, centroids), 30),
        *module.kmeans(X, 3, rng=1, restarts=2),
        module.kmeans(X, 4, init=centroids),
        module.initial_centroids(X, 3, rng=2),
        module.initial_centroids(X, 3, rng=2, init="k-means++"),
    ]


@case
def weighted_k_means(_, t, rng, low, high, whole):
    X, centroids = (t(rng.randint(low, high + 1, (n, 3), dtype=np.int64)) for n in (12, 4))
    weights, z = t(rng.randint(1, high + 1, 12, dtype=np.int64)), rng.randint(0, 4, 12)
    return [
        quick.update(X, z, centroids, weights),
        quick.reconstruction_error(X, z, centroids, weights),
        *islice(quick.iterate(X, centroids, weights), 30),
        quick.kmeans(X, 3, rng=1, restarts=2, weights=weights),
        quick.initial_centroids(X, 3, rng=2, init="k-means++", weights=weights),
    ]


@case
def mixtures(module, t, rng, low, high, whole):
    module = {plain: em, quick: quick_em}[module]
    X, weights = t(rng.randint(0, 2, (12, 5))), t(rng.randint(1, high + 1, 12, dtype=np.int64))
    # W and the rest are probabilities: whole ones in a type of whole numbers, else eighths as well
    W = t(rng.randint(0, 2, (3, 5)) if whole else rng.randint(0, 9, (3, 5)) / 8)
    pi, r = t([1, 0, 0] if whole else [0.5, 0.25, 0.25]), t(np.eye(3)[rng.randint(0, 3, 12)])
    return [
        module.e_step(X, pi, W),
        *module.m_step(X, r, weights, alpha=2),
        module.log_likelihood(X, pi, W, weights),
        module.expected_complete_log_likelihood(X, r, pi, W, weights),
        *module.initial_parameters(X, 3, rng=1, weights=weights),
        *next(module.iterate(X, pi, W, weights)),
        *module.fit(X, 2, rng=1, restarts=2, weights=weights),
    ]


@case
def nodes(_, t, rng, low, high, whole):
    x, y = t(rng.randint(low, high + 1, (2, 3), dtype=np.int64))
    M = t(rng.randint(low, high + 1, (2, 3), dtype=np.int64))
    results = []

    def graph(build, *inputs):
        topo_order = []
        made = [backprop.InputNode(each, topo_order) for each in inputs]
        output = build(*made)
        if output.value.ndim == 0:
            output.compute_grad()
        results.extend([output.value, *(each.grad for each in made)])

    graph(backprop.DotNode, x, y)
    graph(backprop.MVMulNode, M, x)
    graph(backprop.AddNode, x, y)
    graph(backprop.MulNode, x, y)
    graph(backprop.ReluNode, x)
    graph(backprop.SigmoidNode, x)
    graph(lambda n: n * y[0] + y[1], x[0])
    graph(lambda n: n**2, x[0])
    graph(lambda n: backprop.PowerNode(n, t([2])[0]), x[1])
    graph(backprop.LogNode, t(np.maximum(x, 1))[0])
    value, slopes, *_ = backprop.gradient_check_2(M[:, :2], x[:2])
    return [
        *(*results, value, *slopes),
        backprop.sigmoid(x),
        backprop.sigmoid(x[0]),
        *backprop.numerical_gradient(lambda a, b: float(a @ b), [x, y], epsilon=1.0),
    ]


@case
def training(module, t, rng, low, high, whole):
    descend = {plain: backprop, quick: quick_backprop}[module].gradient_descent
    X, y = t(rng.randint(0, 3, (4, 2))), [1, -1, 1, 1]
    dataset = list(zip(X, y))
    logistic = [t([1, 2]), t([1])[0]]
    network = [t(rng.randint(0, 3, (3, 2))), t([0, 1, 2]), t([1, 0, 1]), t([1])[0]]
    first = descend(backprop.make_logistic_regression(dataset), logistic, 0.125, 4)
    second = descend(backprop.make_neural_network(dataset), network, 0.125, 4)
    many = [each[np.newaxis] for each in network]
    runs = experiments.train_many(many, dataset, 0.125, 3)
    return [first, second, *logistic, *network, runs.losses]


@case
def the_rest(_, t, rng, low, high, whole):
    X = t(rng.randint(low, high + 1, POINTS, dtype=np.int64))
    z = t(rng.randint(0, 2, (2, 12)))
    bits, other = t(rng.randint(0, 2, (2, 3, 5)))
    plane, axes, share = clustering.principal_plane(X)
    sizes, sums, loss = map_reduce.kmeans_statistics(X, X[:2])
    network = [X[:2], X[0, :2], X[1, :2], X[0, 0]]
    return [
        agreement.adjusted_rand_index(*z),
        *(plane, axes, share, sizes, sums, loss),
        clustering.unequal_scales(X),
        *map_reduce.em_statistics(z, [0.5, 0.5], np.full((2, 12), 0.5)),
        experiments.same_clusters(bits, other),
        experiments.network_scores(network, X),
        *experiments.exact_log10(X),
        *experiments.sigmoid_forms(X)[0].values(),
    ]


@pytest.mark.parametrize("module", [plain, quick], ids=["plain", "quick"])
@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("function", CASES)
@pytest.mark.filterwarnings("error")  # no overflow either
@settings(max_examples=3)  # for each of 108 cases, which differ in nothing but the type
@given(seed=st.integers(0, 2**32 - 1))
def test_every_type_of_number_gives_the_same(function, name, module, seed):
    low, high = LIMITS[name]
    whole = np.dtype(name).kind in "iu"

    def results(kind):
        rng = np.random.RandomState(seed)
        found = CASES[function](
            module, lambda numbers: np.asarray(numbers).astype(kind), rng, low, high, whole
        )
        return [part for each in found for part in (each if isinstance(each, tuple) else [each])]

    for ours, theirs in zip(results(name), results(np.float64), strict=True):
        np.testing.assert_array_equal(ours, theirs)
