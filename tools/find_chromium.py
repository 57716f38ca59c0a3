"""Find Chromium for the browser tests, and install it where there is none.

    python tools/find_chromium.py

prints the path of the browser. `CHROMIUM` in the environment names another.
"""

import os
import shutil
import subprocess
import sys

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
HELP = """\
No Chromium was found, and it could not be installed. The browser tests need one:
install Debian's `chromium` (apt-get install chromium), or any Chrome, or name its
program with CHROMIUM=/path/to/chrome."""


def find():
    """Return the path of a Chromium on this machine, or None."""
    for name in filter(None, [os.environ.get("CHROMIUM"), *NAMES]):
        if path := shutil.which(name):
            return path
    return _playwright_own()


def _playwright_own():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.path.exists(path) else None


def install():
    """Install Chromium: with apt as root, else Playwright's own build."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        commands = [
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-qq", "--yes", "--no-install-recommends", "chromium"],
        ]
    else:
        commands = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    for command in commands:
        print("Installing Chromium:", " ".join(command), file=sys.stderr)
        subprocess.run(command, check=False, stdout=sys.stderr)


def main():
    """Print the path of Chromium; return the exit status."""
    path = find()
    if path is None:
        install()
        path = find()
    print(path or HELP, file=sys.stdout if path else sys.stderr)
    return 0 if path else 2


if __name__ == "__main__":
    sys.exit(main())
