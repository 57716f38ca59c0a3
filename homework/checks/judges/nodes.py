"""Judge of question 1, 1b, 1e, 1g and 1l: one class of nodes."""

import re

import numpy as np

from ..verdict import Seen, Verdict, close, explain, factor, outer, raised, show, sigmoid

# ------------------------------------------------------------------- one class of nodes

# How a share of the gradient can be written down wrongly, for all nodes alike.
G = {
    "once": None,
    "no": "{the} lacks the factor g: did you multiply by the incoming gradient self.grad?",
    "twice": "{the} is twice too large: does backward() add its share two times?",
    "squared": "{the} has the factor g twice: multiply by self.grad only once.",
}
MODE = {
    "add": None,
    "set": "{the} is replaced where it should be increased: a node that is used twice would lose "
    "what its other use has added. Did you write = instead of +=?",
    "multiply": "{the} is multiplied by the new share; shares of a gradient are added.",
    "nothing": "{the} does not change at all when backward() runs.",
}


def share(case, start, local, g, mode):
    """The gradient after backward(), given the local part of the rule with its g put aside."""
    factors = {"once": case["g"], "twice": 2 * case["g"], "squared": case["g"] ** 2}
    term = local(np.ones_like(case["g"]) if g == "no" else factors[g])
    return {"add": start + term, "set": term, "multiply": start * term, "nothing": start}[mode]


