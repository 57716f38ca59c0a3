"""Pictures for the chapter on k-means: clusters in the plane, losses, colours of a photograph."""

import io
import itertools
import math

import numpy as np
from matplotlib.ticker import NullLocator
from PIL import Image, ImageOps

from hwlib import figures
from hwlib.kmeans import assign

PLANE = {"xlim": (-7, 8.5), "ylim": (-8.7, 6.8)}  # the same square of the plane in every picture
TICKS = [-5, 0, 5]
LOSSES = (400, 16000)
RATIOS = (0.97, 5)  # final losses, as multiples of the lowest
CHANNELS = ["red", "green", "blue"]
GREY = "#bdbdbd"  # behind colours: neutral, and neither the palest nor the deepest of them is lost
TILE = 445  # pixels in height and at most in width, for each of two photographs side by side


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


def draw_step(X, history, step, steps):
    """Draw one iteration of k-means in the plane, and the loss up to it.

    Parameters
    ----------
    X : ndarray, shape (n, 2)
    history : list of hwlib.kmeans.KMeansResult
        Of one run; after its end the picture stays.
    step : int
    steps : int
        The last step that the loss has room for.

    Returns
    -------
    figure : matplotlib.figure.Figure
    caption : str
    """
    last = len(history) - 1
    past = history[: step + 1]
    now = past[-1]
    figure, (plane, curve) = _panels()
    _draw_clusters(plane, X, now, [result.centroids for result in past])
    losses = [result.loss for result in past]
    curve.plot(losses, "o-", color=figures.INK, lw=1, ms=4)
    curve.set(xlabel="step", xlim=(-steps / 40, steps * 1.025))
    _log_losses(curve)
    caption = f"k = {len(now.centroids)}, step {step}: loss {now.loss:.2f}"
    if step == 0:
        return figure, f"{caption}, with the centroids at points drawn at random."
    if step >= last:
        return figure, f"{caption}. Converged: no assignment changed in step {last}."
    moved = int((now.assignments != past[-2].assignments).sum())
    return figure, f"{caption}. In this step {moved} of {len(X)} points changed cluster."


def draw_seed(X, runs, best, k, seed):
    """Draw where k-means ends for one k and seed, and the losses of this seed against k.

    Parameters
    ----------
    X : ndarray, shape (n, 2)
    runs : dict
        `runs[seed][k]`, a KMeansResult.
    best : dict
        `best[k]`, the loss of the best of 50 restarts.
    k, seed : int

    Returns
    -------
    figure : matplotlib.figure.Figure
    caption : str
    """
    result = runs[seed][k]
    figure, (plane, elbow) = _panels()
    _draw_clusters(plane, X, result)
    _draw_losses(elbow, {j: run.loss for j, run in runs[seed].items()}, best)
    elbow.plot(k, result.loss, "o", ms=13, mfc="none", mec=figures.INK, mew=1.5)
    names = ["best of 50 restarts", f"seed {seed}"]
    elbow.legend(names, loc="upper right")
    _log_losses(elbow)
    caption = f"k = {k}, seed {seed}: loss {result.loss:.2f}"
    return figure, f"{caption}. The best of 50 restarts ends at {best[k]:.2f}."


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


def draw_palettes(compressed):
    """Draw the colors of several compressed images, each as wide as its share of the pixels.

    Parameters
    ----------
    compressed : list of hwlib.compression.CompressedImage

    Returns
    -------
    figure : matplotlib.figure.Figure
    caption : str
    """
    figure, axes = figures.new_figure(0.4 + 0.5 * len(compressed), (0.091, 0.19, 0.86, 0.79))
    names, largest = [], []
    for row, each in enumerate(compressed):
        palette = np.reshape(each.image.getpalette(), (-1, 3)) / 255
        pixels = np.bincount(np.asarray(each.image).ravel(), minlength=len(palette))
        order = np.argsort(-pixels, kind="stable")
        shares = pixels[order] / pixels.sum()
        axes.barh(row, shares, 0.8, np.cumsum(shares) - shares, color=palette[order])
        names.append(f"k = {len(palette)}")
        largest.append(f"{shares[0]:.0%}")
    axes.set(xlim=(0, 1), ylim=(len(names) - 0.5, -0.5), xlabel="share of the pixels")
    axes.set_yticks(range(len(names)), names)
    axes.set_xticks([0, 0.5, 1], ["0%", "50%", "100%"])
    figure.set_facecolor(GREY)
    axes.set_facecolor(GREY)
    return figure, (
        f"Palettes for {', '.join(names[:-1])} and {names[-1]}. The most frequent color of each "
        f"covers {', '.join(largest[:-1])} and {largest[-1]} of the pixels."
    )


