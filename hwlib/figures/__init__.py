"""What the pictures of the book look like: one width, one style file, one palette.

The hues are Okabe and Ito's, safe for the color-blind; those too pale to stand out from a white
page (contrast below 3:1, of those that text is written in below 4.5:1) are darkened. The same thing
has the same color on every page. tests/test_contrast.py computes what is said here.
"""

from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

WIDTH = 7.0  # inches; every figure has this width, so a page never changes its measure

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


def new_figure(height, *places):
    """Return an empty figure of the book's width, and its axes.

    It belongs to no window and to no global list (unlike pyplot's), so drawing a hundred frames
    leaves nothing behind.

    Parameters
    ----------
    height : float
        In inches.
    *places : tuple of float
        Left, bottom, width and height of each of its axes, in fractions of the figure. They are
        given, not found by a layout engine: nothing moves from frame to frame, and a frame takes
        half the time. By default one axes, with room for labels.

    Returns
    -------
    figure : matplotlib.figure.Figure
    axes : matplotlib.axes.Axes or list of them

    Examples
    --------
    >>> figure, axes = new_figure(3)
    >>> print(figure.get_size_inches(), len(figure.axes))
    [7. 3.] 1
    """
    figure, asked = _spare.get(), (height, places)
    if getattr(figure, "asked", None) == asked:
        _spare.set(None)  # handed out once
        figure.wipe()
    else:
        with matplotlib.rc_context(style()):
            figure = _Sheet(*asked)
    return figure, figure.axes if len(places) > 1 else figure.axes[0]


_spare = ContextVar("a figure that new_figure may hand out again", default=None)


@contextmanager
def drawing(spare=None):
    """Draw in the book's style, and on a figure that is there already.

    Parameters
    ----------
    spare : matplotlib.figure.Figure, optional
        Made by `new_figure`, and no longer needed. If the same is asked for again, it is wiped and
        handed out: making axes and ticks and measuring texts is half of the work of a frame. How
        its axes were set stays, so each frame must set what any frame sets.
    """
    token = _spare.set(spare)
    try:
        with matplotlib.rc_context(style()):
            yield
    finally:
        _spare.reset(token)


class _Sheet(Figure):
    """A figure that remembers what was asked for, and can be wiped."""

    def __init__(self, height, places):
        super().__init__(figsize=(WIDTH, height))
        self.asked = height, places
        for place in places or [(0.1, 0.18, 0.87, 0.79)]:
            self.add_axes(place)
        self.bare = {part for each in (self, *self.axes) for part in each.get_children()}

    def wipe(self):
        """Remove all that was drawn on it."""
        self.set_dpi(matplotlib.rcParams["figure.dpi"])  # saving it changed this
        for part in set(self.get_children()) - self.bare:
            part.remove()
        for axes in self.axes:
            for part in axes.get_children():
                if part not in self.bare and part.axes:  # a contour's labels go with it
                    part.remove()
            axes.containers.clear()
            axes.relim()
            axes.set_prop_cycle(None)
