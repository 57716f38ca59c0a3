"""What the figures need computed: runs and measurements that are not part of an algorithm.

Nothing here draws, and nothing here is needed to solve the homework.
"""

import itertools
from typing import NamedTuple

import numpy as np

from hwlib.backprop import numerical_gradient, sigmoid

# ------------------------------------------------------------------------- the error of differences


DIFFERENCES = ["forward", "central"]


def difference_errors(f, inputs, gradients, epsilons):
    """Measure the largest error of the numerical gradient for each step ε.

    Parameters
    ----------
    f : callable
        ``f(*inputs) -> float``.
    inputs : list of ndarray
    gradients : list of ndarray
        The gradient to compare with, as backpropagation finds it.
    epsilons : sequence of float

    Returns
    -------
    dict
        For "forward" and "central", an ndarray with one error for each ε.
    """

    def odd_part(*moved):  # (f(x + h) − f(x − h)) / 2: its forward difference is f's central one
        mirrored = [2 * x - each for x, each in zip(inputs, moved)]
        return (f(*moved) - f(*mirrored)) / 2

    return {
        difference: np.array([
            max(
                np.abs(numerical - exact).max()
                for numerical, exact in zip(numerical_gradient(g, inputs, epsilon), gradients)
            )
            for epsilon in epsilons
        ])
        for difference, g in zip(DIFFERENCES, [f, odd_part])
    }  # fmt: skip


def expected_error(difference, epsilon):
    """Return the order of the two errors of a difference: (truncation, rounding).

    Truncation is the next term of Taylor's series, ε or ε² times a constant near 1; rounding is
    the 16th digit of f, 10⁻¹⁶, divided by ε.
    """
    return epsilon if difference == "forward" else epsilon**2, 1e-16 / epsilon


def follows_from_taylor(difference, epsilon):
    """Return whether rounding is at most a hundredth of a difference's error.

    Such an error is a property of the function. Any other is noise: it is of the order of
    `expected_error`, and what it is exactly depends on the processor.
    """
    truncation, rounding = expected_error(difference, epsilon)
    return truncation >= 100 * rounding


# ------------------------------------------------------------------------- the forms of the sigmoid


LOG_10 = np.log(10)


def sigmoid_forms(x):
    """Compute σ(x) and σ'(x) in several forms that are equal on paper.

    Parameters
    ----------
    x : float or ndarray

    Returns
    -------
    values : dict
        σ(x) by "stable" (`hwlib.backprop.sigmoid`), "e⁻ˣ": 1 / (1 + e⁻ˣ) and "eˣ": eˣ / (1 + eˣ).
    derivatives : dict
        σ'(x) by "u": u (1 − u), with u from the stable form, and "x": e⁻ˣ / (1 + e⁻ˣ)².
    """
    x = np.asarray(x, dtype=float)
    u = sigmoid(x)
    with np.errstate(all="ignore"):  # what overflows here is to be seen, not to be warned of
        e_plus, e_minus = np.exp(x), np.exp(-x)
        values = {"stable": u, "e⁻ˣ": 1 / (1 + e_minus), "eˣ": e_plus / (1 + e_plus)}
        derivatives = {"u": u * (1 - u), "x": e_minus / (1 + e_minus) ** 2}
    return values, derivatives


def exact_log10(x):
    """Return log₁₀ of σ(x) and of σ'(x), computed without ever leaving the logarithms."""
    x = np.asarray(x, dtype=float)
    small = np.log1p(np.exp(-np.abs(x)))  # log(1 + e^−|x|)
    return (np.minimum(x, 0) - small) / LOG_10, (-np.abs(x) - 2 * small) / LOG_10


# ----------------------------------------------------------------------------------------- training


def network_scores(params, X):
    """Return vᵀ ReLU(Wx + b) + c for each row of X."""
    X, W, b, v, c = (np.asarray(each, dtype=float) for each in (X, *params))
    return np.maximum(X @ W.T + b, 0) @ v + c


# ------------------------------------------------------------------- many starts of the XOR network


