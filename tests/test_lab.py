"""A notebook in a real JupyterLab, in a real browser: run it, move its slider, read the caption."""

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
import pytest
import stored

NOTEBOOK = "2_kmeans"
NAME, AXIS = "kmeans-steps", "k"


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


def test_slider_moves_with_a_kernel(lab):
    explorer = next(
        stored.explorers(path)[NAME] for path in stored.NOTEBOOKS if path.stem == NOTEBOOK
    )
    start = explorer.start[AXIS]
    later = explorer.axes[AXIS][explorer.axes[AXIS].index(start) + 1]
    with browser.chromium() as chromium:
        tab = chromium.new_page(viewport={"width": 1280, "height": 2000})
        tab.goto(f"{lab}/lab/tree/{NOTEBOOK}.ipynb?reset")
        tab.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        tab.get_by_text("| Idle").wait_for(timeout=60_000)  # before, a run would be cancelled
        tab.get_by_role("menuitem", name="Run", exact=True).click()
        tab.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        widget = tab.locator(".jupyter-widgets.explorer", has_text=explorer.frame().caption).first
        for _ in range(900):  # JupyterLab renders only the cells that are near the view
            if widget.count():
                break
            tab.mouse.move(700, 900)
            tab.mouse.wheel(0, 600)
            tab.wait_for_timeout(200)
        handle = widget.locator(".noUi-handle").first
        handle.scroll_into_view_if_needed()
        handle.focus()
        tab.keyboard.press("ArrowRight")
        caption = explorer.frame(**{AXIS: later}).caption
        # the kernel answers when it has run the cells that follow
        tab.locator(".explorer figcaption", has_text=caption).wait_for(timeout=240_000)
        assert tab.locator(".explorer img.diagram").first.get_attribute("alt")
