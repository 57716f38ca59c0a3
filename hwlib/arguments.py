"""What a function's arguments must be: each raises one ValueError that names what is wrong."""

from numbers import Integral

import numpy as np

HUGE = 1e150  # squares of anything larger may overflow


def number(name, value, kind, low, high=np.inf):
    """Return `value`, a `numbers.Integral` or `numbers.Real` from `low` to `high`, and finite."""
    fits = isinstance(value, kind) and not isinstance(value, bool)
    if not fits or not low <= value <= high or value == np.inf:
        wanted = "an integer" if kind is Integral else "a number"
        finite = "" if kind is Integral else ", and finite"
        bounds = f"from {low} to {high}" if high < np.inf else f"of at least {low}{finite}"
        raise ValueError(f"{name} is {value!r}; expected {wanted} {bounds}")
    return value


def generator(rng):
    """Return `rng` if it is a generator of numpy's, or a RandomState with `rng` as its seed."""
    if isinstance(rng, (np.random.RandomState, np.random.Generator)):
        return rng
    return np.random.RandomState(number("rng", rng, Integral, 0, 2**32 - 1))


def array(name, value, shape, dtype=np.float64):
    """Return `value` as an array of the given shape, where None stands for any length from 1 on."""
    expected = "shape (" + ", ".join("any" if want is None else str(want) for want in shape) + ")"
    try:
        array = np.asarray(value, dtype=dtype)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is not an array of numbers; expected {expected}") from None
    fits = [have == want or (want is None and have > 0) for want, have in zip(shape, array.shape)]
    if array.ndim != len(shape) or not all(fits):
        raise ValueError(f"{name} has shape {array.shape}; expected {expected} (any: 1 or more)")
    return array


def as_points(name, value, shape=(None, None)):
    """Return points, one in a row, as float64: finite, and not too large to be squared."""
    X = array(name, value, shape)
    if not (-HUGE < X.min() and X.max() < HUGE):
        raise ValueError(f"{name} must be finite and below {HUGE:g} in size; it has other values")
    return X


def as_weights(value, n):
    """Return positive weights of n points as float64; None stands for ones."""
    if value is None:
        return np.broadcast_to(1.0, n)
    weights = array("weights", value, (n,))
    if not (weights.min() > 0 and weights.max() < HUGE):
        raise ValueError(f"weights must be {n} positive numbers, one for each row of X")
    return weights


def as_clustering(X, centroids, weights=None):
    """Return points, centroids with as many coordinates, and the points' weights."""
    X = as_points("X", X)
    centroids = as_points("centroids", centroids, (None, X.shape[1]))
    return X, centroids, as_weights(weights, len(X))


def as_assignments(value, n, k):
    """Return the clusters of n points, 0 ... k-1, as integers."""
    assignments = np.asarray(value)
    whole = assignments.shape == (n,) and assignments.dtype.kind in "iu"
    if not whole or assignments.min() < 0 or assignments.max() >= k:
        wanted = f"{n} integers 0 ... {k - 1}, one for each row of X"
        raise ValueError(f"assignments must be {wanted}")
    return assignments
