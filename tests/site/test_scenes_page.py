"""Scenes on the built pages: they show what is stored, and all that can be taken hold of works."""

import base64
import io
import itertools

import axe
import numpy as np
import pytest
from built_site import (
    ALL_OF,
    CHAPTERS,
    EXPLORERS,
    HOME,
    PLOTS,
    SITE,
    WITH_SLIDERS,
    draw,
    lay_out,
    open_folds,
    unfolded,
    visit,
    words,
)
from PIL import Image

from hwlib import views


def each(of):
    return pytest.mark.parametrize(("page", "name"), of, ids=[name for _, name in of])


EACH = each(WITH_SLIDERS)
EVERY = each(EXPLORERS)  # those that only stand, too
STAND = ["photo-four"]  # with a view that has handles elsewhere
HANDLES = each([(p, n) for p, n in EXPLORERS if ALL_OF[p][n].view not in PLOTS and n not in STAND])
LIMIT = 60_000  # bytes of gzip: all scripts that the scenes of a page need


def alive(tab, name):
    """Bring a scene into view, and wait until its view draws and its states are there."""
    figure = draw(tab, name)
    if figure.locator(".explorer-controls").count():
        figure.locator(".explorer-controls").dispatch_event("pointerenter")
        tab.wait_for_function("name => explorers.get(name).data", arg=name)
    return figure


@pytest.fixture
def still(chromium):
    """A window where nothing glides: what is shown is there at once."""
    context = chromium.new_context(
        offline=True, viewport={"width": 1280, "height": 900}, reduced_motion="reduce"
    )
    yield context
    context.close()


def press(figure, axis, at):
    """Move one thing to the value with this index, as a reader's hand does."""
    figure.evaluate(
        """(figure, [axis, at]) => {
            const element = figure.querySelector(`#${figure.id}-${axis}`);
            if (element.matches("fieldset")) return element.querySelectorAll("input")[at].click();
            element.max = Math.max(element.max, at);
            element.value = at;
            element.dispatchEvent(new Event("input", { bubbles: true }));
        }""",
        [axis, at],
    )


@EACH
def test_each_position_along_each_slider_has_its_caption(still, page, name):
    described = ALL_OF[page][name]
    tab = visit(still, page)
    figure = alive(tab, name)
    caption = figure.locator("figcaption")
    assert words(caption.text_content()) == words(described.caption())
    for axis, values in described.axes.items():
        for at in range(len(values)):
            press(figure, axis, at)
            tab.evaluate("Promise.resolve()")
            assert words(caption.text_content()) == words(described.caption(**{axis: at}))
        press(figure, axis, described.start[axis])
    ends = {axis: len(values) - 1 for axis, values in described.axes.items()}
    for axis, at in ends.items():
        press(figure, axis, at)
    assert words(caption.text_content()) == words(described.caption(**ends))
    assert tab.seen["console"] == tab.seen["failed"] == []


@pytest.mark.parametrize("page", CHAPTERS)
def test_each_picture_has_its_own_choice(still, page):
    """Two of one view, with the same question, do not take it from each other."""
    tab = visit(still, page)
    groups = 0
    for name in ALL_OF[page]:
        draw(tab, name)
    for name in ALL_OF[page]:
        for group in tab.locator(f"figure#{name} [role=radiogroup]").all():
            assert group.locator("input:checked").count() == 1, name
            groups += 1
    assert groups or page == CHAPTERS[2]


