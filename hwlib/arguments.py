"""What a function's arguments must be: each raises one ValueError that names what is wrong."""

from numbers import Integral

import numpy as np


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


def number(name, value, kind, low, high=np.inf):
    """Return `value`, a `numbers.Integral` or `numbers.Real` with low <= value < high."""
    if not isinstance(value, kind) or isinstance(value, bool) or not low <= value < high:
        wanted = "an integer" if kind is Integral else "a number"
        raise ValueError(f"{name} is {value!r}; expected {wanted} >= {low} and < {high}")
    return value


def generator(rng):
    """Return `rng` if it is a generator of numpy's, or a RandomState with `rng` as its seed."""
    if isinstance(rng, (np.random.RandomState, np.random.Generator)):
        return rng
    return np.random.RandomState(number("rng", rng, Integral, 0, 2**32))
