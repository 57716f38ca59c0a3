"""What tests share: the browser, a window and a server for those of the built site; a command's
help; and how hard Hypothesis looks. It holds no test."""

import notebook_outputs
import pytest
from hypothesis import settings

from tools import browser
from tools.browser.server import serving

# The proof is the same everywhere: the examples depend on nothing but the test, and on no clock.
settings.register_profile("proof", derandomize=True, deadline=None, database=None)
settings.register_profile("search", max_examples=10_000, deadline=None, database=None)
settings.load_profile("proof")


@pytest.fixture(scope="session")
def chromium():
    """One browser for all tests of a process: a context is what they do not share."""
    with browser.chromium() as chromium:
        yield chromium


@pytest.fixture
def context(chromium):
    """A window without network."""
    context = chromium.new_context(offline=True, viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture(scope="session")
def site():
    """The site's address, below a path, on a server that compresses."""
    with serving(notebook_outputs.ROOT / "_build" / "html", "/course/hw3/") as address:
        yield address


@pytest.fixture
def check_help(capsys, monkeypatch):
    """A function that lets a command print its help, and returns it; each line given is in it."""

    def check(main, words, expected):
        monkeypatch.setenv("COLUMNS", "100")
        monkeypatch.setenv("NO_COLOR", "1")  # from Python 3.14 on, help is colored in a terminal
        with pytest.raises(SystemExit):
            main([*words, "--help"])
        out = capsys.readouterr().out
        lines = [" ".join(line.split()) for line in out.splitlines()]
        for line in expected.splitlines():
            # the help of an option with a long name stands in the next line
            assert any(each.endswith(line.strip()) for each in lines), line
        return out

    return check