@HANDLES
def test_handles_are_moved_by_keys_mouse_and_touch(chromium, page, name):
    context = chromium.new_context(
        offline=True,
        viewport={"width": 800, "height": 900},
        has_touch=True,
        reduced_motion="reduce",
    )
    tab = visit(context, page)
    figure = alive(tab, name)
    handle = figure.locator(".handle:visible").last  # the topmost
    handle.wait_for(timeout=10_000)  # a scene that has just come into view may be drawn once more
    stands = lambda: figure.locator(".handle:visible").last.get_attribute("aria-valuetext")  # noqa: E731
    seen = [stands()]

    def moved():
        seen.append(stands())
        assert seen[-1] != seen[-2]

    handle.focus()
    tab.keyboard.press("ArrowRight")
    moved()
    tab.keyboard.press("ArrowRight")  # the focus has stayed with it
    moved()
    box = figure.locator(".handle:visible > circle:first-child").last.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.mouse.move(x + 40, y + 6, steps=4)
    moved()
    tab.mouse.up()
    box = figure.locator(".handle:visible > circle:first-child").last.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = context.new_cdp_session(tab)
    for kind, points in [
        ("touchStart", [{"x": x, "y": y}]),
        ("touchMove", [{"x": x - 30, "y": y - 8}]),
        ("touchMove", [{"x": x - 60, "y": y - 12}]),
        ("touchEnd", []),
    ]:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    moved()
    undo = figure.get_by_role("button", name="Undo")
    if undo.count():  # what moves sliders alone is undone by them
        undo.click()
        assert stands() == seen[0]
    assert tab.seen["console"] == []
    context.close()


# Says at once that a figure was far and that it is near, as a browser does that had no time before.
LATE = """window.IntersectionObserver = class {
    constructor(tell) { this.tell = tell; }
    observe(target) {
        const entries = [false, true].map((isIntersecting) => ({ isIntersecting, target }));
        setTimeout(() => this.tell(entries));
    }
    disconnect() {}
    unobserve() {}
};"""


def test_a_scene_is_drawn_when_the_browser_tells_late_that_it_is_near(context):
    page, name = WITH_SLIDERS[0]
    context.add_init_script(LATE)
    draw(visit(context, page), name)


# Texts of a picture: how large, whether two lie over each other, whether one leaves the picture.
TEXTS = """(figure) => {
    const svg = figure.querySelector(".explorer-stage > div:last-child > svg");
    const edge = figure.getBoundingClientRect();
    const texts = [...svg.querySelectorAll("text")].filter((text) => text.textContent.trim());
    const boxes = texts.map((text) => [text.textContent, text.getBoundingClientRect()]);
    const over = [];
    boxes.forEach(([one, a], i) => boxes.slice(i + 1).forEach(([other, b]) => {
        const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const tall = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (wide > 2 && tall > 4) over.push([one, other]);
    }));
    const out = boxes.filter(([, a]) => a.left < edge.left - 1 || a.right > edge.right + 1);
    const small = texts.filter((text) => {
        const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
        return parseFloat(getComputedStyle(text).fontSize) * scale < 12;
    });
    return { over, out: out.map(([text]) => text), small: small.map((each) => each.textContent) };
}"""


FINE = {"over": [], "out": [], "small": []}


def legible(figure):
    """Return which texts lie over each other, leave the picture or are smaller than 12 px."""
    found = figure.evaluate(TEXTS)
    # centroids may start close to each other, and with them their numbers
    found["over"] = [pair for pair in found["over"] if not all(text.isdigit() for text in pair)]
    return found


@pytest.mark.full
@pytest.mark.parametrize("width", [320, 390, 768, 1280])
@EVERY
def test_texts_are_readable_at_every_width(chromium, page, name, width):
    context = chromium.new_context(
        offline=True, viewport={"width": width, "height": 900}, reduced_motion="reduce"
    )
    tab = visit(context, page)
    figure = alive(tab, name)
    for share in [0, 0.5, 1]:  # of the way along all sliders
        for axis, values in ALL_OF[page][name].axes.items():
            press(figure, axis, round(share * (len(values) - 1)))
        tab.evaluate("Promise.resolve()")
        assert legible(figure) == FINE, share
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


@pytest.mark.parametrize("page", sorted({page for page, _ in WITH_SLIDERS}))
def test_sliders_are_as_wide_as_a_phone(chromium, page):
    context = chromium.new_context(offline=True, viewport={"width": 390, "height": 900})
    tab = visit(context, page)
    open_folds(tab)
    lay_out(tab)
    for name in [name for each, name in WITH_SLIDERS if each == page]:
        figure = tab.locator(f"figure#{name}")
        wide = figure.locator(".explorer-stage").bounding_box()["width"]
        for slider in figure.locator(".explorer-controls input[type=range]").all():
            assert slider.bounding_box()["width"] > 0.95 * wide, name
    context.close()


