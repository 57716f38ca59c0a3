"""A second visit without network: what was used is kept, pages come fresh while there is one."""

import shutil

import pytest
from built_site import SITE
from test_live import cell, finished

from tools.browser.server import Compressing, serving

pytestmark = pytest.mark.full
PAGE = "notebooks/em_bound.html"


@pytest.fixture
def window(chromium):
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(120_000)  # a busy machine
    yield context
    context.close()


@pytest.fixture
def copy(tmp_path):
    """A copy of the site that a test may change."""
    for name in ("_static", "_python", "_frames", "_images"):
        (tmp_path / name).symlink_to(SITE / name)
    (tmp_path / "notebooks").mkdir()
    shutil.copy(SITE / PAGE, tmp_path / PAGE)
    shutil.copy(SITE / "offline.js", tmp_path)
    return tmp_path


def run_first(tab):
    place = cell(tab, tab.locator(".cell[data-cell]").first.get_attribute("data-cell"))
    finished(place, place.get_by_role("button", name="Run", exact=True).click)
    assert place.locator(".live-error").count() == 0


def vanish(handler):
    """Answer nothing, on connections that are open too."""
    handler.close_connection = True


def names(tab):
    return tab.evaluate("caches.keys()")


def test_a_page_that_was_run_works_without_its_server(window, copy, monkeypatch):
    tab = window.new_page()
    with serving(copy, "/course/hw3/") as site:
        tab.goto(site + PAGE)
        assert names(tab) == []  # nothing is kept before the first Run
        run_first(tab)
        tab.get_by_role("button", name="Clear offline copy").wait_for()
        # the page comes from the network as long as there is one
        page = copy / PAGE
        page.write_text(page.read_text(encoding="utf-8").replace("<h1>", "<h1>New: "), "utf-8")
        tab.reload()
        assert tab.locator("h1").first.inner_text().startswith("New: ")
        tab.get_by_role("button", name="Clear offline copy").wait_for()
        monkeypatch.setattr(Compressing, "send_head", vanish)
        tab.reload()
        assert tab.locator("h1").first.inner_text().startswith("New: ")
        run_first(tab)
        tab.get_by_role("button", name="Clear offline copy").click()
        tab.get_by_text("The offline copy is gone.").wait_for()
        assert names(tab) == []
        with pytest.raises(Exception, match="net::ERR"):
            tab.reload()


def test_only_files_of_this_book_are_kept(window, copy):
    tab = window.new_page()
    with serving(copy, "/course/hw3/") as site:
        tab.goto(site + PAGE)
        run_first(tab)
        tab.get_by_role("button", name="Clear offline copy").wait_for()
        kept = tab.evaluate(
            """async () => {
                const cache = await caches.open((await caches.keys())[0]);
                return (await cache.keys()).map(({ url }) => url);
            }"""
        )
        assert site + PAGE in kept and any("_python/numbers-" in url for url in kept)
        assert all(url.startswith(site) for url in kept)
        # a file of an older build goes at the next visit
        tab.evaluate(
            """async () => (await caches.open((await caches.keys())[0])).put(
                new URL("../_python/numbers-old.zip", location.href), new Response("x"))"""
        )
        tab.reload()
        run_first(tab)
        tab.wait_for_function(
            """async () => {
                const cache = await caches.open((await caches.keys())[0]);
                return !(await cache.match(new URL("../_python/numbers-old.zip", location.href)));
            }"""
        )
