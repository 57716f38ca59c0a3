"""Cells that run in the page: what they need first, what they show, and how they are stopped."""

import json
import re

import axe
import notebook_outputs
import numpy as np
import pytest
from built_site import SITE, draw, lay_out, open_folds
from playwright.sync_api import expect

from book_extensions import runtime
from book_extensions.page import live_runner
from hwlib.scenes import kmeans as kmeans_scenes
from hwlib.scenes.backprop import logistic_regression

# ---- what a cell needs: plain Python, as the page's own Python runs it -------------------------

CELLS = [
    {"id": "imports", "source": "import numpy as np\nfrom hwlib import kmeans, datasets"},
    {"id": "data", "source": "X = np.arange(4.0)\ny = X * 2"},
    {"id": "unused", "source": "Z = 1 / 0"},
    {"id": "function", "source": "def mean(v):\n    Z = v.sum()\n    return Z / len(X)"},
    {"id": "result", "source": "m = mean(y)\nm"},
    {"id": "own", "source": "t = 3\nprint(t)"},
]


@pytest.fixture(autouse=True)
def fresh():
    """Start with no names, as a page does."""
    live_runner.DONE.clear()
    live_runner.NAMES.clear()
    live_runner.NAMES["__name__"] = "__main__"


def shown_by(identity, source):
    shown = []
    wrong = live_runner.run(identity, source, lambda *each: shown.append(each))
    return shown, wrong


def test_a_cell_needs_what_it_uses_and_no_more():
    imports, ids = live_runner.plan(CELLS, "result")
    # neither the local name Z nor the imports that nobody uses bring anything else
    assert ids == ["data", "function", "result"]
    assert imports == ["import numpy as np"]
    assert live_runner.plan(CELLS, "own") == ([], ["own"])


@pytest.mark.parametrize(
    ("source", "uses"),
    [
        ("for i in a:\n    b = i\n    c = b + d", "ad"),
        ("for i in range(3):\n    a = b\n    b = 1", "b"),  # the first time round, b is not there
        ("while a:\n    b = 1\nelse:\n    c = b", "a"),
        ("if a:\n    b = 1\nelif c:\n    d = b", "ac"),
        ("with a as b:\n    c = b", "a"),
        ("try:\n    a = b\nexcept c:\n    d\nfinally:\n    e = a", "bcd"),
        ("try:\n    a = 1\nfinally:\n    b = a", ""),
        ("def f(x):\n    a = b\n    return a + x", "b"),
        ("class A:\n    b = 1\n    c = b\n    d = e", "e"),
    ],
)
def test_a_cell_uses_what_it_has_not_defined_before(source, uses):
    assert live_runner.analyze(source)[0] == set(uses)


@pytest.mark.parametrize("cell", ["digits-starts", "soft-hard"])
def test_ten_runs_do_not_wait_for_all_those_of_the_first_picture(cell):
    [path] = [each for each in notebook_outputs.NOTEBOOKS if each.stem == "3_binary_em"]
    code = [each for each in notebook_outputs.read(path).cells if each.cell_type == "code"]
    cells = [{"id": each.id, "source": each.source} for each in code]
    ids = live_runner.plan(cells, cell)[1]
    assert "digits" in ids and "digits-fit" not in ids


def test_what_was_run_is_not_run_again_until_it_changes():
    for cell in CELLS[:2]:
        assert shown_by(cell["id"], cell["source"])[1] is None
    assert live_runner.plan(CELLS, "result")[1] == ["function", "result"]
    changed = [dict(cell) for cell in CELLS]
    changed[1]["source"] += "\nX = X + 1"
    assert live_runner.plan(changed, "result")[1] == ["data", "function", "result"]


def test_cells_that_depend_on_a_changed_one_are_stale():
    for cell in [*CELLS[:2], *CELLS[3:]]:
        shown_by(cell["id"], cell["source"])
    assert live_runner.dependents(CELLS, "data") == ["function", "result"]
    assert live_runner.dependents(CELLS, "own") == []


def test_the_last_value_is_shown_and_prints_are_prints(capsys):
    assert shown_by("a", "print(1)\n2 + 3") == ([("plain", "5")], None)
    assert capsys.readouterr().out == "1\n"
    assert shown_by("b", "None") == ([], None)


def test_an_error_names_the_line_of_the_reader(capsys):
    _, wrong = shown_by("a", "x = 1\n\ndef f():\n    return x / 0\n\nf()")
    assert (wrong["line"], wrong["message"]) == (4, "ZeroDivisionError: division by zero")
    assert "live_runner" not in wrong["traceback"] and not wrong["missing"]
    _, wrong = shown_by("a", "x = (1,\ny = 2")
    assert wrong["line"] in (1, 2) and wrong["message"].startswith("SyntaxError")
    _, wrong = shown_by("a", "import nosuchmodule")
    assert wrong["missing"] and wrong["line"] == 1


