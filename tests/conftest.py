"""What the tests of the built site share: the browser, a window, a server. It holds no test."""

import browser
import pytest
import stored
from server import serving


@pytest.fixture(scope="module")
def chromium():
    with browser.chromium() as chromium:
        yield chromium


@pytest.fixture
def context(chromium):
    """A window without network."""
    context = chromium.new_context(offline=True, viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture(scope="module")
def site():
    """The site's address, below a path, on a server that compresses."""
    with serving(stored.ROOT / "_build" / "html", "/course/hw3/") as address:
        yield address
