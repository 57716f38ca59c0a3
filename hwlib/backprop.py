"""Backpropagation from first principles, on numpy alone.

A formula is built out of `Node` objects. Building it is the forward pass: every node computes its
value when it is made and enters itself in the list `topo_order` of its graph, so children stand
before their parents. `compute_grad` walks the list backward and lets every node add its share to
the gradients of its children.

    python3 backprop.py grad_check_1                    also grad_check_2
    python3 backprop.py logreg -d simple                also -d xor
    python3 backprop.py neural -d xor

Source: Rumelhart, Hinton & Williams, Nature 323 (1986), 533-536. Bad input raises ValueError.
"""

import argparse
import math
import os
import sys
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np

EPSILON = 1e-8  # the step of the numerical gradient
SIMPLE_X, SIMPLE_Y = np.array([[2.0, 2.0], [1, 0], [1, 2], [0, -1]]), [1, 1, -1, -1]
XOR_X, XOR_Y = np.array([[0.0, 0.0], [1, 1], [1, 0], [0, 1]]), [-1, -1, 1, 1]
SIMPLE_DATASET, XOR_DATASET = list(zip(SIMPLE_X, SIMPLE_Y)), list(zip(XOR_X, XOR_Y))


def require(condition, message):
    """Raise ValueError with this message unless the condition holds."""
    if not condition:
        raise ValueError(message)


def sigmoid(z):
    """Return σ(z) = 1 / (1 + e^(−z)) of a number, or entry by entry; no exponential overflows.

    >>> sigmoid([-800, 0, 800]).tolist()
    [0.0, 0.5, 1.0]
    """
    z = np.asarray(z, dtype=np.float64)
    e = np.exp(-np.abs(z))  # at most 1
    result = np.where(z >= 0, 1 / (1 + e), e / (1 + e))
    return result[()]  # of a number, a number


class Node:
    """One operation in a computation graph, made from its result and its children.

    Attributes
    ----------
    value, grad : numpy.float64 or ndarray, of one shape
        The result u, and ∂y/∂u for the output y on which `compute_grad` was called.
    children : tuple of Node
    topo_order : list of Node
        All nodes of the graph, children before parents; one list for the whole graph.

    >>> x = InputNode(3, [])
    >>> y = x**2 + 5 * x
    >>> y.compute_grad()
    >>> y, x
    (AddNode(value=24.0, grad=1.0), InputNode(value=3.0, grad=11.0))
    """

    __array_ufunc__ = None  # numpy leaves np.float64(2) * node to __rmul__

    def __init__(self, value, *children):
        topo_order = children[0].topo_order
        same = all(child.topo_order is topo_order for child in children)
        way = "; give all InputNodes of a graph the same topo_order"
        self.require(same, f"n1 and n2 are of two different graphs{way}")
        self.enter(topo_order, value, children)

    def enter(self, topo_order, value, children):
        """Enter the node in its graph, with a gradient of zero."""
        self.topo_order, self.value, self.children = topo_order, value, children
        topo_order.append(self)
        self.zero_grad()

    def zero_grad(self):
        """Set `grad` to zero, in the shape of `value`."""
        self.grad = np.zeros(self.value.shape)[()]

    def backward(self):
        """Add this node's share to the gradient of each child, given `self.grad`."""
        raise NotImplementedError(f"{type(self).__name__} has no backward()")

    def compute_grad(self):
        """Set `grad` of every node in the graph, anew; the output is this node, a scalar."""
        kind = f"this {type(self).__name__} has shape {self.value.shape}"
        rule = f"compute_grad: the output must be a scalar, {kind}"
        require(self.value.ndim == 0, rule)
        for node in self.topo_order:
            node.zero_grad()
        self.grad = np.float64(1.0)
        for node in reversed(self.topo_order):
            node.backward()  # a node made after this one passes on 0

    def require(self, condition, rule):
        """Raise ValueError with the node's name and the rule unless the condition holds."""
        require(condition, f"{type(self).__name__}: {rule}")

    def require_same_shape(self, n1, n2):
        """Raise ValueError unless both nodes have the same shape."""
        a, b = n1.value.shape, n2.value.shape
        self.require(a == b, f"n1 and n2 must have the same shape, got {a} and {b}")

    def __repr__(self):
        return f"{type(self).__name__}(value={self.value.tolist()}, grad={self.grad.tolist()})"

    def __add__(self, other):
        if not isinstance(other, Node):
            other = InputNode(np.full(self.value.shape, other), self.topo_order)
        return AddNode(self, other)

    def __mul__(self, other):
        return MulNode(self, other) if isinstance(other, Node) else ConstantMulNode(self, other)

    def __pow__(self, power):
        return PowerNode(self, power)

    __radd__, __rmul__ = __add__, __mul__


