"""A small Sphinx extension: the student edition, which has no solutions.

`student_edition: true` in _config.yml builds it. What is left out is left out before anything is
read, so neither pages nor the search, the downloads or the paper can have it:

- the directive `solution`;
- the cells of a notebook that have the tag `solution`: those that show the code of a task, and
  those that state or use what a task asks for. (`hide_solutions` of sphinx-exercise leaves them,
  and leaves the downloads as they are.);
- of a page that is a solution as a whole, `solution: true` in its front matter or in the metadata
  of a notebook, all but its title, so that links to it still lead somewhere.

Below the title of each page that has lost something stands a line that says so.
"""

import json
import re
from pathlib import Path

NOTE = "*This is the student edition: solutions, and what would give them away, are left out.*"

TITLE = re.compile(r"# .+")
FRONT_MATTER = re.compile(r"\A---\n(.*?)^---\n", re.DOTALL | re.MULTILINE)
SOLUTION = re.compile(r"^(`{3,}|:{3,})\{solution\}.*?^\1[ ]*(?:\n|\Z)\n*", re.DOTALL | re.MULTILINE)


def without_solutions(source, suffix):
    """Return the source of a page of the student edition.

    Parameters
    ----------
    source : str
        Of the page in the full edition.
    suffix : {".md", ".ipynb"}
    """
    return notebook(source) if suffix == ".ipynb" else markdown(source)


def markdown(source):
    """Return a page in Markdown without its solutions."""
    head = FRONT_MATTER.match(source)
    if head and re.search(r"^solution: true$", head[1], re.MULTILINE):
        return f"{TITLE.search(source)[0]}\n\n{NOTE}\n"
    kept = SOLUTION.sub("", source)
    return noted(kept) if kept != source else source


def notebook(source):
    """Return a notebook without its solutions."""
    book = json.loads(source)
    for cell in book["cells"]:
        cell["source"] = "".join(cell["source"])
    title = book["cells"][0]
    if book["metadata"].pop("solution", False):
        title["source"] = f"{TITLE.search(title['source'])[0]}\n\n{NOTE}"
        book["cells"] = [title]
        return written(book)
    cells = [cell for cell in book["cells"] if "solution" not in cell["metadata"].get("tags", [])]
    changed = len(cells) < len(book["cells"])
    for cell in cells:
        if cell["cell_type"] == "markdown":
            kept = SOLUTION.sub("", cell["source"]).rstrip()
            changed |= kept != cell["source"].rstrip()
            cell["source"] = kept
    if not changed:
        return source
    title["source"] = noted(title["source"])
    # a solution may have been all that a cell had
    book["cells"] = [cell for cell in cells if cell["source"]]
    return written(book)


def noted(source):
    """Put the note below the title."""
    return TITLE.sub(lambda title: f"{title[0]}\n\n{NOTE}", source, count=1)


def written(book):
    """Return a notebook as the text of its file."""
    return json.dumps(book, ensure_ascii=False, indent=1) + "\n"


# ---- Sphinx ---------------------------------------------------------------------------------


def read(app, docname, source):
    """Give Sphinx the student edition of a page in place of what is in its file."""
    if app.config.student_edition:
        source[0] = without_solutions(source[0], Path(app.env.doc2path(docname)).suffix)


def offer(app, exception):
    """Replace the sources that can be downloaded, which Sphinx has copied as they are."""
    if exception or not app.config.student_edition:
        return
    for docname in app.env.found_docs:
        file = Path(app.env.doc2path(docname))
        copy = Path(app.outdir, "_sources", docname + file.suffix)
        if copy.exists():
            kept = without_solutions(file.read_text(encoding="utf-8"), file.suffix)
            copy.write_text(kept, encoding="utf-8")


def setup(app):
    """Register with Sphinx."""
    app.add_config_value("student_edition", False, "env", bool)
    app.connect("source-read", read)
    app.connect("build-finished", offer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
