"""Checks of arguments: what comes back can be computed with, and anything else is a ValueError."""

import math
import numbers

import numpy as np

HUGE = 1e150  # squares of anything larger may overflow


def as_matrix(values, name, like=None, rows=None):
    """Return a table of numbers as float64, with as many columns as `like` and as many `rows`.

    Column by column in memory, so that each coordinate of all points lies in one piece.
    """
    try:
        matrix = np.asarray(values, dtype=float, order="F")
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a table of numbers, rows of equal length") from None
    if matrix.ndim != 2 or not matrix.size:
        raise ValueError(f"{name} must have rows and columns, not the shape {matrix.shape}")
    if like is not None and matrix.shape[1] != like.shape[1]:
        sides = f"{like.shape[1]} columns as X has, not {matrix.shape[1]}"
        raise ValueError(f"{name} must have {sides}")
    if rows is not None and len(matrix) != rows:
        raise ValueError(f"{name} must have {rows} rows, not {len(matrix)}")
    if not (-HUGE < matrix.min() and matrix.max() < HUGE):
        raise ValueError(f"{name} must be finite and below {HUGE:g} in size; it has other values")
    return matrix


def as_weights(values, X):
    """Return weights, one for each row of X, as float64; None stands for ones."""
    if values is None:
        return np.broadcast_to(1.0, len(X))
    weights = as_matrix([values], "weights")[0]
    if len(weights) != len(X) or weights.min() <= 0:
        raise ValueError(f"weights must be {len(X)} positive numbers, one for each row of X")
    return weights


def as_assignments(values, X, centroids):
    """Return the number of a centroid for each row of X, as an array of integers."""
    assignments = np.asarray(values)
    whole = assignments.shape == (len(X),) and assignments.dtype.kind in "iu"
    if not whole or assignments.min() < 0 or assignments.max() >= len(centroids):
        wanted = f"{len(X)} integers 0 ... {len(centroids) - 1}, one for each row of X"
        raise ValueError(f"assignments must be {wanted}")
    return assignments


def whole_number(name, value, low, high=math.inf):
    """Return an integer of any type as int, if it lies between the bounds."""
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or not low <= value <= high:
        wanted = f"from {low} to {high}" if high < math.inf else f"and at least {low}"
        raise ValueError(f"{name} must be a whole number {wanted}, not {value!r}")
    return int(value)


def generator(rng):
    """Return a numpy generator as it is; an integer seeds a RandomState."""
    if isinstance(rng, (np.random.RandomState, np.random.Generator)):
        return rng
    return np.random.RandomState(whole_number("rng, if no numpy generator,", rng, 0, 2**32 - 1))
