"""One visit to each page in Chromium, from the disk, with all network closed.

A page is opened once. Each of the tests below looks at one thing that was seen on the way.
"""

from types import SimpleNamespace

import axe
import pytest
from built_site import ALL_OF, PAGES, SITE, lay_out, open_folds, visit


@pytest.fixture(scope="module", params=PAGES)
def seen(request, chromium):
    """What is seen of a page: at first, in a narrow window, with all open."""
    context = chromium.new_context(offline=True, viewport={"width": 1280, "height": 900})
    tab = visit(context, request.param)
    seen = SimpleNamespace(page=request.param)
    seen.faulty_formulas = tab.locator("merror, .math > code").count()
    seen.explorers = tab.locator("figure.explorer[id]").evaluate_all("all => all.map(f => f.id)")
    lay_out(tab)
    open_folds(tab)
    axe.resize(tab, 390)
    seen.width = tab.evaluate("document.documentElement.scrollWidth")
    axe.resize(tab, 1280)
    vars(seen).update({what: list(told) for what, told in tab.seen.items()})  # axe asks for more
    seen.violations = axe.violations(tab)
    context.close()
    return seen


def test_nothing_is_logged_and_nothing_fails_to_load(seen):
    assert seen.console == [] and seen.failed == []  # a breach of the policy would be logged


def test_nothing_is_asked_of_other_sites(seen):
    assert [u for u in seen.requests if not u.startswith((SITE.as_uri(), "data:"))] == []


def test_every_formula_is_one(seen):
    assert seen.faulty_formulas == 0


def test_nothing_sticks_out_on_a_phone(seen):
    assert seen.width <= 390


def test_axe_finds_nothing(seen):
    assert seen.violations == []


def test_every_explorer_is_on_its_page(seen):
    if seen.page in ALL_OF:
        assert sorted(seen.explorers) == sorted(ALL_OF[seen.page])