def draw_photo(original, compressed):
    """Put a photograph and its compressed form side by side, both reduced to fit the page.

    Parameters
    ----------
    original : PIL.Image.Image
        In RGB.
    compressed : hwlib.compression.CompressedImage

    Returns
    -------
    picture : PIL.Image.Image
    caption : str
    """
    tiles = [
        ImageOps.contain(image.convert("RGB"), (TILE, TILE), Image.Resampling.LANCZOS)
        for image in (original, compressed.image)
    ]
    width, height = tiles[0].size
    pair = Image.new("RGB", (2 * width + 8, height), "white")
    pair.paste(tiles[0])
    pair.paste(tiles[1], (width + 8, 0))
    return pair, photo_caption(original, compressed)


def draw_starts(ends, k):
    """Draw how the final losses of many runs are distributed, a row for each kind of start.

    Parameters
    ----------
    ends : dict
        `ends[init][k]`, an array of final losses, for two ways `init` to draw the starts.
    k : int

    Returns
    -------
    figure : matplotlib.figure.Figure
    caption : str
    """
    places = (0.091, 0.596, 0.894, 0.369), (0.091, 0.158, 0.894, 0.369)
    figure, rows = figures.new_figure(3.2, *places)
    lowest = min(losses[k].min() for losses in ends.values())
    near, middle = [], []
    for axes, (init, losses) in zip(rows, ends.items(), strict=True):
        ratios, median = losses[k] / lowest, np.median(losses[k])
        near.append(f"{(ratios < 1.01).sum()} of {len(ratios)} {init} starts")
        middle.append(f"{median:.0f}")
        axes.hist(ratios, np.geomspace(1, RATIOS[1], 81), color=figures.VALUE)
        # a tick for each run: a bar of one run would hardly be seen
        axes.plot(ratios, np.full(len(ratios), -0.09 * len(ratios)), "|", color=figures.INK)
        axes.axvline(median / lowest, color=figures.INK, lw=1, ls="--")
        x = max(median / lowest, 1.07)  # clear of the tall bar at 1
        axes.text(x, 0.88 * len(ratios), f" median {median:.0f}", va="center")
        axes.text(0.99, 0.82, f"{init} starts", transform=axes.transAxes, ha="right")
        axes.set(xscale="log", xlim=RATIOS, ylabel="runs")
        axes.set(ylim=(-0.18 * len(ratios), len(ratios)), yticks=[0, len(ratios) // 2, len(ratios)])
    ticks = [1, 1.2, 1.5, 2, 3, 4, 5]
    for axes, labels in zip(rows, ([], [f"{tick:g}" for tick in ticks]), strict=True):
        axes.set_xticks(ticks, labels)
        axes.xaxis.set_minor_locator(NullLocator())
    rows[1].set_xlabel("final loss, as a multiple of the lowest found")
    return figure, (
        f"k = {k}: {' and '.join(near)} end within 1% of the lowest loss found, {lowest:.2f}. "
        f"The medians are {' and '.join(middle)}."
    )


def draw_colours(bins, compressed, view):
    """Draw a photograph's colours as points, and the same points in the k colours of a palette.

    Parameters
    ----------
    bins : tuple
        What `colour_bins` returned for the photograph.
    compressed : hwlib.compression.CompressedImage
        Its compressed form.
    view : str
        The two channels to look at, as in "red and blue".

    Returns
    -------
    figure : matplotlib.figure.Figure
    caption : str
    """
    colours, counts = bins
    x, y = (CHANNELS.index(channel) for channel in view.split(" and "))
    palette = np.reshape(compressed.image.getpalette(), (-1, 3))
    pixels = np.bincount(np.asarray(compressed.image).ravel(), minlength=len(palette))
    order = np.argsort(-pixels, kind="stable")  # number 1 has the most pixels
    palette, pixels = palette[order], pixels[order]
    # what lies nearer to the eye, along the channel not shown, is drawn later
    depth = np.argsort(colours[:, 3 - x - y], kind="stable")
    colours, sizes = colours[depth], 5 + 800 * (counts[depth] / counts.sum()) ** 0.75
    places = (0.091, 0.064, 0.398, 0.92), (0.591, 0.064, 0.398, 0.92)
    figure, panels = figures.new_figure(3.7, *places)
    figure.set_facecolor(GREY)
    shown = {
        "The photograph's colours": colours,
        f"The same in {len(palette)} colours": palette[assign(colours, palette)],
    }
    for axes, (title, paint) in zip(panels, shown.items(), strict=True):
        axes.set_facecolor(GREY)
        axes.set_title(title)
        axes.scatter(*colours[:, [x, y]].T, s=sizes, c=paint / 255, lw=0)
        axes.set(xlim=(-12, 267), ylim=(-12, 267), aspect="equal")
        axes.set(xticks=[0, 64, 128, 192, 255], yticks=[0, 64, 128, 192, 255])
        axes.set(xlabel=CHANNELS[x], ylabel=CHANNELS[y])
    for number, colour in enumerate(palette, start=1):
        at, text = colour[[x, y]], "white" if colour @ [0.3, 0.6, 0.1] < 128 else "black"
        # two rings, one of which stands out whatever lies below
        panels[0].plot(*at, "o", ms=15, mfc="none", mec="black")
        panels[0].plot(*at, "o", ms=13.5, mfc=colour / 255, mec="white")
        panels[0].text(*at, f"{number}", ha="center", va="center_baseline", color=text, fontsize=10)
    shares = pixels / pixels.sum()
    return figure, (
        f"k = {len(palette)}, {view}: colour 1 serves {shares[0]:.0%} of the pixels, "
        f"colour {len(palette)} serves {shares[-1]:.1%}."
    )


def photo_caption(original, compressed):
    """Return what compressing a photograph cost and saved, in two sentences."""
    k, bits = len(compressed.image.getpalette()) // 3, compressed.bits_per_pixel
    # No size of a PNG file: how well it is packed depends on how Pillow was built.
    pixels = original.width * original.height
    before, after = 3 * pixels / 1000, (math.ceil(bits) * pixels / 8 + 3 * k) / 1000
    return (
        f"Left the original, right k = {k} colors: loss {compressed.loss / 1e6:.4g} million, "
        f"{bits:.3g} {'bit' if bits == 1 else 'bits'} per pixel, a factor of "
        f"{compressed.factor:.3g}. With its palette the picture takes {after:.1f} kB, "
        f"down from {before:.1f} kB."
    )


def png(image):
    """Return the bytes of an image's PNG file."""
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


# ---- parts of pictures --------------------------------------------------------------------------


def _panels():
    """Return a figure and two axes: the plane, a square, and room for a curve beside it."""
    return figures.new_figure(3.6, (0.085, 0.155, 0.422, 0.82), (0.625, 0.155, 0.36, 0.82))


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


def _draw_clusters(axes, X, result, path=None):
    """Draw points in their cluster's colour, borders between clusters, and numbered centroids."""
    # squares and borders without half-tones: a frame's file shrinks by a quarter
    for c in range(len(result.centroids)):
        points = X[result.assignments == c]
        axes.plot(*points.T, "s", color=figures.CLUSTERS[c], ms=2.5, mew=0)
    borders = _borders(result.centroids)
    axes.plot(*borders.T, color=figures.FAINT, lw=0.7, antialiased=False)
    if path is not None:
        x1, x2 = np.moveaxis(path, 2, 0)  # a row for each step, a column for each centroid
        axes.plot(x1, x2, color=figures.INK, lw=1.2)
        axes.plot(x1[0], x2[0], "x", color=figures.INK, mew=1.5)
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


def _log_losses(axes):
    """Give the axes a logarithmic scale that is the same in every frame."""
    axes.set(ylabel="loss", yscale="log", ylim=LOSSES)
    ticks = [500, 1000, 2000, 5000]
    axes.set_yticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.yaxis.set_minor_locator(NullLocator())
