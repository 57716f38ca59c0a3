"""Judge of question 1, 1h and 1m: the gradient checks.

A check may return its gradients, or print them and return nothing, as the course's starter does.
In the second case they are looked for among the function's variables, whatever their names are.
"""

import re
from functools import partial

import numpy as np

from ..verdict import (
    Seen,
    Verdict,
    better_of,
    beyond,
    close,
    decode,
    explain,
    factor,
    formula_right,
    named,
    outer,
    raised,
    show,
    sigmoid,
)

# --------------------------------------------------------------------- gradient checks


def value_1h(case, parts, three, log, swap, sign):
    a, b, c = case["a"], case["b"], case["c"]
    first, second = {
        "right": (a @ b, a @ c),
        "swapped": (a @ c, a @ b),
        "bc": (a @ b, b @ c),
    }[swap]
    logs = {"e": np.log, "10": np.log10, "none": lambda x: x}
    logarithm = logs[log](first)
    second = {"3": 3.0, "1": 1.0, "-1/3": 1 / 3}[three] * sigmoid(second)
    second = {"minus": -second, "plus": second}[sign]
    return {"both": logarithm + second, "log": logarithm, "sigmoid": second}[parts]


VALUE_1H = {
    "parts": {
        "both": None,
        "log": "f lacks its second term, the one with the sigmoid.",
        "sigmoid": "f lacks its first term, the one with the logarithm.",
    },
    "three": {
        "3": None,
        "1": "f lacks the factor 3.",
        "-1/3": "f is divided by 3, not multiplied.",
    },
    "log": {
        "e": None,
        "10": "The logarithm in f is to base 10.",
        "none": "f lacks the logarithm of its first term.",
    },
    "swap": {
        "right": None,
        "swapped": "b and c have changed places in f.",
        "bc": "The sigmoid in f takes bᵀc; it should take aᵀc.",
    },
    "sign": {"minus": None, "plus": "The second term of f has the wrong sign: it is subtracted."},
}


def gradients_1h(case):
    a, b, c = case["a"], case["b"], case["c"]
    u = sigmoid(a @ c)
    slope = 3 * u * (1 - u)
    return [b / (a @ b) - slope * c, a / (a @ b), -slope * a]


def paths_1h(case):
    """The gradients with one of the two paths from a to f forgotten."""
    by_a, by_b, by_c = gradients_1h(case)
    first = case["b"] / (case["a"] @ case["b"])
    return [[first, by_b, by_c], [by_a - first, by_b, by_c]]


def value_1m(case, relu, transposed, outer_v):
    M, v = case["M"], case["v"]
    M = {"no": M, "yes": M.T}[transposed]
    u, r = M @ v, lambda z: np.maximum(z, 0.0)
    return {
        "right": lambda: v @ r(u) if outer_v == "v" else np.sum(r(u)),
        "none": lambda: v @ u if outer_v == "v" else np.sum(u),
        "outside": lambda: r(v @ u) if outer_v == "v" else r(np.sum(u)),
        "v": lambda: r(v) @ u,
        "both": lambda: r(v) @ r(u),
        "before": lambda: v @ (M @ r(v)),
    }[relu]()


VALUE_1M = {
    "relu": {
        "right": None,
        "none": "f lacks the ReLU.",
        "outside": "The ReLU is taken of the whole of f; it belongs around Mv only.",
        "v": "The ReLU is taken of v; it belongs around Mv.",
        "both": "The ReLU is taken of v as well; it belongs around Mv only.",
        "before": "The ReLU is taken before the product with M; it belongs around Mv.",
    },
    "transposed": {"no": None, "yes": "f uses the transposed matrix."},
    "outer_v": {"v": None, "sum": "f lacks the product with vᵀ from the left."},
}


def gradients_1m(case):
    M, v = case["M"], case["v"]
    u = M @ v
    on = (u > 0) * 1.0
    return [outer(v * on, v), np.maximum(u, 0) + M.T @ (v * on)]


