"""The page for teachers: its times add up, its quotes are what the checks say, its links hold."""

import html
import re
from urllib.parse import parse_qsl

import notebook_outputs
import pytest

from homework.checks.judges import clustering, em

PAGE = (notebook_outputs.ROOT / "book" / "teaching.md").read_text(encoding="utf-8")
LINKS = re.findall(r'<a href="([^"]*)">', PAGE)
MISTAKES = re.findall(r"^- \*\*.*?(?=^- |^$)", PAGE.partition("## What students")[2], re.M | re.S)
MISTAKES = [each for each in MISTAKES if not re.match(r"- \*\*\d[a-n]", each)]  # how to grade


def flat(text):
    return " ".join(text.split())


@pytest.mark.parametrize("link", LINKS)
def test_links_name_positions_of_sliders(link):
    file, name, state = re.fullmatch(r"\.\./notebooks/(\w+)\.html#([a-z-]+)\??(.*)", link).groups()
    axes = notebook_outputs.figures(notebook_outputs.ROOT / "notebooks" / f"{file}.ipynb")[
        name
    ].axes
    values = parse_qsl(html.unescape(state), strict_parsing=bool(state))
    assert [axis for axis, _ in values] == list(axes)  # all of them, so that nothing is left open
    for axis, value in values:
        assert value in axes[axis], (axis, axes[axis])


def test_each_mistake_has_its_picture_or_says_that_there_is_none():
    assert len(MISTAKES) == 25
    for mistake in MISTAKES:
        assert "<a href=" in mistake or re.search(r"No\s+picture", mistake), mistake


def test_quotes_are_what_the_checks_say():
    said = flat((notebook_outputs.ROOT / "homework" / "mistakes.md").read_text(encoding="utf-8"))
    for table in (em.E_STEP, em.ECLL, em.M_STEP_W, em.M_STEP_PI):
        for sentences in table.values():
            said += flat(" ".join(filter(None, sentences.values())))
    said += flat(" ".join(hint for _, hint in clustering.HARD.values()))
    judge = notebook_outputs.ROOT / "homework" / "checks" / "judges" / "em.py"
    said += flat(judge.read_text(encoding="utf-8"))
    quotes = re.findall(r'(?<!\*)\*"(.*?)"\*', PAGE, re.S)
    assert len(quotes) > 15
    assert [quote for quote in map(flat, quotes) if quote not in said] == []


def test_sessions_take_90_minutes():
    sessions = re.split(r"^### Session", PAGE, flags=re.M)[1:]
    assert len(sessions) == 3
    for session in sessions:
        minutes = re.findall(r"^\| (\d+) \|", session.partition("\n## ")[0], re.M)
        assert sum(map(int, minutes)) == 90


def test_cells_that_are_named_exist():
    code = "\n".join(
        cell.source
        for path in notebook_outputs.NOTEBOOKS
        for cell in notebook_outputs.read(path).cells
        if cell.cell_type == "code"
    )
    named = ["class AssigningMulNode", 'check("1b",', 'check("2a",', "np.prod(factors)"]
    for name in named:
        assert name in PAGE.replace(" ...)", "") and name in code, name


def test_sections_that_are_named_exist():
    named = re.findall(r"chapter (\d), \*([^*]+)\*", PAGE)
    assert len(named) >= 4
    for number, title in named:
        cells = notebook_outputs.read(notebook_outputs.CHAPTERS[int(number) - 1]).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        assert re.search(rf"^##+ {re.escape(title)}$", text, re.MULTILINE), title