class NodeJudge:
    """Judge one class of nodes.

    `children` maps a child's name to (how to name it, its local rules, what to say about each);
    a local rule maps (case, g) to the share of that child.
    """

    def __init__(self, task, name, value, value_choices, children):
        self.task, self.name, self.children = task, name, children
        self.value, self.value_choices = value, value_choices

    def __call__(self, inputs, results):
        verdict = Verdict(self.task)
        pairs = [(c, r) for c, r in zip(inputs, results) if not r["forward"]["skipped"]]
        alive = [(c, r) for c, r in pairs if r["forward"]["exception"] is None]
        for case, result in pairs:
            if result["forward"]["exception"] is not None:
                message = raised(self.made(case, result), result["forward"]["exception"])
                if not alive:
                    verdict.fault_all(message)
                    return verdict
                verdict.fault("value", message)
                break
        self.judge_value(verdict, alive)
        self.judge_place(verdict, alive)
        self.judge_backward(verdict, alive)
        return verdict

    def made(self, case, result):
        if result["forward"]["exception"]["type"] == "NotImplementedError":
            return f"{self.name}.__init__"
        shapes = [f"{n} of shape {np.shape(case[n])}" for n in self.children if np.ndim(case[n])]
        return f"Making a {self.name}" + (f" ({', '.join(shapes)})" if shapes else "")

    # value

    def judge_value(self, verdict, pairs):
        seen = [Seen(result["forward"]["result"]["value"]) for _, result in pairs]
        cases = [case for case, _ in pairs]
        ordinary = [i for i, case in enumerate(cases) if not case.get("extreme")]
        said = explain(
            [cases[i] for i in ordinary],
            [seen[i].array for i in ordinary],
            self.value,
            {"value": self.value_choices},
        )
        for message in (said or {}).values():
            verdict.fault("value", message)
        for i in ordinary:
            right = self.value(cases[i], "right")
            if seen[i].array is None:
                verdict.fault("value", f"{self.name}.value is {seen[i]}, not a number.")
            elif not seen[i].is_numpy:
                verdict.fault(
                    "value",
                    f"{self.name}.value is {seen[i]}; it should be a numpy float64 (numpy's "
                    "functions give one, those of the math module do not).",
                )
            elif said is None and seen[i].shape != np.shape(right):
                verdict.fault(
                    "value",
                    f"{self.name}.value has shape {seen[i].shape}, expected {np.shape(right)}.",
                )
        if said is None and not verdict.faults["value"]:
            i = next(i for i in ordinary if not close(seen[i].array, self.value(cases[i], "right")))
            verdict.fault(
                "value",
                f"{self.name}.value is wrong: {self.at(cases[i])} it is {show(seen[i].array)}, "
                f"expected {show(self.value(cases[i], 'right'))}.",
            )
        if said == {}:
            self.judge_extremes(verdict, cases, seen, [result for _, result in pairs])

    def judge_extremes(self, verdict, cases, seen, results):
        for case, value, result in zip(cases, seen, results):
            if not case.get("extreme") or value.array is None:
                continue
            x, right = case["x"], self.value(case, "right")
            overflow = any("overflow" in w for w in result["forward"]["warnings"])
            if value.array == 0 and right < np.finfo(float).tiny and not overflow:
                continue  # rounded to 0 without an overflow, as scipy.special.expit does
            if right > 0 and value.array == 0:
                verdict.fault(
                    "value",
                    f"σ({x:g}) comes out as 0, and its logarithm will be -inf: the exponential has "
                    "overflowed. Use the function sigmoid of backprop.py, which never takes the "
                    "exponential of a positive number.",
                )
            elif not np.isfinite(value.array):
                verdict.fault(
                    "value",
                    f"σ({x:g}) comes out as {value.array:g}: the exponential has overflowed. Use "
                    "the function sigmoid of backprop.py.",
                )
            elif overflow:
                verdict.fault(
                    "value",
                    f"At x = {x:g} the exponential overflows (numpy warns). Use the function "
                    "sigmoid of backprop.py, which never takes the exponential of a positive "
                    "number.",
                )
            elif not close(value.array, right, rtol=1e-5, atol=0):
                verdict.fault(
                    "value", f"σ({x:g}) comes out as {value.array:g}, expected {right:g}."
                )

    # place in the graph

    def judge_place(self, verdict, pairs):
        for case, result in pairs:
            place = result["bookkeeping"]
            if place["exception"] is not None:
                verdict.fault(
                    "increment", raised(f"Looking at a new {self.name}", place["exception"])
                )
                return
            place = place["result"]
            shape, grad = np.shape(self.value(case, "right")), Seen(place["grad"])
            if place["times"] == 0:
                verdict.fault(
                    "increment",
                    f"A new {self.name} is not in topo_order: append it there, or the backward "
                    "pass never reaches it.",
                )
            elif place["times"] > 1:
                verdict.fault(
                    "increment",
                    f"A new {self.name} stands {place['times']} times in topo_order, so its "
                    "backward() runs as often. Append it once (Node.__init__ does so already).",
                )
            if not place["own_list"]:
                verdict.fault(
                    "increment",
                    f"{self.name}.topo_order must be the very list of its children, not another "
                    "one or a copy.",
                )
            if grad.array is None:
                verdict.fault("increment", f"{self.name}.grad is {grad} at first, not zero.")
            elif grad.shape != shape:
                verdict.fault(
                    "increment",
                    f"{self.name}.grad has shape {grad.shape} at first; a gradient has the shape "
                    f"of its value, here {shape}.",
                )
            elif np.any(grad.array != 0):
                verdict.fault(
                    "increment", f"{self.name}.grad must be zero before the backward pass."
                )
            elif not grad.is_numpy:
                verdict.fault(
                    "increment",
                    f"{self.name}.grad is {grad} at first; make it a numpy float64.",
                )

    # backward

    def judge_backward(self, verdict, pairs):
        alive = [
            (case, result)
            for case, result in pairs
            if not case.get("extreme") and result["backward"]["exception"] is None
        ]
        same = [(case, result) for case, result in alive if case.get("same")]
        alive = [(case, result) for case, result in alive if not case.get("same")]
        for case, result in pairs:
            exception = result["backward"]["exception"]
            if exception is not None:
                where = f"{self.name}.backward()"
                if np.ndim(case[next(iter(self.children))]) == 2:
                    where += " for M of shape " + str(case["M"].shape)
                extra = self.broadcast_hint(exception)
                verdict.fault("derivative", raised(where, exception, extra))
                if not alive:
                    verdict.fault("increment", raised(where, exception, extra))
                break
        if not alive:
            return
        said = {}
        for position, name in enumerate(self.children):
            self.judge_child(verdict, alive, position, name, said)
        for (part, text), names in said.items():
            the = "The gradient of " + " and of ".join(names)
            verdict.fault(part, text.format(the=the))
        for case, result in same:
            # the node is both children: two shares, one after the other
            first = next(iter(self.children))
            shares = [self.children[name][1]["right"](case, case["g"]) for name in self.children]
            grad = Seen(result["backward"]["result"]["grads"][0]).array
            if not said and not close(grad, case["start_" + first] + sum(shares)):
                verdict.fault(
                    "increment",
                    f"{self.name}(a, a), of one node with itself, gets a wrong gradient: both "
                    "shares have to be added to it, one after the other.",
                )
        if any(result["backward"]["result"]["changed"] for _, result in alive):
            verdict.fault(
                "increment",
                f"{self.name}.backward() changes the value of a child; only grad may change.",
            )

    def broadcast_hint(self, exception):
        if re.search("shape|broadcast|mismatch|aligned", exception["text"]):
            if self.name == "MVMulNode":
                return (
                    "Compare the shapes: M is p × d, v has d entries, g has p. Is a product "
                    "transposed, or a transposition (.T) missing?"
                )
            return "A gradient has the shape of its value: compare the shapes on both sides."
        return ""

    def judge_child(self, verdict, pairs, position, name, said):
        label, rules, texts = self.children[name]
        cases = [case for case, _ in pairs]
        grads = [Seen(result["backward"]["result"]["grads"][position]) for _, result in pairs]
        arrays = [grad.array for grad in grads]
        formula = self.formula(name, rules)
        found = explain(cases, arrays, formula, {"rule": texts, "g": G, "mode": MODE})
        if found is None:
            shape = next(
                (
                    (grad.shape, np.shape(case["start_" + name]))
                    for case, grad in zip(cases, grads)
                    if grad.shape != np.shape(case["start_" + name])
                ),
                None,
            )
            if shape:
                text = f"{{the}} gets the shape {shape[0]}; it should have its value's, {shape[1]}."
                said.setdefault(("derivative", text), []).append(label)
                return
            if any(array is None for array in arrays):
                odd = next(grad for grad in grads if grad.array is None)
                said.setdefault(("derivative", f"{{the}} becomes {odd}."), []).append(label)
                return
            right = [formula(case, "right", "once", "add") for case in cases]
            starts = [case["start_" + name] for case in cases]
            shares = [r - s for r, s in zip(right, starts)]
            text = None
            for mode, base in (("add", starts), ("set", [0 * s for s in starts])):
                ratio = factor([a - b for a, b in zip(arrays, base)], shares)
                if ratio is not None:
                    text = f"{{the}} is {ratio:.4g} times what it should be."
                    if ratio == -1:
                        text = "{the} has the wrong sign."
                    if mode == "set":
                        said.setdefault(("increment", MODE["set"]), []).append(label)
                    break
            if text is None:
                i = next(i for i, a in enumerate(arrays) if not close(a, right[i]))
                text = (
                    f"{{the}} is wrong: {self.at(cases[i])} it should grow by {show(shares[i])}, "
                    f"but grows by {show(arrays[i] - starts[i])}."
                )
            said.setdefault(("derivative", text), []).append(label)
            return
        for key, text in found.items():
            part = "increment" if key == "mode" and "not change" not in text else "derivative"
            said.setdefault((part, text), []).append(label)

    def formula(self, name, rules):
        def grad(case, rule, g, mode):
            local = rules[rule]
            return share(case, case["start_" + name], lambda factor: local(case, factor), g, mode)

        return grad

    def at(self, case):
        if any(np.size(case[name]) > 4 for name in self.children):
            return "in one of the checks"
        values = ", ".join(f"{name} = {show(case[name])}" for name in self.children)
        return f"at {values}, g = {show(case['g'])}"


