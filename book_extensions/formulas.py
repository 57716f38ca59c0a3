"""A small Sphinx extension: exercises that ask for a formula take it, typed, and check it.

A formula is right if it gives the right numbers, in whatever form it is written. The page gets
points and the numbers that the answer has there, never the answer itself; book/formula.js reads
what is typed, computes it at those points and says what it found. Mistakes that many make are
known by their numbers too, and each has a sentence that says where to look.
"""

import html
import json
import random
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx_exercise.nodes import exercise_node

POINTS = 6  # a wrong formula may be right at one by accident, at six it is not
DIGITS = 10  # of each number: fewer than a processor's last bit can change


class Formula(NamedTuple):
    """What an exercise asks for, and what it takes.

    Attributes
    ----------
    exercise : str
        The handout's label.
    left : str
        What stands before the field, as HTML.
    spoken : str
        The same for a screen reader.
    names : dict
        What may be used: each name with the range of its values, (low, high), or with a range and a
        shape, (low, high, shape), or with a function of the values before it.
    answer : callable
        Gives the right value for values of the names.
    slips : dict
        A sentence for each mistake that many make: {sentence: a function like `answer`}.
    given : str
        A sentence above the field, as HTML; it says what the names stand for.
    also : dict
        Other ways to write a name: {"Nc": "N"}.
    rest : str
        What the exercise asks for besides; without it a right formula marks the exercise as done.
    """

    exercise: str
    left: str
    spoken: str
    names: dict
    answer: Callable
    slips: dict
    given: str = ""
    also: dict = {}
    rest: str = ""


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


G, X = (-3, 3), (0.5, 3)
VECTORS = {"x": (-3, 3, (3,)), "v": (-3, 3, (3,)), "u": (-3, 3), "g": (-3, 3)}
MATRIX = {"M": (-3, 3, (2, 3)), "v": (-3, 3, (3,)), "u": (-3, 3, (2,)), "g": (-3, 3, (2,))}
SHAPES = "The check uses an M of 2 rows and 3 columns. A transpose is <code>M^T</code>."
NO_CHAIN = "This does not use g. What does the chain rule multiply by?"
E_STEP = {
    "pi1": (0.1, 0.9),
    "pi2": lambda point: round(1 - point["pi1"], 2),  # who writes 1 − pi1 is right, too
    **{name: (0.1, 0.9) for name in ("W11", "W12", "W21", "W22")},
}
SUMS = (
    "Write A for the sum of r<sub>ic</sub> x<sub>j</sub><sup>(i)</sup> over all examples i, "
    "N for the sum of r<sub>ic</sub>, and W for W<sub>cj</sub>."
)


def _joint(pi1, pi2, W11, W12, W21, W22):
    """Return the probabilities of cluster 1 and of cluster 2, each with the example (1, 0)."""
    return pi1 * W11 * (1 - W12), pi2 * W21 * (1 - W22)


def _share(parts):
    return parts[0] / sum(parts)


