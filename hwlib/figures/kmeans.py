"""Pictures for the chapter on k-means: clusters in the plane, losses, a photograph."""

import itertools

import numpy as np
from matplotlib.ticker import NullLocator
from PIL import Image, ImageOps

from hwlib import figures

PLANE = {"xlim": (-7, 8.5), "ylim": (-8.7, 6.8)}  # the same square of the plane in every picture
TICKS = [-5, 0, 5]
RATIOS = (0.97, 5.9)  # final losses, as multiples of the lowest
TILE, GAP = 250, 8  # pixels: the width of one of several photographs, and what lies between two


def draw_points(X):
    """Draw points in the plane before anything is known about them.

    Parameters
    ----------
    X : ndarray, shape (n, 2)

    Returns
    -------
    figure : matplotlib.figure.Figure
    caption : str
    """
    figure, axes = figures.new_figure(3.6, (0.289, 0.155, 0.422, 0.82))
    axes.plot(*X.T, "s", color=figures.INK, ms=2.5, mew=0)
    axes.set(**PLANE, aspect="equal", xticks=TICKS, yticks=TICKS, xlabel="$x_1$", ylabel="$x_2$")
    return figure, f"{len(X)} points in the plane, without labels."


def draw_elbow(losses, best):
    """Draw the loss against k, for one seed and for the best of 50 restarts.

    Parameters
    ----------
    losses, best : dict
        Loss by k.

    Returns
    -------
    figure : matplotlib.figure.Figure
    caption : str
    """
    figure, axes = figures.new_figure(3.4, (0.104, 0.149, 0.887, 0.819))
    _draw_losses(axes, losses, best)
    axes.set(ylabel="loss", ylim=(0, None))
    first, *_, last = losses
    for name, series in (("seed 0", losses), ("best of 50 restarts", best)):
        line = {"arrowstyle": "-", "color": figures.FAINT, "shrinkB": 7}
        place = (first + 0.8, series[first])
        axes.annotate(name, (first, series[first]), place, va="center", arrowprops=line)
    numbers = ", ".join(f"{loss:.0f}" for loss in losses.values())
    return figure, f"Loss with seed 0 for k = {first} to {last}: {numbers}."


def draw_clusters(X, results):
    """Draw several clusterings of the same points side by side.

    Parameters
    ----------
    X : ndarray, shape (n, 2)
    results : list of hwlib.kmeans.KMeansResult

    Returns
    -------
    figure : matplotlib.figure.Figure
    caption : str
    """
    figure = _draw_row(X, results, [f"k = {len(result.centroids)}" for result in results])
    each = [f"{result.loss:.2f} for k = {len(result.centroids)}" for result in results]
    return figure, f"Clusters left by seed 0, with a loss of {', '.join(each[:-1])} and {each[-1]}."


def draw_ends(X, runs):
    """Draw side by side where runs from different seeds end.

    Parameters
    ----------
    X : ndarray, shape (n, 2)
    runs : dict
        `runs[seed]`, a KMeansResult; all with the same k.

    Returns
    -------
    figure : matplotlib.figure.Figure
    caption : str
    """
    figure = _draw_row(X, runs.values(), [f"seed {seed}" for seed in runs])
    each = [f"{result.loss:.2f} from seed {seed}" for seed, result in runs.items()]
    k = len(next(iter(runs.values())).centroids)
    return figure, f"k = {k}: final loss {', '.join(each[:-1])} and {each[-1]}."


