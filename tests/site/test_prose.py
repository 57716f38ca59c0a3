"""How the book is written: lengths of sentences are counted right, and words to avoid are found."""

import re
import subprocess
import sys

import notebook_outputs
import pytest

from tools import prose

ROOT = notebook_outputs.ROOT
TEXTS = [
    *ROOT.glob("*.md"),
    *ROOT.glob("book/*.md"),
    *(path for path in ROOT.glob("docs/*.md") if path.name != "words.md"),  # it lists what to avoid
    *ROOT.glob("homework/*.md"),
]
CODE = sorted([*ROOT.glob("homework/**/*.py"), *ROOT.glob("hwlib/**/*.py")])
READ = [path for path in prose.PAGES if path.name != "references.md"]  # the pages of the book

PAGE = """\
# A title is not counted

**On paper.** You compute $x$ and `y` here. It is

$$
x = 1 ,
$$

as you see. {term}`Ties <tie>` are rare {cite}`lloyd1982`!

| a table | is not counted. |
|---|---|
| nor | is this. |

```{admonition} Nor is this title
:class: dropdown answer right
Yes, it has 3 words more.

- This is an item
```

```python
code = "is not. Counted."
```
"""


def test_sentences_are_counted():
    found = list(prose.markdown(PAGE))
    said = [each for passage in found if passage.counted for each in prose.sentences(passage.text)]
    assert said == [
        "You compute f(x) and code here.",
        "It is f(x) as you see.",
        "Ties are rare !",
        "Yes, it has 3 words more.",
        "This is an item",
    ]
    counted = prose.count(found)
    assert (counted.words, counted.sentences, counted.longest) == (6 + 6 + 3 + 6 + 4, 5, said[0])
    assert counted.average == 5
    titles = [passage.text for passage in found if not passage.counted]
    assert "A title is not counted" in titles and "Nor is this title" in titles


def test_a_formula_that_ends_with_a_full_stop_ends_its_sentence():
    found = prose.count(prose.markdown("So you have\n\n$$\na = b .\n$$\n\nThen go on."))
    assert (found.words, found.sentences) == (4 + 3, 2)


def test_cells_of_a_notebook_are_named():
    path = notebook_outputs.NOTEBOOKS[0]
    names = {passage.where for passage in prose.passages(path)}
    cells = {cell.id for cell in notebook_outputs.read(path).cells if cell.cell_type == "markdown"}
    assert names >= cells


def test_the_command_prints_a_table_or_the_turns(tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("# Title\n\nIt hangs on the seed. You see it at once.\n", encoding="utf-8")
    prose.main([str(page)])
    assert capsys.readouterr().out.splitlines()[-1] == (
        "| page | 10 | 2 | 5.0 | 5: It hangs on the seed. |"
    )
    prose.main(["--turns", str(page)])
    assert (
        capsys.readouterr().out
        == "page.md 3: … It hangs on the seed. You see it at once. …  (depends on)\n"
    )
    with pytest.raises(SystemExit, match="gone.md cannot be read"):
        prose.main([str(tmp_path / "gone.md")])


@pytest.mark.parametrize(
    "text, instead",
    [
        ("It can also be had in a terminal.", "say who does it: you can ..."),
        ("The result is no number.", "is not a"),
        ("Take the gradient by a.", "with respect to"),
        ("It hangs on the seed.", "depends on"),
        ("About 43 % are left.", "no space before %"),
        ("The neighbour has another colour.", "American spelling"),
    ],
)
def test_turns_are_found(text, instead):
    assert instead in [found for _, _, found in prose.turns(prose.markdown(text))]


@pytest.mark.parametrize(
    "text", ["There is no such file.", "It is no longer there.", "By hand, it is 43%."]
)
def test_plain_words_are_not_found(text):
    assert list(prose.turns(prose.markdown(text))) == []


@pytest.mark.parametrize(
    "path",
    [*TEXTS, *notebook_outputs.NOTEBOOKS, *CODE],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_texts_use_no_turn_to_avoid(path):
    assert list(prose.turns(prose.passages(path))) == []


@pytest.mark.parametrize("path", READ, ids=lambda path: path.stem)
def test_sentences_end_where_a_semicolon_wants_to_stand(path):
    counted = [passage for passage in prose.passages(path) if passage.counted]
    unquoted = [re.sub(r"[\"“].*?[\"”]", "", passage.text) for passage in counted]
    assert counted and [text for text in unquoted if ";" in text] == []


@pytest.mark.parametrize("path", READ, ids=lambda path: path.stem)
def test_sentences_are_short(path):
    # docs/words.md: twelve to eighteen words on average, and no page needs more
    assert prose.count(prose.passages(path)).average <= 18


def test_texts_are_spelled_as_in_america():
    # its settings, with the list of British spellings, are in pyproject.toml
    command = [sys.executable, "-m", "codespell_lib", *TEXTS, *CODE]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (found.returncode, found.stdout) == (0, "")


def blocks(notebook):
    """Yield of each paragraph and code cell of a notebook whether it is a self-check."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            yield False
            continue
        answer = r"````\{admonition\}[^\n]*\n:class: dropdown answer.*?\n````"
        text = re.sub(answer, "", cell.source, flags=re.DOTALL)
        for paragraph in filter(str.strip, re.split(r"\n\s*\n", text)):
            yield paragraph.lstrip().startswith("**Self-check.**")


@pytest.mark.parametrize("path", notebook_outputs.NOTEBOOKS, ids=lambda path: path.stem)
def test_at_most_two_self_checks_stand_in_a_row(path):
    found = list(blocks(notebook_outputs.read(path)))
    assert any(found)
    assert not any(all(found[i : i + 3]) for i in range(len(found) - 2))
