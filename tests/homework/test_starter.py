"""The starter: what the tasks ask for is gone, all else stays, and the handout's commands work."""

import ast
import io
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from homework import starter, tasks
from hwlib import datasets

MODULES = list(starter.FILES)
FOLDERS = {"backprop": "q1_backprop", "kmeans": "q2_kmeans"}


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("dist") / "hw3.zip"
    assert starter.main([str(path)]) == 0
    return path


@pytest.fixture
def unpacked(archive, tmp_path):
    with zipfile.ZipFile(archive) as file:
        file.extractall(tmp_path)
    return tmp_path


def run(folder, name, *arguments):
    """Run a command of the handout as it is written, without the book at hand."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    # -S leaves out an editable installation of hwlib; the packages come by the path
    site = str(Path(np.__file__).parent.parent)
    return subprocess.run(
        [sys.executable, "-S", f"{name}.py", *arguments],
        cwd=folder / FOLDERS[name], capture_output=True, text=True,
        env={**environment, "PYTHONPATH": site, "PYTHONUTF8": "1"},
    )  # fmt: skip


def functions(source):
    """Every function and method of a source, by its qualified name."""
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = node
        if isinstance(node, ast.ClassDef):
            methods = [each for each in node.body if isinstance(each, ast.FunctionDef)]
            found.update({f"{node.name}.{each.name}": each for each in methods})
    return found


def asked_for(name):
    return {
        function: (task.label, task.out_of)
        for task in tasks.code()
        for function in task.removed
        if task.module == name
    }


def test_files(archive):
    with zipfile.ZipFile(archive) as file:
        assert sorted(file.namelist()) == [
            "README.md", "q1_backprop/backprop.py", "q2_kmeans/data.tsv", "q2_kmeans/kmeans.py",
            "q2_kmeans/original.png", "requirements.txt",
        ]  # fmt: skip
        picture = Image.open(io.BytesIO(file.read("q2_kmeans/original.png")))
        assert picture.mode == "RGBA"
        colors = np.asarray(picture)[..., :3]
        assert np.array_equal(colors, np.asarray(datasets.photograph()))
        data = np.loadtxt(io.BytesIO(file.read("q2_kmeans/data.tsv")), delimiter="\t")
        assert np.array_equal(data, datasets.plane_points())
    assert archive.stat().st_size < 1e6


def test_the_same_bytes_every_time(archive, tmp_path):
    starter.main([str(tmp_path / "again.zip")])
    assert (tmp_path / "again.zip").read_bytes() == archive.read_bytes()


@pytest.mark.parametrize("name", MODULES)
def test_exactly_the_bodies_asked_for_are_gone(unpacked, name):
    book = functions(starter.solution(name))
    left = functions((unpacked / starter.FILES[name]).read_text(encoding="utf-8"))
    asked = asked_for(name)
    assert list(book) == list(left)
    for label, node in left.items():
        owner = label.split(".")[0]
        assert ast.unparse(node.args) == ast.unparse(book[label].args)
        assert ast.get_docstring(node) == ast.get_docstring(book[label])
        if owner not in asked:
            assert ast.unparse(node) == ast.unparse(book[label])
            continue
        task, _ = asked[owner]
        (statement,) = node.body[1:] if ast.get_docstring(node) else node.body
        assert ast.unparse(statement) == (
            f"raise NotImplementedError('task {task}: write {label}')"
        )


@pytest.mark.parametrize("name", MODULES)
def test_nothing_of_a_solution_is_left(unpacked, name):
    """Every line, comments too, that stood in an emptied body is gone."""
    source = starter.solution(name)
    text = (unpacked / starter.FILES[name]).read_text(encoding="utf-8")
    kept = set(text.splitlines())
    asked, lines, gone = asked_for(name), source.splitlines(), []
    for label, node in functions(source).items():
        if label.split(".")[0] in asked:
            first = node.body[1] if ast.get_docstring(node) else node.body[0]
            gone += lines[first.lineno - 1 : node.end_lineno]
    rest = [line for line in lines if line not in gone]
    comments = [line for line in gone if line.strip().startswith("#")]
    assert not [line for line in comments if line in kept and line not in rest]
    # lines that other functions have as well are no secret
    others = "\n".join(
        ast.get_source_segment(source, node, padded=True)
        for label, node in functions(source).items()
        if label.split(".")[0] not in asked
    )
    secret = [line for line in gone if line.strip() and line not in others.splitlines()]
    assert len(secret) > 20 and not [line for line in secret if line in kept and line not in rest]
    for task in tasks.code():
        functions_each = 2 if task.removed[0].endswith("Node") else 1
        expected = len(task.removed) * functions_each if task.module == name else 0
        assert len(re.findall(rf"# TODO {task.label} \({task.out_of} points\)", text)) == expected


@pytest.mark.parametrize(
    "name, command, task",
    [
        ("backprop", "grad_check_1", "1h"),
        ("backprop", "logreg -d simple", "1i"),
        ("backprop", "logreg -d xor", "1i"),
        ("backprop", "grad_check_2", "1m"),
        ("backprop", "neural -d xor", "1n"),
        ("kmeans", "basic -k 2", "2a"),
        ("kmeans", "image -k 2", "2a"),
    ],
)
def test_an_unfinished_command_names_its_task_in_one_line(unpacked, name, command, task):
    done = run(unpacked, name, *command.split())
    assert done.returncode == 2 and done.stdout == ""
    assert re.fullmatch(rf"{name}\.py: task {task}: write \w+\n", done.stderr)


@pytest.mark.parametrize(
    "name, command, words",
    [
        ("backprop", "grad_check_1", "= 2.059"),
        ("backprop", "logreg -d simple", "final loss:   0.013"),
        ("backprop", "logreg -d xor", "final loss:   2.77"),
        ("backprop", "grad_check_2", "= 5.0"),
        ("backprop", "neural -d xor", "final loss:   0.018"),
        ("kmeans", "basic -k 2", "6698"),
        ("kmeans", "image -k 2", "compressed_k2.png"),
    ],
)
def test_filled_in_again_the_commands_give_the_handouts_numbers(unpacked, name, command, words):
    path = unpacked / starter.FILES[name]
    book = starter.solution(name)
    lines = book.splitlines()
    text = path.read_text(encoding="utf-8")
    # put each body back where the starter says TODO, as a student would
    for label, node in reversed(functions(text).items()):
        if label.split(".")[0] in asked_for(name):
            start, end, _ = starter.body(node, text.splitlines())
            first, last, _ = starter.body(functions(book)[label], lines)
            all_lines = text.splitlines()
            all_lines[start:end] = lines[first:last]
            text = "\n".join(all_lines) + "\n"
    assert "TODO" not in text
    path.write_text(text, encoding="utf-8")
    done = run(unpacked, name, *command.split())
    assert done.returncode == 0, done.stderr
    assert words in done.stdout


def test_a_function_that_is_not_there_is_named(monkeypatch):
    row = tasks.Task("2z", parts={"all": 10}, module="kmeans", removed=("assing",))
    monkeypatch.setattr(tasks, "TASKS", {"2z": row})
    with pytest.raises(ValueError, match=r"kmeans.py has no assing, which task 2z asks for"):
        starter.unfinished("x = 1\n", "kmeans")


def test_comments_and_bare_bodies(monkeypatch):
    source = '''\
def f(
    x,  # a number
):
    # how
    return x  # it is

    # after all


class C:
    def g(self):
        """Say."""
        # why
        return 1
# outside
if __name__ == "__main__":
    f(1)
'''
    row = tasks.Task("1b", parts={"all": 1}, module="m", removed=("f", "C"))
    monkeypatch.setattr(tasks, "TASKS", {"1b": row})
    text = starter.unfinished(source, "m")
    assert not re.search("how|why|it is", text)
    assert "# a number" in text and "# outside" in text and '"""Say."""' in text
    names = {"__name__": "m"}
    exec(text, names)
    with pytest.raises(NotImplementedError, match="task 1b: write f"):
        names["f"](1)
