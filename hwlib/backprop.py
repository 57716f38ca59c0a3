"""Backpropagation from first principles, on numpy alone.

A formula is built out of nodes. Each computes its value when it is made: that is the forward pass.
It also enters itself in its graph's list `topo_order`, so children stand before their parents.
`compute_grad` walks the list backward: each node adds its share to the gradients of its children.

    python3 backprop.py grad_check_1            also grad_check_2
    python3 backprop.py logreg -d simple        also neural, and -d xor

Source: Rumelhart, Hinton & Williams, Nature 323 (1986), 533-536. Bad input raises ValueError.
"""

import argparse
import os
import sys
from collections import namedtuple
from numbers import Integral, Real

import numpy as np

EPSILON = 1e-8  # the step of the numerical gradient
SIMPLE_DATASET = list(zip(np.array([[2.0, 2.0], [1, 0], [1, 2], [0, -1]]), [1, 1, -1, -1]))
XOR_DATASET = list(zip(np.array([[0.0, 0.0], [1, 1], [1, 0], [0, 1]]), [-1, -1, 1, 1]))
# f's value, two lists with its gradient at each input, how far these differ, and f's node
GradientCheck = namedtuple("GradientCheck", "value backprop numerical max_difference output")


def require(condition, message, *got):
    """Raise ValueError unless the condition holds: this message, and what was got instead."""
    if not condition:
        raise ValueError(f"{message}, got {' and '.join(map(str, got))}" if got else message)


def require_positive(name, value):
    """Raise ValueError unless the value is a number above 0, and finite."""
    fits = isinstance(value, Real) and 0 < value < np.inf
    require(fits, f"{name} must be positive and finite", repr(value))


def sigmoid(z):
    """Return σ(z) = 1 / (1 + e^(−z)) of a number, or entry by entry; no exponential overflows."""
    z = np.asarray(z, dtype=np.float64)
    e = np.exp(-np.abs(z))  # at most 1
    return np.where(z >= 0, 1 / (1 + e), e / (1 + e))[()]


class Node:
    """One operation in a computation graph, made from its result and its children.

    `value` is its result u. After y.compute_grad(), `grad` is ∂y/∂u, of the same shape. `children`
    is a tuple of nodes, `topo_order` the list of all nodes of the graph, children before parents.

    >>> x = InputNode(3, [])
    >>> y = x**2 + 5 * x
    >>> y.compute_grad()
    >>> y, x
    (AddNode(value=24.0, grad=1.0), InputNode(value=3.0, grad=11.0))
    """

    def __init__(self, value, *children, topo_order=None):
        self.value, self.children = value, children
        self.topo_order = children[0].topo_order if topo_order is None else topo_order
        same = all(child.topo_order is self.topo_order for child in children)
        require(same, f"{type(self).__name__} joins two graphs: give all InputNodes one topo_order")
        self.topo_order.append(self)
        self.zero_grad()

    def zero_grad(self):
        """Set `grad` to zero, in the shape of `value`."""
        self.grad = np.zeros(self.value.shape)[()]

    def backward(self):
        """Add this node's share to the gradient of each child, given `self.grad`."""
        if self.children:  # an input has nothing to pass on
            raise NotImplementedError(f"{type(self).__name__} has no backward()")

    def compute_grad(self):
        """Set `grad` of every node in the graph, anew; the output is this node, a scalar."""
        kind = f"{type(self).__name__} of shape {self.value.shape}"
        require(self.value.ndim == 0, "compute_grad needs a scalar", kind)
        for node in self.topo_order:
            node.zero_grad()
        self.grad = np.float64(1.0)
        for node in reversed(self.topo_order):
            node.backward()  # a node made after this one passes on 0

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
    __array_ufunc__ = None  # numpy leaves np.float64(2) * node to __rmul__


class InputNode(Node):
    """A finite number, vector or matrix, copied as float64; an empty topo_order begins a graph."""

    def __init__(self, value, topo_order):
        number = np.array(value, dtype=np.float64)[()]
        require(np.isfinite(number).all(), "InputNode needs a finite value", value)
        super().__init__(number, topo_order=topo_order)


class AddNode(Node):
    """u = n1 + n2, for two scalars or two arrays of one shape."""

    def __init__(self, n1, n2):
        a, b = n1.value.shape, n2.value.shape
        require(a == b, "AddNode needs equal shapes", a, b)
        super().__init__(n1.value + n2.value, n1, n2)

    def backward(self):
        n1, n2 = self.children
        n1.grad += self.grad
        n2.grad += self.grad