def test_a_figure_is_shown_as_a_picture():
    import matplotlib

    matplotlib.use("agg")
    source = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nNone"
    [(kind, data)], wrong = shown_by("a", source)
    assert wrong is None and kind == "png" and data.startswith("iVBORw0KGgo")


def test_an_explorer_that_knows_its_listed_values_alone_takes_the_nearest(fresh):
    drawn = {1: "one", 5: "five"}

    class Explorer:
        axes = {"step": [1, 5]}

        def compute(self, step):
            return {}, drawn[step]

    live_runner.EXPLORERS["steps"] = Explorer()
    assert live_runner.compute("steps", {"step": 4})["caption"] == "five"
    assert live_runner.compute("steps", {"step": 1})["caption"] == "one"


# ---- the runtime --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def told():
    """What a page is told of the runtime."""
    page = (SITE / "notebooks/1_backprop.html").read_text(encoding="utf-8")
    found = re.search(r'id="python-runtime">(.*?)</script>', page)
    assert found, "the book was built without Python for its pages: see what `make book` says"
    return json.loads(found[1])


def test_every_file_of_the_runtime_is_there_and_small(told):
    folder = SITE / "_python"
    for stage in ("numbers", "pictures", "more"):
        assert all(folder.joinpath(name).stat().st_size for name in told[stage])
    assert "Mozilla Public License" in (folder / "LICENSES.txt").read_text(encoding="utf-8")
    import gzip

    core = [folder / told["stdlib"], *folder.joinpath(told["core"]).iterdir()]
    first = sum(len(gzip.compress(path.read_bytes(), 9)) for path in core)
    first += told["sizes"]["numbers"]
    assert first < 8.8e6  # bytes on their way before the first number, and before the first plot
    assert first + told["sizes"]["pictures"] < 14e6


def test_a_file_that_does_not_match_its_hash_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("BOOK_PYODIDE", str(tmp_path))
    for fetch in ("_from_distribution", "_from_package"):
        monkeypatch.setattr(runtime, fetch, lambda *_: None)
    (tmp_path / "pyodide.mjs").write_text("something else")
    lines = []
    with pytest.raises(runtime.NoRuntime, match="of its files cannot be had"):
        runtime.get(lines.append)
    assert any("pyodide.mjs does not match its hash" in line for line in lines)
    assert not list((tmp_path / "cache").rglob("pyodide.mjs"))


def test_our_packages_are_packed_the_same_each_time():
    assert runtime.our_packages() == runtime.our_packages()


# ---- in the browser -----------------------------------------------------------------------------

WRONG = """class LogNode(Node):
    def __init__(self, n):
        super().__init__(np.log(n.value), n)

    def backward(self):
        self.children[0].grad = self.grad / self.children[0].value"""
MINUTES = 60_000  # a busy machine


