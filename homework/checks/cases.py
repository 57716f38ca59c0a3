"""What the checks run a student's functions on.

The notebooks' checks draw them with seed 0, an autograder with another. They are chosen so that no
two formulas that people confuse agree on all of them. A case marked "beyond" has sizes or values
that the handout does not ask for: it earns a note at most.
"""

import numpy as np

from .judges.clustering import history


def some(rng, *shape, low=0.3, high=3.0):
    """Numbers with one decimal, of random sign, none near zero; a numpy float64 without a shape."""
    size = rng.uniform(low, high, shape).round(1)
    return (size * rng.choice([-1.0, 1.0], shape))[()]


def positive(rng, *shape, low=0.3, high=3.0):
    """Positive numbers with one decimal."""
    return np.float64(rng.uniform(low, high, shape).round(1))[()]


# -------------------------------------------------------------------------- question 1


def log_cases(rng):
    xs = [np.float64(0.4), positive(rng, low=1.3), positive(rng, low=3.2, high=9), np.float64(1e-3)]
    return [{"x": x, "g": some(rng, low=1.5), "start_x": some(rng)} for x in xs]


def sigmoid_cases(rng):
    xs = [some(rng, high=2), some(rng, high=2), positive(rng, low=2, high=4)]
    extreme = [np.float64(-720.0), np.float64(rng.choice([-736.0, -730.0])), np.float64(800.0)]
    return [
        {"x": x, "g": some(rng, low=1.5), "start_x": some(rng), "extreme": x in extreme}
        for x in xs + extreme
    ]


def dot_cases(rng):
    cases = []
    for d in (3, 2, 4):
        cases.append({"x": some(rng, d), "v": some(rng, d), "g": some(rng, low=1.5)})
    same = some(rng, 3)
    cases.append({"x": same, "v": same, "g": some(rng, low=1.5), "same": True})
    for case in cases:
        start = some(rng, len(case["x"]))
        case["start_x"] = start
        case["start_v"] = start if case.get("same") else some(rng, len(case["x"]))
    return cases


def matrix_cases(rng):
    return [
        {
            "M": some(rng, p, d),
            "v": some(rng, d),
            "g": some(rng, p, low=1.2),
            "start_M": some(rng, p, d),
            "start_v": some(rng, d),
        }
        for p, d in [(3, 2), (2, 4), (2, 2), (3, 3)]
    ]


def numerical_cases(rng):
    return [
        {"function": "product", "inputs": [some(rng, 3), some(rng), some(rng, 2, 3)]}
        for _ in range(2)
    ]


def check_1_cases(rng):
    cases = [{"a": [3.0, 2.0], "b": [-2.0, 7.0], "c": [1.0, -4.0]}]
    while len(cases) < 4:
        a, b, c = some(rng, 2), some(rng, 2), some(rng, 2)
        # both products positive and not small: swapping b and c then gives a value, not an error
        if a @ b > 1.2 and 0.2 < a @ c < 3:
            cases.append({"a": a, "b": b, "c": c})
    cases = [{name: np.array(x) for name, x in case.items()} for case in cases]
    return {"cases": cases, "numerical": numerical_cases(rng)}


def check_2_cases(rng):
    cases = [{"M": np.array([[2.0, -1.0], [0.0, 3.0]]), "v": np.array([1.0, -3.0])}]
    while len(cases) < 4:
        d = 3 if len(cases) == 3 else 2
        M, v = some(rng, d, d), some(rng, d)
        u = M @ v
        # some entries of Mv on either side of 0, and once a negative vᵀMv
        if np.abs(u).min() > 0.2 and u.min() < 0 < u.max() and (len(cases) != 2 or v @ u < -1):
            cases.append({"M": M, "v": v, "beyond": d == 3})
    return {"cases": cases}


def examples(rng, n, d):
    labels = [1, -1, 1, -1, -1, 1, -1][:n]
    return [(some(rng, d), y) for y in labels]


def logistic_cases(rng):
    losses = [
        {"dataset": examples(rng, n, 2), "w": some(rng, 2, high=1.5), "b": some(rng, high=1.5)}
        for n in (4, 5, 3)
    ]
    # one example far on the wrong side: σ is about 1e-300 there, and its loss 690
    far = [(np.array([-700.0, 10.0]), 1), (np.array([1.0, 2.0]), -1)]
    losses.append({"dataset": far, "w": np.array([1.0, 1.0]), "b": np.float64(-0.5)})
    descents = []
    for steps, lr in ((1, 0.1), (7, 0.05), (0, 0.1), (4, 0.2)):
        descents.append(
            {
                "params": [some(rng, 2), some(rng), some(rng, 2, 3)],
                "targets": [some(rng, 2), some(rng), some(rng, 2, 3)],
                "a": [0.5, 1.5, 0.8],
                "coupling": 0.3,
                "lr": lr,
                "num_iters": steps,
                "beyond": steps == 0,
            }
        )
    return {"losses": losses, "descents": descents}


def network_cases(rng):
    losses = []
    for n, d, h in ((4, 2, 3), (5, 2, 3), (3, 3, 2)):
        while True:
            case = {
                "dataset": examples(rng, n, d),
                "W": some(rng, h, d, high=1.5),
                "b": some(rng, h, high=1.5),
                "v": some(rng, h, high=1.5),
                "c": some(rng, high=1.5),
                "beyond": (d, h) != (2, 3),
            }
            pre = np.array([case["W"] @ x + case["b"] for x, _ in case["dataset"]])
            scores = np.maximum(pre, 0) @ case["v"] + case["c"]
            if np.abs(pre).min() > 0.05 and pre.min() < 0 < pre.max():
                if np.abs(scores).min() > 0.1 and scores.min() < 0 < scores.max():
                    break
        losses.append(case)
    # XOR with a hidden unit that gets exactly 0, where ReLU has a corner
    corner = {
        "dataset": [(np.array(x), y) for x, y in zip(XOR, (-1, -1, 1, 1))],
        "W": np.array([[0.5, -0.3], [-0.8, 0.6], [0.9, 1.1]]),
        "b": np.array([0.0, 0.4, -0.2]),
        "v": some(rng, 3, high=1.5),
        "c": some(rng, high=1.5),
        "corner": True,
    }
    return {"losses": [*losses, corner]}


