"""A small Sphinx extension: what a notebook has stored, shown on another page.

    ```{stored} ../notebooks/2_kmeans.ipynb kmeans-elbow
    ```

shows the picture of the explorer `kmeans-elbow` with its caption, where its sliders start, or where
the option `:values: k=10 step=3` puts them. The name of a cell in place of an explorer's shows the
text that the cell has printed. A scene (hwlib/scene.py) is as alive there as in its notebook. So
nothing on a page is typed in that a notebook has computed, and a cell, an explorer or a value that
the notebook does not have stops the build.
"""

import json
import re
import shlex
from pathlib import Path
from typing import NamedTuple

import nbformat
from bs4 import BeautifulSoup
from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)


class Picture(NamedTuple):
    """One frame of an explorer, as it is stored."""

    source: str  # a data: address
    caption: str
    kind: str  # diagram or photo
    width: str  # in CSS pixels
    height: str


class Live(NamedTuple):
    """A scene: its figure, whole."""

    figure: str


class Text(NamedTuple):
    """What a cell has printed."""

    text: str
    language: str


def read(path, name, values=""):
    """Return a stored output of a notebook.

    Parameters
    ----------
    path : Path
        The notebook.
    name : str
        The id of an explorer or of a cell. An explorer is looked for first.
    values : str
        Slider positions of an explorer, as in "k=10 step=3", with values as the slider shows them.
        An axis that is not named stands at its start.

    Returns
    -------
    Picture, Live or Text

    Raises
    ------
    ValueError
        If the notebook has no such explorer or cell, the explorer no such position, or the cell
        printed nothing.
    """
    cells = nbformat.read(str(path), as_version=4).cells
    for cell in cells:
        for output in cell.get("outputs", []):
            page = output.get("data", {}).get("text/html", "")
            if f'<figure class="explorer" id="{name}"' in page:
                figure = BeautifulSoup(page, "html.parser").find(id=name)
                if "data-view" not in figure.attrs:
                    return picture(figure, values)
                if values:
                    raise ValueError(f"{name} is a scene; it stands where its sliders start")
                return Live(re.search(f'<figure [^>]*id="{name}".*?</figure>', page, re.DOTALL)[0])
    for cell in cells:
        if cell.id == name and values:
            raise ValueError(f"{name} is a cell, so it has no values like {values!r}")
        if cell.id == name:
            return printed(cell)
    raise ValueError(f"{path.name} has no explorer and no cell named {name!r}")


def picture(figure, values):
    """Return the frame of an explorer's figure (hwlib/explorer.py) for these slider positions."""
    img, caption = figure.find("img"), figure.find("figcaption").get_text()
    name, kind, source, wanted = figure["id"], img["class"][0], img["src"], {}
    for part in shlex.split(values):
        axis, equals, value = part.partition("=")
        if not equals:
            raise ValueError(f"{part!r} is not of the form axis=value")
        wanted[axis] = value
    position, script = 0, figure.find("script")  # frames stand in the order of nested loops
    for slider in figure.find_all("input"):
        labels = json.loads(slider["data-values"])
        at = wanted.pop(slider["id"].removeprefix(f"{name}-"), labels[int(slider["value"])])
        if at not in labels:
            raise ValueError(f"{slider['id']} is never {at!r}; it is one of {labels}")
        position = position * len(labels) + labels.index(at)
    if wanted:
        raise ValueError(f"{name} has no slider named {', '.join(wanted)}")
    if script:
        data = json.loads(script.string)
        image, caption = data["frames"][position]
        source = data["images"][image]
    return Picture(source, caption, kind, img["width"], img["height"])


def printed(cell):
    """Return the text of a cell's outputs; of shown source code, the code."""
    text, language = "", "text"
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if code := re.fullmatch(r"```(\w+)\n(.*)\n```", data.get("text/markdown", ""), re.DOTALL):
            language, more = code.groups()
        elif "text/html" in data:
            raise ValueError(f"{cell.id} shows more than text; name the explorer")
        else:
            more = output.get("text", "") or data.get("text/plain", "")
        text += more
    if not text.strip():
        raise ValueError(f"{cell.id} has printed nothing")
    return Text(text.rstrip(), language)


# ---- Sphinx ---------------------------------------------------------------------------------


class StoredPicture(nodes.General, nodes.Element):
    """A frame of an explorer on another page than its own."""


class StoredDirective(SphinxDirective):
    """The directive `stored`."""

    required_arguments = 2
    option_spec = {"values": str}

    def run(self):
        """Return the output as nodes, or warn and return nothing."""
        notebook, name = self.arguments
        page, path = self.env.relfn2path(notebook)
        self.env.note_dependency(page)
        try:
            output = read(Path(path), name, self.options.get("values", ""))
        except (OSError, ValueError) as error:
            logger.warning("stored: %s", error, location=self.get_location())
            return []
        if isinstance(output, Text):
            node = nodes.literal_block(output.text, output.text, language=output.language)
            return [nodes.container("", node, classes=["cell_output"])]
        if isinstance(output, Live):
            node = nodes.raw("", output.figure, format="html")
            return [nodes.container("", node, classes=["cell_output"])]
        docname = self.env.path2doc(path)
        node = StoredPicture("", picture=output, docname=docname, name=name)
        return [nodes.container("", node, classes=["cell_output"])]


def visit_picture(self, node):
    """Write the figure, with a link to where it is alive."""
    source, caption, kind, width, height = node["picture"]
    builder, text = self.builder, self.encode(caption)
    uri = builder.get_relative_uri(builder.current_docname, node["docname"])
    self.body.append(
        f'<figure class="explorer stored">\n'
        f'<img class="{kind}" src="{source}" alt="{text}" width="{width}" height="{height}">\n'
        f'<figcaption>{text} <a href="{uri}#{node["name"]}">In the chapter</a></figcaption>\n'
        f"</figure>\n"
    )
    raise nodes.SkipNode


def setup(app):
    """Register with Sphinx."""
    app.add_node(StoredPicture, html=(visit_picture, None))
    app.add_directive("stored", StoredDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
