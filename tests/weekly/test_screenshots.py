"""The pages look as they did when somebody last looked at them: `make screenshots` renews that."""

import pytest
import screenshots
from screenshots import ALLOWED, TOLERANCE, VIEWS

from tools import browser

PAGES = screenshots.pages()
CHAPTER = "notebooks/2_kmeans.html"
VIEW = [f"{width}-{theme}" for width, theme in VIEWS]


@pytest.fixture(scope="module")
def chromium():
    with browser.chromium(screenshots.ARGUMENTS) as chromium:
        yield chromium


def changed(name, seen):
    """Return how many blocks of a picture differ from the one that is kept."""
    return int((screenshots.difference(screenshots.load(name), seen) > TOLERANCE).sum())


@pytest.mark.parametrize(("width", "theme"), VIEWS, ids=VIEW)
@pytest.mark.parametrize("page", PAGES)
def test_page_looks_as_it_did(chromium, page, width, theme):
    name = screenshots.name_of(page, theme, width)
    reference = screenshots.load(name)
    assert reference is not None, f"no picture {name}: `make screenshots` takes it"
    context = screenshots.context_of(chromium, theme, width)
    tab = screenshots.settle(context, page)
    check_layout(tab, width)
    seen = screenshots.take(tab, width)
    context.close()
    blocks = changed(name, seen)
    if blocks > ALLOWED:
        path = screenshots.show(reference, seen, name)
        pytest.fail(
            f"{page}, {theme}, {width} pixels wide: {blocks} blocks differ from "
            f"tests/weekly/screenshots/{name}.\nLook at {path.relative_to(screenshots.ROOT)}: "
            "what was kept, what is seen, where they differ.\n"
            "If the new look is meant: `make screenshots`, look at what git says has changed, "
            "and commit it."
        )


def test_no_picture_is_left_over():
    names = {screenshots.name_of(page, theme, width) for page in PAGES for width, theme in VIEWS}
    files = list(screenshots.FOLDER.iterdir())
    assert {file.name for file in files} == names
    assert sum(file.stat().st_size for file in files) < 1.5e6


BOX = "each => (({x, y, width, height}) => [x, y, width, height])(each.getBoundingClientRect())"


def check_layout(tab, width):
    """Assert where the main parts of a page stand, to the pixel."""

    def box(selector):
        return tab.locator(selector).first.evaluate(BOX)

    header, article, sidebar = (
        box(f".bd-{part}") for part in ("header-article", "article-container", "sidebar-primary")
    )
    if width == 1280:  # sidebar, text, and the page's own contents
        assert sidebar[:3] == [0, 0, 256]
        assert header == [256, 0, 752, 48]
        assert article[:3] == [256, 0, 752]
    else:  # the sidebar waits at the left, outside
        assert sidebar[0] + sidebar[2] == 0
        assert header == [0, 0, 390, 56]
        assert article[:3] == [0, 0, 390]
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    outside = tab.locator("article :is(p, img, h1, h2, h3, figure, table)").evaluate_all(
        """(all, width) => all.filter((each) => {
            const { left, right } = each.getBoundingClientRect();
            return right > left && (left < 0 || right > width)
                && !each.closest("pre, .pst-scrollable-table-container, div.math, .output");
        }).map((each) => each.outerHTML.slice(0, 80))""",
        width,
    )
    assert outside == []


# ---- that a fault is found, and only a fault ------------------------------------------------

BREAK = {
    "the style sheet is missing": "document.querySelector('link[href*=\"site.css\"]').remove()",
    "one figure's sliders have moved": """
        document.querySelector("#kmeans-steps .explorer-controls").style.marginLeft = "240px" """,
    "one figure is gone": "document.querySelector('#photo-colors').style.visibility = 'hidden'",
    "one picture is half as wide": "document.querySelector('#kmeans-ends img').style.width = '50%'",
    "the sidebar is gone": "document.querySelector('.bd-sidebar-primary').remove()",
    "text is a tenth larger": "document.querySelector('article').style.fontSize = '110%'",
}


@pytest.mark.parametrize("fault", BREAK)
def test_a_broken_layout_is_seen(chromium, fault):
    context = screenshots.context_of(chromium, "light", 1280)
    tab = screenshots.settle(context, CHAPTER)
    tab.evaluate(f"() => {{ {BREAK[fault]} }}")
    blocks = changed(screenshots.name_of(CHAPTER, "light", 1280), screenshots.take(tab, 1280))
    context.close()
    assert blocks > 5 * ALLOWED  # so that the tolerance is not at its edge


@pytest.mark.parametrize("page", [CHAPTER, "book/notation.html"])
def test_other_smoothing_of_letters_is_no_fault(chromium, page):
    other = ["--disable-lcd-text", "--text-contrast=0.1", "--text-gamma=2.2"]
    arguments = [*browser.ARGUMENTS, *screenshots.ARGUMENTS, *other]
    path = browser.find.find("chromium")
    second = chromium.browser_type.launch(executable_path=path, args=arguments)
    context = screenshots.context_of(second, "light", 1280)
    tab = screenshots.settle(context, page)
    name = screenshots.name_of(page, "light", 1280)
    blocks = changed(name, screenshots.take(tab, 1280))
    second.close()
    assert blocks <= ALLOWED