@pytest.fixture(scope="module")
def tab(chromium, site, told):
    """Chapter 1 in a window that may reach this site and no other."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(MINUTES)
    tab = context.new_page()
    tab.asked, tab.logged, tab.sent = [], [], []
    tab.on("request", lambda request: tab.asked.append(request.url))
    tab.on("request", lambda request: request.method == "GET" or tab.sent.append(request.url))
    tab.on("console", lambda message: tab.logged.append(message.text))
    tab.on("pageerror", lambda error: tab.logged.append(str(error)))
    tab.goto(site + "notebooks/1_backprop.html")
    yield tab
    context.close()


def cell(tab, identity):
    return tab.locator(f'.cell[data-cell="{identity}"]')


def runs(place):
    """How many runs of a cell have come to an end."""
    return int(place.get_attribute("data-runs") or 0)


def finished(place, act):
    """Do what makes a cell run; return what it shows when it has run.

    Its button says Stop only meanwhile, which may be shorter than a look at it.
    """
    before = runs(place)
    act()
    place.and_(place.page.locator(f'[data-runs="{before + 1}"]')).wait_for()
    return place.locator(".live-output")


def written(tab, identity, text):
    """Type a text into a cell."""
    place = cell(tab, identity)
    if not place.locator("textarea").count():
        place.get_by_role("button", name="Edit").click()
    place.get_by_role("textbox").fill(text)
    return place


def edit(tab, identity, text):
    """Type a text into a cell and run it; return what it shows then."""
    place = written(tab, identity, text)
    return finished(place, lambda: place.get_by_role("textbox").press("Control+Enter"))


def test_nothing_of_python_is_loaded_before_the_first_run(tab):
    tab.wait_for_timeout(500)
    assert not [url for url in tab.asked if "_python" in url]


def test_a_cell_runs_after_what_it_needs(tab, site):
    place = cell(tab, "increment-check")
    stored = place.locator(".cell_output pre").first.inner_text()
    output = finished(place, place.get_by_role("button", name="Run").click)
    assert output.inner_text().strip() == stored.strip()
    assert all(url.startswith((site, "blob:", "data:")) for url in tab.asked)


def test_a_wrong_answer_gets_its_sentence_and_a_right_one_its_points(tab):
    output = edit(tab, "check-1b", WRONG)
    assert "2 of 3 parts are right." in output.inner_text()
    assert "replaced where it should be increased" in output.inner_text()
    output.get_by_role("button", name="Open: First nudge").click()
    nudge = tab.locator("#ex-1b + details.hint")
    assert nudge.get_attribute("open") is not None
    output = edit(tab, "check-1b", WRONG.replace("grad = ", "grad += "))
    assert "1b is right." in output.inner_text()
    assert tab.locator("#ex-1b .exercise-done input").is_checked()


@pytest.mark.full
def test_an_error_is_shown_with_its_line(tab):
    output = edit(tab, "increment-check", "x = 1\nprint(x)\nnonsense + 1")
    assert "1" in output.inner_text()
    error = output.locator(".live-error").inner_text()
    assert error == "Line 3: NameError: name 'nonsense' is not defined"


@pytest.mark.full
def test_stop_ends_a_loop_that_never_ends_and_python_comes_back(tab):
    place = written(tab, "increment-check", "while True:\n    pass")
    place.get_by_role("textbox").press("Control+Enter")
    place.get_by_role("button", name="Stop").click()
    place.locator(".live-note", has_text="All variables are gone").wait_for()
    output = edit(tab, "increment-check", "print(6 * 7)")
    assert output.inner_text().strip() == "42"


@pytest.mark.full
def test_edits_are_kept_and_reset_takes_them_back(tab):
    place = written(tab, "check-1b", WRONG.replace("grad = ", "grad += "))
    tab.reload()
    assert "grad += self.grad" in place.locator("pre").first.inner_text()
    assert "live-changed" in place.get_attribute("class")
    place.get_by_role("button", name="Reset").click()
    assert "grad += self.grad" not in place.locator(".cell_input pre").inner_text()
    assert "live-changed" not in place.get_attribute("class")


@pytest.mark.full
def test_escape_leaves_the_editor_and_tab_is_no_trap(tab):
    place = cell(tab, "check-1b")
    place.get_by_role("button", name="Edit").click()
    place.get_by_role("textbox").press("Escape")
    assert place.get_by_role("textbox").count() == 0
    assert tab.evaluate("document.activeElement.textContent") == "Check"


# what a figure shows when it has come to rest
SHOWN = """async (name) => {
    const figure = document.getElementById(name);
    const patience = performance.now() + 120_000, later = (done) => setTimeout(done, 5);
    while (figure.getAttribute("aria-busy") === "true") {
        if (performance.now() > patience) throw new Error(`${name} is busy for ever`);
        await new Promise(later);
    }
    return [figure.querySelector("figcaption").textContent, figure.querySelector("output").value];
}"""


def press(tab, name, key, axis=0):
    """Press a key on a figure's slider; return its caption and its first slider's value."""
    tab.locator(f"figure#{name} input[type=range]").nth(axis).press(key)
    return tab.evaluate(SHOWN, name)


@pytest.mark.full
def test_a_slider_takes_values_between_the_stored_ones(tab, site):
    tab.goto(site + "notebooks/two_hundred_starts.html")
    assert press(tab, "xor-bowl", "ArrowRight")[1] == "2"  # the next that is stored
    assert press(tab, "xor-bowl", "ArrowLeft")[1] == "1"
    place = cell(tab, "xor-bowl")
    finished(place, place.get_by_role("button", name="Run").click)
    assert place.locator("figure").count() == 1  # the page's own stays
    caption, value = press(tab, "xor-bowl", "ArrowRight")
    assert value == "1.1" and caption.startswith("Learning rate 1.1, ")
    assert "learning_rate=1.1" in tab.url
    assert press(tab, "xor-bowl", "ArrowLeft")[0].startswith("Learning rate 1, ")


# Moves a slider through positions that are not stored, one after another without waiting, or each
# when the one before is seen; gives the milliseconds from each move to its picture.
MOVE = """async ([name, positions, wait]) => {
    const figure = document.getElementById(name), times = [];
    const slider = figure.querySelector("input[type=range]");
    for (const position of positions) {
        slider.value = position;
        const began = performance.now();
        const seen = new Promise((done, failed) => {
            figure.addEventListener("computed", done, { once: true });
            setTimeout(() => failed(new Error(`${name} computes in vain`)), 120_000);
        });
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        if (wait) await seen;
        else seen.catch(() => {});
        times.push(performance.now() - began);
    }
    return times;
}"""


@pytest.mark.full
def test_a_scene_is_computed_for_any_value_and_the_newest_wins(tab, site, capsys):
    """The cell that it needs runs by itself."""
    tab.goto(site + "notebooks/1_backprop.html")
    tab.evaluate("bookPython.start()")
    tab.wait_for_function("() => bookPython.status === 'ready'")

    def shown_as(at):
        caption, rate = tab.evaluate(SHOWN, "logreg")
        assert rate not in ("0.03", "0.1", "0.3", "1", "3")
        step = tab.locator("#logreg-step + output").evaluate("output => output.value")
        expected = logistic_regression("simple", float(rate), int(step))[1]
        assert caption == expected, at

    tab.evaluate(MOVE, ["logreg", [2.5], True])
    shown_as("a value between")
    positions = [0.3 + 0.05 * i for i in range(13)]
    times = tab.evaluate(MOVE, ["logreg", positions, True])
    shown_as("one after another")
    tab.evaluate(MOVE, ["logreg", [1.15, 2.85, 3.4, 1.6, 3.7], False])
    shown_as("the newest")
    with capsys.disabled():
        print(f"\nfrom slider to picture: {sorted(times)[len(times) // 2]:.0f} ms, the median")


OWN = """from hwlib.explorer import Explorer
from hwlib.scenes.plots import axis, mark, panel, plot