class InputNode(Node):
    """A number, vector or matrix that is given: finite, copied as float64.

    An empty list as `topo_order` begins a new graph.
    """

    def __init__(self, value, topo_order):
        number = np.array(value, dtype=np.float64)[()]
        self.require(np.isfinite(number).all(), f"value must be finite, got {value}")
        self.enter(topo_order, number, ())

    def backward(self):
        pass  # no children, nothing to pass on


class AddNode(Node):
    """u = n1 + n2, for two scalars or two arrays of one shape."""

    def __init__(self, n1, n2):
        self.require_same_shape(n1, n2)
        super().__init__(n1.value + n2.value, n1, n2)

    def backward(self):
        n1, n2 = self.children
        n1.grad += self.grad
        n2.grad += self.grad


class MulNode(Node):
    """u = n1 · n2, for two scalars, or entry by entry for two arrays of one shape."""

    def __init__(self, n1, n2):
        self.require_same_shape(n1, n2)
        super().__init__(n1.value * n2.value, n1, n2)

    def backward(self):
        n1, n2 = self.children
        n1.grad += self.grad * n2.value
        n2.grad += self.grad * n1.value


class PowerNode(Node):
    """u = x^p, entry by entry, for a fixed number p; where that has a finite derivative."""

    def __init__(self, n, power):
        x, self.power = n.value, power
        self.require(math.isfinite(power), f"power must be finite, got {power}")
        smooth = (x > 0) | (x < 0) & (power == int(power)) | (x == 0) & (power >= 1)
        self.require(smooth.all(), f"{x} to the power {power} has no finite derivative")
        super().__init__(x**power, n)

    def backward(self):
        (n,) = self.children
        n.grad += self.grad * self.power * n.value ** (self.power - 1)


class ConstantMulNode(Node):
    """u = a · x, for a fixed number a; x is a scalar or an array."""

    def __init__(self, n, a):
        self.require(math.isfinite(a), f"a must be finite, got {a}")
        super().__init__(a * n.value, n)
        self.a = a

    def backward(self):
        (n,) = self.children
        n.grad += self.grad * self.a


class ReluNode(Node):
    """u = max(x, 0), entry by entry; the derivative at 0 is taken as 0."""

    def __init__(self, n):
        super().__init__(np.maximum(n.value, 0.0), n)

    def backward(self):
        (n,) = self.children
        n.grad += self.grad * (n.value > 0)


class LogNode(Node):
    """u = log(x), the natural logarithm of what is positive."""

    def __init__(self, n):
        self.require(np.all(n.value > 0), f"n must be positive, got {n.value}")
        super().__init__(np.log(n.value), n)

    def backward(self):
        (n,) = self.children
        n.grad += self.grad / n.value


class SigmoidNode(Node):
    """u = σ(x)."""

    def __init__(self, n):
        super().__init__(sigmoid(n.value), n)

    def backward(self):
        (n,) = self.children
        n.grad += self.grad * self.value * (1 - self.value)