XOR = ([0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0])

# -------------------------------------------------------------------------- question 2


def kmeans_cases(rng):
    centers = np.array([[-4.0, 3.0], [3.0, 4.0], [1.0, -5.0]])
    cloud = np.concatenate([c + 1.9 * rng.standard_normal((25, 2)) for c in centers])
    cloud = cloud[rng.permutation(len(cloud))].round(2)
    seeds = rng.randint(1000, size=4).tolist()
    wide = (rng.standard_normal((60, 3)) * [3, 2, 1] + [5, -2, 1]).round(2)
    few = np.concatenate([c + 0.5 * rng.standard_normal((20, 2)) for c in centers[:2]])
    few = few[rng.permutation(len(few))].round(2)
    pixels = np.concatenate([rng.normal(c, 25, (20, 3)) for c in (40, 130, 215)])
    pixels = pixels.clip(0, 255).astype(np.uint8)
    twice = np.array([[0.0, 0.0], [6.0, 2.0]])[np.arange(9) % 2]
    t = np.linspace(0, 1, 300)
    curve = (np.stack([30 * t**2, 10 * t], axis=1) + rng.uniform(-0.1, 0.1, (300, 2))).round(2)
    cases = [
        {"name": "plane", "X": cloud, "k": 3, "seed": seeds[0]},
        {"name": "plane", "X": cloud, "k": 5, "seed": seeds[1]},
        {"name": "space", "X": wide, "k": 2, "seed": seeds[2]},
        {"name": "curve", "X": curve, "k": 8, "seed": slow(rng, curve, 8)},
        {"name": "small", "X": few, "k": 2, "seed": 3},
        {"name": "large", "X": np.tile(few, (50, 1)), "k": 2, "seed": 3},
        {"name": "pixels", "X": pixels.astype(np.float32), "k": 3, "seed": seeds[0]},
        {"name": "empty", "X": twice, "k": 3, "seed": mixed(rng, twice, 3)},
        {"name": "uint8", "X": pixels, "k": 3, "seed": seeds[0]},
        {"name": "one", "X": wide, "k": 1, "seed": seeds[3]},
    ]
    hard, more = ("pixels", "empty"), ("uint8", "one")
    return [
        {**case, "hard": case["name"] in hard + more, "beyond": case["name"] in more}
        for case in cases
    ]


def slow(rng, X, k):
    """A seed from which k-means takes more than 25 rounds: a fixed number of few shows."""
    while True:
        seed = int(rng.randint(1000))
        if len(history({"X": X, "k": k, "seed": seed})) > 50:
            return seed


def mixed(rng, X, k):
    """A seed whose first centroids are not all the same point."""
    while True:
        seed = int(rng.randint(1000))
        drawn = np.random.RandomState(seed).choice(np.arange(len(X)), k, replace=False)
        if len(np.unique(X[drawn], axis=0)) > 1:
            return seed


# -------------------------------------------------------------------------- question 3


def mixture(rng, n, d, k):
    X = (rng.uniform(size=(n, d)) < 0.5) * 1.0
    pi = rng.dirichlet(np.full(k, 4.0))
    return {"X": X, "pi": pi, "W": rng.uniform(0.1, 0.9, (k, d)).round(2)}


def e_step_cases(rng):
    cases = [mixture(rng, n, d, k) for n, d, k in ((6, 4, 3), (5, 3, 2), (3, 5, 4), (3, 3, 3))]
    exact = mixture(rng, 4, 3, 2)
    exact["X"] = np.array([[1.0, 0, 1], [1, 1, 0], [0, 0, 1], [0, 1, 1]])
    exact["W"] = np.array([[1.0, 0.3, 0.6], [0.4, 0.7, 0.2]])
    exact["name"] = "exact"
    deep = mixture(rng, 3, 10_000, 2)
    deep["W"] = np.clip(deep["W"], 0.3, 0.7)
    deep["name"] = "deep"
    return [*cases, exact, deep]


def posterior(rng, n, k):
    return rng.dirichlet(np.full(k, 0.8), size=n)


def ecll_cases(rng):
    cases = []
    for n, d, k in ((6, 4, 3), (5, 3, 2), (4, 5, 2)):
        case = mixture(rng, n, d, k)
        cases.append({**case, "responsibilities": posterior(rng, n, k)})
    exact = e_step_cases(rng)[4]
    r = np.array([[0.6, 0.4], [0.5, 0.5], [0.0, 1.0], [0.0, 1.0]])
    return [*cases, {**exact, "responsibilities": r}]


def m_step_cases(rng):
    cases = []
    for n, d, k in ((7, 4, 3), (6, 3, 2), (4, 5, 4), (4, 4, 4)):
        X = (rng.uniform(size=(n, d)) < 0.6) * 1.0
        cases.append({"X": X, "responsibilities": posterior(rng, n, k)})
    empty = {"X": np.array([[1.0, 0], [0, 1], [1, 1]]), "name": "empty"}
    empty["responsibilities"] = np.array([[0.3, 0.7, 0.0], [0.9, 0.1, 0.0], [0.4, 0.6, 0.0]])
    return [*cases, empty]
