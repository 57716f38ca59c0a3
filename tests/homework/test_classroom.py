"""A whole class at once: no submission stops it, a restart continues, and what a teacher gets."""

import csv
import io
import json
import mmap
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import zipfile
from pathlib import Path

import pytest
import sample_submissions as samples

from homework import tasks
from homework.grading import by_hand, classroom, grading, report, sandbox, submission, walls
from homework.grading.sandbox import Limits, Sandbox

ROOT = Path(sandbox.__file__).parents[2]
FULL = {task.label: task.out_of for task in tasks.code()}


def hand_in(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in files.items():
        content = text if isinstance(text, bytes) else text.encode()
        (folder / file).write_bytes(content)
    return folder


@pytest.fixture
def folder(tmp_path):
    """Five submissions: right, wrong, in a zip, empty, and one that ends its process."""
    files = {name: work for name, _, work in samples.MISTAKES}
    hand_in(tmp_path / "class" / "ada", samples.LECTURE)
    hand_in(tmp_path / "class" / "bob", files["log: = for +="])
    ended = {**samples.LECTURE, "backprop.py": "import os\nos._exit(0)\n"}
    hand_in(tmp_path / "class" / "eve", ended)
    hand_in(tmp_path / "class" / "nil", {})
    with zipfile.ZipFile(tmp_path / "class" / "=çelik, ö.zip", "w") as archive:
        for file, text in samples.RIGHT["right: loops, a class for a cluster"].items():
            archive.writestr(f"hw3/{file}", text)
    (tmp_path / "class" / "readme.txt").write_text("no submission")
    return tmp_path / "class"


def rows(out):
    text = (out / "grades.csv").read_text(encoding="utf-8-sig")
    return {row["submission"]: row for row in csv.DictReader(io.StringIO(text))}


def run(*arguments, **options):
    return classroom.run(*arguments, stream=io.StringIO(), **options)


def test_a_class(folder, capsys):
    out = folder.with_name("class-grades")
    stream = io.StringIO()
    assert classroom.run(folder, jobs=2, stream=stream, book="https://book.example") == 2
    table = rows(out)
    assert list(table) == ["'=çelik, ö.zip", "ada", "bob", "eve", "nil"]
    points = {name: int(row["points"]) for name, row in table.items()}
    assert points == {"'=çelik, ö.zip": 47, "ada": 47, "bob": 46, "eve": 10, "nil": 0}
    assert {task: int(table["bob"][task]) for task in FULL} == {**FULL, "1b": 2}
    assert "replaced" in table["bob"]["messages"] and "There is no" in table["nil"]["problem"]
    page = (out / "statistics.html").read_text(encoding="utf-8")
    assert "5 submissions" in page and "the mean is 30.0, the median 46" in page
    assert page.count("<th scope=row>") == 9 and "<svg role" in page and "http-equiv" not in page
    assert "had most trouble" in page and "https://book.example/notebooks/1_backprop.html" in page
    assert "5 of 5" in stream.getvalue()
    said = capsys.readouterr().out
    assert "1 of 5 could not be graded" in said
    assert "not graded, since it is not a submission: readme.txt" in said
    texts = {path.name[:3]: path.read_text() for path in (out / "feedback").glob("*.txt")}
    assert set(texts) >= {"ada", "bob", "eve"} and "1b    2 of 3" in texts["bob"]
    (page,) = (out / "feedback").glob("bob-*.html")
    assert "Did you write = instead of +=?" in page.read_text(encoding="utf-8")


def test_a_restart_continues(folder, monkeypatch):
    for name in ("eve", "nil"):
        shutil.rmtree(folder / name)
    out, graded = folder.with_name("out"), []
    real = classroom._grade_each

    def crash_after_one(waiting, *arguments):
        for count, pair in enumerate(real(waiting, *arguments)):
            if count == 1:
                raise KeyboardInterrupt
            yield pair

    monkeypatch.setattr(classroom, "_grade_each", crash_after_one)
    with pytest.raises(KeyboardInterrupt):
        run(folder, out)
    assert len(list((out / "submissions").glob("*.json"))) == 1 and not list(out.glob("*.csv"))

    def counted(waiting, *arguments):
        graded.append(sorted(waiting))
        return real(waiting, *arguments)

    monkeypatch.setattr(classroom, "_grade_each", counted)
    stream = io.StringIO()
    assert classroom.run(folder, out, stream=stream) == 1
    assert len(graded[0]) == 2 and "1 of 3 are graded already" in stream.getvalue()
    first = (out / "grades.csv").read_bytes()
    # nothing to do, the same results; a torn file or a new version of the work is graded again
    assert run(folder, out) == 1 and graded[1] == []
    assert (out / "grades.csv").read_bytes() == first
    classroom._file(out, "ada").write_text('{"key": ')
    (folder / "bob" / "backprop.py").write_text(samples.LECTURE["backprop.py"])
    assert run(folder, out) == 0
    assert graded[2] == ["ada", "bob"]


def test_another_seed_is_graded_anew(tmp_path):
    hand_in(tmp_path / "class" / "ada", {"kmeans.py": samples.LECTURE["kmeans.py"]})
    keys = set()
    for seed in (1, 2):
        run(tmp_path / "class", tmp_path / "out", seed=seed)
        (path,) = (tmp_path / "out" / "submissions").glob("*.json")
        keys.add(json.loads(path.read_text())["key"])
    assert len(keys) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="macOS reserves addresses by itself")
