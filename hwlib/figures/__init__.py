"""How the picture of `python -m hwlib.clustering` looks, and the palette of all pictures.

The palette is that of explorer.css, which pages draw with. The hues are Okabe and Ito's, safe for
the color-blind; those too pale to stand out from a white page (contrast below 3:1, of those that
text is written in below 4.5:1) are darkened. The same thing has the same color on every page.
tests/site/test_contrast.py computes what is said here.
"""

from functools import cache
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

WIDTH = 7.0  # inches

INK = "#222222"  # text, axes, anything that is simply there
FAINT = "#767676"  # what stands behind: grids, other curves
POSITIVE = "#0072B2"  # class +1
NEGATIVE = "#B84F00"  # class -1
VALUE = "#00805E"  # a value on its way forward through a graph
GRADIENT = "#A8477F"  # a gradient on its way back
CLUSTERS = [  # cluster 1, cluster 2, ...
    "#0072B2",
    "#B84F00",
    "#00805E",
    "#A8477F",
    "#B07700",
    "#2787BE",
    "#222222",
    "#7A5195",
    "#8C8C8C",
    "#7F4F1E",
]


@cache
def style():
    """Return matplotlib's settings for the book, as a dictionary of rc parameters."""
    return matplotlib.rc_params_from_file(
        Path(__file__).with_name("book.mplstyle"), use_default_template=True
    )


def new_figure(height, place=(0.1, 0.18, 0.87, 0.79)):
    """Return an empty figure of the book's width, and its axes.

    It belongs to no window and to no global list, unlike pyplot's.

    Parameters
    ----------
    height : float
        In inches.
    place : tuple of float
        Left, bottom, width and height of the axes, in fractions of the figure.

    Returns
    -------
    figure : matplotlib.figure.Figure
    axes : matplotlib.axes.Axes

    Examples
    --------
    >>> figure, axes = new_figure(3)
    >>> print(figure.get_size_inches())
    [7. 3.]
    """
    with matplotlib.rc_context(style()):
        figure = Figure(figsize=(WIDTH, height))
        return figure, figure.add_axes(place)