# Draws states, [view, state, caption, values] by name, each in a figure as wide as it is told.
DRAW = """([states, wide]) => {
    for (const [name, [view, state, caption, values]] of Object.entries(states)) {
        const figure = document.createElement("figure"), el = document.createElement("div");
        figure.id = name;
        figure.className = "explorer";
        figure.style = `width: ${wide}px; margin: 0 20px`;
        figure.innerHTML = '<div class="explorer-stage"></div>';
        figure.firstChild.append(el);
        document.body.append(figure);
        const known = { values, state, caption };
        const model = { get: (key) => known[key], set() {}, on() {}, save_changes() {} };
        explorerViews[view].render({ model, el });
    }
    return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())));
}"""
STANDING = [*PLOTS, "criteria"]
LOOK = (views.HERE.parent / "explorer.css").read_text(encoding="utf-8")


def states(view):
    """Return all stored states of a view, for `DRAW`."""
    found = {}
    for page, name in EXPLORERS:
        figure = ALL_OF[page][name]
        if figure.view != view:
            continue
        for i, labels in enumerate(itertools.product(*figure.axes.values())):
            values = {axis: int(x) if x.isdigit() else x for axis, x in zip(figure.axes, labels)}
            state = figure.states[figure.indices[i]]
            found[f"{name}-{i}"] = [view, state, figure.captions[i], values]
    return found


@pytest.mark.parametrize("view", STANDING)
def test_texts_of_every_stored_state_are_readable_at_every_width(chromium, view):
    context = chromium.new_context(reduced_motion="reduce")
    for wide in [284, 354, 640, 700]:  # what a page of 320, 390, 768 and 1280 px leaves a figure
        tab = context.new_page()
        tab.set_viewport_size({"width": wide + 40, "height": 900})
        look = f"<style>body {{ margin: 0; font-family: sans-serif }} {LOOK}</style>"
        code = "".join(f"<script>{views.script(name)}</script>" for name in ("kit", view))
        tab.set_content(f"<!doctype html><html lang='en'>{look}{code}<body></body></html>")
        drawn = states(view)
        tab.evaluate(DRAW, [drawn, wide])
        for name in drawn:
            assert legible(tab.locator(f"figure#{name}")) == FINE, (name, wide)
        tab.close()
    context.close()


@pytest.mark.full
@pytest.mark.parametrize("theme", ["light", "dark"])
@EVERY
def test_axe_finds_nothing_in_a_scene(chromium, page, name, theme):
    context = chromium.new_context(
        offline=True, viewport={"width": 390, "height": 900}, color_scheme=theme
    )
    tab = visit(context, page)
    alive(tab, name)
    lay_out(tab)
    assert axe.violations(tab, f"#{name}") == []
    context.close()


# ---- k-means --------------------------------------------------------------------------------

KMEANS = "notebooks/2_kmeans.html"


def shown(figure, what):
    """Return some attribute of the marks with a class."""
    name, attribute = what
    return figure.locator(f".{name}:visible").evaluate_all(
        "(all, name) => all.map((each) => each.getAttribute(name))", attribute
    )


def test_back_undoes_half_steps(still):
    tab = visit(still, KMEANS)
    figure = alive(tab, "kmeans-steps")
    caption = figure.locator("figcaption")
    button = lambda name: figure.get_by_role("button", name=name, exact=True)  # noqa: E731
    assert button("Back").is_disabled()
    seen = [caption.text_content()]
    for name in ["Update", "Assign", "Update", "Assign"]:
        button(name).click()
        seen.append(caption.text_content())
    assert len(set(seen)) == 5 and "step 2: loss 1,643.95" in seen[-1]
    for said in reversed(seen[:-1]):
        button("Back").click()
        assert caption.text_content() == said
    assert button("Back").is_disabled()


