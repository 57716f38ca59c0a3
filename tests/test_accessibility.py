"""The built site for everyone: axe-core in every state, keyboard, screen reader, zoom, spacing."""

import re

import browser
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from test_site import CHAPTERS, HOME, PAGES, SITE

THEMES = ["light", "dark"]
WIDTHS = [390, 768, 1280]


@pytest.fixture(scope="module")
def chromium():
    with browser.chromium() as chromium:
        yield chromium


@pytest.fixture
def context(chromium):
    context = chromium.new_context(offline=True, viewport={"width": 1280, "height": 900})
    yield context
    context.close()


def visit(context, page):
    """Open a page of the site and lay it out to its end, as one who has looked through it has it."""
    tab = context.new_page()
    tab.goto((SITE / page).as_uri())
    tab.evaluate("document.fonts.ready.then(() => null)")
    tab.evaluate("""document.querySelectorAll(".bd-article > section > section").forEach(
        (section) => (section.style.contentVisibility = "visible"))""")
    return tab


def open_folds(tab):
    """Open every fold of a page."""
    tab.evaluate("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")
    tab.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


def move_a_slider(tab):
    """Move the first slider of a page, if it has one, and wait for the frame."""
    sliders = tab.locator("figure.explorer input:visible")
    if sliders.count():
        figure = sliders.first.locator("xpath=ancestor::figure").get_attribute("id")
        sliders.first.press("ArrowRight")
        tab.wait_for_function("name => explorers.get(name).data", arg=figure)


# ---- axe-core -------------------------------------------------------------------------------

OPTIONS = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    # a button is called what is read on it: axe has this among its experiments
    "rules": {"label-content-name-mismatch": {"enabled": True}},
    "resultTypes": ["violations"],
}

# A chapter has up to six thousand words of code and signs of formulas, each an element, in a few
# colours; axe's time grows with the square of the number of elements. A formula after the first of
# its colour, ground and size becomes a box of the same size, a word of code plain text of the same
# colour. Nothing that a rule looks at is lost by it: the first of each kind stays, and tables' and
# boxes' measures too.
KEEP_ONE_OF_A_KIND = """() => {
    const seen = new Set(), grounds = new Map();
    const ground = (each) => {
        if (!each) return "";
        if (!grounds.has(each)) {
            const { backgroundColor, backgroundImage, opacity } = getComputedStyle(each);
            grounds.set(each, ground(each.parentElement) + backgroundColor + backgroundImage + opacity);
        }
        return grounds.get(each);
    };
    const again = (each) => {
        const { color, fontSize, fontWeight } = getComputedStyle(each);
        const kind = [each.localName, color, fontSize, fontWeight, ground(each)].join();
        return seen.size === seen.add(kind).size;
    };
    const formulas = [...document.querySelectorAll("math")].filter(again);
    const sizes = formulas.map((each) => each.getBoundingClientRect());
    const words = [...document.querySelectorAll("pre span")].filter(again);
    formulas.forEach((each, i) => {
        const box = document.createElement("span");
        box.style.cssText = `display: inline-block; width: ${sizes[i].width}px; height: ${sizes[i].height}px`;
        each.replaceWith(box);
    });
    for (const each of words) each.replaceWith(...each.childNodes);
}"""

FIND = """async (options) => {
    const { violations } = await axe.run(options);
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html, any, all, none }) =>
        [id, html.slice(0, 200), [...any, ...all, ...none].map(({ message }) => message).join()]));
}"""


def found(tab):
    """Return what axe-core finds on a page as it is now."""
    tab.keyboard.press("Tab")  # the boxes that can be scrolled get their place in the order
    tab.evaluate(KEEP_ONE_OF_A_KIND)
    tab.evaluate(AXE_SCRIPT)
    return tab.evaluate(FIND, OPTIONS)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_nothing(chromium, page, theme, width):
    viewport = {"width": width, "height": 900}
    context = chromium.new_context(offline=True, viewport=viewport, color_scheme=theme)
    assert found(visit(context, page)) == []
    tab = visit(context, page)
    open_folds(tab)
    move_a_slider(tab)
    assert found(tab) == []
    context.close()
