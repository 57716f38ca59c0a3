"""Image compression: each pixel gets the nearest of k colors, found by k-means.

python -m hwlib.compression photo.jpg -k 16      any picture; writes compressed_k16.png
python -m hwlib.compression -k 16                the same with the book's photograph
"""

import argparse
import math
import os
from itertools import count, islice
from typing import NamedTuple

import numpy as np
from PIL import Image

from hwlib.arguments import as_generator, as_whole, require
from hwlib.commands import atomic_write, bar, run_command
from hwlib.picture_files import read_picture
from hwlib.quick import kmeans

COARSE = 2**15  # colors at most, in the search for a palette; then all of them polish it
WARM_UP, STEPS = 20, 200  # steps from each start; from the best of them, at most
POLISH = 40  # steps with all colors, at most, and
SCORES = 2**30  # so many distances from color to color
BLOCK = 2**18  # colors at a time
SAMPLE = 2**20  # pixels at most, of which Pillow makes a palette
MANY = 2**19  # colors: from one start, more would take many minutes and a gigabyte
LARGE = 8_000_000  # pixels: half a minute, and more on a slow machine; so it is
SLOW = 2**23  # with so many distances in each step of a run that goes to its very end
TOO_LARGE = 40_000_000  # pixels: more are reduced first


class CompressedImage(NamedTuple):
    """A palette image of k colors, its loss (levels count 0 ... 255), log2 k, and 24 / log2 k."""

    image: Image.Image
    loss: float
    bits_per_pixel: float
    factor: float


