"""The built site for everyone: axe-core in every state, keyboard, screen reader, zoom, spacing."""

from collections import Counter

import axe
import built_site
import pytest
from built_site import CHAPTERS, HOME, PAGES, draw, lay_out, open_folds

pytestmark = pytest.mark.full

WIDTHS = [390, 768, 1280]


def visit(context, page):
    """Open a page of the site and lay it out to its end."""
    tab = built_site.visit(context, page)
    lay_out(tab)
    return tab


def move_a_slider(tab):
    """Move the first slider of a page, if it has one, and wait for the frame."""
    sliders = tab.locator("figure.explorer input[type=range]:visible")
    if sliders.count():
        figure = sliders.first.locator("xpath=ancestor::figure").get_attribute("id")
        sliders.first.press("ArrowRight")
        tab.wait_for_function("name => explorers.get(name).data", arg=figure)


def liven(tab):
    """Let every scene draw itself, as it does when a reader comes near."""
    for figure in tab.locator("figure[data-view]").all():
        draw(tab, figure.get_attribute("id"))
    tab.evaluate("scrollTo({ top: 0, behavior: 'instant' })")


# ---- axe-core -------------------------------------------------------------------------------

# What tests/site/test_visit.py has not seen: it looks at all that can be opened, wide and light.


@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_nothing(chromium, page):
    context = chromium.new_context(offline=True, color_scheme="light")
    tab = visit(context, page)
    axe.resize(tab, 768)
    closed = axe.violations(tab)
    context.close()
    context = chromium.new_context(offline=True, color_scheme="dark")
    tab = visit(context, page)
    open_folds(tab)
    move_a_slider(tab)
    axe.resize(tab, 390)
    tab.keyboard.press("Tab")  # boxes that fit this window leave the order of Tab
    assert {"closed": closed, "opened and moved": axe.violations(tab)} == {
        "closed": [],
        "opened and moved": [],
    }
    context.close()


# ---- keyboard -------------------------------------------------------------------------------

# everything that can be operated and is there, in the order of the page
OPERABLE = """() => [
    ...document.querySelectorAll("a[href], button, input, summary, [tabindex='0']")
].filter((each) => each.tabIndex >= 0 && each.checkVisibility({ visibilityProperty: true }))
    .filter((each) => !each.disabled)
    .filter((each) => each.type !== "radio" || each.checked)  // arrow keys lead to the others
"""

FOCUSED = """() => {
    document.getAnimations().forEach((each) => each.finish());
    const each = document.activeElement;
    if (each === document.body) return null;
    // a handle in a scene shows its ring instead, or its frame
    const drawn = each.querySelector(".focus") ?? each.firstElementChild;
    const ring = each.matches(".handle") ? drawn : null;
    const { outlineStyle, outlineWidth } = getComputedStyle(each);
    const { stroke, strokeWidth } = getComputedStyle(ring ?? each);
    // of a link of several lines, what is on its first
    const box = ring?.getBoundingClientRect() ?? each.getClientRects()[0];
    const { left, top, right, bottom } = box ?? each.getBoundingClientRect();
    const [x, y] = [(Math.max(left, 0) + Math.min(right, innerWidth)) / 2,
                    (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2];
    return {
        at: window.operable.indexOf(each),
        tag: each.outerHTML.slice(0, 150),
        outline: outlineStyle === "solid" ? parseFloat(outlineWidth)
            : ring && stroke !== "none" ? parseFloat(strokeWidth) : 0,
        inside: bottom > 0 && top < innerHeight && right > 0 && left < innerWidth,
        scrolls: getComputedStyle(each).overflowX === "auto",
        // handles may stand close together: some of the ring is seen
        covered: !each.getClientRects().length || ![
            [x, y], ...(ring ? [[left + 2, y], [right - 2, y], [x, top + 2], [x, bottom - 2]] : []),
        ].some((point) => around(each, ...point)),
    };
}"""