class MulNode(Node):
    """u = n1 · n2, for two scalars, or entry by entry for two arrays of one shape."""

    def __init__(self, n1, n2):
        a, b = n1.value.shape, n2.value.shape
        require(a == b, "MulNode needs equal shapes", a, b)
        super().__init__(n1.value * n2.value, n1, n2)

    def backward(self):
        n1, n2 = self.children
        n1.grad += self.grad * n2.value
        n2.grad += self.grad * n1.value


class PowerNode(Node):
    """u = x^p, entry by entry, for a fixed number p; where that has a finite derivative."""

    def __init__(self, n, power):
        x, self.power = n.value, power
        require(np.isfinite(power), "PowerNode needs a finite power", power)
        smooth = (x > 0) | (x < 0) & (power == int(power)) | (x == 0) & (power >= 1)
        require(smooth.all(), f"PowerNode needs a finite derivative of x^{power}", x)
        super().__init__(x**power, n)

    def backward(self):
        (n,) = self.children
        n.grad += self.grad * self.power * n.value ** (self.power - 1)


class ConstantMulNode(Node):
    """u = a · x, for a fixed number a; x is a scalar or an array."""

    def __init__(self, n, a):
        require(np.isfinite(a), "ConstantMulNode needs a finite a", a)
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
        require(np.all(n.value > 0), "LogNode needs n > 0", n.value)
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
        fits = len(a) == 1 and a == b
        require(fits, "DotNode needs two vectors of one length", a, b)
        super().__init__(n1.value @ n2.value, n1, n2)

    def backward(self):
        n1, n2 = self.children
        n1.grad += self.grad * n2.value
        n2.grad += self.grad * n1.value


class MVMulNode(Node):
    """u = Mv, for a matrix M (p × d) and a vector v (length d)."""

    def __init__(self, M, v):
        a, b = M.value.shape, v.value.shape
        fits = len(a) == 2 and a[1:] == b
        require(fits, "MVMulNode needs shapes (p, d) and (d,)", a, b)
        super().__init__(M.value @ v.value, M, v)

    def backward(self):
        M, v = self.children
        M.grad += np.outer(self.grad, v.value)
        v.grad += M.value.T @ self.grad


def numerical_gradient(f, inputs, epsilon=EPSILON):
    """Approximate the gradient of f by moving one coordinate at a time.

    ``f(*inputs)`` is a number. An input is a number or an array, and its gradient
    has the same shape: (f(x + ε) − f(x)) / ε, whose error is O(ε), for each entry.
    """
    require_positive("epsilon", epsilon)
    start = f(*[np.array(x, dtype=np.float64)[()] for x in inputs])
    gradients = [np.zeros(np.shape(x)) for x in inputs]
    for i, gradient in enumerate(gradients):
        for index in np.ndindex(gradient.shape):
            moved = [np.array(x, dtype=np.float64) for x in inputs]
            moved[i][index] += epsilon
            gradient[index] = (f(*[x[()] for x in moved]) - start) / epsilon
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
    """Return ``compute_loss(w, b) -> ([w_node, b_node], loss_node)``.

    It builds the graph of the loss, which adds up −log σ(y (wᵀx + b)) over the
    examples (x, y) of the dataset: x has shape (d,), and y is +1 or −1.
    """
    dataset = as_dataset(dataset)

    def compute_loss(w, b):
        topo_order = []
        w, b = params = [InputNode(x, topo_order) for x in (w, b)]
        log_likelihood = InputNode(0.0, topo_order)
        for x, y in dataset:
            x = InputNode(x, topo_order)
            score = AddNode(DotNode(w, x), b)
            probability = SigmoidNode(ConstantMulNode(score, y))
            log_likelihood = AddNode(log_likelihood, LogNode(probability))
        return params, ConstantMulNode(log_likelihood, -1)

    return compute_loss


def make_neural_network(dataset):
    """Return ``compute_loss(W, b, v, c)``, as `make_logistic_regression` does.

    The loss of this network, which has one hidden layer, adds up
    −log σ(y (vᵀ ReLU(W x + b) + c)). W has shape (h, d), b and v have (h,).
    """
    dataset = as_dataset(dataset)

    def compute_loss(W, b, v, c):
        topo_order = []
        W, b, v, c = params = [InputNode(x, topo_order) for x in (W, b, v, c)]
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
    for x, y in dataset:
        fits = x.ndim == 1 and x.shape == dataset[0][0].shape and np.isfinite(x).all()
        require(fits, "dataset: x must be finite vectors, all of one length", x.tolist())
        require(y in (1, -1), "dataset: each y must be 1 or -1", repr(y))
    return dataset


