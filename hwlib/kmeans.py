"""k-means clustering.

k-means looks for k centroids mu_c, and for each point x_i a cluster z_i, with a small loss

    sum_i ||x_i - mu_{z_i}||^2.

It alternates two steps, `assign` and `update`; neither can raise the loss. Clusters count from 0.

    python -m hwlib.kmeans basic -k 2      cluster data.tsv, else the book's 500 points
    python -m hwlib.kmeans image -k 16     compress original.png, else the book's photograph
"""

from numbers import Integral
from typing import NamedTuple

import numpy as np

from hwlib.arguments import as_assignments, as_points, as_weights, generator, number


class KMeansResult(NamedTuple):
    """Assignments z_i, shape (n,); centroids mu_c, shape (k, d); the loss of these two."""

    assignments: np.ndarray
    centroids: np.ndarray
    loss: float


def assign(X, centroids):
    """Return the centroid nearest to each point, as z_i in 0 ... k-1, shape (n,).

    `X` has shape (n, d), `centroids` (k, d); ValueError if not. Of equally near ones, the first.
    """
    X, centroids, _ = _check(X, centroids)
    return nearest(X, centroids[np.newaxis])[0].astype(np.intp)


def update(X, assignments, centroids, weights=None):
    """Return the mean of each cluster's points, shape (k, d); an empty cluster keeps its centroid.

    `weights`, shape (n,), says how often each point occurs. Raises ValueError for wrong shapes.
    """
    X, centroids, weights = _check(X, centroids, weights)
    assignments = as_assignments(assignments, len(X), len(centroids))
    # measured from a point of the data, all that is summed is small
    k, origin = len(centroids), X[0]
    sums = [np.bincount(assignments, x * weights, k) for x in (X - origin).T]
    counts = np.bincount(assignments, weights, k)[:, np.newaxis]
    means = origin + np.transpose(sums) / np.where(counts > 0, counts, 1)
    return np.where(counts > 0, means, centroids)


def reconstruction_error(X, assignments, centroids, weights=None):
    """Return the loss sum_i ||x_i - mu_{z_i}||^2, each term as often as `weights` says."""
    X, centroids, weights = _check(X, centroids, weights)
    assignments, loss = as_assignments(assignments, len(X), len(centroids)), 0.0
    for block in blocks(X):
        # from the differences, not the expansion: right to the last digits and never negative
        differences = X[block].T - centroids.T.take(assignments[block], axis=1)
        loss += (differences**2).sum(axis=0) @ weights[block]
    return float(loss)


def iterate(X, centroids, weights=None):
    """Run k-means from the given centroids, one iteration at a time.

    Yields
    ------
    KMeansResult
        First the given centroids, the assignments to them and the loss; then the same after each
        update. The last has the assignments of the one before it: nothing moves any more.
    """
    X, centroids, weights = _check(X, centroids, weights)
    for assignments, mu, _ in lloyd(X, centroids[np.newaxis], weights):
        yield with_loss(X, assignments, mu, weights)


