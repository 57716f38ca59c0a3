"""EM for binary vectors, fast: the functions of `hwlib.binary_em`, with the same results.

X is kept as bool. Each step turns it into floats some rows at a time, so few that they stay in the
processor's cache, and one product serves both logarithms. Entries that all examples share, like a
picture's border, are left out of the products. Tables that only this module sees are (k, n): sums
over clusters add whole rows.
"""

import numpy as np

from hwlib.arguments import (
    as_array,
    as_distributions,
    as_examples,
    as_generator,
    as_real,
    as_weights,
    as_whole,
    check_fit,
)
from hwlib.arguments import as_mixture as with_parameters
from hwlib.binary_em import LOG_0, Iteration, climb, log, log_prior


def e_step(X, pi, W):
    """Return the responsibilities, shape (n, k); see `hwlib.binary_em.e_step`."""
    X, pi, W = as_mixture(X, pi, W)
    return posterior(log_joint_probabilities(X, log(pi), W), pi)[0].T


def m_step(X, responsibilities, weights=None, alpha=1.0):
    """Return (π, W); see `hwlib.binary_em.m_step`."""
    X, alpha = as_bits(X), as_real("alpha", alpha, 1)
    r = as_distributions("responsibilities", responsibilities, len(X), "k")
    return maximize(X, r.T, as_weights(weights, len(X)), alpha)


def log_likelihood(X, pi, W, weights=None):
    """Return Σ_i log P(X_i = x_i; π, W); see `hwlib.binary_em.log_likelihood`."""
    X, pi, W = as_mixture(X, pi, W)
    _, evidence = posterior(log_joint_probabilities(X, log(pi), W), pi)
    return weighted_sum(evidence, as_weights(weights, len(X)))


def expected_complete_log_likelihood(X, responsibilities, pi, W, weights=None):
    """Return a float; see `hwlib.binary_em.expected_complete_log_likelihood`."""
    X, pi, W = as_mixture(X, pi, W)
    r = as_distributions("responsibilities", responsibilities, len(X), len(pi))
    log_joint = log_joint_probabilities(X, log(pi), W)
    log_joint[log_joint < LOG_0 / 2] = -np.inf
    return weighted_sum(log_joint, r.T * as_weights(weights, len(X)))


def initial_parameters(X, k, rng=0, weights=None):
    """Return (π, W) to start from; see `hwlib.binary_em.initial_parameters`."""
    X, k, rng = as_bits(X), as_whole("k", k, 1), as_generator(rng)
    p = as_weights(weights, len(X))
    p = p / p.sum()
    mean = sum(p[rows] @ x for rows, x in blocks(X, 1))
    examples, noise = X[rng.choice(len(X), size=k, p=p)], rng.uniform(size=(k, X.shape[1]))
    return np.full(k, 1 / k), mean / 2 + examples / 4 + noise / 4


def iterate(X, pi, W, weights=None, alpha=1.0):
    """Yield EM's steps without end; see `hwlib.binary_em.iterate`."""
    X, pi, W = as_mixture(X, pi, W)
    weights, alpha = as_weights(weights, len(X)), as_real("alpha", alpha, 1)
    shared = X.all(axis=0) | ~X.any(axis=0)  # entries that are the same in all examples
    one, X = X[:1, shared], X.compress(~shared, axis=1) if shared.any() else X
    while True:
        # in one example they count for all, as π does
        log_pi = log_joint_probabilities(one, log(pi), W[:, shared])[:, 0]
        log_joint = log_joint_probabilities(X, log_pi, W[:, ~shared])
        responsibilities, evidence = posterior(log_joint, pi)
        level = weighted_sum(evidence, weights) + log_prior(W, alpha)
        yield Iteration(pi, W, responsibilities.T, level)
        W = np.empty(W.shape)
        pi, W[:, ~shared] = maximize(X, responsibilities, weights, alpha)
        W[:, shared] = maximize(one, pi[:, np.newaxis], weights.sum(keepdims=True), alpha)[1]


def fit(X, k, rng=0, restarts=1, tol=1e-8, max_iter=1000, weights=None, alpha=1.0):
    """Return the `Fit` of the best of several runs; see `hwlib.binary_em.fit`."""
    X = as_bits(X)
    packed = np.packbits(X, axis=1)  # has as many distinct rows
    weights, enough = check_fit(packed, k, restarts, tol, max_iter, weights)
    rng = as_generator(rng)
    starts = [initial_parameters(X, k, rng, weights) for _ in range(restarts)]
    runs = (climb(iterate(X, *start, weights, alpha), enough, max_iter) for start in starts)
    return max(runs, key=lambda run: run.log_likelihoods[-1])


