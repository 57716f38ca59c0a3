"""k-means clustering of points, and of the colors of an image.

k-means looks for k centroids μ_c, and for each point x_i a cluster z_i, 0 ... k-1, so that the loss
Σ_i ‖x_i − μ_{z_i}‖² is small. It alternates `assign` and `update`; neither raises the loss (Lloyd,
IEEE Trans. Inf. Theory 28, 1982). X has shape (n, d), centroids have (k, d), assignments (n,).

    python3 kmeans.py basic -k 2      cluster data.tsv, draw clusters_k2.png
    python3 kmeans.py image -k 16     compress original.png, write compressed_k16.png
"""

import argparse
import io
import os
import sys
from collections import deque, namedtuple
from numbers import Integral
from pathlib import Path

import numpy as np

KMeansResult = namedtuple("KMeansResult", "assignments centroids loss")


def assign(X, centroids):
    """Return the centroid nearest to each point; of equals the first."""
    X, centroids, _ = as_clustering(X, centroids)
    squared_distances = [((X - mu) ** 2).sum(axis=1) for mu in centroids]
    return np.argmin(squared_distances, axis=0)


def update(X, assignments, centroids):
    """Return the mean of each cluster; an empty one keeps its centroid."""
    X, centroids, assignments = as_clustering(X, centroids, assignments)
    for c in np.unique(assignments):
        centroids[c] = X[assignments == c].mean(axis=0)
    return centroids


def reconstruction_error(X, assignments, centroids):
    """Return the loss Σ_i ‖x_i − μ_{z_i}‖², a float."""
    X, centroids, assignments = as_clustering(X, centroids, assignments)
    return float(((X - centroids[assignments]) ** 2).sum())


def iterate(X, centroids):
    """Yield the KMeansResult of these centroids, then of each update, until nothing moves."""
    X, centroids = as_points("X", X), as_points("centroids", centroids)
    assignments, loss = None, np.inf
    while True:
        before, assignments = assignments, assign(X, centroids)
        higher, loss = loss, reconstruction_error(X, assignments, centroids)
        yield KMeansResult(assignments, centroids, loss)
        # rounding alone can raise the loss
        if np.array_equal(before, assignments) or loss >= higher:
            return
        centroids = update(X, assignments, centroids)


def kmeans(X, k, rng=0, restarts=1, init="random"):
    """Cluster points by k-means; of several runs, return the KMeansResult with the lowest loss.

    Parameters
    ----------
    X : array_like, shape (n, d)
    k : int, the number of clusters, 1 ... n
    rng : int (of a RandomState), numpy.random.RandomState or Generator
    restarts : int, the number of runs, each from new centroids
    init : "random", "k-means++" or centroids, as in `initial_centroids`
    """
    rng, runs = as_generator(rng), range(as_whole("restarts", restarts, 1))
    starts = [initial_centroids(X, k, rng, init) for _ in runs]
    ends = (deque(iterate(X, start), maxlen=1)[0] for start in starts)
    return min(ends, key=lambda end: end.loss)


def initial_centroids(X, k, rng=0, init="random"):
    """Return centroids to start from, shape (k, d); the parameters are those of `kmeans`.

    "random" draws k different rows of X; "k-means++" one row after another, with probability in
    proportion to the squared distance from the nearest one so far (Arthur & Vassilvitskii, 2007).
    """
    X, rng = as_points("X", X), as_generator(rng)
    if not isinstance(init, str):
        return as_points("init", init, k, X.shape[1])
    as_whole("k", k, 1, len(X))
    if init == "random":
        return X[rng.choice(len(X), k, replace=False)]
    require(init == "k-means++", f'init must be "random", "k-means++" or centroids, not {init!r}')
    centroids, squares = X[[rng.choice(len(X))]], np.inf
    while len(centroids) < k:
        squares = np.minimum(squares, ((X - centroids[-1]) ** 2).sum(axis=1))
        shares = squares if squares.any() else np.ones(len(X))  # no more different rows
        row = rng.choice(len(X), p=shares / shares.sum())
        centroids = np.append(centroids, X[[row]], axis=0)
    return centroids


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


