"""The first cell of each chapter runs in the page: all that it imports is there."""

import pytest
from built_site import CHAPTERS


@pytest.mark.parametrize("page", CHAPTERS)
def test_first_cell_runs(chromium, site, page):
    context = chromium.new_context()
    context.set_default_timeout(60_000)  # a busy machine
    context.route(lambda url: not url.startswith(site), lambda route: route.abort())
    tab = context.new_page()
    tab.goto(site + page)
    cell = tab.locator(".cell[data-cell]").first
    tab.evaluate("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")
    assert "import numpy" in cell.locator("pre").first.text_content()
    cell.get_by_role("button", name="Run", exact=True).click()
    # Python loads numbers first, misses a package, loads pictures, and runs the cell again
    cell.and_(tab.locator('[data-runs="1"]')).wait_for()
    assert cell.locator(".live-error").all_text_contents() == []
    stored = cell.locator(".cell_output pre").all_text_contents()
    shown = cell.locator(".live-output pre").all_text_contents()
    assert [text.split() for text in shown] == [text.split() for text in stored]
    context.close()
