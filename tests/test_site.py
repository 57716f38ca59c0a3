"""The built book in a real browser, opened from disk, with all network closed."""

import base64
import io
import itertools
import re

import browser
import numpy as np
import pytest
import stored
from PIL import Image

SITE = stored.ROOT / "_build" / "html"
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
PAGES = [page for page in PAGES if not page.startswith("_static/") and page != "index.html"]

if not PAGES:
    raise RuntimeError("there is no built book in _build/html: run `make book` first")


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
    """Open a page of the site and wait until its maths stands."""
    tab = browser.watched(context)
    tab.goto((SITE / page).as_uri())  # returns when the page and its scripts are loaded
    tab.evaluate("async () => { await window.MathJax?.startup?.promise }")
    return tab


def test_the_front_door_leads_to_the_home_page(context):
    tab = context.new_page()
    tab.goto((SITE / "index.html").as_uri())
    tab.wait_for_url((SITE / "book" / "index.html").as_uri())


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_page_is_quiet_and_asks_for_nothing_outside(chromium, page, theme):
    context = chromium.new_context(offline=True, color_scheme=theme)
    tab = visit(context, page)
    assert tab.seen["console"] == []
    assert tab.seen["failed"] == []
    outside = [u for u in tab.seen["requests"] if not u.startswith((SITE.as_uri(), "data:"))]
    assert outside == []
    assert tab.evaluate("document.querySelectorAll('mjx-merror').length") == 0
    context.close()


@pytest.mark.parametrize("page", PAGES)
def test_nothing_sticks_out_on_a_phone(chromium, page):
    context = chromium.new_context(offline=True, viewport={"width": 390, "height": 800})
    tab = visit(context, page)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


@pytest.mark.parametrize("page", PAGES)
def test_internal_links_lead_somewhere(page):
    text = (SITE / page).read_text(encoding="utf-8")
    text = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    for href in re.findall(r'(?:href|src)="([^"]+)"', text):
        if re.match(r"[a-z]+:", href):
            continue
        target, _, anchor = href.partition("#")
        file = (SITE / page).parent / target.partition("?")[0] if target else SITE / page
        assert file.exists(), href
        if anchor and file.suffix == ".html":
            assert f'id="{anchor}"' in file.read_text(encoding="utf-8"), href


def pixels(source):
    image = Image.open(io.BytesIO(base64.b64decode(source.split(",")[1])))
    return np.asarray(image.convert("RGB"), dtype=float)


NAMES = [(path, name) for path in stored.NOTEBOOKS for name in stored.figures(path)]


@pytest.mark.parametrize(("path", "name"), NAMES, ids=[name for _, name in NAMES])
def test_sliders_show_what_draw_gives(context, path, name):
    explorer = stored.explorers(path)[name]
    tab = visit(context, f"notebooks/{path.stem}.html")
    figure = tab.locator(f"figure#{name}")
    img, caption = figure.locator("img"), figure.locator("figcaption")

    def check(values):
        frame = explorer.frame(**values)
        assert caption.inner_text().strip() == frame.caption
        assert img.get_attribute("alt") == frame.caption
        # the same picture, but for what another version of the font renderer may round
        difference = np.abs(pixels(img.get_attribute("src")) - pixels(frame.source))
        assert difference.mean() < 2

    check({})
    for axis, values in explorer.axes.items():
        slider = figure.locator(f"#{name}-{axis}")
        assert slider.is_visible()
        slider.focus()
        tab.keyboard.press("Home")
        seen = set()
        for value in values:
            check({axis: value})
            seen.add((img.get_attribute("src"), caption.inner_text()))
            label = figure.locator(f"output[for='{name}-{axis}']").inner_text()
            assert slider.get_attribute("aria-valuetext") == label
            tab.keyboard.press("ArrowRight")
        assert len(seen) > 1 or len(values) == 1
        for _ in range(len(values) - 1 - values.index(explorer.start[axis])):
            tab.keyboard.press("ArrowLeft")
        check({})  # back where it stood, for the next slider
    if axes := list(explorer.axes):  # and all of them at once
        for axis in axes:
            figure.locator(f"#{name}-{axis}").focus()
            tab.keyboard.press("End")
        check({axis: explorer.axes[axis][-1] for axis in axes})
    assert tab.seen["console"] == []


def test_play_walks_the_steps_and_stops_at_the_end(context):
    path, name = next((p, n) for p, n in NAMES if n == "kmeans-steps")
    explorer = stored.explorers(path)[name]
    tab = visit(context, f"notebooks/{path.stem}.html")
    figure = tab.locator(f"figure#{name}")
    slider, button = figure.locator(f"#{name}-step"), figure.get_by_role("button")
    slider.focus()
    for _ in range(2):
        tab.keyboard.press("End")
        tab.keyboard.press("ArrowLeft")
    assert button.inner_text() == "Play"
    button.click()
    last = explorer.axes["step"][-1]
    tab.wait_for_function(
        f"document.getElementById('{name}-step').value == {slider.get_attribute('max')}"
    )
    assert figure.locator("figcaption").inner_text() == explorer.frame(step=last).caption
    assert button.inner_text() == "Play"


def test_slider_shows_its_frame_within_one_refresh(context):
    # no time is asserted (machines differ): the script does its work in one go, without a timer
    path, name = NAMES[0]
    tab = visit(context, f"notebooks/{path.stem}.html")
    changed = tab.evaluate(
        """name => {
            const figure = document.getElementById(name);
            const slider = figure.querySelector("input");
            const before = figure.querySelector("figcaption").textContent;
            slider.value = Number(slider.value) + 1;
            slider.dispatchEvent(new Event("input"));
            return before !== figure.querySelector("figcaption").textContent;
        }""",
        name,
    )
    assert changed


def test_page_reads_without_javascript(chromium):
    context = chromium.new_context(offline=True, java_script_enabled=False)
    tab = browser.watched(context)
    for path, names in itertools.groupby(NAMES, key=lambda pair: pair[0]):
        tab.goto((SITE / f"notebooks/{path.stem}.html").as_uri())
        for _, name in names:
            figure = tab.locator(f"figure#{name}")
            first = stored.explorers(path)[name].frame()
            assert figure.locator("img").is_visible()
            assert figure.locator("figcaption").inner_text().strip() == first.caption
            assert not figure.locator("input").first.is_visible()
        solution = tab.locator("details.solution").first
        solution.locator("summary").click()
        assert solution.locator("p, div").nth(0).is_visible()
    context.close()


@pytest.mark.parametrize("path", stored.NOTEBOOKS, ids=lambda path: path.stem)
def test_dark_theme_turns_diagrams_and_leaves_photographs(chromium, path):
    context = chromium.new_context(offline=True, color_scheme="dark")
    tab = visit(context, f"notebooks/{path.stem}.html")
    for img in tab.locator("figure.explorer img").all():
        turned = img.evaluate("img => getComputedStyle(img).filter")
        photo = "photo" in img.get_attribute("class")
        assert turned == ("none" if photo else "invert(1) hue-rotate(180deg)")
    context.close()
