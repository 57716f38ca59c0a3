"""Judge of question 3's formulas as code: E step, expected complete log-likelihood, M step."""

import numpy as np

from ..verdict import Seen, Verdict, close, explain, formula_right, raised, show


def logs(case, missing=None):
    """log P(x_i, Z_i = c), shape (n, k), with 0 · log 0 = 0."""
    X, W = case["X"], case["W"]
    with np.errstate(divide="ignore", invalid="ignore"):
        ones = np.where(X[:, None, :] == 1, np.log(W)[None], 0.0).sum(axis=2)
        zeros = np.where(X[:, None, :] == 0, np.log(1 - W)[None], 0.0).sum(axis=2)
        prior = np.log(case["pi"])
    return (
        (0 if missing == "ones" else ones)
        + (0 if missing == "zeros" else zeros)
        + (0 if missing == "pi" else prior)
    ) + np.zeros(ones.shape)


def normalized(log_joint, axis):
    scaled = np.exp(log_joint - log_joint.max())
    return scaled / scaled.sum(axis=axis, keepdims=True)


def run_of(task, function, arguments):
    """Put around the judgment of results that of exceptions and of changed inputs."""

    def decorate(judge_cases):
        def judge(inputs, results):
            verdict = Verdict(task)
            for case, result in zip(inputs, results):
                if result["exception"] is not None:
                    name = case.get("name")
                    what = f"{function}({arguments})" + (f" ({NAMES[name]})" if name else "")
                    text = raised(what, result["exception"], shape_hint(result["exception"]))
                    if name:
                        verdict.fault("extremes", text)
                    else:
                        verdict.fault_all(text)
                        return verdict
            if any(result["changed"] for result in results):
                verdict.fault("formula", f"{function} changes the arrays that it is given.")
            judge_cases(
                verdict, [(c, r) for c, r in zip(inputs, results) if r["exception"] is None]
            )
            return verdict

        return judge

    return decorate


NAMES = {
    "exact": "with entries of W that are exactly 0 or 1",
    "deep": "with d = 10,000",
    "empty": "with a cluster that no example belongs to",
}


def shape_hint(exception):
    if "broadcast" in exception["text"] or "matmul" in exception["text"]:
        return (
            "Compare the shapes: X is (n, d), W (k, d), π (k,), r (n, k). Is a sum taken along "
            "the wrong axis, or a transposition missing?"
        )
    return ""


def e_step(case, terms, sums, form):
    log_joint = logs(case, None if terms == "right" else terms)
    r = {
        "clusters": lambda: normalized(log_joint, 1),
        "examples": lambda: normalized(log_joint, 0),
        "all": lambda: normalized(log_joint, None),
        "none": lambda: np.exp(log_joint),
    }[sums]()
    return {"r": lambda: r, "log": lambda: np.log(r), "T": lambda: r.T, "hard": lambda: hard(r)}[
        form
    ]()


def hard(r):
    return (r == r.max(axis=1, keepdims=True)) * 1.0


E_STEP = {
    "terms": {
        "right": None,
        "pi": "The prior π_c is missing from Bayes' rule.",
        "zeros": "The factor (1 − W_cj)^(1 − x_ij) is missing: the zeros of an example say "
        "something, too.",
        "ones": "The factor W_cj^(x_ij) is missing: the ones of an example say something, too.",
    },
    "sums": {
        "clusters": None,
        "examples": "The responsibilities are normalized over the wrong axis: those of one "
        "example sum to 1 over the clusters c, not those of one cluster over the examples.",
        "all": "The responsibilities are divided by one sum over everything; each example has its "
        "own.",
        "none": "The responsibilities are not normalized: divide by the sum over the clusters (the "
        "denominator of Bayes' rule).",
    },
    "form": {
        "r": None,
        "log": "These are the logarithms of the responsibilities.",
        "T": "The responsibilities come out transposed: expected (n, k), a row for each example.",
        "hard": "Each example goes to one cluster entirely; EM keeps the probabilities.",
    },
}


