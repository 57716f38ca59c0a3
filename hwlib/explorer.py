"""A picture with sliders that lives twice, from one description.

With a kernel (JupyterLab) an `Explorer` is an ordinary widget. Without one (the published page) it
is a `<figure>` that holds every frame, native sliders, and explorer.js, which shows the frame that
the sliders ask for. Both show the same frames, drawn once by the same function:

    Explorer("kmeans-steps", draw, k=range(2, 11), step=range(12))

`draw(k=..., step=...)` returns a picture and its caption, a sentence with the numbers.
"""

import base64
import html
import io
import itertools
import json
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import ipywidgets as widgets
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from hwlib import figures

# A page's own Python has stand-ins for widgets: the page has the sliders, and asks for frames.
WIDGETS = hasattr(widgets, "Widget")
SHARPNESS = 1.44  # picture pixels per CSS pixel: crisp on most screens, and still small to store


class Frame(NamedTuple):
    """What is seen at one position of the sliders."""

    source: str  # the picture as a data: address
    width: int  # in CSS pixels
    height: int
    caption: str


class Explorer(widgets.VBox):
    """A picture and its caption, with a slider for each thing that can change.

    Parameters
    ----------
    name : str
        The figure's id on the page: lower-case words joined by hyphens, unique in the book.
    draw : callable
        `draw(**values)` returns `(picture, caption)`: a matplotlib Figure or a Pillow image, the
        same size for all values, and one or two sentences that say what is seen, with the numbers.
    start : dict, optional
        Where sliders stand at first, by axis; an axis not named starts at its first value.
    photo : bool
        The pictures are photographs: they keep all their colors, in both themes.
    **axes : sequence
        The values of each slider. An axis called `step` can also be played. Without axes, this is
        a plain figure.

    Raises
    ------
    ValueError
        If the name is not an id, an axis is empty, `start` names a value not on its axis, or
        frames differ in size.

    Examples
    --------
    >>> from PIL import Image
    >>> def draw(k, step):
    ...     return Image.new("RGB", (300, 200)), f"k = {k}, step {step}."
    >>> Explorer("steps", draw, start={"k": 3}, k=range(2, 5), step=[0, 1, 5])
    Explorer('steps', k=2…4, step=0…5)
    """

    def __init__(self, name, draw, start=None, photo=False, **axes):
        if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
            raise ValueError(f"name: {name!r} is not an id; use lower-case words joined by hyphens")
        self.name, self.draw, self.photo = name, draw, photo
        self.axes = {axis: list(values) for axis, values in axes.items()}
        self.start = {axis: values[0] for axis, values in self.axes.items() if values}
        self.start |= self._on_axes("start", start or {})
        for axis, values in self.axes.items():
            if not values:
                raise ValueError(f"{axis}: an axis needs at least one value, got none")
        self._frame = cache(self._draw_frame)  # each frame is drawn once, whoever asks
        self._drawn = None  # the last picture
        super().__init__(self._widgets() if WIDGETS else ())
        self.add_class("explorer")

    def __repr__(self):
        axes = [f"{axis}={_span(values)}" for axis, values in self.axes.items()]
        return f"Explorer({', '.join([repr(self.name), *axes])})"

    def _repr_mimebundle_(self, **kwargs):
        live = super()._repr_mimebundle_(**kwargs)  # its text is cut where it is long
        return live | {"text/plain": repr(self), "text/html": self.to_html()}

    # ---- frames -------------------------------------------------------------------------------

    def frame(self, **values):
        """Return the `Frame` for these values; an axis not named stands at its start.

        A ValueError says which value is on none of the axes.

        Examples
        --------
        >>> from PIL import Image
        >>> squares = Explorer("squares", lambda x: (Image.new("L", (9, 9)), f"{x * x}"), x=[1, 2])
        >>> squares.frame(x=2).caption
        '4'
        """
        return self._frame(*(self.start | self._on_axes("frame", values)).values())

    def frames(self):
        """Return the `Frame` of every combination, the last axis changing fastest."""
        frames = self._all_frames()
        sizes = {(frame.width, frame.height) for frame in frames}
        if len(sizes) > 1:
            raise ValueError(f"draw: the frames of {self.name!r} differ in size: {sorted(sizes)}")
        return frames

    def _all_frames(self):
        return [self._frame(*values) for values in itertools.product(*self.axes.values())]

    def _on_axes(self, argument, values):
        for axis, value in values.items():
            if value not in self.axes.get(axis, []):
                raise ValueError(f"{argument}: {axis} = {value!r} is not on the axes {self.axes}")
        return values

    def _draw_frame(self, *values):
        with figures.drawing(spare=self._drawn):  # whatever draw adds looks like the book
            self._drawn, caption = self.draw(**dict(zip(self.axes, values)))
        return Frame(*encode(self._drawn, self.photo, small=WIDGETS), caption)

    # ---- with a kernel ------------------------------------------------------------------------

    def _widgets(self):
        view = widgets.HTML()
        sliders = {axis: self._selection(axis, values) for axis, values in self.axes.items()}

        def show(_=None):
            frame = self.frame(**{axis: slider.value for axis, slider in sliders.items()})
            view.value = f"<style>{asset('explorer.css')}</style>" + self._picture(frame)

        for slider in sliders.values():
            slider.observe(show, "value")
        show()
        return [*sliders.values(), *self._play(sliders), view]

    def _selection(self, axis, values):
        return widgets.SelectionSlider(
            options=[(label(value), value) for value in values],
            value=self.start[axis],
            description=axis.replace("_", " "),
            style={"description_width": "initial"},
            layout={"width": "28em"},
        )

    def _play(self, sliders):
        if "step" not in sliders:
            return []
        play = widgets.Play(max=len(self.axes["step"]) - 1, interval=700)
        play.value = self.axes["step"].index(self.start["step"])
        widgets.jslink((play, "value"), (sliders["step"], "index"))
        return [play]

    # ---- without ------------------------------------------------------------------------------

    def to_html(self):
        """Return the figure that needs no kernel, with every frame in it.

        Without JavaScript it is an ordinary figure at its start; explorer.js unhides the sliders.
        """
        frames = self.frames()
        figure = [f'<figure class="explorer" id="{self.name}">']
        if self.axes:
            images = list(dict.fromkeys(frame.source for frame in frames))
            index = {source: i for i, source in enumerate(images)}
            # a line for each frame and each image, so that one changed number is one changed line
            data = {"frames": [[index[frame.source], frame.caption] for frame in frames]}
            data |= {"images": images}
            figure += ['<div class="explorer-controls" hidden="hidden">']
            figure += [self._slider(axis, values) for axis, values in self.axes.items()]
            figure += ["</div>"]
        figure += [self._picture(self.frame())]
        if self.axes:
            figure += [f'<script type="application/json">{_json(data)}</script>']
        return "\n".join([*figure, "</figure>"])

    def _slider(self, axis, values):
        key, text = f"{self.name}-{axis}", html.escape(axis.replace("_", " "))
        labels = [label(value) for value in values]
        at = values.index(self.start[axis])
        play = '<button type="button">Play</button>' if axis == "step" else ""
        return (
            f'<div><label for="{key}">{text}</label>'
            f'<input type="range" id="{key}" max="{len(values) - 1}" value="{at}" '
            f'data-values="{html.escape(json.dumps(labels, ensure_ascii=False))}" '
            f'aria-valuetext="{html.escape(labels[at])}">'
            f'<output for="{key}">{html.escape(labels[at])}</output>{play}</div>'
        )

    def _picture(self, frame):
        caption = html.escape(frame.caption)
        kind = "photo" if self.photo else "diagram"
        return (
            f'<img class="{kind}" src="{frame.source}" alt="{caption}" '
            f'width="{frame.width}" height="{frame.height}">\n'
            f'<figcaption aria-live="polite">{caption}</figcaption>'
        )


