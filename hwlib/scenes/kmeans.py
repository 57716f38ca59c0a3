"""Numbers for the scenes of the chapter on k-means."""

import base64
from functools import cache, lru_cache

import numpy as np

from hwlib.compression import rgb_pixels
from hwlib.kmeans import initial_centroids, iterate, kmeans
from hwlib.point_files import read_points
from hwlib.scene import seen


def steps(X, seeds=10):
    """Return what the scene of a run shows, for points `X`, as a function of k, seed and step.

    The view runs k-means itself, from the rows where it starts, since the reader may move
    everything. What it gets from here are the points, the starts and the caption.

    Parameters
    ----------
    X : ndarray, shape (n, 2)
    seeds : int
        There are starts from so many seeds, 0, 1, ...

    Returns
    -------
    callable
        `compute(k, seed, step)` returns a state and a caption; with a `file`, (name, content), it
        does so for the points in it.
    """
    of_book = _steps(X, seeds, {"points": seen(X, 3)})

    @lru_cache(2)
    def of_reader(file):
        return _steps(*_own_points(*file, seeds))

    def compute(k, seed, step, file=None):
        return (of_reader(file) if file else of_book)(k, seed, step)

    return compute


MANY = 2000  # points: as many as can be told apart, and moved at once


def _own_points(name, content, seeds):
    """Return the arguments of `_steps` for a reader's own file; a ValueError says what is wrong."""
    try:
        X, notes = read_points(content)
        if X.shape[1] != 2:
            columns = "1 column" if X.shape[1] == 1 else f"{X.shape[1]} columns"
            raise ValueError(f"it has {columns}; expected 2, x and y")
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    total, every = len(X), -(-len(X) // MANY)
    extent = np.ptp(X, axis=0).max() or 1.0
    digits = int(4 - np.floor(np.log10(extent)))  # a ten-thousandth of what is seen
    points = seen(X[::every], digits)
    X = np.array(points)  # the view, which runs k-means itself, gets the same numbers
    told = f"{total:,} points" if every == 1 else f"{len(X):,} of {total:,} points, evenly chosen"
    notes = [note.rstrip(".") + "." for note in notes]
    about = " ".join([f"{name}: {told}.", *notes, "The file stays on this device."])
    loss = ((X - X.mean(axis=0)) ** 2).sum() or 1.0
    state = {
        "points": points,
        "about": about,
        "digits": max(2, int(2 - np.floor(np.log10(loss)))),
    }
    return X, seeds, state


def _steps(X, seeds, state):
    @cache
    def start(k, seed):
        centroids = initial_centroids(X, k, rng=seed)
        return [int(np.flatnonzero((X == mu).all(axis=1))[0]) for mu in centroids]

    @cache
    def run(k, seed):
        return list(iterate(X, X[start(k, seed)]))

    def compute(k, seed, step):
        history = run(k, seed)
        starts = [start(k, each) for each in range(seeds)]
        last = len(history) - 1
        caption = _step_caption(history, min(step, last), k, seed, state.get("digits", 2))
        return state | {"starts": starts}, caption

    return compute


def _step_caption(history, step, k, seed, digits):
    now = history[step]
    head = f"k = {k}, seed {seed}, step {step}: loss {seen(now.loss, digits):.{digits}f}."
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


REDUCED = 2  # of so many pixels a side, the picture shows the mean


def photograph(image, compressed):
    """Return what the scene of a photograph shows, as a function of k, or of k and seed.

    Loss, palette and shares are those of the whole photograph. What is shown is reduced. There the
    view gives each pixel the nearest of the k colors.

    Parameters
    ----------
    image : PIL.Image.Image
    compressed : dict
        `compressed[k]`, or with seeds `compressed[k, seed]`, as `compress_image` returns it.

    Returns
    -------
    callable
        `compute(k)` or `compute(k, seed)` returns a state and a caption.
    """
    pixels = rgb_pixels(image)
    small = reduced(pixels)
    photo = base64.b64encode(small.tobytes()).decode("ascii")

    def compute(k, seed=None):
        copy = compressed[k if seed is None else (k, seed)]
        colors = np.reshape(copy.image.getpalette(), (-1, 3))
        counts = np.bincount(np.asarray(copy.image).ravel(), minlength=k)
        order = np.argsort(-counts, kind="stable")
        bits, off = copy.bits_per_pixel, np.sqrt(copy.loss / pixels.size)
        state = {
            "size": [small.shape[1], small.shape[0]],
            "photo": photo,
            "colors": colors[order].tolist(),
            "shares": seen(counts[order] / counts.sum(), 5),
        }
        which = f"k = {k}" if seed is None else f"k = {k}, seed {seed}"
        return state, (
            f"{which}: loss {seen(copy.loss / 1e6, 1):.1f} million, a channel is typically off by "
            f"{seen(off, 0):.0f} of 255 levels. It takes {bits:.3g} "
            f"{'bit' if bits == 1 else 'bits'} per pixel."
        )

    return compute


def reduced(pixels, width=REDUCED):
    """Return a picture with the mean of each square of pixels, in whole levels.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
    width : int
        Of the squares. What is left over at the right and below is cut off.

    Returns
    -------
    ndarray of uint8

    Examples
    --------
    >>> reduced(np.array([[[1], [2]], [[2], [1]]], dtype=np.uint8)).tolist()  # a half goes up
    [[[2]]]
    """
    tall, wide, _ = (size // width for size in pixels.shape)
    squares = pixels[: tall * width, : wide * width].reshape(tall, width, wide, width, -1)
    return ((squares.sum(axis=(1, 3), dtype=int) + width**2 // 2) // width**2).astype(np.uint8)