def test_two_starts_stand_side_by_side(still):
    page = ALL_OF[KMEANS]["kmeans-steps"]
    tab = visit(still, KMEANS)
    figure = alive(tab, "kmeans-steps")
    caption = figure.locator("figcaption")
    figure.get_by_role("button", name="Two starts").click()
    press(figure, "step", 3)
    loss = [page.caption(step=3, seed=seed).split("loss ")[1].split(". ")[0] for seed in (0, 1)]
    assert caption.text_content() == f"{page.caption(step=3)} Beside it, seed 1: loss {loss[1]}."
    for seed in (0, 1):
        assert figure.get_by_text(f"seed {seed}: loss {loss[seed]}", exact=True).is_visible()
    figure.get_by_role("button", name="Another seed").click()
    assert "Beside it, seed 2: loss" in caption.text_content()
    press(figure, "seed", 3)  # the rival stays
    assert "seed 3, step 3" in caption.text_content()
    assert "Beside it, seed 2: loss" in caption.text_content()
    figure.get_by_role("button", name="Undo").click()
    assert caption.text_content() == page.caption(seed=3, step=3)


def test_two_starts_stand_below_each_other_on_a_phone(chromium):
    context = chromium.new_context(
        offline=True, viewport={"width": 390, "height": 900}, reduced_motion="reduce"
    )
    tab = visit(context, KMEANS)
    figure = alive(tab, "kmeans-steps")
    figure.get_by_role("button", name="Two starts").click()
    press(figure, "step", 2)
    titles = [
        figure.locator("svg:visible text", has_text=f"seed {seed}: loss").bounding_box()
        for seed in (0, 1)
    ]
    assert titles[1]["y"] > titles[0]["y"] + titles[0]["height"]
    assert legible(figure) == FINE
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


def test_the_hidden_space_stands_in_place_of_the_network(still):
    tab = visit(still, CHAPTERS[0])
    figure = alive(tab, "xor-network")
    figure.get_by_role("radio", name="hidden space").check()
    assert figure.locator(".hidden-space").is_visible()
    assert not figure.locator(".network:visible").count()
    press(figure, "step", 3)  # it stays
    assert figure.locator(".hidden-space").is_visible()
    assert legible(figure) == FINE
    assert figure.get_by_role("button", name="Undo").is_disabled()


def test_the_home_page_opens_with_a_live_scene(still):
    tab = visit(still, HOME)
    figure = alive(tab, "kmeans-steps")
    assert figure.evaluate("(figure) => figure.getBoundingClientRect().top + scrollY") < 600
    press(figure, "step", 6)
    assert figure.locator("figcaption").text_content() == ALL_OF[KMEANS]["kmeans-steps"].caption(
        step=6
    )
    assert tab.seen["console"] == tab.seen["failed"] == []


# ---- the photograph -------------------------------------------------------------------------


def test_the_border_uncovers_the_original(still):
    tab = visit(still, KMEANS)
    figure = alive(tab, "photo-colors")
    border = figure.get_by_role("slider", name="border between")
    uncovered = figure.locator("svg svg.window:visible")
    shares = []
    for keys in ["Home", "ArrowRight", "Shift+ArrowLeft"]:  # the first moves nothing
        border.press(keys)
        shares.append(int(border.get_attribute("aria-valuetext").removesuffix("% original")))
        wide = float(shown(figure, ("pixels", "width"))[0])
        cut = float(uncovered.get_attribute("width"))
        assert abs(100 * cut / wide - shares[-1]) < 1  # whole pixels of about 300
    assert shares[0] == 50 and shares[1] > 50 > shares[2]
    before = shown(figure, ("pixels", "href"))
    figure.get_by_role("radio", name="error").check()
    after = shown(figure, ("pixels", "href"))
    assert len(before) == 2 and before[0] != after[0] and before[1] == after[1]


