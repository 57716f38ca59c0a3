"""The built book as the tests see it: its pages, their explorers, and how to open and walk them."""

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
EXPLORERS = [(page, name) for page, all in ALL_OF.items() for name in all]
WITH_SLIDERS = [(page, name) for page, name in EXPLORERS if ALL_OF[page][name].axes]
PLOTS = ["plot", "mixture"]  # the views with nothing to take hold of
SLIDERS_ALONE = [(page, name) for page, name in WITH_SLIDERS if ALL_OF[page][name].view in PLOTS]

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
    """Come near an explorer's sliders and wait until it is drawn and its frames are there."""
    draw(tab, name)
    tab.locator(f"figure#{name} input").first.focus()
    tab.wait_for_function("name => explorers.get(name).data", arg=name)


def words(caption):
    """Return a caption without the signs that are typeset, stored or shown."""
    return caption.strip().replace("_", "").replace("{", "").replace("}", "")
