"""Grading whole submissions: the table, the exit status, and a bank of students' work.

Each submission of the bank has one realistic mistake, written as a student would write it; it
loses points in exactly the task it breaks. The right ones, in styles of their own, lose none.
`python tests/homework/test_grade.py` prints the table that homework/mistakes.md shows.
"""

import contextlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sample_submissions as samples

from homework import starter, tasks
from homework.checks import inputs
from homework.grading import grading, report, submission
from homework.grading.sandbox import Sandbox

ROOT = Path(starter.__file__).parents[1]
SEED = 11  # not the notebooks' inputs
LABELS = [task.label for task in tasks.code()]


WORKS = {name: files for name, _, files in samples.MISTAKES} | samples.RIGHT


@pytest.fixture(scope="module")
def verdicts():
    """A function that grades a submission of the bank, once."""
    given, done = {label: inputs(label, SEED) for label in LABELS}, {}

    def of(name):
        if name not in done:
            files = {file: text.encode() for file, text in WORKS[name].items()}
            handed_in = submission.Submission("s", files)
            outcomes = sandbox.run(files, given)
            done[name] = {
                label: grading.verdict(label, given[label], handed_in, outcomes) for label in LABELS
            }
        return done[name]

    with Sandbox() as sandbox:
        yield of


def test_the_bank_is_large():
    assert len(samples.MISTAKES) >= 40 and len(samples.RIGHT) >= 3
    assert {task for _, task, _ in samples.MISTAKES} == set(LABELS)


def one_for_each_task():
    """The mistakes; only the first of each task is a part of every run."""
    seen = set()
    for name, task, _ in samples.MISTAKES:
        yield pytest.param(name, task, marks=[pytest.mark.full] if task in seen else [])
        seen.add(task)


@pytest.mark.parametrize("name, task", list(one_for_each_task()))
def test_a_mistake_loses_points_in_exactly_its_task(verdicts, name, task):
    found = verdicts(name)
    lost = [each for each, verdict in found.items() if verdict.points < verdict.out_of]
    assert lost == [task], {t: v.messages for t, v in found.items() if v.messages}
    assert all(len(text) > 15 for text in found[task].messages)


@pytest.mark.parametrize("name", samples.RIGHT)
def test_right_work_in_any_style_loses_nothing(verdicts, name):
    for verdict in verdicts(name).values():
        assert verdict.passed, verdict


# ------------------------------------------------------------------------------- the command


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "homework.grade", *map(str, arguments)],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip


@pytest.fixture
def work(tmp_path):
    for name, text in samples.LECTURE.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_all_points(work):
    done = command(work)
    assert done.returncode == 0 and done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == f"{work.name}: 47 of 47 points for code"
    labels = [line.split()[0] for line in lines if re.match(r"\d[a-n] ", line)]
    assert labels == sorted(tasks.TASKS) and len(labels) == 23
    assert sum("graded by hand" in line for line in lines) == len(tasks.written())


def test_points_are_missing(work):
    path = work / "backprop.py"
    line = "x.grad += self.grad / x.value"
    path.write_text(path.read_text().replace(line, "x.grad = self.grad / x.value"))
    done = command(work)
    assert done.returncode == 1
    assert "1b    2 of 3   value 1/1, derivative 1/1, increment 0/1" in done.stdout
    assert "replaced where it should be increased" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= report.WIDTH


def test_it_cannot_be_graded(tmp_path):
    for path in (tmp_path, tmp_path / "nobody"):
        done = command(path)
        assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1
    assert command().returncode == 2 and command(tmp_path, "--jobs", "0").returncode == 2


def test_the_starter_as_it_is_handed_out(tmp_path):
    starter.main([str(tmp_path / "hw3.zip")])
    done = command(tmp_path / "hw3.zip")
    assert done.returncode == 1 and "0 of 47 points" in done.stdout
    said = re.findall(r"- (\S+) is not written yet", done.stdout)
    first = ["LogNode.__init__", "SigmoidNode.__init__", "DotNode.__init__", "gradient_check_1"]
    first += ["make_logistic_regression", "gradient_descent", "MVMulNode.__init__"]
    assert said == [*first, "gradient_check_2", "make_neural_network", "kmeans"]


def test_the_points_are_those_of_the_handout():
    assert sum(task.out_of for task in tasks.code()) == 47
    for question, points in ("1", 51), ("2", 24), ("3", 25):
        every = [task for label, task in tasks.TASKS.items() if label.startswith(question)]
        assert sum(task.out_of for task in every) == points


def test_the_readme_quotes_no_size_of_a_zip():
    readme = Path(starter.__file__).with_name("README.md").read_text(encoding="utf-8")
    # it changes with every edit of the book's code
    assert not re.search(r"\.zip.*\d kB", readme)


def test_one_task_alone(work):
    done = command(work, "--only", "2a")
    assert done.returncode == 0 and "10 of 10 points" in done.stdout
    assert "2a    10 of 10" in done.stdout and "\n1b" not in done.stdout
    done = command(work, "--only", "2b")
    assert done.returncode == 2 and "--only takes tasks out of 1b, 1e" in done.stderr


def test_the_same_grade_for_the_same_seed(work):
    first, second = (command(work, "--seed", 5).stdout for _ in range(2))
    assert first == second


def test_what_was_changed_is_not_judged():
    given = inputs("1b", 1)
    handed_in = submission.Submission("s", {"backprop.py": b""})
    for fake in ([], {}, None, 7, [{}] * 4, [None] * 4, json.loads("[[[[]]]]")):
        verdict = grading.verdict("1b", given, handed_in, {"1b": {"results": fake}})
        assert verdict.points == 0 and "changed" in verdict.messages[0]


# -------------------------------------------------------------------- the table of mistakes.md


def table(results):
    """The bank as a Markdown table: what is wrong, points of each task, what is said."""
    head = "| submission | " + " | ".join(LABELS) + " | what is said |"
    lines = [head, "|---|" + "--:|" * len(LABELS) + "---|"]
    for name, verdicts in results.items():
        cells = [
            str(v.points) if v.points == v.out_of else f"**{v.points}**" for v in verdicts.values()
        ]
        said = next((text for v in verdicts.values() for text in v.messages), "")
        said = said.replace("|", "\\|")
        lines.append(f"| {name} | {' | '.join(cells)} | {said} |")
    return "\n".join(lines)


@pytest.mark.full
def test_mistakes_md_shows_the_table(verdicts):
    page = Path(starter.__file__).with_name("mistakes.md").read_text(encoding="utf-8")
    for line in table({name: verdicts(name) for name in WORKS}).splitlines():
        # the sentences may quote numpy and count lines, which versions do differently
        points = line.rpartition(" | ")[0] if "**" in line else line
        assert points in page, "python tests/homework/test_grade.py prints the table"


if __name__ == "__main__":
    make = contextlib.contextmanager(verdicts.__wrapped__)
    with make() as of:
        print(table({name: of(name) for name in WORKS}))
