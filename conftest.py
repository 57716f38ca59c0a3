"""Three tiers of tests, each run by a target of the Makefile, and what tests and notebooks share.

A test belongs to the first tier unless it is marked: `@pytest.mark.full` is what `make test-all`
adds, `@pytest.mark.weekly`, or the folder tests/weekly, what `make test-weekly` does. Without
--tier, as when a file is named, all run. docs/tests.md says what is proved where.
"""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent
# Notebooks under test import hwlib from this checkout, whether or not it is installed.
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
# On a busy machine dask's workers complain of it on stderr, which nbval compares.
os.environ["DASK_LOGGING__DISTRIBUTED"] = "critical"

TIERS = {
    "quick": "make test",
    "full": "make test-all: every seed, hostile code, widths, themes, print, deep links, "
    "JupyterLab, the student edition, coverage",
    "weekly": "make test-weekly: Firefox, screenshots, other processors and versions, "
    "reproducible builds, mutants, outside links",
}
# Of the grader's tests the first tier has one case for each wall, else the first of each test, and
# no whole bank of submissions.
HOSTILE, EACH = "test_hostile.py", "test_a_wall_holds_without_the_hook"
GRADER_FULL = {
    "test_300_submissions",
    "test_as_an_ordinary_user",
    "test_it_goes_on_where_it_stopped",
    "test_the_books_code_gets_all_points_on_other_inputs",
}
BANK = "verdicts"  # the fixture that grades it
# Files that take longest begin first, so that no process is left with one of them at the end.
LONGEST_FIRST = [
    "test_visit.py",
    "test_lab.py",
    "test_accessibility.py",
    "test_explorer.py",
    "3_binary_em.ipynb",
    "2_kmeans.ipynb",
    "1_backprop.ipynb",
    "test_hostile.py",
]


def pytest_addoption(parser):
    help = "run only one tier of the tests"
    parser.addoption("--tier", choices=TIERS, help=help)


def pytest_configure(config):
    config.option.cov_source = None  # with --cov, nbval would trace its kernels too
    config.left_out = dict.fromkeys(TIERS, 0)


def mark(items):
    """Mark what folders and names tell of a test's tier."""
    seen = set()
    for item in items:
        name = getattr(item, "originalname", item.name)
        again = item.path.name == HOSTILE and name in seen and name != EACH
        seen.add(name)
        if "weekly" in item.path.relative_to(ROOT).parts:
            item.add_marker("weekly")
        elif again or name in GRADER_FULL or BANK in getattr(item, "fixturenames", ()):
            item.add_marker("full")


def tier(item):
    """Return the tier that a test belongs to."""
    return next((name for name in ("weekly", "full") if item.get_closest_marker(name)), "quick")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    mark(items)
    chosen = config.option.tier
    if not chosen:
        return
    for item in items:
        if tier(item) != chosen:
            config.left_out[tier(item)] += 1
    items[:] = [item for item in items if tier(item) == chosen]
    order = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: order.get(item.path.name, len(order)))
    if hasattr(config, "workeroutput"):  # in a worker of pytest-xdist
        config.workeroutput["left_out"] = config.left_out


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    node.config.left_out = getattr(node, "workeroutput", {}).get("left_out", {})


def pytest_terminal_summary(terminalreporter, config):
    left_out = {name: count for name, count in config.left_out.items() if count}
    if config.option.tier and left_out:
        terminalreporter.section("not run here")
        for name, count in left_out.items():
            terminalreporter.line(f"{count:5} tests of {TIERS[name]}")