def test_a_photo_of_ones_own(still):
    pixels = np.zeros((40, 60, 3), dtype=np.uint8)
    pixels[:, :20] = [250, 10, 20]
    pixels[:, 50:] = [10, 20, 240]
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    tab = visit(still, KMEANS)
    figure = alive(tab, "photo-colors")
    caption, choose = figure.locator("figcaption"), figure.locator("input[type=file]")
    first = caption.text_content()
    choose.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": file.getvalue()})
    figure.locator("button:enabled", has_text="Save the copy").wait_for()
    assert caption.text_content().startswith(
        "Your photo at 60 × 40 pixels has 3 colors. With k = 16, nothing is lost. "
        "It takes 1.58 bits per pixel."
    )
    widths = np.array([float(width) for width in shown(figure, ("swatch", "width"))])
    np.testing.assert_allclose(widths / widths.sum(), [1 / 2, 1 / 3, 1 / 6], atol=1e-3)  # 0.1 px
    text = {"name": "b.txt", "mimeType": "text/plain", "buffer": b"text"}
    choose.set_input_files(text)
    figure.get_by_role("alert").get_by_text(
        "b.txt: it is not a picture that this browser can read, or it is damaged. "
        "Save it as PNG or JPEG and try again."
    ).wait_for()
    figure.get_by_role("button", name="Undo").click()
    assert caption.text_content() == first
    assert tab.seen["console"] == tab.seen["failed"] == []


