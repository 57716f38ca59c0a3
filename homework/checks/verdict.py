"""What the judges share: verdicts, what was seen, and the search for a mistake.

A judge has no student's code, only what `homework.checks.probe` wrote down about it. It knows the
right formula and the wrong ones that people write, and `explain` looks for the one that gives the
same numbers.
"""

import itertools
import re
import textwrap

import numpy as np

from .. import tasks

NUMBERS = re.compile(r"-?\d[\d.,]*")
LONGEST = 600  # characters of one message


def clean(text, longest=LONGEST):
    """Return text from outside as one short line that a terminal, a page and a CSV can show."""
    text = str(text)[: 2 * longest]
    text = text.encode("utf-8", "replace").decode("utf-8")
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return text if len(text) <= longest else text[: longest - 1] + "…"


class Verdict:
    """The judgment of one task.

    Attributes
    ----------
    task : str
    points, out_of : int
        Zero for practice.
    messages : list of str
        One for each thing that is wrong.
    notes : list of str
        What a student should know although it costs nothing.
    earlier : tuple or None
        See `build_on`.
    parts : dict of str to (earned, points, list of messages)
    passed : bool
    """

    def __init__(self, task):
        self.task = task
        self.notes = []
        self.earlier = None
        self.worth = tasks.TASKS[task].parts
        self.faults = {part: [] for part in self.worth}

    def build_on(self, earlier, own):
        """Note that it is right, but not with the student's own code for earlier tasks.

        `own` is what is said of it with that code.
        """
        self.earlier = earlier, NODES_FIRST.format(tasks=", ".join(earlier)), own
        self.notes.insert(0, self.earlier[1])

    def fault(self, part, message):
        """Take away the points of a part; what differs in its numbers only is said once."""
        message = clean(message)
        said = [NUMBERS.sub("#", text) for text in self.faults[part]]
        if NUMBERS.sub("#", message) not in said:
            self.faults[part].append(message)

    def fault_all(self, message):
        """Nothing can be judged: take away all points."""
        for part in self.faults:
            self.fault(part, message)

    @property
    def parts(self):
        points = self.worth
        return {p: (0 if self.faults[p] else points[p], points[p], self.faults[p]) for p in points}

    @property
    def points(self):
        return sum(earned for earned, _, _ in self.parts.values())

    @property
    def out_of(self):
        return sum(self.worth.values())

    @property
    def passed(self):
        return not any(self.faults.values())

    @property
    def messages(self):
        return list(dict.fromkeys(itertools.chain.from_iterable(self.faults.values())))

    def __repr__(self):
        points = f", {self.points} of {self.out_of} points" if self.out_of else " (no points)"
        count, right = len(self.faults), sum(not texts for texts in self.faults.values())
        all_of_them = "both" if count == 2 else f"all {count}"
        checks = f"{all_of_them} checks" if self.passed else f"{right} of {count} checks"
        lines = [f"{self.task}: {checks} passed{points}"]
        for mark, texts in (("- ", self.messages), ("Note: ", self.notes)):
            for text in texts:
                lines += textwrap.wrap(mark + text, 76, subsequent_indent=" " * 2)
        return "\n".join(lines)


# ---------------------------------------------------------------------------- formulas


def sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(np.asarray(x) >= 0, 1.0, e) / (1.0 + e)


def outer(a, b):
    return np.multiply.outer(a, b)


# ------------------------------------------------------------------------ what was seen


class Seen:
    """A number or array as `probe.encode` wrote it down."""

    def __init__(self, encoded):
        encoded = encoded or {"kind": "nothing", "dtype": "", "shape": None, "data": None}
        self.kind, self.dtype = encoded["kind"], encoded["dtype"]
        self.shape = None if encoded["shape"] is None else tuple(encoded["shape"])
        self.array = None
        if encoded["data"] is not None:
            self.array = np.array(encoded["data"], dtype=np.float64).reshape(self.shape)

    @classmethod
    def of(cls, array):
        """An array of this process as if it had been written down."""
        if array is None:
            return cls(None)
        return cls({"kind": "array", "dtype": "float64", "shape": array.shape, "data": array})

    @property
    def is_numpy(self):
        return self.kind in ("array", "scalar")

    def __str__(self):
        if self.kind == "array":
            return f"an array of shape {self.shape}"
        if self.kind == "scalar":
            return f"a {self.dtype}"
        return {"NoneType": "None", "nothing": "nothing"}.get(self.kind, f"a Python {self.kind}")


