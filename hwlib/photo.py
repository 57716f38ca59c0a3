"""A reader's own photo, compressed in JupyterLab: a widget that needs a kernel and says so."""

import base64
import html

import ipywidgets as widgets

from hwlib import explorer
from hwlib.compression import compress_image
from hwlib.figures.kmeans import draw_photo, png
from hwlib.picture_files import read_picture

INVITATION = "In JupyterLab, drop your own photo here and choose how many colors it keeps."
FEW = 256  # colors
LARGEST = 600  # pixels along the longer side: a second or two, as for the book's own photograph


class PhotoUpload(widgets.VBox):
    """A button that takes a photo, a slider for k, and the photo in k colors.

    On a page without a kernel, a sentence stands in its place. The photo goes to the kernel and
    nowhere else.
    """

    def __init__(self, ks=(2, 4, 8, 16, 32, 64)):
        self.upload = widgets.FileUpload(accept="image/*", description="Your photo")
        self.k = widgets.SelectionSlider(options=ks, value=16, description="k")
        self.view = widgets.HTML()
        self.bar = widgets.FloatProgress(max=1, layout={"visibility": "hidden"})
        super().__init__([widgets.HBox([self.upload, self.k, self.bar]), self.view])
        self.upload.observe(self._show, "value")
        self.k.observe(self._show, "value")

    def _show(self, _):
        if self.upload.value:
            self.view.value = "<p>Looking for the colors.</p>"
            content = bytes(self.upload.value[0]["content"])
            self.bar.layout.visibility = "visible"
            try:
                self.view.value = compress_upload(content, self.k.value, self._progress)
            finally:
                self.bar.layout.visibility = "hidden"

    def _progress(self, share):
        if share == 1 or share - self.bar.value >= 0.02 or share < self.bar.value:
            self.bar.value = share

    def __repr__(self):
        return "PhotoUpload()"

    def _repr_mimebundle_(self, **kwargs):
        return super()._repr_mimebundle_(**kwargs) | {"text/html": f"<p>{INVITATION}</p>"}


def compress_upload(content, k, progress=None):
    """Return the HTML that shows an uploaded photo beside itself in k colors.

    Parameters
    ----------
    content : bytes
        Of a picture file. A large photo is reduced first; a picture of few colors is not, since
        blurred edges would bring more.
    k : int
    progress : callable, optional
        Is told the share of the work that is done, 0 ... 1.

    Returns
    -------
    str
        Or a sentence about what is wrong, if the file is no picture or k is too large for it.
    """
    try:
        original, notes = read_picture(content)
        if original.getcolors(FEW) is None:
            original.thumbnail((LARGEST, LARGEST))
        compressed = compress_image(original, k, init="best", progress=progress)
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
        f"<p>{html.escape(caption)} {html.escape(size)} "
        f'<a download="compressed_k{k}.png" href="{link}">{save}</a></p>'
    )