def paths_1m(case):
    """The gradients with one of the two paths from v to f forgotten."""
    M, v = case["M"], case["v"]
    by_M, _ = gradients_1m(case)
    return [[by_M, np.maximum(M @ v, 0)], [by_M, M.T @ (v * (M @ v > 0))]]


def numerical_choices(right):
    """Predictions of a list of gradients for the mistakes of the numerical gradient."""
    flat = [np.ravel(r) for r in right]
    everything = np.concatenate(flat)
    shaped = lambda pieces: [  # noqa: E731
        np.reshape(p, np.shape(r)) for p, r in zip(pieces, right)
    ]
    ends = np.cumsum([len(f) for f in flat])[:-1]
    return {
        "right": right,
        "minus": [-r for r in right],
        "half": [r / 2 for r in right],
        "double": [2 * r for r in right],
        "undivided": [0 * r for r in right],
        "together": shaped([np.full(len(f), f.sum()) for f in flat]),
        "all": shaped([np.full(len(f), everything.sum()) for f in flat]),
        "summed": shaped([np.cumsum(f) for f in flat]),
        "summed on": shaped(np.split(np.cumsum(everything), ends)),
        "together half": shaped([np.full(len(f), f.sum() / 2) for f in flat]),
    }


NUMERICAL = {
    "right": None,
    "minus": "The numerical gradient has the wrong sign: it is f(moved) − f(before), in this "
    "order.",
    "half": "The numerical gradient is half of what it should be: a step of ε to one side only is "
    "divided by ε, not by 2ε.",
    "double": "The numerical gradient is twice what it should be: with a step of ε to both sides "
    "the difference is divided by 2ε.",
    "undivided": "The numerical gradient is zero, or nearly: is the difference divided by ε? Is "
    "the step made on the array that goes into f, and is that one of floats? (An array of "
    "integers rounds 1e-8 away.)",
    "together": "All coordinates of an input are moved at once: each entry of the numerical "
    "gradient is the sum of all. Move one coordinate at a time.",
    "all": "All inputs are moved at once: each entry of the numerical gradient is the sum of all. "
    "Move one coordinate at a time.",
    "summed": "The numerical gradient adds up from entry to entry: a coordinate that has been "
    "moved is not put back before the next one is moved.",
    "summed on": "The numerical gradient adds up from entry to entry and from input to input: a "
    "coordinate that has been moved is not put back before the next one is moved.",
    "together half": "All coordinates of an input are moved at once, and the difference is "
    "divided by 2ε: move one coordinate at a time.",
}


OF_INTEGERS = (
    "An array of integers cannot hold 3 + 1e-8, or another fraction: make the copies with "
    "dtype=float."
)
OF_TUPLES = (
    "The task's own inputs are tuples of integers: make arrays of them with dtype=float first."
)


def judge_gradients(verdict, part, what, lists, predictions, texts, names, tolerance):
    """Judge lists of gradients, one for each case; `predictions` has them for each mistake."""
    rights = [prediction["right"] for prediction in predictions]
    for seen, right in zip(lists, rights):
        if not seen:
            verdict.fault(
                part, f"The {what} gradients are not a list with one gradient for each input."
            )
            return
        if len(seen) != len(right):
            verdict.fault(
                part,
                f"There are {len(seen)} {what} gradients, expected {len(right)}, one for each "
                "input.",
            )
            return
        for one, r, name in zip(seen, right, names):
            if one.array is None or one.shape != np.shape(r):
                got = f"shape {one.shape}" if one.shape is not None else str(one)
                verdict.fault(
                    part,
                    f"The {what} gradient of {name} has {got}; a gradient has the shape of its "
                    f"input, here {np.shape(r)}.",
                )
                return
    for key, text in texts.items():
        fits = all(
            close(one.array, r, rtol=tolerance, atol=tolerance)
            for seen, prediction in zip(lists, predictions)
            for one, r in zip(seen, prediction[key])
        )
        if fits:
            if text:
                verdict.fault(part, text)
            return
    kinds = set()
    for position, name in enumerate(names):
        arrays = [seen[position].array for seen in lists]
        right = [r[position] for r in rights]
        fits = [close(a, r, tolerance, tolerance) for a, r in zip(arrays, right)]
        if not all(fits):
            i, ratio = fits.index(False), factor(arrays, right)
            if not np.any(np.concatenate([np.ravel(a) for a in arrays])):
                said = "zero throughout."
            elif np.all(np.abs(arrays[i] - right[i]) < 0.02 * (1 + np.abs(right[i]))):
                said = (
                    f"only nearly right: {show(arrays[i], 8)}, expected {show(right[i], 8)}. Is "
                    "ε = 1e-8, and is it the same in the step and below the line?"
                )
            elif ratio is not None:
                said = f"{ratio:.4g} times what it should be."
            else:
                said = f"{show(arrays[i])} in one of the checks, expected {show(right[i])}."
            kind = re.sub(r"[\W\d]|e-", "", said)  # the sentence without its numbers
            if kind not in kinds:  # one input stands for those that share its fault
                verdict.fault(part, f"The {what} gradient of {name} is {said}")
            kinds.add(kind)


