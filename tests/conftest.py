"""What tests share: the browser, a window and a server for those of the built site; and how hard
Hypothesis looks. It holds no test."""

import browser
import pytest
import stored
from hypothesis import settings
from server import serving

# The proof is the same everywhere: the examples hang on nothing but the test, and on no clock.
settings.register_profile("proof", derandomize=True, deadline=None, database=None)
settings.register_profile("search", max_examples=10_000, deadline=None, database=None)
settings.load_profile("proof")


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
