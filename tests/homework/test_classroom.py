"""A whole class at once: progress, going on after a crash, the CSV and the statistics."""

import csv
import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import bank
import pytest

from homework import classroom, grade, sandbox

FULL = {"1b": 3, "1e": 3, "1g": 3, "1h": 6, "1i": 7, "1l": 3, "1m": 6, "1n": 6, "2a": 10}


@pytest.fixture
def folder(tmp_path):
    """Five submissions: right, wrong, in a zip, empty, and one that ends its process."""
    files = {name: work for name, _, work in bank.MISTAKES}
    works = {
        "ada": bank.LECTURE,
        "bob": files["log: = for +="],
        "eve": {**bank.LECTURE, "backprop.py": "import os\nos._exit(0)\n"},
        "nil": {},
    }
    for name, work in works.items():
        (tmp_path / "class" / name).mkdir(parents=True)
        for file, text in work.items():
            (tmp_path / "class" / name / file).write_text(text, encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "class" / "=çelik, ö.zip", "w") as archive:
        for file, text in bank.RIGHT["right: loops, a class for a cluster"].items():
            archive.writestr(f"hw3/{file}", text)
    (tmp_path / "class" / "readme.txt").write_text("no submission")
    return tmp_path / "class"


def rows(out):
    text = (out / "grades.csv").read_text(encoding="utf-8-sig")
    return {row["submission"]: row for row in csv.DictReader(io.StringIO(text))}


def test_a_class(folder, capsys):
    out = folder.with_name("class-grades")
    stream = io.StringIO()
    assert classroom.run(folder, jobs=2, stream=stream) == 2
    table = rows(out)
    assert list(table) == ["'=çelik, ö.zip", "ada", "bob", "eve", "nil"]
    points = {name: int(row["points"]) for name, row in table.items()}
    assert points == {"'=çelik, ö.zip": 47, "ada": 47, "bob": 46, "eve": 10, "nil": 0}
    assert {task: int(table["bob"][task]) for task in grade.TASKS} == {**FULL, "1b": 2}
    assert "replaced" in table["bob"]["messages"] and "There is no" in table["nil"]["problem"]
    page = (out / "statistics.html").read_text(encoding="utf-8")
    assert "5 submissions" in page and "the mean is 30.0, the median 46" in page
    assert page.count("<th scope=row>") == 9 and "<svg role" in page and "http-equiv" not in page
    assert stream.getvalue().splitlines()[-1].endswith("] 5 of 5") or "5 of 5" in stream.getvalue()
    assert "1 of 5 could not be graded" in capsys.readouterr().out


def test_it_goes_on_where_it_stopped(folder, monkeypatch, capsys):
    for name in ("eve", "nil"):
        shutil.rmtree(folder / name)
    out, graded = folder.with_name("out"), []
    real = classroom._grade_each

    def crash_after_one(left, *arguments):
        for count, pair in enumerate(real(left, *arguments)):
            if count == 1:
                raise KeyboardInterrupt
            yield pair

    monkeypatch.setattr(classroom, "_grade_each", crash_after_one)
    with pytest.raises(KeyboardInterrupt):
        classroom.run(folder, out, stream=io.StringIO())
    assert len(list((out / "submissions").glob("*.json"))) == 1 and not list(out.glob("*.csv"))

    def counted(left, *arguments):
        graded.append(sorted(path.name for path, _ in left))
        return real(left, *arguments)

    monkeypatch.setattr(classroom, "_grade_each", counted)
    stream = io.StringIO()
    assert classroom.run(folder, out, stream=stream) == 1
    assert len(graded[0]) == 2 and "1 of 3 are graded already" in stream.getvalue()
    first = (out / "grades.csv").read_bytes()
    # nothing to do, the same results; a torn file or a new version of the work is graded again
    assert classroom.run(folder, out, stream=io.StringIO()) == 1 and graded[1] == []
    assert (out / "grades.csv").read_bytes() == first
    (out / "submissions" / "ada.json").write_text('{"key": ')
    (folder / "bob" / "backprop.py").write_text(bank.LECTURE["backprop.py"])
    assert classroom.run(folder, out, stream=io.StringIO()) == 0
    assert graded[2] == ["ada", "bob"]


def test_another_seed_is_graded_anew(folder):
    for path in folder.iterdir():
        if path.name not in ("ada",):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    out = folder.with_name("out")
    for seed in (1, 2):
        assert classroom.run(folder, out, seed=seed, stream=io.StringIO()) == 0
        record = json.loads((out / "submissions" / "ada.json").read_text())
        keys = {record["key"]}
    assert len(keys) == 1 and record["points"] == 47


def test_300_submissions(tmp_path, monkeypatch, capsys):
    """The bookkeeping of 300; the grading itself, which is tested elsewhere, is left out."""
    for number in range(300):
        path = tmp_path / "class" / f"student {number:03}"
        path.mkdir(parents=True)
        (path / "backprop.py").write_text(f"# {number}\n")
    monkeypatch.setattr(sandbox, "run", lambda files, tasks, limits=None: {})
    stream = io.StringIO()
    assert classroom.run(tmp_path / "class", jobs=2, stream=stream) == 1
    assert len(rows(tmp_path / "class-grades")) == 300
    assert "300 of 300" in stream.getvalue() and len(stream.getvalue().splitlines()) < 20


def test_the_command(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "homework.grade", "--all", tmp_path, "--jobs", "2"],
        capture_output=True, text=True, cwd=Path(__file__).parent.parent,
    )  # fmt: skip
    assert done.returncode == 2 and done.stderr.startswith("homework.grade: there is no folder")
