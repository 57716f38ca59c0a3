"""Clustering of binary vectors: a mixture of k products of Bernoulli distributions, fitted by EM.

Example i is made by drawing a cluster z_i = c with probability π_c and then, for each j on its own,
x_ij = 1 with probability W_cj. X is (n, d) of zeros and ones, π is (k,), W is (k, d), and the
responsibilities r_ic = P(Z_i = c | X_i = x_i; π, W) are (n, k).

Sources: Dempster, Laird & Rubin, J. R. Stat. Soc. B 39 (1977), 1-38; Bishop, Pattern Recognition
and Machine Learning (2006), section 9.3.3 (this mixture). Bad input raises ValueError.
"""

from typing import NamedTuple

import numpy as np

from hwlib.arguments import (
    as_distributions,
    as_examples,
    as_generator,
    as_mixture,
    as_real,
    as_weights,
    as_whole,
    check_fit,
)


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

    An example that no cluster can produce has no posterior (0/0). It gets r_i = π, the prior, and
    the next M step can make it possible.

    >>> print(e_step([[1, 0], [1, 1]], [0.5, 0.5], [[0.8, 0.5], [0.2, 0.5]]))
    [[0.8 0.2]
     [0.8 0.2]]
    """
    X, pi, W = as_mixture(X, pi, W)
    log_joint = log_joint_probabilities(X, pi, W)
    largest = log_joint.max(axis=1, keepdims=True)
    # the same factor for each cluster cancels: the largest number becomes 1
    joint = np.exp(log_joint - np.maximum(largest, LOG_0))
    evidence = joint.sum(axis=1, keepdims=True)
    r = np.tile(pi, (len(X), 1))
    return np.divide(joint, evidence, out=r, where=evidence > 0)


def m_step(X, responsibilities, weights=None, alpha=1.0):
    """Return (π, W) that maximize the expected complete log-likelihood.

    π_c = N_c / n and W_cj = Σ_i r_ic x_ij / N_c, where N_c = Σ_i r_ic. A cluster without examples
    (N_c = 0) gets W_cj = 1/2; any other value would be as likely.

    Parameters
    ----------
    X : array_like of 0 and 1, shape (n, d)
    responsibilities : array_like, shape (n, k), each row summing to one
    weights : array_like, shape (n,): how often each row occurs, 0 or more
    alpha : float, 1 or more; more than 1 puts a Beta(α, α) prior on each W_cj, as if each cluster
        had seen α - 1 more ones and α - 1 more zeros, which keeps W away from 0 and 1
    """
    X, alpha = as_examples(X), as_real("alpha", alpha, 1)
    r = as_distributions("responsibilities", responsibilities, len(X), "k")
    r = r * as_weights(weights, len(X))[:, np.newaxis]
    N = r.sum(axis=0)
    ones = r.T @ X + (alpha - 1)
    total = N[:, np.newaxis] + 2 * (alpha - 1)
    W = np.divide(ones, total, out=np.full(ones.shape, 0.5), where=total > 0)
    # rounding can lift a mean of ones above 1
    return N / N.sum(), np.minimum(W, 1)


def log_likelihood(X, pi, W, weights=None):
    """Return Σ_i log P(X_i = x_i; π, W), a float; -inf when an example is impossible."""
    X, pi, W = as_mixture(X, pi, W)
    weights = as_weights(weights, len(X))
    log_evidence = log_sum_exp(log_joint_probabilities(X, pi, W))
    present = weights > 0
    return float(np.sum(weights[present] * log_evidence[present]))


def expected_complete_log_likelihood(X, responsibilities, pi, W, weights=None):
    """Return Σ_i Σ_c r_ic [log π_c + Σ_j x_ij log W_cj + (1 - x_ij) log(1 - W_cj)], a float."""
    X, pi, W = as_mixture(X, pi, W)
    r = as_distributions("responsibilities", responsibilities, len(X), len(pi))
    r = r * as_weights(weights, len(X))[:, np.newaxis]
    present = r > 0  # elsewhere the example may be impossible, and 0 · (-inf) is to be 0
    return float(np.sum(r[present] * log_joint_probabilities(X, pi, W)[present]))


def log_joint_probabilities(X, pi, W):
    """Return s_ic = log P(X_i = x_i, Z_i = c; π, W), shape (n, k)."""
    log_joint = log(pi) + X @ log(W).T + (1 - X) @ log(1 - W).T
    return np.where(log_joint > LOG_0 / 2, log_joint, -np.inf)


LOG_0 = -(2.0**1000)  # stands for log 0 = -inf in products, where 0 · log 0 is to be 0


def log(p):
    """Return log p, or LOG_0 where p is 0."""
    return np.log(p, out=np.full(p.shape, LOG_0), where=p > 0)


def log_sum_exp(log_joint):
    """Return log Σ_c exp(log_joint_ic), shape (n,), where exp alone would underflow to 0."""
    largest = np.maximum(log_joint.max(axis=1), LOG_0)  # finite, so that nothing is -inf + inf
    total = np.exp(log_joint - largest[:, np.newaxis]).sum(axis=1)
    return np.where(total > 0, largest + log(total), -np.inf)


def initial_parameters(X, k, rng=0, weights=None):
    """Return (π, W) to start from: π uniform, W_c = mean of X / 2 + an example / 4 + noise / 4.

    Equal rows of W would stay equal forever: hence the noise and the examples (drawn in proportion
    to `weights`). The mean keeps one cluster from suiting all examples, as noise would for large d.
    """
    X, k, rng = as_examples(X), as_whole("k", k, 1), as_generator(rng)
    p = as_weights(weights, len(X))
    p = p / p.sum()
    examples, noise = X[rng.choice(len(X), size=k, p=p)], rng.uniform(size=(k, X.shape[1]))
    return np.full(k, 1 / k), (p @ X) / 2 + examples / 4 + noise / 4


def iterate(X, pi, W, weights=None, alpha=1.0):
    """Yield EM's steps without end, each an `Iteration`, the first at the given (π, W).

    The log-likelihood never falls from one to the next, up to round-off. With alpha > 1 it is the
    penalized one, log P(X) + (α - 1) Σ_c Σ_j [log W_cj + log(1 - W_cj)], that never falls.
    """
    (X, pi, W), alpha = as_mixture(X, pi, W), as_real("alpha", alpha, 1)
    while True:
        responsibilities = e_step(X, pi, W)
        level = log_likelihood(X, pi, W, weights) + log_prior(W, alpha)
        yield Iteration(pi, W, responsibilities, level)
        pi, W = m_step(X, responsibilities, weights, alpha)


def log_prior(W, alpha):
    """Return the logarithm of the Beta(α, α) prior's density at W, without its constant."""
    inside = np.all((W > 0) & (W < 1))
    return float((alpha - 1) * np.sum(log(W) + log(1 - W))) if inside or alpha == 1 else -np.inf