def test_a_process_with_many_addresses_grades_too(tmp_path):
    # as one has that has run V8; a limit below them left a thread that never began
    hand_in(tmp_path / "class" / "ada", {"kmeans.py": samples.LECTURE["kmeans.py"]})
    reserved = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000  # MAP_NORESERVE: addresses alone
    with mmap.mmap(-1, 32 << 30, reserved, mmap.PROT_READ):
        assert run(tmp_path / "class", tmp_path / "out") == 1
    assert rows(tmp_path / "out")["ada"]["problem"] == ""


def test_300_submissions(tmp_path, monkeypatch):
    """The bookkeeping of 300; the grading itself, which is tested elsewhere, is left out."""
    for number in range(300):
        hand_in(tmp_path / "class" / f"student {number:03}", {"backprop.py": f"# {number}\n"})
    monkeypatch.setattr(Sandbox, "run", lambda self, files, given: {})
    stream = io.StringIO()
    assert classroom.run(tmp_path / "class", jobs=2, stream=stream) == 1
    assert len(rows(tmp_path / "class-grades")) == 300
    assert "300 of 300" in stream.getvalue() and len(stream.getvalue().splitlines()) < 20


# ---------------------------------------------------------------- no submission stops the others


def in_log(code):
    """A right backprop.py, with code at the beginning of LogNode.backward."""
    line = "        x.grad += self.grad / x.value"
    body = textwrap.indent(textwrap.dedent(code), " " * 8)
    return {**samples.LECTURE, "backprop.py": samples.LECTURE["backprop.py"].replace(line, body)}


FORGE = """
import sys, os, hmac
frame = sys._getframe()
while frame:
    names = frame.f_locals
    if "key" in names and "sender" in names and names["task"]["label"] == "1b":
        data = {}
        os.write(names["sender"], hmac.digest(names["key"], data, "sha256") + data)
        os._exit(0)
    frame = frame.f_back
"""

# What a submission that has found the key may send for task 1b.
FORGERIES = {
    "a number": "b'7'",
    "null": "b'null'",
    "a list": "b'[]'",
    "results that are a text": "b'{\"results\": \"3\"}'",
    "results of wrong types": "b'{\"results\": [{\"forward\": 3}, 1, null, {}]}'",
    "an exception without a text": "b'{\"exception\": {\"type\": 3}}'",
    "an exception that is a list": "b'{\"exception\": [1, 2]}'",
    "a text of 300 kB": "b'{\"problem\": \"' + b'x' * 300_000 + b'\"}'",
    "an exception of 300 kB": "b'{\"exception\": {\"type\": \"E\", \"text\": \"' + b'x' * 300_000"
    " + b'\"}}'",
    "escapes for a terminal": "b'{\"problem\": \"\\\\u001b[2J\\\\u001b]0;owned\\\\u0007\"}'",
    "a lone surrogate": "b'{\"problem\": \"\\\\ud800\"}'",
    "notes that are numbers": "b'{\"results\": [], \"notes\": 5}'",
    "thousands of lists": "b'[' + b'[],' * 1_300_000 + b'[]]'",
    "lists in lists": "b'[' * 50_000 + b']' * 50_000",
    "a number of a million digits": "b'9' * 1_000_000",
    "no UTF-8": "b'\\xff\\xfe'",
    "HTML": "b'{\"problem\": \"<script>alert(1)</script>\"}'",
    "a formula": "b'{\"problem\": \"=1+1\"}'",
    "Infinity": "b'{\"results\": Infinity}'",
    "a shape that does not fit": "b'{\"results\": [{\"forward\": {\"exception\": null, \"skipped\":"
    " false, \"result\": {\"value\": {\"kind\": \"array\", \"dtype\": \"f\", \"shape\": [-7],"
    " \"data\": [[1], 2]}}}}]}'",
}  # fmt: skip


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_outcome_is_read_safely(name):
    payload = eval(FORGERIES[name]).decode(errors="replace")
    outcome = sandbox.read({"payload": payload})
    handed_in = submission.Submission("s", {"backprop.py": b""})
    verdict = grading.verdict("1b", tasks.TASKS["1b"].draw(1), handed_in, {"1b": outcome})
    assert verdict.points == 0 and all(len(text) <= 900 for text in verdict.messages)
    assert "".join(verdict.messages).isprintable()


