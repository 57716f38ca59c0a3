"""Checks of the homework's coding tasks that say where to look.

    from homework.checks import check

    check("1b", LogNode=LogNode)

Two halves do the work, and can live in two processes. `probe.probe` runs the student's code on
given inputs and writes down what it does. `judge` compares that with what is right, and looks for
the mistake. The first knows no answers, the second runs no student's code.
"""

import importlib

from .. import tasks
from . import slopes, stand_ins
from .probe import probe
from .verdict import Verdict

__all__ = ["Verdict", "check", "inputs", "judge", "probe"]


def check(task, **names):
    """Check one coding task and say what to look at.

    Parameters
    ----------
    task : str
        "1b", "1e", "1g", "1h", "1i", "1l", "1m", "1n" or "2a"; or, without points, one of the
        formulas "3a" ... "3d" written as code.
    **names
        Classes and functions of the student's own. All others are the book's.

    Returns
    -------
    Verdict
        Shows itself as a few lines; see there for `points`, `messages` and so on.

    Raises
    ------
    ValueError
        If there is no such task, or a name that the book's module does not have. Errors in the
        student's code are not errors of `check`: they become messages.
    """
    known = {each.label: each for each in tasks.checked()}
    if task not in known:
        raise ValueError(f"task must be one of {', '.join(known)}, not {task!r}")
    row = known[task]
    module = f"hwlib.{row.module}"
    book = vars(importlib.import_module(module))
    unknown = [name for name in names if name not in book]
    if unknown:
        raise ValueError(
            f"{task}: {', '.join(unknown)} is not a name of {module}; "
            f"expected {', '.join(row.names)}"
        )
    given = inputs(task)
    return judge(task, given, run(task, {**book, **names}, given, patch=names))


def run(task, names, given, patch=()):
    """Probe a task in this process, with the helpers that it may have."""
    row = tasks.TASKS[task]
    known = {"stand_ins.py": stand_ins, "slopes.py": slopes}
    helpers = {}
    for name in row.helpers:
        helpers |= vars(known[name])
    return probe(row.probe, names, given, patch, helpers)


def inputs(task, seed=0):
    """Return the inputs for a task. The notebooks' checks take seed 0, an autograder others."""
    return tasks.TASKS[task].draw(seed)


def judge(task, given, results):
    """Return the `Verdict` on what the probe wrote down for the inputs `given`."""
    return tasks.TASKS[task].verdict(given, results)
