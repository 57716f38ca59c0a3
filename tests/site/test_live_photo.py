"""A reader's own photo, compressed by the page's Python."""

import base64
import html
import io
import re

import numpy as np
import pytest
from PIL import Image

from hwlib import datasets
from hwlib.figures.kmeans import png
from hwlib.photo import compress_upload

pytestmark = pytest.mark.full

DROP = """async ([kind, type, data]) => {
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0)), given = new DataTransfer();
    given.items.add(new File([bytes], "photo", { type }));
    const box = document.querySelector(".live-photo");
    const event = kind === "drop"
        ? new DragEvent("drop", { dataTransfer: given, bubbles: true, cancelable: true })
        : new ClipboardEvent("paste", { clipboardData: given, bubbles: true });
    (kind === "drop" ? box : document).dispatchEvent(event);
}"""


@pytest.fixture(scope="module")
def tab(chromium, site):
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(120_000)  # a busy machine
    tab = context.new_page()
    tab.asked = []
    tab.on("request", lambda request: tab.asked.append(request.url))
    tab.goto(site + "notebooks/2_kmeans.html")
    yield tab
    context.close()


def words(page):
    """What an HTML says, but for the size of a file, which depends on who packs it."""
    text = html.unescape(re.sub(r"<[^>]*>", "", page))
    return re.sub(r"Save it \(.*?\)", "", text).split()


def shown(tab, start):
    """What stands in the box once it speaks of a picture or of a fault, as HTML."""
    place = tab.locator(".live-photo .live-output")
    place.locator("p", has_text=start).wait_for()
    return place.inner_html()


def test_a_photo_is_shown_in_k_colors_and_handed_back(tab, site):
    content = png(datasets.photograph())
    tab.locator(".live-photo input[type=file]").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": content}
    )
    page = shown(tab, "k = 16 colors")
    expected = compress_upload(content, 16)
    assert words(page) == words(expected)
    with tab.expect_download() as download:
        tab.locator(".live-photo a[download]").click()
    assert download.value.suggested_filename == "compressed_k16.png"
    saved = np.asarray(Image.open(download.value.path()).convert("RGB"))
    data = re.search(r'download="[^"]*" href="data:image/png;base64,([^"]*)"', expected)[1]
    own = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB")
    assert np.array_equal(saved, np.asarray(own))
    assert all(url.startswith((site, "data:", "blob:")) for url in tab.asked)
    assert "Nothing leaves this device" in tab.locator(".live-photo").inner_text()


def test_the_newest_k_wins(tab):
    slider = tab.locator(".live-photo input[type=range]")
    for _ in range(5):
        slider.press("ArrowLeft")
    assert words(shown(tab, "k = 11 colors")) == words(
        compress_upload(png(datasets.photograph()), 11)
    )


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_a_large_photo_is_dropped_or_pasted_and_reduced(tab, kind):
    size = {"drop": (1200, 900), "paste": (450, 1800)}[kind]
    content = base64.b64encode(png(Image.linear_gradient("L").resize(size))).decode()
    tab.evaluate(DROP, [kind, "image/png", content])
    assert shown(tab, {"drop": "600 x 450 pixels", "paste": "150 x 600 pixels"}[kind])


def test_what_is_no_picture_is_said(tab):
    tab.evaluate(DROP, ["drop", "application/pdf", base64.b64encode(b"%PDF-1.4").decode()])
    assert "it is a PDF document" in shown(tab, "This file cannot be shown")
