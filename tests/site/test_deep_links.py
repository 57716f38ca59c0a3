"""Deep links: the address says what an explorer shows, and the back button undoes a move."""

import itertools
import random
import re
from functools import cache
from typing import NamedTuple
from urllib.parse import parse_qsl

import pytest
from built_site import ALL_OF, CHAPTERS, SITE, SLIDERS_ALONE, WITH_SLIDERS

from tools import browser

pytestmark = pytest.mark.full

PAGE, STEPS = CHAPTERS[2], "em-digits"  # k, assignments and step, and Play


class Described(NamedTuple):
    """An explorer as the stored notebook has it."""

    page: str
    axes: dict  # the labels of each
    start: dict
    captions: dict  # by labels


@cache
def described():
    """Return all explorers and scenes that have sliders, by name."""
    found = {}
    for page, name in WITH_SLIDERS:
        figure = ALL_OF[page][name]
        start = {axis: values[figure.start[axis]] for axis, values in figure.axes.items()}
        positions = itertools.product(*figure.axes.values())
        captions = dict(zip(positions, figure.captions, strict=True))
        found[name] = Described(page, figure.axes, start, captions)
    return found


@pytest.fixture
def clock(tab):
    """The clock of the tab, which stands still but where a test lets it run.

    However slow the machine, keys follow each other at once; a second passes when it should.
    """
    tab.clock.install(time=0)
    tab.clock.pause_at(1)
    return tab.clock


