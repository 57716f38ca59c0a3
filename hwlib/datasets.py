"""Data of the book: made, drawn or tabulated here, and one photograph; none is downloaded.

Every set is deterministic. Random ones come from `numpy.random.RandomState`, whose stream numpy has
promised never to change (NEP 19): the same seed gives the same data with any later numpy. Bad input
to any function raises ValueError.

The four-example sets of the first chapter, `SIMPLE_DATASET` and `XOR_DATASET`, are in
`hwlib.backprop`, which must run on its own.
"""

from functools import cache
from numbers import Integral, Real
from pathlib import Path
from typing import NamedTuple

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from hwlib import arguments

__all__ = [
    "plane_points",
    "photograph",
    "pathologists",
    "Ratings",
    "simulated_genomes",
    "Genomes",
    "binary_digits",
    "Digits",
]

# Found by search, so that k-means ends where the homework says: see plane_points.
PLANE_SEED = 96190
PLANE_WEIGHTS = (0.3, 0.4, 0.2, 0.1)
PLANE_MEANS = ((1.76, -1.60), (-0.30, -5.11), (-3.85, 2.96), (5.22, 1.31))

# Each pattern that occurs, pathologists A to G in order (1 = carcinoma), and its number of slides.
RATINGS = """
    0000000 34,  0000100  2,  0100000  6,  0100001  1,  0100100  4,  0100101  5,  1000000  2,
    1010101  1,  1100000  2,  1100001  1,  1100100  2,  1100101  7,  1100111  1,  1101001  1,
    1101101  2,  1101111  3,  1110101 13,  1110111  5,  1111101 10,  1111111 16
"""

DIGIT_SHAPE = (16, 12)
DIGIT_HEIGHTS = (12, 13, 14)
DIGIT_FONTS = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSansMono",
    "DejaVuSansMono-Bold",
    "DejaVuSerif",
    "DejaVuSerif-Bold",
    "STIXGeneral",
    "STIXGeneralBol",
)
# A pixel is 1 if more than 120/255 of it is covered. Not a half: that is what a straight edge in
# the middle of a pixel gives, so many pixels would depend on the rasterizer's last gray level.
DIGIT_THRESHOLD = 120


class Ratings(NamedTuple):
    """A table of binary rows, each distinct row once.

    Attributes
    ----------
    X : (20, 7) uint8 array
        Row i is a pattern of ratings: x_ij = 1 if pathologist j saw carcinoma.
    counts : (20,) int64 array
        Number of slides with that pattern; 118 together. These are the weights of the rows.
    names : tuple of str
        The pathologists, "A" to "G".
    """

    X: np.ndarray
    counts: np.ndarray
    names: tuple


class Genomes(NamedTuple):
    """Simulated haploid genomes, and what they were drawn from.

    Attributes
    ----------
    X : (n, d) uint8 array
        x_ij = 1 if genome i carries the variant at site j.
    labels : (n,) int64 array
        Population of each genome, 0 to populations - 1, in order; sizes differ by at most one.
    frequencies : (populations, d) float64 array
        Frequency of the variant in each population: what a fitted W should come near to.
    ancestral : (d,) float64 array
        Frequency of the variant in the common ancestral population.
    """

    X: np.ndarray
    labels: np.ndarray
    frequencies: np.ndarray
    ancestral: np.ndarray


class Digits(NamedTuple):
    """Binary pictures of printed digits.

    Attributes
    ----------
    X : (n, h * w) uint8 array
        One picture in each row, 1 = ink; `X[i].reshape(shape)` is the picture.
    labels : (n,) int64 array
        The digit in each picture, in the order of `digits`; their numbers differ by at most one.
    shape : tuple of int
        Height h and width w in pixels, (16, 12).
    """

    X: np.ndarray
    labels: np.ndarray
    shape: tuple


def plane_points():
    """Return the 500 points in the plane that the k-means chapter clusters.

    Returns
    -------
    (500, 2) float64 array
        Drawn from four Gaussians with unit variance, weights 0.3, 0.4, 0.2, 0.1 and means near
        (1.8, -1.6), (-0.3, -5.1), (-3.9, 3.0), (5.2, 1.3). Coordinates have three decimals.

    Notes
    -----
    Source: made for this book, under its license, and made to order. It stands in for the course's
    own file and should end at the losses that the homework expects: for k = 2, from the starts that
    seed 0 draws, in a local optimum with loss 6698, while other seeds reach 4384; at 1668 for
    k = 3; for k = 4 in the four clusters themselves, at 946. Among half a million seeds this one
    came near, and moving the means by about 0.1 did the rest.

    Examples
    --------
    >>> X = plane_points()
    >>> X.shape, X[0].tolist()
    ((500, 2), [0.691, -1.378])
    """
    rng = np.random.RandomState(PLANE_SEED)
    components = rng.choice(4, size=500, p=PLANE_WEIGHTS)
    return np.round(np.array(PLANE_MEANS)[components] + rng.normal(size=(500, 2)), 3)