# what is seen in the middle is the element itself, or a part of it
AROUND = """window.around = (each, x, y) => {
    const seen = document.elementFromPoint(x, y);
    // or what covers it is the reach of another handle, through which it is seen; and what the
    // pointer passes by cannot be told so
    return each.contains(seen) || seen?.contains(each) || seen?.matches("[fill=transparent]")
        || each.closest(".passive");
}"""


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("page", PAGES)
def test_tab_reaches_everything_in_order_and_shows_where_it_is(chromium, page, width):
    viewport = {"width": width, "height": 900}
    context = chromium.new_context(offline=True, viewport=viewport)
    tab = visit(context, page)
    open_folds(tab)
    liven(tab)
    tab.evaluate("document.querySelector('.download-menu')?.removeAttribute('open')")
    tab.keyboard.press("Tab")  # now boxes that scroll have their place
    tab.evaluate(f"window.operable = ({OPERABLE})(); {AROUND}; null")
    count = tab.evaluate("operable.length")
    assert count >= 5
    reached = []
    for _ in range(count + 1):
        focused = tab.evaluate(FOCUSED)
        if focused is None:
            break
        reached.append(focused.pop("at"))
        assert focused["outline"] >= 2 and focused["inside"] and not focused["covered"], focused
        tab.keyboard.press("Tab")
        if focused.pop("scrolls") and reached[-1] < 0:
            reached.pop()  # a sentence with a wide formula: Chromium lets keys scroll it
    assert reached == list(range(count))
    context.close()


def test_boxes_that_scroll_are_known_when_the_sidebar_has_gone(context):
    tab = visit(context, "notebooks/5_map_reduce.html")
    boxes = tab.locator("pre")
    scroll = "all => all.map((each) => each.scrollWidth > each.clientWidth)"
    reached = "all => all.map((each) => each.tabIndex === 0)"
    before = boxes.evaluate_all(scroll)
    tab.keyboard.press("Tab")
    assert boxes.evaluate_all(reached) == before
    tab.evaluate("document.querySelector('.bd-sidebar-primary').style.display = 'none'")
    tab.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    tab.keyboard.press("Tab")
    assert boxes.evaluate_all(reached) == boxes.evaluate_all(scroll) != before


@pytest.mark.parametrize("page", PAGES)
def test_first_tab_skips_to_the_content(context, page):
    tab = visit(context, page)
    tab.keyboard.press("Tab")
    link = tab.get_by_role("link", name="Skip to main content")
    assert link.evaluate("link => link === document.activeElement")
    tab.evaluate("document.getAnimations().forEach((each) => each.finish())")
    assert link.bounding_box()["y"] >= 0  # it is seen
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_folds_open_by_keyboard(context):
    tab = visit(context, CHAPTERS[0])
    for kind in ("hint", "solution", "answer"):
        fold = tab.locator(f"details.{kind}").first
        for key, is_open in (("Enter", True), ("Space", False)):
            fold.locator("summary").press(key)
            assert fold.evaluate("fold => fold.open") is is_open


# ---- screen readers -------------------------------------------------------------------------


def exposed(tab):
    """Return role and name of each node of a page's accessibility tree."""
    nodes = tab.context.new_cdp_session(tab).send("Accessibility.getFullAXTree")["nodes"]
    return [
        (node["role"]["value"], node.get("name", {}).get("value", ""))
        for node in nodes
        if not node["ignored"]
    ]


@pytest.mark.parametrize("page", CHAPTERS)
def test_sliders_say_their_name_and_value(context, page):
    tab = visit(context, page)
    sliders = tab.locator(".explorer-controls input[type=range]:visible")
    labels = sliders.evaluate_all("all => all.map((each) => each.labels[0].textContent)")
    named = Counter(name for role, name in exposed(tab) if role == "slider")
    assert (
        Counter(labels) <= named and "" not in named
    )  # what a scene's hand takes hold of is one too
    assert labels and all(labels)
    # Chromium's tree gives the position on the slider here; screen readers are given the text
    texts, values = "all => all.map((each) => each.ariaValueText)", tab.locator("output[for]")
    before = sliders.evaluate_all(texts)
    assert before == values.all_inner_texts() and all(before)
    move_a_slider(tab)
    assert sliders.evaluate_all(texts) == values.all_inner_texts() != before


@pytest.mark.parametrize("page", [*CHAPTERS, "notebooks/5_map_reduce.html", "book/answers.html"])
def test_figures_say_what_they_show(context, page):
    tab = visit(context, page)
    open_folds(tab)
    for figure in tab.locator("figure.explorer").all():
        caption = figure.locator("figcaption")
        if figure.get_attribute("data-view"):
            svg = figure.locator(".explorer-stage svg:visible").first
            assert len(svg.get_attribute("aria-label")) > 10
            continue
        text = figure.locator("img").get_attribute("alt")
        assert len(text) > 30  # a sentence, with the numbers
        assert caption.text_content().strip().startswith(text)
        if figure.locator("input").count():
            assert caption.get_attribute("aria-live") == "polite"
    for image in tab.locator("article img").all():
        assert len(image.get_attribute("alt")) > 30


