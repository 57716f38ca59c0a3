"""Grade the homework's coding tasks.

    python -m homework.grade FOLDER                          one submission, a folder or a zip
    python -m homework.grade --all FOLDER --jobs 2           a class: every folder and zip in it

The first prints a table. Exit status: 0 if all points are earned, 1 if some are missing, 2 if the
folder cannot be graded.
"""

import argparse
import sys
import textwrap
from dataclasses import dataclass, field

from homework import sandbox, submission
from homework.checks import PARTS, Verdict, inputs, judge
from homework.checks.judging import raised

TASKS = tuple(task for task in PARTS if not task.startswith("3"))
FILE = {task: "kmeans.py" if task.startswith("2") else "backprop.py" for task in TASKS}
BY_HAND = {
    "1a": 2, "1c": 2, "1d": 2, "1f": 2, "1j": 2, "1k": 4,
    "2b": 4, "2c": 3, "2d": 3, "2e": 4,
    "3a": 7, "3b": 5, "3c": 10, "3d": 3,
}  # fmt: skip
WIDTH = 96


@dataclass
class Grade:
    """The grade of one submission.

    Attributes
    ----------
    name : str
    verdicts : dict of str to Verdict
        For each coding task.
    notes : list of str
    problem : str or None
        Why it could not be graded; all verdicts are without points then.
    """

    name: str
    verdicts: dict
    notes: list = field(default_factory=list)
    problem: str | None = None

    @property
    def points(self):
        return sum(verdict.points for verdict in self.verdicts.values())

    @property
    def out_of(self):
        return sum(verdict.out_of for verdict in self.verdicts.values())

    @property
    def status(self):
        return 2 if self.problem else int(self.points < self.out_of)


def grade(path, seed=0, limits=None, tasks=TASKS):
    """Grade a folder or zip.

    Parameters
    ----------
    path : str or Path
    seed : int
        Of the inputs. The notebooks' checks have seed 0.
    limits : sandbox.Limits, optional
    tasks : iterable of str
        The coding tasks to grade; all of them if nothing is said.

    Returns
    -------
    Grade
        Whatever the submission is or does: see its `problem` and its verdicts' messages.
    """
    handed_in = submission.collect(path)
    given = {task: inputs(task, seed) for task in tasks}
    outcomes = {}
    if handed_in.problem is None:
        outcomes = sandbox.run(handed_in.files, given, limits)
    verdicts = {task: _verdict(task, given[task], handed_in, outcomes) for task in tasks}
    return Grade(handed_in.name, verdicts, handed_in.notes, handed_in.problem)


def _verdict(task, given, handed_in, outcomes):
    if handed_in.problem:
        return _nothing(task, handed_in.problem)
    name = FILE[task]
    if name not in handed_in.files:
        return _nothing(task, f"There is no {name} in what was handed in.")
    missing = {"problem": "It ended before this task was reached."}
    outcome = outcomes.get(task) or outcomes.get(f"import {name[:-3]}") or missing
    loading = "" if task in outcomes else f"{name} could not be loaded. "
    if "exception" in outcome:
        return _nothing(task, _not_loaded(name, outcome["exception"]))
    if "results" not in outcome:
        return _nothing(task, loading + outcome["problem"])
    # The submission ran in the process that wrote this down, and may have put in a hand.
    try:
        if is_whole(task, given, outcome["results"]):
            return judge(task, given, outcome["results"])
    except Exception:  # no promise holds for what was changed; the probe's own is judged safely
        pass
    return _nothing(task, "What the checks wrote down was changed, and cannot be judged.")


def is_whole(task, given, results):
    """Whether results cover all inputs: what is not there would not be found wrong."""
    sides = [results["own"], results["stand_ins"]] if "own" in results else [results]
    for side in sides:
        if task in ("1h", "1m"):
            numerical = side["numerical"] is None or len(side["numerical"]) == 2
            if len(side["cases"]) != len(given["cases"]) or not numerical:
                return False
        elif len(side) != len(given["losses"] if task in ("1i", "1n") else given):
            return False
    if task == "1i" and len(results["descents"]) != len(given["descents"]):
        return False
    # A probe skips what comes after a function that did not end, and nothing else.
    watched = list(_watched(results))
    endless = any(
        each["exception"] and each["exception"]["type"] == "Endless" and not each["skipped"]
        for each in watched
    )
    skipped = any(each["skipped"] for each in watched)
    finished = all(each["exception"] or each["result"] is not None for each in watched)
    return finished and (endless or not skipped)


