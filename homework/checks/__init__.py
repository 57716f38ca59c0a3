"""Checks of the homework's coding tasks that say where to look.

    from homework.checks import check

    check("1b", LogNode=LogNode)

Two halves do the work, and can live in two processes: `probe.probe` runs the student's code on
given inputs and writes down what it does; `judge` compares that with what is right, and looks for
the mistake. The first knows no answers, the second runs no student's code.
"""

import importlib

from . import clustering, em, gradient_checks, models, nodes
from .inputs import inputs
from .judging import PARTS, Verdict
from .probe import probe

MODULES = {"1": "hwlib.backprop", "2": "hwlib.kmeans", "3": "hwlib.binary_em"}

# What a task asks for. Other names may be given too, to be used in the place of the book's.
NAMES = {
    "1b": ("LogNode",),
    "1e": ("SigmoidNode",),
    "1g": ("DotNode",),
    "1h": ("gradient_check_1",),
    "1i": ("make_logistic_regression", "gradient_descent"),
    "1l": ("MVMulNode",),
    "1m": ("gradient_check_2",),
    "1n": ("make_neural_network",),
    "2a": ("kmeans",),
    "3a": ("e_step",),
    "3b": ("expected_complete_log_likelihood",),
    "3c": ("m_step",),
    "3d": ("m_step",),
}

JUDGES = {
    "1b": nodes.judge_1b,
    "1e": nodes.judge_1e,
    "1g": nodes.judge_1g,
    "1h": gradient_checks.judge_1h,
    "1i": models.judge_1i,
    "1l": nodes.judge_1l,
    "1m": gradient_checks.judge_1m,
    "1n": models.judge_1n,
    "2a": clustering.judge_2a,
    "3a": em.judge_3a,
    "3b": em.judge_3b,
    "3c": em.judge_3c,
    "3d": em.judge_3d,
}

__all__ = ["NAMES", "PARTS", "Verdict", "check", "inputs", "judge", "probe"]


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
        student's code are no errors of `check`: they become messages.
    """
    if task not in JUDGES:
        raise ValueError(f"task must be one of {', '.join(JUDGES)}, not {task!r}")
    module = MODULES[task[0]]
    book = vars(importlib.import_module(module))
    unknown = [name for name in names if name not in book]
    if unknown:
        raise ValueError(
            f"{task}: {', '.join(unknown)} is no name of {module}; expected "
            f"{', '.join(NAMES[task])}"
        )
    given = inputs(task)
    return judge(task, given, probe(task, {**book, **names}, given, patch=names))


def judge(task, given, results):
    """Return the `Verdict` on what `probe` wrote down for the inputs `given`."""
    return JUDGES[task](given, results)
