"""k-means clustering.

k-means looks for k centroids mu_c, and for each point x_i a cluster z_i, with a small loss
sum_i ||x_i - mu_{z_i}||^2. It alternates two steps, `assign` and `update`; neither can raise the
loss. Clusters count from 0.

    python -m hwlib.kmeans basic -k 2      cluster data.tsv, else the book's 500 points
    python -m hwlib.kmeans image -k 16     compress original.png, else the book's photograph
"""

from numbers import Integral
from typing import NamedTuple

import numpy as np

from hwlib.arguments import as_assignments, as_clustering, as_points, as_weights, generator, number


class KMeansResult(NamedTuple):
    """Assignments z_i, shape (n,); centroids mu_c, shape (k, d); the loss of these two."""

    assignments: np.ndarray
    centroids: np.ndarray
    loss: float


def assign(X, centroids):
    """Return the centroid nearest to each point, as z_i in 0 ... k-1, shape (n,).

    `X` has shape (n, d), `centroids` (k, d); ValueError if not. Of equally near ones, the first.
    """
    X, centroids, _ = as_clustering(X, centroids)
    return nearest(X, centroids[np.newaxis])[0].astype(np.intp)


def update(X, assignments, centroids, weights=None):
    """Return the mean of each cluster's points, shape (k, d); an empty cluster keeps its centroid.

    `weights`, shape (n,), says how often each point occurs. Raises ValueError for wrong shapes.
    """
    X, centroids, weights = as_clustering(X, centroids, weights)
    assignments = as_assignments(assignments, len(X), len(centroids))
    # measured from a point of the data, all that is summed is small
    k, origin = len(centroids), X[0]
    sums = [np.bincount(assignments, x * weights, k) for x in (X - origin).T]
    counts = np.bincount(assignments, weights, k)[:, np.newaxis]
    means = origin + np.transpose(sums) / np.where(counts > 0, counts, 1)
    return np.where(counts > 0, means, centroids)


def reconstruction_error(X, assignments, centroids, weights=None):
    """Return the loss sum_i ||x_i - mu_{z_i}||^2, each term as often as `weights` says."""
    X, centroids, weights = as_clustering(X, centroids, weights)
    assignments = as_assignments(assignments, len(X), len(centroids))
    return float(losses(X, assignments[np.newaxis], centroids[np.newaxis], weights)[0])


def iterate(X, centroids, weights=None):
    """Run k-means from the given centroids, one iteration at a time.

    Yields
    ------
    KMeansResult
        First the given centroids, the assignments to them and the loss; then the same after each
        update. The last has the assignments of the one before it: nothing moves any more.
    """
    X, centroids, weights = as_clustering(X, centroids, weights)
    for [z], [mu], _ in lloyd(X, centroids[np.newaxis], weights):
        yield KMeansResult(z.astype(np.intp), mu, reconstruction_error(X, z, mu, weights))