@pytest.mark.parametrize("page", PAGES)
def test_formulas_are_in_the_accessibility_tree(context, page):
    tab = visit(context, page)
    open_folds(tab)
    shown = tab.locator("math").evaluate_all(
        "all => all.filter((each) => each.checkVisibility()).length"
    )
    assert [role for role, _ in exposed(tab)].count("MathMLMath") == shown
    if page in CHAPTERS:
        assert shown > 100


# ---- motion, zoom, spacing, size ------------------------------------------------------------


def test_nothing_moves_by_itself_for_who_wants_no_motion(chromium):
    context = chromium.new_context(offline=True, reduced_motion="reduce")
    tab = visit(context, CHAPTERS[2])
    figure = tab.locator("figure#em-digits")
    slider, button = figure.locator("#em-digits-step"), figure.locator(".explorer-controls button")
    slider.press("Home")
    assert button.inner_text() == "Step"
    tab.clock.install()
    for step in (1, 2):
        button.click()
        assert slider.input_value() == str(step)
        tab.clock.run_for(5000)
        assert slider.input_value() == str(step) and button.inner_text() == "Step"
    styles = tab.evaluate("""[...document.querySelectorAll("*")].map((each) => {
        const { scrollBehavior, transitionDuration, animationName } = getComputedStyle(each);
        return `${scrollBehavior} ${transitionDuration} ${animationName}`;
    })""")
    assert set(styles) == {"auto 0s none"}
    context.close()


@pytest.mark.parametrize("page", PAGES)
def test_zoom_of_400_percent_loses_nothing(chromium, page):
    # a window of 1280 x 1024, zoomed: WCAG 2.2, 1.4.10
    context = chromium.new_context(offline=True, viewport={"width": 320, "height": 256})
    tab = visit(context, page)
    open_folds(tab)
    move_a_slider(tab)
    assert tab.evaluate("document.documentElement.scrollWidth") == 320
    assert tab.evaluate(LOST) == []
    context.close()


# text that is cut off: outside the window, or outside a box that does not scroll
LOST = """() => [...document.querySelectorAll("main *:not(math *)")].filter((each) => {
    if (!each.checkVisibility() || each.closest("svg, .visually-hidden, dialog")) return false;
    if (![...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) return false;
    const text = document.createRange();
    text.selectNodeContents(each);
    const { left, right, top, bottom } = text.getBoundingClientRect();
    if (right - left < 1) return false;
    for (let box = each; box !== document.body; box = box.parentElement) {
        const { overflowX, overflowY } = getComputedStyle(box);
        if (/auto|scroll/.test(overflowX)) return false; // can be scrolled to
        const around = box.getBoundingClientRect();
        const across = right > around.right + 2 || left < around.left - 2;
        const along = bottom > around.bottom + 2 || top < around.top - 2;
        if ((overflowX !== "visible" && across) || (overflowY !== "visible" && along)) return true;
    }
    return right > innerWidth + 1 || left < -1;
}).map((each) => each.outerHTML.slice(0, 200))"""

SPACED = """
* { line-height: 1.5 !important; letter-spacing: 0.12em !important; }
* { word-spacing: 0.16em !important; }
p { margin-bottom: 2em !important; }"""


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("page", PAGES)
def test_text_can_be_spaced_out(chromium, page, width):
    # WCAG 2.2, 1.4.12; a reader's own style sheet is not bound by the site's policy
    viewport = {"width": width, "height": 900}
    context = chromium.new_context(offline=True, viewport=viewport, bypass_csp=True)
    tab = visit(context, page)
    tab.add_style_tag(content=SPACED)
    open_folds(tab)
    assert tab.evaluate("document.documentElement.scrollWidth") == width
    assert tab.evaluate(LOST) == []
    context.close()


SMALL = """() => [...document.querySelectorAll("button, input, summary")].filter((each) => {
    if (!each.checkVisibility()) return false;
    const sizes = [each, ...(/checkbox|radio/.test(each.type) ? each.labels : [])]
        .map((part) => part.getBoundingClientRect());
    return Math.max(...sizes.map(({ width }) => width)) < 24
        || Math.max(...sizes.map(({ height }) => height)) < 24;
}).map((each) => each.outerHTML.slice(0, 200))"""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", [HOME, *CHAPTERS, "search.html"])
def test_controls_are_large_enough_to_hit(chromium, page, width):
    viewport = {"width": width, "height": 900}
    context = chromium.new_context(offline=True, viewport=viewport)
    tab = visit(context, page)
    open_folds(tab)
    assert tab.evaluate(SMALL) == []  # WCAG 2.2, 2.5.8; links in sentences are exempt
    context.close()