# ---- tables of all clusters and examples, (k, n) -------------------------------------------------


def blocks(X, k):
    """The rows of X in turn, as slices and as float64, for products with k columns or rows."""
    # 256 kB stay in the cache, and OpenBLAS multiplies up to 10^6 pairs in place and on one thread;
    # where not even a row is that small, 8 MB are worth its threads.
    d = max(1, X.shape[1])
    size = min(2**15, 10**6 // k) // d or max(1, 2**20 // d)
    block = np.empty((min(size, len(X)), X.shape[1]))  # the same for all, so use it at once
    for first in range(0, len(X), size):
        rows = slice(first, first + size)
        x = block[: len(X) - first]
        np.copyto(x, X[rows])
        yield rows, x


def log_joint_probabilities(X, log_pi, W):
    """log P(X_i = x_i, Z_i = c) = log π_c + Σ_j [x_ij logit W_cj + log(1 - W_cj)], shape (k, n).

    An impossible pair gets less than LOG_0 / 2.
    """
    # LOG_0 in the product: exactly nothing where x_ij is 0, overwhelming where it is 1. It cannot
    # stand for log(1 - W_cj) too: where both meet, they would have to cancel to the last digit.
    never, always = W == 0, W == 1
    log_W, log_V = (np.log(p, where=p > 0, out=np.zeros(p.shape)) for p in (W, 1 - W))
    logit, certain = np.where(never, LOG_0, log_W - log_V), np.where(always, LOG_0, 0.0)
    both = np.vstack([logit, certain]) if always.any() else logit
    factors = np.ascontiguousarray(both.T)  # half the time of the view that .T is
    constant, all_ones, k = log_V.sum(axis=1) + log_pi, certain.sum(axis=1), len(W)
    log_joint = np.empty((k, len(X)))
    for rows, x in blocks(X, len(both)):
        table = x @ factors
        if len(both) > k:  # what all ones would get, exactly, less what there is
            table = table[:, :k] - (table[:, k:] - all_ones)
        log_joint[:, rows] = (table + constant).T
    return log_joint


def posterior(log_joint, pi):
    """r_ic, shape (k, n), and log P(X_i = x_i), shape (n,), by log-sum-exp; uses up `log_joint`."""
    largest = log_joint.max(axis=0)
    scaled = np.exp(np.subtract(log_joint, largest, out=log_joint), out=log_joint)
    total = scaled.sum(axis=0)
    responsibilities = np.divide(scaled, total, out=scaled)
    evidence = largest + np.log(total)
    impossible = largest < LOG_0 / 2
    responsibilities[:, impossible], evidence[impossible] = pi[:, np.newaxis], -np.inf
    return responsibilities, evidence


def maximize(X, responsibilities, weights, alpha):
    """(π, W), with responsibilities of shape (k, n)."""
    N, ones = responsibilities @ weights, np.full((len(responsibilities), X.shape[1]), alpha - 1.0)
    for rows, x in blocks(X, len(responsibilities)):
        ones += (responsibilities[:, rows] * weights[rows]) @ x
    total = (N + 2 * (alpha - 1))[:, np.newaxis]
    W = np.divide(ones, total, out=np.full(ones.shape, 0.5), where=total > 0)
    return N / N.sum(), np.minimum(W, 1)  # rounding can lift a mean of ones above 1


def weighted_sum(values, weights):
    """Σ weights · values, where no weight times minus infinity is nothing."""
    present = weights > 0
    return float(np.sum(weights[present] * values[present]))


# ---- what arguments must be ----------------------------------------------------------------------


def as_bits(X):
    """X as bool, without a copy as float64 if it is an array of numbers."""
    if not (type(X) is np.ndarray and X.dtype.kind in "biuf" and X.ndim == 2 and X.size):
        X = as_array("X", X, "n", "d")
    bits = X == 1
    if not np.all(bits | (X == 0)):
        as_examples(X)  # says where
    return bits


def as_mixture(X, pi, W):
    """X as bool, and parameters that fit it."""
    X = as_bits(X)
    _, pi, W = with_parameters(X[:1], pi, W)
    return X, pi, W
