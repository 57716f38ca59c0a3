"""The built book in Chromium, opened from disk, with all network closed: what a reader does."""

import zipfile

import pytest
from bs4 import BeautifulSoup
from built_site import (
    ALL_OF,
    CHAPTERS,
    HOME,
    SITE,
    SLIDERS_ALONE,
    draw,
    unfolded,
    visit,
    wake,
    words,
)
from playwright.sync_api import expect

from tools import browser

pytestmark = pytest.mark.full


def test_the_front_door_leads_to_the_home_page(context):
    tab = browser.watched(context)
    tab.goto((SITE / "index.html").as_uri())
    tab.wait_for_url((SITE / HOME).as_uri())
    assert tab.seen["console"] == tab.seen["failed"] == []
    # and for who has switched that off, there is a link
    front = BeautifulSoup((SITE / "index.html").read_text(encoding="utf-8"), "html.parser")
    home = BeautifulSoup((SITE / HOME).read_text(encoding="utf-8"), "html.parser")
    assert front.html["lang"] == "en" and front.title.string in home.title.string
    assert front.main.a["href"] == HOME and front.main.a.string == front.title.string


EM = CHAPTERS[2]


@pytest.mark.parametrize(("page", "name"), SLIDERS_ALONE, ids=[name for _, name in SLIDERS_ALONE])
def test_sliders_follow_the_keys(context, page, name):
    described = ALL_OF[page][name]
    tab = visit(context, page)
    figure = tab.locator(f"figure#{name}")
    caption = figure.locator("figcaption")

    def check(**moved):
        assert caption.text_content().strip() == described.caption(**moved)

    check()
    wake(tab, name)
    axes = {
        axis: values
        for axis, values in described.axes.items()
        if figure.locator(f"input#{name}-{axis}").count()  # and no choice of a few
    }
    assert axes
    for axis, values in axes.items():
        slider = figure.locator(f"#{name}-{axis}")
        slider.focus()
        tab.keyboard.press("Home")
        for at, value in enumerate(values):
            check(**{axis: at})
            label = figure.locator(f"output[for='{name}-{axis}']").text_content()
            assert slider.get_attribute("aria-valuetext") == label == value
            tab.keyboard.press("ArrowRight")
        for _ in range(len(values) - 1 - described.start[axis]):
            tab.keyboard.press("ArrowLeft")
        check()  # back where it stood, for the next slider
    for axis in axes:  # and all of them at once
        figure.locator(f"#{name}-{axis}").focus()
        tab.keyboard.press("End")
    check(**{axis: len(values) - 1 for axis, values in axes.items()})
    assert tab.seen["console"] == []


def test_play_walks_the_steps_and_stops_at_the_end(context):
    name = "em-digits"
    tab, described = visit(context, EM), ALL_OF[EM][name]
    figure = tab.locator(f"figure#{name}")
    wake(tab, name)
    slider, button = figure.locator(f"#{name}-step"), figure.locator(".explorer-controls button")
    slider.focus()
    for _ in range(2):
        tab.keyboard.press("End")
        tab.keyboard.press("ArrowLeft")
    assert button.inner_text() == "Play"
    button.click()
    tab.wait_for_function(
        f"document.getElementById('{name}-step').value == {slider.get_attribute('max')}"
    )
    last = described.caption(step=len(described.axes["step"]) - 1)
    assert figure.locator("figcaption").inner_text() == last
    assert button.inner_text() == "Play"
    # from the end it begins with the first step; in one go, so that no second one has been taken
    shown = button.evaluate("""button => {
        button.click();
        const { textContent } = button.closest("figure").querySelector("figcaption");
        button.click();
        return textContent;
    }""")
    assert shown == described.caption(step=0)
    assert slider.input_value() == "0" and button.inner_text() == "Play"


@pytest.fixture
def slow(context):
    """A function that lets the frames come, which are on their way until then."""
    waiting = []
    context.route("**/_frames/*.js", lambda route: waiting.append(route))

    def let_them_come():
        asked = [route.request.url for route in waiting]
        assert 0 < len(asked) == len(set(asked))  # once for each explorer
        for route in waiting:
            route.continue_()

    return let_them_come