@pytest.mark.full
def test_forged_outcomes_cost_their_own_points_only(tmp_path, capsys):
    for name, data in FORGERIES.items():
        files = in_log(FORGE.replace("data = {}", f"data = {data}"))
        hand_in(tmp_path / "class" / name, files)
    hand_in(tmp_path / "class" / "zz right", samples.LECTURE)
    assert run(tmp_path / "class", tmp_path / "out", jobs=2) == 1
    table = rows(tmp_path / "out")
    # one that does not come back as a line of JSON ends the keeper: that submission has nothing
    for name, row in table.items():
        lost = 0 if name == "zz right" else 3
        assert int(row["points"]) == 47 - lost, (name, row)
        assert len(row["messages"]) < 1500
        assert row["messages"].isprintable()
    for path in (tmp_path / "out").rglob("*.*"):
        shown = path.read_text("utf-8")
        assert "\x1b" not in shown and ("<script" not in shown or path.suffix != ".html")


def nested(top, depth, name="d"):
    """Folders inside each other, deeper than a path can say."""
    here = os.open(top, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=here)
        inner = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)


MAKE = """
import os
name = "n" * {length}
for _ in range({depth}):
    try:
        os.mkdir(name)
        os.chdir(name)
    except OSError:
        break
"""

STRANGE = {
    # files in place of the right ones
    "nested 60 of 200 letters": {"backprop.py": MAKE.format(length=200, depth=60)},
    "nested 1500": {"backprop.py": MAKE.format(length=1, depth=1500)},
    "text with a surrogate": in_log("raise ValueError('\\ud800 \\udfff')"),
    "text of 300 kB": in_log("raise ValueError('x' * 300_000)"),
    "text with escapes": in_log("raise ValueError('\\x1b[31m\\x1b]0;x\\x07\\r\\n')"),
    "type with a strange name": in_log("raise type('<b>\\x1b' + 'x' * 9999, (Exception,), {})"),
    "warnings without end": in_log(
        "import warnings\nfor i in range(9999): warnings.warn(f'{i}' * 99)"),
    "a type that lies": in_log(
        "class L(float):\n    __class__ = property(lambda s: 1 / 0)\nx.grad = L(1)"),
    "deep recursion": {"backprop.py": "x = " + "(" * 5000 + ")" * 5000},
    "a long line": {"backprop.py": "x = [" + "1, " * 300_000 + "]"},
    "ten thousand classes": {"backprop.py": "".join(f"class A{i}: pass\n" for i in range(10_000))},
    "a signal handler": in_log(
        "import signal\nsignal.signal(15, signal.SIG_IGN)\nwhile 1:\n"
        "    try: input()\n    except BaseException: pass"),
    "reads what is not there": in_log("import sys\nsys.stdin.read()\nopen(0).read()"),
    "an exit handler": in_log("import atexit, os\natexit.register(os._exit, 7)"),
    "nothing but zeros": {"backprop.py": bytes(1000)},
    "an audit hook of its own": in_log("import sys\nsys.addaudithook(print)"),
    "raises in repr": in_log("class R(Exception):\n    def __str__(self): raise R\nraise R"),
}  # fmt: skip