def encode(picture, photo=False, small=True):
    """Return a picture as a data: address, with its width and height in CSS pixels.

    Parameters
    ----------
    picture : matplotlib.figure.Figure or PIL.Image.Image
    photo : bool
        Keep all colors (WebP with a loss that is not seen). Otherwise a diagram: a lossless file
        of few colors, with the book's own exact.
    small : bool
        Take the time to make the file small, since it is stored. Otherwise a diagram keeps all its
        colors, and takes a third of the time.
    """
    if isinstance(picture, Figure):
        picture.set_dpi(100 * SHARPNESS)
        if not isinstance(picture.canvas, FigureCanvasAgg):
            FigureCanvasAgg(picture)
        picture.canvas.draw()
        picture = Image.fromarray(np.asarray(picture.canvas.buffer_rgba()))
    picture = picture.convert("RGB")
    file = io.BytesIO()
    if photo:
        picture.save(file, "WEBP", quality=85, method=4 if small else 0)
    elif not small:
        picture.save(file, "WEBP", lossless=True, quality=0, method=0)
    else:
        _few_colors(picture).save(file, "WEBP", lossless=True, quality=80, method=2)
    data = base64.b64encode(file.getvalue()).decode("ascii")
    width, height = (round(pixels / SHARPNESS) for pixels in picture.size)
    return f"data:image/webp;base64,{data}", width, height