class DotNode(Node):
    """u = xᵀv, for two vectors of one length."""

    def __init__(self, n1, n2):
        a, b = n1.value.shape, n2.value.shape
        rule = "n1 and n2 must be vectors of one length, got shapes"
        self.require(len(a) == 1 and a == b, f"{rule} {a} and {b}")
        super().__init__(n1.value @ n2.value, n1, n2)

    def backward(self):
        n1, n2 = self.children
        n1.grad += self.grad * n2.value
        n2.grad += self.grad * n1.value


class MVMulNode(Node):
    """u = Mv, for a matrix M (p × d) and a vector v (length d)."""

    def __init__(self, M, v):
        a, b = M.value.shape, v.value.shape
        rule = "M must be a matrix (p, d), v a vector of length d, got shapes"
        self.require(len(a) == 2 and a[1:] == b, f"{rule} {a} and {b}")
        super().__init__(M.value @ v.value, M, v)

    def backward(self):
        M, v = self.children
        M.grad += np.outer(self.grad, v.value)
        v.grad += M.value.T @ self.grad


class GradientCheck(NamedTuple):
    """A function's value, two lists with its gradient at each input, and how far these differ."""

    value: np.float64
    backprop: list
    numerical: list
    max_difference: np.float64
    output: Node  # its topo_order is the whole graph


def numerical_gradient(f, inputs, epsilon=EPSILON, central=False):
    """Approximate the gradient of f by moving one coordinate at a time.

    ``f(*inputs)`` is a number. An input is a number or an array, and its gradient
    has the same shape. The difference is forward, (f(x + ε) − f(x)) / ε, or
    central, (f(x + ε) − f(x − ε)) / 2ε, whose error is O(ε²).
    """
    fits = isinstance(epsilon, Real) and 0 < epsilon < math.inf
    require(fits, f"epsilon must be positive and finite, got {epsilon!r}")
    inputs = [np.array(x, dtype=np.float64) for x in inputs]
    gradients = [np.zeros(x.shape) for x in inputs]
    back = epsilon if central else 0.0
    for x, gradient in zip(inputs, gradients):
        for index in np.ndindex(x.shape):
            original = x[index]
            x[index] = original + epsilon
            above = f(*[each.copy()[()] for each in inputs])
            x[index] = original - back
            below = f(*[each.copy()[()] for each in inputs])
            x[index] = original
            gradient[index] = (above - below) / (epsilon + back)
    return [gradient[()] for gradient in gradients]


def compare_gradients(build_graph, inputs, epsilon=EPSILON):
    """Return a `GradientCheck` of ``build_graph(*inputs) -> (input_nodes, output_node)``."""
    with np.errstate(all="ignore"):  # one error below, not a warning for each node
        nodes, output = build_graph(*inputs)
        output.compute_grad()
        backprop = [node.grad for node in nodes]
        numerical = numerical_gradient(lambda *x: build_graph(*x)[1].value, inputs, epsilon)
        largest = max(np.abs(g - n).max() for g, n in zip(backprop, numerical))
    too_large = any(np.isinf(each).any() for each in [output.value, *backprop])
    require(not too_large, "the value or a gradient is too large for a float")
    return GradientCheck(output.value, backprop, numerical, largest, output)


def gradient_check_1(a=(3, 2), b=(-2, 7), c=(1, -4), epsilon=EPSILON):
    """Return the `GradientCheck` of f(a, b, c) = log(aᵀb) − 3σ(aᵀc)."""

    def build_graph(a, b, c):
        topo_order = []
        a, b, c = inputs = [InputNode(x, topo_order) for x in (a, b, c)]
        logarithm = LogNode(DotNode(a, b))
        probability = SigmoidNode(DotNode(a, c))
        return inputs, AddNode(logarithm, ConstantMulNode(probability, -3))

    return compare_gradients(build_graph, [a, b, c], epsilon)


def gradient_check_2(M=((2, -1), (0, 3)), v=(1, -3), epsilon=EPSILON):
    """Return the `GradientCheck` of f(M, v) = vᵀ ReLU(Mv)."""

    def build_graph(M, v):
        topo_order = []
        M, v = inputs = [InputNode(x, topo_order) for x in (M, v)]
        return inputs, DotNode(v, ReluNode(MVMulNode(M, v)))

    return compare_gradients(build_graph, [M, v], epsilon)


