"""book_extensions/stored.py: stored outputs of a notebook, shown on another page."""

import io

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from sphinx.application import Sphinx

from book_extensions import stored
from hwlib import figures
from hwlib.explorer import Explorer
from hwlib.scene import Scene


def draw(k=0, learning_rate=0.0, dataset=""):
    figure, axes = figures.new_figure(1)
    axes.plot([0, k], [0, learning_rate])
    return figure, f"k = {k}, rate {learning_rate:g}, {dataset} <&>"


@pytest.fixture(scope="module")
def explorer():
    return Explorer(
        "trial-run",
        draw,
        start={"k": 3},
        k=[2, 3, 10],
        learning_rate=[0.1, 1.0],
        dataset=["simple", "a set"],
    )


@pytest.fixture(scope="module")
def scene():
    def compute(k):
        return {"points": [[0, k], [1, 1]], "starts": [[0]]}, f"k = {k}."

    return Scene("live-run", compute, view="plane", k=[1, 2])


@pytest.fixture(scope="module")
def notebook(tmp_path_factory, explorer, scene):
    def cell(name, *outputs):
        cell = new_code_cell("...", outputs=list(outputs))
        cell.id = name
        return cell

    def shown(**data):
        return new_output("execute_result", {k.replace("_", "/"): v for k, v in data.items()})

    path = tmp_path_factory.mktemp("site") / "chapter.ipynb"
    plain = Explorer("plain-figure", draw)
    cells = [
        new_markdown_cell("# Chapter"),
        cell("printed", new_output("stream", text="a line\n"), shown(text_plain="3 of 3 < 4")),
        cell("code", shown(text_markdown="```python\nx = 1\n```", text_plain="<object>")),
        cell("silent"),
        cell("pictures", shown(text_html=explorer.to_html(), text_plain="Explorer(...)")),
        cell("picture", shown(text_html=plain.to_html(), text_plain="Explorer(...)")),
        cell("scene", shown(text_html=scene.to_html(), text_plain="Explorer(...)")),
    ]
    kernel = {"name": "python3", "display_name": "Python 3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    nbformat.write(new_notebook(cells=cells, metadata=metadata), path)
    return path


@pytest.mark.parametrize("k", [2, 3, 10])
@pytest.mark.parametrize("rate", [0.1, 1.0])
@pytest.mark.parametrize("dataset", ["simple", "a set"])
def test_values_pick_the_frame(notebook, explorer, k, rate, dataset):
    values = f"dataset='{dataset}' k={k} learning_rate={rate:g}"  # in any order
    found = stored.read(notebook, "trial-run", values)
    frame = explorer.frame(k=k, learning_rate=rate, dataset=dataset)
    assert (found.source, found.caption) == (frame.source, frame.caption)
    assert (found.width, found.height) == (str(frame.width), str(frame.height))
    assert found.kind == "diagram"


@pytest.mark.parametrize("values", ["", "k=3", "dataset=simple"])
def test_axes_that_are_not_named_stand_at_their_start(notebook, explorer, values):
    found = stored.read(notebook, "trial-run", values)
    assert (found.source, found.caption) == (explorer.frame().source, explorer.frame().caption)


def test_plain_figure(notebook):
    assert stored.read(notebook, "plain-figure").caption == "k = 0, rate 0,  <&>"


def test_text_of_a_cell(notebook):
    assert stored.read(notebook, "printed") == ("a line\n3 of 3 < 4", "text")
    assert stored.read(notebook, "code") == ("x = 1", "python")


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("no-such", "", "no explorer and no cell named 'no-such'"),
        ("trial-run", "k=4", "trial-run-k is never '4'; it is one of"),
        ("trial-run", "seed=4", "no slider named seed"),
        ("trial-run", "k", "'k' is not of the form axis=value"),
        ("plain-figure", "k=3", "no slider named k"),
        ("live-run", "k=2", "live-run is a scene; it stands where its sliders start"),
        ("printed", "k=3", "printed is a cell, so it has no values"),
        ("silent", "", "silent has printed nothing"),
        ("pictures", "", "pictures shows more than text"),
    ],
)
def test_what_is_not_there_is_refused(notebook, name, values, message):
    with pytest.raises(ValueError, match=message):
        stored.read(notebook, name, values)


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
    once = "chapter.ipynb trial-run\n:values: k=10"
    tree, warnings = build(notebook, once, once, "chapter.ipynb printed", "chapter.ipynb code")
    assert warnings == ""
    frame = explorer.frame(k=10)
    figures = tree.select("div.cell_output > figure.explorer")
    assert len(figures) == 2  # twice on one page: none of them has an id, nor sliders
    for figure in figures:
        assert figure.img["src"] == frame.source and figure.img["alt"] == frame.caption
        assert figure.img["class"] == ["diagram"]
        assert frame.caption in figure.figcaption.get_text()
        assert figure.a["href"] == "chapter.html#trial-run"
        assert not figure.has_attr("id") and not figure.select("[id], input, script")
    printed = [block.get_text().strip() for block in tree.select("div.cell_output pre")]
    assert printed == ["a line\n3 of 3 < 4", "x = 1"]
    assert tree.select("div.highlight-python")


def test_a_scene_is_whole(notebook, scene):
    tree, warnings = build(notebook, "chapter.ipynb live-run")
    assert warnings == ""
    [figure] = tree.select("div.cell_output > figure.explorer")
    assert str(figure) == str(BeautifulSoup(scene.to_html(), "html.parser"))


@pytest.mark.parametrize(
    "directive", ["chapter.ipynb nothing", "chapter.ipynb trial-run\n:values: k=4", "other.ipynb a"]
)
def test_page_warns_so_that_the_build_fails(notebook, directive):
    tree, warnings = build(notebook, directive)
    assert "index.md:3: WARNING: stored: " in warnings
    assert not tree.select("figure, pre")
