"""Find Chromium for the browser tests, and install it where there is none.

    python tools/find_chromium.py

prints the path of the browser. `CHROMIUM` in the environment names another.
"""

import os
import sys

import find_browser

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
HELP = """\
No Chromium was found, and it could not be installed. The browser tests need one:
install Debian's `chromium` (apt-get install chromium), or any Chrome, or name its
program with CHROMIUM=/path/to/chrome."""


def find():
    """Return the path of a Chromium on this machine, or None."""
    return find_browser.on_path("CHROMIUM", NAMES) or _playwright_own()


def _playwright_own():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.path.exists(path) else None


def install():
    """Install Chromium: with apt as root, else Playwright's own build."""
    if find_browser.can_use_apt():
        commands = find_browser.apt("chromium")
    else:
        commands = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    find_browser.run("Chromium", commands)


if __name__ == "__main__":
    sys.exit(find_browser.main(find, install, HELP))
