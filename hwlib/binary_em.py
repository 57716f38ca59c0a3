"""Clustering of binary vectors: a mixture of k products of Bernoulli distributions, fitted by EM.

Example i is made by drawing a cluster z_i = c with probability π_c and then, for each j on its own,
x_ij = 1 with probability W_cj. X is (n, d) of zeros and ones, π is (k,), W is (k, d), and the
responsibilities r_ic = P(Z_i = c | X_i = x_i; π, W) are (n, k).

Probabilities of examples are kept as logarithms, so that d = 10,000 does not underflow. W may reach
0 or 1 exactly: 0 · log 0 counts as 0, and an impossible example has log-likelihood -inf.

X is kept as bool; each step turns it into floats some rows at a time, so few that they stay in the
processor's cache. Tables that only this module sees are (k, n): sums over clusters add whole rows.

Sources: Dempster, Laird & Rubin, J. R. Stat. Soc. B 39 (1977), 1-38; Bishop, Pattern Recognition
and Machine Learning (2006), section 9.3.3 (this mixture). Bad input anywhere raises ValueError.
"""

from numbers import Integral, Real
from typing import NamedTuple

import numpy as np

from hwlib import arguments


class Iteration(NamedTuple):
    """Parameters, the E step made with them, and the log-likelihood that they reach."""

    pi: np.ndarray
    W: np.ndarray
    responsibilities: np.ndarray
    log_likelihood: float


class Fit(NamedTuple):
    """The last parameters, their E step, and every iteration's log-likelihood from the start on."""

    pi: np.ndarray
    W: np.ndarray
    responsibilities: np.ndarray
    log_likelihoods: np.ndarray


def e_step(X, pi, W):
    """Return the responsibilities r_ic = P(Z_i = c | X_i = x_i; π, W), shape (n, k).

    An example that no cluster can produce has no posterior (0/0). It gets r_i = π, the prior: its
    row sums to one like any other, and the next M step can make the example possible.
    """
    X, pi, W = _check(X, pi, W)
    return _posterior(_log_joint(X, pi, W), pi)[0].T


def expected_complete_log_likelihood(X, responsibilities, pi, W, weights=None):
    """Return Σ_i Σ_c r_ic [log π_c + Σ_j x_ij log W_cj + (1 - x_ij) log(1 - W_cj)], a float.

    `weights`, shape (n,), multiplies each example's term, as in `m_step`.
    """
    X, pi, W = _check(X, pi, W)
    responsibilities = _check_distributions("responsibilities", responsibilities, (len(X), len(pi)))
    counts = responsibilities.T * _check_weights(weights, len(X))
    present = counts > 0  # elsewhere the example may be impossible, and 0 · (-inf) is to be 0
    return float(np.sum(counts[present] * _log_joint(X, pi, W)[present]))


def m_step(X, responsibilities, weights=None, alpha=1.0):
    """Return (π, W) that maximise the expected complete log-likelihood.

    π_c = N_c / n and W_cj = (Σ_i r_ic x_ij + α - 1) / (N_c + 2(α - 1)), where N_c = Σ_i r_ic.
    A cluster without examples (N_c = 0) gets W_cj = 1/2; any other value would be as likely.

    Parameters
    ----------
    X : (n, d) array of 0 and 1
    responsibilities : (n, k) array, each row summing to one
    weights : (n,) array of numbers >= 0: how often each row occurs, the same as repeating it
    alpha : float >= 1; 1 is maximum likelihood. More puts a Beta(α, α) prior on each W_cj, as if a
        cluster had seen α - 1 more ones and α - 1 more zeros, which keeps W away from 0 and 1.
    """
    X = _check_data(X)
    responsibilities = _check_distributions("responsibilities", responsibilities, (len(X), None))
    weights, alpha = _check_weights(weights, len(X)), arguments.number("alpha", alpha, Real, 1)
    return _m_step(X, responsibilities.T, weights, alpha)


def log_likelihood(X, pi, W, weights=None):
    """Return Σ_i log P(X_i = x_i; π, W), a float; -inf when an example is impossible."""
    X, pi, W = _check(X, pi, W)
    evidence = _posterior(_log_joint(X, pi, W), pi)[1]
    return _objective(evidence, W, _check_weights(weights, len(X)), alpha=1)