def test_slider_that_moves_before_its_frames_have_come(context, slow):
    page, name = "notebooks/two_hundred_starts.html", "xor-starts"
    tab, described = visit(context, page), ALL_OF[page][name]
    figure = tab.locator(f"figure#{name}")
    caption = figure.locator("figcaption")
    ends = {}
    for axis, values in described.axes.items():
        figure.locator(f"#{name}-{axis}").focus()
        for key in ["End", "Home", "End"]:
            tab.keyboard.press(key)
        ends[axis] = len(values) - 1
        assert figure.locator(f"output[for='{name}-{axis}']").text_content() == values[-1]
    # until then there is the caption that was there, and it says that it waits
    assert figure.get_attribute("aria-busy") == "true"
    assert caption.text_content() == described.caption()
    slow()
    tab.wait_for_function("name => explorers.get(name).data", arg=name)
    assert caption.text_content() == described.caption(**ends)
    assert figure.get_attribute("aria-busy") == "false"


def test_play_waits_for_its_frames(context, slow):
    name = "em-digits"
    context.clock.install()
    tab, described = visit(context, EM), ALL_OF[EM][name]
    figure = tab.locator(f"figure#{name}")
    slider, button = figure.locator(f"#{name}-step"), figure.locator(".explorer-controls button")
    slider.focus()
    tab.keyboard.press("Home")
    context.clock.pause_at(tab.evaluate("Date.now() / 1000") + 60)
    button.click()
    context.clock.run_for(5000)
    assert slider.input_value() == "1" and button.inner_text() == "Pause"
    slow()
    tab.wait_for_function("name => explorers.get(name).data", arg=name)
    assert figure.locator("figcaption").text_content() == described.caption(step=1)
    for step in (2, 3):
        context.clock.run_for(700)
        assert figure.locator("figcaption").text_content() == described.caption(step=step)
    button.click()
    context.clock.run_for(5000)
    assert slider.input_value() == "3"


def test_slider_shows_its_frame_within_one_refresh(context):
    # no time is asserted (machines differ): the script does its work in one go, without a timer
    page, name = SLIDERS_ALONE[0]
    tab = visit(context, page)
    draw(tab, name)
    wake(tab, name)
    changed = tab.evaluate(
        """name => {
            const figure = document.getElementById(name);
            const slider = figure.querySelector("input");
            const before = figure.querySelector("figcaption").textContent;
            slider.value = Number(slider.value) + (slider.value === slider.max ? -1 : 1);
            slider.dispatchEvent(new Event("input"));
            return before !== figure.querySelector("figcaption").textContent;
        }""",
        name,
    )
    assert changed


def test_page_reads_without_javascript(chromium):
    context = chromium.new_context(offline=True, java_script_enabled=False)
    tab = browser.watched(context)
    for page, figures in ALL_OF.items():
        tab.goto((SITE / page).as_uri())
        for name, described in figures.items():
            figure = unfolded(tab, name)
            assert figure.locator("svg").first.is_visible()
            assert words(figure.locator("figcaption").text_content()) == words(described.caption())
            assert not figure.locator("input").first.is_visible()
        if page in CHAPTERS:
            solution = tab.locator("details.solution").first
            solution.locator("summary").click()
            assert solution.locator("p, div").nth(0).is_visible()
    context.close()


# ---- marks of progress ----------------------------------------------------------------------

FIRST = CHAPTERS[0]


def progress(tab):
    """Return the line below the title, without its button."""
    return tab.locator(".progress output").inner_text()


def test_marks_are_kept_until_they_are_cleared(context):
    tab = visit(context, FIRST)
    assert progress(tab) == "0 of 14 exercises done"
    assert not tab.get_by_role("button", name="Clear").is_visible()
    for task in ("1a", "1n"):
        tab.get_by_role("checkbox", name=f"Exercise {task} done").check()
    assert progress(tab) == "2 of 14 exercises done"
    tab.reload()
    boxes = tab.get_by_role("checkbox").all()
    assert len(boxes) == 14
    assert [box.is_checked() for box in boxes] == [True] + [False] * 12 + [True]
    assert progress(tab) == "2 of 14 exercises done"

    tab.get_by_role("checkbox", name="Exercise 1a done").focus()
    tab.keyboard.press("Space")  # by keyboard, and back
    assert progress(tab) == "1 of 14 exercises done"
    tab.get_by_role("button", name="Clear").click()
    assert progress(tab) == "0 of 14 exercises done"
    tab.reload()
    assert not any(box.is_checked() for box in tab.get_by_role("checkbox").all())
    assert tab.seen["console"] == tab.seen["failed"] == []
    assert all(url.startswith((SITE.as_uri(), "data:")) for url in tab.seen["requests"])


