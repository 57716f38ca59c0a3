"""Find a browser for the tests, and install it where there is none.

    python tools/browser/find.py chromium
    python tools/browser/find.py firefox

prints the path of the browser. `CHROMIUM` and `FIREFOX` in the environment name others.

Playwright drives Chromium as it is installed, so its own build is not needed. Its Firefox is a
patched one from its own server. Instead the tests take Debian's, or any other, which speaks
WebDriver BiDi by itself (firefox.py).
"""

import os
import shutil
import subprocess
import sys

NAMES = {
    "chromium": ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    "firefox": ["firefox-esr", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"],
}
PACKAGES = {"chromium": "chromium", "firefox": "firefox-esr"}  # of Debian
HELP = """\
No {name} was found, and it could not be installed. The browser tests need it: install
Debian's `{package}` (apt-get install {package}), or another {name},
or name its program with {variable}=/path/to/it."""


def find(name):
    """Return the path of a browser on this machine, or None."""
    for program in filter(None, [os.environ.get(name.upper()), *NAMES[name]]):
        if path := shutil.which(program):
            return path
    return None


def missing(name):
    """Return what to do about a browser that was not found."""
    return HELP.format(name=name.title(), package=PACKAGES[name], variable=name.upper())


def install(name):
    """Install Debian's package where this is Debian, or like it, and we may."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return
    install = ["apt-get", "install", "-qq", "--yes", "--no-install-recommends", PACKAGES[name]]
    for command in (["apt-get", "update", "-qq"], install):
        print(f"Installing {name.title()}:", " ".join(command), file=sys.stderr)
        subprocess.run(command, check=False, stdout=sys.stderr)


def main(name):
    """Print the path of a browser, or how to get one; return the exit status."""
    if find(name) is None:
        install(name)
    path = find(name)
    print(path or missing(name), file=sys.stdout if path else sys.stderr)
    return 0 if path else 2


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
