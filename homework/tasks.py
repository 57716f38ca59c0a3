"""One table of the homework's tasks: what each is worth, asks for, and is judged by.

The starter, the checks, the grader, the class's table and Gradescope all read it when they run.
A row added here appears in each of them.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Task:
    """One task.

    Attributes
    ----------
    label : str
        Such as "1b".
    points : int
        What it is worth if a person grades it. Zero for code: see `parts`.
    parts : dict of str to int
        What is judged in code, and the points of each part. All zero for practice.
    module : str
        Where the book has the solution: "backprop", "kmeans" or "binary_em".
    names : tuple of str
        The functions or classes that are run.
    removed : tuple of str
        The functions and classes whose bodies the starter leaves out.
    probe : tuple
        How to run them: the name of a probe in `checks.probe`, and its arguments.
    inputs : str or callable
        What to run them on: the name of a function in `checks.cases`, or a function of a
        random generator.
    judge : str or callable
        Who compares: "module:function" in `checks.judges`, or a function (inputs, results).
    helpers : tuple of str
        Files of `checks` that the run may use beside the probe. They can do earlier tasks, so
        a task gets only those that do not know its answer.
    page : str
        The page of the book that helps.
    """

    label: str
    points: int = 0
    parts: dict = field(default_factory=dict)
    module: str = ""
    names: tuple = ()
    removed: tuple = ()
    probe: tuple = ()
    inputs: str | Callable = ""
    judge: str | Callable = ""
    helpers: tuple = ()
    page: str = ""

    @property
    def out_of(self):
        return self.points or sum(self.parts.values())

    @property
    def is_code(self):
        """Whether it is code that earns points; the written tasks and practice are not."""
        return any(self.parts.values())

    @property
    def file(self):
        return f"{self.module}.py"

    def draw(self, seed):
        """Return the inputs that a seed draws."""
        import numpy as np

        draw = self.inputs
        if isinstance(draw, str):
            draw = getattr(importlib.import_module("homework.checks.cases"), draw)
        return draw(np.random.RandomState(seed))

    def verdict(self, given, results):
        """Judge what the probe wrote down for the inputs `given`."""
        judge = self.judge
        if isinstance(judge, str):
            module, _, name = judge.partition(":")
            judge = getattr(importlib.import_module(f"homework.checks.judges.{module}"), name)
        return judge(given, results)


BACKPROP = "notebooks/1_backprop.html"
KMEANS = "notebooks/2_kmeans.html"
EM = "notebooks/3_binary_em.html"
NODE = {"value": 1, "derivative": 1, "increment": 1}
CHECK = {"value": 2, "backprop": 1, "numerical": 3}
RIGHT_NODES = ("stand_ins.py",)


def node(label, name, children, inputs):
    return Task(
        label, parts=NODE, module="backprop", names=(name,), removed=(name,),
        probe=("node", name, children), inputs=inputs, judge=f"nodes:judge_{label}", page=BACKPROP,
    )  # fmt: skip


def practice(label, name, arguments, inputs, points):
    return Task(
        label, points, {"formula": 0, "extremes": 0}, "binary_em", (name,),
        probe=("em", name, arguments), inputs=inputs, judge=f"em:judge_{label}", page=EM,
    )  # fmt: skip


ROWS = (
    Task("1a", 2, page=BACKPROP),
    node("1b", "LogNode", ("x",), "log_cases"),
    Task("1c", 2, page=BACKPROP),
    Task("1d", 2, page=BACKPROP),
    node("1e", "SigmoidNode", ("x",), "sigmoid_cases"),
    Task("1f", 2, page=BACKPROP),
    node("1g", "DotNode", ("x", "v"), "dot_cases"),
    Task(
        "1h", parts=CHECK, module="backprop", names=("gradient_check_1",),
        removed=("numerical_gradient", "gradient_check_1"),
        probe=("gradient_check", "gradient_check_1", ("a", "b", "c")), inputs="check_1_cases",
        judge="gradient_checks:judge_1h", helpers=RIGHT_NODES, page=BACKPROP,
    ),
    Task(
        "1i", parts={"loss": 2, "returned": 1, "fresh": 1, "steps": 2, "in place": 1},
        module="backprop", names=("make_logistic_regression", "gradient_descent"),
        removed=("make_logistic_regression", "gradient_descent"),
        probe=("training", "make_logistic_regression", ("w", "b"), "gradient_descent"),
        inputs="logistic_cases", judge="models:judge_1i", helpers=RIGHT_NODES, page=BACKPROP,
    ),
    Task("1j", 2, page=BACKPROP),
    Task("1k", 4, page=BACKPROP),
    node("1l", "MVMulNode", ("M", "v"), "matrix_cases"),
    Task(
        "1m", parts=CHECK, module="backprop", names=("gradient_check_2",),
        removed=("gradient_check_2",),
        probe=("gradient_check", "gradient_check_2", ("M", "v")), inputs="check_2_cases",
        judge="gradient_checks:judge_1m", helpers=(*RIGHT_NODES, "slopes.py"), page=BACKPROP,
    ),
    Task(
        "1n", parts={"loss": 3, "returned": 2, "fresh": 1}, module="backprop",
        names=("make_neural_network",), removed=("make_neural_network",),
        probe=("training", "make_neural_network", ("W", "b", "v", "c")), inputs="network_cases",
        judge="models:judge_1n", helpers=RIGHT_NODES, page=BACKPROP,
    ),
    Task(
        "2a",
        parts={"returned": 1, "assignments": 2, "centroids": 2, "loss": 2, "loops": 2,
               "special": 1},
        module="kmeans", names=("kmeans",),
        removed=("assign", "update", "reconstruction_error", "iterate", "kmeans"),
        probe=("kmeans",), inputs="kmeans_cases", judge="clustering:judge_2a", page=KMEANS,
    ),
    Task("2b", 4, page=KMEANS),
    Task("2c", 3, page=KMEANS),
    Task("2d", 3, page=KMEANS),
    Task("2e", 4, page=KMEANS),
    practice("3a", "e_step", ("X", "pi", "W"), "e_step_cases", 7),
    practice(
        "3b", "expected_complete_log_likelihood", ("X", "responsibilities", "pi", "W"),
        "ecll_cases", 5,
    ),
    practice("3c", "m_step", ("X", "responsibilities"), "m_step_cases", 10),
    practice("3d", "m_step", ("X", "responsibilities"), "m_step_cases", 3),
)  # fmt: skip

TASKS = {task.label: task for task in ROWS}


def code():
    """Return the tasks that are graded by program, in order."""
    return [task for _, task in sorted(TASKS.items()) if task.is_code]


def written():
    """Return the tasks that a person grades, in order."""
    return [task for _, task in sorted(TASKS.items()) if not task.is_code]


def checked():
    """Return the tasks that `homework.checks.check` can look at: code and practice."""
    return [task for _, task in sorted(TASKS.items()) if task.parts]