def test_home_page_shows_the_marks_of_all_chapters(context):
    home = visit(context, HOME)
    first, second = visit(context, CHAPTERS[0]), visit(context, CHAPTERS[1])
    first.get_by_role("checkbox", name="Exercise 1b done").check()
    second.get_by_role("checkbox", name="Exercise 2a done").check()
    second.get_by_role("checkbox", name="Exercise 2e done").check()
    # the rows stand low, and a section is laid out only when it comes near the window
    home.set_viewport_size({"width": 1280, "height": 4000})
    rows = home.locator(".progress-list output")
    done = [f"{count} exercises done" for count in ("1 of 14", "2 of 5", "0 of 4")]
    expect(rows).to_have_text(done, use_inner_text=True)  # it follows other tabs
    home.reload()
    expect(rows).to_have_text(done, use_inner_text=True)
    second.get_by_role("button", name="Clear").click()  # a chapter clears its own
    home.reload()
    done[1] = "0 of 5 exercises done"
    expect(rows).to_have_text(done, use_inner_text=True)
    home.get_by_role("button", name="Clear").click()
    first.reload()  # what another tab has stored may come after the page: then it follows
    expect(first.locator(".progress output")).to_have_text("0 of 14 exercises done")


def test_captions_are_not_set_in_hairlines(context):
    captions = visit(context, FIRST).locator("figure.explorer figcaption")
    weights = captions.evaluate_all("all => all.map((each) => getComputedStyle(each).fontWeight)")
    assert set(weights) == {"400"}


def test_a_heading_is_not_lighter_than_those_below_it(context):
    headings = visit(context, FIRST).locator("article :is(h1, h2, h3)")
    weights = headings.evaluate_all(
        "all => all.map((each) => [each.localName, getComputedStyle(each).fontWeight])"
    )
    assert {tuple(each) for each in weights} == {("h1", "600"), ("h2", "600"), ("h3", "600")}


REFUSE = """const real = Storage.prototype.METHOD;
Storage.prototype.METHOD = function (key, ...rest) {
    if (key.startsWith("byhand")) throw new Error("refused"); // the theme has keys of its own
    return real.call(this, key, ...rest);
}"""


@pytest.mark.parametrize(
    "script",
    [
        # as with storage switched off, with a full disk, and with something else under the key
        REFUSE.replace("METHOD", "getItem"),
        REFUSE.replace("METHOD", "setItem"),
        "localStorage.setItem('byhand-exercises-done', '{not a list')",
        "localStorage.setItem('byhand-exercises-done', '7')",
    ],
)
def test_marks_work_without_a_storage(context, script):
    context.add_init_script(script)
    tab = visit(context, FIRST)
    assert progress(tab) == "0 of 14 exercises done"
    tab.get_by_role("checkbox", name="Exercise 1c done").check()
    assert progress(tab) == "1 of 14 exercises done"
    tab.get_by_role("button", name="Clear").click()
    assert progress(tab) == "0 of 14 exercises done"
    assert tab.seen["console"] == []


def test_without_javascript_nothing_can_be_marked(chromium):
    context = chromium.new_context(offline=True, java_script_enabled=False)
    tab = browser.watched(context)
    tab.goto((SITE / FIRST).as_uri())
    assert tab.locator("article input[type=checkbox]").count() == 0
    assert not tab.locator(".progress").is_visible()
    tab.goto((SITE / HOME).as_uri())
    counts = tab.locator(".progress-list output")
    counts.first.scroll_into_view_if_needed()
    expect(counts).to_have_text(["14 exercises", "5 exercises", "4 exercises"], use_inner_text=True)
    context.close()


def test_pages_without_exercises_have_no_marks(context):
    tab = visit(context, "book/answers.html")
    assert tab.locator("article input[type=checkbox], .progress").count() == 0


# ---- self-checks ----------------------------------------------------------------------------