def _few_colors(picture):
    """Return a diagram in its 128 commonest colors, each of few levels.

    Areas keep their color; where blurred edges of two things meet, a pixel takes the nearest of
    the others. A file shrinks by a tenth, and is written faster.
    """
    levels, nearest = _few_levels()
    cube = (len(levels),) * 3
    codes = np.ravel_multi_index(np.moveaxis(nearest[np.asarray(picture)], 2, 0), cube)
    counts = np.bincount(codes.ravel())
    used = np.flatnonzero(counts)
    colors = levels[np.transpose(np.unravel_index(used, cube))]
    common = colors[np.argsort(-counts[used], kind="stable")[:128]]
    apart = ((colors[:, None] - common) ** 2).sum(axis=2)
    paint = np.empty((len(counts), 3), dtype=np.uint8)
    paint[used] = common[apart.argmin(axis=1)]
    return Image.fromarray(paint[codes])


@cache
def _few_levels():
    """Return about forty levels for red, green and blue, and for each of 256 the nearest's index.

    None is more than 8 of 255 off, and those of the book are exact. Blurred edges then come in
    fewer colors, and a diagram's file shrinks by a quarter. Pale tints get finer levels: there a
    few units more or less are another hue.
    """
    colors = [*figures.CLUSTERS, figures.INK, figures.FAINT]
    exact = {int(color[i : i + 2], 16) for color in colors for i in (1, 3, 5)}
    between = {16, 54, 104, 159}  # so that no value is more than 8 from a level
    levels = np.array(sorted({*range(200, 256, 5), *between, *exact}))
    return levels, np.abs(np.arange(256)[:, None] - levels).argmin(axis=1)


def label(value):
    """Return a slider's value as it is read: 0.3, 12, 'simple'.

    Examples
    --------
    >>> label(0.3), label(100.0), label(12), label("simple")
    ('0.3', '100', '12', 'simple')
    """
    return f"{value:g}" if isinstance(value, float) else str(value)


def _span(values):
    first, last = label(values[0]), label(values[-1])
    return first if len(values) == 1 else f"{first}…{last}"


def _json(data):
    """Return a dictionary of lists as JSON for a script element, each list's items on own lines."""
    lists = [
        json.dumps(key)
        + ": [\n"
        + ",\n".join(json.dumps(i, ensure_ascii=False) for i in items)
        + "]"
        for key, items in data.items()
    ]
    return ("{" + ",\n".join(lists) + "}").replace("<", "\\u003c")


@cache
def asset(name):
    """Return the text of a file that stands beside this module."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
