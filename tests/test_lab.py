"""A notebook in a real JupyterLab, in a real browser: run it, move a slider, drop in a photo."""

import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from time import monotonic, sleep

import browser
import numpy as np
import pytest
import stored
from PIL import Image

NOTEBOOK = "2_kmeans"
NAME, AXIS = "kmeans-steps", "k"
PATIENCE = 240_000  # milliseconds: the kernel answers when it has run all the cells


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab's address, on copies of the notebooks."""
    folder = tmp_path_factory.mktemp("lab")
    for path in stored.NOTEBOOKS:
        shutil.copy(path, folder)
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
        env=os.environ | {"JUPYTER_CONFIG_DIR": str(folder / "config")},
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


@pytest.fixture(scope="module")
def tab(lab):
    """The notebook in JupyterLab, all its cells running or run."""
    with browser.chromium() as chromium:
        tab = chromium.new_page(viewport={"width": 1280, "height": 2000})
        tab.goto(f"{lab}/lab/tree/{NOTEBOOK}.ipynb?reset")
        tab.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        tab.get_by_text("| Idle").wait_for(timeout=60_000)  # before, a run would be cancelled
        tab.get_by_role("menuitem", name="Run", exact=True).click()
        tab.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        yield tab


def scroll_to(tab, thing):
    """Scroll down until `thing` is there: JupyterLab renders only the cells near the view."""
    tab.mouse.move(700, 900)
    for _ in range(PATIENCE // 200):
        if thing.count():
            break
        tab.mouse.wheel(0, 600)
        tab.wait_for_timeout(200)
    thing.first.scroll_into_view_if_needed()
    return thing.first


def test_slider_moves_with_a_kernel(tab):
    explorer = next(
        stored.explorers(path)[NAME] for path in stored.NOTEBOOKS if path.stem == NOTEBOOK
    )
    values = explorer.axes[AXIS]
    later = values[values.index(explorer.start[AXIS]) + 1]
    widget = tab.locator(".jupyter-widgets.explorer", has_text=explorer.frame().caption)
    scroll_to(tab, widget).evaluate("widget => widget.id = 'explorer-under-test'")
    slider = tab.locator("#explorer-under-test .widget-slider").first
    readout = slider.locator(".widget-readout")
    until = monotonic() + PATIENCE / 1000
    while readout.inner_text() != str(later) and monotonic() < until:
        # while other cells' outputs arrive, JupyterLab may take the focus away again
        slider.locator(".noUi-handle").press("Home")
        for _ in range(values.index(later)):
            slider.locator(".noUi-handle").press("ArrowRight")
    caption = explorer.frame(**{AXIS: later}).caption
    shown = tab.locator(".jupyter-widgets.explorer", has_text=caption)
    shown.wait_for(timeout=PATIENCE)
    assert shown.locator("img.diagram").get_attribute("alt") == caption


def test_a_photo_can_be_dropped_in(tab):
    rng = np.random.RandomState(0)
    photo = io.BytesIO()
    Image.fromarray(rng.randint(256, size=(30, 40, 3)).astype(np.uint8)).save(photo, "PNG")
    button = scroll_to(tab, tab.get_by_role("button", name="Your photo"))
    with tab.expect_file_chooser() as chooser:
        button.click()
    chooser.value.set_files(
        {"name": "mine.png", "mimeType": "image/png", "buffer": photo.getvalue()}
    )
    link = tab.get_by_role("link", name="Save it")
    link.wait_for(timeout=PATIENCE)
    assert link.get_attribute("download") == "compressed_k16.png"
    assert tab.get_by_text("Compressed at 40 x 30 pixels.").is_visible()
