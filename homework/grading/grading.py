"""Grade one submission: collect it, run it behind walls, judge it."""

import platform
from dataclasses import dataclass, field

import numpy as np

from homework import data, tasks
from homework.checks.verdict import Verdict, clean, name_earlier, raised
from homework.grading import submission
from homework.grading.sandbox import Sandbox

VERSIONS = f"This is Python {platform.python_version()} with numpy {np.__version__}."


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
    same : str
        Equal for submissions whose code is equal after formatting.
    """

    name: str
    verdicts: dict
    notes: list = field(default_factory=list)
    problem: str | None = None
    same: str = ""

    @property
    def points(self):
        return sum(verdict.points for verdict in self.verdicts.values())

    @property
    def out_of(self):
        return sum(verdict.out_of for verdict in self.verdicts.values())

    @property
    def status(self):
        return 2 if self.problem else int(self.points < self.out_of)


def grade(path, seed=0, limits=None, labels=None, sandbox=None, members=None):
    """Grade a folder or zip.

    Parameters
    ----------
    path : str or Path
    seed : int
        Of the inputs. The notebooks' checks have seed 0.
    limits : sandbox.Limits, optional
    labels : iterable of str, optional
        The coding tasks to grade; all of them if nothing is said.
    sandbox : Sandbox, optional
        One to be used again; else one is made for this submission.
    members : list of str, optional
        In a folder of loose files: the names of those that are this student's.

    Returns
    -------
    Grade
        Whatever the submission is or does: see its `problem` and its verdicts' messages.
    """
    labels = [task.label for task in tasks.code()] if labels is None else list(labels)
    handed_in = submission.collect(path, members)
    given = {label: tasks.TASKS[label].draw(seed) for label in labels}
    outcomes = {}
    if handed_in.problem is None:
        files = {**data.named_in(handed_in.files), **handed_in.files}
        if sandbox is None:
            with Sandbox(limits) as sandbox:
                outcomes = sandbox.run(files, given)
        else:
            outcomes = sandbox.run(files, given)
    verdicts = {label: verdict(label, given[label], handed_in, outcomes) for label in labels}
    name_earlier(verdicts)
    mark = submission.same(handed_in.files) if handed_in.problem is None else ""
    notes = [*handed_in.notes, *notes_on_files(outcomes)]
    return Grade(handed_in.name, verdicts, notes, handed_in.problem, mark)


def notes_on_files(outcomes):
    """What was noted of each file while it was loaded and run: once, and not below each task."""
    noted = {}
    for label, outcome in outcomes.items():
        row = tasks.TASKS.get(label)
        file = row.file if row else f"{label.rpartition(' ')[2]}.py"  # such as "import kmeans"
        noted |= {clean(f"{file}: {note}"): None for note in outcome.get("notes", ())}
    return list(noted)


def verdict(label, given, handed_in, outcomes):
    """Judge what became of one task; never raise, whatever that is."""
    if handed_in.problem:
        return nothing(label, handed_in.problem)
    row = tasks.TASKS[label]
    if row.file not in handed_in.files:
        return nothing(label, f"There is no {row.file} in what was handed in.")
    missing = {"problem": "It ended before this task was reached."}
    outcome = outcomes.get(label) or outcomes.get(f"import {row.module}") or missing
    if "exception" in outcome:
        return nothing(label, not_loaded(row.file, outcome["exception"]))
    if "results" not in outcome:
        loading = "" if label in outcomes else f"{row.file} could not be loaded. "
        return nothing(label, loading + outcome["problem"])
    # The submission ran in the process that wrote this down, and may have put in a hand.
    try:
        if is_whole(given, outcome["results"]):
            judged = row.verdict(given, outcome["results"])
            judged.notes = [clean(note) for note in judged.notes]
            return judged
    except Exception:  # no promise holds for what was changed; the probe's own is judged safely
        pass
    return nothing(label, "What the checks wrote down was changed, and cannot be judged.")


def is_whole(given, results):
    """Whether results cover all inputs: what is not there would not be found wrong."""
    sides = [results]
    if "own" in results:
        sides = [results["own"], results["stand_ins"]]
        if isinstance(results["own"], dict):
            if any(len(results[name]["cases"]) != 1 for name in ("scale", "share")):
                return False
    for side in sides:
        if isinstance(side, dict):
            if side["numerical"] is not None and len(side["numerical"]) != len(given["numerical"]):
                return False
            if len(side["cases"]) != len(given["cases"]):
                return False
        elif len(side) != len(given["losses"] if "losses" in given else given):
            return False
    if "descents" in given and len(results["descents"]) != len(given["descents"]):
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


def nothing(label, message):
    """Return a verdict without points."""
    judged = Verdict(label)
    judged.fault_all(message)
    return judged


def not_loaded(name, exception):
    """Say why a file could not be loaded."""
    kind, text = exception["type"], exception["text"]
    if exception.get("at") is not None or kind in ("SyntaxError", "TabError", "IndentationError"):
        hint = " (tabs and spaces are mixed)" if kind == "TabError" else ""
        return f"{name} is not valid Python{hint}: {text}. {VERSIONS}"
    if kind == "ModuleNotFoundError":
        return (
            f"{name} could not be loaded: {text}. Use numpy, what comes with Python, and the "
            f"packages that the homework names. {VERSIONS}"
        )
    if kind == "SystemExit":
        return (
            f"{name} could not be loaded: it ends the program by itself. Put what you run as a "
            f'command below `if __name__ == "__main__":`. {VERSIONS}'
        )
    return f"{raised(f'Loading {name}', exception)} {VERSIONS}"