def photograph():
    """Return the photograph whose colors the k-means chapter compresses.

    Returns
    -------
    PIL.Image.Image
        Mode RGB, 300 pixels wide and 450 high, 60,956 distinct colors.

    Notes
    -----
    Source: an official portrait of Grace Hopper by the United States Navy. Public domain, as a work
    of the United States' federal government. `photograph.png` was made once, out of the
    `grace_hopper.jpg` that matplotlib installs: decoded by Pillow 13.0 (libjpeg-turbo 3.2), scaled
    to 384 x 450 pixels with `Image.Resampling.LANCZOS`, columns 45 to 344 kept. Decoders of JPEG
    differ by a level here and there, and a count of colors or a loss with them; a PNG file says
    exactly what each pixel is.

    Examples
    --------
    >>> picture = photograph()
    >>> picture.mode, picture.size
    ('RGB', (300, 450))
    """
    with Image.open(Path(__file__).with_name("photograph.png")) as image:
        return image.convert("RGB")


def pathologists():
    """Return seven pathologists' ratings of 118 slides for carcinoma of the uterine cervix.

    Returns
    -------
    Ratings
        `X` (20, 7), one row for each of the 20 patterns that occur; `counts` (20,); `names`.
        `np.repeat(X, counts, axis=0)` gives the 118 slides one by one.

    Notes
    -----
    Source: A. Agresti, *Categorical Data Analysis*, 2nd edition, Wiley 2002, table 13.1; the R
    package poLCA has the same data as `carcinoma`. Published counts are facts, free to restate.

    Examples
    --------
    >>> X, counts, names = pathologists()
    >>> print(X[0], counts[0], counts.sum())  # on 34 of 118 slides nobody saw carcinoma
    [0 0 0 0 0 0 0] 34 118
    """
    patterns, counts = zip(*(entry.split() for entry in RATINGS.split(",")))
    X = np.array([list(pattern) for pattern in patterns]).astype(np.uint8)
    return Ratings(X, np.array(counts).astype(np.int64), tuple("ABCDEFG"))


def simulated_genomes(n, d, populations=2, fst=0.1, rng=0):
    """Return haploid genomes of several populations that share an ancestor.

    The Balding-Nichols model. At site j the variant has frequency p_j ~ Uniform(0.05, 0.95) in the
    ancestral population. Each population c has since drifted, on its own, to the frequency

        f_cj ~ Beta(p_j (1 - F) / F, (1 - p_j) (1 - F) / F),

    which has mean p_j and variance F p_j (1 - p_j). A genome of population c carries the variant
    with probability f_cj, each site independently: the mixture of the third chapter, W = f.

    Parameters
    ----------
    n : int
        Number of genomes, at least 1.
    d : int
        Number of sites, at least 1.
    populations : int
        Number of populations, 1 to n.
    fst : float
        F above, the fixation index, at least 1e-9 and less than 1. At 0 there would be no drift, at
        1 every site would be fixed (f = 0 or 1); for human continents it is about 0.1.
    rng : int, numpy.random.RandomState or numpy.random.Generator
        Seed, or generator to draw from.

    Returns
    -------
    Genomes
        `X` (n, d) uint8, `labels` (n,), `frequencies` (populations, d), `ancestral` (d,).

    Raises
    ------
    ValueError
        If an argument is not as described.

    Notes
    -----
    Source: the model is that of D. J. Balding and R. A. Nichols, Genetica 96 (1995), 3-12. The data
    are simulated here, under the book's license. They belong to no real person.

    Examples
    --------
    >>> genomes = simulated_genomes(n=60, d=1000)
    >>> genomes.X.shape, genomes.frequencies.shape
    ((60, 1000), (2, 1000))
    >>> print(genomes.X[0, :10], genomes.labels[[0, 59]])
    [1 0 0 1 1 0 0 1 1 0] [0 1]
    """
    for name, count in {"n": n, "d": d}.items():
        arguments.as_whole(name, count, 1)
    arguments.as_whole("populations", populations, 1, n)
    if not isinstance(fst, Real) or not 1e-9 <= fst < 1:
        raise ValueError(f"fst must be a number, at least 1e-9 and less than 1, not {fst!r}")
    rng = arguments.as_generator(rng)
    ancestral = rng.uniform(0.05, 0.95, size=d)
    scale = (1 - fst) / fst
    frequencies = rng.beta(ancestral * scale, (1 - ancestral) * scale, size=(populations, d))
    labels = np.arange(n) * populations // n
    X = (rng.uniform(size=(n, d)) < frequencies[labels]).astype(np.uint8)
    return Genomes(X, labels, frequencies, ancestral)