def compress_image(image, k, rng=0, init="random", progress=None):
    """Give each pixel the nearest of k colors, found by k-means among the pixels' colors.

    Parameters
    ----------
    image : PIL.Image.Image
        Of any mode; see `rgb_pixels`.
    k : int
        Number of colors, 1 ... 256 and at most the number of pixels.
    rng : int, numpy.random.RandomState or numpy.random.Generator
        Draws the k pixels to start from, as in `kmeans`.
    init : {"random", "best"}
        "random" starts once, from k random pixels, as the homework does; of a picture with more
        than 2**19 colors it takes every m-th pixel, to find the palette. "best" starts several
        times, from k-means++ and from the palette that Pillow finds, and keeps the best: it is
        never worse than Pillow's (in pictures of a million pixels or less), and lossless
        where k is at least the picture's number of colors.
    progress : callable, optional
        Is told the share of the work that is done, 0 ... 1. With "best" only.

    Returns
    -------
    CompressedImage
        ``(image, loss, bits_per_pixel, factor)``. The image holds an index for each pixel and a
        palette of k colors, so a PNG file of it spends 1, 2, 4 or 8 bits on a pixel, and fewer
        after the format's own compression. With "best", k counts the colors that are there, if
        the picture has fewer, and the loss is that of the palette as it is stored, in whole
        levels; otherwise it is that of the centroids before they are rounded.

    Raises
    ------
    ValueError
        If `image` is not a Pillow image, or k, rng or init is not as above.
    """
    pixels = rgb_pixels(image)
    as_whole("k", k, 1, min(256, pixels.size // 3))
    named = init in ("random", "best")
    require(named, f'init must be "random" or "best", not {init!r}')
    rng = as_generator(rng)
    # Equal colors share a cluster, so it is enough to cluster each
    # distinct one, 0xRRGGBB, with its count.
    distinct, counts = _count_colors(pixels)
    if init == "random":
        rows, few, weights = pixels.reshape(-1, 3), distinct, counts
        if len(distinct) > MANY:
            rows = rows[:: _apart(rows)]
            few, weights = _count_colors(rows)
        start = rows[rng.choice(len(rows), k, replace=False)]
        colors = _split(few).astype(float)
        assignments, palette, loss = kmeans.kmeans(colors, k, init=start, weights=weights)
        if few is not distinct:
            assignments, loss, _ = _lloyd_step(distinct, counts, palette)
    elif len(distinct) <= k:
        assignments, palette, loss, k = (
            np.arange(len(distinct)),
            _split(distinct),
            0.0,
            len(distinct),
        )
    else:
        assignments, palette, loss = _best_palette(
            pixels, distinct, counts, k, rng, progress or (lambda share: None)
        )
    cluster_of = np.empty(1 << 24, dtype=np.uint8)
    cluster_of[distinct] = assignments
    painted = Image.fromarray(cluster_of[_codes(pixels)]).convert("P")
    painted.putpalette(np.rint(palette).astype(np.uint8).tobytes())
    bits = math.log2(k)
    return CompressedImage(painted, loss, bits, 24 / bits if bits else math.inf)


def _apart(rows):
    """Return m, where every m-th pixel is enough."""
    return -(-len(rows) // MANY)


def _codes(pixels):
    """Return each color as one number, 0xRRGGBB."""
    codes = pixels[..., 0].astype(np.uint32)
    for channel in (1, 2):
        codes <<= 8
        codes |= pixels[..., channel]
    return codes


def _split(codes):
    """Return the colors that the numbers stand for, shape (n, 3)."""
    return np.column_stack([codes >> 16, codes >> 8 & 255, codes & 255]).astype(np.uint8)


def _blocks(rows, times=1):
    size = times * BLOCK
    return [slice(first, first + size) for first in range(0, len(rows), size)]


def _count_colors(pixels):
    """Return the different colors as numbers, ascending, and how many pixels have each."""
    if pixels.size // 3 <= 16 * BLOCK:
        return np.unique(_codes(pixels), return_counts=True)
    numbers = np.zeros(1 << 24, dtype=np.uint32)  # sorting all at once would take more memory
    rows = pixels.reshape(-1, 3)
    for block in _blocks(rows, 16):
        codes, counts = np.unique(_codes(rows[block]), return_counts=True)
        numbers[codes] += counts.astype(np.uint32)
    distinct = np.flatnonzero(numbers).astype(np.uint32)
    return distinct, numbers[distinct]


def _best_palette(pixels, distinct, counts, k, rng, progress):
    """Return assignments of the distinct colors, a palette in whole levels, and its loss."""
    few, weights = _coarse(distinct, counts)
    restarts = int(np.clip(2**16 // len(few), 2, 30))
    starts = [_pillows_palette(pixels, k)]
    starts += [kmeans.initial_centroids(few, k, rng, "k-means++", weights) for _ in range(restarts)]
    all_steps = WARM_UP * len(starts) + STEPS + POLISH
    steps = count(1)

    def run_from(centroids, most):
        for step in islice(kmeans.iterate(few, centroids, weights), most):
            progress(next(steps) / all_steps)
            end = step
        return end

    ends = [run_from(start, WARM_UP) for start in starts]
    best = run_from(min(ends, key=lambda end: end.loss).centroids, STEPS)
    centroids, before = best.centroids, math.inf
    for step in range(int(np.clip(SCORES // (len(distinct) * k), 2, POLISH))):
        _, loss, means = _lloyd_step(distinct, counts, centroids)
        if not loss < before * (1 - 1e-5):  # what is left to gain is not seen
            break
        centroids, before = means, loss
        progress((all_steps - POLISH + step) / all_steps)
    # a palette has whole levels, and the nearest of them may be another
    palettes = [np.rint(centroids), np.rint(starts[0])]
    results = [(*_lloyd_step(distinct, counts, palette)[:2], palette) for palette in palettes]
    assignments, loss, palette = min(results, key=lambda result: result[1])
    progress(1)
    return assignments, palette, loss


def _coarse(distinct, counts):
    """Return at most `COARSE` colors, each a mean of those that are nearly equal, and weights."""
    for bits in range(4):  # pragma: no branch (5 bits of each channel make 2 ** 15 cells)
        cells = distinct & np.uint32((0xFF << bits & 0xFF) * 0x010101)
        seen = np.zeros(1 << 24, dtype=bool)
        seen[cells] = True
        names = np.flatnonzero(seen)
        if len(names) <= COARSE:
            break
    cell_of = np.zeros(1 << 24, dtype=np.uint16)
    cell_of[names] = np.arange(len(names))
    sums = np.zeros((4, len(names)))
    for block in _blocks(distinct):
        _add(sums, cell_of[cells[block]], _split(distinct[block]), counts[block].astype(float))
    return np.transpose(sums[:3] / sums[3]), sums[3]


def _add(sums, groups, colors, weights):
    """Add to each group's sums, shape (4, groups), its colors times their weights, and these."""
    for total, values in zip(sums, [*(colors.T * weights), weights]):
        total += np.bincount(groups, values, len(total))


def _pillows_palette(pixels, k):
    """Return the k colors that Pillow finds: median cut, followed by its own k-means."""
    rows = pixels.reshape(-1, 3)
    rows = rows[:: -(-len(rows) // SAMPLE)]
    how = {"method": Image.Quantize.MEDIANCUT, "kmeans": 1, "dither": Image.Dither.NONE}
    found = Image.fromarray(rows[np.newaxis]).quantize(k, **how)
    palette = np.reshape(found.getpalette(), (-1, 3))[:k].astype(float)
    return palette[np.arange(k) % len(palette)]


def _lloyd_step(distinct, counts, centroids):
    """Return assignments, their loss, and the new means; a block of colors at a time."""
    k = len(centroids)
    assignments = np.empty(len(distinct), dtype=np.uint8)
    loss, sums = 0.0, np.zeros((4, k))
    for block in _blocks(distinct):
        colors = np.asarray(_split(distinct[block]), dtype=float, order="F")
        weights = counts[block].astype(float)
        z = kmeans.nearest(colors, centroids[np.newaxis])[0]
        assignments[block] = z
        loss += float(weights @ ((colors - centroids[z]) ** 2).sum(axis=1))
        _add(sums, z, colors, weights)
    means = np.where(sums[3] > 0, sums[:3] / np.where(sums[3] > 0, sums[3], 1), centroids.T).T
    return assignments, loss, means


def rgb_pixels(image):
    """Return a Pillow image's colors as an array (height, width, 3) of levels 0 ... 255.

    They are upright, in sRGB and opaque, as `hwlib.picture_files.read_picture` makes them.
    """
    picture = isinstance(image, Image.Image)
    require(picture, f"image must be a PIL.Image.Image, not {type(image).__name__}")
    plain = image.mode == "RGB" and not image.info and not image.getexif()
    return np.asarray(image if plain else read_picture(image)[0])


def said(result):
    """Return the number of colors that are used, and the bits that they take, as a sentence.

    Examples
    --------
    >>> said(compress_image(Image.linear_gradient("L"), 16))
    '16 colors: 4 bits per pixel instead of 24, a factor of 6.'
    """
    used = len(result.image.getcolors())
    lossless = " Nothing is lost." if result.loss == 0 else ""
    if used == 1:
        return f"1 color: all pixels are alike, and take no bits.{lossless}"
    bits = math.log2(used)
    bits = f"{bits:.3g} bit{'s'[: bits != 1]} per pixel instead of 24, a factor of {24 / bits:.3g}."
    return f"{used} colors: {bits}{lossless}"


def size_of(length):
    """Return a file's length in bytes as it is read.

    Examples
    --------
    >>> size_of(870), size_of(41234), size_of(5678901)
    ('870 bytes', '41.2 kB', '5.68 MB')
    """
    if length < 1000:
        return f"{length} bytes"
    return f"{length / 1e3:.3g} kB" if length < 999_500 else f"{length / 1e6:.3g} MB"


def _reduced(image, notes):
    times = math.ceil(math.sqrt(image.width * image.height / TOO_LARGE))
    small = image.reduce(times)
    notes.append(
        f"It was reduced from {image.width} x {image.height} to {small.width} x {small.height} "
        "pixels."
    )
    return small


def main(argv=None):
    """Compress a picture; return 0, or exit with one line about what went wrong (2)."""
    text = "Give each pixel of a picture the nearest of k colors."
    parser = argparse.ArgumentParser("compression", usage=argparse.SUPPRESS, description=text)
    book = os.path.join(os.path.dirname(__file__), "photograph.png")
    what = "any picture that Pillow reads (the book's photograph)"
    parser.add_argument("file", nargs="?", default=book, help=what)
    parser.add_argument("-k", type=int, required=True, help="number of colors")
    seed = "start once, from k pixels drawn with this seed, as the homework does"
    parser.add_argument("-s", "--rng-seed", type=int, help=seed)
    args = parser.parse_args(argv)
    name = f"compressed_k{args.k}.png"
    try:
        image, notes = read_picture(args.file)
        if image.width * image.height > TOO_LARGE:
            image = _reduced(image, notes)
        for note in notes:
            print(note)
        long = image.width * image.height > LARGE
        if args.rng_seed is not None:
            rows = np.asarray(image).reshape(-1, 3)
            colors = len(rows)  # at most
            if colors > MANY or colors * args.k > SLOW:
                colors = len(_count_colors(rows)[0])
            if colors > MANY:
                which = f"only one pixel in {_apart(rows)} counts in the search for {args.k}"
                print(f"It has {colors:,} colors: {which}.", flush=True)
            long = min(colors, MANY) * args.k > SLOW
        if long:
            size = f"{image.width} x {image.height} pixels"
            print(f"{size}: this may take half a minute or more.", flush=True)
        how = {"init": "best"} if args.rng_seed is None else {"rng": args.rng_seed}
        with bar("Looking for colors") as progress:
            result = compress_image(image, args.k, progress=progress, **how)
        with atomic_write(name) as aside:
            result.image.save(aside, "PNG", optimize=True)
    except BrokenPipeError:  # it is for the caller, and no fault of the file
        raise
    except (OSError, ValueError) as error:
        parser.error(" ".join(f"{args.file}: {error}".split()))
    print(said(result))
    before, after = (os.path.getsize(each) for each in (args.file, name))
    pixel = 8 * after / (image.width * image.height)
    print(f"Wrote {name}: {size_of(after)}, {pixel:.3g} bits per pixel.")
    print(f"{os.path.basename(args.file)} has {size_of(before)}.")
    return 0


if __name__ == "__main__":
    run_command(main)