def initialise(X, k, rng=0, weights=None):
    """Return a start for EM: π uniform, W_c = mean of X / 2 + an example / 4 + noise / 4.

    Equal rows of W would stay equal for ever: hence the noise and the examples (drawn in proportion
    to `weights`). The mean keeps one cluster from suiting all examples, as noise would for large d.
    """
    X, k, rng = _check_data(X), arguments.number("k", k, Integral, 1), arguments.generator(rng)
    weights = _check_weights(weights, len(X))
    p = weights / weights.sum()
    mean = sum(p[rows] @ x for rows, x in _blocks(X, 1))
    examples, noise = X[rng.choice(len(X), size=k, p=p)], rng.uniform(size=(k, X.shape[1]))
    return np.full(k, 1 / k), mean / 2 + examples / 4 + noise / 4


def iterate(X, pi, W, weights=None, alpha=1.0):
    """Return an endless iterator of EM's steps, each an `Iteration`, the first at the given (π, W).

    The log-likelihood never falls from one to the next, up to round-off. With alpha > 1 it is the
    penalised one, log P(X) + (α - 1) Σ_c Σ_j [log W_cj + log(1 - W_cj)], that never falls.
    """
    X, pi, W = _check(X, pi, W)
    weights, alpha = _check_weights(weights, len(X)), arguments.number("alpha", alpha, Real, 1)

    def steps(pi, W):
        while True:
            responsibilities, evidence = _posterior(_log_joint(X, pi, W), pi)
            yield Iteration(pi, W, responsibilities.T, _objective(evidence, W, weights, alpha))
            pi, W = _m_step(X, responsibilities, weights, alpha)

    return steps(pi, W)


def fit(X, k, rng=0, restarts=1, tol=1e-8, max_iter=1000, weights=None, alpha=1.0):
    """Fit a mixture of k clusters by EM and return, as a `Fit`, the best of several runs.

    Parameters
    ----------
    X : (n, d) array of 0 and 1, of any type (a copy as bool is made, a byte per entry)
    k : int from 1 to the number of distinct rows (more clusters could not raise the likelihood)
    rng : int (seeds a RandomState), RandomState or Generator, from which each run draws its start
    restarts : int, number of runs; the one that ends highest is returned
    tol, max_iter : a run ends once a step gains at most tol per example, or after max_iter M steps
    weights, alpha : as in `m_step`; with alpha > 1 the log-likelihoods are those of `iterate`
    """
    X = _check_data(X)
    weights = _check_weights(weights, len(X))
    for name, count in {"k": k, "restarts": restarts, "max_iter": max_iter}.items():
        arguments.number(name, count, Integral, 1)
    enough = arguments.number("tol", tol, Real, 0) * weights.sum()
    distinct = len({row.tobytes() for row in np.packbits(X[weights > 0], axis=1)})
    if k > distinct:
        raise ValueError(f"k is {k}; expected at most {distinct}, the number of distinct rows of X")

    rng = arguments.generator(rng)

    def run():
        trace, start = [], initialise(X, k, rng, weights)
        for now in iterate(X, *start, weights, alpha):  # pragma: no branch (it has no end)
            gain = now.log_likelihood - trace[-1] if trace else np.inf
            trace.append(now.log_likelihood)
            if gain <= enough or len(trace) > max_iter:
                return Fit(now.pi, now.W, now.responsibilities, np.array(trace))

    return max((run() for _ in range(restarts)), key=lambda found: found.log_likelihoods[-1])