def gradient_descent(loss_fn, params, lr, num_iters):
    """Minimize a loss: num_iters times, θ ← θ − lr · ∇L(θ).

    ``loss_fn(*params) -> (param_nodes, loss_node)`` builds the graph of the loss.
    The trained values replace the entries of the list params. Return the losses,
    at first and after each step; training stops before one that is not finite.
    """
    require(isinstance(params, list), "params must be a list", params)
    require_positive("lr", lr)
    whole = isinstance(num_iters, Integral) and num_iters >= 0
    require(whole, "num_iters must be a whole number >= 0", repr(num_iters))
    with np.errstate(all="ignore"):  # a diverging run overflows on its way
        nodes, loss = loss_fn(*params)
        require(np.isfinite(loss.value), f"params: the loss is {loss.value}")
        history = [loss.value]
        for _ in range(num_iters):
            loss.compute_grad()
            moved = [node.value - lr * node.grad for node in nodes]
            try:
                nodes, loss = loss_fn(*moved)
                require(np.isfinite(loss.value), "the loss is not finite")
            except ValueError:  # a loss, parameter or logarithm is not finite
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


COMMANDS = {  # a function, the names of its variables, and to train it: initial values, lr
    "grad_check_1": (gradient_check_1, "abc", None, None),
    "grad_check_2": (gradient_check_2, "Mv", None, None),
    "logreg": (make_logistic_regression, "wb", initial_logistic_regression, 1.0),
    "neural": (make_neural_network, "Wbvc", initial_neural_network, 0.1),
}
DATASETS = {"simple": SIMPLE_DATASET, "xor": XOR_DATASET}


def print_check(check, names):
    """Print both gradients of a function of these variables."""
    print(f"f({', '.join(names)}) = {check.value:.6f}")
    for name, backprop, numerical in zip(names, check.backprop, check.numerical):
        print(f"gradient with respect to {name}")
        print(f"  backpropagation: {backprop.tolist()}")
        print(f"  numerical:       {numerical.tolist()}")
    print(f"largest difference: {check.max_difference:.1e}")


def print_training(make, names, params, dataset, lr, num_iters):
    """Train; print losses, parameters and predictions; return 0, or 1 if training diverged."""
    history = gradient_descent(make(dataset), params, lr, num_iters)
    first, last = np.abs([history[0], history[-1]])  # -1 times a sum of 0 would print as -0
    print(f"initial loss: {first:.6f}")
    print(f"final loss:   {last:.6f} (after {len(history) - 1} steps)")
    for name, param in zip(names, params):
        print(f"{name} = {np.round(param, 4).tolist()}")
    for x, y in dataset:
        _, loss = make([(x, 1)])(*params)  # of the one example (x, +1): -log P(y = +1 | x)
        print(f"x = {x.tolist()}, y = {y:+d}: P(y = +1 | x) = {np.exp(-loss.value):.4f}")
    if len(history) == num_iters + 1:
        return 0
    print(f"backprop.py: training diverged, try an --lr below {lr}", file=sys.stderr)
    return 1


def main(argv=None):
    """Run one command; return 0, or 1 if training diverged (2: bad arguments)."""
    text = "Backpropagation from first principles."
    parser = argparse.ArgumentParser("backprop.py", usage=argparse.SUPPRESS, description=text)
    parser.add_argument("command", choices=COMMANDS, help="what to check or to train")
    parser.add_argument("-d", "--dataset", choices=DATASETS, help="what to train on")
    parser.add_argument("--lr", type=float, help="learning rate (1.0 for logreg, 0.1 for neural)")
    parser.add_argument("--iters", type=int, default=1000, help="number of steps (1000)")
    args = parser.parse_args(argv)
    function, names, initial, lr = COMMANDS[args.command]
    if not initial:
        print_check(function(), names)
        return 0
    lr = lr if args.lr is None else args.lr
    try:
        require(args.dataset, "the following arguments are required: -d/--dataset")
        return print_training(function, names, initial(), DATASETS[args.dataset], lr, args.iters)
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    try:
        status = main()
        print(end="", flush=True)
    except OSError as error:  # the output's reader, such as head, has left, or a disk is full
        if not isinstance(error, BrokenPipeError):
            print(error.strerror, file=sys.stderr)
        os._exit(1)  # what is left unwritten would fail once more
    sys.exit(status)