def log_value(case, value):
    x = case["x"]
    return {
        "right": np.log(x),
        "10": np.log10(x),
        "2": np.log2(x),
        "1p": np.log1p(x),
        "minus": -np.log(x),
        "exp": np.exp(x),
        "x": x,
        "inverse": 1 / x,
    }[value]


judge_1b = NodeJudge(
    "1b",
    "LogNode",
    log_value,
    {
        "right": None,
        "10": "LogNode.value is the logarithm to base 10; the task means base e.",
        "2": "LogNode.value is the logarithm to base 2; the task means base e.",
        "1p": "LogNode.value is log(1 + x), not log(x).",
        "minus": "LogNode.value has the wrong sign: the minus of the loss comes later.",
        "exp": "LogNode.value is the exponential of x, not its logarithm.",
        "x": "LogNode.value is x itself: where is the logarithm taken?",
        "inverse": "LogNode.value is the derivative of log(x), not log(x).",
    },
    {
        "x": (
            "x",
            {
                "right": lambda case, g: g / case["x"],
                "multiplied": lambda case, g: g * case["x"],
                "minus": lambda case, g: -g / case["x"],
                "u": lambda case, g: g / np.log(case["x"]),
                "u times": lambda case, g: g * np.log(case["x"]),
                "10": lambda case, g: g / case["x"] / np.log(10),
                "10 times": lambda case, g: g / case["x"] * np.log(10),
                "second": lambda case, g: -g / case["x"] ** 2,
                "squared": lambda case, g: g / case["x"] ** 2,
                "passed on": lambda case, g: g,
                "inverse": lambda case, g: case["x"] / g,
            },
            {
                "right": None,
                "multiplied": "{the} is multiplied by x where it should be divided.",
                "minus": "{the} has the wrong sign.",
                "u": "{the} is computed from u = log(x), the node's own value; the derivative of "
                "the logarithm needs the child's value x.",
                "u times": "{the} is multiplied by u = log(x), the node's own value; that is not "
                "the derivative of the logarithm.",
                "10": "{the} is that of the logarithm to base 10; the task means base e.",
                "10 times": "{the} has an extra factor log(10); the task means base e.",
                "second": "{the} is built from the second derivative of the logarithm.",
                "squared": "{the} is divided by x twice.",
                "passed on": "{the} just receives g: the local derivative of log at x is missing.",
                "inverse": "{the} is upside down: g belongs above the line.",
            },
        )
    },
)