def large_photo():
    """A JPEG of 4 colors and 1,200 × 900 pixels, more than the scene shows."""
    levels = [[250, 10, 20], [10, 20, 240], [245, 245, 240], [20, 120, 30]]
    levels = np.array(levels, dtype=np.uint8)
    squares = np.add.outer(np.arange(900) // 300, np.arange(1200) // 300) % 4
    file = io.BytesIO()
    Image.fromarray(levels[squares]).save(file, "JPEG", quality=95)
    return file.getvalue(), levels[squares]


# Lets go of a file above an element, as a reader's hand does, or pastes it.
DROP = """(element, { name, type, content, paste }) => {
    const data = new DataTransfer();
    const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
    data.items.add(new File([bytes], name, { type }));
    const settings = { bubbles: true, cancelable: true };
    if (paste) {
        const event = new ClipboardEvent("paste", { ...settings, clipboardData: data });
        return !document.body.dispatchEvent(event);
    }
    return !element.dispatchEvent(new DragEvent("drop", { ...settings, dataTransfer: data }));
}"""


def given(figure, name, kind, content, paste=False):
    """Drop a file on a figure's picture, or paste it."""
    encoded = base64.b64encode(content).decode()
    file = {"name": name, "type": kind, "content": encoded, "paste": paste}
    return figure.locator("svg:visible").first.evaluate(DROP, file)


@pytest.mark.parametrize("paste", [False, True], ids=["dropped", "pasted"])
def test_a_large_photo_is_reduced_and_its_copy_is_saved_whole(still, tmp_path, paste):
    tab = visit(still, KMEANS, "#photo-colors?k=4")
    figure = alive(tab, "photo-colors")
    assert "stays on this device" in figure.locator(".explorer-report").text_content()
    content, pixels = large_photo()
    assert given(figure, "holiday.jpg", "image/jpeg", content, paste)
    save = figure.get_by_role("button", name="Save the copy")
    figure.locator("button:enabled", has_text="Save the copy").wait_for()
    caption = figure.locator("figcaption").text_content()
    assert caption.startswith("Your photo of 1200 × 900 pixels, reduced to 231 × 173, k = 4: a ")
    assert "It takes 2 bits per pixel. The photo stays on this device." in caption
    with tab.expect_download() as download:
        save.click()
    assert download.value.suggested_filename == "holiday-4-colors.png"
    download.value.save_as(tmp_path / "copy.png")
    with Image.open(tmp_path / "copy.png") as copy:
        copy.load()
        assert (copy.size, copy.mode) == ((1200, 900), "P")
        # within squares, the compressor of the photo is off by a few levels
        off = np.abs(np.asarray(copy.convert("RGB")).astype(int) - pixels)
        assert np.mean(off.max(axis=2) <= 12) > 0.98
    assert (tmp_path / "copy.png").read_bytes()[24] == 2  # bits per pixel
    report = figure.locator(".explorer-report").text_content()
    assert report.startswith("Saved holiday-4-colors.png: 4 colors, ")
    assert tab.seen["console"] == tab.seen["failed"] == []


def test_while_a_photo_is_clustered_a_bar_says_how_far(still):
    tab = visit(still, KMEANS)
    figure = alive(tab, "photo-colors")
    # what the page says while it works, and when
    tab.evaluate("""() => {
        window.said = [];
        const report = document.querySelector("#photo-colors .explorer-report");
        new MutationObserver(() => said.push([report.innerText.trim(),
            report.querySelector("progress")?.value ?? null]))
            .observe(report.parentElement, { childList: true, subtree: true, attributes: true });
    }""")
    noise = np.random.RandomState(0).randint(256, size=(200, 200, 3)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "PNG")
    press(figure, "k", 5)
    given(figure, "noise.png", "image/png", file.getvalue())
    figure.locator("button:enabled", has_text="Save the copy").wait_for()
    said = tab.evaluate("said")
    shares = [share for text, share in said if text == "Finding 64 colors" and share is not None]
    assert shares == sorted(shares) and shares[-1] > shares[0]
    assert figure.locator("progress").count() == 0


def test_a_phone_offers_its_camera(chromium):
    for mobile in (False, True):
        context = chromium.new_context(
            offline=True, viewport={"width": 390, "height": 800}, has_touch=mobile, is_mobile=mobile
        )
        figure = alive(visit(context, KMEANS), "photo-colors")
        camera = figure.locator("input[capture=environment][accept='image/*']")
        assert camera.count() == mobile
        context.close()


def test_the_cube_turns(still):
    tab = visit(still, KMEANS)
    figure = alive(tab, "photo-colors")
    cube = figure.get_by_role("slider", name="cube of colors")
    before, fills = cube.get_attribute("aria-valuetext"), sorted(shown(figure, ("pixel", "fill")))
    cube.press("ArrowUp")
    cube.press("ArrowRight")
    assert cube.get_attribute("aria-valuetext") != before
    box = cube.bounding_box()
    tab.mouse.move(box["x"] + 60, box["y"] + box["height"] / 2)
    tab.mouse.down()
    at = cube.get_attribute("aria-valuetext")
    tab.mouse.move(box["x"] + 140, box["y"] + box["height"] / 2, steps=5)
    assert cube.get_attribute("aria-valuetext") != at
    tab.mouse.up()
    assert sorted(shown(figure, ("pixel", "fill"))) == fills  # the same pixels, in another order


# ---- the mechanism --------------------------------------------------------------------------


def test_a_scene_is_drawn_once(still):
    # by a link to a state, its states come while it is drawn
    tab = visit(still, KMEANS, "#photo-colors?k=4")
    figure = alive(tab, "photo-colors")
    assert figure.locator(".explorer-stage > div:not(.explorer-still)").count() == 1
    assert figure.locator(".explorer-still > *").count() == 1
    assert figure.locator("figcaption").text_content().startswith("k = 4:")


def test_deep_links_play_and_history(still):
    page, name = WITH_SLIDERS[0][0], "graph-walk"
    described = ALL_OF[page][name]
    at = {axis: values.index(v) for (axis, values), v in zip(described.axes.items(), ["1m", "7"])}
    tab = visit(still, page, f"#{name}?formula=1m&step=7")
    figure = tab.locator(f"figure#{name}")
    caption = figure.locator("figcaption")
    tab.wait_for_function(
        "([name, said]) => document.querySelector(`#${name} figcaption`).textContent === said",
        arg=[name, described.caption(**at)],
    )
    alive(tab, name)
    link = figure.get_by_role("link", name="Link to this state")
    assert link.get_attribute("href") == f"#{name}?formula=1m&step=7"
    press(figure, "step", 7)
    assert link.get_attribute("href") == f"#{name}?formula=1m&step=8"
    assert caption.text_content() == described.caption(**(at | {"step": 7}))
    tab.go_back()
    tab.wait_for_function(
        "([name, said]) => document.querySelector(`#${name} figcaption`).textContent === said",
        arg=[name, described.caption(**at)],
    )
    figure.get_by_role("button", name="Step", exact=True).click()  # Play, but without motion
    assert caption.text_content() == described.caption(**(at | {"step": 7}))


@pytest.mark.parametrize("page", sorted({page for page, _ in EXPLORERS}))
def test_scripts_are_small_and_states_come_late(chromium, site, page):
    context = chromium.new_context()
    tab = context.new_page()
    sent, session = [], context.new_cdp_session(tab)
    session.send("Network.enable")
    names = {}
    session.on(
        "Network.responseReceived",
        lambda event: names.update({event["requestId"]: event["response"]["url"]}),
    )
    session.on(
        "Network.loadingFinished",
        lambda event: sent.append((names.get(event["requestId"], ""), event["encodedDataLength"])),
    )
    tab.goto(site + page)
    open_folds(tab)
    for name in [name for each, name in EXPLORERS if each == page]:
        figure = tab.locator(f"figure#{name}")
        figure.evaluate("(figure) => figure.scrollIntoView({ behavior: 'instant' })")
        tab.wait_for_function("name => 'alive' in document.getElementById(name).dataset", arg=name)
    scripts = [size for url, size in sent if "/_views/" in url]
    assert len(scripts) > 1 and sum(scripts) <= LIMIT
    # who only reads is sent no states
    assert not [url for url, _ in sent if "_frames/" in url and url.endswith(".js")]
    context.close()


# The letters of a picture, as they are seen.
LETTERS = """(figure) => {
    const svg = figure.querySelector("svg");
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    const sizes = [...svg.querySelectorAll("text")].map((text) => getComputedStyle(text).fontSize);
    return Math.min(99, ...sizes.map((size) => scale * parseFloat(size)));
}"""


@pytest.mark.parametrize("page", sorted({page for page, _ in EXPLORERS}))
def test_without_javascript_texts_are_readable_on_a_phone(chromium, page):
    context = chromium.new_context(
        offline=True, java_script_enabled=False, viewport={"width": 390, "height": 900}
    )
    tab = visit_plain(context, page)
    for name in [name for each, name in EXPLORERS if each == page]:
        assert unfolded(tab, name).evaluate(LETTERS) >= 11, name
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()


@EVERY
def test_without_javascript_the_start_is_a_picture(chromium, page, name):
    context = chromium.new_context(offline=True, java_script_enabled=False)
    tab = visit_plain(context, page)
    figure = unfolded(tab, name)
    assert figure.locator("svg").first.is_visible()
    assert words(figure.locator("figcaption").text_content()) == words(ALL_OF[page][name].caption())
    assert not figure.locator(".explorer-controls").is_visible()
    context.close()


def visit_plain(context, page):
    tab = context.new_page()
    tab.goto((SITE / page).as_uri())
    return tab


@EACH
def test_paper_shows_the_start(still, page, name):
    described = ALL_OF[page][name]
    tab = visit(still, page)
    figure = alive(tab, name)
    axis = list(described.axes)[-1]
    press(figure, axis, 0 if described.start[axis] else 1)
    moved = figure.locator("figcaption").text_content()
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert figure.locator(".explorer-still svg").first.is_visible()
    assert not figure.locator(".explorer-still + div").is_visible()
    assert words(figure.locator("figcaption").text_content()) == words(described.caption())
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not figure.locator(".explorer-still").is_visible()
    assert figure.locator("figcaption").text_content() == moved


def test_scenes_are_there():
    assert {name for _, name in WITH_SLIDERS} >= {
        "graph-walk",
        "logreg",
        "xor-network",
        "kmeans-steps",
    }
    positions = [len(list(itertools.product(*ALL_OF[p][n].axes.values()))) for p, n in WITH_SLIDERS]
    assert sum(positions) > 4000


# ---- what a reader can do in the scenes of chapter 3 ------------------------------------------

EM = "notebooks/3_binary_em.html"


def test_a_digit_is_painted_by_mouse_and_by_keys(still):
    tab = visit(still, EM)
    figure = alive(tab, "em-digits")
    caption = figure.locator("figcaption")
    figure.get_by_role("button", name="Clear the grid").click()
    assert caption.text_content().endswith(" 0 pixels have ink.")
    canvas = figure.locator(".explorer-stage > div:last-child .canvas")
    canvas.scroll_into_view_if_needed()  # and until it stands still
    box = canvas.bounding_box()
    wide, tall = box["width"] / 12, box["height"] / 16
    tab.mouse.move(box["x"] + 3.5 * wide, box["y"] + 2.5 * tall)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 3.5 * wide, box["y"] + 6.5 * tall, steps=20)
    tab.mouse.up()
    assert caption.text_content().endswith(" 5 pixels have ink.")
    pixel = figure.get_by_label("pixel", exact=True)
    pixel.focus()
    tab.keyboard.press("ArrowRight")
    assert pixel.get_attribute("aria-valuetext") == "row 7, column 5, no ink"
    tab.keyboard.press("Enter")
    assert pixel.get_attribute("aria-valuetext") == "row 7, column 5, ink"
    assert caption.text_content().endswith(" 6 pixels have ink.")
    # a stroke that begins on ink takes it away
    tab.mouse.click(box["x"] + 3.5 * wide, box["y"] + 2.5 * tall)
    assert caption.text_content().endswith(" 5 pixels have ink.")
    figure.get_by_role("button", name="Best of 40 starts").click()
    assert words(caption.text_content()) == words(ALL_OF[EM]["em-digits"].caption())


