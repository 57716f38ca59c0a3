"""tools/build_book.py: whatever goes wrong, one line says so and the old site stands."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from notebook_outputs import ROOT

from tools import build_book

pytestmark = pytest.mark.full

PAGE = "# A page\n\n[a link](notebook.ipynb)\n"
CONFIG = "title: t\nauthor: a\nexecute: {execute_notebooks: 'off'}\nonly_build_toc_files: true\n"
TOC = "format: jb-book\nroot: page\nparts:\n- chapters:\n  - file: notebook\n"
CELL = {"cell_type": "code", "metadata": {}, "source": "1", "outputs": [], "execution_count": 1}
TITLE = {"cell_type": "markdown", "metadata": {}, "source": "# A notebook"}
PYTHON = {"language_info": {"name": "python", "pygments_lexer": "python"}}
NOTEBOOK = json.dumps(
    {"cells": [TITLE, CELL], "metadata": PYTHON, "nbformat": 4, "nbformat_minor": 4}
)


@pytest.fixture
def book(tmp_path):
    """A small book, whose site has been built before."""
    files = {"page.md": PAGE, "_config.yml": CONFIG, "_toc.yml": TOC, "notebook.ipynb": NOTEBOOK}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    site = tmp_path / "_build" / "html"
    site.mkdir(parents=True)
    (site / "index.html").write_text("old")
    return tmp_path


def broken(book, capsys):
    """Build; assert that it fails as it should; return what is said, without the last words."""
    before = sorted(path.relative_to(book) for path in book.rglob("*"))
    assert build_book.main(root=book) == 1
    out, err = capsys.readouterr()
    assert (book / "_build/html/index.html").read_text() == "old"
    assert sorted(path.relative_to(book) for path in book.rglob("*")) == before
    *above, line = err.splitlines()
    assert not above  # Python's own account is not shown
    assert line.startswith("The book was not built: ")
    assert line.endswith(". _build/html is as it was.")
    return out, line


def test_a_good_book_takes_the_place_of_the_old(book, capsys):
    assert build_book.main(root=book) == 0
    assert capsys.readouterr().out.endswith("The book is in _build/html/index.html\n")
    assert "page.html" in (book / "_build/html/index.html").read_text()
    assert os.listdir(book / "_build") == ["html"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (NOTEBOOK[:-20], "line 1 column"),
        ("", "Expecting value"),
        (b"\xff\xfe", "codec"),
        ("{}", "cells"),
        ('{"cells": [{}]}', "source"),
    ],
)
def test_a_corrupted_notebook(book, capsys, content, says):
    content = content if isinstance(content, bytes) else content.encode()
    (book / "notebook.ipynb").write_bytes(content)
    _, line = broken(book, capsys)
    assert "notebook.ipynb cannot be read as a notebook: " in line and says in line


def test_a_file_that_is_missing(book, capsys):
    (book / "notebook.ipynb").unlink()
    out, line = broken(book, capsys)
    assert "notebook" in out and "WARNING" in out  # Sphinx's own line
    assert "see above" in line


def test_an_output_folder_that_cannot_be_written(book, capsys):
    # a file in its place: permissions do not bind root
    site = book / "elsewhere" / "html"
    site.parent.write_text("a file")
    assert build_book.main("elsewhere/html", book) == 1
    line = capsys.readouterr().err
    assert line.startswith("The book was not built: ") and line.count("\n") == 1
    assert "elsewhere" in line
    assert site.parent.read_text() == "a file"


def test_a_full_disk(book):
    """On a disk of 200 kB where we may mount one; else no file may be larger than 20 kB."""
    small = book / "small"
    small.joinpath("html").mkdir(parents=True)
    script = (
        "mount -t tmpfs -o size=200k tmpfs small && mkdir small/html"
        " && echo old > small/html/index.html"
        ' && { "$@"; status=$?; ls -A small; cat small/html/index.html; exit $status; }'
    )
    mount = ["unshare", "--mount", "sh", "-c", script, "-"]
    may = subprocess.run([*mount, "true"], cwd=book, capture_output=True).returncode == 0
    small.joinpath("html", "index.html").write_text("old\n")
    limited = '"$@"; status=$?; ls -A small; cat small/html/index.html; exit $status'
    prefix = mount if may else ["prlimit", "--fsize=20000", "sh", "-c", limited, "-"]
    code = (
        "import sys; from tools.build_book import main; sys.exit(main('small/html', sys.argv[1]))"
    )
    command = [*prefix, sys.executable, "-c", code, str(book)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=book, env=env, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    why = "No space left on device" if may else "File too large"
    assert done.stderr == f"The book was not built: {why}. small/html is as it was.\n"
    assert done.stdout.endswith("html\nold\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build(book, number):
    # a shell that runs the tests in the background has them ignore SIGINT, and so what they start
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = (
        f"{heard}; import sys; from tools.build_book import main; sys.exit(main(root=sys.argv[1]))"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, str(book)]
    process = subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not list((book / "_build").glob(".html.new/_build/html")):  # Sphinx is at work
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    _, err = process.communicate()
    assert process.returncode == 130
    assert err == "The book was not built: interrupted. _build/html is as it was.\n"
    assert (book / "_build/html/index.html").read_text() == "old"
    assert os.listdir(book / "_build") == ["html"]


def test_what_a_killed_build_has_left_is_taken_away(book):
    for name in (".html.new", ".html.old"):
        (book / "_build" / name).mkdir()
        (book / "_build" / name / "page.html").write_text("half")
    assert build_book.main(root=book) == 0
    assert os.listdir(book / "_build") == ["html"]