def kmeans(X, k, rng=0, restarts=1, init="random", weights=None):
    """Cluster points into k clusters by the algorithm of Lloyd (1982).

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
        Start from k different rows drawn at random; or drawn one by one, with probabilities as the
        squared distances from the nearest one drawn so far (Arthur and Vassilvitskii, 2007); or
        from these centroids.
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
    """
    X, rng = as_points("X", X), generator(rng)
    number("restarts", restarts, Integral, 1)
    counts, best = as_weights(weights, len(X)), []
    together = max(1, 8 * BLOCK // X.size)  # with few points, one step serves many runs
    for first in range(0, restarts, together):
        starts = draw(X, k, rng, init, weights, min(together, restarts - first))
        ends = [(z[last], mu[last]) for z, mu, last in lloyd(X, starts, counts)]
        z, mu = map(np.concatenate, zip(*ends))
        loss = losses(X, z, mu, counts)
        i = loss.argmin()
        best.append(KMeansResult(z[i].astype(np.intp), mu[i], float(loss[i])))
    return min(best, key=lambda end: end.loss)


def initial_centroids(X, k, rng=0, init="random", weights=None):
    """Return centroids to start from, shape (k, d). Parameters as for `kmeans`."""
    X, rng = as_points("X", X), generator(rng)
    as_weights(weights, len(X))
    return draw(X, k, rng, init, weights, 1)[0]


def draw(X, k, rng, init, weights, runs):
    """Draw centroids for each of several runs, shape (runs, k, d); X, rng and weights are right."""
    if not isinstance(init, str):
        return np.array([as_points("init", init, (k, X.shape[1]))] * runs)
    if init not in ("random", "k-means++"):
        raise ValueError(f'init must be "random", "k-means++" or centroids, not {init!r}')
    number("k", k, Integral, 1, len(X))
    n, p = len(X), None if weights is None else weights / np.sum(weights)
    if init == "random":
        i = [rng.permutation(n) if p is None else rng.choice(n, k, False, p) for _ in range(runs)]
        return X[np.array(i)[:, :k]]
    first, u = zip(*[(rng.choice(n, p=p), rng.random(k - 1)) for _ in range(runs)])
    rows, squares = [np.array(first)], np.inf
    for u_c in np.transpose(u):
        squares = np.minimum(squares, sum((x - x[rows[-1], np.newaxis]) ** 2 for x in X.T))
        shares = np.cumsum(squares if weights is None else squares * weights, axis=1)
        # no distance left: there are fewer than k distinct points, and any row is as good
        rows.append((shares <= u_c[:, np.newaxis] * shares[:, -1:]).sum(axis=1) % n)
    return X[np.transpose(rows)]


# ---- both steps, of several runs at once and without work that changes nothing -------------------
BLOCK = 2**18  # numbers in a table of float32: a megabyte stays in the cache


def lloyd(X, starts, weights):
    """Alternate the two steps from each of `starts`, shape (runs, k, d), until nothing moves.

    Yields, for each step, assignments and centroids of the runs that go on, and which end with it.
    """
    # the axis of the runs is the last: numpy is fastest along it, and they are often many
    centroids, (runs, k, d) = np.array(starts.T, order="C"), starts.shape
    totals = np.zeros((d + 1 + (weights != 1).any(), k, runs))  # coordinates, weight, number
    table = columns(X, X[0], np.float32) if X.size <= 4 * BLOCK else None  # once, if it is small
    runs, seen, assignments = np.arange(runs), {}, None
    while len(runs):
        before, assignments = assignments, nearest(X, centroids.T, table)
        # An update that moves anything lowers the loss, so a run that was at a partition before
        # has ended. If it was another run, that one goes on from here.
        partitions = [hash(z.tobytes()) for z in assignments]
        was_here = np.array([seen.get(partition, -1) for partition in partitions])
        seen.update(zip(partitions, runs))
        yield assignments, centroids.T, was_here == runs
        move(X, before, assignments, totals, weights)
        sums, weight, members = totals[:d], totals[d], totals[-1]  # rounding may leave a weight
        means = X[0][:, np.newaxis, np.newaxis] + sums / np.where(members > 0, weight, 1)
        active = was_here < 0
        centroids = np.where(members > 0, means, centroids).compress(active, 2)
        runs, assignments, totals = runs[active], assignments[active], totals.compress(active, 2)


@np.errstate(all="ignore")  # too large for float32: such scores are left to float64
def nearest(X, centroids, table=None):
    """For each run, the centroid nearest to each point: (runs, k, d) gives (runs, n)."""
    # ||x - mu||^2 = ||x||^2 - 2 (mu.x - ||mu||^2 / 2): the nearest has the greatest score in the
    # brackets. Measured from a point of the data, no large numbers cancel, however far it is off.
    runs, k, d = centroids.shape
    mu = centroids.T - X[0][:, np.newaxis, np.newaxis]
    factors = np.append(mu, -(mu**2).sum(axis=0, keepdims=True) / 2, axis=0)
    # float32 takes half the time; k marks where it leaves a doubt which score is the greatest
    quick = factors.reshape(d + 1, -1).astype(np.float32)
    float32, largest = np.finfo(np.float32), np.abs(quick).max(axis=1)
    names = np.arange(k, dtype=np.min_scalar_type(k))[:, np.newaxis]
    assignments = np.empty((runs, len(X)), dtype=names.dtype)
    for block in blocks(X, k * runs + d):
        x = columns(X[block], X[0], np.float32) if table is None else table[:, block]
        # each of two scores is rounded d + 3 times; the difference once more
        error = (d + 4) * (float32.eps * (largest @ np.abs(x).max(axis=1)) + float32.tiny)
        # a row of scores for each centroid: numpy seeks maxima fastest along whole rows
        scores = (quick.T @ x).reshape(k, -1)
        close = (scores >= scores.max(axis=0) - error).view(np.uint8)
        z = (close * names).sum(axis=0, dtype=names.dtype)
        z[close.sum(axis=0, dtype=names.dtype) != 1] = k
        assignments[:, block] = z.reshape(runs, -1)
    doubtful = np.flatnonzero(assignments == k)
    for part in blocks(doubtful, k * (d + 1)):
        run, i = np.divmod(doubtful[part], len(X))
        terms = factors[:, :, run] * columns(X.take(i, axis=0), X[0])[:, np.newaxis]
        assignments[run, i] = terms.sum(axis=0).argmax(axis=0)
    return assignments


def move(X, before, after, totals, weights):
    """Carry the points that moved from the totals of one cluster to another's; at first, all."""
    runs = len(after)
    for block in blocks(X, runs * X.shape[1]):
        if before is None:  # the runs in turns: sums one after another into one place take longer
            x = np.repeat(columns(X[block], X[0], weights=weights[block]), runs, axis=1)
            run, z = np.tile(np.arange(runs), len(X[block])), after[:, block].T.ravel()
        else:
            old, new = before[:, block].ravel(), after[:, block].ravel()
            moved = np.flatnonzero(old != new)
            run, i = np.divmod(moved, len(X[block]))
            x = columns(X[block].take(i, axis=0), X[0], weights=weights[block].take(i))
            x, z = np.append(-x, x, axis=1), np.array([old.take(moved), new.take(moved)])
        places = (run + runs * z.astype(np.intp)).ravel()
        for total, x_j in zip(totals, x):
            total += np.bincount(places, x_j, total.size).reshape(total.shape)


def columns(X, origin, dtype=float, weights=None):
    """Columns of x - origin and 1; with weights, of these times a weight, and 1."""
    x = np.ones((X.shape[1] + 1, len(X)), dtype)
    np.subtract(X.T, origin[:, np.newaxis], out=x[:-1], casting="same_kind")
    return x if weights is None else np.append(x * weights, x[-1:], axis=0)


def losses(X, assignments, centroids, weights):
    """For each run, the loss: (runs, n) and (runs, k, d) give (runs,)."""
    (runs, k, d), loss = centroids.shape, 0.0
    for block in blocks(X, runs * d):
        z = assignments[:, block] + k * np.arange(runs)[:, np.newaxis]
        # from the differences, not the expansion: right to the last digits and never negative
        axes = zip(X[block].T, centroids.reshape(-1, d).T)
        loss = loss + sum((x - mu.take(z)) ** 2 for x, mu in axes) @ weights[block]
    return loss


def blocks(X, rows):
    """Divide the points, so that a table of them with `rows` rows has at most BLOCK numbers."""
    size = max(1, BLOCK // rows)
    return [slice(start, start + size) for start in range(0, len(X), size)]


if __name__ == "__main__":
    from hwlib.kmeans_command import main

    raise SystemExit(main())