def make_logistic_regression(dataset):
    """Return a function that builds the graph of a loss.

    The dataset is a list of examples (x, y): x has shape (d,), y is +1 or −1. The
    loss L(w, b) adds up −log σ(y (wᵀx + b)) over them. The function is called as
    ``compute_loss(w, b) -> ([w_node, b_node], loss_node)``.
    """
    dataset = as_dataset(dataset)

    def compute_loss(w, b):
        topo_order = []
        params = [InputNode(value, topo_order) for value in (w, b)]
        w, b = params
        log_likelihood = InputNode(0.0, topo_order)
        for x, y in dataset:
            x = InputNode(x, topo_order)
            score = AddNode(DotNode(w, x), b)
            probability = SigmoidNode(ConstantMulNode(score, y))
            log_likelihood = AddNode(log_likelihood, LogNode(probability))
        return params, ConstantMulNode(log_likelihood, -1)

    return compute_loss


def make_neural_network(dataset):
    """Return ``compute_loss(W, b, v, c)`` for a network with one hidden layer.

    Its loss adds up −log σ(y (vᵀ ReLU(W x + b) + c)) over the examples (x, y). W
    has shape (h, d), b and v have (h,), and c is a number. The rest is as in
    `make_logistic_regression`.
    """
    dataset = as_dataset(dataset)

    def compute_loss(W, b, v, c):
        topo_order = []
        params = [InputNode(value, topo_order) for value in (W, b, v, c)]
        W, b, v, c = params
        log_likelihood = InputNode(0.0, topo_order)
        for x, y in dataset:
            x = InputNode(x, topo_order)
            hidden = ReluNode(AddNode(MVMulNode(W, x), b))
            score = AddNode(DotNode(v, hidden), c)
            probability = SigmoidNode(ConstantMulNode(score, y))
            log_likelihood = AddNode(log_likelihood, LogNode(probability))
        return params, ConstantMulNode(log_likelihood, -1)

    return compute_loss


def as_dataset(dataset):
    """Return the examples (x, y) with each x as float64, or say what is wrong with them."""
    dataset = [(np.array(x, dtype=np.float64), y) for x, y in dataset]
    require(dataset, "dataset must hold at least one example (x, y), got none")
    vectors = "dataset: each x must be a vector of finite numbers, all of one length"
    for x, y in dataset:
        fits = x.ndim == 1 and x.shape == dataset[0][0].shape and np.isfinite(x).all()
        require(fits, f"{vectors}, got {x.tolist()}")
        require(y in (1, -1), f"dataset: each y must be 1 or -1, got {y!r}")
    return dataset


def gradient_descent(loss_fn, params, lr, num_iters):
    """Minimize a loss: num_iters times, θ ← θ − lr · ∇L(θ).

    ``loss_fn(*params) -> (param_nodes, loss_node)`` builds the graph of the loss.
    The entries of the list params, numbers or arrays, are replaced by the trained
    ones. Return the list of losses: at first, and after each step. It ends early
    if training diverges, that is, if the next loss is not a finite number.
    """
    lists = isinstance(params, list)
    require(lists, f"params must be a list, to be updated, got {params!r}")
    positive = isinstance(lr, Real) and 0 < lr < math.inf
    require(positive, f"lr must be positive and finite, got {lr!r}")
    whole = isinstance(num_iters, Integral) and num_iters >= 0
    rule = f"num_iters must be a whole number, at least 0, got {num_iters!r}"
    require(whole, rule)
    with np.errstate(all="ignore"):  # a diverging run overflows on its way
        nodes, loss = loss_fn(*params)
        finite = math.isfinite(loss.value)
        require(finite, f"params: the loss at first is {loss.value}")
        history = [loss.value]
        for _ in range(num_iters):
            loss.compute_grad()
            moved = [node.value - lr * node.grad for node in nodes]
            try:
                nodes, loss = loss_fn(*moved)
            except ValueError:  # a parameter is infinite, or some P is 0
                break
            if not math.isfinite(loss.value):
                break
            params[:] = moved
            history.append(loss.value)
    return history


