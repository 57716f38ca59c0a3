"""book_extensions/stored.py: stored outputs of a notebook, shown on another page."""

import io

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from sphinx.application import Sphinx

from book_extensions import stored
from hwlib.explorer import Explorer


@pytest.fixture(scope="module")
def explorer():
    def compute(k):
        return {"points": [[0, k], [1, 1]], "starts": [[0]]}, f"k = {k}."

    return Explorer("trial-run", compute, view="plane", k=[1, 2])


@pytest.fixture(scope="module")
def notebook(tmp_path_factory, explorer):
    def cell(name, *outputs):
        cell = new_code_cell("...", outputs=list(outputs))
        cell.id = name
        return cell

    def shown(**data):
        return new_output("execute_result", {k.replace("_", "/"): v for k, v in data.items()})

    path = tmp_path_factory.mktemp("site") / "chapter.ipynb"
    cells = [
        new_markdown_cell("# Chapter"),
        cell("printed", new_output("stream", text="a line\n"), shown(text_plain="3 of 3 < 4")),
        cell("code", shown(text_markdown="```python\nx = 1\n```", text_plain="<object>")),
        cell("silent"),
        cell("pictures", shown(text_html=explorer.to_html(), text_plain="Explorer(...)")),
    ]
    kernel = {"name": "python3", "display_name": "Python 3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    nbformat.write(new_notebook(cells=cells, metadata=metadata), path)
    return path


def test_an_explorer_is_whole(notebook, explorer):
    assert stored.read(notebook, "trial-run") == explorer.to_html()


def test_text_of_a_cell(notebook):
    assert stored.read(notebook, "printed") == ("a line\n3 of 3 < 4", "text")
    assert stored.read(notebook, "code") == ("x = 1", "python")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no-such", "no explorer and no cell named 'no-such'"),
        ("silent", "silent has printed nothing"),
        ("pictures", "pictures shows more than text"),
    ],
)
def test_what_is_not_there_is_refused(notebook, name, message):
    with pytest.raises(ValueError, match=message):
        stored.read(notebook, name)


def build(notebook, *directives):
    """Build a page with these directives beside the notebook; return it and what was warned."""
    source, warnings = notebook.parent, io.StringIO()
    (source / "index.md").write_text(
        "# Page\n\n"
        + "\n\n".join(f"```{{stored}} {text}\n```" for text in directives)
        + "\n\n```{toctree}\nchapter\n```\n"
    )
    options = {
        "extensions": ["myst_nb", "book_extensions.stored"],
        "nb_execution_mode": "off",
    }
    outdir, trees = source / "_build", source / "_build" / "trees"
    args = [source, None, outdir, trees, "html", options, None, warnings]
    Sphinx(*args, freshenv=True).build()
    tree = BeautifulSoup((outdir / "index.html").read_text(), "html.parser")
    # others speak of extensions that are set up twice in one process
    return tree, "\n".join(line for line in warnings.getvalue().splitlines() if ".md" in line)


def test_page_shows_them(notebook, explorer):
    names = ["trial-run", "printed", "code"]
    tree, warnings = build(notebook, *(f"chapter.ipynb {name}" for name in names))
    assert warnings == ""
    [figure] = tree.select("div.cell_output > figure.explorer")
    assert str(figure) == str(BeautifulSoup(explorer.to_html(), "html.parser"))
    printed = [block.get_text().strip() for block in tree.select("div.cell_output pre")]
    assert printed == ["a line\n3 of 3 < 4", "x = 1"]
    assert tree.select("div.highlight-python")


@pytest.mark.parametrize("directive", ["chapter.ipynb nothing", "other.ipynb a"])
def test_page_warns_so_that_the_build_fails(notebook, directive):
    tree, warnings = build(notebook, directive)
    assert "index.md:3: WARNING: stored: " in warnings
    assert not tree.select("figure, pre")
