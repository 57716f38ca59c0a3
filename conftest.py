"""Let notebooks under test import hwlib from this checkout, whether or not it is installed; and let
coverage count what the tests of hwlib's own modules reach, whatever else runs with them."""

import os
from pathlib import Path

ROOT = Path(__file__).parent
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))

MODULES = [path.relative_to(ROOT / "hwlib") for path in (ROOT / "hwlib").rglob("*.py")]
HWLIB_TESTS = {f"test_{'_'.join(path.with_suffix('').parts)}" for path in MODULES}  # as for make
HWLIB_TESTS.add("test_properties")


def pytest_addoption(parser):
    help = "compare every stored frame, not only those along each slider (make elsewhere does)"
    parser.addoption("--every-frame", action="store_true", help=help)


def pytest_configure(config):
    # With --cov, nbval would trace its kernels too.
    config.option.cov_source = None


def pytest_collection_modifyitems(items):
    # What is cached is run once: by a test that counts, so these come first.
    items.sort(key=lambda item: item.path.stem not in HWLIB_TESTS)
    for item in items:
        if item.path.stem not in HWLIB_TESTS:
            item.add_marker("no_cover")