LOOK = """answer => {
    const summary = answer.querySelector("summary");
    const sign = getComputedStyle(summary, "::after");
    const [row, title] = [getComputedStyle(answer), getComputedStyle(summary)];
    return [sign.content, sign.color, row.borderColor, row.borderWidth, row.backgroundColor,
            title.color, title.backgroundColor];
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("page", CHAPTERS)
def test_closed_answers_look_alike_and_open_ones_say_which_is_right(chromium, page, theme):
    context = chromium.new_context(offline=True, color_scheme=theme)
    tab = visit(context, page)
    answers = tab.locator(".self-check details.answer")
    closed = answers.evaluate_all(f"answers => answers.map({LOOK})")
    assert len(closed) > 10 and closed == [closed[0]] * len(closed)
    assert answers.locator(".verdict").evaluate_all(
        "all => all.every(word => getComputedStyle(word).display === 'none')"
    )
    check = tab.locator(".self-check").first
    shown = set()
    for answer in check.locator("details").all():
        answer.locator("summary").focus()
        tab.keyboard.press("Enter")
        right = "right" in answer.get_attribute("class").split()
        assert answer.locator(".verdict").inner_text() == ("right" if right else "wrong")
        assert answer.locator("p").last.is_visible()
        shown.add((right, answer.evaluate(LOOK)[0]))
    assert shown == {(True, '"\u2713"'), (False, '"\u2717"')}
    # the group is named by its question
    question = check.locator("p").first
    assert check.get_attribute("role") == "group"
    assert check.get_attribute("aria-labelledby") == question.get_attribute("id")
    context.close()


# ---- print ----------------------------------------------------------------------------------


@pytest.mark.parametrize("page", CHAPTERS)
def test_print_leaves_out_what_paper_cannot_do(context, page):
    tab = visit(context, page)
    solution, nudge = tab.locator("details.solution").first, tab.locator("details.hint").first
    solution.locator("summary").click()
    tab.emulate_media(media="print")
    for gone in [
        ".explorer-controls",
        ".exercise-done",
        ".progress",
        ".bd-sidebar-primary",
        ".bd-sidebar-secondary",
        ".prev-next-area",
        ".copybtn",
    ]:
        assert not any(each.is_visible() for each in tab.locator(gone).all()), gone
    assert not nudge.is_visible()  # it was closed
    assert solution.is_visible() and solution.locator("p, div").first.is_visible()
    assert tab.locator("div.exercise").last.is_visible()
    pictures = tab.locator("figure.explorer :is(img, .explorer-stage)")
    assert pictures.first.is_visible()
    answers = tab.locator("details.answer > summary")
    assert all(answer.is_visible() for answer in answers.all())
    summary = tab.locator("section#summary")
    assert summary.evaluate("each => getComputedStyle(each).breakBefore") == "page"


@pytest.mark.parametrize("page", CHAPTERS)
def test_summary_fits_on_one_printed_page(chromium, page):
    # A4 with margins of 15 mm, at 96 CSS pixels per inch
    width, height = (round((side - 2 * 15) / 25.4 * 96) for side in (210, 297))
    context = chromium.new_context(offline=True, viewport={"width": width, "height": height})
    tab = visit(context, page)
    tab.emulate_media(media="print")
    assert 0 < tab.locator("section#summary").bounding_box()["height"] <= height
    context.close()


def test_dark_pages_are_printed_on_white(chromium):
    context = chromium.new_context(offline=True, color_scheme="dark")
    tab = visit(context, FIRST)
    seen = []
    tab.expose_function("printing", lambda theme: seen.append(theme))
    tab.evaluate("""() => {
        const theme = () => printing(document.documentElement.dataset.theme);
        addEventListener("beforeprint", theme);
        addEventListener("afterprint", theme);
    }""")
    tab.pdf()
    tab.wait_for_timeout(100)
    assert seen == ["light", "dark"]
    context.close()


def test_the_starter_can_be_downloaded(context):
    tab = visit(context, "book/howto.html")
    with tab.expect_download() as download:
        tab.get_by_role("link", name="hw3.zip").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        names = {name.rpartition("/")[2] for name in archive.namelist()}
    assert names >= {"backprop.py", "kmeans.py", "data.tsv", "original.png", "README.md"}
