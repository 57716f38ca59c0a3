"""Clusters of a table of points: k-means on any file of numbers, and a picture of the clusters.

python -m hwlib.clustering points.csv -k 4       any table; writes clusters_k4.png
python -m hwlib.clustering -k 4                  the same with the book's points
"""

import argparse

import matplotlib
import numpy as np

from hwlib import datasets, figures
from hwlib.commands import atomic_write, run_command
from hwlib.point_files import read_points
from hwlib.quick.kmeans import kmeans

ALIKE = 20  # ranges within this factor share one scale in the picture
MARKS = "osD^v<>pP*"


def principal_plane(X):
    """Return the coordinates of points on their first two principal axes.

    Parameters
    ----------
    X : array_like, shape (n, d)
        d of at least 2.

    Returns
    -------
    plane : ndarray, shape (n, 2)
        Measured from the mean. On each axis, the coordinate of X that counts most counts
        positively.
    axes : ndarray, shape (2, d)
        Orthogonal, of length 1.
    share : float
        Of the points' variance, 0 ... 1: what the plane shows.

    Examples
    --------
    >>> plane, axes, share = principal_plane([[0, 0, 0], [0, 0, 2], [0, 1, 1]])
    >>> print(np.round(plane[:2, 0], 3), round(share, 3))
    [-1.  1.] 1.0
    """
    X = np.asarray(X, dtype=np.float64)
    size = np.abs(X).max() or 1  # so that no square overflows or vanishes
    centered = X / size - (X / size).mean(axis=0)
    _, spread, axes = np.linalg.svd(centered, full_matrices=False)
    axes = np.vstack([axes, np.zeros((2, X.shape[1]))])[:2]  # a single point has one axis
    largest = np.abs(axes).argmax(axis=1)
    axes = axes * np.where(axes[[0, 1], largest] < 0, -1, 1)[:, np.newaxis]
    total = (spread**2).sum()
    share = float((spread[:2] ** 2).sum() / total) if total else 1.0
    return centered @ axes.T * size, axes, share


def draw_table(X, result):
    """Draw clusters of points with any number of coordinates.

    One coordinate is drawn against the point's number, two as they are, more on their first two
    principal axes. Where one scale for both would leave a line, each has its own.

    Parameters
    ----------
    X : ndarray, shape (n, d)
    result : hwlib.kmeans.KMeansResult

    Returns
    -------
    figure : matplotlib.figure.Figure
    caption : str
    """
    (n, d), centroids = X.shape, result.centroids
    names, said, places = ("$x_1$", "$x_2$"), "", None
    if d == 1:
        numbers = np.arange(1, n + 1)
        X, names = np.column_stack([X, numbers]), ("$x_1$", "line")
        middles = [numbers[result.assignments == c] for c in range(len(centroids))]
        places = [[mu[0], m.mean() if m.size else n / 2] for mu, m in zip(centroids, middles)]
    elif d > 2:
        middle, names = X.mean(axis=0), ("first axis", "second axis")
        X, directions, share = principal_plane(X)
        places = (centroids - middle) @ directions.T
        said = f" On their first two principal axes, with {share:.0%} of their variance."
    figure, axes = figures.new_figure(5.6, (0.15, 0.12, 0.7, 0.84))
    for c, place in enumerate(centroids if places is None else places):
        color = figures.CLUSTERS[c % len(figures.CLUSTERS)]
        mark = MARKS[c % len(MARKS)]
        axes.plot(*X[result.assignments == c].T, mark, color=color, ms=4, mew=0)
        axes.plot(*place, "o", ms=15, mfc="white", mec=color, mew=1.8)
        axes.annotate(str(c + 1), place, ha="center", va="center_baseline", fontsize=10)
    ranges = np.ptp(X, axis=0)
    one_scale = d > 1 and (ranges.min() * ALIKE > ranges.max() or not ranges.any())
    axes.set(xlabel=names[0], ylabel=names[1], aspect="equal" if one_scale else "auto")
    if one_scale:
        axes.set_adjustable("datalim")
    what = f"{n} point{'s'[: n > 1]} with {d} coordinate{'s'[: d > 1]}"
    caption = f"{what}, k = {len(centroids)}: loss {result.loss:.6g}."
    return figure, caption + said


def unequal_scales(X):
    """Return a sentence about columns that vary far more than others, or None.

    Examples
    --------
    >>> unequal_scales(np.array([[0, 0], [1, 3000]]))
    'Column 2 varies 3000 times as much as column 1: it decides nearly alone what is near.'
    """
    ranges = np.ptp(np.asarray(X, dtype=np.float64), axis=0)
    most, least = int(ranges.argmax()), int(ranges.argmin())
    if ranges[most] <= ALIKE * ranges[least]:
        return None
    if ranges[least] == 0:
        return f"Column {least + 1} has one value only: it says nothing about clusters."
    times = f"{ranges[most] / ranges[least]:.3g}"
    times = str(int(float(times))) if float(times) < 1e6 else times
    return (
        f"Column {most + 1} varies {times} times as much as column {least + 1}: it decides nearly "
        "alone what is near."
    )


def main(argv=None):
    """Cluster the points of a file; return 0, or exit with one line about what went wrong (2)."""
    text = "Cluster a table of points, one point to a line, and draw the clusters."
    parser = argparse.ArgumentParser("clustering", usage=argparse.SUPPRESS, description=text)
    what = "numbers between tabs, commas, semicolons or spaces (the book's points)"
    parser.add_argument("file", nargs="?", help=what)
    parser.add_argument("-k", type=int, required=True, help="number of clusters")
    parser.add_argument("-s", "--rng-seed", type=int, default=0, help="seed of the starts (0)")
    parser.add_argument("-r", "--restarts", type=int, default=1, help="number of starts (1)")
    args = parser.parse_args(argv)
    name = f"clusters_k{args.k}.png"
    try:
        X, notes = read_points(args.file) if args.file else (datasets.plane_points(), [])
        result = kmeans(X, args.k, rng=args.rng_seed, restarts=args.restarts)
        with matplotlib.rc_context(figures.style()):
            figure, caption = draw_table(X, result)
        with atomic_write(name) as aside:
            figure.savefig(aside, format="png", dpi=150)
    except (OSError, ValueError) as error:
        parser.error(" ".join(f"{args.file or 'the book'}: {error}".split()))
    for note in filter(None, [*notes, unequal_scales(X)]):
        print(note)
    print(caption)
    print(f"Wrote {name}.")
    return 0


if __name__ == "__main__":
    run_command(main)
