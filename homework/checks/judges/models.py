"""Judge of question 1, 1i and 1n: the losses of the two models, and their training."""

import numpy as np

from ..verdict import (
    Seen,
    Verdict,
    better_of,
    beyond,
    close,
    decode,
    explain,
    formula_right,
    named,
    outer,
    raised,
    show,
    sigmoid,
)


def log_sigmoid(x):
    return -np.logaddexp(0.0, -x)


# --------------------------------------------------------------------- losses of a model


def total_loss(case, score, label, reduce, sign, last):
    """Σ −log σ(y score), with the mistakes that logistic regression and the network share."""
    terms = []
    for x, y in case["dataset"]:
        s, plain = score(x)
        z = {"right": y * s, "none": s, "inner": y * (s - plain) + plain, "minus": -y * s}[label]
        if label == "outside":
            terms.append(-y * log_sigmoid(s))
            continue
        terms.append(
            {
                "right": -log_sigmoid(z),
                "plus": log_sigmoid(z),
                "log": -sigmoid(z),
                "sigmoid": -z,
                "10": -log_sigmoid(z) / np.log(10),
                "one": 1 - sigmoid(z),
                "twice": -np.log(sigmoid(sigmoid(z))),
            }[sign]
        )
    terms = terms[-1:] if last == "last" else terms[:1] if last == "first" else terms
    return np.mean(terms) if reduce == "mean" else np.sum(terms)


SHARED = {
    "label": {
        "right": None,
        "none": "The label y is left out: multiply each example's score by its y "
        "before the sigmoid.",
        "minus": "The label y has the wrong sign.",
        "inner": "The label y is multiplied with a part of the score only; it belongs before the "
        "whole score, bias and all.",
    },
    "reduce": {
        "sum": None,
        "mean": "The loss is the mean over the examples; the formula has their sum.",
    },
    "sign": {
        "right": None,
        "plus": "The loss has the wrong sign: the logarithm of a probability is negative, the "
        "loss is minus that.",
        "log": "The loss lacks the logarithm.",
        "sigmoid": "The loss lacks log σ: it adds up the scores themselves.",
        "10": "The logarithm in the loss is to base 10.",
        "one": "The loss adds up 1 − σ; it should be minus the logarithm of σ.",
        "twice": "The sigmoid is applied twice.",
    },
    "last": {
        "all": None,
        "last": "The loss is that of the last example alone: each must be added to the ones "
        "before.",
        "first": "The loss is that of the first example alone: does return stand inside the loop?",
    },
}


def loss_1i(case, bias, label, reduce, sign, last):
    b = case["b"] if bias == "right" else 0.0

    def score(x):
        return case["w"] @ x + b, b

    return total_loss(case, score, label, reduce, sign, last)


CHOICES_1I = {
    "bias": {"right": None, "none": "The bias b is left out of the score."},
    **SHARED,
}


def loss_1n(case, hidden, relu, out, v, label, reduce, sign, last):
    b = case["b"] if hidden == "right" else 0 * case["b"]
    c = case["c"] if out == "right" else 0.0
    r = lambda z: np.maximum(z, 0.0)  # noqa: E731

    def score(x):
        pre = case["W"] @ x + b
        top = case["v"] if v == "right" else np.ones_like(case["v"])
        if relu == "none":
            return top @ pre + c, c
        if relu == "output":
            return r(top @ pre + c), c
        if relu == "both":
            return r(top @ r(pre) + c), c
        if relu == "inside":
            return top @ (r(case["W"] @ x) + b) + c, c
        if relu == "sigmoid":
            return top @ sigmoid(pre) + c, c
        return top @ r(pre) + c, c

    return total_loss(case, score, label, reduce, sign, last)


