"""k-means clustering, and image compression by clustering colours.

k-means looks for k centroids mu_c, and for each point x_i a cluster z_i, with a small loss

    sum_i ||x_i - mu_{z_i}||^2.

It alternates two steps, `assign` and `update`; neither can raise the loss. Clusters count from 0.

    python -m hwlib.kmeans basic -k 2      cluster data.tsv, else the book's 500 points
    python -m hwlib.kmeans image -k 16     compress original.png, else the book's photograph
"""

import argparse
import math
import numbers
import os
import sys
from collections import deque
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

BLOCK = 2**16  # numbers in a table of intermediate results: half a megabyte stays in the cache
HUGE = 1e150  # squares of anything larger may overflow


class KMeansResult(NamedTuple):
    """Assignments z_i, shape (n,); centroids mu_c, shape (k, d); the loss of these two."""

    assignments: np.ndarray
    centroids: np.ndarray
    loss: float


class CompressedImage(NamedTuple):
    """A palette image of k colours, its loss (levels count 0 ... 255), log2 k, and 24 / log2 k."""

    image: Image.Image
    loss: float
    bits_per_pixel: float
    factor: float


def assign(X, centroids):
    """Return the centroid nearest to each point, as z_i in 0 ... k-1, shape (n,).

    `X` has shape (n, d), `centroids` (k, d); ValueError if not. Of equally near ones, the first.
    """
    X = _matrix(X, "X")
    centroids = _matrix(centroids, "centroids", X)
    # ||x - mu||^2 = ||x||^2 + ||mu||^2 - 2 x.mu, where ||x||^2 is the same
    # for every centroid: the nearest has the greatest x.mu - ||mu||^2 / 2.
    # Distances do not depend on the origin. With a centroid as the origin,
    # no large numbers cancel, however far the data lie from zero.
    origin = centroids[0]
    mu = centroids - origin
    half_squares = (mu**2).sum(axis=1) / 2
    assignments = np.empty(len(X), dtype=np.intp)
    rows = max(1, BLOCK // max(mu.shape))
    for start in range(0, len(X), rows):
        block = slice(start, start + rows)
        scores = (X[block] - origin) @ mu.T
        scores -= half_squares
        np.argmax(scores, axis=1, out=assignments[block])
    return assignments


def update(X, assignments, centroids, weights=None):
    """Return the mean of each cluster's points, shape (k, d); an empty cluster keeps its centroid.

    `weights`, shape (n,), says how often each point occurs. Raises ValueError for wrong shapes.
    """
    X, weights = _matrix(X, "X"), _weights(weights, X)
    centroids = _matrix(centroids, "centroids", X)
    assignments = _assignments(assignments, X, centroids)
    # measured from a point of the data, all that is summed is small
    k, origin = len(centroids), X[0]
    columns = ((X - origin) * weights[:, None]).T
    sums = [np.bincount(assignments, x_j, minlength=k) for x_j in columns]
    counts = np.bincount(assignments, weights, minlength=k)[:, None]
    means = origin + np.transpose(sums) / np.where(counts > 0, counts, 1)
    return np.where(counts > 0, means, centroids)


def reconstruction_error(X, assignments, centroids, weights=None):
    """Return the loss sum_i ||x_i - mu_{z_i}||^2, each term as often as `weights` says."""
    X, weights = _matrix(X, "X"), _weights(weights, X)
    centroids = _matrix(centroids, "centroids", X)
    assignments = _assignments(assignments, X, centroids)
    # from the differences, not the expansion: right to the last digits and
    # never negative
    differences = X.T - np.take(centroids.T, assignments, axis=1)
    return float(((differences**2).sum(axis=0) * weights).sum())


def iterate(X, centroids, weights=None):
    """Run k-means from the given centroids, one iteration at a time.

    Yields
    ------
    KMeansResult
        First the given centroids, the assignments to them and the loss; then the same after each
        update. The last has the assignments of the one before it: nothing moves any more.
    """
    X, weights = _matrix(X, "X"), _weights(weights, X)
    centroids = _matrix(centroids, "centroids", X)
    # An update that moves anything lowers the loss, so a partition can only
    # come back at once. With rounding it might come back later; remembering
    # them all makes an end of that as well.
    seen = set()
    while True:
        assignments = assign(X, centroids)
        loss = reconstruction_error(X, assignments, centroids, weights)
        yield KMeansResult(assignments, centroids, loss)
        partition = hash(assignments.tobytes())
        if partition in seen:
            return
        seen.add(partition)
        centroids = update(X, assignments, centroids, weights)


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
    init : {"random", "k-means++"}
        Start from k rows drawn at random, all different; or draw one after the other, each with a
        probability proportional to its squared distance from the nearest one drawn so far [2]_.
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
    rng, runs = _generator(rng), []
    for _ in range(_whole("restarts", restarts, 1)):
        start = initial_centroids(X, k, rng, init, weights)
        runs += deque(iterate(X, start, weights), maxlen=1)  # the last
    return min(runs, key=lambda result: result.loss)


def initial_centroids(X, k, rng=0, init="random", weights=None):
    """Return k rows of X to start from, shape (k, d). Parameters as for `kmeans`."""
    X, rng = _matrix(X, "X"), _generator(rng)
    _whole("k", k, 1, len(X))
    p = None if weights is None else _weights(weights, X) / np.sum(weights)
    if init == "random":
        return X[rng.choice(np.arange(len(X)), k, replace=False, p=p)]
    if init != "k-means++":
        raise ValueError(f'init must be "random" or "k-means++", not {init!r}')
    weights, squares, rows = _weights(weights, X), np.full(len(X), np.inf), []
    for _ in range(k):
        rows.append(rng.choice(np.arange(len(X)), p=p))
        squares = np.minimum(squares, ((X - X[rows[-1]]) ** 2).sum(axis=1))
        # no distance left: there are fewer than k distinct points, and any row is as good
        p = squares * weights / (squares * weights).sum() if squares.any() else None
    return X[rows]


def compress_image(image, k, rng=0):
    """Give each pixel the nearest of k colours, found by k-means among the pixels' colours.

    Parameters
    ----------
    image : PIL.Image.Image
        Of any mode; see `rgb_pixels`.
    k : int
        Number of colours, 1 ... 256 and at most the number of pixels.
    rng : int, numpy.random.RandomState or numpy.random.Generator
        Draws the k pixels to start from, as in `kmeans`.

    Returns
    -------
    CompressedImage
        ``(image, loss, bits_per_pixel, factor)``. The image holds an index for each pixel and a
        palette of k colours, so a PNG file of it spends 1, 2, 4 or 8 bits on a pixel, and fewer
        after the format's own compression.

    Raises
    ------
    ValueError
        If `image` is no Pillow image, or k or rng is not as above.
    """
    pixels = rgb_pixels(image)
    shape, pixels = pixels.shape[:2], pixels.reshape(-1, 3)
    _whole("k", k, 1, min(256, len(pixels)))
    rows = _generator(rng).choice(np.arange(len(pixels)), k, replace=False)
    # Equal colours share a cluster, so it is enough to cluster each
    # distinct one, 0xRRGGBB, with its count.
    codes, position, counts = np.unique(
        pixels @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32),
        return_inverse=True,
        return_counts=True,
    )
    colours = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], axis=1)
    [result] = deque(iterate(colours, pixels[rows], counts), maxlen=1)
    indices = result.assignments.astype(np.uint8)[position].reshape(shape)
    palette = Image.fromarray(indices).convert("P")
    palette.putpalette(np.rint(result.centroids).astype(np.uint8).tobytes())
    bits = math.log2(k)
    factor = 24 / bits if bits else math.inf
    return CompressedImage(palette, result.loss, bits, factor)


