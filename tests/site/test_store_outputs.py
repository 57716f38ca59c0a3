"""tools/store_outputs.py: a notebook is replaced by a good one or left alone."""

import errno

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tools import store_outputs


@pytest.fixture
def notebook(tmp_path):
    """Return a function that writes a notebook of one cell and returns its path."""

    def make(source):
        kernel = {"name": "python3", "display_name": "Python 3"}
        path = tmp_path / "chapter.ipynb"
        content = new_notebook(cells=[new_code_cell(source)], metadata={"kernelspec": kernel})
        nbformat.write(content, path)
        return path

    return make


def files(path):
    return sorted(each.name for each in path.parent.iterdir())


def test_outputs_are_stored(notebook, capsys):
    path = notebook("print(6 * 7)")
    assert store_outputs.main([path]) == 0
    (cell,) = nbformat.read(path, as_version=4).cells
    assert [output.text for output in cell.outputs] == ["42\n"]
    assert "0.00 MB of outputs" in capsys.readouterr().out
    assert files(path) == ["chapter.ipynb"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("1 / 0", "left as it was, a cell failed"),
        ("print('x' * 20000)", "0.02 MB of outputs; 0.01 MB are the limit"),
    ],
)
def test_a_notebook_that_fails_or_is_too_large_is_left_as_it_was(
    notebook, capsys, monkeypatch, source, message
):
    monkeypatch.setattr(store_outputs, "LIMIT", 10_000)
    path = notebook(source)
    before = path.read_bytes()
    assert store_outputs.main([path]) == 1
    assert message in capsys.readouterr().err
    assert path.read_bytes() == before
    assert files(path) == ["chapter.ipynb"]


def test_writing_that_breaks_off_leaves_the_old_notebook(notebook, monkeypatch, capsys):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = notebook("print(1)")
    before = path.read_bytes()
    monkeypatch.setattr("os.replace", full)
    assert store_outputs.main([path]) == 1
    assert capsys.readouterr().err == f"{path}: left as it was, No space left on device\n"
    assert path.read_bytes() == before
    assert files(path) == ["chapter.ipynb"]


@pytest.mark.parametrize("content", ['{"cells": [', "[]", '{"cells": 3, "nbformat": 4}'])
def test_a_notebook_that_cannot_be_read_is_left_as_it_was(tmp_path, capsys, content):
    path = tmp_path / "chapter.ipynb"
    path.write_text(content)
    assert store_outputs.main([path]) == 1
    message = capsys.readouterr().err
    assert message.startswith(f"{path}: left as it was, it cannot be read: ")
    assert message.count("\n") == 1
    assert path.read_text() == content


def test_a_notebook_that_is_not_there(tmp_path, capsys):
    assert store_outputs.main([tmp_path / "none.ipynb"]) == 1
    assert "No such file" in capsys.readouterr().err