def compute(k):
    line = [[0, 0], [1, k]]
    axes = axis((0, 1), [0, 1], "x"), axis((0, 10), [0, 5, 10], "y")
    return plot("A line", [panel(*axes, [mark("line", line, "ink")])]), f"Slope {k}."

Explorer("{name}", compute, view="plot", start={"k": 3}, k=range(2, 11))"""


@pytest.mark.full
def test_an_explorer_of_the_readers_own_moves(tab, site):
    """It has a name that the page has not; one with a name of the page's is refused in a line."""
    tab.goto(site + "notebooks/2_kmeans.html")
    output = edit(tab, "run-k2", OWN.replace("{name}", "my-line"))
    output.locator("figure.explorer[data-alive] svg.plot").wait_for()
    caption = output.locator("figcaption")
    expect(caption).to_have_text("Slope 3.")
    output.locator("input[type=range]").press("ArrowRight")
    expect(caption).to_have_text("Slope 4.")
    output = edit(tab, "run-k2", OWN.replace("{name}", "my-line").replace("Slope", "Rise"))
    expect(output.locator("figcaption")).to_have_text("Rise 3.")
    output = edit(tab, "run-k2", OWN.replace("{name}", "kmeans-steps"))
    output.get_by_text("This page has a picture called kmeans-steps.").wait_for()
    other = OWN.replace("{name}", "other").replace('"plot"', '"plott"')
    output = edit(tab, "run-k2", other)
    output.get_by_text("There is no view called plott.").wait_for()
    wrong = OWN.replace("{name}", "wrong").replace(
        "def compute(k):", "def compute(k):\n    int('x')"
    )
    output = edit(tab, "run-k2", wrong)
    output.get_by_text("invalid literal for int()").wait_for()
    assert edit(tab, "run-k2", "print(6 * 7)").inner_text().strip() == "42"  # Python is still there