def named(kind):
    """A type that a function has returned, in words."""
    return "nothing" if kind == "NoneType" else f"a Python {kind}"


def decode(encoded):
    return None if encoded is None else [Seen(one) for one in encoded]


def close(seen, right, rtol=1e-6, atol=1e-9):
    """Whether an array is the right one: in shape, and up to rounding."""
    right = np.asarray(right, dtype=np.float64)
    if seen is None or seen.shape != right.shape:
        return False
    finite = np.abs(right[np.isfinite(right)])
    scale = atol + rtol * (finite.max() if finite.size else 0)
    with np.errstate(invalid="ignore"):
        both_nan = np.isnan(seen) & np.isnan(right)
        return bool(np.all((seen == right) | both_nan | (np.abs(seen - right) <= scale)))


def explain(cases, seen, formula, choices, most=2, rtol=1e-6, atol=1e-9):
    """Find the formula with the fewest mistakes in it that gives what was seen.

    Parameters
    ----------
    cases : list of dict
    seen : list of ndarray
        The student's result for each case.
    formula : callable
        ``formula(case, **choice)`` gives the result under one choice.
    choices : dict of dicts
        For each keyword of `formula` its possible values, with what to say about each; None for
        the right one.
    most : int
        The largest number of mistakes at a time that is tried.

    Returns
    -------
    dict or None
        What to say for each keyword chosen wrongly: empty if the result is right, None if no
        choice gives it.
    """
    keys = list(choices)
    combinations = [
        dict(zip(keys, values))
        for values in itertools.product(*choices.values())
        if sum(choices[k][v] is not None for k, v in zip(keys, values)) <= most
    ]
    wrong = lambda choice: [k for k in keys if choices[k][choice[k]] is not None]  # noqa: E731
    for choice in sorted(combinations, key=lambda choice: len(wrong(choice))):
        try:
            with np.errstate(all="ignore"):
                fits = all(
                    close(array, formula(case, **choice), rtol, atol)
                    for case, array in zip(cases, seen)
                )
        except ValueError:  # this mistake is impossible in these shapes
            continue
        if fits:
            return {key: choices[key][choice[key]] for key in wrong(choice)}
    return None


def formula_right(formula, case, choices):
    right = {key: next(v for v in values if values[v] is None) for key, values in choices.items()}
    return formula(case, **right)


def factor(seen, right):
    """The one number by which all results must be divided to be right, or None."""
    try:
        seen = np.concatenate([np.ravel(s) for s in seen])
        right = np.concatenate([np.ravel(r) for r in right])
    except (TypeError, ValueError):
        return None
    if seen.shape != right.shape or not np.any(right) or not np.all(np.isfinite(seen)):
        return None
    ratio = float(seen @ right / (right @ right))
    return ratio if close(seen, ratio * right) and ratio != 0 else None


def show(x, digits=4):
    """A short form of a number or array for a message."""
    if np.ndim(x) == 0:
        return f"{float(x):.{digits + 2}g}"
    if np.size(x) > 12:
        return f"an array of shape {np.shape(x)}"
    return np.array2string(np.asarray(x), precision=digits, separator=", ").replace("\n", "")


# --------------------------------------------------------------------------- exceptions

