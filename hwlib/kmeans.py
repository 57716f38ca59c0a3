"""k-means clustering of points, and of the colors of an image.

k-means looks for k centroids μ_c, and for each point x_i a cluster z_i, so that the loss
Σ_i ‖x_i − μ_{z_i}‖² is small. It alternates two steps, `assign` and `update`; neither raises the
loss. Clusters count from 0. Source: Lloyd, IEEE Trans. Inf. Theory 28 (1982), 129-137.

    python3 kmeans.py basic -k 2      cluster data.tsv, draw clusters_k2.png
    python3 kmeans.py image -k 16     compress original.png, write compressed_k16.png
"""

import argparse
import io
import os
import sys
from numbers import Integral
from pathlib import Path
from typing import NamedTuple

import numpy as np


class KMeansResult(NamedTuple):
    """Assignments z_i, shape (n,); centroids μ_c, shape (k, d); the loss of these two."""

    assignments: np.ndarray
    centroids: np.ndarray
    loss: float


def assign(X, centroids):
    """Return the centroid nearest to each point, 0 ... k-1; of equals the first.

    Here and below, X has shape (n, d), centroids (k, d), assignments (n,).

    >>> print(assign([[0], [3], [9]], [[1], [5]]))
    [0 0 1]
    """
    X, centroids, _ = as_clustering(X, centroids)
    squared_distances = [((X - mu) ** 2).sum(axis=1) for mu in centroids]
    return np.argmin(squared_distances, axis=0)


def update(X, assignments, centroids):
    """Return the mean of each cluster; an empty one keeps its centroid."""
    X, centroids, assignments = as_clustering(X, centroids, assignments)
    for c in range(len(centroids)):
        if np.any(assignments == c):
            centroids[c] = X[assignments == c].mean(axis=0)
    return centroids


def reconstruction_error(X, assignments, centroids):
    """Return the loss Σ_i ‖x_i − μ_{z_i}‖², a float."""
    X, centroids, assignments = as_clustering(X, centroids, assignments)
    return float(((X - centroids[assignments]) ** 2).sum())


def iterate(X, centroids):
    """Run k-means from the given centroids, one iteration at a time.

    Yields
    ------
    KMeansResult
        First of the given centroids, then after each update. The last one has
        the assignments of the one before it: nothing moves any more.
    """
    centroids = as_array("centroids", centroids, "k", "d")
    assignments, loss = None, np.inf
    while True:
        before, assignments = assignments, assign(X, centroids)
        higher, loss = loss, reconstruction_error(X, assignments, centroids)
        yield KMeansResult(assignments, centroids, loss)
        # points that differ by rounding alone could lead round in circles
        if np.array_equal(before, assignments) or loss >= higher:
            return
        centroids = update(X, assignments, centroids)


def kmeans(X, k, rng=0, restarts=1, init="random"):
    """Cluster points by k-means, and return the run with the lowest loss.

    Parameters
    ----------
    X : array_like, shape (n, d)
    k : int, the number of clusters, 1 ... n
    rng : int (of a RandomState), numpy.random.RandomState or Generator
    restarts : int, the number of runs, each from new centroids
    init : "random", "k-means++" or centroids, as in `initial_centroids`

    Returns
    -------
    KMeansResult, which unpacks as ``assignments, centroids, loss``

    >>> kmeans([[0], [2], [9]], k=2).loss
    2.0
    """
    rng, ends = as_generator(rng), []
    for _ in range(as_whole("restarts", restarts, 1)):
        *_, end = iterate(X, initial_centroids(X, k, rng, init))
        ends.append(end)
    return min(ends, key=lambda end: end.loss)


def initial_centroids(X, k, rng=0, init="random"):
    """Return centroids to start from, shape (k, d); the parameters are those of `kmeans`.

    "random" draws k different rows of X. "k-means++" draws one row after another, each with
    probability in proportion to its squared distance from the nearest one drawn before it (Arthur
    & Vassilvitskii, 2007). Centroids are returned as they are.
    """
    X, rng = as_array("X", X, "n", "d"), as_generator(rng)
    if not isinstance(init, str):
        return as_array("init", init, k, X.shape[1])
    as_whole("k", k, 1, len(X))
    if init == "random":
        return X[rng.choice(len(X), k, replace=False)]
    require(init == "k-means++", f'init must be "random", "k-means++" or centroids, not {init!r}')
    centroids = X[[rng.choice(len(X))]]
    while len(centroids) < k:
        squares = np.min([((X - mu) ** 2).sum(axis=1) for mu in centroids], axis=0)
        shares = squares if squares.any() else np.ones(len(X))  # no more different rows
        row = rng.choice(len(X), p=shares / shares.sum())
        centroids = np.append(centroids, X[[row]], axis=0)
    return centroids


# ---- what arguments must be ----------------------------------------------------------------------


def require(condition, message):
    """Raise ValueError with this message unless the condition holds."""
    if not condition:
        raise ValueError(message)


def as_whole(name, value, low, high=np.inf):
    """Return the value, an integer from low to high."""
    whole = isinstance(value, Integral) and not isinstance(value, bool) and low <= value <= high
    bounds = f"of at least {low}" if high == np.inf else f"from {low} to {high}"
    require(whole, f"{name} is {value!r}; expected an integer {bounds}")
    return value


def as_generator(rng):
    """Return rng if it is a generator of numpy's, or a RandomState with rng as its seed."""
    if isinstance(rng, (np.random.RandomState, np.random.Generator)):
        return rng
    return np.random.RandomState(as_whole("rng", rng, 0, 2**32 - 1))