def test_a_picture_is_picked_and_starts_are_drawn(still):
    tab = visit(still, EM)
    figure = alive(tab, "em-digits")
    caption = figure.locator("figcaption")
    first = caption.text_content()
    ground = figure.locator(".explorer-stage > div:last-child .ground")
    ground.click(position={"x": 5, "y": 12})  # the first of the first cluster
    assert caption.text_content().startswith("Picture ")
    assert "for cluster 1." in caption.text_content()
    press(figure, "step", 3)
    assert caption.text_content().startswith("Picture ")  # one looks on at the same
    figure.get_by_role("button", name="Random start").click()
    assert "random start 1, soft, step 0" in caption.text_content()
    press(figure, "step", 2)
    assert "random start 1, soft, step 2" in caption.text_content()
    figure.get_by_role("button", name="Random start").click()
    assert "random start 2, soft, step 0" in caption.text_content()
    press(figure, "k", 0)  # another k: the stored start
    press(figure, "k", 3)
    assert caption.text_content() == first


def test_answers_are_pressed_and_clusters_matched(still):
    tab = visit(still, EM)
    figure = alive(tab, "em-pathologists")
    caption = figure.locator("figcaption")
    figure.get_by_role("button", name="A: no").click()
    said = "Yes from A, B, E, G. 7 slides in the data have these answers. "
    assert caption.text_content() == f"{said}Cluster 2 has responsibility 0.98."
    figure.get_by_role("button", name="C: no").press("Enter")
    assert "Yes from A, B, C, E, G. 13 slides" in caption.text_content()
    figure = alive(tab, "em-labels")
    figure.get_by_role("radio", name="matched").check()
    way = figure.get_by_label("place on the way")
    way.focus()
    for _ in range(25):
        tab.keyboard.press("ArrowRight")
    level = way.get_attribute("aria-valuetext")
    assert level == "50% of the way, log-likelihood −293.7"
    figure.get_by_role("radio", name="as they come").check()
    assert way.get_attribute("aria-valuetext") == "50% of the way, log-likelihood −530.6"
