"""The texts for developers name what is there: files, tests, modules, targets of make."""

import re
from fnmatch import filter as matching

import notebook_outputs
import pytest

ROOT = notebook_outputs.ROOT
DOCS = [
    *sorted(ROOT.glob("docs/*.md")),
    *sorted(ROOT.glob("homework/*.md")),
    *(
        ROOT / name
        for name in ("README.md", "CONTRIBUTING.md", "book/howto.md", "book/teaching.md")
    ),
]
TESTS = ROOT / "tests"
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
FOLDERS = [ROOT, TESTS, *(ROOT / name for name in ("hwlib", "homework", "book", "tools"))]
MADE = {"_build", "_python", "dist", ".venv", ".venv-mutants", ".venv-bench"}  # in no commit
# what Jupyter Book writes, what the grader writes, and no path
ELSEWHERE = {"conf.py", "feedback/", "g/x"}


def said(path):
    """Return the pieces of code in a text: between backticks, and lines of blocks."""
    text = path.read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    inline = re.findall(
        r"`([^`\n]+(?:\n[^`\n]+)?)`", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    )
    return [" ".join(piece.split()) for piece in [*inline, *"".join(blocks).splitlines()]]


def files(name):
    """Return the files that a text can mean by a name, from some folder or by its own in tests."""
    found = [file for folder in FOLDERS for file in folder.glob(name)]
    return found or ([*TESTS.rglob(name)] if "/" not in name else [])


def lost(path):
    """Return what a text names and is not there."""
    missing = []
    for piece in said(path):
        for name, test in re.findall(r"([\w./-]+\.py)(?:::([\w*]+))?", piece):
            if name in ELSEWHERE:
                continue
            found = files(name)
            if not found:
                missing.append(name)
            elif test:
                text = "".join(file.read_text(encoding="utf-8") for file in found)
                defined = re.findall(r"^ *(?:def|class) (\w+)", text, re.MULTILINE)
                missing += [f"{name}::{test}"] * (not matching(defined, test))
        if re.fullmatch(r"test_\w+", piece):
            every = "".join(file.read_text("utf-8") for file in TESTS.rglob("test_*.py"))
            missing += [piece] * (f"def {piece}(" not in every)
        for target in re.findall(r"\bmake ((?:[a-z]+-)*[a-z]+)(?![\w-])", piece):
            missing += [f"make {target}"] * (target not in TARGETS)
        for module in re.findall(r"python3? -m ((?:hwlib|homework|tools)[\w.]*)", piece):
            place = ROOT / module.replace(".", "/")
            there = place.with_suffix(".py").exists() or place.joinpath("__main__.py").exists()
            missing += [f"python -m {module}"] * (not there)
        path_like = re.fullmatch(r"[\w.-]+/[\w./*-]*(?<!\.py)", piece)
        if path_like and piece.partition("/")[0] not in MADE | ELSEWHERE and piece not in ELSEWHERE:
            missing += [piece] * (not files(piece.rstrip("/")))
    return missing


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_a_text_names_is_there(path):
    assert lost(path) == []


def test_what_is_not_there_is_found(tmp_path):
    text = tmp_path / "text.md"
    text.write_text(
        "`tests/site/test_gone.py`, `site/test_docs.py::test_gone`,\n"
        "`site/test_docs.py::test_what*`,\n"
        "`make gone` and `make\ntest-all`, `python -m tools.gone`, `hwlib/gone/`,\n"
        "`_build/html`.\n"
        "```bash\nmake gone-too   # a comment\n```\n"
    )
    assert lost(text) == [
        "tests/site/test_gone.py",
        "site/test_docs.py::test_gone",
        "make gone",
        "python -m tools.gone",
        "hwlib/gone/",
        "make gone-too",
    ]


def test_texts_name_many_things():
    assert sum(len(said(path)) for path in DOCS) > 200