def sigmoid_value(case, value):
    x = case["x"]
    with np.errstate(over="ignore"):
        return {
            "right": sigmoid(x),
            "minus": sigmoid(-x),
            "twice": sigmoid(sigmoid(x)),
            "tanh": np.tanh(x),
            "derivative": sigmoid(x) * (1 - sigmoid(x)),
            "log": np.log(sigmoid(x)),
            "exp": np.exp(x) if x < 700 else x,
            "exp minus": np.exp(-x) if x > -700 else x,
            "x": x,
        }[value]


def at_u(formula):
    """A rule in terms of u = σ(x) and x."""
    return lambda case, g: g * formula(sigmoid(case["x"]), case["x"])


judge_1e = NodeJudge(
    "1e",
    "SigmoidNode",
    sigmoid_value,
    {
        "right": None,
        "minus": "SigmoidNode.value is σ(−x): look at the sign in the exponent.",
        "twice": "SigmoidNode.value has the sigmoid applied twice.",
        "tanh": "SigmoidNode.value is the hyperbolic tangent, which runs from −1 to 1.",
        "derivative": "SigmoidNode.value is the sigmoid's derivative, not the sigmoid.",
        "log": "SigmoidNode.value is log σ(x); the logarithm is another node.",
        "exp": "SigmoidNode.value is only the exponential.",
        "exp minus": "SigmoidNode.value is only the exponential.",
        "x": "SigmoidNode.value is x itself: where is the sigmoid taken?",
    },
    {
        "x": (
            "x",
            {
                "right": at_u(lambda u, x: u * (1 - u)),
                "in x": at_u(lambda u, x: x * (1 - x)),
                "of u": at_u(lambda u, x: sigmoid(u) * (1 - sigmoid(u))),
                "minus": at_u(lambda u, x: -u * (1 - u)),
                "u": at_u(lambda u, x: u),
                "one minus": at_u(lambda u, x: 1 - u),
                "plus": at_u(lambda u, x: u * (1 + u)),
                "square": at_u(lambda u, x: u**2),
                "square minus": at_u(lambda u, x: 1 - u**2),
                "mixed": at_u(lambda u, x: u * (1 - x)),
                "mixed 2": at_u(lambda u, x: x * (1 - u)),
                "passed on": at_u(lambda u, x: 1.0),
            },
            {
                "right": None,
                "in x": "{the} has x where the formula has u: use the node's own value self.value, "
                "not the child's.",
                "of u": "{the} has the sigmoid applied twice: u = self.value is σ(x) already.",
                "minus": "{the} has the wrong sign: the sigmoid rises everywhere.",
                "u": "{the} lacks one of the two factors of the sigmoid's derivative.",
                "one minus": "{the} lacks one of the two factors of the sigmoid's derivative.",
                "plus": "{the} has a plus where the sigmoid's derivative has a minus.",
                "square": "{the} has the factor u twice: one of the two is another.",
                "square minus": "{the} is built from the derivative of tanh, not of the sigmoid.",
                "mixed": "{the} mixes x and u: both factors are in terms of u = self.value.",
                "mixed 2": "{the} mixes x and u: both factors are in terms of u = self.value.",
                "passed on": "{the} just receives g: the sigmoid's local derivative is missing.",
            },
        )
    },
)