def as_array(name, value, *shape):
    """Return a copy as float64, of this shape, where a letter stands for any length."""
    expected = f"expected ({', '.join(map(str, shape))}), with one row at least"
    try:
        given = np.asarray(value)
        require(given.dtype.kind in "biufO", f"it holds {given.dtype}")
        require(not np.any(getattr(value, "mask", False)), "some of them are masked")
        array = np.array(given, dtype=np.float64, order="F")  # each coordinate is kept together
    except (OverflowError, TypeError, ValueError) as error:
        raise ValueError(f"{name} is not an array of real numbers, {expected}: {error}") from None
    fits = array.ndim == len(shape) and array.size > 0
    fits = fits and all(want in (have, "n", "k", "d") for have, want in zip(array.shape, shape))
    require(fits, f"{name} has shape {array.shape}; {expected}")
    require(np.abs(array).max() < 1e150, f"{name} must be finite and below 1e150 in size")
    return array


def as_clustering(X, centroids, assignments=None):
    """Return all three as arrays that fit together."""
    X = as_array("X", X, "n", "d")
    centroids = as_array("centroids", centroids, "k", X.shape[1])
    n, k = len(X), len(centroids)
    z = np.zeros(n, dtype=int) if assignments is None else np.asarray(assignments)
    fits = z.shape == (n,) and z.dtype.kind in "iu" and z.min() >= 0 and z.max() < k
    require(fits, f"assignments must be {n} integers 0 ... {k - 1}, one for each row of X")
    return X, centroids, z


# ---- the commands --------------------------------------------------------------------------------


def basic(k, seed):
    """Cluster the points of data.tsv and draw the clusters."""
    from matplotlib.figure import Figure

    X = from_here_or_the_book("data.tsv", read_table, "plane_points")
    assignments, centroids, loss = kmeans(X, k, rng=seed)
    print(f"{len(X)} points, k = {k}, seed {seed}: loss {loss:.2f}")
    plane, name = np.eye(X.shape[1], 2), "$x_{}$"
    if X.shape[1] > 2:
        spread = X - X.mean(axis=0)
        plane, name = np.linalg.svd(spread.T @ spread)[0][:, :2], "principal axis {}"
    ranges = np.ptp(X @ plane, axis=0)
    aspect = 1 if 20 * ranges.min() > ranges.max() else "auto"  # one scale, or it is a mere line
    axes = Figure(figsize=(6, 6), dpi=150).add_subplot(aspect=aspect)
    axes.set(xlabel=name.format(1), ylabel=name.format(2))
    for c, mu in enumerate(centroids @ plane):
        axes.scatter(*(X[assignments == c] @ plane).T, s=16, marker="osD^v<>pP*"[c % 10])
        axes.annotate(str(c + 1), mu, ha="center", va="center", bbox={"fc": "w", "ec": f"C{c}"})
    write(f"clusters_k{k}.png", axes.figure.savefig)


def image(k, seed):
    """Give each pixel of original.png the nearest of k colors."""
    from PIL import Image

    def read(file):
        try:
            return Image.open(file).convert("RGB")
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise ValueError(f"{file} is not a picture that can be read: {error}") from None

    pixels = np.asarray(from_here_or_the_book("original.png", read, "photograph"))
    (height, width, _), X = pixels.shape, pixels.reshape(-1, 3)
    as_whole("k", k, 1, min(256, len(X)))
    assignments, centroids, loss = kmeans(X, k, rng=seed)
    print(f"{width} x {height} pixels, k = {k}, seed {seed}: loss {loss:.2f}")
    print(f"{np.log2(k):.3g} bits per pixel instead of 24")
    compressed = np.rint(centroids).astype(np.uint8)[assignments].reshape(pixels.shape)
    write(f"compressed_k{k}.png", Image.fromarray(compressed).save)


def read_table(file):
    """Read one point from each line, numbers with tabs between them."""
    rows = []
    for number, line in enumerate(Path(file).read_text("utf-8-sig").split("\n"), 1):
        try:
            rows += [[float(cell) for cell in line.split("\t")]] if line.strip() else []
        except ValueError as error:
            raise ValueError(f"{file}, line {number}: {error}") from None
    return as_array(file, rows, "n", "d")


def from_here_or_the_book(name, read, instead):
    """Read a file of this folder; where there is none, take the book's own data."""
    if Path(name).exists():
        return read(name)
    try:
        from hwlib import datasets
    except ImportError:
        raise ValueError(f"there is no {name} in this folder") from None
    return getattr(datasets, instead)()


def write(name, save):
    """Write a picture all at once: a run that is stopped leaves no half of a file."""
    save(memory := io.BytesIO(), format="png")
    Path(name).write_bytes(memory.getvalue())
    print(f"wrote {name}")


def main(argv=None):
    """Run one command; return 0, or exit with one line about what went wrong (2)."""
    text = "k-means in the plane (data.tsv) and on colors (original.png)."
    parser = argparse.ArgumentParser("kmeans.py", usage=argparse.SUPPRESS, description=text)
    parser.add_argument("command", choices=["basic", "image"], help="what to cluster")
    parser.add_argument("-k", type=int, required=True, help="number of clusters")
    parser.add_argument("-s", "--rng-seed", type=int, default=0, help="seed of the start (0)")
    args = parser.parse_args(argv)
    try:
        {"basic": basic, "image": image}[args.command](args.k, args.rng_seed)
    except KeyboardInterrupt:
        parser.exit(130, "Stopped.\n")
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and not error.filename:  # of the output: see below
            raise
        parser.error(" ".join(str(error).split()))
    return 0


if __name__ == "__main__":
    try:
        status = main()
        print(end="", flush=True)
    except OSError as error:  # the output's reader, such as head, has left, or a disk is full
        if not isinstance(error, BrokenPipeError):
            print(error.strerror, file=sys.stderr)
        os._exit(1)  # what is left unwritten would fail once more
    sys.exit(status)