HINTS = [
    # type of the exception, what is found in its text or line, what to say
    ("AttributeError", r"'(float|int|numpy\.\w+)' object has no attribute 'value'", "A number was "
     "given where a node belongs: wrap it in an InputNode, or use ConstantMulNode for a factor."),
    ("AttributeError", r"Node' object has no attribute 'value'", "Give the node its value: "
     "super().__init__(value, child, ...), or self.value = ..."),
    ("AttributeError", "'float' object has no attribute", "Python floats have neither shape nor "
     "ndim: make the value a numpy number (np.log and np.exp give one, math.log does not)."),
    ("AttributeError", "'int' object has no attribute", "Python ints have neither shape nor ndim: "
     "make the value a numpy number, np.float64(...)."),
    ("TypeError", "required positional argument: 'n1'", "Node needs to know the child nodes: "
     "super().__init__(value, child, ...)."),
    ("IndexError", r"super\(\).__init__\(", "Node needs to know the child nodes: "
     "super().__init__(value, child, ...)."),
    ("AttributeError", r"'(float|int|numpy\.\w+)' object has no attribute 'topo_order'", "A number "
     "stands where a node belongs: super().__init__(value, child, ...) takes the value first."),
    ("AttributeError", "object has no attribute 'topo_order'", "The node needs its children's "
     "topo_order, and must append itself to it."),
    ("AttributeError", "object has no attribute 'children'", "Store the child nodes when the node "
     "is made, for backward() to find them."),
    ("AttributeError", "object has no attribute 'append'", "The list must be changed in place: "
     "append returns None."),
    ("UFuncTypeError", "cast", "An array of integers cannot take up fractions: make it float64."),
    ("TypeError", "only length-1 arrays", "The math module knows single numbers only: use numpy's "
     "function of the same name."),
    ("TypeError", "only 0-dimensional arrays", "The math module knows single numbers only: use "
     "numpy's function of the same name."),
    ("UnboundLocalError", "", "A name that a function assigns to is local in the whole function."),
    ("SystemExit", "", "Let the function return instead of ending the program."),
    ("RecursionError", "", "A function calls itself without end."),
]  # fmt: skip


# what the starter raises in place of a function's body
UNWRITTEN = re.compile(r"^task \w+: write ([\w.]+)$")


def raised(what, exception, extra=""):
    """A sentence on an exception in the student's code."""
    if exception["type"] == "NotImplementedError":
        stub = UNWRITTEN.search(exception["text"])
        return f"{stub[1] if stub else what} is not written yet (NotImplementedError)."
    if exception["type"] == "Missing":
        return f"{exception['text'].replace('there', 'There', 1)} in what was handed in."
    if exception["type"] == "Endless":
        return f"{what} {exception['text']}. {extra or 'Does its loop end?'}"
    text = f"{what} stopped with {exception['type']}"
    if exception["text"]:
        text += f": {exception['text']}"
    if exception["line"]:
        text += f" (in the line `{exception['line']}`)"
    text += "."
    if extra:
        return f"{text} {extra}"
    for kind, part, hint in HINTS:
        found = re.search(part, exception["text"] + exception["line"])
        if exception["type"].endswith(kind) and found:
            return f"{text} {hint}"
    return text


# ---------------------------------------------------- with a student's nodes, and without

NODES_FIRST = (
    "With the other tasks done right this one is right; with your own code for them it is not. "
    "Look at their checks first ({tasks})."
)
NONE_LOST = (
    "With your own code for the other tasks this one goes wrong, though their checks found "
    "nothing: {own} No points depend on it."
)


def beyond(inputs, key, more=False):
    """The inputs without the cases that no points depend on; or with `more`, only those."""
    return {**inputs, key: [case for case in inputs[key] if bool(case.get("beyond")) == more]}


def name_earlier(verdicts):
    """Let notes on earlier tasks name only those that lost points.

    `verdicts` is a dict of all tasks that were judged; a note on one that was not stays as it is.
    """
    for verdict in verdicts.values():
        if verdict.earlier and {*verdict.earlier[0]} <= {*verdicts}:
            earlier, note, own = verdict.earlier
            lost = [label for label in earlier if not verdicts[label].passed]
            named = NODES_FIRST.format(tasks=", ".join(lost)) if lost else NONE_LOST.format(own=own)
            verdict.notes = [clean(named) if each == note else each for each in verdict.notes]


def better_of(judge_one, earlier):
    """Judge the run with the student's own nodes, and if need be the one with right nodes."""

    def judge(inputs, results):
        own = judge_one(inputs, results["own"])
        if own.passed:
            return own
        other = judge_one(inputs, results["stand_ins"])
        if other.points > own.points:
            if other.passed:
                other.build_on(earlier, own.messages[0])
            return other
        return own

    return judge