def rgb_pixels(image):
    """Return a Pillow image's colours as an array (height, width, 3) of levels 0 ... 255.

    A photo taken sideways is turned upright, what is transparent is laid on white (so an opaque
    alpha channel changes nothing), and 16-bit grey keeps its upper 8 bits.
    """
    if not isinstance(image, Image.Image):
        raise ValueError(f"image must be a PIL.Image.Image, not {type(image).__name__}")
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image).clip(0, 65535) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return np.asarray(image.convert("RGB"))


# ---- arguments ----------------------------------------------------------------------------------


def _matrix(values, name, like=None):
    try:
        # column by column, so that each coordinate of all points lies in one piece of memory
        matrix = np.asarray(values, dtype=float, order="F")
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a table of numbers, rows of equal length") from None
    if matrix.ndim != 2 or not matrix.size:
        raise ValueError(f"{name} must have rows and columns, not the shape {matrix.shape}")
    if like is not None and matrix.shape[1] != like.shape[1]:
        sides = f"{like.shape[1]} columns as X has, not {matrix.shape[1]}"
        raise ValueError(f"{name} must have {sides}")
    if not (-HUGE < matrix.min() and matrix.max() < HUGE):
        raise ValueError(f"{name} must be finite and below {HUGE:g} in size; it has other values")
    return matrix


def _weights(values, X):
    if values is None:
        return np.ones(len(X))
    weights = _matrix([values], "weights")[0]
    if len(weights) != len(X) or weights.min() <= 0:
        raise ValueError(f"weights must be {len(X)} positive numbers, one for each row of X")
    return weights