def initial_logistic_regression():
    """Return the initial values [w, b] of the logistic regression: zero."""
    return [np.zeros(2), np.float64(0.0)]


def initial_neural_network():
    """Return the initial values [W, b, v, c] of the network: small and without symmetry."""
    W = np.array([[-0.01, 0.07], [0.17, 0.00], [-0.04, -0.11]])
    return [W, np.array([-0.02, -0.14, 0.05]), np.array([0.05, 0.14, 0.12]), np.float64(-0.02)]


def print_check(check, names):
    """Print both gradients of a `GradientCheck` of a function of these variables."""
    print(f"f({', '.join(names)}) = {check.value:.6f}")
    for name, backprop, numerical in zip(names, check.backprop, check.numerical):
        print(f"gradient with respect to {name}")
        print(f"  backpropagation: {backprop.tolist()}")
        print(f"  numerical:       {numerical.tolist()}")
    print(f"largest difference: {check.max_difference:.1e}")


def print_training(make, params, names, dataset, lr, num_iters):
    """Train; print losses, parameters and predictions; return whether all steps were done."""
    history = gradient_descent(make(dataset), params, lr, num_iters)
    print(f"initial loss: {history[0]:z.6f}")  # z: -1 times a sum of 0 would print as -0
    print(f"final loss:   {history[-1]:z.6f} (after {len(history) - 1} steps)")
    for name, param in zip(names, params):
        print(f"{name} = {np.round(param, 4).tolist()}")
    for x, y in dataset:
        _, loss = make([(x, 1)])(*params)  # of the one example (x, +1): -log P(y = +1 | x)
        print(f"x = {x.tolist()}, y = {y:+d}: P(y = +1 | x) = {np.exp(-loss.value):.4f}")
    return len(history) == num_iters + 1


def main(argv=None):
    """Run one command; return 0, or 1 if training diverged (2: bad arguments)."""
    text = "Backpropagation from first principles."
    parser = argparse.ArgumentParser("backprop.py", usage=argparse.SUPPRESS, description=text)
    commands = ["grad_check_1", "grad_check_2", "logreg", "neural"]
    parser.add_argument("command", choices=commands, help="what to check or to train")
    parser.add_argument("-d", "--dataset", choices=["simple", "xor"], help="what to train on")
    parser.add_argument("--lr", type=float, help="learning rate (1.0 for logreg, 0.1 for neural)")
    parser.add_argument("--iters", type=int, default=1000, help="number of steps (1000)")
    args = parser.parse_args(argv)
    checks = {"grad_check_1": (gradient_check_1, "abc"), "grad_check_2": (gradient_check_2, "Mv")}
    if args.command in checks:
        check, names = checks[args.command]
        print_check(check(), names)
        return 0
    if args.dataset is None:
        parser.error("the following arguments are required: -d/--dataset")
    model, lr = (make_logistic_regression, initial_logistic_regression(), "wb"), 1.0
    if args.command == "neural":
        model, lr = (make_neural_network, initial_neural_network(), "Wbvc"), 0.1
    lr = lr if args.lr is None else args.lr
    dataset = SIMPLE_DATASET if args.dataset == "simple" else XOR_DATASET
    try:
        finished = print_training(*model, dataset, lr, args.iters)
    except ValueError as error:
        parser.error(str(error))
    if finished:
        return 0
    print(f"{parser.prog}: training diverged, try an --lr below {lr}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    try:
        status = main()
        print(end="", flush=True)
    except OSError as error:  # the output's reader, such as head, has left, or a disk is full
        if not isinstance(error, BrokenPipeError):
            print(error.strerror, file=sys.stderr)
        os._exit(1)  # what is left unwritten would fail once more
    sys.exit(status)
