"""Find a browser for the tests, and install it where there is none: what its finders share."""

import os
import shutil
import subprocess
import sys


def on_path(variable, names):
    """Return the path of the program that an environment variable or one of `names` names."""
    for name in filter(None, [os.environ.get(variable), *names]):
        if path := shutil.which(name):
            return path
    return None


def can_use_apt():
    """Tell whether this is Debian, or like it, and we may install."""
    return bool(shutil.which("apt-get")) and os.geteuid() == 0


def apt(package):
    """Return the commands that install one of Debian's packages."""
    return [
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-qq", "--yes", "--no-install-recommends", package],
    ]


def run(browser, commands):
    """Run the commands that install a browser, and say so; whether they did shows afterwards."""
    for command in commands:
        print(f"Installing {browser}:", " ".join(command), file=sys.stderr)
        subprocess.run(command, check=False, stdout=sys.stderr)


def main(find, install, instructions):
    """Print the path of the browser, or how to get one; return the exit status."""
    path = find()
    if path is None:
        install()
        path = find()
    print(path or instructions, file=sys.stdout if path else sys.stderr)
    return 0 if path else 2
