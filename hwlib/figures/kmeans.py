"""The picture of the chapter on k-means that is not drawn by a view: photographs side by side."""

import numpy as np
from PIL import Image, ImageOps

from hwlib.scene import listed

TILE, GAP = 250, 8  # pixels: the width of one of several photographs, and what lies between two


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
        f"The photograph in {listed(names)} colors. The most frequent color of each covers "
        f"{listed(shares)} of the pixels."
    )
