"""Image compression: each pixel gets the nearest of k colours, found by k-means."""

import math
from numbers import Integral
from typing import NamedTuple

import numpy as np
from PIL import Image

from hwlib.arguments import generator, number
from hwlib.kmeans import kmeans
from hwlib.picture_files import read_picture


class CompressedImage(NamedTuple):
    """A palette image of k colours, its loss (levels count 0 ... 255), log2 k, and 24 / log2 k."""

    image: Image.Image
    loss: float
    bits_per_pixel: float
    factor: float


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
    number("k", k, Integral, 1, min(256, len(pixels)))
    start = pixels[generator(rng).choice(len(pixels), k, replace=False)]
    # Equal colours share a cluster, so it is enough to cluster each
    # distinct one, 0xRRGGBB, with its count.
    codes = pixels @ np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)
    distinct, counts = np.unique(codes, return_counts=True)
    colours = np.column_stack([distinct >> 16, distinct >> 8 & 255, distinct & 255])
    assignments, centroids, loss = kmeans(colours, k, init=start, weights=counts)
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
    if not isinstance(image, Image.Image):
        raise ValueError(f"image must be a PIL.Image.Image, not {type(image).__name__}")
    return np.asarray(read_picture(image)[0])
