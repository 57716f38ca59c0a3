"""The student edition: built from a copy of the tree whose one switch is set, and searched."""

import ast
import builtins
import html
import json
import re
from functools import cache

import book_copy
import notebook_outputs
import pytest
import snowballstemmer
import test_links
from bs4 import BeautifulSoup

from book_extensions.student import NOTE, without_solutions
from homework import starter, tasks

# What the tasks that are done by hand ask for, as it is written in TeX.
ANSWERS = {
    "1a": [r"g / x\b", r"\\frac\{g\}\{x\}"],
    "1c": [r"u *(\\,)? *\(1 *[-−] *u\)", r"\\sigma\(m\)\\,\\bigl\(1 - "],
    "1f": [r"g *\\, *[vx]\b"],
    "1j": [r"[34] \\?log 2", r"margins add up to zero"],
    "1k": [r"g *(\\,)? *v\^\\top", r"M\^\\top *g"],
    "2a": [r"\\lVert \\mu_c \\rVert\^2 - 2"],
    "2b": [r"43% of what is left", r"elbow at \$k = 4"],
    "2e": [r"24[^$]{0,6}\\log_2", r"\\log_2 k", r"a factor of 24"],
    "3a": [r"\\prod_\{j=1\}\^d W_\{cj\}"],
    "3b": [r"x(\^\{\(i\)\}_j|_j\^\{\(i\)\}) *\\log W_\{cj\}"],
    "3c": [r"\\frac\{A_\{cj\}", r"\\sum_\{i=1\}\^n r_\{ic\} *\\, *x"],
    "3d": [r"N_c */ *n\b", r"\\frac\{N_c\}\{n\}", r"\\frac\{1\}\{n\} *\\sum_\{i=1\}\^n r"],
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the student edition; return its folder."""
    root = book_copy.copy(tmp_path_factory.mktemp("student"))
    config = (root / "_config.yml").read_text(encoding="utf-8")
    assert config.count("student_edition: false") == 1
    config = config.replace("student_edition: false", "student_edition: true")
    (root / "_config.yml").write_text(config, encoding="utf-8")
    book_copy.run(root, "jupyter-book", "build", ".", "--nitpick", "-W", "--keep-going")
    return root / "_build" / "html"


@cache
def sources():
    """Return {file: (source in the full edition, in the student edition)} of all pages."""
    files = [*notebook_outputs.NOTEBOOKS, *sorted((notebook_outputs.ROOT / "book").glob("*.md"))]
    full = {file: file.read_text(encoding="utf-8") for file in files}
    return {file: (text, without_solutions(text, file.suffix)) for file, text in full.items()}


def flat(source, suffix, outputs=False):
    """Return what a page says, as one text."""
    if suffix != ".ipynb":
        return source
    texts = []
    for cell in json.loads(source)["cells"]:
        texts.append("".join(cell["source"]))
        for output in cell.get("outputs", []) if outputs else []:
            data = {"text": output.get("text", "")} | output.get("data", {})
            texts += ["".join(data.get(kind, "")) for kind in ("text", "text/markdown")]
    return "\n\n".join(texts)


def phrases(text):
    """Return the runs of six words and more of a text, without mark-up, formulas and numbers."""
    runs = re.findall(r"[A-Za-z,' \n-]{30,}", text.replace("\u2019", "'"))
    return {phrase for run in runs if len((phrase := " ".join(run.split())).split()) >= 6}


def removed():
    """Return the phrases that only the full edition has."""
    told, kept = set(), set()
    for file, (full, student) in sources().items():
        told |= phrases(flat(full, file.suffix, outputs=True))
        kept |= phrases(flat(student, file.suffix, outputs=True))
    return told - kept


def code():
    """Return the lines of the functions that the tasks ask for, but for those too short to tell."""
    lines = set()
    for module in sorted({task.module for task in tasks.code()}):
        functions = {
            name for task in tasks.code() if task.module == module for name in task.removed
        }
        source = (notebook_outputs.ROOT / "hwlib" / f"{module}.py").read_text(encoding="utf-8")
        given = starter.unfinished(source, module)
        for node in ast.parse(source).body:
            if getattr(node, "name", "") in functions:
                lines |= set(map(str.strip, ast.get_source_segment(source, node).splitlines()))
        lines -= set(map(str.strip, given.splitlines()))
    return {line for line in lines if len(line) > 20}


def everything(site):
    """Yield (file, text) for all that a reader of the site can get to."""
    kinds = {".html", ".js", ".json", ".ipynb", ".md", ".txt", ".xml", ".css", ".rst"}
    for file in sorted(site.rglob("*")):
        if file.suffix not in kinds or "_static" in file.parts:
            continue
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".html":
            soup = BeautifulSoup(text, "html.parser")
            text += soup.get_text() + soup.get_text(" ")
        elif file.suffix in {".ipynb", ".json"}:
            text += text.replace("\\n", "\n").replace('\\"', '"').replace("\\\\", "\\")
        yield file.relative_to(site), " ".join(html.unescape(text).replace("\u2019", "'").split())


@pytest.mark.full
def test_no_sentence_and_no_code_of_a_solution_is_left(site):
    told, lines = removed(), code()
    assert len(told) > 1000 and len(lines) > 60  # there is something to look for
    assert any("no line has" in phrase for phrase in told)  # of 1j, in a chapter
    assert any("the picture is a stencil" in phrase for phrase in told)  # of 2d, in the answers
    assert any("n.grad += self.grad / n.value" in line for line in lines)
    pages = dict(everything(site))
    assert len(pages) > 30
    for page, text in pages.items():
        assert [phrase for phrase in told if phrase in text] == [], page
        assert [line for line in lines if line in text] == [], page


@pytest.mark.full
def test_the_search_does_not_know_the_words_of_solutions(site):
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(re.fullmatch(r"Search\.setIndex\((.*)\)", index.strip(), re.DOTALL)[1])
    stem = snowballstemmer.stemmer("english").stemWord
    told, kept = (
        " ".join(flat(pair[which], file.suffix) for file, pair in sources().items()).lower()
        for which in (0, 1)
    )
    pages = " ".join(text for page, text in everything(site) if page.suffix == ".html").lower()
    only = {stem(word) for word in re.findall("[a-z]{4,}", told)}
    only -= {stem(word) for word in re.findall("[a-z]+", kept + pages)}
    assert {"stencil", "lagrangian"} <= only
    assert only & (set(index["terms"]) | set(index["titleterms"])) == set()


@pytest.mark.full
@pytest.mark.parametrize("task", ANSWERS)
def test_no_formula_that_a_task_asks_for_is_left(task, site):
    for pattern in ANSWERS[task]:
        found = {file.name: 0 for file in sources()}
        for file, (full, student) in sources().items():
            found[file.name] += len(re.findall(pattern, flat(full, file.suffix, outputs=True)))
            left = re.search(pattern, flat(student, file.suffix, outputs=True))
            assert not left, (file.name, student[max(0, left.start() - 300) : left.end()])
        assert sum(found.values()) > 0, pattern  # it is what the full edition writes
        frames = [text for page, text in everything(site) if "_frames" in page.parts]
        assert frames and not any(re.search(pattern, text) for text in frames)


@pytest.mark.full
def test_what_can_be_downloaded_is_the_student_edition(site):
    for file, (_, student) in sources().items():
        folder = site / "_sources" / file.relative_to(notebook_outputs.ROOT).parent
        assert (folder / file.name).read_text(encoding="utf-8") == student


@pytest.mark.parametrize("file", notebook_outputs.NOTEBOOKS, ids=lambda file: file.stem)
def test_the_notebooks_run_without_what_was_left_out(file):
    # each name that a cell uses is imported or defined in a cell that is left
    known = set(dir(builtins))
    for cell in json.loads(sources()[file][1])["cells"]:
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]))  # a page that lost nothing has lists of lines
        names = [n for n in ast.walk(tree) if isinstance(n, ast.Name)]
        known |= {n.id for n in names if not isinstance(n.ctx, ast.Load)}
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                known.add(node.name)
            if isinstance(node, ast.arg):
                known.add(node.arg)
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                known |= {each.asname or each.name.partition(".")[0] for each in node.names}
        missing = {n.id for n in names if isinstance(n.ctx, ast.Load)} - known
        assert missing == set(), cell["id"]


@pytest.mark.full
def test_tasks_and_nudges_are_all_there(site):
    tasks = 0
    for file in notebook_outputs.CHAPTERS:
        page = (site / "notebooks" / f"{file.stem}.html").read_text(encoding="utf-8")
        tree = BeautifulSoup(page, "html.parser")
        exercises = tree.select("article div.exercise")
        tasks += len(exercises)
        nudges = [
            fold for fold in tree.select("details.hint") if "nudge" in fold.summary.get_text()
        ]
        assert len(nudges) == 2 * len(exercises)
        assert not tree.select(".solution")
        assert "This is the student edition" in tree.select_one("article").get_text()
    assert tasks == 23


@pytest.mark.full
def test_its_links_lead_somewhere(site, monkeypatch):
    monkeypatch.setattr(test_links, "SITE", site)
    known = [test_links.read, test_links.anchors]
    try:
        for each in known:
            each.cache_clear()
        for file in sorted(site.rglob("*.html")):
            page, found = file.relative_to(site).as_posix(), []
            for _, address in test_links.links(page):
                if fault := test_links.wrong(page, address):
                    found.append((address, fault))
            assert found == [], page
    finally:
        for each in known:
            each.cache_clear()


MARKDOWN = """# Title

Words.

````{solution} ex-1
:class: dropdown
Secret.

```python
secret
```
````

More.
"""


def test_a_solution_is_taken_out_with_all_that_is_in_it():
    kept = without_solutions(MARKDOWN, ".md")
    assert kept == f"# Title\n\n{NOTE}\n\nWords.\n\nMore.\n"


def test_a_page_without_solutions_stays_as_it_is():
    for page, suffix in ("# Title\n\nWords.\n", ".md"), ('{"cells": [], "metadata": {}}', ".ipynb"):
        if suffix == ".ipynb":
            cell = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# Title"]}
            page = json.dumps({"cells": [cell], "metadata": {}})
        assert without_solutions(page, suffix) == page


def test_a_page_that_is_a_solution_keeps_its_title():
    kept = without_solutions("---\nsolution: true\n---\n\n" + MARKDOWN, ".md")
    assert kept == f"# Title\n\n{NOTE}\n"


def test_packages_that_hold_the_solutions_are_not_shipped(site):
    assert not (site / "_python").exists()
    assert "python-runtime" not in (site / "notebooks/1_backprop.html").read_text(encoding="utf-8")
