"""Numbers for the scenes of the chapter on k-means."""

from functools import cache

import numpy as np

from hwlib.kmeans import initial_centroids, iterate, kmeans
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


STARTS = ["random", "k-means++"]


def ends(X, seeds=10):
    """Return what the scene about choosing k shows, as a function of k, seed and init.

    Parameters
    ----------
    X : ndarray, shape (n, 2)
    seeds : int
        For each k and kind of start there are runs from so many seeds, 0, 1, ...

    Returns
    -------
    callable
        `compute(k, seed, init)` returns a state and a caption.
    """
    points = seen(X, 3)

    @cache
    def run(k, seed, init):
        return kmeans(X, k, rng=seed, init=init)

    @cache
    def best():
        return [kmeans(X, k, restarts=50).loss for k in range(1, 11)]

    @cache
    def losses():
        return {
            init: [
                [seen(run(k, seed, init).loss, 2) for k in range(1, 11)] for seed in range(seeds)
            ]
            for init in STARTS
        }

    def compute(k, seed, init):
        end = run(k, seed, init)
        state = {
            "points": points,
            "losses": losses(),
            "best": seen(best(), 2),
            "centroids": seen(end.centroids, 3),
        }
        return state, (
            f"k = {k}, {init} start, seed {seed}: loss {seen(end.loss, 2):.2f}. "
            f"The best of 50 random starts ends at {seen(best()[k - 1], 2):.2f}."
        )

    return compute
