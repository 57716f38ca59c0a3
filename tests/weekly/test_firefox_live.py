"""Cells that run in the page, in Firefox: what they say, how they are stopped, checked and kept."""

import base64
import io
import sys
from time import monotonic, sleep

import nbformat
import notebook_outputs
import pytest
from built_site import CHAPTERS, SITE
from PIL import Image

sys.path.append(str(notebook_outputs.ROOT / "tests" / "site"))  # for what Chromium is asked
from test_live import POINTS
from test_live_chapters import printed, sanitized
from test_live_exercises import CHECKED, MISTAKES, same, sentences, solution
from test_live_offline import PAGE, vanish

from book_extensions import stubs
from homework import tasks
from tools.browser import firefox
from tools.browser.server import Compressing, serving

PATIENCE = 1200  # seconds for a chapter, on a busy machine


@pytest.fixture(scope="module")
def tab():
    with firefox.firefox(local=True) as tab:
        yield tab


@pytest.fixture(autouse=True)
def nothing_outside(tab):
    """All that a test asks for is on this machine; other addresses lead nowhere (firefox.py)."""
    tab.seen["requests"].clear()
    yield
    assert tab.seen["requests"]
    allowed = ("http://127.0.0.1:", "blob:", "data:", "about:")
    assert [url for url in tab.seen["requests"] if not url.startswith(allowed)] == []


def wait(tab, function, *arguments):
    """Return what a function in the page gives, as soon as it gives something."""
    until = monotonic() + PATIENCE
    while not (found := tab.evaluate(function, *arguments)):
        assert monotonic() < until, f"in vain: {function}"
        sleep(0.2)
    return found


WRITE = """(id, text) => {
    const cell = document.querySelector(`.cell[data-cell="${id}"]`);
    const edit = cell.querySelectorAll(".live-bar button")[1];
    if (!edit.hidden) edit.click();
    const area = cell.querySelector("textarea");
    area.value = text;
    area.dispatchEvent(new Event("input"));
}"""
PRESS = """(id, label) => {
    const cell = document.querySelector(`.cell[data-cell="${id}"]`);
    cell.dataset.runs = 0;
    const buttons = [...cell.querySelectorAll(".live-bar button")];
    buttons.find((each) => each.textContent === label).click();
}"""
SAID = """(id) => {
    const cell = document.querySelector(`.cell[data-cell="${id}"]`);
    return cell.dataset.runs !== "0" && cell.querySelector(".live-output").textContent;
}"""
NOTE = """(id, what) =>
    document.querySelector(`.cell[data-cell="${id}"] .live-note`).textContent.includes(what)"""
