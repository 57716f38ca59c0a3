"""Nodes that are right, to stand in for a student's own.

With these, one wrong node does not spoil the tasks that build on it. Each can also be made wrong
on purpose, in its value or in its backward pass: what a student has measured follows the first
and ignores the second.
"""

import numpy as np


def sigmoid(z):
    left = np.real(z) < 0
    e = np.exp(np.where(left, z, -np.asarray(z)))
    return np.where(left, e, 1.0) / (1.0 + e)


def log(x):
    # the complex logarithm of a negative number is finite, but no derivative of ours
    return np.log(x) + np.where(np.real(x) > 0, 0.0, np.nan) * (1j if np.iscomplexobj(x) else 1.0)


def dot(x, v):
    return np.sum(x * v)


def matrix_vector(M, v):
    return np.sum(M * v, axis=1)


FORWARD = {"LogNode": log, "SigmoidNode": sigmoid, "DotNode": dot, "MVMulNode": matrix_vector}


def stand_in(forward, Base, run_backward, share=1.0):
    """Return a class of nodes that computes `forward` and finds its derivative by itself.

    The derivative is the imaginary part at a tiny imaginary step (a "complex step"). `share`
    other than 1 makes the backward pass wrong by that factor.
    """

    class StandIn(Base):
        def __init__(self, *children):
            self.children = children
            self.value = np.float64(1.0) * forward(*[child.value for child in children])
            self.topo_order = children[0].topo_order
            self.zero_grad()
            self.topo_order.append(self)

        def zero_grad(self):
            self.grad = np.zeros(np.shape(self.value))[()]

        def backward(self):
            for position, child in enumerate(self.children):
                gradient = np.zeros(np.shape(child.value))
                for index in np.ndindex(gradient.shape):
                    moved = [np.array(each.value, dtype=complex) for each in self.children]
                    step = 1e-10 * (abs(moved[position][index]) or 1.0)
                    moved[position][index] += 1j * step
                    change = np.imag(forward(*moved)) / step
                    gradient[index] = share * np.sum(self.grad * change)
                child.grad = child.grad + gradient[()]

        def compute_grad(self):
            run_backward(self, plain=True)

    return StandIn


def stand_ins(names, run_backward, scale=1.0, share=1.0):
    """Return right nodes by name; `scale` and `share` make the value or the gradient wrong."""
    Base = names.get("Node")
    Base = Base if isinstance(Base, type) else object

    def scaled(forward):
        return lambda *values: scale * forward(*values)

    return {
        name: stand_in(scaled(forward), Base, run_backward, share)
        for name, forward in FORWARD.items()
    }
