"""A small Sphinx extension: what a notebook has stored, shown on another page.

    ```{stored} ../notebooks/2_kmeans.ipynb kmeans-elbow
    ```

shows the explorer `kmeans-elbow`, as alive as in its notebook. The name of a cell in place of an
explorer's shows the text that the cell has printed. So nothing on a page is typed in that a
notebook has computed, and a cell or an explorer that the notebook does not have stops the build.
"""

import re
from pathlib import Path
from typing import NamedTuple

import nbformat
from docutils import nodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)


class Text(NamedTuple):
    """What a cell has printed."""

    text: str
    language: str


def read(path, name):
    """Return a stored output of a notebook.

    Parameters
    ----------
    path : Path
        The notebook.
    name : str
        The id of an explorer or of a cell. An explorer is looked for first.

    Returns
    -------
    str or Text
        An explorer's figure as HTML, or what the cell has printed.

    Raises
    ------
    ValueError
        If the notebook has no such explorer or cell, or the cell printed nothing.
    """
    cells = nbformat.read(str(path), as_version=4).cells
    for cell in cells:
        for output in cell.get("outputs", []):
            page = output.get("data", {}).get("text/html", "")
            if found := re.search(rf'<figure [^>]*id="{name}".*?</figure>', page, re.DOTALL):
                return found[0]
    for cell in cells:
        if cell.id == name:
            return printed(cell)
    raise ValueError(f"{path.name} has no explorer and no cell named {name!r}")


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


class StoredDirective(SphinxDirective):
    """The directive `stored`."""

    required_arguments = 2

    def run(self):
        """Return the output as nodes, or warn and return nothing."""
        notebook, name = self.arguments
        page, path = self.env.relfn2path(notebook)
        self.env.note_dependency(page)
        try:
            output = read(Path(path), name)
        except (OSError, ValueError) as error:
            logger.warning("stored: %s", error, location=self.get_location())
            return []
        if isinstance(output, Text):
            node = nodes.literal_block(output.text, output.text, language=output.language)
        else:
            node = nodes.raw("", output, format="html")
        return [nodes.container("", node, classes=["cell_output"])]


def setup(app):
    """Register with Sphinx."""
    app.add_directive("stored", StoredDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