def first_part(result):
    parts = result["result"]["parts"]
    return Seen(parts[0] if parts else None)


@run_of("3a", "e_step", "X, pi, W")
def judge_3a(verdict, pairs):
    seen = {id(case): first_part(result) for case, result in pairs}
    plain = [case for case, _ in pairs if not case.get("name")]
    arrays = [seen[id(case)].array for case in plain]
    said = explain(plain, arrays, e_step, E_STEP)
    if said is None:
        wanted = (len(plain[0]["X"]), len(plain[0]["pi"]))
        first = seen[id(plain[0])]
        if first.shape != wanted:
            verdict.fault(
                "formula", f"e_step returns {first}; expected an array of shape {wanted}."
            )
        else:
            i = next(i for i, a in enumerate(arrays) if not close(a, normalized(logs(plain[i]), 1)))
            sums = arrays[i].sum(axis=1)
            extra = "" if np.allclose(sums, 1) else f" Its rows sum to {show(sums)}, not to 1."
            verdict.fault("formula", f"The responsibilities are wrong.{extra}")
    for text in (said or {}).values():
        verdict.fault("formula", text)
    if verdict.faults["formula"]:
        return
    for case, result in pairs:
        name = case.get("name")
        if not name:
            continue
        log_joint = logs(case)
        right = np.exp(log_joint - log_joint.max(axis=1, keepdims=True))
        right /= right.sum(axis=1, keepdims=True)
        array = seen[id(case)].array
        cause = {
            "exact": "log 0 is -inf, and 0 · log 0 becomes NaN",
            "deep": "a product of 10,000 probabilities underflows to 0: add up logarithms, and "
            "subtract the largest before the exponential",
        }[name]
        if not close(array, right, 1e-5, 1e-9):
            if array is not None and not np.all(np.isfinite(array)):
                text = f"The responsibilities are NaN {NAMES[name]}: {cause}."
            else:
                text = f"The responsibilities are wrong {NAMES[name]}: {cause}."
            verdict.fault("extremes", text)
        elif result["warnings"]:
            verdict.fault(
                "extremes", f"numpy warns {NAMES[name]} ({result['warnings'][0]}): {cause}."
            )


def ecll(case, terms, weight, reduce, sign):
    log_joint = logs(case, None if terms == "right" else terms)
    r = case["responsibilities"]
    with np.errstate(invalid="ignore"):
        table = {
            "r": lambda: np.where(r > 0, r * np.where(r > 0, log_joint, 0), 0.0),
            "none": lambda: log_joint,
            "outside": lambda: np.log((r * np.exp(log_joint)).sum(axis=1)),
            "entropy": lambda: np.where(r > 0, r * (log_joint - np.log(np.where(r > 0, r, 1))), 0),
            "evidence": lambda: np.log(np.exp(log_joint).sum(axis=1)),
            "hard": lambda: hard(r) * log_joint,
        }[weight]()
    total = {
        "sum": lambda: table.sum(),
        "mean": lambda: table.sum() / len(r),
        "all": lambda: table.mean(),
        "rows": lambda: table.sum(axis=1),
        "table": lambda: table,
    }[reduce]()
    return -total if sign == "minus" else total


ECLL = {
    "terms": {
        "right": None,
        "pi": "The term log π_c is missing.",
        "zeros": "The term (1 − x_ij) log(1 − W_cj) is missing.",
        "ones": "The term x_ij log W_cj is missing.",
    },
    "weight": {
        "r": None,
        "none": "The r_ic are missing: each term is weighted with the probability of its cluster.",
        "outside": "The logarithm is taken of the sum over the clusters; here it stands inside "
        "the sum: first the logarithm, then weigh with r_ic and add up.",
        "evidence": "This is the log-likelihood, with the logarithm of the sum over the clusters; "
        "the expected complete log-likelihood has the logarithm inside the sum, weighted with "
        "r_ic.",
        "entropy": "This is the lower bound with the entropy of the r_ic; the expected complete "
        "log-likelihood has no term r_ic log r_ic.",
        "hard": "Only the most probable cluster of each example counts; all do, weighted with "
        "r_ic.",
    },
    "reduce": {
        "sum": None,
        "mean": "The sum is divided by the number of examples.",
        "all": "The sum is divided by the number of terms.",
        "rows": "A number for each example comes out: the sum over the examples is missing.",
        "table": "A table comes out: the sums over examples and clusters are missing.",
    },
    "sign": {"plus": None, "minus": "The sign is wrong: logarithms of probabilities are negative."},
}


