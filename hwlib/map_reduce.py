"""k-means and EM over data that lie in chunks, in many processes or on many machines.

Both algorithms need their data only through sums over examples. A worker that holds a chunk makes
the sums of its own examples (map), and sums of chunks add up to those of the whole (reduce). What
travels is k (d + 1) + 1 numbers for each chunk, however many examples are in it.

`chunks` is a `dask.bag.Bag` of arrays, each with some rows of X, wherever they may be; all that is
used of it is `chunks.map(function, *arguments).fold(add).compute()`.
"""

import logging

import numpy as np

from hwlib.quick import binary_em, kmeans


def kmeans_statistics(X, centroids):
    """Map: the clusters' sizes, the sums of their points, the loss, in one chunk."""
    assignments = kmeans.assign(X, centroids)
    sizes = np.bincount(assignments, minlength=len(centroids))
    means = kmeans.update(X, assignments, centroids)
    loss = kmeans.reconstruction_error(X, assignments, centroids)
    return sizes, sizes[:, None] * means, loss


def em_statistics(X, pi, W):
    """Map: the clusters' sizes, the sums of their examples, the log-likelihood, in one chunk."""
    now = next(binary_em.iterate(X, pi, W))  # E step and log-likelihood
    pi, W = binary_em.m_step(X, now.responsibilities)
    sizes = len(X) * pi
    return sizes, sizes[:, None] * W, now.log_likelihood


def add(one, other):
    """Reduce: the statistics of two chunks together.

    Examples
    --------
    >>> X, centroids = np.array([[0.0], [1.0], [4.0], [5.0]]), np.array([[0.5], [4.5]])
    >>> parts = [kmeans_statistics(chunk, centroids) for chunk in (X[:1], X[1:])]
    >>> sizes, sums, loss = add(*parts)
    >>> print(sizes, sums.ravel(), loss)  # as of all four points at once
    [2 2] [1. 9.] 1.0
    """
    return tuple(a + b for a, b in zip(one, other))


def total(chunks, statistics, *parameters):
    """Map and reduce: the statistics of all chunks together."""
    return chunks.map(statistics, *parameters).fold(add).compute()


def kmeans_iterate(chunks, centroids):
    """Yield (centroids, loss), first of the given centroids, until the centroids stand still."""
    while True:
        sizes, sums, loss = total(chunks, kmeans_statistics, centroids)
        yield centroids, loss
        N = sizes[:, None]
        means = np.array(centroids, dtype=float)
        np.divide(sums, N, out=means, where=N > 0)
        if np.array_equal(means, centroids):
            return
        centroids = means


def em_iterate(chunks, pi, W):
    """Yield (pi, W, log-likelihood) without end, first of the given parameters."""
    while True:
        sizes, ones, log_likelihood = total(chunks, em_statistics, pi, W)
        yield pi, W, log_likelihood
        pi, N = sizes / sizes.sum(), sizes[:, None]
        W = np.full(ones.shape, 0.5)
        # at most 1: m_step sees to it in each chunk, and both sums are rounded in one order
        np.divide(ones, N, out=W, where=N > 0)


def local_client(workers=2, **options):
    """Return a client of dask's with workers of its own on this machine; use it in a `with` block.

    Options are those of dask's LocalCluster.

    They listen on this machine alone, and log nothing but what stops them. A heartbeat that is on
    its way while the cluster closes is harmless, but would be logged with a traceback.
    """
    from dask.distributed import Client  # the sums above need none

    return Client(
        n_workers=workers,
        processes=True,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        silence_logs=logging.CRITICAL,
        **options,
    )