ONE_PATH = (
    "The backprop gradient of {name} knows only one of the two terms that {name} is in: build "
    "both from the same node of {name}."
)
BACKPROP = {
    "right": None,
    "zero": "The backprop gradients are all zero: was compute_grad() called on the output node?",
    "double": "The backprop gradients are twice what they should be: do two backward passes add "
    "up?",
    "minus": "The backprop gradients have the wrong sign.",
}


def backprop_choices(right, *paths):
    """Predictions of a list of gradients for the mistakes of the backward pass."""
    return {
        **{f"path {i}": path for i, path in enumerate(paths)},
        "right": right,
        "zero": [0 * r for r in right],
        "double": [2 * r for r in right],
        "minus": [-r for r in right],
    }


# ------------------------------------------------------- gradients among a function's variables


class Found:
    """The numbers, arrays and nodes that a check has had as variables, by name."""

    def __init__(self, case, names, result):
        self.inputs = [case[name] for name in names]
        self.names, self.printed = names, result["printed"]
        self.nodes, self.numbers = [], []
        for each in result["found"] or ():
            value = Seen(each["value"]).array
            if value is None:
                continue
            if each["grad"] is None and any(close(value, x, 1e-5, 1e-6) for x in self.inputs):
                continue  # an input, or one that was moved a little
            if each["grad"] is None:
                self.numbers.append((each["name"], value))
            elif (grad := Seen(each["grad"]).array) is not None:
                self.nodes.append((each["name"], value, grad))

    def value(self, right):
        """The value of f: of the node that the backward pass began at, or what was printed."""
        inputs = [x for x in self.inputs if np.shape(x) == ()]
        values = [v for _, v, g in self.nodes if v.shape == g.shape == () and g == 1]
        values += [v for _, v, _ in self.nodes if v.shape == ()]
        values += [v for name, v in self.numbers if v.shape == ()]
        values += [np.float64(each) for each in NUMBER.findall(self.printed)[:40]]
        values = [v for v in values if not any(close(v, x) for x in inputs)]
        fits = [v for v in values if close(v, right)]
        # a printed number is rounded
        near = [right for v in values if close(v, right, 1e-3)]
        return (fits + near + values + [None])[0]

    def backprop(self, rights):
        """The gradients of the nodes that hold the inputs."""
        gradients = []
        for x, right in zip(self.inputs, rights):
            grads = [g for _, v, g in self.nodes if close(v, x, 1e-5, 1e-6)]
            fits = [g for g in grads if close(g, right, 1e-6, 1e-6)]
            gradients.append((fits + grads + [None])[0])
        return gradients

    def numerical(self, rights, backprop):
        """The names of the arrays that are taken for the numerical gradients."""
        names = []
        for letter, x, right, own in zip(self.names, self.inputs, rights, backprop):
            arrays = [(name, v) for name, v in self.numbers if v.shape == np.shape(x)]
            # the same to the last bit is a copy, unless there is nothing else
            arrays.sort(key=lambda pair: own is not None and np.array_equal(pair[1], own))
            fits = [name for name, v in arrays if close(v, right, 1e-5, 1e-5)]
            named = [name for name, _ in arrays if "num" in name.lower() and letter in name]
            numeric = [name for name, _ in arrays if "num" in name.lower()]
            every = [name for name, _ in arrays]
            own_first = [name for name in fits if name in numeric] + fits
            names.append((own_first + named + numeric + every + [None])[0])
        return names

    def get(self, name):
        return next((v for each, v in self.numbers if each == name), None)


NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


def fields_of(names, gradients, cases, seen, formula):
    """Return (values, backprop, numerical, largest, names of the numerical) of the cases."""
    if all(result["result"]["fields"] is not None for result in seen):
        fields = [result["result"]["fields"] for result in seen]
        values = [Seen(field["value"]).array for field in fields]
        backprop = [decode(field["backprop"]) for field in fields]
        numerical = [decode(field["numerical"]) for field in fields]
        largest = [Seen(field["max_difference"]) for field in fields]
        return values, backprop, numerical, largest, None
    found = [Found(case, names, result) for case, result in zip(cases, seen)]
    rights = [gradients(case) for case in cases]
    values = [each.value(formula(case)) for each, case in zip(found, cases)]
    backprop = [each.backprop(right) for each, right in zip(found, rights)]
    # the names that fit in most cases, the same in all
    chosen = [each.numerical(r, own) for each, r, own in zip(found, rights, backprop)]
    best = [max(list(column), key=list(column).count) for column in zip(*chosen)]
    numerical = [[each.get(name) for name in best] for each in found]
    wrap = [[[Seen.of(a) for a in arrays] for arrays in rows] for rows in (backprop, numerical)]
    return values, *wrap, [Seen.of(None)] * len(cases), best


def judge_check(task, function, names, formula, value_choices, gradients, paths, twice):
    right_value = partial(formula_right, formula, choices=value_choices)

    def judge_one(inputs, results):
        verdict = Verdict(task)
        verdict.chosen = None
        cases, seen = inputs["cases"], results["cases"]
        failed = next((each["exception"] for each in seen if each["exception"]), None)
        if failed:
            stopped = raised(f"{function}({', '.join(names)})", failed)
            seen = results["blank"]
            if not seen or any(each["exception"] for each in seen):
                verdict.fault_all(stopped)
                return verdict
        for case, result in zip(cases, seen):
            found = Found(case, names, result)
            shapes = [x.shape for x in found.inputs]
            arrays = [name for name, v in found.numbers if v.shape in shapes]
            if result["result"]["fields"] is None and not (found.nodes or arrays):
                got = named(result["result"]["returned"])
                verdict.fault_all(
                    f"{function} returns {got}, and has no variables with gradients in them. "
                    "Expected GradientCheck(value, backprop, numerical, "
                    "max_difference, ...), or arrays such as a_grad_numerical."
                )
                return verdict
        values, backprop, numerical, largest, chosen = fields_of(
            names, gradients, cases, seen, right_value
        )
        said = explain(cases, values, formula, value_choices)
        if said is None:
            verdict.fault(
                "value",
                "The value of f is wrong: "
                f"{show(values[0]) if values[0] is not None else 'no number'} in the first check, "
                f"expected {show(right_value(cases[0]))}.",
            )
        for text in (said or {}).values():
            verdict.fault("value", text)
        # With another f the gradients are compared with that f's differences: not judged here.
        rights = [gradients(case) for case in cases]
        finite = [
            i for i, value in enumerate(values) if value is not None and np.all(np.isfinite(value))
        ]
        if verdict.faults["value"] and finite and chosen is None:
            own, other = [backprop[i] for i in finite], [numerical[i] for i in finite]
            if agree(own, other) and not identical(own, other):
                return verdict
        predicted = [backprop_choices(right, *paths(case)) for case, right in zip(cases, rights)]
        one_path = ONE_PATH.format(name=twice)
        texts = {**BACKPROP, "path 0": one_path, "path 1": one_path}
        judge_gradients(verdict, "backprop", "backprop", backprop, predicted, texts, names, 1e-6)
        verdict.chosen = chosen
        if failed:  # by numerical_gradient: without it there is the rest
            judge_function(verdict, inputs, results)
            if not verdict.faults["numerical"]:
                verdict.fault("numerical", stopped)
            return verdict
        if any(each["result"]["once"] for each in finished(results)) and not all(numerical):
            kind = results["numerical"][0]["result"]["kind"]
            verdict.fault("numerical", no_list(kind))
            return verdict
        predicted = [numerical_choices(right) for right in rights]
        judge_gradients(
            verdict, "numerical", "numerical", numerical, predicted, NUMERICAL, names, 1e-5
        )
        if not verdict.faults["numerical"] and identical(backprop, numerical):
            verdict.fault(
                "numerical",
                "The numerical gradient is the same as that of backprop to the last bit. Measure "
                "it: move each coordinate a little, and see how much f changes.",
            )
        if any(result["changed"] for result in seen):
            verdict.fault(
                "numerical",
                f"{function} changes the arrays that it is given: work on copies, or put every "
                "coordinate back.",
            )
        if not verdict.messages and all(one.array is not None for one in largest):
            judge_largest(verdict, largest, backprop, numerical)
        # a check may measure by itself, as the handout has it: then it needs no numerical_gradient
        if not verdict.faults["numerical"] and is_written(results):
            judge_function(verdict, inputs, results)
        return verdict

    def judge(inputs, results):
        plain, more = beyond(inputs, "cases"), beyond(inputs, "cases", more=True)
        verdict = better_of(judge_one, EARLIER[task])(plain, take(results, plain, inputs))
        if not verdict.faults["numerical"]:
            judge_measured(verdict, plain, results)
        if not verdict.faults["numerical"]:
            judge_defaults(verdict, plain, results)
        if verdict.points and more["cases"]:
            other = better_of(judge_one, EARLIER[task])(more, take(results, more, inputs))
            if not other.passed and other.messages[0] not in verdict.messages:
                shape = np.shape(more["cases"][0][names[0]])
                verdict.notes.append(
                    f"With {names[0]} of shape {shape}, which the handout does not ask for: "
                    f"{other.messages[0]} No points depend on it."
                )
        return verdict

    def seen_in(verdict, case, result):
        """Value, backprop and numerical gradients of one run; None if it has not all of them."""
        if result["exception"] is not None:
            return None
        if result["result"]["fields"] is None:
            found = Found(case, names, result)
            value, own = found.value(np.nan), found.backprop(gradients(case))
            numerical = [found.get(each) for each in verdict.chosen or ()]
        else:
            values, own, numerical, *_ = fields_of(names, gradients, [case], [result], right_value)
            value = values[0]
            own = [one.array for one in own[0] or ()]
            numerical = [one.array for one in numerical[0] or ()]
        complete = len(own) == len(numerical) == len(names)
        if not complete or any(a is None for a in (value, *own, *numerical)):
            return None
        return value, own, numerical

    def alike(ones, others):
        return all(close(a, b, 1e-4, 1e-4) for a, b in zip(ones, others))

    def judge_defaults(verdict, inputs, results):
        """Judge the starter's own command, whose inputs are tuples of integers."""
        result, case = results["stand_ins"].get("defaults"), inputs["cases"][0]
        if result is None:
            return
        if result["exception"] is not None:
            verdict.fault("numerical", raised(f"{function}()", result["exception"], OF_TUPLES))
            return
        seen = seen_in(verdict, case, result)
        if seen and close(seen[0], right_value(case)) and not alike(seen[2], gradients(case)):
            verdict.fault(
                "numerical",
                "The numerical gradient is wrong for integer inputs, such as the task's own. "
                + OF_INTEGERS,
            )

    def judge_measured(verdict, inputs, results):
        """See whether the numerical gradient follows f, and f alone, when nodes are changed."""
        case = inputs["cases"][1]
        plain = seen_in(verdict, case, results["stand_ins"]["cases"][1])
        wrong, other = (
            seen_in(verdict, case, results[name]["cases"][0]) for name in ("share", "scale")
        )
        if plain and wrong and not alike(wrong[1], plain[1]) and not alike(wrong[2], plain[2]):
            verdict.fault(
                "numerical",
                "The numerical gradient changes when only backward() of the nodes is changed, and "
                "f is not. Measure it from values of f alone.",
            )
        if plain and other and not close(other[0], plain[0], 1e-3) and alike(other[2], plain[2]):
            verdict.fault(
                "numerical",
                "The numerical gradient stays the same when the nodes compute another f. Measure "
                "it: evaluate f, the graph, at inputs that are moved a little.",
            )

    return judge


