"""The book on a memory stick: serve.py, which lies in its zip, lets cells run in the pages."""

import re
import subprocess
import sys
import urllib.request
import zipfile

import notebook_outputs
import pytest
from built_site import SITE


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The folder of an unpacked zip."""
    folder = tmp_path_factory.mktemp("stick")
    archive = folder / "book-offline.zip"
    command = [sys.executable, "-m", "tools.zip_site", SITE, archive]
    subprocess.run(command, check=True, capture_output=True, cwd=notebook_outputs.ROOT)
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    return folder / "book-offline"


@pytest.fixture(scope="module")
def served(unpacked):
    """Its address, from the serve.py that lies in it."""
    command = [sys.executable, unpacked / "serve.py", "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd="/")
    yield re.search(r"(http://127\.0\.0\.1:\d+/)book/index\.html", process.stdout.readline())[1]
    process.terminate()
    process.wait()
    process.stdout.close()


@pytest.mark.full
def test_files_have_the_types_that_browsers_ask_for(unpacked, served):
    wanted = {".html": "text/html", ".mjs": "text/javascript", ".wasm": "application/wasm"}
    for suffix, kind in wanted.items():
        path = next(unpacked.rglob(f"*{suffix}"))
        address = served + path.relative_to(unpacked).as_posix()
        with urllib.request.urlopen(address) as answer:
            assert answer.headers.get_content_type() == kind
            assert answer.read() == path.read_bytes()


@pytest.mark.full
def test_a_cell_runs_from_the_stick(chromium, served):
    context = chromium.new_context()
    context.set_default_timeout(60_000)  # a busy machine
    tab = context.new_page()
    asked = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(served + "notebooks/1_backprop.html")
    place = tab.locator('.cell[data-cell="increment-check"]')
    stored = place.locator(".cell_output pre").text_content()
    place.get_by_role("button", name="Run").click()
    output = place.locator(".live-output pre").first
    output.wait_for()
    assert output.text_content().split() == stored.split()
    assert all(url.startswith((served, "blob:", "data:")) for url in asked)
    context.close()