FORMULAS = [
    Formula(
        "1a",
        "∂y/∂x +=",
        "Increment of the derivative of y with respect to x",
        {"g": G, "x": X},
        lambda g, x: g / x,
        {
            NO_CHAIN: lambda g, x: 1 / x,
            "You multiply by x. What is the derivative of log x?": lambda g, x: g * x,
            "This is g log x. Take the derivative of the logarithm.": lambda g, x: g * np.log(x),
            "The sign is wrong: log x grows with x.": lambda g, x: -g / x,
            "One power of x too many: 1/x² belongs to 1/x, not to log x.": lambda g, x: g / x**2,
        },
    ),
    Formula(
        "1c",
        "∂y/∂x +=",
        "Increment of the derivative of y with respect to x",
        {"g": G, "u": (0.05, 0.95)},
        lambda g, u: g * u * (1 - u),
        {
            NO_CHAIN: lambda g, u: u * (1 - u),
            "One factor is missing. Which part of the product is u?": lambda g, u: g * (1 - u),
            "A factor is missing: what is left of the fraction besides u?": lambda g, u: g * u,
            "Close. Is it 1 + u, or 1 − u?": lambda g, u: g * u * (1 + u),
            "The sign is wrong: the sigmoid grows with x.": lambda g, u: -g * u * (1 - u),
            "This is right for tanh. The sigmoid's derivative has another form.": lambda g, u: (
                g * (1 - u**2)
            ),
        },
    ),
    Formula(
        "1f",
        "∇<sub>x</sub>y +=",
        "Increment of the gradient of y with respect to x",
        VECTORS,
        lambda x, v, u, g: g * v,
        {
            NO_CHAIN: lambda x, v, u, g: v,
            "Only terms with x in them count. What multiplies x?": lambda x, v, u, g: g * x,
            "The value u is not part of the derivative.": lambda x, v, u, g: g * u * v,
        },
    ),
    Formula(
        "1f",
        "∇<sub>v</sub>y +=",
        "Increment of the gradient of y with respect to v",
        VECTORS,
        lambda x, v, u, g: g * x,
        {
            NO_CHAIN: lambda x, v, u, g: x,
            "Only terms with v in them count. What multiplies v?": lambda x, v, u, g: g * v,
            "The value u is not part of the derivative.": lambda x, v, u, g: g * u * x,
        },
    ),
    Formula(
        "1k",
        "∇<sub>M</sub>y +=",
        "Increment of the gradient of y with respect to M",
        MATRIX,
        lambda M, v, u, g: np.outer(g, v),
        {
            "This uses u. Which number multiplies an entry of M in Mv?": lambda M, v, u, g: (
                np.outer(u, v)
            ),
            "This is M times a number. The gradient does not contain M.": lambda M, v, u, g: (
                M * (g @ u)
            ),
        },
        SHAPES,
    ),
    Formula(
        "1k",
        "∇<sub>v</sub>y +=",
        "Increment of the gradient of y with respect to v",
        MATRIX,
        lambda M, v, u, g: M.T @ g,
        {
            "This uses u where g belongs.": lambda M, v, u, g: M.T @ u,
            "One entry of g is not enough: each u reaches y, so add up all.": lambda M, v, u, g: (
                v * g.sum()
            ),
        },
    ),
    Formula(
        "2e",
        "factor =",
        "Factor by which the number of bits falls",
        {"k": (2, 40)},
        lambda k: 24 / np.log2(k),
        {
            "This counts one channel. A pixel has three.": lambda k: 8 / np.log2(k),
            "This is the inverse: the new size as a share of the old one.": lambda k: (
                np.log2(k) / 24
            ),
            "A pixel does not take k bits. How many bits tell k numbers apart?": lambda k: 24 / k,
            "Is it the natural logarithm? With b bits you can write 2ᵇ numbers.": lambda k: (
                24 / np.log(k)
            ),
            "These are the bits of one pixel afterwards. What is the factor?": lambda k: np.log2(k),
        },
        "Write it in terms of <code>k</code>. You can use <code>sqrt</code>, <code>exp</code>, "
        "<code>log</code> and <code>log2</code>.",
        rest="Now evaluate it for k = 2, 4, 8 and 16.",
    ),
    Formula(
        "3a",
        "r<sub>i1</sub> =",
        "Responsibility of cluster 1",
        E_STEP,
        lambda **p: _share(_joint(**p)),
        {
            "This is the numerator. What makes the responsibilities sum to one?": lambda **p: (
                _joint(**p)[0]
            ),
            "The prior is missing: how frequent is each cluster?": lambda **p: _share(
                _joint(**p | {"pi1": 1, "pi2": 1})
            ),
            "The priors belong below the line, too.": lambda **p: (
                _joint(**p)[0] / sum(_joint(**p | {"pi1": 1, "pi2": 1}))
            ),
            "The second entry is 0. What is the probability of a zero?": lambda **p: _share(
                _joint(**p | {"W12": 1 - p["W12"], "W22": 1 - p["W22"]})
            ),
            "This counts the ones only. A zero says something too.": lambda **p: _share(
                _joint(**p | {"W12": 0, "W22": 0})
            ),
            "This is the responsibility of the other cluster.": lambda **p: 1 - _share(_joint(**p)),
        },
        "Try it on a small case: two clusters, and the example (1, 0), its numbers put in. Write "
        "<code>pi1</code>, <code>pi2</code> for the priors and <code>W12</code> for W in row 1, "
        "column 2.",
        rest="Now write it for any k and d, with every step.",
    ),
    Formula(
        "3c",
        "∂ECLL/∂W =",
        "Derivative of the ECLL with respect to W",
        {"A": (1, 3), "N": (4, 9), "W": (0.1, 0.9)},
        lambda A, N, W: A / W - (N - A) / (1 - W),
        {
            "Mind the inner derivative of log(1 − W).": lambda A, N, W: A / W + (N - A) / (1 - W),
            "This is the ECLL itself. Take its derivative.": lambda A, N, W: (
                A * np.log(W) + (N - A) * np.log(1 - W)
            ),
            "Only the ones are counted here. What about the zeros?": lambda A, N, W: A / W,
            "The zeros weigh N − A, not N.": lambda A, N, W: A / W - N / (1 - W),
        },
        SUMS,
        {"Nc": "N", "Acj": "A", "Wcj": "W"},
        "Now set it to zero.",
    ),
    Formula(
        "3c",
        "W =",
        "The new W",
        {"A": (1, 3), "N": (4, 9)},
        lambda A, N: A / N,
        {
            "This is the share of zeros.": lambda A, N: (N - A) / N,
            "These are the odds, ones to zeros. You want a share.": lambda A, N: A / (N - A),
            "Upside down: a probability is at most 1.": lambda A, N: N / A,
        },
        "",
        {"Nc": "N", "Acj": "A"},
        "Now say in words why one would expect it.",
    ),
    Formula(
        "3d",
        "π<sub>c</sub> =",
        "The new prior of cluster c",
        {"N": (1, 4), "n": (5, 12)},
        lambda N, n: N / n,
        {
            "Not yet a probability: the sum over all clusters must be 1.": lambda N, n: N,
            "Upside down: a probability is at most 1.": lambda N, n: n / N,
        },
        "Write N for the sum of r<sub>ic</sub> over i, and n for the number of examples.",
        {"Nc": "N"},
        "Now say in words why one would expect it.",
    ),
]