def take(results, part, inputs):
    """The results of some of the cases."""
    chosen = [i for i, c in enumerate(inputs["cases"]) if any(c is each for each in part["cases"])]
    return {
        side: {
            **results[side],
            **{
                key: [results[side][key][i] for i in chosen]
                for key in ("cases", "blank")
                if results[side][key]
            },
        }
        for side in ("own", "stand_ins")
    }


EARLIER = {"1h": ("1b", "1e", "1g"), "1m": ("1g", "1h", "1l")}


def paired(lists, others):
    for ones, twos in zip(lists, others):
        if ones is None or twos is None or len(ones) != len(twos):
            yield None, None
            continue
        for one, two in zip(ones, twos):
            yield one.array, two.array


def agree(backprop, numerical):
    return all(
        a is not None and b is not None and close(a, b, 1e-5, 1e-5)
        for a, b in paired(backprop, numerical)
    )


def identical(backprop, numerical):
    return all(
        a is not None and b is not None and np.array_equal(a, b)
        for a, b in paired(backprop, numerical)
    )


def judge_largest(verdict, largest, backprop, numerical):
    for one, ones, twos in zip(largest, backprop, numerical):
        right = max(np.abs(a.array - b.array).max() for a, b in zip(ones, twos))
        if one.shape != () or abs(float(one.array) - right) > 1e-12:
            verdict.fault(
                "numerical",
                "max_difference is not the largest absolute difference between the two gradients "
                "over all coordinates.",
            )
            return


