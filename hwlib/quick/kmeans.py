"""k-means, fast: the functions of `hwlib.kmeans`, with the same results.

Both steps treat many runs at once. A product of matrices in float32 finds the nearest centroid of
nearly every point; the few where rounding might decide are decided as `hwlib.kmeans.assign` does
it. `update` carries only the points that moved from one cluster's sum to another's. Of many points
in few dimensions, neighbors are asked at once (Pelleg & Moore, 1999; Kanungo et al., 2002).
Here points may have weights, shape (n,), positive: how often each occurs.
"""

from itertools import count

import numpy as np

from hwlib.arguments import as_array, as_generator, as_whole, require
from hwlib.kmeans import KMeansResult, as_clustering, as_points


def assign(X, centroids):
    """Return the centroid nearest to each point; see `hwlib.kmeans.assign`."""
    X, centroids, _ = as_clustering(X, centroids)
    return nearest(X, centroids[np.newaxis])[0].astype(np.intp)


def update(X, assignments, centroids, weights=None):
    """Return the mean of each cluster's points; see `hwlib.kmeans.update`."""
    X, centroids, assignments = as_clustering(X, centroids, assignments)
    weights = as_weights(weights, len(X))
    totals = new_totals(X, centroids[np.newaxis], weights)
    move(X, np.full((1, 1), -1), assignments[np.newaxis], totals, weights)
    return means(X, totals, centroids.T[..., np.newaxis])[..., 0].T


def reconstruction_error(X, assignments, centroids, weights=None):
    """Return the loss; see `hwlib.kmeans.reconstruction_error`."""
    X, centroids, assignments = as_clustering(X, centroids, assignments)
    weights = as_weights(weights, len(X))
    return float(losses(X, assignments[np.newaxis], centroids[np.newaxis], weights)[0])


def iterate(X, centroids, weights=None):
    """Yield the steps of one run; see `hwlib.kmeans.iterate`."""
    X, centroids, _ = as_clustering(X, centroids)
    weights = as_weights(weights, len(X))
    for z, mu, _ in lloyd(X, centroids[np.newaxis], weights):
        yield KMeansResult(z[0].astype(np.intp), mu[0], float(losses(X, z, mu, weights)[0]))