def points(formula):
    """Return values of a formula's names, always the same: a list of dictionaries."""
    rng = random.Random(f"{formula.exercise} {formula.left}")

    def draw(low, high, shape=()):
        if shape:
            return [draw(low, high, shape[1:]) for _ in range(shape[0])]
        return round(rng.uniform(low, high), 2) or 0.5  # 0 would forgive too much

    drawn = [{} for _ in range(POINTS)]
    for point in drawn:
        for name, how in formula.names.items():
            point[name] = how(point) if callable(how) else draw(*how)
    return drawn


def values(function, formula):
    """Return what a function gives at a formula's points, as numbers and lists."""
    given = [{k: np.array(v) for k, v in point.items()} for point in points(formula)]
    return [_rounded(np.asarray(function(**point)).tolist()) for point in given]


def _rounded(value):
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return float(f"{value:.{DIGITS}g}")


def told(formula):
    """Return what the page needs to know to check a formula: no formula is among it."""
    return {
        "points": points(formula),
        "right": values(formula.answer, formula),
        "slips": [[text, values(slip, formula)] for text, slip in formula.slips.items()],
        "also": formula.also,
        "rest": formula.rest,
    }


def field(formula, number):
    """Return the HTML of one field; scripts show it."""
    key = f"formula-{formula.exercise}-{number}"
    data = html.escape(json.dumps(told(formula), ensure_ascii=False, separators=(",", ":")))
    given = f'<p class="pst-js-only">{formula.given}</p>' if formula.given else ""
    return (
        f'<form class="formula pst-js-only" data-check="{data}">{given}'
        f'<div class="formula-row"><label for="{key}" aria-label="{html.escape(formula.spoken)}">'
        f"{formula.left}</label>"
        f'<input id="{key}" type="text" placeholder="such as 2*{next(iter(formula.names))}" '
        'autocomplete="off" autocapitalize="off" '
        'spellcheck="false" enterkeyhint="done">'
        "<button>Check my answer</button></div><output></output></form>"
    )


def insert(app, doctree, docname):
    """Put the fields of an exercise below its text."""
    if app.builder.format != "html":
        return
    for exercise in doctree.findall(exercise_node):
        label = exercise["label"].removeprefix("ex-")
        asked = [formula for formula in FORMULAS if formula.exercise == label]
        fields = "".join(field(formula, i) for i, formula in enumerate(asked, 1))
        if fields:
            exercise += nodes.raw("", fields, format="html")


def find_all(app, env):
    """Stop the build if an exercise of the table is on no page."""
    there = {label.removeprefix("ex-") for label in env.sphinx_exercise_registry}
    if lost := {formula.exercise for formula in FORMULAS} - there:
        raise ExtensionError(f"formulas for exercises that are on no page: {sorted(lost)}")


def setup(app):
    """Register with Sphinx."""
    app.connect("env-check-consistency", find_all)
    app.connect("doctree-resolved", insert)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
