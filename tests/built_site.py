"""The built book as the tests see it: its pages, their explorers, and how to open and walk them."""

import base64
import itertools
from pathlib import Path
from urllib.parse import unquote, urlsplit

import notebook_outputs

from tools import browser

SITE = notebook_outputs.ROOT / "_build" / "html"
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
PAGES = [page for page in PAGES if not page.startswith("_static/") and page != "index.html"]
HOME = "book/index.html"
CHAPTERS = [f"notebooks/{path.stem}.html" for path in notebook_outputs.CHAPTERS]
ALL_OF = {
    f"notebooks/{path.stem}.html": notebook_outputs.figures(path)
    for path in notebook_outputs.NOTEBOOKS
}
# those that are pictures, and those that are drawn by a view: plots that stand, and what can be
# taken hold of or has sliders (test_scenes_page.py)
FIGURES_OF = {p: {n: f for n, f in all.items() if not f.view} for p, all in ALL_OF.items()}
VIEWS = [(p, name) for p, all in ALL_OF.items() for name, each in all.items() if each.view]
SCENES = [(page, name) for page, name in VIEWS if ALL_OF[page][name].axes]
PLOTS = ["plot", "mixture"]  # the views with nothing to take hold of
EXPLORERS = [(page, name) for page, name in SCENES if ALL_OF[page][name].view in PLOTS]

if not PAGES:
    raise RuntimeError("there is no built book in _build/html: run `make book` first")


def visit(context, page, hash=""):
    """Open a page of the site from the disk, and wait until it stands."""
    tab = browser.watched(context)
    tab.goto((SITE / page).as_uri() + hash)  # returns when the page and its scripts are loaded
    tab.evaluate("document.fonts.ready.then(() => null)")
    return tab


def lay_out(tab):
    """Lay a page out to its end, as it is for someone who has looked through it."""
    tab.evaluate("""document.querySelectorAll(".bd-article > section > section").forEach(
        (section) => (section.style.contentVisibility = "visible"))""")


def open_folds(tab):
    """Open every fold of a page."""
    tab.evaluate("document.querySelectorAll('details').forEach((fold) => (fold.open = true))")
    tab.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


def unfolded(tab, name):
    """Open the folds around a figure, without a script of the page's; return it."""
    figure = tab.locator(f"figure#{name}")
    for fold in tab.locator("details", has=figure).all():
        fold.evaluate("(fold) => { fold.open = true; }")
    return figure


def draw(tab, name):
    """Bring a scene into view, and wait until its view has drawn it."""
    figure = tab.locator(f"figure#{name}")
    # what is drawn above it moves it out of view again
    tab.wait_for_function(
        """(name) => {
            const figure = document.getElementById(name);
            if (figure.dataset.alive === "") return true;
            for (let at = figure; at; at = at.parentElement)
                if (at.matches("details")) at.open = true;
            figure.scrollIntoView({ behavior: "instant" });
            return false;
        }""",
        arg=name,
    )
    return figure


def wake(tab, name):
    """Come near an explorer's sliders and wait until its frames are there."""
    tab.locator(f"figure#{name} input").first.focus()
    tab.wait_for_function("name => explorers.get(name).data", arg=name)


# Moves the sliders of a figure through all their positions, each by the event that a reader's hand
# causes, and says what is seen at each, in one call: most positions need no time but that of their
# pictures. Frames and pictures are files on a disk; a minute is enough for a slow one.
WALK = """async (name) => {
    const figure = document.getElementById(name);
    const sliders = [...figure.querySelectorAll("input[type=range]")];
    const [img, caption] = [figure.querySelector("img"), figure.querySelector("figcaption")];
    const patience = performance.now() + 60_000;
    async function until(ready) {
        while (!await ready()) {
            if (performance.now() > patience) throw new Error(`${name}: in vain, ${ready}`);
            await new Promise((done) => setTimeout(done, 10));
        }
    }
    figure.scrollIntoView({ behavior: "instant" });
    img.loading = "eager"; // sections above may grow when laid out, and push it out of view
    if (sliders.length) {
        // a hand comes near; a window that has not the focus gets no event of focus
        figure.querySelector(".explorer-controls").dispatchEvent(new Event("pointerdown"));
        await until(() => explorers.get(name).data);
    }
    const pictures = [], seen = [];
    async function walk(axis) {
        if (axis < sliders.length) {
            for (let at = 0; at <= Number(sliders[axis].max); at++) {
                sliders[axis].value = at;
                sliders[axis].dispatchEvent(new Event("input", { bubbles: true }));
                await walk(axis + 1);
            }
            return;
        }
        // it refuses while one picture takes the place of another; then it is asked again
        await until(() => img.decode().then(() => true, () => false));
        if (!pictures.includes(img.src)) pictures.push(img.src);
        seen.push({
            caption: caption.textContent.trim(),
            alt: img.alt,
            values: sliders.map((slider) => slider.getAttribute("aria-valuetext")),
            labels: sliders.map((slider) => slider.parentElement.querySelector("output").value),
            size: [img.naturalWidth, img.naturalHeight],
            room: [img.width / img.height, Number(img.getAttribute("width"))],
            picture: pictures.indexOf(img.src),
            busy: figure.getAttribute("aria-busy") === "true",
        });
    }
    await walk(0);
    return { positions: seen, pictures };
}"""


def content(source):
    """Return the bytes of a picture, from a data: address or a file's."""
    if source.startswith("data:"):
        return base64.b64decode(source.partition(",")[2])
    return Path(unquote(urlsplit(source).path)).read_bytes()


def check_walk(figure, seen):
    """Assert that a figure was seen to have the positions, captions and pictures of `draw`.

    Of each picture the bytes are those that are stored.
    """
    positions = seen["positions"]
    expected = list(itertools.product(*figure.axes.values()))
    assert [tuple(at["values"]) for at in positions] == expected
    assert [at["caption"] for at in positions] == figure.captions
    shown = [content(seen["pictures"][at["picture"]]) for at in positions]
    assert shown == [content(figure.sources[picture]) for picture in figure.pictures]
    for at in positions:
        width, height = at["size"]
        assert width > 0 and height > 0
        assert at["alt"] == at["caption"]
        assert at["labels"] == at["values"] and not at["busy"]
        shape, said = at["room"]
        assert width >= said  # as many pixels as the page gives it, or more
        # the room kept for a picture has its shape, but for what is rounded to whole pixels
        assert abs(shape - width / height) < 0.01