def dot_value(case, value):
    x, v = case["x"], case["v"]
    return {
        "right": np.sum(x * v),
        "elementwise": x * v,
        "outer": outer(x, v),
        "sum": np.sum(x) + np.sum(v),
        "mean": np.mean(x * v),
        "minus": -np.sum(x * v),
        "norm": np.sum(x * x),
    }[value]


DOT_TEXTS = {
    "right": None,
    "own": "{the} is built from its own value; in a product each factor gets the other one's.",
    "minus": "{the} has the wrong sign.",
    "sum": "{the} is one number, with all entries added up; it should have an entry for each "
    "entry of its value.",
    "passed on": "{the} just receives g: the other vector is missing from the rule.",
    "u": "{the} has an extra factor u, the node's value.",
    "divided": "{the} is divided by the vector's length: the dot product is a sum, no mean.",
}


def dot_rules(own, other):
    return {
        "right": lambda case, g: g * case[other],
        "own": lambda case, g: g * case[own],
        "minus": lambda case, g: -g * case[other],
        "sum": lambda case, g: g * np.sum(case[other]) * np.ones(np.shape(case[own])),
        "passed on": lambda case, g: g * np.ones(np.shape(case[own])),
        "u": lambda case, g: g * case[other] * np.sum(case[own] * case[other]),
        "divided": lambda case, g: g * case[other] / len(case[own]),
    }


judge_1g = NodeJudge(
    "1g",
    "DotNode",
    dot_value,
    {
        "right": None,
        "elementwise": "DotNode.value is the product entry by entry: the sum over the entries is "
        "missing.",
        "outer": "DotNode.value is the outer product, a matrix; the dot product is one number.",
        "sum": "DotNode.value adds the vectors where it should multiply them.",
        "mean": "DotNode.value is the mean of the products, not their sum.",
        "minus": "DotNode.value has the wrong sign.",
        "norm": "DotNode.value multiplies the first vector with itself.",
    },
    {
        "x": ("x (the first node)", dot_rules("x", "v"), DOT_TEXTS),
        "v": ("v (the second node)", dot_rules("v", "x"), DOT_TEXTS),
    },
)