def binary_digits(n=400, digits=range(5), rng=0):
    """Return small binary pictures of printed digits, in varied fonts, sizes and positions.

    For each picture one of eight fonts and a height of 12, 13 or 14 pixels are drawn uniformly.
    Along each axis the digit is centered with probability 0.8, else moved by one pixel either way.

    Parameters
    ----------
    n : int
        Number of pictures, at least 1.
    digits : sequence of int
        Which digits, each from 0 to 9 and named once. The five of the default differ enough for a
        mixture of few clusters to find them; of all ten, those that share most of their pixels
        (3, 5, 6, 8, 9) are often merged.
    rng : int, numpy.random.RandomState or numpy.random.Generator
        Seed, or generator to draw from.

    Returns
    -------
    Digits
        `X` (n, 192) uint8, `labels` (n,), `shape` (16, 12).

    Raises
    ------
    ValueError
        If an argument is not as described.

    Notes
    -----
    Source: drawn here with Pillow in fonts that matplotlib installs: DejaVu (Bitstream Vera
    license, changes in the public domain) and STIX (SIL Open Font License 1.1). Neither puts a
    condition on pictures drawn with its fonts, and these are under the book's license.

    Examples
    --------
    >>> digits = binary_digits(n=5)
    >>> digits.X.shape, digits.labels.tolist(), digits.shape
    ((5, 192), [0, 1, 2, 3, 4], (16, 12))
    """
    arguments.as_whole("n", n, 1)
    digits = _distinct_digits(digits)
    rng = arguments.as_generator(rng)
    h, w = DIGIT_SHAPE
    labels = np.array(digits, dtype=np.int64)[np.arange(n) * len(digits) // n]
    pictures = np.zeros((n, h, w), dtype=np.uint8)
    for picture, digit in zip(pictures, labels):
        glyph = _glyph(int(digit), str(rng.choice(DIGIT_FONTS)), int(rng.choice(DIGIT_HEIGHTS)))
        down, right = rng.choice((-1, 0, 1), size=2, p=(0.1, 0.8, 0.1))
        top, left = (h - glyph.shape[0]) // 2 + down, (w - glyph.shape[1]) // 2 + right
        picture[top : top + glyph.shape[0], left : left + glyph.shape[1]] = glyph
    return Digits(pictures.reshape(n, h * w), labels, DIGIT_SHAPE)


@cache
def _glyph(digit, font, height):
    """Return the digit alone, as a (height, width) uint8 array of 0 and 1.

    It is drawn large and then shrunk by averaging areas, so that another version of FreeType, which
    may round outlines otherwise, changes a pixel by a few gray levels at most, and seldom across
    the threshold; drawn small, its rounding would move whole pixels. Pillow 10.4, 11.3, 12.0 and
    13.0 (FreeType 2.13.2 to 2.14.3) give identical glyphs.
    """
    path = Path(matplotlib.get_data_path(), "fonts", "ttf", f"{font}.ttf")
    # Basic layout, since the other engine is an optional part of Pillow.
    face = ImageFont.truetype(str(path), size=200, layout_engine=ImageFont.Layout.BASIC)
    large = Image.new("L", (400, 400))
    ImageDraw.Draw(large).text((100, 100), str(digit), fill=255, font=face)
    large = large.crop(large.getbbox())
    # Wide bold digits are narrowed, so that every digit has room to move by a pixel.
    width = min(round(large.width * height / large.height), DIGIT_SHAPE[1] - 2)
    small = large.resize((width, height), Image.Resampling.BOX)
    return (np.asarray(small) > DIGIT_THRESHOLD).astype(np.uint8)


def _is_whole(value):
    return isinstance(value, Integral) and not isinstance(value, bool)


def _distinct_digits(digits):
    try:
        values = list(digits)
    except TypeError:
        values = []
    valid = all(_is_whole(value) and 0 <= value <= 9 for value in values)
    if not values or not valid or len(set(values)) < len(values):
        raise ValueError(
            f"digits must name one or more of the whole numbers 0 to 9, each once, not {digits!r}"
        )
    return values