CHOICES_1N = {
    "hidden": {"right": None, "none": "The bias b of the hidden layer is left out."},
    "relu": {
        "right": None,
        "none": "The ReLU of the hidden layer is left out.",
        "output": "The ReLU is applied to the output score instead of the hidden layer.",
        "both": "The ReLU is applied to the output score as well; only the hidden layer has one.",
        "inside": "The bias b is added after the ReLU; it belongs inside.",
        "sigmoid": "The hidden layer has a sigmoid where it should have a ReLU.",
    },
    "out": {"right": None, "none": "The bias c of the output is left out."},
    "v": {
        "right": None,
        "none": "The output weights v are left out: the hidden units are just added.",
    },
    **SHARED,
}


def gradients_1i(case, only=slice(None)):
    by_w, by_b = np.zeros_like(case["w"]), 0.0
    for x, y in case["dataset"][only]:
        weight = -y * sigmoid(-y * (case["w"] @ x + case["b"]))
        by_w, by_b = by_w + weight * x, by_b + weight
    return [by_w, by_b]


def gradients_1n(case, only=slice(None), at_zero=0.0):
    totals = [np.zeros_like(case[name]) for name in "Wbvc"]
    for x, y in case["dataset"][only]:
        pre = case["W"] @ x + case["b"]
        hidden = np.maximum(pre, 0)
        weight = -y * sigmoid(-y * (case["v"] @ hidden + case["c"]))
        on = np.where(pre == 0, at_zero, pre > 0)
        by_pre = weight * case["v"] * on
        shares = [outer(by_pre, x), by_pre, weight * hidden, weight]
        totals = [total + each for total, each in zip(totals, shares)]
    return totals


def judge_loss(verdict, function, names, cases, results, formula, choices, gradients):
    """Judge a function that makes a loss function: the parts loss, returned and fresh."""
    arguments = ", ".join(names)

    def nothing(text):
        for part in ("loss", "returned", "fresh"):
            verdict.fault(part, text)

    for result in results:
        for step, what in (("make", function), ("first", f"compute_loss({arguments})")):
            if result[step] is not None and result[step]["exception"] is not None:
                return nothing(raised(what, result[step]["exception"]))
        if not result["make"]["result"]:
            return nothing(
                f"{function} must return a function of {arguments} that builds the graph."
            )
    firsts = [result["first"]["result"] for result in results]
    values = [Seen(first["value"]).array for first in firsts]
    if all(value is None for value in values):
        got = named(firsts[0]["returned"])
        return nothing(f"compute_loss({arguments}) returns {got}; expected ([{arguments}], loss).")
    said = explain(cases, values, formula, choices)
    if said is None:
        verdict.fault("loss", loss_fault(cases, values, formula, choices))
    for text in (said or {}).values():
        verdict.fault("loss", text)
    judge_fresh(verdict, results)
    judge_nodes(verdict, names, cases, firsts)
    if said == {} and not verdict.faults["returned"]:
        judge_loss_gradients(verdict, names, cases, results, gradients)


def loss_fault(cases, values, formula, choices):
    rights = [formula_right(formula, case, choices) for case in cases]
    wrong = [i for i, value in enumerate(values) if value is None or not close(value, rights[i])]
    i = wrong[0]
    if values[i] is None:
        return "The value of the loss is not a number."
    if len(wrong) == 1 and not np.all(np.isfinite(values[i])):
        return (
            f"The loss is {show(values[i])} where one example lies far on the wrong side: the "
            "sigmoid has underflowed to 0 before its logarithm was taken."
        )
    return f"The loss is wrong: {show(values[i])} in one of the checks, expected {show(rights[i])}."


def judge_fresh(verdict, results):
    """Judge whether each call of compute_loss builds a graph of its own."""
    for result in results:
        second = result["second"]
        if second["exception"] is not None:
            verdict.fault("fresh", raised("A second call of compute_loss", second["exception"]))
            return
        one, two = result["first"]["result"], second["result"]
        values = Seen(one["value"]).array, Seen(two["value"]).array
        if one["size"] and two["size"] and two["size"] > one["size"]:
            verdict.fault(
                "fresh",
                "The graph grows from call to call: the list topo_order must be new in each call "
                "of compute_loss.",
            )
            return
        if values[0] is not None and (values[1] is None or not close(values[1], values[0])):
            verdict.fault(
                "fresh",
                "A second call of compute_loss with the same parameters gives another loss: every "
                "call must start a new one.",
            )
            return
    if any(result["changed"] for result in results):
        verdict.fault("fresh", "compute_loss changes the parameters that it is given.")