@pytest.mark.full
@pytest.mark.parametrize(("theme", "width"), [("light", 1280), ("dark", 390)])
def test_axe_finds_nothing_on_a_page_that_runs(chromium, site, theme, width):
    """With an editor open, an error, a verdict, a figure of its own, and a file that is refused."""
    context = chromium.new_context(
        color_scheme=theme, viewport={"width": 1000, "height": 900}, reduced_motion="reduce"
    )
    context.set_default_timeout(4 * MINUTES)  # what a photo's colors take, on a busy machine
    tab = context.new_page()
    tab.goto(site + "notebooks/2_kmeans.html")
    open_folds(tab)
    edit(tab, "run-k2", "print(1)\nnonsense")
    plot = "import matplotlib.pyplot as plt\nfig = plt.figure()\nfig.add_subplot().plot([1, 2])"
    edit(tab, "seeds", f"{plot}\nplt.show()")
    cell(tab, "run-k2").locator(".live-error").wait_for()
    assert cell(tab, "seeds").locator(".live-output img").count() == 1
    assert cell(tab, "seeds").locator(".live-stderr").count() == 0  # plt.show() is quiet
    edit(tab, "photo", "import sys\nprint('?' * 500)\nprint('!' * 500, file=sys.stderr)")
    output = edit(tab, "check-2a", "def kmeans(X, k, rng=0):\n    return None, None, 0.0")
    assert output.locator(".live-parts").count() == 1
    figure = draw(tab, "kmeans-steps")
    opened(figure, "bad.tsv", b"1\t2\n3\tx\n", "bad.tsv: line 2, column 3")
    assert cell(tab, "run-k2").get_by_role("textbox").count() == 1
    axe.resize(tab, width)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.evaluate("scrollTo({ top: 0, behavior: 'instant' })")  # nothing lies under the header
    lay_out(tab)  # what is not laid out has no true places
    assert axe.violations(tab) == []
    context.close()


@pytest.mark.full
def test_a_cell_is_run_and_changed_by_keys_alone(chromium, site):
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(4 * MINUTES)
    tab = context.new_page()
    tab.goto(site + "notebooks/1_backprop.html")
    place = cell(tab, "increment-check")
    run = place.get_by_role("button", name="Run", exact=True)
    run.focus()
    finished(place, lambda: tab.keyboard.press("Enter"))
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Edit"
    tab.keyboard.press("Enter")
    tab.keyboard.press("Control+a")
    tab.keyboard.type("total = 0\nfor i in range(4):\n    total += i\ntotal", delay=0)
    # a line begins where the one before does: what was typed is indented once more
    place.get_by_role("textbox").fill("total = sum(range(4))\ntotal")
    output = finished(place, lambda: tab.keyboard.press("Control+Enter"))
    assert output.inner_text().split() == ["6"]
    tab.keyboard.press("Escape")
    for _ in range(3):  # past Run and Edit
        if tab.evaluate("document.activeElement.textContent") == "Reset":
            break
        tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    assert "live-changed" not in place.get_attribute("class")
    context.close()


POINTS = b"x;y\n" + b"".join(b"%d;%d,5\n" % (37 * i % 101, 53 * i % 97) for i in range(60))


def opened(figure, name, content, said):
    """Choose a file for a figure, wait until it says so; return its caption."""
    file = {"name": name, "mimeType": "text/plain", "buffer": content}
    figure.locator("input[type=file]").set_input_files(file)
    figure.locator(".explorer-report", has_text=said).wait_for()
    return figure.locator("figcaption").text_content()


@pytest.mark.full
def test_points_of_the_readers_own_are_clustered_in_the_page(tab, site):
    """Python starts by itself, reads them, and nothing leaves the page."""
    tab.goto(site + "notebooks/2_kmeans.html")
    tab.asked.clear()
    figure = draw(tab, "kmeans-steps")
    book = figure.locator("figcaption").text_content()
    dots = figure.locator("svg:visible .glides circle")
    assert dots.count() == 500
    own = opened(figure, "mine.csv", POINTS, "mine.csv: 60 points.")
    assert "The file stays on this device." in figure.locator(".explorer-report").text_content()
    compute = kmeans_scenes.steps(np.zeros((10, 2)))
    assert own == compute(4, 0, 0, file=("mine.csv", POINTS))[1]
    assert dots.count() == 60
    press(tab, "kmeans-steps", "ArrowRight", 1)  # another seed: Python has those of the file
    caption = figure.locator("figcaption").text_content()
    assert caption == compute(4, 1, 0, file=("mine.csv", POINTS))[1] != own
    # what is wrong is said with its line and column, and the picture stays
    wrong = opened(figure, "bad.tsv", b"1\t2\n3\tx\n", "bad.tsv: line 2, column 3: 'x' is not")
    assert wrong == caption and dots.count() == 60
    assert figure.get_by_role("alert").count() == 1
    figure.get_by_role("button", name="The book’s points").click()
    press(tab, "kmeans-steps", "ArrowLeft", 1)
    assert figure.locator("figcaption").text_content() == book and dots.count() == 500
    posted = [url for url in tab.asked if not url.startswith((site, "blob:", "data:"))]
    assert posted == [] and tab.sent == []


def test_nothing_was_logged(tab):
    assert [line for line in tab.logged if "favicon" not in line] == []
