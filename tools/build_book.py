"""Build the book aside, and put it in place when all of it is there: python -m tools.build_book

Whatever goes wrong (a broken notebook, a full disk, a folder that may not be written, Ctrl-C), the
site that stood in _build/html stands there still, and the last line says what it was.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import yaml

from hwlib.commands import run_command

ROOT = Path(__file__).parent.parent
COMMAND = [str(Path(sys.executable).with_name("jupyter-book")), "build", "."]
STRICT = ["--warningiserror", "--nitpick", "--keep-going"]


class NotBuilt(Exception):
    """The book was not built; the text is one line about why."""


def check_notebooks(root):
    """Raise NotBuilt if a notebook of the book cannot be read; Sphinx would say so at length."""
    toc = yaml.safe_load(root.joinpath("_toc.yml").read_text(encoding="utf-8"))
    for name in [each["file"] for part in toc["parts"] for each in part["chapters"]]:
        path = root / f"{name}.ipynb"
        if not path.exists():  # a page in Markdown
            continue
        try:
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            if not all(isinstance(cell["source"], str | list) for cell in cells):
                raise ValueError("a cell has no source")
        except (ValueError, KeyError, TypeError) as error:
            raise NotBuilt(f"{name}.ipynb cannot be read as a notebook: {error}") from None


def run(command, root, hidden, shown):
    """Run a command in a folder, with what it prints as it comes; raise NotBuilt if it fails.

    Where it prints the path `hidden`, the reader sees `shown`.
    """
    errors = []
    process = subprocess.Popen(
        command,
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    try:
        for line in process.stdout:
            # From here on it is about an error, and Python's own account of it follows.
            if errors or re.match(
                r"(\x1b\[[\d;]*m)*(Traceback|(\w+ )?[Ee]rror\b|Exception o)", line
            ):
                errors.append(line)
            else:
                print(line.replace(hidden, shown), end="", flush=True)
        status = process.wait()
    finally:
        process.terminate()
        process.wait()
    if status:
        raise NotBuilt(cause("".join(errors)))


def cause(errors):
    """Return one line about why Sphinx failed; print all that it said if there is no such line."""
    if found := re.search(r"\[Errno \d+\] ([^:\n)]+)", errors):
        return found[1]
    if errors and "non-zero exit code" not in errors:
        print(errors, file=sys.stderr)
    return "see above"


def build(root, site):
    """Build the book of folder `root` into the folder `site`, all of it or nothing."""
    aside, before = site.with_name(f".{site.name}.new"), site.with_name(f".{site.name}.old")
    check_notebooks(root)
    try:
        for folder in (aside, before):  # from a build that was killed
            shutil.rmtree(folder, ignore_errors=True)
        aside.mkdir(parents=True)
        there = os.path.relpath(aside, root)
        shown = os.path.relpath(site, root)
        run([*COMMAND, "--path-output", there, *STRICT], root, f"{there}/_build/html", shown)
        if site.exists():
            site.rename(before)
        aside.joinpath("_build", "html").rename(site)
    except OSError as error:
        if before.exists() and not site.exists():
            before.rename(site)
        name = error.filename or site
        raise NotBuilt(f"{error.strerror}: {name}") from None
    finally:
        for folder in (aside, before):
            shutil.rmtree(folder, ignore_errors=True)


def main(site="_build/html", root=ROOT):
    """Build the book; return the exit status."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # stopped from outside: as by Ctrl-C
    stands = f"{site} is as it was." if Path(root, site).exists() else ""
    try:
        build(Path(root), Path(root, site))
    except NotBuilt as problem:
        print(f"The book was not built: {problem}. {stands}".rstrip(), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"The book was not built: interrupted. {stands}".rstrip(), file=sys.stderr)
        return 130
    print(f"The book is in {site}/index.html")
    return 0


if __name__ == "__main__":
    run_command(lambda: main(*sys.argv[1:]))
