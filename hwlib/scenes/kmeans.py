"""Numbers for the scenes of the chapter on k-means."""

import base64
import itertools
from functools import cache, lru_cache

import numpy as np

from hwlib.compression import rgb_pixels
from hwlib.kmeans import initial_centroids, iterate, kmeans
from hwlib.point_files import read_points
from hwlib.scenes import fixed, listed, seen
from hwlib.scenes.plots import axis, mark, panel, plot


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
    head = f"k = {k}, seed {seed}, step {step}: loss {fixed(now.loss, digits)}."
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
            f"k = {k}, {init} start, seed {seed}: loss {fixed(end.loss)}. "
            f"The best of 50 random starts ends at {fixed(best()[k - 1])}."
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
    photo = _photo(pixels)

    def compute(k, seed=None):
        copy = compressed[k if seed is None else (k, seed)]
        colors, counts = _palette(copy)
        order = np.argsort(-counts, kind="stable")
        off = np.sqrt(copy.loss / pixels.size)
        state = photo | {
            "colors": colors[order].tolist(),
            "shares": seen(counts[order] / counts.sum(), 5),
        }
        which = f"k = {k}" if seed is None else f"k = {k}, seed {seed}"
        return state, (
            f"{which}: loss {seen(copy.loss / 1e6, 1):.1f} million, a channel is typically off by "
            f"{seen(off, 0):.0f} of 255 levels."
        )

    return compute


def photographs(image, compressed):
    """Return what copies of a photograph side by side show.

    Parameters
    ----------
    image : PIL.Image.Image
    compressed : dict
        `compressed[k]` as `compress_image` returns it.

    Returns
    -------
    state : dict
    caption : str
    """
    palettes, counts = zip(*map(_palette, compressed.values()))
    shares = [f"{each.max() / each.sum():.0%}" for each in counts]
    state = _photo(rgb_pixels(image)) | {"palettes": [colors.tolist() for colors in palettes]}
    return state, (
        f"The photograph in {listed([str(len(colors)) for colors in palettes])} colors. The most "
        f"frequent color of each covers {listed(shares)} of the pixels."
    )


def _photo(pixels):
    """Return what the view shows of a photograph: its size and bytes, reduced."""
    small = reduced(pixels)
    tall, wide, _ = small.shape
    return {"size": [wide, tall], "photo": base64.b64encode(small.tobytes()).decode("ascii")}


def _palette(copy):
    """Return the colors of a compressed image, and how many pixels have each."""
    colors = np.reshape(copy.image.getpalette(), (-1, 3))
    return colors, np.bincount(np.asarray(copy.image).ravel(), minlength=len(colors))


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


# ---- plots --------------------------------------------------------------------------------------

PLANE = (-7, 8.5), (-8.7, 6.8)  # the same square of the plane in every picture
RATIOS = (0.97, 5.9)  # final losses, as multiples of the lowest


def points(X):
    """Return a plot of points in the plane before anything is known about them.

    Parameters
    ----------
    X : ndarray, shape (n, 2)

    Returns
    -------
    state : dict
    caption : str
    """
    marks = [mark("points", seen(X, 2), "ink", size=2.5)]
    state = plot("Points in the plane", [_plane(marks, x="x₁", y="x₂")])
    return state, f"{len(X)} points in the plane, without labels."


