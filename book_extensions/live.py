"""A small Sphinx extension: pages whose cells run in the reader's browser.

Each code cell of a page gets the id that it has in its notebook, and the page learns where Python
is (book_extensions/runtime.py). book/live.js does the rest. Where the runtime cannot be had, pages
are built without it, and one line says so.
"""

import html
import json
import re
import shutil
from pathlib import Path

import nbformat
from sphinx.util import logging

from book_extensions import frames, runtime, stubs
from hwlib import views

log = logging.getLogger(__name__)
FOLDER = "_python"  # in the site
NOT_HERE = {"notebooks/5_map_reduce"}  # needs processes, which a page has not
# a cell's class, and what follows up to the end of its code
CELL = re.compile(
    r'<div class="(cell [^"]*)">'
    r"(\s*(?:<details[^>]*>\s*<summary[^>]*>(?:(?!</summary>).)*</summary>\s*)?"
    r'<div class="cell_input.*?<pre[^>]*>(.*?)</pre>)',
    re.DOTALL,
)
FIGURE = re.compile(r'<figure class="explorer" id="([^"]+)"')


def publish(app):
    """Put the runtime into the site, once for all pages."""
    app.env.python_runtime = None
    # the packages that cells import are the solutions
    if app.builder.name != "html" or app.config.student_edition:
        return
    try:
        told = runtime.publish(Path(app.outdir, FOLDER), lambda text: print(text, flush=True))
        # a reader's cell may make an explorer that the page has not
        names = ["kit", *views.names()]
        told["views"] = {name: frames.write_view(Path(app.outdir), name) for name in names}
        app.env.python_runtime = told
        # above all pages, and by this name for ever: a browser asks for it anew
        shutil.copyfile(runtime.HERE / "offline.js", Path(app.outdir, "offline.js"))
    except (runtime.NoRuntime, OSError) as error:
        print(f"The pages are built without Run: {error}", flush=True)


def prepare(app, pagename, templatename, context, doctree):
    """Name the cells of a page, and tell it where Python is."""
    path = Path(app.srcdir, f"{pagename}.ipynb")
    if not app.env.python_runtime or not path.exists() or pagename in NOT_HERE:
        return
    cells = [cell for cell in nbformat.read(str(path), 4).cells if cell.cell_type == "code"]
    exercises = stubs.exercises(cells)
    texts = {cell.id: exercises.get(cell.id, {}).get("text", cell.source) for cell in cells}
    ids = {text.strip(): identity for identity, text in texts.items()}
    shown = set()

    def named(match):
        text = html.unescape(re.sub(r"<[^>]*>", "", match[3])).strip()
        identity = ids.get(text)
        shown.add(identity)
        return (
            f'<div class="{match[1]}" data-cell="{identity}">{match[2]}' if identity else match[0]
        )

    body = CELL.sub(named, context["body"])
    # Cells whose code the page does not show are run for those that need them, and the book's own
    # answers stand in for a reader's.
    every = [
        {"id": cell.id}
        | (
            {}
            if cell.id in shown - exercises.keys()
            else {"source": stubs.without_check(cell.source)}
        )
        for cell in cells
        if "remove-cell" not in cell.metadata.get("tags", ())
    ]
    told = app.env.python_runtime | {"base": "../" * pagename.count("/") + FOLDER + "/"}
    told["cells"] = every
    told["exercises"] = {
        identity: {key: value for key, value in about.items() if key != "text"}
        for identity, about in exercises.items()
    }
    told["files"] = stubs.files(cells)
    told["explorers"] = {
        name: cell.id
        for cell in cells
        for output in cell.outputs
        for name in FIGURE.findall(output.get("data", {}).get("text/html", ""))
    }
    data = json.dumps(told).replace("<", "\\u003c")
    context["body"] = body + f'<script type="application/json" id="python-runtime">{data}</script>'


def setup(app):
    """Register with Sphinx."""
    app.connect("builder-inited", publish)
    app.connect("html-page-context", prepare, priority=800)  # before pages are made light
    return {"parallel_read_safe": True, "parallel_write_safe": True}