@run_of("3b", "expected_complete_log_likelihood", "X, responsibilities, pi, W")
def judge_3b(verdict, pairs):
    seen = {id(case): first_part(result) for case, result in pairs}
    plain = [case for case, _ in pairs if not case.get("name")]
    arrays = [seen[id(case)].array for case in plain]
    said = explain(plain, arrays, ecll, ECLL)
    if said is None:
        first, right = arrays[0], ecll(plain[0], "right", "r", "sum", "plus")
        if first is None or first.shape != ():
            verdict.fault("formula", f"{seen[id(plain[0])]} comes out; expected one number.")
        else:
            verdict.fault(
                "formula", f"It is {show(first)} in the first check, expected {show(right)}."
            )
    for text in (said or {}).values():
        verdict.fault("formula", text)
    if verdict.faults["formula"]:
        return
    for case, result in pairs:
        if case.get("name"):
            right = ecll(case, "right", "r", "sum", "plus")
            if not close(seen[id(case)].array, right):
                verdict.fault(
                    "extremes",
                    f"It is {show(seen[id(case)].array)} {NAMES['exact']}, expected "
                    f"{show(right)}: log 0 is -inf, and 0 · log 0 becomes NaN; a term with weight "
                    "0 counts as 0.",
                )
            elif result["warnings"]:
                verdict.fault(
                    "extremes",
                    f"numpy warns {NAMES['exact']} ({result['warnings'][0]}): a logarithm of 0 is "
                    "taken.",
                )


def m_step_W(case, total, form):
    X, r = case["X"], case["responsibilities"]
    r = hard(r) if form == "hard" else r
    ones = r.T @ X
    n, k = r.shape
    with np.errstate(invalid="ignore", divide="ignore"):
        W = {
            "N_c": lambda: ones / r.sum(axis=0)[:, None],
            "n": lambda: ones / n,
            "none": lambda: ones,
            "k": lambda: ones / k,
            "rows": lambda: ones / r.sum(axis=1)[:, None],
            "ones": lambda: ones / X.sum(axis=0),
            "row of W": lambda: ones / ones.sum(axis=1, keepdims=True),
        }[total]()
    return {"W": W, "T": W.T, "hard": W, "zeros": 1 - W}[form]


M_STEP_W = {
    "total": {
        "N_c": None,
        "n": "W is divided by n, the number of all examples; each cluster has its own weight N_c.",
        "none": "W is not divided by anything: it is the number of ones that cluster c is given, "
        "not yet their share. (The r_ic of one example sum to 1 over the clusters: to divide by "
        "that sum changes nothing.)",
        "k": "W is divided by the number of clusters; each cluster has its own weight N_c.",
        "rows": "The r_ic are summed over the wrong axis for the division: N_c sums over the "
        "examples i, not over the clusters.",
        "ones": "W is divided by how often x_j is 1 in all examples; each cluster has its own "
        "weight N_c.",
        "row of W": "The rows of W are made to sum to 1; each W_cj is a probability of its own.",
    },
    "form": {
        "W": None,
        "T": "W comes out transposed: expected (k, d), a row for each cluster.",
        "hard": "Each example counts for its most probable cluster only; it counts for all, with "
        "r_ic.",
        "zeros": "W holds the share of zeros; W_cj is the probability of a one.",
    },
}