def elbow(losses, best):
    """Return a plot of the loss against k, for one seed and for the best of 50 restarts.

    Parameters
    ----------
    losses, best : dict
        Loss by k.

    Returns
    -------
    state : dict
    caption : str
    """
    first, *_, last = losses
    rows = {name: [[k, seen(loss, 2)] for k, loss in by.items()] for name, by in
            (("seed 0", losses), ("best of 50 restarts", best))}  # fmt: skip
    marks = [
        mark("line", rows["seed 0"], "ink", width=1.5),
        mark("points", rows["best of 50 restarts"], "negative", shape="dash", size=8),
        mark("points", rows["seed 0"], "ink", size=3.5),
    ]
    top = 1000 * -(-max(losses.values()) // 1000)
    heights = {y: f"{y:,.0f}" for y in np.arange(0, top + 1, 1000 if top < 5000 else 2000).tolist()}
    x, y = axis((first - 0.3, last + 0.3), list(losses), "number of clusters k"), (0, top)
    key = [["seed 0", "ink"], ["best of 50 restarts", "negative"]]
    state = plot("Loss against k", [panel(x, axis(y, heights, "loss", grid=True), marks, key=key)])
    numbers = ", ".join(fixed(loss, 0) for loss in losses.values())
    return state, f"Loss with seed 0 for k = {first} to {last}: {numbers}."


def clusterings(X, results):
    """Return a plot of several clusterings of the same points side by side.

    Parameters
    ----------
    X : ndarray, shape (n, 2)
    results : list of hwlib.kmeans.KMeansResult

    Returns
    -------
    state : dict
    caption : str
    """
    names = [f"k = {len(result.centroids)}" for result in results]
    each = [f"{fixed(result.loss)} for {name}" for result, name in zip(results, names, strict=True)]
    return _side_by_side(X, results, names), (
        f"Clusters left by seed 0, with a loss of {listed(each)}."
    )


def runs_side_by_side(X, runs):
    """Return a plot of where runs from different seeds end.

    Parameters
    ----------
    X : ndarray, shape (n, 2)
    runs : dict
        `runs[seed]`, a KMeansResult; all with the same k.

    Returns
    -------
    state : dict
    caption : str
    """
    each = [f"{fixed(result.loss)} from seed {seed}" for seed, result in runs.items()]
    k = len(next(iter(runs.values())).centroids)
    names = [f"seed {seed}" for seed in runs]
    return _side_by_side(X, runs.values(), names), (f"k = {k}: final loss {listed(each)}.")


def final_losses(ends):
    """Return a plot of the final losses of many runs, for each k a row for each kind of start.

    Parameters
    ----------
    ends : dict
        `ends[init][k]`, an array of final losses, for two ways `init` to draw the starts.

    Returns
    -------
    state : dict
    caption : str
    """
    ks = list(next(iter(ends.values())))
    counts, marks = [], []
    for row, k in enumerate(ks):
        lowest = min(losses[k].min() for losses in ends.values())
        near = []
        for init, shift, color in zip(ends, (-0.2, 0.2), ("negative", "value"), strict=True):
            ratios, height = ends[init][k] / lowest, row + shift
            near.append(str((ratios < 1.01).sum()))
            shown = sorted(set(seen(ratios, 3)))
            marks += [
                mark("points", [[x, height] for x in shown], color, shape="tick", size=7),
                mark("points", [[seen(np.median(ratios), 3), height]], "ink", shape="diamond",
                     size=5),
                mark("text", [RATIOS[1], height], color, text=init, anchor="end"),
            ]  # fmt: skip
        counts.append(f"{listed(near)} for k = {k}")
    ticks = [1, 1.5, 2, 3, 5]
    x = axis(RATIOS, ticks, "final loss relative to the lowest", log=True)
    y = axis((len(ks) - 0.5, -0.5), {i: f"k = {k}" for i, k in enumerate(ks)})
    state = plot("Final losses of many runs", [panel(x, y, marks)], height=56 * len(ks))
    runs, (one, other) = len(ends[init][ks[0]]), ends
    return state, (
        f"Each tick is a run, each diamond a median. Runs within 1% of the lowest loss found, of "
        f"{runs} {one} and {runs} {other} starts: {listed(counts)}."
    )


def _plane(marks, x="", y="", **more):
    ticks = [-5, 0, 5]
    return panel(axis(PLANE[0], ticks, x), axis(PLANE[1], ticks, y), marks, square=True, **more)


def _side_by_side(X, results, titles):
    """Return a plot of two or three clusterings."""
    panels = [
        _plane(_clusters(X, result), title=title)
        for result, title in zip(results, titles, strict=True)
    ]
    return plot("Clusterings side by side", panels)


def _clusters(X, result):
    """Return points in their cluster's color, borders between clusters, and numbered centroids."""
    ids, z = range(len(result.centroids)), result.assignments
    marks = [
        mark("line", border, "faint", width=1)
        for border in seen(_borders(result.centroids).reshape(-1, 2, 2), 2)
    ]
    marks += [
        mark("points", seen(X[z == c], 2), f"c{c + 1}", size=2) for c in ids if (z == c).any()
    ]
    middles = seen(result.centroids, 2)
    return marks + [mark("ring", middles[c], f"c{c + 1}", text=str(c + 1)) for c in ids]


def _borders(centroids, far=100):
    """Return the segments of the plane that are equally near to two centroids and to none nearer.

    Of each pair's perpendicular bisector, middle + t * direction, that is the part where no third
    centroid is nearer: one linear condition on t for each of the others.

    Returns
    -------
    ndarray, shape (2 * segments, 2)
        From and to, one after another.
    """
    segments = []
    for a, b in itertools.combinations(range(len(centroids)), 2):
        middle, difference = (centroids[a] + centroids[b]) / 2, centroids[b] - centroids[a]
        length = np.hypot(*difference)
        if length == 0:
            continue
        direction = np.array([-difference[1], difference[0]]) / length
        others = np.delete(centroids, [a, b], axis=0)
        # ||p - mu_a||^2 <= ||p - mu_c||^2 for p on the bisector: slope * t <= room
        slope = 2 * (others - centroids[a]) @ direction
        room = ((others - middle) ** 2).sum(axis=1) - (length / 2) ** 2
        if (room[slope == 0] < 0).any():
            continue  # a parallel bisector lies between
        low = max([-far, *(room[slope < 0] / slope[slope < 0])])
        high = min([far, *(room[slope > 0] / slope[slope > 0])])
        if low < high:
            segments += [middle + low * direction, middle + high * direction]
    return np.reshape(segments, (-1, 2))
