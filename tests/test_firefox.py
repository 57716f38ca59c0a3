"""The book in Firefox, from the disk, with all network closed: each chapter, each slider."""

import firefox
import pytest
import stored
from test_site import CHAPTERS, FIGURES_OF, PAGES, SITE, WALK, check_walk

# pictures and frames are files on a disk: ten seconds are enough, and then it is said what lacks
UNTIL = """
    async function until(ready) {
        for (let tries = 0; tries < 1000 && !ready(); tries++) {
            await new Promise((done) => setTimeout(done, 10));
        }
        if (!ready()) throw new Error(`in vain: ${ready}`);
    }"""


@pytest.fixture(scope="module")
def tab():
    with firefox.firefox() as tab:
        yield tab


@pytest.fixture(autouse=True)
def nothing_seen_yet(tab):
    for what in tab.seen.values():
        what.clear()


@pytest.mark.parametrize("page", PAGES)
def test_page_is_quiet_and_asks_for_nothing_outside(tab, page):
    tab.goto((SITE / page).as_uri())
    tab.evaluate("() => document.fonts.ready.then(() => null)")
    assert tab.seen["console"] == tab.seen["failed"] == []
    assert not [u for u in tab.seen["requests"] if not u.startswith((SITE.as_uri(), "data:"))]
    assert tab.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("page", FIGURES_OF)
def test_every_position_of_every_slider(tab, page):
    tab.goto((SITE / page).as_uri())
    for name, figure in FIGURES_OF[page].items():
        tab.evaluate(
            f"""async (name) => {{
                {UNTIL}
                const figure = document.getElementById(name);
                figure.scrollIntoView({{ behavior: "instant" }});
                // a headless window never has the focus, so focusing a slider causes no event
                figure.querySelector(".explorer-controls")?.dispatchEvent(new Event("pointerdown"));
                const [img, explorer] = [figure.querySelector("img"), explorers.get(name)];
                // sections above may grow when laid out and push it out of view: then it would wait
                img.loading = "eager";
                const ready = () => img.naturalWidth && (!explorer || explorer.data);
                await until(ready);
            }}""",
            name,
        )
        check_walk(figure, tab.evaluate(WALK, name))
    assert tab.seen["console"] == tab.seen["failed"] == []
    assert not [u for u in tab.seen["requests"] if not u.startswith((SITE.as_uri(), "data:"))]


def press(tab, key):
    """Press a key as a hand does."""
    keys = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
    actions = [{"type": "key", "id": "keyboard", "actions": keys}]
    tab.send("input.performActions", context=tab.context, actions=actions)


def test_sliders_answer_to_keys(tab):
    page = CHAPTERS[1]
    tab.goto((SITE / page).as_uri())
    figure = stored.figures(stored.CHAPTERS[1])["kmeans-steps"]
    for axis, at in figure.start.items():
        later = at + 1
        tab.evaluate("(id) => document.getElementById(id).focus()", f"kmeans-steps-{axis}")
        press(tab, "\ue014")  # arrow right
        tab.evaluate(f"""async () => {{
            {UNTIL}
            await until(() => explorers.get("kmeans-steps").data);
        }}""")
        caption = "() => document.querySelector('#kmeans-steps figcaption').textContent.trim()"
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
