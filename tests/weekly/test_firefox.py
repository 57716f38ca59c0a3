"""The book in Firefox, from the disk, with all network closed: each chapter, each slider."""

import notebook_outputs
import pytest
from built_site import ALL_OF, CHAPTERS, PAGES, SITE, words

from tools.browser import firefox


@pytest.fixture(scope="module")
def tab():
    with firefox.firefox() as tab:
        yield tab


@pytest.fixture(autouse=True)
def nothing_seen_yet(tab):
    tab.goto("about:blank")  # the page before has no more to say
    for what in tab.seen.values():
        what.clear()


@pytest.mark.parametrize("page", PAGES)
def test_page_is_quiet_and_asks_for_nothing_outside(tab, page):
    tab.goto((SITE / page).as_uri())
    tab.evaluate("() => document.fonts.ready.then(() => null)")
    assert tab.seen["console"] == tab.seen["failed"] == []
    assert not [u for u in tab.seen["requests"] if not u.startswith((SITE.as_uri(), "data:"))]
    assert tab.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


# Wakes an explorer, moves each of its sliders from end to end, and tells the captions.
WALK = """async (name) => {
    const figure = document.getElementById(name), caption = figure.querySelector("figcaption");
    for (let at = figure; at; at = at.parentElement) if (at.matches("details")) at.open = true;
    const rest = () => new Promise((done) => setTimeout(done, 20));
    const patience = performance.now() + 60_000;
    const explorer = explorers.get(name);
    while (figure.dataset.alive !== "" || !explorer.data) {
        if (performance.now() > patience) throw new Error(`${name} is not there after a minute`);
        figure.scrollIntoView({ behavior: "instant" });
        explorer.load();
        await rest();
    }
    const seen = [caption.textContent];
    for (const axis of explorer.axes) {
        for (let at = 0; at < axis.labels.length; at++) {
            axis.at = at;
            axis.element.dispatchEvent(new Event("input", { bubbles: true }));
            await rest();
            seen.push(caption.textContent);
        }
        axis.at = axis.first;
        axis.element.dispatchEvent(new Event("input", { bubbles: true }));
    }
    return seen;
}"""


@pytest.mark.parametrize("page", ALL_OF)
def test_every_position_along_every_slider(tab, page):
    tab.goto((SITE / page).as_uri())
    for name, figure in ALL_OF[page].items():
        along = [{axis: at} for axis, values in figure.axes.items() for at in range(len(values))]
        expected = [words(figure.caption(**moved)) for moved in [{}, *along]]
        assert [words(caption) for caption in tab.evaluate(WALK, name)] == expected, name
    assert tab.seen["console"] == tab.seen["failed"] == []
    assert not [u for u in tab.seen["requests"] if not u.startswith((SITE.as_uri(), "data:"))]


def press(tab, key):
    """Press a key as a hand does."""
    keys = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
    actions = [{"type": "key", "id": "keyboard", "actions": keys}]
    tab.send("input.performActions", context=tab.context, actions=actions)


def test_sliders_answer_to_keys(tab):
    page = CHAPTERS[2]
    tab.goto((SITE / page).as_uri())
    figure = notebook_outputs.figures(notebook_outputs.CHAPTERS[2])["em-digits"]
    for axis in ("k", "step"):
        later = figure.start[axis] + 1
        tab.evaluate("(id) => document.getElementById(id).focus()", f"em-digits-{axis}")
        press(tab, "\ue014")  # arrow right
        tab.evaluate("""async () => {
            const { figure, script } = explorers.get("em-digits");
            while (figure.getAttribute("aria-busy") !== "false") {
                await new Promise((done) => script.addEventListener("load", done));
            }
            while (!("alive" in figure.dataset)) await new Promise((done) => setTimeout(done, 20));
        }""")
        caption = "() => document.querySelector('#em-digits figcaption').textContent.trim()"
        assert tab.evaluate(caption) == figure.caption(**{axis: later})
        press(tab, "\ue012")  # and back
        assert tab.evaluate(caption) == figure.caption()


def test_formulas_are_laid_out(tab):
    tab.goto((SITE / CHAPTERS[2]).as_uri())
    above, below = tab.evaluate("""() => {
        const all = [...document.querySelectorAll("article div.math mfrac")];
        const fraction = all.find((each) => !each.closest("details"));
        return [...fraction.children].map((part) => part.getBoundingClientRect());
    }""")
    assert above["height"] > 0 and above["bottom"] <= below["top"] + 1