def _blocks(X, k):
    """The rows of X by turns, as slices and as float64, for products with k columns or rows."""
    # 256 kB stay in the cache, and OpenBLAS multiplies up to 10^6 pairs in place and on one thread;
    # where not even a row is that small, 8 MB are worth its threads.
    size = min(2**15, 10**6 // k) // X.shape[1] or max(1, 2**20 // X.shape[1])
    for first in range(0, len(X), size):
        rows = slice(first, first + size)
        yield rows, X[rows].astype(np.float64)


def _log_joint(X, pi, W):
    """log P(X_i = x_i, Z_i = c) = log π_c + Σ_j [x_ij logit W_cj + log(1 - W_cj)], shape (k, n)."""
    log_W, log_V = _log(W.T, at_zero=0.0), _log(1 - W.T, at_zero=0.0)
    logit, constant = log_W - log_V, log_V.sum(axis=0) + _log(pi, at_zero=-np.inf)
    certain = np.subtract(W.T == 0, W.T == 1, dtype=np.float64, order="C")
    log_joint = np.empty((len(W), len(X)))
    for rows, x in _blocks(X, len(W)):
        log_joint[:, rows] = (x @ logit + constant).T
        if certain.any():
            # log 0 was left out above: count the entries of x_i that cluster c cannot produce
            violations = x @ certain + (W == 1).sum(axis=1)
            log_joint[:, rows][violations.T > 0.5] = -np.inf
    return log_joint


def _posterior(log_joint, pi):
    """r_ic, shape (k, n), and log P(X_i = x_i), shape (n,), by log-sum-exp; uses up `log_joint`."""
    # an impossible example: largest must be finite for every exp(-inf - largest) to be 0
    largest = np.maximum(log_joint.max(axis=0), np.finfo(np.float64).min)
    scaled = np.subtract(log_joint, largest, out=log_joint)
    total = np.exp(scaled, out=scaled).sum(axis=0)
    responsibilities = np.divide(scaled, total, out=scaled, where=total > 0)
    responsibilities[:, total == 0] = pi[:, None]
    return responsibilities, largest + _log(total, at_zero=-np.inf)


def _m_step(X, responsibilities, weights, alpha):
    """(π, W), with responsibilities of shape (k, n)."""
    N, ones = responsibilities @ weights, np.full((len(responsibilities), X.shape[1]), alpha - 1.0)
    for rows, x in _blocks(X, len(responsibilities)):
        ones += (responsibilities[:, rows] * weights[rows]) @ x
    total = (N + 2 * (alpha - 1))[:, None]
    W = np.divide(ones, total, out=np.full(ones.shape, 0.5), where=total > 0)
    return N / N.sum(), np.clip(W, 0.0, 1.0)  # rounding can lift a mean of ones one bit above 1


def _objective(evidence, W, weights, alpha):
    """Σ_i log P(x_i), plus the log of the Beta(α, α) prior's density without its constant."""
    present = weights > 0
    log_data = np.sum(weights[present] * evidence[present])
    log_prior = np.sum(_log(W, -np.inf) + _log(1 - W, -np.inf)) if alpha > 1 else 0.0
    return float(log_data + (alpha - 1) * log_prior)


def _log(p, at_zero):
    return np.log(p, out=np.full(p.shape, at_zero), where=p > 0)


def _check_data(X):
    X = arguments.array("X", X, (None, None), X.dtype if isinstance(X, np.ndarray) else np.float64)
    ones = X == 1
    if not np.all(ones | (X == 0)):
        i, j = np.argwhere((X != 0) & ~ones)[0]
        raise ValueError(f"X holds {X[i, j]} in row {i}, column {j}; expected only 0 and 1")
    return ones


def _check(X, pi, W):
    X = _check_data(X)
    W = arguments.array("W", W, (None, X.shape[1]))
    if not (W.min() >= 0 and W.max() <= 1):
        raise ValueError(f"W reaches from {W.min()} to {W.max()}; expected probabilities in [0, 1]")
    return X, _check_distributions("pi", pi, (len(W),)), W


def _check_distributions(name, value, shape):
    p = arguments.array(name, value, shape)
    if not (p.min() >= 0 and np.all(np.abs(p.sum(axis=-1) - 1) < 1e-6)):
        raise ValueError(f"{name} has sums unlike 1 or numbers below 0; expected probabilities")
    return p


def _check_weights(weights, n):
    weights = np.ones(n) if weights is None else arguments.array("weights", weights, (n,))
    if not (weights.min() >= 0 and 0 < weights.sum() < np.inf):
        raise ValueError("weights are unusable; expected finite numbers >= 0, not all of them 0")
    return weights