def finished(results):
    """What numerical_gradient has given by itself."""
    return [each for each in results["numerical"] or () if not each["exception"]]


def is_written(results):
    return any(each["result"]["each"] for each in finished(results)) or any(
        each["exception"] and each["exception"]["type"] != "NotImplementedError"
        for each in results["numerical"] or ()
    )


def no_list(kind):
    return (
        f"numerical_gradient returns {named(kind)}: it must return a list with one gradient for "
        "each input."
    )


def judge_function(verdict, inputs, results):
    """Judge numerical_gradient by itself, on functions that are not graphs."""
    if not results["numerical"]:
        return
    cases, seen = inputs["numerical"], results["numerical"]
    for result in seen:
        if result["exception"] is not None:
            verdict.fault("numerical", raised("numerical_gradient(f, inputs)", result["exception"]))
            return
        if not result["result"]["each"]:
            verdict.fault("numerical", no_list(result["result"]["kind"]))
            return
    rights = []
    for case in cases:
        x, s, A = case["inputs"]
        by_A = np.zeros(A.shape)
        by_A[0] += x
        by_A[-1, 0] -= 3 * A[-1, 0] ** 2
        rights.append([2 * s * x + A[0], np.sum(x**2), by_A])
    predicted = [numerical_choices(right) for right in rights]
    names = ["a vector", "a number", "a matrix"]
    lists = [decode(result["result"]["each"]) for result in seen]
    judge_gradients(verdict, "numerical", "numerical", lists, predicted, NUMERICAL, names, 1e-5)
    if any(result["changed"] for result in seen):
        verdict.fault(
            "numerical",
            "numerical_gradient changes the arrays that it is given: work on copies, or put every "
            "coordinate back.",
        )


judge_1h = judge_check(
    "1h", "gradient_check_1", "abc", value_1h, VALUE_1H, gradients_1h, paths_1h, twice="a"
)
judge_1m = judge_check(
    "1m", "gradient_check_2", "Mv", value_1m, VALUE_1M, gradients_1m, paths_1m, twice="v"
)
