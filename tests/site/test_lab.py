"""The notebooks in a real JupyterLab: run them, move each slider, drop in a photo.

The three chapters belong to the second tier, the others to the third.
"""

import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from time import monotonic, sleep

import notebook_outputs
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from hwlib.explorer import FEW

pytestmark = pytest.mark.full

SETTINGS = "@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
CHAPTERS = notebook_outputs.CHAPTERS
PATIENCE = 240_000  # milliseconds: the kernel answers when it has run all the cells


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab's address, on copies of the notebooks."""
    folder = tmp_path_factory.mktemp("lab")
    for path in notebook_outputs.NOTEBOOKS:
        shutil.copy(path, folder)
    # all cells stand on the page at once, not only those near the view
    settings = folder / "settings" / SETTINGS
    settings.parent.mkdir(parents=True)
    settings.write_text('{"windowingMode": "none"}')
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    log = (folder / "lab.log").open("w")
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"]
        + [f"--ServerApp.port={port}", "--IdentityProvider.token=", "--ServerApp.password="]
        + [f"--ServerApp.root_dir={folder}"],
        stdout=log,
        stderr=log,
        start_new_session=True,
        env=os.environ
        | {"JUPYTER_CONFIG_DIR": str(folder / "config")}
        | {"JUPYTERLAB_SETTINGS_DIR": str(folder / "settings")},
    )
    until = monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"{address}/api", timeout=5)
            break
        except OSError:
            if server.poll() is not None or monotonic() > until:
                pytest.fail("JupyterLab did not start:\n" + Path(log.name).read_text())
            sleep(0.2)
    yield address
    os.killpg(server.pid, signal.SIGTERM)
    server.wait(timeout=30)


def prompts(path):
    """What JupyterLab writes beside the cells that it shows of a notebook that has been run."""
    code = [cell for cell in notebook_outputs.read(path).cells if cell.cell_type == "code"]
    hidden = [cell.metadata.get("jupyter", {}).get("source_hidden", False) for cell in code]
    return [f"[{number}]:" for number, hides in enumerate(hidden, 1) if not hides]


EACH = [
    pytest.param(path, id=path.stem, marks=[] if path in CHAPTERS else pytest.mark.weekly)
    for path in notebook_outputs.NOTEBOOKS
]


@pytest.fixture(scope="module", params=EACH)
def chapter(lab, chromium, request):
    """A notebook that has been run from top to bottom: its path and its tab in JupyterLab."""
    path = request.param
    tab = chromium.new_page(viewport={"width": 1280, "height": 2000})
    tab.goto(f"{lab}/lab/tree/{path.name}?reset")
    tab.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
    tab.get_by_text("| Idle").wait_for(timeout=60_000)  # before, a run would be canceled
    tab.get_by_role("menuitem", name="Run", exact=True).click()
    tab.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    tab.wait_for_function(
        """([prompts, explorers]) => {
            const shown = [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")];
            return prompts.every((prompt) => shown.some((each) => each.innerText === prompt))
                && document.querySelectorAll(".jupyter-widgets.explorer").length === explorers;
        }""",
        arg=[prompts(path), len(notebook_outputs.figures(path))],
        timeout=PATIENCE,
    )
    tab.get_by_text("| Idle").wait_for(timeout=PATIENCE)
    yield path, tab
    tab.close()


def test_chapter_runs_from_top_to_bottom(chapter):
    path, tab = chapter
    shown = tab.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()
    assert list(filter(str.strip, shown)) == prompts(path)
    errors = tab.locator(
        "[data-mime-type='application/vnd.jupyter.stderr'], .jp-RenderedText pre .ansi-red-fg"
    )
    assert errors.all_inner_texts() == []
    captions = tab.locator(".jupyter-widgets.explorer figcaption").all_text_contents()
    assert captions == [figure.caption() for figure in notebook_outputs.figures(path).values()]


def test_each_slider_moves_its_picture(chapter):
    path, tab = chapter
    widgets = tab.locator(".jupyter-widgets.explorer")
    for index, figure in enumerate(notebook_outputs.figures(path).values()):
        widget = widgets.nth(index)
        caption = widget.locator("figcaption")
        sliders = widget.locator(".widget-slider")
        # a few values are radio buttons
        moved = {a: v for a, v in figure.axes.items() if a == "step" or len(v) > FEW}
        assert sliders.count() == len(moved)
        for number, (axis, values) in enumerate(moved.items()):
            slider = sliders.nth(number)
            handle, readout = slider.locator(".noUi-handle"), slider.locator(".widget-readout")
            at = figure.start[axis]
            there, back = ("ArrowRight", "ArrowLeft")
            if at == len(values) - 1:
                there, back = back, there
            to = at + (1 if there == "ArrowRight" else -1)
            for key, place in [(there, to), (back, at)]:
                handle.press(key)
                expect(readout).to_have_text(values[place], timeout=PATIENCE)
                expect(caption).to_have_text(figure.caption(**{axis: place}), timeout=PATIENCE)
        few = [axis for axis in figure.axes if axis not in moved]
        groups = widget.locator(".widget-radio")
        assert groups.count() == len(few)
        for number, axis in enumerate(few):
            buttons = groups.nth(number).locator("input")
            for place in [*range(len(figure.axes[axis])), figure.start[axis]]:
                buttons.nth(place).check()
                expect(caption).to_have_text(figure.caption(**{axis: place}), timeout=PATIENCE)


def test_a_photo_of_ones_own(chapter):
    path, tab = chapter
    scenes = tab.locator(".jupyter-widgets.explorer:has(input[accept='image/*'])")
    assert scenes.count() == 2 * (path.stem == "2_kmeans")
    scenes = scenes.last
    if path.stem != "2_kmeans":
        return
    rng = np.random.RandomState(0)
    photo = io.BytesIO()
    Image.fromarray(rng.randint(256, size=(30, 40, 3)).astype(np.uint8)).save(photo, "PNG")
    scenes.locator("input[type=file]").set_input_files(
        {"name": "mine.png", "mimeType": "image/png", "buffer": photo.getvalue()}
    )
    said = re.compile("Your photo at 40 × 30 pixels, k = 16: a channel is typically off by ")
    expect(scenes.locator("figcaption")).to_have_text(said, timeout=PATIENCE)


def test_points_of_ones_own(chapter):
    path, tab = chapter
    if path.stem != "2_kmeans":
        return
    plane = tab.locator(".jupyter-widgets.explorer:has(input[accept*='.tsv'])")
    choose, report = plane.locator("input[type=file]"), plane.locator(".explorer-report")
    for name, content, said in [
        ("mine.csv", b"0,1\n2,3\n4,5\n9,9\n", "mine.csv: 4 points"),
        ("bad.csv", b"0,1\n2,x\n", "bad.csv: line 2, column 3: 'x' is not a number"),
    ]:
        choose.set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
        expect(report).to_contain_text(said, timeout=PATIENCE)
    assert plane.locator(".glides circle").count() == 4
    plane.get_by_role("button", name="The book").click()
    expect(report).to_have_count(0, timeout=PATIENCE)
