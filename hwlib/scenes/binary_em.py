"""Numbers for the scenes of the chapter on EM."""

from functools import cache

import numpy as np

from hwlib import binary_em
from hwlib.scene import seen

STEPS = 30  # of the scene of the digits, at most
ENOUGH = 0.01  # gained in a step, for another one to follow
SURE = 0.99


def digits(data, starts, example=0):
    """Return what the scene of the digits shows, as a function of k, assignments and step.

    The view runs EM itself, since the reader may start elsewhere, and judges what the reader
    paints. What it gets from here are the pictures, the start and the caption.

    Parameters
    ----------
    data : hwlib.datasets.Digits
    starts : dict
        `starts[k]`, the W to start from, shape (k, d), in whole hundredths; π starts uniform.
    example : int
        The picture that is looked at first.

    Returns
    -------
    callable
        `compute(k, assignments, step)` returns a state and a caption. With `assignments` "hard"
        each picture goes to its most probable cluster alone.
    """
    shown = {
        "pictures": [np.packbits(x).tobytes().hex() for x in data.X],
        "labels": "".join(map(str, data.labels)),
        "shape": list(data.shape),
        "example": example,
    }

    @cache
    def run(k, assignments):
        return em_steps(data.X, starts[k], assignments == "hard")

    def compute(k, assignments, step):
        steps = run(k, assignments)
        start = np.rint(100 * np.asarray(starts[k])).astype(int).tolist()
        caption = _digits_caption(steps, min(step, len(steps) - 1), k, assignments)
        return shown | {"start": start}, caption

    return compute


def em_steps(X, W, hard=False):
    """Return EM's steps from a uniform π and W, until one gains next to nothing.

    Parameters
    ----------
    X : ndarray of 0 and 1, shape (n, d)
    W : ndarray, shape (k, d)
    hard : bool
        Whether each example goes to its most probable cluster alone.

    Returns
    -------
    list of hwlib.binary_em.Iteration
    """
    k = len(W)
    pi, steps = np.full(k, 1 / k), []
    while True:
        r = binary_em.e_step(X, pi, W)
        r = np.eye(k)[r.argmax(axis=1)] if hard else r
        level = binary_em.log_likelihood(X, pi, W)
        steps.append(binary_em.Iteration(pi, W, r, level))
        gained = level - steps[-2].log_likelihood if len(steps) > 1 else np.inf
        if len(steps) > STEPS or gained < ENOUGH:
            return steps
        pi, W = binary_em.m_step(X, r)


def _digits_caption(steps, step, k, assignments):
    r = steps[step].responsibilities
    level = _signed(steps[step].log_likelihood, 1)
    head = f"k = {k}, {assignments}, step {step}: log-likelihood {level}."
    if assignments == "soft":
        sure = int((r.max(axis=1) > SURE).sum())
        return f"{head} For {sure} of {len(r)} pictures one responsibility is above {SURE}."
    if step == 0:
        return f"{head} Each picture goes to its most probable cluster."
    moved = int((r != steps[step - 1].responsibilities).any(axis=1).sum())
    return f"{head} In this step {moved} of {len(r)} pictures changed their cluster."


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


def _signed(x, digits=2):
    return f"{seen(x, digits):,.{digits}f}".replace("-", "−")