def judge_nodes(verdict, names, cases, firsts):
    """Judge what compute_loss returns: the parameters' nodes, and the loss's."""
    arguments = ", ".join(names)
    wanted = f"([{arguments}], loss), the parameters' nodes in a list and then the loss node"
    first = firsts[0]
    if not first["is_node"]:
        verdict.fault(
            "returned",
            f"compute_loss returns no node for the loss but {Seen(first['value'])}; expected "
            f"{wanted}.",
        )
        return
    if first["swapped"]:
        verdict.fault("returned", f"compute_loss returns the loss first; expected {wanted}.")
    elif first["length"] != 2:
        verdict.fault("returned", f"compute_loss does not return a pair; expected {wanted}.")
        return
    for case, one in zip(cases, firsts):
        nodes = one["nodes"] or []
        if len(nodes) != len(names):
            verdict.fault(
                "returned",
                f"compute_loss returns {len(nodes)} nodes for the parameters; expected {wanted}.",
            )
            return
        for name, node in zip(names, nodes):
            seen = Seen(node)
            if seen.array is None or not close(seen.array, case[name]):
                verdict.fault(
                    "returned",
                    f"The nodes that compute_loss returns are not those of {arguments} in this "
                    "order.",
                )
                return


def judge_loss_gradients(verdict, names, cases, results, gradients):
    for case, result in zip(cases, results):
        seen = result["gradients"]
        if seen is None:
            return
        if seen["exception"] is not None:
            verdict.fault(
                "returned", raised("The backward pass through the loss", seen["exception"])
            )
            return
        arrays = [Seen(one).array for one in seen["result"]]
        if not matches(arrays, gradients(case)):
            verdict.fault("returned", graph_fault(names, case, arrays, gradients))
            return


def matches(arrays, right):
    return all(a is not None and close(a, r, 1e-5, 1e-7) for a, r in zip(arrays, right))


def graph_fault(names, case, arrays, gradients):
    if any(a is None or not np.all(np.isfinite(a)) for a in arrays):
        if case.get("corner"):
            return (
                "A gradient is NaN where a hidden unit gets exactly 0: does your ReLU divide by "
                "its value there? Its derivative at 0 is taken as 0."
            )
        return "A gradient of the loss is not finite."
    if not any(np.any(a) for a in arrays):
        return (
            "The gradients of all parameters are zero: the nodes that compute_loss returns must "
            "be the ones that the loss is built from."
        )
    for only, which in ((slice(-1, None), "last"), (slice(0, 1), "first")):
        if matches(arrays, gradients(case, only)):
            return (
                f"The gradients know the {which} example only: make the parameters' nodes once, "
                "before the loop over the examples, and use the same in each."
            )
    if case.get("corner") and matches(arrays, gradients(case, at_zero=1.0)):
        return (
            "Where a hidden unit gets exactly 0 the derivative of ReLU is taken as 1; the ReluNode "
            "that is given takes 0 (> where you may have >=)."
        )
    wrong = [n for n, a, r in zip(names, arrays, gradients(case)) if not close(a, r, 1e-5, 1e-7)]
    return (
        f"The loss is right, but not its gradient with respect to {' and '.join(wrong)}: is each "
        "term built from nodes all the way, with nothing computed aside?"
    )


