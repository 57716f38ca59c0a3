"""Numbers for the scenes of the chapter on k-means."""

from functools import cache

import numpy as np

from hwlib.kmeans import initial_centroids, iterate
from hwlib.scene import seen


def steps(X):
    """Return what the scene of a run shows, for points `X`, as a function of k, seed and step.

    The view runs k-means itself, from the rows where it starts, since the reader may move
    everything. What it gets from here are the points, the start and the caption.

    Parameters
    ----------
    X : ndarray, shape (n, 2)

    Returns
    -------
    callable
        `compute(k, seed, step)` returns a state and a caption.
    """
    points = seen(X, 3)

    @cache
    def run(k, seed):
        centroids = initial_centroids(X, k, rng=seed)
        rows = [int(np.flatnonzero((X == mu).all(axis=1))[0]) for mu in centroids]
        return rows, list(iterate(X, centroids))

    def compute(k, seed, step):
        start, history = run(k, seed)
        last = len(history) - 1
        return {"points": points, "start": start}, _step_caption(history, min(step, last), k, seed)

    return compute


def _step_caption(history, step, k, seed):
    now = history[step]
    head = f"k = {k}, seed {seed}, step {step}: loss {seen(now.loss, 2):.2f}."
    if step == 0:
        return f"{head} Each point has the color of its nearest centroid."
    moved = int((now.assignments != history[step - 1].assignments).sum())
    if moved == 0:
        return f"{head} Converged: no point changed its cluster."
    return f"{head} In this step {moved} of {len(now.assignments)} points changed their cluster."