def as_points(name, value, n="n", d="d"):
    """Return a copy as float64, shape (n, d), where a letter stands for any length."""
    try:
        kind = np.asarray(value).dtype
        require(kind.kind in "biufO", f"it holds {kind}")
        masked = getattr(value, "mask", False)  # a table of pandas has a method of this name
        require(callable(masked) or not np.any(masked), "some of them are masked")
        points = np.array(value, dtype=np.float64, order="F")  # each coordinate is kept together
    except (OverflowError, TypeError, ValueError) as error:
        raise ValueError(f"{name} is not an array of real numbers: {error}") from None
    fits = points.ndim == 2 and points.size and n in ("n", "k", len(points))
    fits = fits and d in ("d", points.shape[1])
    require(fits, f"{name} has shape {points.shape}; expected ({n}, {d}), with one row at least")
    require(np.abs(points).max() < 1e150, f"{name} must be finite and below 1e150 in size")
    return points


def as_clustering(X, centroids, assignments=None):
    """Return all three as arrays that fit together."""
    X = as_points("X", X)
    centroids = as_points("centroids", centroids, "k", X.shape[1])
    z = np.zeros(len(X), dtype=int) if assignments is None else np.asarray(assignments)
    k, fits = len(centroids), z.shape == X.shape[:1] and z.dtype.kind in "iu"
    fits = fits and z.min() >= 0 and z.max() < k
    require(fits, f"assignments must be {len(X)} integers 0 ... {k - 1}, one for each row of X")
    return X, centroids, z


def basic(k, seed):
    """Cluster the points of data.tsv and draw them; `hwlib.clustering` does so with any table."""
    from matplotlib.figure import Figure

    lines = enumerate(Path("data.tsv").read_text("utf-8-sig").split("\n"), 1)
    rows = {i: np.array(line.split("\t"), object) for i, line in lines if line.strip()}
    d = len(next(iter(rows.values()), ()))
    X = [as_points(f"data.tsv, line {i}", [row], 1, d)[0] for i, row in rows.items()]
    X = as_points("data.tsv", X)
    assignments, centroids, loss = kmeans(X, k, rng=seed)
    print(f"{len(X)} points, k = {k}, seed {seed}: loss {loss:.2f}")
    # more coordinates than two are drawn on the first two principal axes
    plane = np.eye(d, 2) if d < 3 else np.linalg.svd(np.cov(X.T, ddof=0))[0][:, :2]
    axes = Figure(dpi=150).add_subplot()
    axes.scatter(*(X @ plane).T, s=16, c=[f"C{z}" for z in assignments])
    axes.plot(*(centroids @ plane).T, "k*")
    return f"clusters_k{k}.png", axes.figure.savefig


def image(k, seed):
    """Give each pixel of original.png one of k colors; `hwlib.compression` takes any picture."""
    from PIL import Image

    try:
        pixels = np.asarray(Image.open("original.png").convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"original.png cannot be read as a picture: {error}") from None
    (height, width, _), X = pixels.shape, pixels.reshape(-1, 3)
    as_whole("k", k, 1, min(256, len(X)))
    assignments, centroids, loss = kmeans(X, k, rng=seed)
    print(f"{width} x {height} pixels, k = {k}, seed {seed}: loss {loss:.2f}")
    print(f"{np.log2(k):.3g} bits per pixel instead of 24")
    colors = np.rint(centroids).astype(np.uint8)
    return f"compressed_k{k}.png", Image.fromarray(colors[assignments].reshape(pixels.shape)).save


def main(argv=None):
    """Run one command; return 0, or exit with one line about what went wrong (2)."""
    commands = {"basic": basic, "image": image}
    parser = argparse.ArgumentParser("kmeans.py", usage=argparse.SUPPRESS)
    parser.add_argument("command", choices=commands, help="cluster data.tsv or original.png")
    parser.add_argument("-k", type=int, required=True, help="number of clusters")
    parser.add_argument("-s", "--rng-seed", type=int, default=0, help="seed of the start (0)")
    args = parser.parse_args(argv)
    try:
        name, save = commands[args.command](args.k, args.rng_seed)
        save(png := io.BytesIO(), format="png")  # a run that is stopped leaves no half of a file
        Path(name).write_bytes(png.getvalue())
        print(f"wrote {name}")
    except KeyboardInterrupt:
        parser.exit(130, "Stopped.\n")
    except (FileNotFoundError, IsADirectoryError, PermissionError, ValueError) as error:
        parser.error(str(error))
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