def _watched(results):
    """Yield everything that `probe.Watch` wrote down."""
    if isinstance(results, dict):
        if "skipped" in results:
            yield results
        results = list(results.values())
    if isinstance(results, list):
        for each in results:
            yield from _watched(each)


def _nothing(task, message):
    verdict = Verdict(task)
    verdict.fault_all(message)
    return verdict


def _not_loaded(name, exception):
    """Say why a file could not be loaded."""
    kind, text = exception["type"], exception["text"]
    if exception.get("at") is not None or kind in ("SyntaxError", "TabError", "IndentationError"):
        hint = " (tabs and spaces are mixed)" if kind == "TabError" else ""
        return f"{name} is no valid Python{hint}: {text}."
    if kind == "ModuleNotFoundError":
        return f"{name} could not be loaded: {text}. Use numpy and what comes with Python."
    if kind == "SystemExit":
        return (
            f"{name} could not be loaded: it ends the program by itself. What is to run as a "
            'command belongs below `if __name__ == "__main__":`.'
        )
    return raised(f"Loading {name}", exception)


# ---------------------------------------------------------------------------- the table


def table(grade):
    """Return a grade as text: for each task its points, what was checked, and what to look at."""
    lines = [f"{grade.name}: {grade.points} of {grade.out_of} points for code", ""]
    lines += _wrap("", [*filter(None, [grade.problem]), *grade.notes])
    if grade.problem:
        return "\n".join(lines) + "\n"
    lines.append(f"{'task':<6}{'points':<9}checked")
    said = set()
    for task in sorted({*grade.verdicts, *BY_HAND}):
        if task not in grade.verdicts:
            lines.append(f"{task:<6}{f'- of {BY_HAND[task]}':<9}graded by hand")
            continue
        verdict = grade.verdicts[task]
        parts = ", ".join(
            f"{part} {earned}/{points}" for part, (earned, points, _) in verdict.parts.items()
        )
        lines.append(f"{task:<6}{f'{verdict.points} of {verdict.out_of}':<9}{parts}")
        # what is said of a whole file is said once
        new = [text for text in verdict.messages if text not in said]
        said.update(text for text in verdict.messages if len(verdict.messages) == 1)
        lines += _wrap("- ", new) + _wrap("Note: ", verdict.notes)
        if verdict.messages and not new:
            lines += _wrap("- ", ["As above."])
    return "\n".join(lines) + "\n"


def _wrap(mark, texts):
    indent = " " * 6 if mark else ""
    return [
        line
        for text in texts
        for line in textwrap.wrap(
            mark + text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  " * bool(mark)
        )
    ]


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"{self.prog}: {message}\n")


def main(argv=None):
    """Run the command; return its exit status."""
    parser = _Parser(prog="homework.grade", description="Grade the homework's coding tasks.")
    parser.add_argument("folder", metavar="FOLDER", help="a submission: a folder or a zip")
    parser.add_argument(
        "--all", action="store_true", help="FOLDER holds the submissions of a class"
    )
    parser.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="with --all: so many at a time"
    )
    parser.add_argument(
        "--out", metavar="FOLDER", help="with --all: for the results; default FOLDER-grades"
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of the inputs; default 0, as in the notebooks"
    )
    parser.add_argument(
        "--seconds", type=float, default=30.0, help="for each task; default %(default)g"
    )
    options = parser.parse_args(argv)
    if not 0 < options.seconds < 1e6 or options.jobs < 1 or not 0 <= options.seed < 2**32:
        parser.error("--seconds and --jobs must be positive, --seed from 0 to 4294967295")
    limits = sandbox.Limits(seconds=options.seconds)
    if options.all:
        from homework import classroom  # needs matplotlib, which takes a while

        try:
            return classroom.run(options.folder, options.out, options.jobs, options.seed, limits)
        except (OSError, ValueError) as error:
            print(f"{parser.prog}: {error}", file=sys.stderr)
            return 2
    result = grade(options.folder, options.seed, limits)
    if result.problem:
        print(f"{parser.prog}: {result.problem}", file=sys.stderr)
    else:
        print(table(result), end="")
    return result.status


if __name__ == "__main__":
    sys.exit(main())
