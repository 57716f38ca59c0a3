"""What a function's arguments must be: each raises one ValueError that names what is wrong.

Three of them are those of `hwlib.kmeans`, which must run on its own.
"""

from numbers import Real

import numpy as np

from hwlib.kmeans import as_generator, as_whole, require  # noqa: F401 (others take it from here)


def as_real(name, value, low):
    """Return the value, a number of at least low."""
    fits = isinstance(value, Real) and low <= value < np.inf
    require(fits, f"{name} is {value!r}; expected a number of at least {low}, and finite")
    return value


def as_array(name, value, *shape):
    """Return the value as float64, of this shape, where a letter stands for any length."""
    wanted = ", ".join(map(str, shape)) + "," * (len(shape) == 1)
    expected = f"expected ({wanted}), with one row at least"
    try:
        given = np.asarray(value)
        require(given.dtype.kind in "biufO", f"it holds {given.dtype}")
        masked = getattr(value, "mask", False)  # a table of pandas has a method of this name
        require(callable(masked) or not np.any(masked), "some of them are masked")
        array = given.astype(np.float64, copy=False)
    except (OverflowError, TypeError, ValueError) as error:
        raise ValueError(f"{name} is not an array of real numbers, {expected}: {error}") from None
    fits = array.ndim == len(shape) and array.size > 0
    fits = fits and all(want in (have, "n", "k", "d") for have, want in zip(array.shape, shape))
    require(fits, f"{name} has shape {array.shape}; {expected}")
    return array


# ---- of a mixture of Bernoulli distributions ----------------------------------------------------


def as_examples(X):
    """Return X as float64, if it holds nothing but 0 and 1."""
    X = as_array("X", X, "n", "d")
    wrong = (X != 0) & (X != 1)
    if wrong.any():
        i, j = np.argwhere(wrong)[0]
        raise ValueError(f"X holds {X[i, j]} in row {i}, column {j}; expected only 0 and 1")
    return X


def as_mixture(X, pi, W):
    """Return X, and parameters that fit it."""
    X = as_examples(X)
    W = as_array("W", W, "k", X.shape[1])
    fits = W.min() >= 0 and W.max() <= 1
    require(fits, f"W reaches from {W.min()} to {W.max()}; expected probabilities in [0, 1]")
    return X, as_distributions("pi", pi, len(W)), W


def as_distributions(name, value, *shape):
    """Return the value, probabilities that sum to 1 along the last axis."""
    p = as_array(name, value, *shape)
    fits = p.min() >= 0 and np.all(np.abs(p.sum(axis=-1) - 1) < 1e-6)
    require(fits, f"{name} has sums unlike 1 or numbers below 0; expected probabilities")
    return p


def as_weights(weights, n):
    """Return the weights of n examples; None stands for ones."""
    weights = np.ones(n) if weights is None else as_array("weights", weights, n)
    fits = weights.min() >= 0 and 0 < weights.sum() < np.inf
    require(fits, "weights are unusable; expected finite numbers >= 0, not all of them 0")
    return weights


def check_fit(X, k, restarts, tol, max_iter, weights):
    """Return the weights, and how much a step must gain for another one to follow."""
    weights = as_weights(weights, len(X))
    for name, count in {"k": k, "restarts": restarts, "max_iter": max_iter}.items():
        as_whole(name, count, 1)
    distinct = len(np.unique(X[weights > 0], axis=0))
    most = f"expected at most {distinct}, the number of distinct rows of X"
    require(k <= distinct, f"k is {k}; {most}")
    return weights, as_real("tol", tol, 0) * weights.sum()