SHOWS = """(id) => {
    const cell = document.querySelector(`.cell[data-cell="${id}"]`);
    return [cell.querySelector(".cell_input pre").textContent, cell.matches(".live-changed")];
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


def says(tab, identity, text, button="Check"):
    """Type a text into a cell and run it; return what it shows then."""
    tab.evaluate(WRITE, identity, text)
    tab.evaluate(PRESS, identity, button)
    return wait(tab, SAID, identity)


def test_an_answer_is_checked(tab, site):
    tab.goto(site + CHAPTERS[0])
    right = solution(tasks.TASKS["1b"])
    assert "grad += " in right
    wrong = right.replace("grad += ", "grad = ")
    assert "replaced where it should be increased" in says(tab, "check-1b", wrong)
    assert "1b is right." in says(tab, "check-1b", right)


@pytest.mark.parametrize("page, least", [(CHAPTERS[0], 10), (CHAPTERS[1], 7)])
def test_mistakes_get_their_sentences(tab, site, page, least):
    tab.goto(site + page)
    known = sentences()
    places = {about["task"]: identity for identity, about in CHECKED[page].items()}
    wrong = [each for each in MISTAKES if each[1].label in places]
    wrong = wrong[:: max(1, len(wrong) // 14)]  # of all tasks; Chromium is asked about all
    assert len(wrong) >= least
    for name, task, files in wrong:
        said = says(tab, places[task.label], files[task.file])
        assert same(said, known[name]), (name, said)


def test_stop_ends_a_loop_that_never_ends_and_python_comes_back(tab, site):
    tab.goto(site + CHAPTERS[0])
    assert says(tab, "increment-check", "print(6 * 7)", "Run").strip() == "42"
    tab.evaluate(WRITE, "increment-check", "while True:\n    pass")
    tab.evaluate(PRESS, "increment-check", "Run")
    sleep(1)  # the loop turns
    tab.evaluate(PRESS, "increment-check", "Stop")
    assert tab.evaluate(NOTE, "increment-check", "All variables are gone")
    assert says(tab, "increment-check", "print(6 * 7)", "Run").strip() == "42"


def test_edits_are_kept_and_reset_takes_them_back(tab, site):
    tab.goto(site + CHAPTERS[0])
    tab.evaluate(PRESS, "increment-check", "Reset")  # what the test above has left
    book, changed = tab.evaluate(SHOWS, "increment-check")
    assert not changed
    tab.evaluate(WRITE, "increment-check", "kept = 1")
    tab.goto(site + CHAPTERS[1])
    tab.goto(site + CHAPTERS[0])
    assert tab.evaluate(SHOWS, "increment-check") == ["kept = 1\n", True]
    tab.evaluate(PRESS, "increment-check", "Reset")
    assert tab.evaluate(SHOWS, "increment-check") == [book, False]
    tab.goto(site + CHAPTERS[0])
    assert tab.evaluate(SHOWS, "increment-check") == [book, False]


# Gives a figure a file, as its button does.
GIVE = """(name, title, content) => {
    const figure = document.getElementById(name), given = new DataTransfer();
    const bytes = Uint8Array.from(atob(content), (each) => each.charCodeAt(0));
    given.items.add(new File([bytes], title));
    const input = figure.querySelector("input[type=file]");
    input.files = given.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
}"""
ALIVE = """(name) => {
    const figure = document.getElementById(name);
    figure.scrollIntoView({ behavior: "instant" });
    if (figure.dataset.alive === "") explorers.get(name).load();
    return figure.dataset.alive === "" && Boolean(explorers.get(name).data) &&
        Boolean(figure.querySelector("input[type=file]"));
}"""
CAPTION = """(name, start) => {
    const figure = document.getElementById(name);
    const text = figure.querySelector("figcaption").textContent;
    return figure.getAttribute("aria-busy") !== "true" && text.startsWith(start) && text;
}"""


def give(tab, name, title, content):
    wait(tab, ALIVE, name)
    tab.evaluate(GIVE, name, title, base64.b64encode(content).decode())


def test_a_readers_own_points_are_clustered(tab, site):
    tab.goto(site + CHAPTERS[1])
    give(tab, "kmeans-steps", "mine.csv", POINTS)
    report = (
        """(name) => document.getElementById(name).querySelector(".explorer-report")?.textContent"""
    )
    until = monotonic() + PATIENCE
    while "mine.csv: 60 points." not in (wait(tab, report, "kmeans-steps") or ""):
        assert monotonic() < until
        sleep(0.2)
    dots = """() => [...document.querySelectorAll("#kmeans-steps svg .glides")].filter(
        (each) => each.checkVisibility()).map((each) => each.querySelectorAll("circle").length)"""
    assert tab.evaluate(dots) == [60]


def test_a_readers_own_photo_gets_its_colors(tab, site):
    photo = Image.new("RGB", (60, 40), (250, 250, 250))
    photo.paste((250, 10, 20), (0, 0, 20, 40))
    photo.paste((10, 20, 240), (50, 0, 60, 40))
    file = io.BytesIO()
    photo.save(file, "PNG")
    tab.goto(site + CHAPTERS[1])
    give(tab, "photo-colors", "mine.png", file.getvalue())
    caption = wait(tab, CAPTION, "photo-colors", "Your photo at 60 × 40 pixels")
    assert "has 3 colors" in caption and "1.58 bits per pixel" in caption


CLEAR = """() => Boolean(document.getElementById("live-clear"))"""
RAN = """(id) => {
    const cell = document.querySelector(`.cell[data-cell="${id}"]`);
    return cell.dataset.runs !== "0" && [cell.querySelectorAll(".live-error").length];
}"""
FIRST = """() => document.querySelector(".cell[data-cell]").dataset.cell"""


def test_a_page_that_was_run_works_without_its_server(tab, monkeypatch):
    with serving(SITE, "/course/hw3/") as site:
        tab.goto(site + PAGE)
        assert tab.evaluate("() => caches.keys()") == []
        cell = tab.evaluate(FIRST)
        tab.evaluate(PRESS, cell, "Run")
        assert wait(tab, RAN, cell) == [0]
        wait(tab, CLEAR)
        monkeypatch.setattr(Compressing, "send_head", vanish)
        with pytest.raises(RuntimeError):  # nobody answers
            tab.goto(site + "notebooks/choosing_k.html")
        tab.goto(site + PAGE)
        tab.evaluate(PRESS, cell, "Run")
        assert wait(tab, RAN, cell) == [0]