def kmeans(X, k, rng=0, restarts=1, init="random", weights=None):
    """Cluster points into k clusters by Lloyd's algorithm [1]_.

    Parameters
    ----------
    X : array_like, shape (n, d)
    k : int
        Number of clusters, 1 ... n.
    rng : int, numpy.random.RandomState or numpy.random.Generator
        An integer seeds a RandomState, whose numbers are the same in every version of numpy.
    restarts : int
        Run so often, each time from other centroids; the run with the lowest loss is returned.
    init : {"random", "k-means++"} or array_like, shape (k, d)
        Start from k rows drawn at random, all different; or draw one after the other, each with a
        probability proportional to its squared distance from the nearest one drawn so far [2]_; or
        start from these centroids.
    weights : array_like, shape (n,), optional
        How often each point occurs; positive.

    Returns
    -------
    KMeansResult
        ``(assignments, centroids, loss)``.

    Raises
    ------
    ValueError
        If an argument has a wrong shape, or values outside those named above.

    References
    ----------
    .. [1] S. P. Lloyd, Least squares quantization in PCM, 1982.
    .. [2] D. Arthur and S. Vassilvitskii, k-means++: the advantages of careful seeding, 2007.
    """
    X, rng = as_points("X", X), generator(rng)
    number("restarts", restarts, Integral, 1)
    starts = [initial_centroids(X, k, rng, init, weights)]
    starts += [draw(X, k, rng, init, weights) for _ in range(1, restarts)]
    weights, best = as_weights(weights, len(X)), None
    together = max(1, BLOCK // X.size)  # with few points, one step serves many runs
    for first in range(0, restarts, together):
        runs = lloyd(X, starts[first : first + together], weights)
        ends = [(assignments, mu) for assignments, mu, last in runs if last]
        ends = [with_loss(X, assignments, mu, weights) for assignments, mu in ends]
        best = min(ends if best is None else [best, *ends], key=lambda end: end.loss)
    return best


def initial_centroids(X, k, rng=0, init="random", weights=None):
    """Return centroids to start from, shape (k, d). Parameters as for `kmeans`."""
    X, rng = as_points("X", X), generator(rng)
    as_weights(weights, len(X))
    if not isinstance(init, str):
        return as_points("init", init, (k, X.shape[1]))
    if init not in ("random", "k-means++"):
        raise ValueError(f'init must be "random", "k-means++" or centroids, not {init!r}')
    number("k", k, Integral, 1, len(X))
    return draw(X, k, rng, init, weights)


def draw(X, k, rng, init, weights):
    """Draw centroids as `initial_centroids` does, which checks the arguments."""
    if not isinstance(init, str):
        return init
    n, p = len(X), None if weights is None else weights / np.sum(weights)
    if init == "random":
        return X[rng.choice(n, k, replace=False, p=p)]
    rows, squares = [rng.choice(n, p=p)], np.inf
    while len(rows) < k:
        squares = np.minimum(squares, ((X - X[rows[-1]]) ** 2).sum(axis=1))
        shares = np.cumsum(squares if weights is None else squares * weights)
        # no distance left: there are fewer than k distinct points, and any row is as good
        rows.append(np.searchsorted(shares, rng.random() * shares[-1], "right") % n)
    return X[rows]


def _check(X, centroids, weights=None):
    X = as_points("X", X)
    centroids = as_points("centroids", centroids, (None, X.shape[1]))
    return X, centroids, as_weights(weights, len(X))


# ---- both steps, of several runs at once and without work that changes nothing -------------------

BLOCK = 2**16  # numbers in a table of intermediate results: half a megabyte stays in the cache


def lloyd(X, starts, weights):
    """Alternate the two steps from each of `starts`, shape (runs, k, d), until nothing moves.

    Yields (assignments, centroids, whether this is the run's last) for each run that goes on.
    """
    centroids = np.array(starts)
    runs, k, d = centroids.shape
    # At first all points are in a cluster k that counts for nothing. Then a point that stays where
    # it is changes no sum.
    assignments = np.full((runs, len(X)), k, dtype=np.min_scalar_type(k))
    totals, runs, seen = np.zeros((d + 2, runs, k + 1)), np.arange(runs), {}
    while len(runs):
        before, assignments = assignments, nearest(X, centroids)
        # An update that moves anything lowers the loss, so a run that was at a partition before
        # has ended. If it was another run, that one goes on from here.
        partitions = [hash(z.tobytes()) for z in assignments]
        was_here = np.array([seen.get(partition, -1) for partition in partitions])
        seen.update(zip(partitions, runs))
        yield from zip(assignments, centroids, was_here == runs)
        move(X, before, assignments, totals, weights)
        *sums, weight, members = totals[:, :, :k, np.newaxis]
        means = X[0] + np.concatenate(sums, axis=2) / np.where(members > 0, weight, 1)
        goes_on = was_here < 0
        centroids = np.where(members > 0, means, centroids)[goes_on]
        runs, assignments, totals = runs[goes_on], assignments[goes_on], totals[:, goes_on]


def nearest(X, centroids):
    """For each run, the centroid nearest to each point: (runs, k, d) gives (runs, n)."""
    # ||x - mu||^2 = ||x||^2 + ||mu||^2 - 2 x.mu, where ||x||^2 is the same
    # for every centroid: the nearest has the greatest mu.x - ||mu||^2 / 2.
    # Distances do not depend on the origin. With a point of the data as the origin,
    # no large numbers cancel, however far the data lie from zero.
    runs, k, d = centroids.shape
    mu = (centroids - X[0]).reshape(-1, d)
    factors = np.hstack([mu, -(mu**2).sum(axis=1, keepdims=True) / 2])
    # A row of scores for each centroid: numpy seeks maxima fastest along whole rows. Of the
    # centroids that reach the maximum, the first has the highest rank.
    rank = np.arange(k, 0, -1, dtype=np.min_scalar_type(k))[:, np.newaxis]
    assignments = np.empty((runs, len(X)), dtype=rank.dtype)
    for block in blocks(X, len(mu)):
        scores = (factors @ columns(X[block], X[0])).reshape(runs, k, -1)
        best = scores == scores.max(axis=1, keepdims=True)
        assignments[:, block] = k - (best * rank).max(axis=1)
    return assignments


def move(X, before, after, totals, weights):
    """Carry the points that moved, their weight and their number from cluster to cluster."""
    clusters = totals.shape[2]
    for block in blocks(X, len(before)):
        moved = before[:, block] != after[:, block]
        run, i = np.divmod(np.flatnonzero(moved), moved.shape[1])
        # weights may leave a rounding error where no point is left; numbers are exact
        x = [*columns(X[block][i], X[0]) * weights[block][i], np.ones(len(i))]
        for sign, z in (-1, before), (1, after):
            z = run * clusters + z[:, block][moved]
            for total, x_j in zip(totals, x):
                total += sign * np.bincount(z, x_j, total.size).reshape(total.shape)


def columns(X, origin):
    """Points as columns, measured from an origin, and a row of ones below them."""
    x = np.ones((X.shape[1] + 1, len(X)))
    np.subtract(X.T, origin[:, np.newaxis], out=x[:-1])
    return x


def with_loss(X, assignments, centroids, weights):
    loss = reconstruction_error(X, assignments, centroids, weights)
    return KMeansResult(assignments.astype(np.intp), centroids, loss)


def blocks(X, rows=1):
    """Divide the points, so that a table of them with `rows` rows has at most BLOCK numbers."""
    size = max(1, BLOCK // rows)
    return [slice(start, start + size) for start in range(0, len(X), size)]


if __name__ == "__main__":
    import sys

    from hwlib.kmeans_command import main

    sys.exit(main())