def m_step_pi(case, total, form):
    X, r = case["X"], case["responsibilities"]
    r = hard(r) if form == "hard" else r
    N = r.sum(axis=0)
    n, k = r.shape
    return {
        "n": lambda: N / n,
        "none": lambda: N,
        "k": lambda: N / k,
        "d": lambda: N / X.shape[1],
        "ones": lambda: N / X.sum(),
        "rows": lambda: r.sum(axis=1),
        "row means": lambda: r.mean(axis=1),
        "rows / n": lambda: r.sum(axis=1) / n,
        "uniform": lambda: np.full(k, 1 / k),
        "column": lambda: (N / n)[:, None],
    }[total]()


M_STEP_PI = {
    "total": {
        "n": None,
        "none": "π is not normalized: these are the weights N_c of the clusters, and they sum to "
        "n, not to 1.",
        "k": "π is divided by the number of clusters, and does not sum to 1.",
        "d": "π is divided by the number of entries of an example, and does not sum to 1.",
        "ones": "π is divided by the number of ones in X, and does not sum to 1.",
        "rows": "The r_ic are summed over the wrong axis: π_c needs the sum over the examples i.",
        "row means": "The r_ic are averaged over the wrong axis: π_c needs the mean over the "
        "examples i.",
        "rows / n": "The r_ic are summed over the wrong axis: π_c needs the sum over the examples "
        "i.",
        "uniform": "π is the same for all clusters, whatever the r_ic are.",
        "column": "π is a table of one column; expected shape (k,).",
    },
    "form": {
        "soft": None,
        "hard": "Each example counts for its most probable cluster only; it counts for all, with "
        "r_ic.",
    },
}


def judge_m_step(task, which, formula, choices):
    name = ["π", "W"][which]

    @run_of(task, "m_step", "X, responsibilities")
    def judge(verdict, pairs):
        for _, result in pairs:
            if result["result"]["length"] != 2:
                verdict.fault_all("m_step must return the pair (pi, W).")
                return
        cases = [case for case, _ in pairs]
        both = [[Seen(one) for one in result["result"]["parts"]] for _, result in pairs]
        shapes = [(one[0].shape, one[1].shape) for one in both]
        if all(a is not None and b is not None and len(a) == 2 and len(b) == 1 for a, b in shapes):
            verdict.fault("formula", "m_step returns (W, pi); expected (pi, W), π first.")
            both = [one[::-1] for one in both]
        seen = [one[which] for one in both]
        plain = [i for i, case in enumerate(cases) if not case.get("name")]
        said = explain([cases[i] for i in plain], [seen[i].array for i in plain], formula, choices)
        if said is None:
            first, case = seen[plain[0]], cases[plain[0]]
            right = formula_right(formula, case, choices)
            if first.shape != right.shape:
                verdict.fault("formula", f"{name} is {first}; expected shape {right.shape}.")
            else:
                i = next(
                    i
                    for i in plain
                    if not close(seen[i].array, formula_right(formula, cases[i], choices))
                )
                verdict.fault(
                    "formula",
                    f"{name} is wrong: it begins with {show(np.ravel(seen[i].array)[:3])}, "
                    f"expected {show(np.ravel(formula_right(formula, cases[i], choices))[:3])}.",
                )
        for text in (said or {}).values():
            verdict.fault("formula", text)
        for i, case in enumerate(cases):
            if case.get("name") and not verdict.faults["formula"]:
                judge_empty(verdict, case, seen[i], pairs[i][1])

    def judge_empty(verdict, case, one, result):
        right = formula_right(formula, case, choices)
        here = np.isfinite(right)
        array = one.array
        if array is None or array.shape != right.shape or not np.all(np.isfinite(array)):
            text = f"{name} is NaN {NAMES['empty']}: 0/0. Any probability will do for its row."
            verdict.fault("extremes", text)
        elif not close(array[here], right[here]) or array.min() < 0 or array.max() > 1:
            verdict.fault("extremes", f"{name} is wrong {NAMES['empty']}.")
        elif result["warnings"] and which == 1:
            verdict.fault("extremes", f"numpy warns {NAMES['empty']} ({result['warnings'][0]}).")

    return judge


judge_3c = judge_m_step("3c", 1, m_step_W, M_STEP_W)
judge_3d = judge_m_step("3d", 0, m_step_pi, M_STEP_PI)
