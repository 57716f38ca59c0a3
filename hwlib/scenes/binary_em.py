"""Numbers for the scenes of the chapter on EM."""

from functools import cache

import numpy as np

from hwlib import binary_em
from hwlib.scene import seen


def bound(X):
    """Return what the scene of the bound shows, as a function of begin and step.

    The model has two clusters of equal weight and one unknown w, which is all entries of row 1 of
    W; those of row 2 are 1/2.

    Parameters
    ----------
    X : ndarray of 0 and 1, shape (n, d)

    Returns
    -------
    callable
        `compute(begin, step)` returns a state and a caption: after an even step the bound touches
        the log-likelihood, after an odd one w has climbed it.
    """
    pi, d = np.array([0.5, 0.5]), X.shape[1]
    counts = np.bincount(X.sum(axis=1).astype(int), minlength=d + 1).tolist()

    def rows(w):
        return np.array([[w] * d, [0.5] * d])

    def level(w):
        return binary_em.log_likelihood(X, pi, rows(w))

    def bound_at(w, at):
        r = binary_em.e_step(X, pi, rows(at))
        entropy = -np.sum(r * np.log(np.where(r > 0, r, 1)))
        return binary_em.expected_complete_log_likelihood(X, r, pi, rows(w)) + entropy

    @cache
    def path(begin, steps):
        if steps == 0:
            return begin
        r = binary_em.e_step(X, pi, rows(path(begin, steps - 1)))
        return float(binary_em.m_step(X, r)[1][0].mean())

    def compute(begin, step):
        at, now = path(begin, step // 2), path(begin, step // 2 + step % 2)
        head = f"From w = {begin:g}, step {step}, "
        if step % 2 == 0:
            return {"counts": counts}, (
                f"{head}E step: the bound touches the log-likelihood at w = {seen(at, 3):.3f}. "
                f"Both are {_signed(level(at))}."
            )
        return {"counts": counts}, (
            f"{head}M step: the bound is highest, {_signed(bound_at(now, at))}, at "
            f"w = {seen(now, 3):.3f}. The log-likelihood there is {_signed(level(now))}, "
            f"{_signed(level(now) - level(at))} more than before."
        )

    return compute


def _signed(x):
    return f"{seen(x, 2):,.2f}".replace("-", "−")
