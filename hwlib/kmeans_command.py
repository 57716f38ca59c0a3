"""The commands of the homework's second question; see `hwlib.kmeans`."""

import argparse
import os
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from hwlib.arguments import as_points
from hwlib.compression import compress_image
from hwlib.kmeans import kmeans


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
    return as_points("data.tsv", X, (None, 2))


def _image_from(path):
    try:
        with Image.open(path) as image:
            image.load()
            return image
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"{path} is no picture that can be read: {error}") from None


def _book(name, missing):
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
        command.add_argument("-s", "--rng-seed", type=int, default=0, dest="seed")
    options = vars(parser.parse_args(argv))
    del options["command"]
    try:
        options.pop("run")(**options)
    except (OSError, ValueError) as error:
        print(f"{parser.prog}: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    return 0