def judge_model(task, function, names, formula, choices, gradients, earlier):
    """Return the judge of a function that makes a loss function, and of its training."""

    def judge_one(inputs, losses):
        verdict = Verdict(task)
        judge_loss(verdict, function, names, inputs["losses"], losses, formula, choices, gradients)
        return verdict

    def judge_cases(inputs, results, more=False):
        chosen = beyond(inputs, "losses", more)
        if not chosen["losses"]:
            return None
        keep = [bool(case.get("beyond")) == more for case in inputs["losses"]]
        taken = {
            side: [each for each, kept in zip(results[side], keep) if kept]
            for side in ("own", "stand_ins")
        }
        return better_of(judge_one, earlier)(chosen, taken)

    def judge(inputs, results):
        verdict = judge_cases(inputs, results)
        other = judge_cases(inputs, results, more=True)
        if verdict.points and other and not {*other.messages} <= {*verdict.messages}:
            verdict.notes.append(
                f"With other sizes than the handout's: {other.messages[0]} No points depend on it."
            )
        if "descents" in inputs:
            judge_training(verdict, inputs["descents"], results["descents"], results["commands"])
        return verdict

    return judge


judge_1i = judge_model(
    "1i", "make_logistic_regression", "wb", loss_1i, CHOICES_1I, gradients_1i, ("1b", "1e", "1g")
)
judge_1n = judge_model(
    "1n", "make_neural_network", "Wbvc", loss_1n, CHOICES_1N, gradients_1n, ("1b", "1e", "1g", "1l")
)


# --------------------------------------------------------------------- gradient descent


def descend(case, rate="lr", extra=0, sign=-1, graph="new", one_by_one=False):
    """Parameters after gradient descent on the probe's quadratic, as a list of arrays."""
    params = [np.array(x, dtype=float) for x in case["params"]]
    steps = max(case["num_iters"] + extra, 0)
    rates = {"lr": case["lr"], "one": 1.0, "squared": case["lr"] ** 2, "tiny": 0.01, "tenth": 0.1}

    def gradient(at):
        total = sum(np.sum(x) for x in at)
        return [
            a * (x - t) + case["coupling"] * total
            for a, x, t in zip(case["a"], at, case["targets"])
        ]

    step = gradient(params)
    for i in range(steps):
        if graph == "new":
            step = gradient(params)
        if one_by_one:
            for j in range(len(params)):
                params[j] = params[j] + sign * rates[rate] * gradient(params)[j]
            continue
        # a graph kept from step to step whose gradients are never cleared adds them up
        times = i + 1 if graph == "summed" else 1
        params = [x + sign * rates[rate] * times * s for x, s in zip(params, step)]
    return params


DESCENT = [
    # mistakes of one step, then those that need several
    ({"sign": 1}, "steps", "gradient_descent climbs: the step goes against the gradient."),
    ({"rate": "one"}, "steps", "gradient_descent ignores the learning rate: its steps are those of "
     "lr = 1."),
    ({"rate": "one", "sign": 1}, "steps", "gradient_descent climbs, and ignores the learning "
    "rate."),
    ({"rate": "squared"}, "steps", "gradient_descent multiplies by the learning rate twice."),
    ({"rate": "tiny"}, "steps", "gradient_descent uses a learning rate of its own, 0.01."),
    ({"rate": "tenth"}, "steps", "gradient_descent uses a learning rate of its own, 0.1."),
    ({"extra": 1}, "steps", "gradient_descent makes one step too many (num_iters + 1)."),
    ({"extra": -1}, "steps", "gradient_descent makes one step too few (num_iters − 1)."),
    ({"graph": "old"}, "steps", "Every step of gradient_descent uses the gradient of the start: "
     "compute the loss, and so the graph, again in each iteration."),
    ({"graph": "summed"}, "steps", "The gradients add up from step to step: compute the loss, and "
     "so the graph, again in each iteration."),
    ({"one_by_one": True}, "steps", "The parameters are moved one after the other, each with a "
     "gradient that knows the others' new values: compute all gradients first."),
]  # fmt: skip


