"""hwlib/quick/binary_em.py: what it does for speed. test_binary_em.py tests it like its twin."""

import tracemalloc
from itertools import islice

import numpy as np
import pytest

from hwlib import binary_em
from hwlib.quick import binary_em as em


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.float64])
def test_memory_stays_below_half_of_the_data_as_floats(dtype):
    # One copy as float64 would be 1. Three tables of bytes are 3/8, and the rest is small.
    n, d = 4000, 500
    X = (np.random.RandomState(0).uniform(size=(n, d)) < 0.5).astype(dtype)
    X[:, :10] = 0  # so that W holds exact zeros
    tracemalloc.start()
    em.fit(X, 3, max_iter=3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.5 * n * d * 8


def certain_case(seed, n=200, d=30, k=4):
    """Examples with constant columns, and parameters that reach 0 and 1 in many places."""
    rng = np.random.RandomState(seed)
    W = np.clip(rng.uniform(-0.5, 1.5, size=(k, d)), 0, 1)
    W[:, :4], W[:, 4:8] = [0, 0, 0.3, 0.3], [1, 1, 0.7, 0.7]
    X = (rng.uniform(size=(n, d)) < W[rng.randint(k - 1, size=n)]).astype(int)
    X[:, :4], X[:, 4:8] = 0, 1
    W[-1, [0, 4]] = 1, 0  # the last cluster can make none of the examples
    return X, rng.dirichlet(np.ones(k)), W


@pytest.mark.parametrize("seed", range(5))
def test_probabilities_of_0_and_1_are_as_exact_as_in_the_readable_form(seed):
    X, pi, W = certain_case(seed)
    steps = zip(binary_em.iterate(X, pi, W), em.iterate(X, pi, W))
    for readable, quick in islice(steps, 10):
        for one, other in zip(readable, quick):
            # a few dozen additions of logarithms, and what ten steps make of their rounding
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
        assert np.isfinite(quick.log_likelihood)
        assert (quick.W == 0).any() and (quick.W == 1).any()


@pytest.mark.parametrize("alpha", [1, 1.5])
@pytest.mark.parametrize("columns", [slice(None), slice(8)])  # the first eight are constant
def test_entries_that_all_examples_share_stay_in_W_and_in_the_likelihood(columns, alpha):
    X, pi, W = certain_case(7)
    X, W = X[:, columns], W[:, columns]
    weights = np.random.RandomState(1).randint(0, 4, len(X)).astype(float)
    steps = zip(*(e.iterate(X, pi, W, weights, alpha) for e in (binary_em, em)))
    for readable, quick in islice(steps, 10):
        for one, other in zip(readable, quick):
            # as above; a mean of ones may be 1 up to rounding, which is 2e-16 off in log W
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def test_a_shared_entry_that_no_cluster_can_make_leaves_the_prior():
    X, pi, W = np.array([[1, 0], [1, 1]]), np.array([0.3, 0.7]), np.array([[0, 0.5], [0, 0.2]])
    first, second = islice(em.iterate(X, pi, W), 2)
    assert first.log_likelihood == -np.inf
    np.testing.assert_array_equal(first.responsibilities, [pi, pi])
    np.testing.assert_array_equal(second.W[:, 0], 1)