@pytest.mark.full
def test_strange_submissions_cost_their_own_points_only(tmp_path, capsys):
    folder = tmp_path / "class"
    for name, files in STRANGE.items():
        hand_in(folder / name, {**samples.LECTURE, **files})
    right = samples.LECTURE
    names = ["a" * 252, "b" * 255, "with\nline", "tab\tand\x1b[31m", "-rf", "  ", "'\"; DROP", "…"]
    for name in [*map(os.fsencode, names), b"no \xff utf-8"]:
        os.mkdir(os.fsencode(folder) + b"/" + name)
        with open(os.fsencode(folder) + b"/" + name + b"/kmeans.py", "w") as file:
            file.write(right["kmeans.py"])
    nested(hand_in(folder / "given 60 of 200", right), 60, "n" * 200)
    nested(hand_in(folder / "given 1500", right), 1500)
    (hand_in(folder / "many", right) / "more").mkdir()
    for number in range(8000):
        os.mkdir(folder / "many" / "more" / f"{number}")
    os.symlink("/", hand_in(folder / "link", right) / "root")
    os.mkfifo(folder / "pipe.zip")
    (folder / "broken.zip").write_bytes(b"PK\x03\x04" + b"\0" * 99)
    assert run(folder, tmp_path / "out", jobs=2, limits=Limits(seconds=4)) == 2
    table = rows(tmp_path / "out")
    assert len(table) == len(list(folder.iterdir()))
    points = {name: int(row["points"]) for name, row in table.items()}
    for name in ("given 60 of 200", "given 1500", "many", "link"):
        assert points[name] == 47, table[name]
    for name in STRANGE:
        # k-means is in the other file, and is right in all of these
        assert 10 <= points[name] < 47 or name in ("an exit handler",), table[name]
    assert sum(value == 10 for name, value in points.items() if name not in STRANGE) == 9
    assert not list(Path(tempfile.gettempdir()).glob(f"homework-{os.getpid()}-*"))
    written = (tmp_path / "out" / "grades.csv").read_text("utf-8-sig")
    assert "\x1b" not in written and "\x1b" not in capsys.readouterr().out
    assert len(list((tmp_path / "out" / "feedback").glob("*.html"))) == len(table)
    walls.remove(folder)  # deeper than others can remove
    assert not folder.exists()


def test_a_fault_of_ours_is_one_line(tmp_path, monkeypatch):
    for name in ("ada", "bob"):
        hand_in(tmp_path / "class" / name, {"kmeans.py": samples.LECTURE["kmeans.py"]})
    real = classroom.grade

    def faulty(path, *arguments):
        if path.name == "ada":
            raise MemoryError("ours")
        return real(path, *arguments)

    monkeypatch.setattr(classroom, "grade", faulty)
    assert run(tmp_path / "class", tmp_path / "out") == 2
    table = rows(tmp_path / "out")
    assert "could not be graded (MemoryError: ours)" in table["ada"]["problem"]
    assert table["bob"]["points"] == "10"


# --------------------------------------------------------------------------------- interrupted


