"""The autograder's zip, in the folders that Gradescope lays out."""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest
import sample_submissions as samples

from homework import tasks
from homework.checks import inputs
from homework.checks.verdict import Verdict
from homework.gradescope import build
from homework.gradescope.__main__ import results as results_of
from homework.grading.grading import Grade

LABELS = [task.label for task in tasks.code()]
LINE = "x.grad += self.grad / x.value"


@pytest.fixture
def root():
    """A root as on the platform: source with the zip's files, an empty submission and results."""
    # not pytest's own folder: that is closed to the other user whom the checks run as
    with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
        root = Path(folder)
        os.chmod(root, 0o755)
        build.main([str(root / "autograder.zip"), "--seed", "77"])
        with zipfile.ZipFile(root / "autograder.zip") as archive:
            for info in archive.infolist():
                path = archive.extract(info, root / "source")
                os.chmod(path, info.external_attr >> 16 & 0o777)
        for name in ("submission", "results"):
            (root / name).mkdir()
        for name, text in samples.LECTURE.items():
            (root / "submission" / name).write_text(text, "utf-8")
        yield root


def run(root):
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [root / "source" / "run_autograder"], capture_output=True, text=True, cwd="/",
        env={**environment, "HOMEWORK_ROOT": str(root), "HOMEWORK_PYTHON": sys.executable},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads((root / "results" / "results.json").read_text(encoding="utf-8"))


def test_all_points(root):
    results = run(root)
    assert results["score"] == 47
    # in the student edition nobody can run the book's checks
    assert results["output"].endswith("The inputs differ from those of the book's checks.")
    assert [test["number"] for test in results["tests"]] == LABELS
    for test in results["tests"]:
        assert test["score"] == test["max_score"] and test["status"] == "passed"
        assert test["name"] == f"Task {test['number']}" and test["visibility"] == "visible"
    assert os.stat(root / "source").st_mode & 0o077 == 0


def test_a_mistake_and_a_file_that_tries_to_grade_itself(root):
    path = root / "submission" / "backprop.py"
    fake = f"open({str(root / 'results' / 'results.json')!r}, 'w').write('{{\"score\": 100}}')"
    spoiled = path.read_text().replace(LINE, "x.grad = 1.0\n        " + fake)
    path.write_text(spoiled)
    results = run(root)
    assert results["score"] == 47 - 2
    (test,) = [test for test in results["tests"] if test["status"] == "failed"]
    assert test["number"] == "1b" and test["score"] == 1
    assert "PermissionError" in test["output"]


def test_nothing_handed_in(root):
    for path in (root / "submission").iterdir():
        path.unlink()
    results = run(root)
    assert results["score"] == 0 and "There is no backprop.py" in results["output"]
    assert all(test["score"] == 0 for test in results["tests"])


def test_a_fault_of_the_autograder_is_none_of_the_students(root):
    (root / "source" / "homework" / "checks" / "cases.py").write_text("raise RuntimeError('ours')")
    results = run(root)
    assert "autograder itself failed" in results["output"] and "tests" not in results


def test_the_zip(root):
    with zipfile.ZipFile(root / "autograder.zip") as archive:
        names = archive.namelist()
        setup = archive.read("setup.sh").decode()
    assert {"setup.sh", "run_autograder", "config.json", "homework/grading/keeper.py"} <= set(names)
    assert not [name for name in names if "hwlib" in name]  # the solutions stay at home
    assert subprocess.run(["bash", "-n"], input=setup, text=True).returncode == 0
    build.main([str(root / "again.zip"), "--seed", "77"])
    assert (root / "again.zip").read_bytes() == (root / "autograder.zip").read_bytes()


def test_hidden_inputs_are_others(capsys, tmp_path):
    for task in LABELS:
        if task != "1h" and task != "1m":
            assert str(inputs(task, 0)) != str(inputs(task, 77))
    build.main([str(tmp_path / "a.zip")])
    build.main([str(tmp_path / "b.zip")])
    seeds = [line.split()[-1] for line in capsys.readouterr().out.splitlines()]
    assert seeds[0] != seeds[1] and "0)" not in seeds


def test_visibility_and_hints_are_options(root):
    build.main([str(root / "quiet.zip"), "--visibility", "after_published", "--no-hints"])
    with zipfile.ZipFile(root / "quiet.zip") as archive:
        archive.extract("config.json", root / "source")
    path = root / "submission" / "backprop.py"
    path.write_text(path.read_text().replace(LINE, "x.grad = self.grad / x.value"))
    tests = {test["number"]: test for test in run(root)["tests"]}
    assert {test["visibility"] for test in tests.values()} == {"after_published"}
    assert tests["1b"]["score"] == 2
    assert tests["1b"]["output"] == "value 1/1, derivative 1/1, increment 0/1"


def test_without_hints_no_note_is_shown_either():
    verdict = Verdict("1b")
    verdict.fault("increment", "It is replaced.")
    verdict.notes.append("With right nodes it is right.")
    graded = Grade("ada", {"1b": verdict})
    for hints, output in (
        (True, "value 1/1, derivative 1/1, increment 0/1\n\nIt is replaced.\n\n"
               "Note: With right nodes it is right."),
        (False, "value 1/1, derivative 1/1, increment 0/1"),
    ):  # fmt: skip
        (test,) = results_of(graded, hints=hints)["tests"]
        assert test["output"] == output


def test_a_submission_may_read_the_homeworks_data(root):
    path = root / "submission" / "kmeans.py"
    path.write_text('import numpy as np\nnp.loadtxt("data.tsv")\n' + path.read_text())
    assert run(root)["score"] == 47
