"""Find Firefox for the browser tests, and install it where there is none.

    python tools/find_firefox.py

prints the path of the browser. `FIREFOX` in the environment names another.
"""

import os
import shutil
import subprocess
import sys

NAMES = ["firefox-esr", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox"]
HELP = """\
No Firefox was found, and it could not be installed. One of the browser tests needs it:
install Debian's `firefox-esr` (apt-get install firefox-esr), or any Firefox from 128 on,
or name its program with FIREFOX=/path/to/firefox. Without it that test fails."""


def find():
    """Return the path of a Firefox on this machine, or None."""
    for name in filter(None, [os.environ.get("FIREFOX"), *NAMES]):
        if path := shutil.which(name):
            return path
    return None


def install():
    """Install Debian's Firefox where this is Debian and we may; elsewhere it is left to people.

    (The Firefox that Playwright would install is another: it does not speak WebDriver BiDi.)
    """
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return
    for command in [
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-qq", "--yes", "--no-install-recommends", "firefox-esr"],
    ]:
        print("Installing Firefox:", " ".join(command), file=sys.stderr)
        subprocess.run(command, check=False, stdout=sys.stderr)


def main():
    """Print the path of Firefox; return the exit status."""
    path = find()
    if path is None:
        install()
        path = find()
    print(path or HELP, file=sys.stdout if path else sys.stderr)
    return 0 if path else 2


if __name__ == "__main__":
    sys.exit(main())