def _assignments(values, X, centroids):
    assignments = np.asarray(values)
    whole = assignments.shape == (len(X),) and assignments.dtype.kind in "iu"
    if not whole or assignments.min() < 0 or assignments.max() >= len(centroids):
        wanted = f"{len(X)} integers 0 ... {len(centroids) - 1}, one for each row of X"
        raise ValueError(f"assignments must be {wanted}")
    return assignments


def _whole(name, value, low, high=math.inf):
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or not low <= value <= high:
        wanted = f"from {low} to {high}" if high < math.inf else f"and at least {low}"
        raise ValueError(f"{name} must be a whole number {wanted}, not {value!r}")
    return int(value)


def _generator(rng):
    if isinstance(rng, (np.random.RandomState, np.random.Generator)):
        return rng
    return np.random.RandomState(_whole("rng, if no numpy generator,", rng, 0, 2**32 - 1))


# ---- the command --------------------------------------------------------------------------------


def _basic(k, seed):
    X = _points_here() if os.path.exists("data.tsv") else _book("plane_points", "data.tsv")
    result = kmeans(X, k, rng=seed)
    print(f"{len(X)} points, k = {k}, seed {seed}: loss {result.loss:.2f}")
    _write(f"clusters_k{k}.png", lambda file: _draw(X, result).savefig(file, format="png"))


def _image(k, seed, path=None):
    if path is None and not os.path.exists("original.png"):
        image = _book("photograph", "original.png")
    else:
        image = _image_from(path or "original.png")
    result = compress_image(image, k, rng=seed)
    print(f"{image.width} x {image.height} pixels, k = {k}, seed {seed}: loss {result.loss:.2f}")
    bits, factor = result.bits_per_pixel, result.factor
    print(f"{bits:.3g} bits per pixel instead of 24, a factor of {factor:.3g}")
    _write(f"compressed_k{k}.png", lambda file: result.image.save(file, "PNG", optimize=True))


def _points_here():
    try:
        lines = [line for line in Path("data.tsv").read_text().splitlines() if line.strip()]
        if not lines:
            raise ValueError("it is empty")
        X = np.loadtxt(lines, delimiter="\t", comments=None, ndmin=2)
    except ValueError as error:
        raise ValueError(f"data.tsv must be numbers with tabs between: {error}") from None
    if X.shape[1] != 2:
        raise ValueError(f"data.tsv must have two columns, not {X.shape[1]}")
    return _matrix(X, "data.tsv")


def _image_from(path):
    try:
        with Image.open(path) as image:
            image.load()
            return image
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path} is no picture that can be read: {error}") from None


def _book(name, missing):
    sys.path.append(str(Path(__file__).resolve().parent.parent))  # for python3 hwlib/kmeans.py
    try:
        from hwlib import datasets
    except ImportError:
        raise ValueError(f"there is no {missing} in this folder") from None
    return getattr(datasets, name)()


def _draw(X, result):
    from matplotlib.figure import Figure  # takes a while, and only this command needs it

    figure = Figure(figsize=(6, 6), dpi=150, layout="constrained")
    axes = figure.add_subplot(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    for c, mu in enumerate(result.centroids):
        points, color = X[result.assignments == c], f"C{c % 10}"
        axes.scatter(*points.T, s=16, color=color, marker="osD^v<>pP*"[c % 10])
        axes.annotate(str(c + 1), mu, ha="center", va="center", bbox={"fc": "w", "ec": color})
    return figure


def _write(name, save):
    part = Path(f".{name}.{os.getpid()}")  # a file under its own name is always a whole one
    try:
        save(part)
        os.replace(part, name)
    finally:
        part.unlink(missing_ok=True)
    print(f"wrote {name}")


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"{self.prog}: {message}\n")


def main(argv=None):
    """Run the command; return its exit status: 0, or 2 after one line about what went wrong."""
    parser = _Parser(prog="kmeans", description="k-means in the plane and on colours.")
    commands = parser.add_subparsers(dest="command", required=True)
    basic = commands.add_parser("basic", help="cluster data.tsv; writes clusters_kK.png")
    image = commands.add_parser("image", help="compress original.png; writes compressed_kK.png")
    image.add_argument("--input", metavar="FILE", dest="path", help="another picture to compress")
    for command, run in (basic, _basic), (image, _image):
        command.set_defaults(run=run)
        command.add_argument("-k", type=int, required=True, help="number of clusters")
        command.add_argument("-s", "--rng-seed", type=int, default=0, dest="seed", metavar="SEED")
    options = vars(parser.parse_args(argv))
    del options["command"]
    try:
        options.pop("run")(**options)
    except (OSError, ValueError) as error:
        print(f"{parser.prog}: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