def kmeans(X, k, rng=0, restarts=1, init="random", weights=None):
    """Return the best of several runs, made together; see `hwlib.kmeans.kmeans`."""
    X, rng = as_points("X", X), as_generator(rng)
    as_whole("restarts", restarts, 1)
    counts, best = as_weights(weights, len(X)), []
    # one step serves many small runs
    together = max(1, 8 * BLOCK // X.size) if len(X) < LARGE else 1
    sizes = [min(together, restarts - first) for first in range(0, restarts, together)]
    groups = [draw_starts(X, k, rng, init, weights, runs) for runs in sizes]
    points, w, order, balls = arranged(X, counts, k)
    for starts in groups:
        ends = [(z[last], mu[last]) for z, mu, last in lloyd(points, starts, w, balls)]
        z, mu = map(np.concatenate, zip(*ends))
        loss = losses(points, z, mu, w)
        i, assignments = loss.argmin(), np.empty(len(X), dtype=np.intp)
        assignments[order] = z[i]
        best.append(KMeansResult(assignments, mu[i], float(loss[i])))
    return min(best, key=lambda end: end.loss)


def initial_centroids(X, k, rng=0, init="random", weights=None):
    """Return centroids to start from; see `hwlib.kmeans.initial_centroids`."""
    return draw_starts(as_points("X", X), k, as_generator(rng), init, weights, 1)[0]


def as_weights(weights, n):
    """Return positive weights of n points; None stands for ones."""
    weights = np.ones(n) if weights is None else as_array("weights", weights, n)
    fits = weights.min() > 0 and weights.max() < 1e150
    require(fits, f"weights must be {n} positive numbers below 1e150, one for each row of X")
    return weights


def draw_starts(X, k, rng, init, weights, runs):
    """Draw centroids for each of several runs, shape (runs, k, d)."""
    n, w = len(X), as_weights(weights, len(X))
    if not isinstance(init, str):
        return np.array([as_points("init", init, k, X.shape[1])] * runs)
    named = init in ("random", "k-means++")
    require(named, f'init must be "random", "k-means++" or centroids, not {init!r}')
    as_whole("k", k, 1, n)
    p = None if weights is None else w / w.sum()
    if init == "random":
        # of a RandomState, choice without p is this permutation
        shuffles = p is None and isinstance(rng, np.random.RandomState)
        draw = rng.permutation if shuffles else lambda n: rng.choice(n, k, replace=False, p=p)
        return X[np.array([draw(n)[:k] for _ in range(runs)])]
    first, u = zip(*[(rng.choice(n, p=p), rng.random(k - 1)) for _ in range(runs)])
    rows, squares = [np.array(first)], np.inf
    for u_c in np.transpose(u):
        squares = np.minimum(squares, sum((x - x[rows[-1], np.newaxis]) ** 2 for x in X.T))
        shares = w * np.where(squares.any(axis=1, keepdims=True), squares, 1)
        shares = np.cumsum(shares, axis=1)
        rows.append((shares <= u_c[:, np.newaxis] * shares[:, -1:]).sum(axis=1))
    return X[np.transpose(rows)]


# ---- both steps, of several runs at once and without work that changes nothing -------------------

BLOCK = 2**18  # numbers in a table of float32: a megabyte stays in the cache


def lloyd(X, starts, weights, balls=None):
    """Alternate the two steps from each of `starts`, shape (runs, k, d), until nothing moves.

    Yields, for each step, assignments and centroids of the runs that go on, and which end with it.
    A single run may have `balls`, as in `nearest`.
    """
    # the axis of the runs is the last: numpy is fastest along it, and they are often many
    centroids, totals = np.array(starts.T, order="C"), new_totals(X, starts, weights)
    with np.errstate(over="ignore"):  # as in nearest
        once = balls is None and X.size <= 4 * BLOCK
        table = columns(X.T, X[0], np.float32) if once else None
    before = mark = np.full((len(starts), len(X)), -1)
    for step in count():  # pragma: no branch (it returns)
        assignments = nearest(X, centroids.T, table, balls)
        # a run ends where nothing has moved; where points differ by rounding alone, it could go
        # round in circles, and ends where it meets the mark again
        ended = (assignments == before).all(axis=1) | (assignments == mark).all(axis=1)
        yield assignments, centroids.T, ended
        if ended.all():
            return
        move(X, before, assignments, totals, weights)
        active = ~ended
        centroids = means(X, totals, centroids).compress(active, 2)
        totals, before, mark = totals.compress(active, 2), assignments[active], mark[active]
        if step & (step + 1) == 0:  # 0, 1, 3, 7 ...: a mark for any length of circle
            mark = before


def nearest(X, centroids, table=None, balls=None):
    """For each run, the centroid nearest to each point: (runs, k, d) gives (runs, n).

    If the points of a single run are in `neighborhoods`, `balls` are what these return.
    """
    # ||x - mu||^2 = ||x||^2 - 2 (mu.x - ||mu||^2 / 2): the nearest has the greatest score in the
    # brackets. Measured from a point of the data, no large numbers cancel, however far it is off.
    runs, k, d = centroids.shape
    mu = centroids.T - X[0][:, np.newaxis, np.newaxis]
    assignments = np.empty((runs, len(X)), dtype=np.min_scalar_type(k))
    with np.errstate(all="ignore"):  # too large for float32: such scores are doubtful
        factors = np.append(mu, -(mu**2).sum(axis=0, keepdims=True) / 2, axis=0)
        factors = factors.reshape(d + 1, -1).astype(np.float32)
        if balls is not None:
            assignments[0] = owners(factors, *balls)[: len(X)]
        for block in blocks(X, products(factors)) if balls is None else ():
            x = columns(X.T[:, block], X[0], np.float32) if table is None else table[:, block]
            close = may_own(factors, x, rounding(factors, x), k)
            assignments[:, block] = only(close).reshape(runs, -1)
    doubtful = np.flatnonzero(assignments == k)
    for part in blocks(doubtful, k * (d + 1)):
        run, i = np.divmod(doubtful[part], len(X))
        pairs = zip(X.T.take(i, axis=1), centroids.T)
        assignments[run, i] = sum((x - mu_j[:, run]) ** 2 for x, mu_j in pairs).argmin(axis=0)
    return assignments


def products(factors):
    """Rows that a table of scores counts for in `blocks`: its product is to stay on one thread."""
    # With fewer than 10^6 multiplications, OpenBLAS asks no second one, which may be busy. Blocks
    # of fewer than 500 points would cost more than that.
    alone, scores = factors.size * BLOCK // 10**6, factors.shape[1]
    return max(alone if alone < BLOCK // 500 else 0, scores) + len(factors)


def rounding(factors, x):
    """How much the difference of two scores may be off; of x, the largest sizes are enough."""
    float32, terms = np.finfo(np.float32), len(x) + 3
    largest, ranges = (np.abs(a).max(axis=1).astype(np.float64) for a in (factors, x))
    # each of two scores is rounded d + 3 times; the difference once more. A distance that
    # hwlib.kmeans computes is rounded too, in float64.
    error = terms * (float32.eps * (largest @ ranges) + float32.tiny)
    return np.float32(error + terms * 2.0**-52 * ((largest[:-1] + ranges[:-1]) ** 2).sum())


def may_own(factors, x, error, k, radii=0):
    """Which of k centroids may be nearest to a point, or to any in a ball around it: (k, n)."""
    # a row of scores for each centroid: numpy seeks maxima fastest along whole rows
    scores = (factors.T @ x).reshape(k, -1)
    best = scores.max(axis=0)
    if np.ndim(radii):
        # A centroid whose distance from the ball's center is greater by more than 2 r is farther
        # from all in it. Then its score is lower by more than 2 r (least distance + r).
        squares = np.square(x[:-1]).sum(axis=0) - 2 * best
        error = error + 2.001 * radii * (np.sqrt(np.maximum(squares, 0) + 4 * error) + radii)
    return (scores >= best - error).view(np.uint8)


def only(close):
    """For each column, the row of its only 1; the number of rows stands for doubt."""
    names = np.arange(len(close), dtype=np.min_scalar_type(len(close)))[:, np.newaxis]
    z = (close * names).sum(axis=0, dtype=names.dtype)
    z[close.sum(axis=0, dtype=names.dtype) != 1] = len(close)
    return z


def new_totals(X, centroids, weights):
    """Zeros for each cluster of each run: sums of coordinates, of weights, number of points."""
    runs, k, d = centroids.shape
    return np.zeros((d + 1 + (weights != 1).any(), k, runs))  # two are one where all weigh 1


def means(X, totals, centroids):
    """Centroids that belong to the totals, shape (d, k, runs); an empty cluster keeps its own."""
    d = X.shape[1]
    weight, members = totals[d], totals[-1]  # rounding may leave a weight where no member is
    # totals count from X[0]; its share is added before the division, as whole numbers stay exact
    sums = totals[:d] + X[0][:, np.newaxis, np.newaxis] * weight
    return np.where(members > 0, sums / np.where(members > 0, weight, 1), centroids)


def move(X, before, after, totals, weights):
    """Carry the points that moved from the totals of one cluster to another's; at first, all."""
    runs, first = len(after), before[0, 0] < 0  # nowhere yet
    for block in blocks(X, runs * X.shape[1]):
        if first:
            x, z = columns(X.T[:, block], X[0], weights=weights[block]), after[:, block]
            if runs == 1:  # those that go together are added up first
                begin = np.flatnonzero(np.append(True, z[0, 1:] != z[0, :-1]))
                x, run, z = np.add.reduceat(x, begin, axis=1), 0, z[0, begin]
            else:  # the runs in turns: sums one after another into one place take longer
                run, z = np.tile(np.arange(runs), z.shape[1]), z.T.ravel()
                x = np.repeat(x, runs, axis=1)
        else:
            old, new = before[:, block].ravel(), after[:, block].ravel()
            moved = np.flatnonzero(old != new)
            run, i = np.divmod(moved, len(old) // runs)
            i += block.start
            x = columns(X.T.take(i, axis=1), X[0], weights=weights.take(i))
            x, z = np.append(-x, x, axis=1), np.array([old.take(moved), new.take(moved)])
        places = (run + runs * z.astype(np.intp)).ravel()
        for total, x_j in zip(totals, x):
            total += np.bincount(places, x_j, total.size).reshape(total.shape)


def columns(points, origin, dtype=float, weights=None):
    """Columns of x - origin and 1, of points (d, n); with weights, of these times one, and 1."""
    x = np.ones((len(points) + 1, points.shape[1]), dtype)
    np.subtract(points, origin[:, np.newaxis], out=x[:-1], casting="same_kind")
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


# ---- many points in few dimensions: neighbors are asked at once ----------------------------------

NEIGHBORS = 32
LARGE = 2**13  # points


def arranged(X, weights, k):
    """What `neighborhoods` returns, or all as it is, without balls, where that is quicker."""
    # With few centroids, answers cost less than questions. In more dimensions, or of more points in
    # a cell of 16 bits, neighbors are not near enough.
    if k > 3 and X.shape[1] <= 3 and LARGE <= len(X) <= 256 * LARGE:
        return neighborhoods(X, weights)
    return X, weights, slice(None), None


def neighborhoods(X, weights):
    """Put points that lie near each other one after another, and a ball around each 32.

    Returns the points, their weights, their order, and the balls: their points, shape
    (d + 1, balls, 32), and centers, as `columns` in float32; radii; how large the points' are.
    """
    # The bits of all coordinates, in turns, make a number. Its first ones say in which half of the
    # space the point lies, the next in which half of that, and so on (Morton, 1966).
    (n, d), bits, numbers = X.shape, 16 // X.shape[1], np.zeros(len(X), dtype=np.uint16)
    apart = sum((np.arange(2**bits) >> b & 1) << b * d for b in range(bits)).astype(np.uint16)
    for j, x in enumerate(X.T):
        shares = (x - x.min()) / (np.ptp(x) or 1)
        numbers |= apart.take((shares * (2**bits - 1)).astype(np.uint16)) << j
    order = np.argsort(numbers, kind="stable")
    X = X.T.take(order, axis=1).T
    points = np.ones((d + 1, n + -n % NEIGHBORS), np.float32)
    with np.errstate(all="ignore"):  # as in nearest
        np.subtract(X.T, X[0][:, np.newaxis], out=points[:-1, :n], casting="same_kind")
        points[:, n:] = points[:, n - 1 : n]  # so that the last ball has as many
        points = points.reshape(d + 1, -1, NEIGHBORS)
        centers, ranges = points.mean(axis=2), np.abs(points).max(axis=(1, 2))
        squares = sum((x - m[:, np.newaxis]) ** 2 for x, m in zip(points[:-1], centers))
        moved = (d + 1) * np.finfo(np.float32).eps * ranges.max()  # by rounding, at most
        balls = points, centers, np.sqrt(squares.max(axis=1)) + moved, ranges[:, np.newaxis]
    return X, weights.take(order), order, balls


def owners(factors, points, centers, radii, ranges):
    """For each of the points, the nearest of the centroids, or their number where in doubt."""
    error, k = rounding(factors, ranges), factors.shape[1]
    names = np.arange(k, dtype=np.min_scalar_type(k))[:, np.newaxis]
    assignments = np.empty(points.shape[1:], dtype=np.min_scalar_type(k))
    for block in blocks(radii, products(factors)):
        close = may_own(factors, centers[:, block], error, k, radii[block])
        named, count = close * names, close.sum(axis=0, dtype=names.dtype)
        last = named.max(axis=0)
        assignments[block] = last[:, np.newaxis]
        if k > 16:  # of two, the sign of a difference decides: less than all scores, if many
            two, count = np.flatnonzero(count == 2), np.where(count == 2, 1, count)
            b = last.take(two)
            a = named.take(two, axis=1).sum(axis=0, dtype=names.dtype) - b
            x = points.take(two + block.start, axis=1)
            difference = factors.take(b, axis=1) - factors.take(a, axis=1)
            gap = sum(x_j * f_j[:, np.newaxis] for x_j, f_j in zip(x, difference))
            z = np.where(gap > 0, b[:, np.newaxis], a[:, np.newaxis])
            z[~(np.abs(gap) > error)] = k
            assignments[two + block.start] = z
        rest = np.flatnonzero(count != 1) + block.start
        for part in blocks(rest, products(factors) * NEIGHBORS):
            x = points.take(rest[part], axis=1).reshape(len(points), -1)
            close = may_own(factors, x, error, k)
            assignments[rest[part]] = only(close).reshape(-1, NEIGHBORS)
    return assignments.ravel()
