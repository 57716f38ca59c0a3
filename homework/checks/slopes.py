"""A numerical gradient to stand in for a student's, where another task is looked at."""

import numpy as np


def slopes(f, inputs, epsilon=1e-7, **ignored):
    """Return the numerical gradient of f with respect to each input."""
    inputs = [np.array(x, dtype=np.float64) for x in inputs]
    start = float(f(*[x[()] for x in inputs]))
    result = []
    for i, x in enumerate(inputs):
        moved = np.repeat(x[None], x.size, axis=0).reshape(x.size, x.size)
        moved = (moved + epsilon * np.eye(x.size)).reshape((x.size,) + x.shape)
        values = [float(f(*[*inputs[:i], each[()], *inputs[i + 1 :]])) for each in moved]
        result.append(((np.array(values) - start) / epsilon).reshape(x.shape)[()])
    return result