def started(folder, out, *more):
    """Start the command on a class, and wait until some are graded; return it and its keepers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "homework.grade", "--all", str(folder), "--out", str(out),
         "--jobs", "2", *more],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not list((out / "submissions").glob("*.json")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    return process, tree(process.pid)


def tree(pid):
    """Every process below one."""
    below = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            below += [int(child), *tree(int(child))]
    return below


def alive(pids):
    return [pid for pid in pids if Path(f"/proc/{pid}").exists() and "Z" not in state(pid)]


def left_of(pids):
    """Return those alive after ten seconds: the promise is a few, but a machine may be busy."""
    latest = time.monotonic() + 10
    while alive(pids) and time.monotonic() < latest:
        time.sleep(0.05)
    return alive(pids)


def state(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "Z"


@pytest.fixture
def slow_class(tmp_path):
    for number in range(12):
        work = samples.LECTURE if number % 2 else {"kmeans.py": "while True: pass\n"}
        hand_in(tmp_path / "class" / f"{number:02}", work)
    return tmp_path / "class"


def test_an_interrupted_run_ends_at_once_and_continues(slow_class, tmp_path):
    out = tmp_path / "out"
    process, below = started(slow_class, out)
    assert below
    process.send_signal(signal.SIGINT)
    # it ends within 2 s where the machine is free; this is for one that never would
    stdout, stderr = process.communicate(timeout=15)
    assert process.returncode == 130 and "Traceback" not in stderr
    assert "The same command grades the rest." in stderr
    assert not left_of(below)
    assert not list(Path(tempfile.gettempdir()).glob(f"homework-{process.pid}-*"))
    done = len(list((out / "submissions").glob("*.json")))
    assert 0 < done < 12
    process, _ = started(slow_class, out, "--seconds", "1")
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 1 and len(rows(out)) == 12


def test_no_orphan_is_left_when_the_main_process_is_killed(slow_class, tmp_path):
    process, below = started(slow_class, tmp_path / "out")
    assert below
    process.kill()
    process.communicate()
    assert not left_of(below)
    # its folders go when the next grader begins
    left = Path(tempfile.gettempdir())
    assert list(left.glob(f"homework-{process.pid}-*"))
    with Sandbox() as box:
        box.run({"kmeans.py": b""}, {"2a": tasks.TASKS["2a"].draw(1)})
    assert not list(left.glob(f"homework-{process.pid}-*"))


# ---------------------------------------------------------------------------- for the teacher


@pytest.fixture
def graded(tmp_path, monkeypatch):
    """A class of three, of which two are alike, graded once."""
    right = samples.LECTURE
    hand_in(tmp_path / "class" / "ada", right)
    other = {name: "# my own\n" + text.replace("    ", "\t") for name, text in right.items()}
    hand_in(tmp_path / "class" / "bob", other)
    hand_in(tmp_path / "class" / "eve", {"kmeans.py": right["kmeans.py"]})
    assert run(tmp_path / "class", tmp_path / "out", jobs=2) == 1
    return tmp_path


def test_points_by_hand_and_changes_are_merged(graded, capsys):
    points = graded / "points.csv"
    points.write_text("submission,1a,3c,2a,comment\nada,2,9.5,,Well derived.\neve,0,,8,\n")
    capsys.readouterr()
    assert run(graded / "class", graded / "out", points=points) == 1
    table = rows(graded / "out")
    assert table["ada"]["total"] == "58.5" and table["ada"]["1a"] == "2"
    assert table["eve"]["2a"] == "8" and table["eve"]["total"] == "8"
    (page,) = (graded / "out" / "feedback").glob("ada-*.html")
    page = page.read_text("utf-8")
    assert "58.5 of 100 points, 47 of them for code" in page and "Well derived." in page
    (text,) = (graded / "out" / "feedback").glob("eve-*.txt")
    assert "changed from 10 by hand" in text.read_text("utf-8")


def give(graded, text, **options):
    """Run with a file of points, and return the table."""
    (graded / "given.csv").write_text(text, "utf-8")
    run(graded / "class", graded / "out", points=graded / "given.csv", **options)
    return rows(graded / "out")


def results(graded):
    """What a teacher sees of a run: all files of the results folder."""
    files = [path for path in (graded / "out").rglob("*.*") if path.suffix in (".csv", ".html")]
    return {str(path): path.read_bytes() for path in files}


def test_points_and_roster_last(graded, capsys):
    (graded / "roster.csv").write_text("submission,name\nada,Ada\nbob,Bob\nzoe,Zoe\n")
    comment = "'=' for '+='; else fine, \"really\""
    text = 'submission,3a,2a,comment\nada,6.5,,"{}"\neve,,8,-1: late\nzoe,5,,\n'
    give(graded, text.format(comment.replace('"', '""')), roster=graded / "roster.csv")
    before = results(graded)
    for options in ({"regrade": ["2a"]}, {}):
        capsys.readouterr()
        run(graded / "class", graded / "out", **options)
        assert results(graded) == before
        said = capsys.readouterr().out
        assert f"used by every run: {graded}/out/points.csv, {graded}/out/roster.csv\n" in said
        assert "changed by hand: eve 2a from 10 to 8\n" in said
    table = rows(graded / "out")
    assert (table["ada"]["total"], table["ada"]["comment"]) == ("53.5", comment)
    assert (table["eve"]["2a"], table["eve"]["comment"]) == ("8", "-1: late")
    assert (table["zoe"]["name"], table["zoe"]["total"]) == ("Zoe", "5")
    # also when the work is another version
    (graded / "class" / "ada" / "kmeans.py").write_text("# new\n")
    run(graded / "class", graded / "out")
    assert rows(graded / "out")["ada"] == {
        **table["ada"], "2a": "0", "points": "37", "total": "43.5",
        "messages": rows(graded / "out")["ada"]["messages"],
    }  # fmt: skip


def test_what_is_given_adds_to_what_was_given(graded, capsys):
    give(graded, "submission,3a,1b\nada,6,2\nbob,5,\n")
    capsys.readouterr()
    table = give(graded, "submission,3a,3c,1b\nada,4,8,\neve,1,,\n")
    said = capsys.readouterr().out
    assert "replaced or taken back: ada 3a was 6\n" in said
    assert "kept, though the cell is empty (- takes points back): ada 1b is 2\n" in said
    given = {name: (row["3a"], row["3c"], row["1b"]) for name, row in table.items()}
    assert given == {"ada": ("4", "8", "2"), "bob": ("5", "", "3"), "eve": ("1", "", "0")}
    table = give(graded, "submission,3a,1b\nada,-,-\n")
    assert "replaced or taken back: ada 3a was 4, ada 1b was 2\n" in capsys.readouterr().out
    assert (table["ada"]["3a"], table["ada"]["1b"], table["ada"]["total"]) == ("", "3", "55")


def test_a_filled_in_table_is_taken(graded, capsys):
    give(graded, "submission,1e\nada,2\n")  # the grader's own is 3
    table = graded / "out" / "grades.csv"
    lines = list(csv.DictReader(io.StringIO(table.read_text("utf-8-sig"))))
    ada, bob, _ = lines
    ada.update({"3a": "6", "comment": "Fine."})
    bob.update({"1b": "1", "3c": "9.5"})
    with table.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(ada))
        writer.writeheader()
        writer.writerows(lines)
    filled_in = table.read_bytes()
    # it is not overwritten, neither by a plain run nor with other points
    words = f"{table} has changed since the last run wrote it. To use what was filled in, add"
    (graded / "more.csv").write_text("submission,1a\nada,2\n")
    for options in ({}, {"points": graded / "more.csv"}):
        with pytest.raises(ValueError, match=re.escape(words)):
            run(graded / "class", graded / "out", **options)
        assert table.read_bytes() == filled_in
    # meanwhile eve has handed in another version: her 2a in the table is nobody's decision
    (graded / "class" / "eve" / "kmeans.py").write_text("# new\n")
    capsys.readouterr()
    run(graded / "class", graded / "out", points=table)
    said = capsys.readouterr().out
    assert "changed by hand: ada 1e from 3 to 2, bob 1b from 3 to 1\n" in said
    after = rows(graded / "out")
    assert (after["ada"]["total"], after["ada"]["comment"]) == ("52", "Fine.")
    assert (after["bob"]["total"], after["bob"]["1b"]) == ("54.5", "1")
    assert after["eve"]["2a"] == "0"
    # nor with only some of its columns
    give(graded, "submission,1b,total\neve,0,10\n")
    hand_in(graded / "class" / "eve", samples.LECTURE)
    run(graded / "class", graded / "out")
    assert rows(graded / "out")["eve"]["1b"] == "3"
    # nor later are the grader's own points kept as if a person had given them
    (graded / "class" / "ada" / "kmeans.py").write_text("# new\n")
    run(graded / "class", graded / "out")
    assert rows(graded / "out")["ada"]["2a"] == "0"
    # the table of the run before is no mistake; it changes nothing
    before = results(graded)
    run(graded / "class", graded / "out", points=table)
    assert results(graded) == before


def test_a_table_filled_in_while_a_run_is_grading_is_not_overwritten(graded, monkeypatch):
    table = graded / "out" / "grades.csv"

    def fill_in(*arguments):
        table.write_text(table.read_text("utf-8") + "zoe\n", "utf-8")
        yield from ()

    monkeypatch.setattr(classroom, "_grade_each", fill_in)
    with pytest.raises(ValueError, match="has changed since the last run"):
        run(graded / "class", graded / "out")
    assert table.read_text("utf-8").endswith("zoe\n")


def test_a_run_killed_between_two_files_does_not_lock_the_next_one_out(graded, monkeypatch):
    real, written = by_hand.write, []

    def killed(path, text):
        written.extend({path.name} & {"grades.csv", "written.txt"})
        if len(written) == 2:
            raise KeyboardInterrupt
        real(path, text)

    monkeypatch.setattr(by_hand, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        give(graded, "submission,3a\nada,6\n")
    monkeypatch.undo()
    run(graded / "class", graded / "out")
    assert rows(graded / "out")["ada"]["3a"] == "6"


def test_points_kept_for_one_who_is_gone_are_not_dropped(graded, capsys):
    (graded / "roster.csv").write_text("submission,name\nada,Ada\nzoe,Zoe\nkim,Kim\n")
    give(graded, "submission,3a\nada,6\nzoe,5\n", roster=graded / "roster.csv")
    (graded / "roster.csv").write_text("submission,name\nada,Ada\nkim,Kim\n")
    words = f"{graded}/out/points.csv, line 3: there is no submission 'zoe'"
    with pytest.raises(ValueError, match=re.escape(words)):
        run(graded / "class", graded / "out", roster=graded / "roster.csv")
    assert rows(graded / "out")["zoe"]["3a"] == "5"
    capsys.readouterr()
    (graded / "roster.csv").write_text("submission,name\nada,Ada\nzoe,Zoe\n")
    run(graded / "class", graded / "out", roster=graded / "roster.csv")
    assert "no longer on the roster: kim\n" in capsys.readouterr().out


def test_a_name_that_looks_like_a_formula_comes_back(tmp_path):
    (tmp_path / "roster.csv").write_text(by_hand.sheet([["submission", "name"], ["=a", "@b"]]))
    assert "'=a,'@b" in (tmp_path / "roster.csv").read_text()
    assert by_hand.read_roster(tmp_path / "roster.csv") == {"=a": "@b"}


WRONG_POINTS = [
    ("submission,1a\nadda,2\n", "line 2: there is no submission 'adda'. Did you mean ada? A "
     "student without code must be on the roster (--roster)"),
    ("submission,1a\nzoe,2\n", "no submission 'zoe'. There is ada, bob, eve. A student"),
    ("submission,1a\nada,3\n", "line 2: ada, 1a: expected a number from 0 to 2, or - to take it "
     "back, got '3'"),
    ('submission,1a\nbob,2\n\nada,"1,5"\n', "line 4: ada, 1a: expected a number from 0 to 2"),
    ("submission,1a\nada,nan\n", "line 2: ada, 1a: expected a number"),
    ("submission,1a\nada,2\nbob,2\nada,1\n", "line 4: ada stands in it twice, first in line 2"),
    ("submission,1a,1a\nada,2,1\n", "line 1: there are two columns '1a'"),
    ("submission,1z\nada,\n", "line 1: '1z' is not a task; expected such as 1a, or comment"),
    ("submission,1a\nada,2,1\n", "line 2: expected 2 cells as in line 1, got 3"),
    ("submission,1a\n,2\n", "line 2: the submission's name is missing"),
    ("name,1a\nada,3\n", "line 1: expected a header with submission, separated by commas, got"),
    ("submission;1a\nada;2\n", "got 'submission;1a'"),
    ('submission,1a\n"ada"x,2\n', "line 2: this is not a CSV: "),
    ("submission,1a\nÄda,2\n".encode("cp1252"), "is not in UTF-8: save it as a CSV in UTF-8"),
    ("", "line 1: expected a header with submission, separated by commas, got nothing"),
]  # fmt: skip


@pytest.mark.parametrize("content, words", WRONG_POINTS)
def test_what_is_wrong_in_the_points_is_said(tmp_path, content, words):
    points = tmp_path / "points.csv"
    points.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=f"^{re.escape(str(points))}.*{re.escape(words)}"):
        by_hand.read_points(points, {"ada", "bob", "eve"})


def test_wrong_points_stop_a_run_before_it_grades(graded, monkeypatch):
    (graded / "points.csv").write_text("submission,1a\nada,3\n")
    (graded / "class" / "eve" / "kmeans.py").write_text("# another version\n")
    table = (graded / "out" / "grades.csv").read_bytes()
    monkeypatch.setattr(Sandbox, "run", None)
    with pytest.raises(ValueError, match="line 2: ada, 1a: expected a number from 0 to 2"):
        run(graded / "class", graded / "out", points=graded / "points.csv")
    assert (graded / "out" / "grades.csv").read_bytes() == table


def test_what_is_wrong_in_the_roster_is_said(graded):
    roster = graded / "roster.csv"
    for text, words in (
        ("submission\nada\n", "line 1: expected a header with submission and name"),
        ("submission,name\nada,Ada\nada,Ida\n", "line 3: ada stands in it twice"),
    ):
        roster.write_text(text)
        with pytest.raises(ValueError, match=re.escape(f"{roster}, {words}")):
            run(graded / "class", graded / "out", roster=roster)
    with pytest.raises(ValueError, match="none.csv cannot be read: No such file"):
        run(graded / "class", graded / "out", roster=graded / "none.csv")


def test_a_roster(graded, capsys):
    (graded / "roster.csv").write_text("submission,name\nada,Ada Lovelace\nkim,Kim Lee\n")
    run(graded / "class", graded / "out", roster=graded / "roster.csv")
    table = rows(graded / "out")
    assert table["ada"]["name"] == "Ada Lovelace"
    assert table["kim"]["points"] == "0" and table["kim"]["problem"] == "No code was handed in."
    assert "not on the roster: bob, eve" in capsys.readouterr().out


def test_points_for_the_written_part_alone(graded, capsys):
    (graded / "roster.csv").write_text("submission,name\nada,Ada\nbob,Bob\neve,Eve\nzoe,Zoe\n")
    (graded / "points.csv").write_text("submission,3a,3c,comment\nada,7,10,\nzoe,5,9.5,On paper.\n")
    statistics = (graded / "out" / "statistics.html").read_bytes()
    capsys.readouterr()
    options = {"points": graded / "points.csv", "roster": graded / "roster.csv"}
    assert run(graded / "class", graded / "out", **options) == 1
    assert "could not be graded" not in capsys.readouterr().out
    table = rows(graded / "out")
    assert table["ada"]["total"] == "64"
    zoe = {"name": "Zoe", "1b": "0", "points": "0", "out of": "47", "3a": "5", "total": "14.5"}
    assert zoe.items() <= table["zoe"].items()
    assert table["zoe"]["problem"] == "No code was handed in." and table["zoe"]["messages"] == ""
    (page,) = (graded / "out" / "feedback").glob("zoe-*.html")
    page = page.read_text("utf-8")
    assert "14.5 of 100 points, 0 of them for code" in page and "On paper." in page
    assert page.count("No code was handed in.") == 1 and "As above" not in page
    # how hard the code was is told by those who handed in code
    assert (graded / "out" / "statistics.html").read_bytes() == statistics


def test_one_task_is_graded_again(graded, monkeypatch):
    asked, real = [], Sandbox.run

    def counted(self, files, given):
        asked.append(set(given))
        return real(self, files, given)

    monkeypatch.setattr(Sandbox, "run", counted)
    before = (graded / "out" / "grades.csv").read_bytes()
    assert run(graded / "class", graded / "out", regrade=["1b"]) == 1
    assert asked == [{"1b"}] * 3
    assert (graded / "out" / "grades.csv").read_bytes() == before


def test_the_same_code_is_listed(graded, capsys):
    run(graded / "class", graded / "out")
    assert "the same code: ada, bob" in capsys.readouterr().out
    page = (graded / "out" / "statistics.html").read_text("utf-8")
    assert "<li>ada, bob</li>" in page
    # nobody has said where the book is
    assert "The chapter that helps: notebooks/1_backprop.html" in page and "<a href" not in page


def test_a_record_reads_as_it_was_written(graded):
    kept = json.loads(classroom._file(graded / "out", "eve").read_text())
    assert report.earned(kept) == 10 and report.out_of(kept) == 47


@pytest.mark.parametrize("width", [390, 1280])
def test_messages_have_the_width_of_the_page(chromium, width):
    sentence = "The gradient of x lacks the factor g: did you multiply by self.grad? " * 4
    verdicts = {label: grading.nothing(label, sentence) for label in FULL}
    kept = report.record(grading.Grade("ada", verdicts))
    tab = chromium.new_page(viewport={"width": width, "height": 900})
    for content in (report.page(kept, "https://book.example"), classroom.page([kept])):
        tab.set_content(content)
        assert tab.evaluate("document.documentElement.scrollWidth") == width
        widths = tab.eval_on_selector_all("td li", "all => all.map(each => each.clientWidth)")
        table = tab.evaluate("document.querySelector('table').clientWidth")
        # but for the mark of the list and the padding
        assert widths and min(widths) > table - 60
    tab.close()


def test_the_command(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "homework.grade", "--all", tmp_path, "--jobs", "2"],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 2 and done.stderr.startswith("homework.grade: there is no submission")