FOUR_LOG_2 = 4 * np.log(2)
TOGETHER = 0.08  # a final loss within this of a plateau counts as having come to it
PLATEAUS = {
    "2 log 2": 2 * np.log(2),
    "3 log 3 − 2 log 2": 3 * np.log(3) - 2 * np.log(2),
    "4 log 2": FOUR_LOG_2,
}


class ManyRuns(NamedTuple):
    """Training runs of one network from many starts, side by side.

    params : list of W (r, h, d), b (r, h), v (r, h) and c (r,) at the end, for r runs;
    losses : ndarray (num_iters + 1, r), the loss of each run at the start and after each step;
    on_before, on_after : ndarray (r, h), whether some example switches the unit on.
    """

    params: list
    losses: np.ndarray
    on_before: np.ndarray
    on_after: np.ndarray


def random_starts(rng, runs, hidden, scale):
    """Return W, b, v, c for many networks on the plane: normal numbers, times a scale.

    Parameters
    ----------
    rng : numpy.random.Generator
    runs, hidden : int
        Number of starts, and of hidden units.
    scale : float
        Standard deviation of every initial value.

    Returns
    -------
    list of ndarray, shapes (runs, hidden, 2), (runs, hidden), (runs, hidden), (runs,)
    """
    shapes = (runs, hidden, 2), (runs, hidden), (runs, hidden), (runs,)
    return [scale * rng.standard_normal(shape) for shape in shapes]


def train_many(params, dataset, lr, num_iters):
    """Do gradient descent for many networks at once, with the backward rules written by hand.

    Parameters
    ----------
    params : list of ndarray
        W (r, h, d), b (r, h), v (r, h), c (r,): one entry for each of r runs; left unchanged.
    dataset : list of (x, y)
    lr : float
    num_iters : int

    Returns
    -------
    ManyRuns
        Equal, run by run, to `hwlib.backprop.gradient_descent` up to rounding.
    """
    W, b, v, c = (np.array(each, dtype=float) for each in params)
    X = np.array([x for x, _ in dataset], dtype=float)
    y = np.array([y for _, y in dataset], dtype=float)

    losses, on = [], []
    while True:
        before = W @ X.T + b[..., None]  # (run, unit, example)
        hidden = np.maximum(before, 0)
        margin = y * (np.einsum("rh,rhi->ri", v, hidden) + c[:, None])
        losses.append(np.logaddexp(0, -margin).sum(axis=1))
        on.append((before > 0).any(axis=2))
        if len(losses) > num_iters:
            return ManyRuns([W, b, v, c], np.array(losses), on[0], on[-1])
        g = -y * sigmoid(-margin)  # gradient of each score
        g_before = (before > 0) * v[..., None] * g[:, None]
        v = v - lr * np.einsum("ri,rhi->rh", g, hidden)
        c = c - lr * g.sum(axis=1)
        W = W - lr * g_before @ X
        b = b - lr * g_before.sum(axis=2)


def outcomes(losses):
    """Sort final losses on XOR into solved, the plateaus, and what is none of these.

    Below log 2 every example has P > 1/2 for its label, so all four are right.

    Returns
    -------
    dict of ndarray of bool
        For "solved", each plateau and "elsewhere".
    """
    found = {"solved": losses < np.log(2)}
    for name, plateau in PLATEAUS.items():
        found[name] = np.abs(losses - plateau) < TOGETHER
    return found | {"elsewhere": ~np.any(list(found.values()), axis=0)}


def half_way(runs):
    """Return the first step by which half of the runs that solve XOR have been below loss 1."""
    solved = runs.losses[:, outcomes(runs.losses[-1])["solved"]]
    first = np.sort(np.argmax(solved < 1, axis=0))
    return int(first[(len(first) - 1) // 2])


# ----------------------------------------------------------------------------------------- clusters


def same_clusters(W, other):
    """Return, for each row of W, the row of `other` that it is, under the best renaming.

    All k! renamings are tried, so that no row is used twice; k is small here.
    """
    W, other = np.asarray(W, dtype=float), np.asarray(other, dtype=float)
    return list(
        min(
            itertools.permutations(range(len(W))),
            key=lambda order: np.abs(other[list(order)] - W).sum(),
        )
    )
