"""Judge of question 1, 1h and 1m: the gradient checks."""

import numpy as np

from .judging import (
    Seen,
    Verdict,
    better_of,
    close,
    decode,
    explain,
    factor,
    formula_right,
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
    "integers swallows 1e-8.)",
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


def judge_gradients(verdict, part, what, lists, predictions, texts, names, tolerance):
    """Judge lists of gradients, one for each case; `predictions` has them for each mistake."""
    rights = [prediction["right"] for prediction in predictions]
    for seen, right in zip(lists, rights):
        if seen is None:
            verdict.fault(
                part, f"The {what} gradients are no list with one gradient for each input."
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
    for position, name in enumerate(names):
        arrays = [seen[position].array for seen in lists]
        right = [r[position] for r in rights]
        fits = [close(a, r, tolerance, tolerance) for a, r in zip(arrays, right)]
        if not all(fits):
            i = fits.index(False)
            if not np.any(np.concatenate([np.ravel(a) for a in arrays])):
                verdict.fault(part, f"The {what} gradient of {name} is zero throughout.")
                continue
            if np.all(np.abs(arrays[i] - right[i]) < 0.02 * (1 + np.abs(right[i]))):
                verdict.fault(
                    part,
                    f"The {what} gradient of {name} is only nearly right: {show(arrays[i])}, "
                    f"expected {show(right[i])}. Is ε = 1e-8, and is it the same in the step and "
                    "below the line?",
                )
                continue
            ratio = factor(arrays, right)
            if ratio is not None:
                verdict.fault(
                    part, f"The {what} gradient of {name} is {ratio:.4g} times what it should be."
                )
                continue
            verdict.fault(
                part,
                f"The {what} gradient of {name} is {show(arrays[i])} in one of the checks, "
                f"expected {show(right[i])}.",
            )


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


def judge_check(task, function, names, formula, value_choices, gradients, paths, twice):
    def judge_one(inputs, results):
        verdict = Verdict(task)
        cases, seen = inputs["cases"], results["cases"]
        for result in seen:
            if result["exception"] is not None:
                verdict.fault_all(raised(f"{function}({', '.join(names)})", result["exception"]))
                return verdict
            if result["result"]["fields"] is None:
                verdict.fault_all(
                    f"{function} returns a {result['result']['returned']}; expected "
                    "GradientCheck(value, backprop, numerical, max_difference, ...)."
                )
                return verdict
        fields = [result["result"]["fields"] for result in seen]
        values = [Seen(field["value"]).array for field in fields]
        said = explain(cases, values, formula, value_choices)
        if said is None:
            verdict.fault(
                "value",
                "The value of f is wrong: "
                f"{show(values[0]) if values[0] is not None else 'no number'} in the first check, "
                f"expected {show(formula_right(formula, cases[0], value_choices))}.",
            )
        for text in (said or {}).values():
            verdict.fault("value", text)
        # With another f the gradients are compared with that f's differences: not judged here.
        rights = [gradients(case) for case in cases]
        backprop = [decode(field["backprop"]) for field in fields]
        numerical = [decode(field["numerical"]) for field in fields]
        finite = [
            i for i, value in enumerate(values) if value is not None and np.all(np.isfinite(value))
        ]
        if verdict.faults["value"] and finite:
            if agree([backprop[i] for i in finite], [numerical[i] for i in finite]):
                return verdict
        predicted = [backprop_choices(right, *paths(case)) for case, right in zip(cases, rights)]
        one_path = ONE_PATH.format(name=twice)
        texts = {**BACKPROP, "path 0": one_path, "path 1": one_path}
        judge_gradients(verdict, "backprop", "backprop", backprop, predicted, texts, names, 1e-6)
        predicted = [numerical_choices(right) for right in rights]
        judge_gradients(
            verdict, "numerical", "numerical", numerical, predicted, NUMERICAL, names, 1e-5
        )
        if not verdict.faults["numerical"] and identical(backprop, numerical):
            verdict.fault(
                "numerical",
                "The numerical gradient is the same as that of backprop to the last bit: it has "
                "to be measured, by moving each coordinate a little.",
            )
        if any(result["changed"] for result in seen):
            verdict.fault(
                "numerical",
                f"{function} changes the arrays that it is given: work on copies, or put every "
                "coordinate back.",
            )
        largest = [Seen(field["max_difference"]) for field in fields]
        if not verdict.messages and all(one.array is not None for one in largest):
            judge_largest(verdict, largest, backprop, numerical)
        judge_function(verdict, inputs, results)
        return verdict

    return judge_one


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


def judge_function(verdict, inputs, results):
    """Judge numerical_gradient by itself, on functions that are no graphs."""
    if not results["numerical"]:
        return
    cases, seen = inputs["numerical"], results["numerical"]
    for result in seen:
        if result["exception"] is not None:
            verdict.fault("numerical", raised("numerical_gradient(f, inputs)", result["exception"]))
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
    lists = [decode(result["result"]) for result in seen]
    judge_gradients(verdict, "numerical", "numerical", lists, predicted, NUMERICAL, names, 1e-5)
    if any(result["changed"] for result in seen):
        verdict.fault(
            "numerical",
            "numerical_gradient changes the arrays that it is given: work on copies, or put every "
            "coordinate back.",
        )


judge_1h = better_of(
    judge_check(
        "1h", "gradient_check_1", "abc", value_1h, VALUE_1H, gradients_1h, paths_1h, twice="a"
    ),
    "1b, 1e, 1g",
)
judge_1m = better_of(
    judge_check(
        "1m", "gradient_check_2", "Mv", value_1m, VALUE_1M, gradients_1m, paths_1m, twice="v"
    ),
    "1g, 1h, 1l",
)