def matrix_value(case, value):
    M, v = case["M"], case["v"]
    return {
        "right": lambda: M @ v,
        "transposed": lambda: M.T @ v,
        "elementwise": lambda: M * v,
        "sum": lambda: np.sum(M @ v),
        "columns": lambda: np.sum(M * v, axis=0),
        "minus": lambda: -(M @ v),
    }[value]()


judge_1l = NodeJudge(
    "1l",
    "MVMulNode",
    matrix_value,
    {
        "right": None,
        "transposed": "MVMulNode.value is that of the transposed matrix.",
        "elementwise": "MVMulNode.value is M * v entry by entry, a matrix: the sum along each row "
        "is missing.",
        "sum": "MVMulNode.value is one number; Mv has an entry for each row of M.",
        "columns": "MVMulNode.value sums down the columns of M; Mv has a sum along each row.",
        "minus": "MVMulNode.value has the wrong sign.",
    },
    {
        "M": (
            "M",
            {
                "right": lambda case, g: outer(g, case["v"]),
                "transposed": lambda case, g: outer(case["v"], g),
                "rows": lambda case, g: np.ones((len(g), 1)) * (g * case["v"]),
                "number": lambda case, g: (g @ case["v"]) * np.ones(case["M"].shape),
                "u": lambda case, g: outer(g, case["M"] @ case["v"]),
                "own": lambda case, g: g[:, None] * case["M"],
                "minus": lambda case, g: -outer(g, case["v"]),
                "v only": lambda case, g: np.ones((len(g), 1)) * case["v"] * np.sum(g),
                "g only": lambda case, g: outer(g, np.ones(len(case["v"]))),
            },
            {
                "right": None,
                "transposed": "{the} comes out transposed: row i of M belongs to entry i of g, "
                "column j to entry j of v. Look at the order of the outer product.",
                "rows": "{the} has the same row g · v everywhere (numpy has broadcast it): rows "
                "belong to g, columns to v.",
                "number": "{the} has one number everywhere, the dot product of g and v; an outer "
                "product is needed, with an entry for each pair of theirs.",
                "u": "{the} is built from u, the node's value, where v is meant.",
                "own": "{the} is built from M itself; in a product each factor gets the other "
                "one's value.",
                "minus": "{the} has the wrong sign.",
                "v only": "{the} has the sum of g everywhere where each row needs its own entry "
                "of g.",
                "g only": "{the} lacks v.",
            },
        ),
        "v": (
            "v",
            {
                "right": lambda case, g: case["M"].T @ g,
                "not transposed": lambda case, g: case["M"] @ g,
                "own": lambda case, g: g * case["v"],
                "columns": lambda case, g: np.sum(case["M"], axis=0) * np.sum(g),
                "minus": lambda case, g: -(case["M"].T @ g),
                "value": lambda case, g: case["M"].T @ (case["M"] @ case["v"]),
                "passed on": lambda case, g: g + 0 * case["v"],
                "number": lambda case, g: np.sum(case["M"].T @ g) * np.ones(case["v"].shape),
            },
            {
                "right": None,
                "not transposed": "{the} lacks a transposition: v_j acts on all entries of u "
                "through column j of M, not through row j.",
                "own": "{the} is built from v itself; in a product each factor gets the other "
                "one's value.",
                "columns": "{the} has the sum of g everywhere where each row of M needs its own "
                "entry of g.",
                "minus": "{the} has the wrong sign.",
                "value": "{the} is built from u, the node's value, where g is meant.",
                "passed on": "{the} just receives g: M is missing from the rule.",
                "number": "{the} has its entries added up to one number; v_j needs its own.",
            },
        ),
    },
)