def draw_photos(compressed):
    """Put the compressed forms of a photograph side by side, reduced to fit the page.

    Parameters
    ----------
    compressed : list of hwlib.compression.CompressedImage

    Returns
    -------
    picture : PIL.Image.Image
    caption : str
    """
    tiles = [
        ImageOps.contain(each.image.convert("RGB"), (TILE, 2 * TILE), Image.Resampling.LANCZOS)
        for each in compressed
    ]
    width, height = tiles[0].size
    row = Image.new("RGB", (len(tiles) * (width + GAP) - GAP, height), "white")
    for i, tile in enumerate(tiles):
        row.paste(tile, (i * (width + GAP), 0))
    names = [str(len(each.image.getpalette()) // 3) for each in compressed]
    indices = [np.ravel(np.asarray(each.image)) for each in compressed]
    shares = [f"{np.bincount(each).max() / each.size:.0%}" for each in indices]
    return row, (
        f"The photograph in {_listed(names)} colors. The most frequent color of each covers "
        f"{_listed(shares)} of the pixels."
    )


def draw_starts(ends):
    """Draw the final losses of many runs, for each k a row for each kind of start.

    Parameters
    ----------
    ends : dict
        `ends[init][k]`, an array of final losses, for two ways `init` to draw the starts.

    Returns
    -------
    figure : matplotlib.figure.Figure
    caption : str
    """
    ks = list(next(iter(ends.values())))
    figure, axes = figures.new_figure(0.9 + 0.75 * len(ks), (0.091, 0.14, 0.889, 0.84))
    counts = []
    for row, k in enumerate(ks):
        lowest = min(losses[k].min() for losses in ends.values())
        near = []
        for init, shift, color in zip(ends, (-0.19, 0.19), (figures.NEGATIVE, figures.VALUE)):
            ratios = ends[init][k] / lowest
            near.append(str((ratios < 1.01).sum()))
            axes.plot(ratios, np.full(len(ratios), row + shift), "|", color=color, ms=15)
            axes.plot(np.median(ratios), row + shift, "D", color=figures.INK, ms=5)
            axes.text(RATIOS[1], row + shift, init, color=color, ha="right", va="center")
        counts.append(f"{_listed(near)} for k = {k}")
    axes.set(xscale="log", xlim=RATIOS, xlabel="final loss, as a multiple of the lowest found")
    axes.set(ylim=(len(ks) - 0.5, -0.5))
    axes.set_yticks(range(len(ks)), [f"k = {k}" for k in ks])
    ticks = [1, 1.2, 1.5, 2, 3, 4, 5]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    runs, (one, other) = len(ends[init][ks[0]]), ends
    return figure, (
        f"Each tick is a run, each diamond a median. Runs within 1% of the lowest loss found, of "
        f"{runs} {one} and {runs} {other} starts: {_listed(counts)}."
    )


# ---- parts of pictures --------------------------------------------------------------------------


def _draw_row(X, results, titles):
    """Return a figure of two or three clusterings side by side."""
    n = len(results)
    places = [(0.082 + 0.933 * i / n, 0.063, 0.933 / n - 0.024, 0.917) for i in range(n)]
    figure, panels = figures.new_figure(2.9, *places)
    for axes, result, title in zip(panels, results, titles, strict=True):
        _draw_clusters(axes, X, result)
        axes.set_title(title)
    for axes in panels[1:]:
        axes.set(ylabel="", yticklabels=[])
    return figure


def _draw_clusters(axes, X, result):
    """Draw points in their cluster's color, borders between clusters, and numbered centroids."""
    # squares and borders without half-tones: a frame's file shrinks by a quarter
    for c in range(len(result.centroids)):
        points = X[result.assignments == c]
        axes.plot(*points.T, "s", color=figures.CLUSTERS[c], ms=2.5, mew=0)
    borders = _borders(result.centroids)
    axes.plot(*borders.T, color=figures.FAINT, lw=0.7, antialiased=False)
    for c, mu in enumerate(result.centroids):
        axes.plot(*mu, "o", ms=13, mfc="white", mec=figures.CLUSTERS[c], mew=1.8)
        axes.text(*mu, str(c + 1), ha="center", va="center_baseline", fontsize=10)
    axes.set(**PLANE, aspect="equal", xticks=TICKS, yticks=TICKS, xlabel="$x_1$", ylabel="$x_2$")


def _borders(centroids, far=100):
    """Return the segments of the plane that are equally near to two centroids and to none nearer.

    Of each pair's perpendicular bisector, middle + t * direction, that is the part where no third
    centroid is nearer: one linear condition on t for each of the others.

    Returns
    -------
    ndarray, shape (3 * segments, 2)
        From, to, and a gap of NaN, so that one line draws them all.
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
            segments += [middle + low * direction, middle + high * direction, [np.nan, np.nan]]
    return np.reshape(segments, (-1, 2))


def _draw_losses(axes, losses, best):
    """Draw loss against k for the best of many runs and for one seed's, in this order."""
    axes.plot(list(best), list(best.values()), "_", color=figures.NEGATIVE, ms=14, mew=2.5)
    axes.plot(list(losses), list(losses.values()), "o-", color=figures.INK, lw=1, ms=5)
    axes.set(xlabel="number of clusters k", xticks=list(losses))


def _listed(names):
    """Return words as a list in a sentence: "2, 4 and 8"."""
    return f"{', '.join(names[:-1])} and {names[-1]}"
