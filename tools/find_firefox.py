"""Find Firefox for the browser tests, and install it where there is none.

    python tools/find_firefox.py

prints the path of the browser. `FIREFOX` in the environment names another.
"""

import sys

import find_browser

NAMES = ["firefox-esr", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"]
HELP = """\
No Firefox was found, and it could not be installed. One of the browser tests needs it:
install Debian's `firefox-esr` (apt-get install firefox-esr), or any Firefox from 128 on,
or name its program with FIREFOX=/path/to/firefox. Without it that test fails."""


def find():
    """Return the path of a Firefox on this machine, or None."""
    return find_browser.on_path("FIREFOX", NAMES)


def install():
    """Install Debian's Firefox where this is Debian and we may; elsewhere it is left to people.

    (The Firefox that Playwright would install is another: it does not speak WebDriver BiDi.)
    """
    if find_browser.can_use_apt():
        find_browser.run("Firefox", find_browser.apt("firefox-esr"))


if __name__ == "__main__":
    sys.exit(find_browser.main(find, install, HELP))
