"""What a function's arguments must be: each raises one ValueError that names what is wrong.

`hwlib.kmeans`, which must run on its own, holds its own copy of three of these.
"""

from numbers import Integral, Real

import numpy as np


def require(condition, message):
    """Raise ValueError with this message unless the condition holds."""
    if not condition:
        raise ValueError(message)


def as_whole(name, value, low, high=np.inf):
    """Return the value, an integer from low to high."""
    whole = isinstance(value, Integral) and not isinstance(value, bool) and low <= value <= high
    bounds = f"of at least {low}" if high == np.inf else f"from {low} to {high}"
    require(whole, f"{name} is {value!r}; expected an integer {bounds}")
    return value


def as_real(name, value, low):
    """Return the value, a number of at least low."""
    fits = isinstance(value, Real) and low <= value < np.inf
    require(fits, f"{name} is {value!r}; expected a number of at least {low}, and finite")
    return value


def as_generator(rng):
    """Return rng if it is a generator of numpy's, or a RandomState with rng as its seed."""
    if isinstance(rng, (np.random.RandomState, np.random.Generator)):
        return rng
    return np.random.RandomState(as_whole("rng", rng, 0, 2**32 - 1))


def as_array(name, value, *shape):
    """Return the value as float64, of this shape, where a letter stands for any length."""
    expected = f"expected ({', '.join(map(str, shape))}), with one row at least"
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} is not an array of numbers, {expected}: {error}") from None
    fits = array.ndim == len(shape) and array.size > 0
    fits = fits and all(want in (have, "n", "k", "d") for have, want in zip(array.shape, shape))
    require(fits, f"{name} has shape {array.shape}; {expected}")
    return array
