"""The cells of each chapter run in the page: what they import is there, and they say the same."""

import configparser
import re

import nbformat
import notebook_outputs
import pytest
from built_site import ALL_OF, CHAPTERS, open_folds

from book_extensions import live, stubs

SANITIZE = configparser.ConfigParser(interpolation=None)
SANITIZE.read(notebook_outputs.ROOT / "tests" / "nbval_sanitize.cfg")


def sanitized(text):
    """Text as nbval compares it, whatever its spaces."""
    for rule in SANITIZE.sections():
        text = re.sub(SANITIZE[rule]["regex"], SANITIZE[rule]["replace"], text)
    return text.split()


def printed(cell):
    """What a cell has stored as text."""
    texts = []
    for output in cell.outputs:
        data = output.get("data", {})
        plain = {"text/html", "text/markdown", "image/png"}.isdisjoint(data)
        texts += [output.get("text", "") or (data.get("text/plain", "") if plain else "")]
        texts += re.findall(r"```\w*\n(.*?)\n```", data.get("text/markdown", ""), re.DOTALL)
    return "\n".join(texts)


@pytest.mark.parametrize("page", CHAPTERS)
def test_first_cell_runs(chromium, site, page):
    context = chromium.new_context()
    context.set_default_timeout(60_000)  # a busy machine
    context.route(lambda url: not url.startswith(site), lambda route: route.abort())
    tab = context.new_page()
    tab.goto(site + page)
    cell = tab.locator(".cell[data-cell]").first
    open_folds(tab)
    assert "import numpy" in cell.locator("pre").first.text_content()
    cell.get_by_role("button", name="Run", exact=True).click()
    # Python loads numbers first, misses a package, loads pictures, and runs the cell again
    cell.and_(tab.locator('[data-runs="1"]')).wait_for()
    assert cell.locator(".live-error").all_text_contents() == []
    stored = cell.locator(".cell_output pre").all_text_contents()
    shown = cell.locator(".live-output pre").all_text_contents()
    assert [text.split() for text in shown] == [text.split() for text in stored]
    context.close()


OTHERS = [p for p in ALL_OF if p not in CHAPTERS and p.removesuffix(".html") not in live.NOT_HERE]


@pytest.mark.timeout(1800)  # whole chapters, on a busy machine
@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=pytest.mark.full) for page in CHAPTERS]
    + [pytest.param(page, marks=pytest.mark.weekly) for page in OTHERS],
)
def test_all_cells_say_what_is_stored(chromium, site, page):
    book = nbformat.read(notebook_outputs.ROOT / page.replace("html", "ipynb"), 4)
    exercises = stubs.exercises(book.cells)
    context = chromium.new_context()
    context.set_default_timeout(1_500_000)
    context.route(lambda url: not url.startswith(site), lambda route: route.abort())
    tab = context.new_page()
    tab.goto(site + page)
    tab.get_by_role("button", name="Run all").click()
    tab.wait_for_function("""() => !document.querySelector(".cell[aria-busy=true]")""")
    seen = {}
    for cell in book.cells:
        place = tab.locator(f'.cell[data-cell="{cell.id}"]')
        if cell.cell_type != "code" or cell.id in exercises or not place.count():
            continue
        assert place.locator(".live-error").all_text_contents() == [], cell.id
        assert int(place.get_attribute("data-runs") or 0) >= 1, cell.id
        shown = "\n".join(place.locator(".live-output pre").all_text_contents())
        assert sanitized(shown) == sanitized(printed(cell)), cell.id
        seen[cell.id] = shown
    assert sum(map(bool, seen.values())) >= (4 if page in CHAPTERS else 1)
    context.close()
