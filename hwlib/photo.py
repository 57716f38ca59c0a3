"""A reader's own photo, compressed in JupyterLab: a widget that needs a kernel and says so."""

import base64
import html

import ipywidgets as widgets
import numpy as np
from PIL import Image

from hwlib import explorer
from hwlib.compression import compress_image
from hwlib.figures.kmeans import draw_photo, png
from hwlib.picture_files import read_picture

INVITATION = "In JupyterLab, drop your own photo here and choose how many colors it keeps."
SQUARE = 9  # pixels of each color of a palette: 64 of them fit a page
LARGEST = 600  # pixels along the longer side: a second or two, as for the book's own photograph


class PhotoUpload(widgets.VBox):
    """A button that takes a photo, a slider for k, and the photo in k colours.

    On a page without a kernel, a sentence stands in its place. The photo goes to the kernel and
    nowhere else.
    """

    def __init__(self, ks=(2, 4, 8, 16, 32, 64)):
        self.upload = widgets.FileUpload(accept="image/*", description="Your photo")
        self.k = widgets.SelectionSlider(options=ks, value=16, description="k")
        self.view = widgets.HTML()
        super().__init__([widgets.HBox([self.upload, self.k]), self.view])
        self.upload.observe(self._show, "value")
        self.k.observe(self._show, "value")

    def _show(self, _):
        if self.upload.value:
            self.view.value = "<p>Looking for the colors.</p>"
            self.view.value = compress_upload(bytes(self.upload.value[0]["content"]), self.k.value)

    def __repr__(self):
        return "PhotoUpload()"

    def _repr_mimebundle_(self, **kwargs):
        return super()._repr_mimebundle_(**kwargs) | {"text/html": f"<p>{INVITATION}</p>"}


def compress_upload(content, k):
    """Return the HTML that shows an uploaded photo beside itself in k colours.

    Parameters
    ----------
    content : bytes
        Of a picture file. A large photo is reduced first.
    k : int

    Returns
    -------
    str
        Or a sentence about what is wrong, if the file is no picture or k is too large for it.
    """
    try:
        original, notes = read_picture(content)
        original.thumbnail((LARGEST, LARGEST))
        compressed = compress_image(original, k)
    except ValueError as error:
        return f"<p>This file cannot be shown: {html.escape(str(error))}</p>"
    picture, caption = draw_photo(original, compressed)
    source, width, height = explorer.encode(picture, photo=True)
    file = png(compressed.image)
    link = f"data:image/png;base64,{base64.b64encode(file).decode('ascii')}"
    size = " ".join([f"Compressed at {original.width} x {original.height} pixels.", *notes])
    save = f"Save it ({len(file) / 1000:.1f} kB)"
    return (
        f'<img src="{source}" alt="{html.escape(caption)}" width="{width}" height="{height}">'
        f"{_palette(compressed.image)}<p>{html.escape(caption)} {html.escape(size)} "
        f'<a download="compressed_k{k}.png" href="{link}">{save}</a></p>'
    )


def _palette(image):
    """Return the HTML of a picture of a palette image's colors, a square for each."""
    colors = np.reshape(image.getpalette(), (1, -1, 3)).astype(np.uint8)
    names = ", ".join(f"#{color.tobytes().hex()}" for color in colors[0])
    squares = Image.fromarray(colors.repeat(SQUARE, 0).repeat(SQUARE, 1))
    source = base64.b64encode(png(squares)).decode("ascii")
    label = f"The palette: {names}" if colors.size <= 3 * 16 else "The palette"
    return (
        f'<p><img src="data:image/png;base64,{source}" alt="{label}" '
        f'width="{squares.width}" height="{SQUARE}"></p>'
    )
