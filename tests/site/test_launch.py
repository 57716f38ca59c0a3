"""The buttons that start a notebook elsewhere, and the cell that installs hwlib there."""

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import nbformat
import notebook_outputs
import pytest
from bs4 import BeautifulSoup
from built_site import SITE
from notebook_outputs import ROOT

from book_extensions import launch

pytestmark = pytest.mark.full

ADDRESS = "https://github.com/owner/name"
NAMES = [path.stem for path in notebook_outputs.NOTEBOOKS]
BARE = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The book, built with an address and a hub, in other circumstances than the one in SITE."""
    folder = tmp_path_factory.mktemp("launch") / "html"
    told = {"BOOK_REPOSITORY": ADDRESS + ".git", "BOOK_JUPYTERHUB": "https://hub.example.edu/"}
    other = {"PYTHONHASHSEED": "7", "TZ": "Asia/Kathmandu"}
    command = [sys.executable, "-m", "tools.build_book", folder]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | told | other, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def launchers(page):
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    menus = soup.find_all("summary", attrs={"aria-label": "Launch interactive content"})
    return [link for menu in menus for link in menu.parent.find_all("a")]


@pytest.mark.parametrize("name", NAMES)
def test_buttons(site, name):
    links = launchers(site / "notebooks" / f"{name}.html")
    path = f"notebooks/{name}.ipynb"
    assert {link.text.strip(): link["href"] for link in links} == {
        "Binder": f"https://mybinder.org/v2/gh/owner/name/main?urlpath=lab/tree/{path}",
        "JupyterHub": "https://hub.example.edu/hub/user-redirect/git-pull?repo=https%3A//github.com"
        f"/owner/name&urlpath=lab/tree/name/{path}&branch=main",
    }
    for link in links:
        assert "download" not in link.attrs
        assert (site / "notebooks" / link.img["src"]).is_file()


def test_no_address_no_button():
    pages = list(SITE.rglob("*.html"))
    assert len(pages) > 10 and [launchers(page) for page in pages] == [[]] * len(pages)
    for word in ("mybinder", "git-pull", "launch-logo"):
        assert [
            p for p in [*pages, SITE / "_static/site.css"] if word in p.read_text("utf-8")
        ] == []


def test_the_site_is_the_same_but_for_the_buttons(site):
    """Same input, same bytes, though hash seed, time zone and folder are others."""
    files = {p.relative_to(SITE).as_posix() for p in SITE.rglob("*") if p.is_file()}
    more = {p.relative_to(site).as_posix() for p in site.rglob("*") if p.is_file()}
    assert {name.rpartition("/")[2] for name in more - files} == {
        "logo_binder.svg",
        "logo_jupyterhub.svg",
    }
    differ = {n for n in files & more if (SITE / n).read_bytes() != (site / n).read_bytes()}
    expected = {f"_sources/notebooks/{name}.ipynb" for name in NAMES} | {"_static/site.css"}
    expected |= {".buildinfo"}  # a digest of the settings
    # each page names the style sheet by what is in it
    assert differ == expected | {name for name in files if name.endswith(".html")} - {"index.html"}


@pytest.mark.parametrize(
    "given",
    ["http://github.com/a/b", "github.com/a/b", "https://github.com/a", 'https://h/a/b"; x', "a b"],
)
def test_what_is_no_address(given):
    with pytest.raises(ValueError, match="BOOK_REPOSITORY is .*; expected https://HOST/OWNER/NAME"):
        launch.address({"BOOK_REPOSITORY": given})


@pytest.mark.parametrize("end", ["", "/", ".git"])
def test_an_address(end):
    assert launch.address({"BOOK_REPOSITORY": ADDRESS + end}) == ADDRESS
    assert launch.address({}) == launch.address({"BOOK_REPOSITORY": ""}) == ""


# ---- the cell -----------------------------------------------------------------------------------


def cell(notebook):
    """Return the cell of a notebook that installs the package."""
    return next(each for each in notebook.cells if each.id == "install")


@pytest.mark.parametrize("path", notebook_outputs.NOTEBOOKS, ids=lambda path: path.stem)
def test_every_notebook_has_the_cell_and_no_page_shows_it(path, site):
    first = next(each for each in notebook_outputs.read(path).cells if each.cell_type == "code")
    assert first == cell(notebook_outputs.read(path)) and "remove-cell" in first.metadata.tags
    assert (
        first.source == cell(notebook_outputs.read(notebook_outputs.NOTEBOOKS[0])).source
        and first.outputs == []
    )
    page = (SITE / "notebooks" / f"{path.stem}.html").read_text(encoding="utf-8")
    assert "invalidate_caches" not in page
    handed_out = cell(notebook_outputs.read(site / "_sources" / "notebooks" / path.name))
    assert handed_out.source == first.source.replace('= ""', f'= "git+{ADDRESS}"', 1)


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A Python that has what hwlib needs and not hwlib; and hwlib's wheel."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder / "venv", with_pip=True)
    python = next(folder.glob("venv/*/python"))
    packages = Path(pytest.__file__).parent.parent  # named so, its own .pth files are not read
    next(folder.glob("venv/lib/*/site-packages")).joinpath("all.pth").write_text(f"{packages}\n")
    source = folder / "source"  # a wheel leaves its traces where it is built
    for name in ("hwlib", "homework"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", source]
    subprocess.run([*command, "-w", folder], check=True, capture_output=True, env=BARE)
    return python, next(folder.glob("*.whl"))


def executed(python, notebook):
    """Run a notebook, a file, with another Python; return it, whether or not it ran through."""
    code = (
        "import nbformat, sys; from nbclient import NotebookClient\n"
        "book = nbformat.read(sys.argv[1], as_version=4)\n"
        "try:\n    NotebookClient(book, resources={'metadata': {'path': '.'}}).execute()\n"
        "except Exception: pass\n"
        "nbformat.write(book, sys.argv[1])"
    )
    command = [python, "-c", code, notebook]
    subprocess.run(command, check=True, cwd=notebook.parent, env=BARE, capture_output=True)
    return nbformat.read(notebook, as_version=4)


def test_without_hwlib_and_without_an_address_one_line_says_what_to_do(bare, tmp_path):
    notebook = shutil.copy(ROOT / "notebooks/4_speed.ipynb", tmp_path)
    (output,) = cell(executed(bare[0], Path(notebook))).outputs
    assert output.output_type == "error"
    assert len(output.traceback) == 1 and "\n" not in output.traceback[0]
    assert "`pip install` that folder" in output.traceback[0]


def test_what_is_installed_has_every_file_of_the_packages(bare):
    """So one notebook stands for all: nbval runs their cells, and the first is the same in all."""
    with zipfile.ZipFile(bare[1]) as wheel:
        installed = set(wheel.namelist())
    files = {path for name in ("hwlib", "homework") for path in (ROOT / name).rglob("*.*")}
    files = {path.relative_to(ROOT) for path in files if path.suffix not in (".md", ".pyc")}
    assert len(files) > 60 and {path.as_posix() for path in files} - installed == set()


def test_a_downloaded_notebook_installs_hwlib_says_so_and_runs(bare, tmp_path, site):
    """With the wheel in place of the repository, which is not reached from here."""
    name, (python, wheel) = "2_kmeans", bare
    subprocess.run([python, "-m", "pip", "uninstall", "-y", "hwlib"], check=True, env=BARE)
    text = (site / f"_sources/notebooks/{name}.ipynb").read_text(encoding="utf-8")
    assert f'git+{ADDRESS}\\"' in text
    notebook = tmp_path / f"{name}.ipynb"
    notebook.write_text(text.replace(f"git+{ADDRESS}", wheel.as_uri()), encoding="utf-8")
    ran = executed(python, notebook)
    (output,) = cell(ran).outputs
    assert output.text == f"hwlib is missing. Installing it from {wheel.as_uri()}\n"
    code = [each for each in ran.cells if each.cell_type == "code"]
    assert code[-1].execution_count == len(code)
    assert not [o for each in code for o in each.outputs if o.output_type == "error"]
