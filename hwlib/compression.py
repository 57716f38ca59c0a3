"""Image compression: each pixel gets the nearest of k colors, found by k-means.

python -m hwlib.compression photo.jpg -k 16      any picture; writes compressed_k16.png
"""

import argparse
import math
import sys
from typing import NamedTuple

import numpy as np
from PIL import Image

from hwlib.arguments import as_generator, as_whole, require
from hwlib.picture_files import read_picture
from hwlib.quick.kmeans import kmeans


class CompressedImage(NamedTuple):
    """A palette image of k colors, its loss (levels count 0 ... 255), log2 k, and 24 / log2 k."""

    image: Image.Image
    loss: float
    bits_per_pixel: float
    factor: float


def compress_image(image, k, rng=0):
    """Give each pixel the nearest of k colors, found by k-means among the pixels' colors.

    Parameters
    ----------
    image : PIL.Image.Image
        Of any mode; see `rgb_pixels`.
    k : int
        Number of colors, 1 ... 256 and at most the number of pixels.
    rng : int, numpy.random.RandomState or numpy.random.Generator
        Draws the k pixels to start from, as in `kmeans`.

    Returns
    -------
    CompressedImage
        ``(image, loss, bits_per_pixel, factor)``. The image holds an index for each pixel and a
        palette of k colors, so a PNG file of it spends 1, 2, 4 or 8 bits on a pixel, and fewer
        after the format's own compression.

    Raises
    ------
    ValueError
        If `image` is no Pillow image, or k or rng is not as above.
    """
    pixels = rgb_pixels(image)
    shape, pixels = pixels.shape[:2], pixels.reshape(-1, 3)
    as_whole("k", k, 1, min(256, len(pixels)))
    start = pixels[as_generator(rng).choice(len(pixels), k, replace=False)]
    # Equal colors share a cluster, so it is enough to cluster each
    # distinct one, 0xRRGGBB, with its count.
    codes = pixels @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)
    distinct, counts = np.unique(codes, return_counts=True)
    colors = np.column_stack([distinct >> 16, distinct >> 8 & 255, distinct & 255])
    assignments, centroids, loss = kmeans(colors, k, init=start, weights=counts)
    cluster_of = np.empty(1 << 24, dtype=np.uint8)
    cluster_of[distinct] = assignments
    palette = Image.fromarray(cluster_of[codes].reshape(shape)).convert("P")
    palette.putpalette(np.rint(centroids).astype(np.uint8).tobytes())
    bits = math.log2(k)
    return CompressedImage(palette, loss, bits, 24 / bits if bits else math.inf)


def rgb_pixels(image):
    """Return a Pillow image's colors as an array (height, width, 3) of levels 0 ... 255.

    They are upright, in sRGB and opaque, as `hwlib.picture_files.read_picture` makes them.
    """
    picture = isinstance(image, Image.Image)
    require(picture, f"image must be a PIL.Image.Image, not {type(image).__name__}")
    return np.asarray(read_picture(image)[0])


def main(argv=None):
    """Compress a picture; return 0, or exit with one line about what went wrong (2)."""
    text = "Give each pixel of a picture the nearest of k colors."
    parser = argparse.ArgumentParser("compression", usage=argparse.SUPPRESS, description=text)
    parser.add_argument("file", help="any picture that Pillow reads")
    parser.add_argument("-k", type=int, required=True, help="number of colors")
    parser.add_argument("-s", "--rng-seed", type=int, default=0, help="seed of the start (0)")
    args = parser.parse_args(argv)
    name = f"compressed_k{args.k}.png"
    try:
        image, notes = read_picture(args.file)
        result = compress_image(image, args.k, rng=args.rng_seed)
        result.image.save(name, optimize=True)
    except (OSError, ValueError) as error:
        parser.error(" ".join(f"{args.file}: {error}".split()))
    bits, factor = result.bits_per_pixel, result.factor
    for note in notes:
        print(note)
    print(f"{bits:.3g} bits per pixel instead of 24, a factor of {factor:.3g}: wrote {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