@pytest.fixture
def tab(chromium):
    """A tab that has said nothing when the test is over."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    tab = browser.watched(context)
    yield tab
    assert tab.seen["console"] == [] and tab.seen["failed"] == []
    context.close()


def address(page, hash=""):
    """Return the address of a page on the disk."""
    return (SITE / page).as_uri() + hash


def shows(tab, name, **values):
    """Assert that an explorer shows these values, and its start for other axes, in every way."""
    explorer = described()[name]
    values = explorer.start | values
    caption = explorer.captions[tuple(values.values())]
    figure = tab.locator(f"figure#{name}")
    tab.wait_for_function(  # frames may be on their way, or the browser to another entry
        """([figure, values, caption]) => {
            const axes = [...figure.querySelectorAll(".explorer-controls [data-values]")];
            const said = axes.map((axis) => axis.matches("fieldset")
                ? axis.querySelector(":checked").value
                : axis.getAttribute("aria-valuetext"));
            return String(said) === String(values)
                && figure.querySelector("figcaption").textContent === caption;
        }""",
        arg=[figure.element_handle(), list(values.values()), caption],
    )
    assert figure.get_attribute("aria-busy") != "true"
    for axis, value in values.items():
        slider = figure.locator(f"input#{name}-{axis}")
        if not slider.count():  # a choice of a few
            continue
        assert explorer.axes[axis][int(slider.input_value())] == value
        assert slider.get_attribute("aria-valuetext") == value
        assert figure.locator(f"output[for='{name}-{axis}']").text_content() == value
    link = figure.get_by_role("link", name="Link to this state").get_attribute("href")
    assert state(link) == (name, values)
    return caption


def state(link):
    """Return the explorer and the values that an address names."""
    name, _, query = link.partition("#")[2].partition("?")
    return name, dict(parse_qsl(query))


def press(tab, name, axis, *keys):
    """Move a slider by keyboard."""
    tab.locator(f"#{name}-{axis}").focus()
    for key in keys:
        tab.keyboard.press(key)


def pause(clock):
    """Let a second pass, after which a move is a move of its own."""
    clock.run_for(1100)


def in_view(tab, name):
    """Wait until an explorer stands in the upper half of the window, or the page can go no further.

    Sections are laid out when they come near, and may push it about until then.
    """
    tab.wait_for_function(
        """name => {
            const { top } = document.getElementById(name).getBoundingClientRect();
            const end = scrollY + innerHeight >= document.documentElement.scrollHeight - 1;
            return 0 <= top && (top < innerHeight / 2 || end);
        }""",
        arg=name,
    )


# ---- a link shows what it says --------------------------------------------------------------


FIGURES = [name for _, name in SLIDERS_ALONE]
EVERYWHERE = [(name, "disk") for name in FIGURES] + [(STEPS, "disk"), (STEPS, "server")]


@pytest.mark.parametrize(("name", "where"), EVERYWHERE)
def test_link_shows_what_was_copied(tab, site, name, where):
    root = site if where == "server" else SITE.as_uri() + "/"
    page, axes, start, captions = described()[name]
    # a run may end before its slider does: a position beyond shows the end
    everything = [labels for labels in captions if name != STEPS or int(labels[-1]) < 5]
    for labels in [random.Random(7).choice(everything), everything[-1]]:
        values = dict(zip(axes, labels))
        # as a reader: move the sliders, copy the link
        tab.goto(root + page)
        for axis, value in values.items():
            if tab.locator(f"fieldset#{name}-{axis}").count():
                tab.locator(f"#{name}-{axis}").get_by_label(value).check()
                continue
            press(tab, name, axis, "Home")
            slider = tab.locator(f"#{name}-{axis}")
            while slider.get_attribute("aria-valuetext") != value:
                tab.keyboard.press("ArrowRight")
        caption = shows(tab, name, **values)
        link = tab.locator(f"#{name}").get_by_role("link").evaluate("link => link.href")
        if values != start:
            tab.wait_for_function("link => location.href === link", arg=link)
        # as another, who gets it
        other = browser.watched(tab.context)
        other.goto(link)
        assert shows(other, name, **values) == caption
        assert other.url == link
        in_view(other, name)
        asked = [url for url in other.seen["requests"] if re.search(r"_frames/\w+\.js", url)]
        assert len(asked) == (values != start)  # its own frames, and no others
        assert other.seen["console"] == [] and other.seen["failed"] == []
        other.close()


BAD = {
    "": {},
    "k": {},
    "k=": {},
    "k=4&step=": {"k": "4"},
    "k=7": {},  # lies between two values
    "k=4.0": {},
    "k=-1&step=2": {"step": "2"},
    "k=99999999999999999999": {},
    "k=<script>alert(1)</script>&step=3": {"step": "3"},
    "k=__proto__&constructor=4": {},
    "speed=4&step=1": {"step": "1"},
    "K=4": {},
    "k=%": {},
    "k=%zz&step=%33": {"step": "3"},
    "k=%E0%A4%A&step=1": {"step": "1"},
    "k=4&k=6": {"k": "4"},
    "k=4#step=2": {},
    "?k=4&step=2": {"k": "4", "step": "2"},  # one mark more is passed over
    "k=4;step=2": {},
    "&&&==&step=2": {"step": "2"},
    "k=%34": {"k": "4"},
    "step=0": {"step": "0"},
}


def test_bad_values_give_the_default(tab):
    for query, values in BAD.items():
        tab.goto("about:blank")
        tab.goto(address(PAGE, f"#{STEPS}?{query}"))
        shows(tab, STEPS, **values)
        in_view(tab, STEPS)


@pytest.mark.parametrize(
    "hash", ["#nothing?k=4", "#?", "#??", "#summary?k=4", "#%", "#em-model?k=4", "#"]
)
def test_other_addresses_do_no_harm(tab, hash):
    tab.goto(address(PAGE, hash))
    shows(tab, STEPS)
    press(tab, STEPS, "step", "Home", "ArrowRight")
    shows(tab, STEPS, step=described()[STEPS].axes["step"][1])


def test_plain_anchor_is_an_ordinary_one(tab):
    tab.goto(address(PAGE, f"#{STEPS}"))
    shows(tab, STEPS)
    in_view(tab, STEPS)
    assert tab.url.endswith(f"#{STEPS}")


def test_spaces_and_commas_are_escaped(tab):
    name, page = "map-reduce-machines", "notebooks/5_map_reduce.html"
    data = described()[name].axes["data"]
    assert ", " in data[-1]
    tab.goto(address(page))
    press(tab, name, "data", "End")
    link = tab.locator(f"#{name}").get_by_role("link").get_attribute("href")
    assert re.fullmatch(r"#map-reduce-machines\?[\w=&+%.-]+", link)
    for space in ("+", "%20", " "):
        tab.goto("about:blank")
        tab.goto(address(page, f"#{name}?data={data[-1].replace(' ', space)}"))
        shows(tab, name, data=data[-1])


def test_address_is_harmless_without_javascript(chromium):
    context = chromium.new_context(java_script_enabled=False)
    tab = browser.watched(context)
    tab.goto(address(PAGE, f"#{STEPS}?k=4&step=2"))
    figure = tab.locator(f"#{STEPS}")
    start = tuple(described()[STEPS].start.values())
    assert figure.locator("figcaption").text_content() == described()[STEPS].captions[start]
    assert tab.get_by_text("Link to this state").count() == 0
    assert tab.seen["console"] == []
    context.close()


# ---- the back button ------------------------------------------------------------------------


def test_back_and_forward_walk_through_the_states(tab, clock):
    tab.goto(address(PAGE))
    press(tab, STEPS, "k", "Home", "ArrowRight")
    press(tab, STEPS, "step", "Home", "ArrowRight", "ArrowRight")
    press(tab, "em-pathologists", "k", "End")
    pause(clock)
    press(tab, STEPS, "step", "ArrowRight")
    k, step = described()[STEPS].axes["k"][1], described()[STEPS].axes["step"]
    colors = described()["em-pathologists"].axes["k"][-1]
    history = [  # what each of two explorers shows
        ({}, {}),
        ({"k": k}, {}),
        ({"k": k, "step": step[2]}, {}),
        ({"k": k, "step": step[2]}, {"k": colors}),
        ({"k": k, "step": step[3]}, {"k": colors}),
    ]

    def check(values, photo):
        shows(tab, STEPS, **values)
        shows(tab, "em-pathologists", **photo)

    check(*history[-1])
    for expected in history[-2::-1]:
        tab.evaluate("history.back()")
        check(*expected)
    assert tab.url == address(PAGE)
    for expected in history[1:]:
        tab.evaluate("history.forward()")
        check(*expected)
    assert state(tab.url) == (STEPS, described()[STEPS].start | {"k": k, "step": step[3]})
    tab.reload()
    check(*history[-1])  # both, though the address names one
    tab.goto(address(CHAPTERS[0]))
    tab.go_back()
    check(*history[-1])
    tab.go_back()
    check(*history[-2])


def test_one_drag_is_one_entry(tab, clock):
    tab.goto(address(PAGE))
    slider = tab.locator(f"#{STEPS}-step")
    slider.hover()  # at rest: what comes near is laid out only now
    box = slider.bounding_box()
    entries = tab.evaluate("history.length")
    seen = []
    tab.mouse.move(box["x"] + 2, box["y"] + box["height"] / 2)
    tab.mouse.down()
    for part in range(1, 9):  # slowly, with a rest that is longer than a second
        tab.mouse.move(box["x"] + box["width"] * part / 8 - 2, box["y"] + box["height"] / 2)
        clock.run_for(1200 if part == 4 else 100)
        seen.append(tab.url)
    tab.mouse.up()
    end = slider.get_attribute("max")  # where this run ends
    shows(tab, STEPS, step=end)
    clock.run_for(400)
    assert state(tab.url)[1]["step"] == end
    assert len(set(seen)) > 2  # the address follows
    assert tab.evaluate("history.length") == entries + 1
    tab.evaluate("history.back()")
    shows(tab, STEPS)


def test_address_changes_rarely_enough_for_every_browser(tab, clock):
    tab.add_init_script("""{
        window.calls = 0;
        for (const name of ["pushState", "replaceState"]) {
            const real = history[name];
            history[name] = function (...rest) { calls++; return real.apply(this, rest); };
        }
    }""")
    tab.goto(address(PAGE))
    entries = tab.evaluate("history.length")
    before = tab.evaluate("calls")
    for _ in range(30):  # half a minute of a held key, 60 times a second
        tab.evaluate(
            """id => {
                const slider = document.getElementById(id);
                let i = 0;
                const held = setInterval(() => {
                    slider.value = i % 2 ? slider.max : 0;
                    slider.dispatchEvent(new Event("input"));
                    slider.dispatchEvent(new Event("change"));
                    if (++i === 60) clearInterval(held);
                }, 16);
            }""",
            f"{STEPS}-step",
        )
        clock.run_for(1000)
    assert 30 < tab.evaluate("calls") - before < 100  # Safari refuses more than 100 in 30 s
    assert tab.evaluate("history.length") == entries + 1


def test_play_is_one_entry_and_stops_on_the_way_back(tab, clock):
    tab.goto(address(PAGE))
    step = described()[STEPS].axes["step"]
    press(tab, STEPS, "step", "Home")
    shows(tab, STEPS, step=step[0])
    pause(clock)
    entries = tab.evaluate("history.length")
    button = tab.locator(f"#{STEPS} .explorer-controls button")
    button.click()
    clock.run_for(1500)
    shows(tab, STEPS, step=step[3])  # one at once, and one each 700 ms
    assert tab.evaluate("history.length") == entries + 1
    assert button.inner_text() == "Pause"
    tab.evaluate("history.back()")
    shows(tab, STEPS, step=step[0])
    assert button.inner_text() == "Play"
    clock.run_for(5000)
    shows(tab, STEPS, step=step[0])


# ---- links on the page ----------------------------------------------------------------------


def test_links_within_the_page_leave_explorers_as_they_are(tab, clock):
    tab.goto(address(PAGE))
    press(tab, STEPS, "k", "End")
    last = described()[STEPS].axes["k"][-1]
    tab.evaluate("location.hash = '#summary'")
    shows(tab, STEPS, k=last)
    assert tab.url.endswith("#summary")
    clock.run_for(5000)  # longer than an address may lag
    assert tab.url.endswith("#summary")
    tab.evaluate("history.back()")
    shows(tab, STEPS, k=last)
    tab.evaluate("history.back()")
    shows(tab, STEPS)


def test_a_link_of_the_text_sets_an_explorer(tab):
    tab.goto(address(PAGE))
    press(tab, STEPS, "step", "ArrowRight")
    tab.evaluate(f"location.hash = '#{STEPS}?k=4&step=3'")
    shows(tab, STEPS, k="4", step="3")
    tab.evaluate("scrollTo(0, 0)")
    tab.evaluate("history.back()")
    shows(tab, STEPS, step=described()[STEPS].axes["step"][1])


def test_link_works_by_keyboard_and_twice(tab):
    tab.goto(address(PAGE))
    press(tab, STEPS, "k", "End")
    k = described()[STEPS].axes["k"][-1]
    link = tab.locator(f"#{STEPS}").get_by_role("link", name="Link to this state")
    press(tab, STEPS, "step", "Tab", "Tab")  # past Play
    assert link.evaluate("link => link === document.activeElement")
    for _ in range(2):
        tab.keyboard.press("Enter")
        shows(tab, STEPS, k=k)
        assert state(tab.url)[1]["k"] == k
    tab.reload()
    shows(tab, STEPS, k=k)


def test_entries_of_an_older_book_do_no_harm(tab):
    tab.goto(address(PAGE))
    tab.evaluate("history.replaceState({explorers: [['gone', 'k=4'], ['em-digits', '%']]}, '')")
    tab.reload()
    shows(tab, STEPS)
