"""book_extensions/exercises.py on small pages of its own."""

import io

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx

QUESTION = "**Self-check.** What is $1 + 1$?\n\n"


def answer(title, kind, feedback="Because."):
    return f"```{{admonition}} {title}\n:class: dropdown answer {kind}\n{feedback}\n```\n\n"


RIGHT, WRONG = answer("Two", "right"), answer("Three", "wrong")


def build(folder, page):
    """Build a page; return its article and the warnings about it."""
    folder.joinpath("index.md").write_text("# Page\n\n" + page)
    options = {
        "extensions": ["myst_nb", "sphinx_exercise", "book_extensions.exercises"],
        "html_theme": "sphinx_book_theme",
        "myst_enable_extensions": ["dollarmath"],
    }
    out, warnings = folder / "out", io.StringIO()
    args = [folder, None, out, out / "trees", "html", options, None, warnings]
    Sphinx(*args, freshenv=True).build()
    tree = BeautifulSoup((out / "index.html").read_text(encoding="utf-8"), "html.parser")
    # others speak of extensions that are set up twice in one process
    warned = [line for line in warnings.getvalue().splitlines() if "index.md" in line]
    return tree.select_one("article"), "\n".join(warned)


def test_self_checks_become_groups(tmp_path):
    maths = answer("$2$", "right")
    table = "| a | b |\n|---|---|\n| 1 | 2 |\n\n"
    page = QUESTION + WRONG + RIGHT + "Words between.\n\n" + QUESTION + table + maths + WRONG
    article, warnings = build(tmp_path, page)
    assert warnings == ""
    first, second = article.select("div.self-check[role=group]")
    assert [each.name for each in first.find_all(recursive=False)] == ["p", "details", "details"]
    assert second.select("table") and len(second.select("details.fold.answer")) == 2
    for group in (first, second):
        assert group["aria-labelledby"] == group.p["id"]
    assert first.p["id"] != second.p["id"]
    # feedback is read out when it opens, unless maths in the title would be when the page loads
    live = [fold.get("aria-live") for fold in article.select("details")]
    assert live == ["polite", "polite", None, "polite"]
    assert [verdict.get_text() for verdict in first.select(".verdict")] == ["wrong", "right"]


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (QUESTION + WRONG + WRONG, "a self-check needs answers, one of them right"),
        (QUESTION + RIGHT + RIGHT, "a self-check needs answers, one of them right"),
        (QUESTION, "a self-check needs answers, one of them right"),
        (QUESTION + QUESTION + WRONG + RIGHT, "a self-check needs answers, one of them right"),
        ("A paragraph.\n\n" + RIGHT + WRONG, 'an answer without a paragraph "Self-check."'),
    ],
)
def test_self_check_that_cannot_be_answered_stops_the_build(tmp_path, page, message):
    _, warnings = build(tmp_path, page)
    assert f"WARNING: {message}" in warnings


def test_exercises_and_folds(tmp_path):
    exercise = "```{exercise} 1x — a task\n:label: ex-1x\n:nonumber:\n(2 points) Do it.\n```\n\n"
    hint = "```{admonition} First nudge\n:class: dropdown hint\nThink.\n```\n\n"
    solution = "```{solution} ex-1x\n:label: sol-1x\n:class: dropdown\nDone.\n```\n\n"
    article, warnings = build(tmp_path, exercise + hint + solution + "```{progress}\n```\n")
    assert warnings == ""
    title = article.select_one("#ex-1x > .admonition-title")
    assert title.get_text() == "Exercise 1x — a task"
    nudge, folded = article.select("details.fold")
    assert nudge["class"] == ["admonition", "fold", "hint"] and not nudge.has_attr("open")
    assert folded["id"] == "sol-1x" and "dropdown" not in folded["class"]
    assert not article.select("#exercise-content, #solution-content")
    row = article.select_one(".progress-list li")
    assert row["data-exercises"] == "ex-1x" and row.output.get_text() == "1 exercise"
    assert row.a.get_text() == "Page"