def fit(X, k, rng=0, restarts=1, tol=1e-8, max_iter=1000, weights=None, alpha=1.0):
    """Fit a mixture of k clusters by EM; of several runs, return the one that ends highest.

    Parameters
    ----------
    X : array_like of 0 and 1, shape (n, d)
    k : int, from 1 to the number of distinct rows (more clusters could not raise the likelihood)
    rng : int (seeds a RandomState), numpy.random.RandomState or numpy.random.Generator
    restarts : int, the number of runs, each from new `initial_parameters`
    tol, max_iter : a run ends once a step gains at most tol per example, or after max_iter M steps
    weights, alpha : as in `m_step`; with alpha > 1 the log-likelihoods are those of `iterate`

    Returns
    -------
    Fit

    >>> fit([[1, 1], [1, 0], [0, 0]], k=1).W.round(4).tolist()
    [[0.6667, 0.3333]]
    """
    X = as_examples(X)
    weights, enough = check_fit(X, k, restarts, tol, max_iter, weights)
    rng = as_generator(rng)
    starts = [initial_parameters(X, k, rng, weights) for _ in range(restarts)]
    runs = (climb(iterate(X, *start, weights, alpha), enough, max_iter) for start in starts)
    return max(runs, key=lambda run: run.log_likelihoods[-1])


def climb(steps, enough, max_iter):
    """Return the `Fit` at which EM's steps, each an `Iteration`, end.

    The last one gained no more than enough, or max_iter M steps are done.
    """
    levels = []
    for pi, W, responsibilities, level in steps:  # pragma: no branch (they have no end)
        levels.append(level)
        if len(levels) > max_iter or len(levels) > 1 and level - levels[-2] <= enough:
            return Fit(pi, W, responsibilities, np.array(levels))