def judge_training(verdict, cases, results, commands):
    pairs = list(zip(cases, results))
    plain = [pair for pair in pairs if not pair[0].get("beyond")]
    judge_descents(verdict, *zip(*plain))
    if commands and not (verdict.faults["steps"] or verdict.faults["in place"]):
        shapes = [Seen(result["result"]).shape for _, result in plain]
        if shapes != [(case["num_iters"] + 1,) for case, _ in plain]:
            verdict.notes.append(
                "params are trained. But gradient_descent should also return the list of the "
                "losses, at first and after each step: the commands logreg and neural print it."
            )
    for case, result in pairs:
        if case.get("beyond") and not (verdict.faults["steps"] or verdict.faults["in place"]):
            other = Verdict(verdict.task)
            judge_descents(other, [case], [result])
            if not other.passed:
                verdict.notes.append(
                    f"With num_iters = {case['num_iters']}: {other.messages[0]} No points depend "
                    "on it."
                )


def judge_descents(verdict, cases, results):
    for result in results:
        if result["exception"] is not None:
            ends = "Does its loop end? Does it run num_iters times?"
            ends = ends if result["exception"]["type"] == "Endless" else ""
            text = raised("gradient_descent", result["exception"], ends)
            verdict.fault("steps", text)
            verdict.fault("in place", text)
            return
    finals = [[Seen(one) for one in result["params"]] for result in results]
    for case, final in zip(cases, finals):
        for one, x in zip(final, case["params"]):
            if len(final) != len(case["params"]) or one.shape != np.shape(x):
                text = "gradient_descent leaves parameters of another number or shape in the list."
                verdict.fault("steps", text)
                verdict.fault("in place", text)
                return
    finals = [[one.array for one in final] for final in finals]
    if alike(finals, [descend(case) for case in cases]):
        return
    unmoved = alike(finals, [case["params"] for case in cases])
    if unmoved:
        returned = [result["returned"] and decode(result["returned"]) for result in results]
        if any(r["count"]["loss"] for r in results) and not any(
            r["count"]["backward"] for r in results
        ):
            called = any(r["count"]["called"] for r in results)
            verdict.fault(
                "steps",
                "The gradients that gradient_descent uses are all zero: "
                + (
                    "call compute_grad() of the loss node, which begins with the gradient 1. Its "
                    "backward() does that one node only."
                    if called
                    else "the backward pass, compute_grad() of the loss node, must come first."
                ),
            )
            return
        if not any(result["count"]["loss"] for result in results):
            text = (
                "gradient_descent never computes the loss, and leaves the parameters as they are."
            )
            verdict.fault("steps", text)
            verdict.fault("in place", text)
            return
        text = (
            "gradient_descent leaves the list params as it was. Put the new values into the "
            "entries of the list; p = ... inside a loop only changes the name p."
        )
        verdict.fault("in place", text)
        # The steps can still be judged if the new values are returned.
        if all(returned):
            finals = [[one.array for one in each] for each in returned]
            if alike(finals, [descend(case) for case in cases]):
                return
        else:
            verdict.fault("steps", text)
            return
    elif partly(cases, finals):
        verdict.fault(
            "in place",
            "gradient_descent moves the arrays but not the single numbers: p -= ... changes an "
            "array in place, but of a number it makes a new one. Assign to params[i].",
        )
        return
    for options, part, text in DESCENT:
        if alike(finals, [descend(case, **options) for case in cases]):
            verdict.fault(part, text)
            return
    verdict.fault(
        "steps",
        f"After {cases[0]['num_iters']} step from {show(cases[0]['params'][0])} with lr = "
        f"{cases[0]['lr']:g} the first parameter is {show(finals[0][0])}, expected "
        f"{show(descend(cases[0])[0])}.",
    )


def alike(finals, rights):
    return all(close(a, r) for final, right in zip(finals, rights) for a, r in zip(final, right))


def partly(cases, finals):
    """Whether single numbers have stayed where they were while arrays have moved rightly."""
    case, final = cases[0], finals[0]
    right = descend(case)
    return all(
        close(a, r) if np.ndim(x) else close(a, x) for a, r, x in zip(final, right, case["params"])
    )
