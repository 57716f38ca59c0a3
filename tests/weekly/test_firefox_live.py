"""Cells that run in the page, in Firefox: they say what is stored, and tasks are checked."""

import sys
from time import monotonic, sleep

import nbformat
import notebook_outputs
import pytest
from built_site import CHAPTERS

sys.path.append(str(notebook_outputs.ROOT / "tests" / "site"))  # for what Chromium is asked
from test_live_chapters import printed, sanitized
from test_live_exercises import solution

from book_extensions import stubs
from homework import tasks
from tools.browser import firefox

PATIENCE = 1200  # seconds for a chapter, on a busy machine


@pytest.fixture(scope="module")
def tab():
    with firefox.firefox(local=True) as tab:
        yield tab


def wait(tab, function, *arguments):
    """Return what a function in the page gives, as soon as it gives something."""
    until = monotonic() + PATIENCE
    while not (found := tab.evaluate(function, *arguments)):
        assert monotonic() < until, f"in vain: {function}"
        sleep(0.2)
    return found


TYPE = """(id, text) => {
    const cell = document.querySelector(`.cell[data-cell="${id}"]`);
    const [run, edit] = cell.querySelectorAll(".live-bar button");
    if (!edit.hidden) edit.click();
    const area = cell.querySelector("textarea");
    area.value = text;
    area.dispatchEvent(new Event("input"));
    cell.dataset.runs = 0;
    run.click();
}"""
SAID = """(id) => {
    const cell = document.querySelector(`.cell[data-cell="${id}"]`);
    return cell.dataset.runs !== "0" && cell.querySelector(".live-output").textContent;
}"""
CELLS = """() => !document.querySelector(".cell[aria-busy=true]") &&
    [...document.querySelectorAll(".cell[data-cell]")].map((cell) => [cell.dataset.cell, {
        runs: Number(cell.dataset.runs ?? 0),
        errors: [...cell.querySelectorAll(".live-error")].map((each) => each.textContent),
        shown: [...cell.querySelectorAll(".live-output pre")].map((each) => each.textContent),
    }])"""


@pytest.mark.timeout(PATIENCE + 60)
@pytest.mark.parametrize("page", CHAPTERS)
def test_all_cells_say_what_is_stored(tab, site, page):
    book = nbformat.read(notebook_outputs.ROOT / page.replace("html", "ipynb"), 4)
    exercises = stubs.exercises(book.cells)
    tab.goto(site + page)
    tab.evaluate("""() => [...document.querySelectorAll(".live-page button")]
        .find((button) => button.textContent === "Run all").click()""")
    seen = dict(wait(tab, CELLS))
    compared = 0
    for cell in book.cells:
        if cell.cell_type != "code" or cell.id in exercises or cell.id not in seen:
            continue
        found = seen[cell.id]
        assert found["errors"] == [] and found["runs"] >= 1, cell.id
        assert sanitized("\n".join(found["shown"])) == sanitized(printed(cell)), cell.id
        compared += bool(found["shown"])
    assert compared >= 4


def test_an_answer_is_checked(tab, site):
    tab.goto(site + CHAPTERS[0])
    right = solution(tasks.TASKS["1b"])
    assert "grad += " in right
    tab.evaluate(TYPE, "check-1b", right.replace("grad += ", "grad = "))
    assert "replaced where it should be increased" in wait(tab, SAID, "check-1b")
    tab.evaluate(TYPE, "check-1b", right)
    assert "1b is right." in wait(tab, SAID, "check-1b")
