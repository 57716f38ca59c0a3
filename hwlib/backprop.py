"""Backpropagation from first principles, on numpy alone.

A formula is built out of ``Node`` objects. Building it *is* the forward pass: every
node computes its value when it is made and enters itself in the list ``topo_order``
of its graph, so that children always stand before their parents. ``compute_grad``
walks that list backwards and lets every node add its part to its children's gradients.

Commands (also as ``python -m hwlib.backprop ...``)::

    python3 backprop.py grad_check_1
    python3 backprop.py grad_check_2
    python3 backprop.py logreg -d simple      # or -d xor
    python3 backprop.py neural -d xor

Sources: Rumelhart, Hinton & Williams, "Learning representations by back-propagating
errors", Nature 323 (1986); Baydin, Pearlmutter, Radul & Siskind, "Automatic
differentiation in machine learning: a survey", JMLR 18 (2018).
"""

import argparse
import math
import numbers
import sys
from collections import namedtuple
from functools import reduce

import numpy as np

EPSILON = 1e-8  # the step of the numerical gradient

SIMPLE_DATASET = [
    (np.array([2.0, 2.0]), 1),
    (np.array([1.0, 0.0]), 1),
    (np.array([1.0, 2.0]), -1),
    (np.array([0.0, -1.0]), -1),
]

XOR_DATASET = [
    (np.array([0.0, 0.0]), -1),
    (np.array([1.0, 1.0]), -1),
    (np.array([1.0, 0.0]), 1),
    (np.array([0.0, 1.0]), 1),
]


def sigmoid(z):
    """Return σ(z) = 1 / (1 + e^(−z)) of a scalar or, entry by entry, of an array.

    For negative z the fraction is used in the form e^z / (1 + e^z), so that no
    exponential ever overflows: −|z| is never positive.
    """
    e = np.exp(-abs(z))
    return e ** (z < 0) / (1 + e)  # above the bar e¹ if z < 0, else e⁰ = 1


# ---------------------------------------------------------------------------- nodes

ZERO = np.float64(0.0)
ZERO_ARRAY = np.zeros(())  # for functions of arrays: a number has to be converted at each call


class Node:
    """One operation in a computation graph, with its result.

    Parameters
    ----------
    value : numpy.float64 or ndarray
        Result of the operation, computed from the children's values.
    n1, n2 : Node
        The one or two nodes that the value was computed from, both of one graph.

    Attributes
    ----------
    value : numpy.float64 or ndarray
        Result of the forward pass.
    grad : numpy.float64 or ndarray
        Derivative of the graph's output with respect to ``value``, of the same shape;
        zero until ``compute_grad`` is called on the output.
    children : tuple of Node
    topo_order : list of Node
        All nodes of the graph, children before parents; shared by the whole graph.
    """

    __slots__ = ("value", "grad", "children", "topo_order")

    # Called by this name below: before Python 3.12, super() makes training 5 % slower.
    def __init__(self, value, n1, n2=None):
        topo_order = n1.topo_order
        if n2 is not None and n2.topo_order is not topo_order:
            raise ValueError(
                f"{type(self).__name__}: n1 and n2 are of two different graphs; "
                "give all InputNodes of a graph the same topo_order"
            )
        self.value = value
        self.children = (n1,) if n2 is None else (n1, n2)
        self.topo_order = topo_order
        # zero_grad(), without the cost of the call
        self.grad = np.zeros(value.shape) if value.ndim else ZERO
        topo_order.append(self)

    def zero_grad(self):
        """Set ``grad`` to zero, in the shape of ``value``."""
        self.grad = np.zeros(self.value.shape) if self.value.ndim else ZERO

    def backward(self):
        """Add this node's share to the gradient of each child, given ``self.grad``."""
        raise NotImplementedError(f"{type(self).__name__} has no backward()")

    def compute_grad(self):
        """Backward pass: set ``grad`` of every node of the graph, with this node as output.

        Gradients of an earlier pass are cleared first, so calling it twice gives the
        same as calling it once. (Only what was put into other nodes' gradients by hand,
        before the first pass, stays.)

        Raises
        ------
        ValueError
            If this node is not a scalar.
        """
        if self.value.shape != ():
            raise ValueError(
                "compute_grad: the output must be a scalar, "
                f"this {type(self).__name__} has shape {self.value.shape}"
            )
        # In a new graph all gradients are zero, as they were made. Its first node, always
        # an input, remembers for all that a pass has left something to clear.
        first = self.topo_order[0]
        if first.passed or self.grad:
            for node in self.topo_order:
                node.zero_grad()
        first.passed = True
        self.grad = np.float64(1.0)
        # Nodes made after this one have gradient 0 and so add nothing.
        for node in reversed(self.topo_order):
            node.backward()


class InputNode(Node):
    """A number, vector or matrix that is given.

    Parameters
    ----------
    value : float or array_like
        Copied, as float64.
    topo_order : list of Node
        The graph's list; an empty list begins a new graph.
    checked : bool
        True: the value is a numpy.float64, or an array of them, that is known to be finite
        and will not change. It is neither checked nor copied.

    Attributes
    ----------
    passed : bool
        On the first node of a graph: whether ``compute_grad`` was called in it.

    Raises
    ------
    ValueError
        If the value is not numeric, or NaN or infinite.
    """

    __slots__ = ("passed",)

    def __init__(self, value, topo_order, checked=False):
        if not checked:
            array = np.array(value, np.float64)
            # On small arrays this takes a quarter of np.isfinite's time.
            if not all(map(math.isfinite, array.ravel().tolist())):
                raise ValueError(f"InputNode: value must be finite, got {value}")
            value = array if array.ndim else array[()]  # [()]: a numpy.float64
        self.value = value
        self.children = ()
        self.topo_order = topo_order
        self.grad = np.zeros(value.shape) if value.ndim else ZERO
        self.passed = False
        topo_order.append(self)

    def backward(self):
        pass  # no children, nothing to pass on


class AddNode(Node):
    """u = n1 + n2, for two scalars or two arrays of one shape."""

    __slots__ = ()

    def __init__(self, n1, n2):
        if n1.value.shape != n2.value.shape:
            raise shapes_differ(self, n1, n2)
        Node.__init__(self, n1.value + n2.value, n1, n2)

    def backward(self):
        n1, n2 = self.children
        n1.grad += self.grad
        n2.grad += self.grad


class MulNode(Node):
    """u = n1 · n2, for two scalars, or entry by entry for two arrays of one shape."""

    __slots__ = ()

    def __init__(self, n1, n2):
        if n1.value.shape != n2.value.shape:
            raise shapes_differ(self, n1, n2)
        Node.__init__(self, n1.value * n2.value, n1, n2)

    def backward(self):
        n1, n2 = self.children
        n1.grad += self.grad * n2.value
        n2.grad += self.grad * n1.value


class PowerNode(Node):
    """u = x^p of a scalar x, for a fixed number p.

    Raises ValueError where u or its derivative is not a finite real number: at x < 0
    for a fractional p, and at x = 0 for p < 1.
    """

    __slots__ = ("power",)

    def __init__(self, n, power):
        if n.value.ndim:
            raise not_scalar(self, n)
        if not math.isfinite(power):
            raise ValueError(f"PowerNode: power must be finite, got {power}")
        if n.value < 0 and power != int(power) or n.value == 0 and power < 1:
            raise ValueError(f"PowerNode: {n.value} to the power {power} has no finite derivative")
        self.power = power
        Node.__init__(self, n.value**power, n)

    def backward(self):
        (n,) = self.children
        n.grad += self.grad * self.power * n.value ** (self.power - 1)


class ConstantMulNode(Node):
    """u = a · x, for a fixed number a; x is a scalar or an array."""

    __slots__ = ("a",)

    def __init__(self, n, a):
        if not math.isfinite(a):
            raise ValueError(f"ConstantMulNode: a must be finite, got {a}")
        self.a = a
        Node.__init__(self, a * n.value, n)

    def backward(self):
        (n,) = self.children
        n.grad += self.grad * self.a


class ReluNode(Node):
    """u = max(x, 0), entry by entry; the derivative at 0 is taken as 0."""

    __slots__ = ()

    def __init__(self, n):
        Node.__init__(self, np.maximum(n.value, ZERO_ARRAY), n)

    def backward(self):
        (n,) = self.children
        n.grad += self.grad * np.sign(self.value)  # u is never negative: sign 0 or 1


class LogNode(Node):
    """u = log(x), the natural logarithm of a positive scalar.

    Raises ValueError if x is not positive: log(0) and its derivative are infinite, and
    nothing that could be computed from them would mean anything.
    """

    __slots__ = ()

    def __init__(self, n):
        if n.value.ndim:
            raise not_scalar(self, n)
        if not n.value > 0:  # written so that NaN is refused too
            raise ValueError(f"LogNode: n must be positive, got {n.value}")
        Node.__init__(self, np.log(n.value), n)

    def backward(self):
        (n,) = self.children
        n.grad += self.grad / n.value


class SigmoidNode(Node):
    """u = σ(x) of a scalar."""

    __slots__ = ()

    def __init__(self, n):
        if n.value.ndim:
            raise not_scalar(self, n)
        Node.__init__(self, sigmoid(n.value), n)

    def backward(self):
        (n,) = self.children
        n.grad += self.grad * self.value * (1 - self.value)


class DotNode(Node):
    """u = xᵀv, for two vectors of one length."""

    __slots__ = ()

    def __init__(self, n1, n2):
        if n1.value.ndim != 1 or n1.value.shape != n2.value.shape:
            raise ValueError(
                "DotNode: n1 and n2 must be vectors of one length, "
                f"got shapes {n1.value.shape} and {n2.value.shape}"
            )
        Node.__init__(self, n1.value.dot(n2.value), n1, n2)

    def backward(self):
        n1, n2 = self.children
        n1.grad += self.grad * n2.value
        n2.grad += self.grad * n1.value


class MVMulNode(Node):
    """u = Mv, for a matrix M (p × d) and a vector v (length d)."""

    __slots__ = ()

    def __init__(self, M, v):
        if M.value.ndim != 2 or M.value.shape[1:] != v.value.shape:
            raise ValueError(
                "MVMulNode: M must be a p × d matrix, v a vector of length d, "
                f"got shapes {M.value.shape} and {v.value.shape}"
            )
        Node.__init__(self, M.value.dot(v.value), M, v)

    def backward(self):
        M, v = self.children
        # The outer product g vᵀ: a column times a row, faster than np.outer.
        M.grad += self.grad[:, np.newaxis].dot(v.value[np.newaxis])
        v.grad += self.grad.dot(M.value)  # gᵀM is Mᵀg, as a row


def shapes_differ(node, n1, n2):
    """Return the error to raise where two shapes differ, which numpy would broadcast."""
    name, shapes = type(node).__name__, f"{n1.value.shape} and {n2.value.shape}"
    return ValueError(f"{name}: n1 and n2 must have the same shape, got {shapes}")


def not_scalar(node, n):
    """Return the error to raise where a scalar was wanted."""
    return ValueError(f"{type(node).__name__}: n must be a scalar, got shape {n.value.shape}")


# ------------------------------------------------------------------ gradient checks


def numerical_gradient(f, inputs, epsilon=EPSILON, central=False):
    """Approximate the gradient of f by moving one coordinate at a time.

    Parameters
    ----------
    f : callable
        Takes as many arguments as ``inputs`` has entries, returns a number.
    inputs : list of float or array_like
        Where to take the gradient; left unchanged.
    epsilon : float
        The step, positive.
    central : bool
        False: (f(x + ε) − f(x)) / ε, wrong by O(ε) besides rounding.
        True: (f(x + ε) − f(x − ε)) / 2ε, wrong by O(ε²) besides rounding.

    Returns
    -------
    list of numpy.float64 or ndarray
        One gradient for each input, of its shape.

    Raises
    ------
    ValueError
        If ``epsilon`` is not a positive finite number.
    """
    if not (isinstance(epsilon, numbers.Real) and 0 < epsilon < math.inf):
        raise ValueError(f"epsilon must be positive and finite, got {epsilon!r}")
    inputs = [np.array(x, dtype=np.float64) for x in inputs]

    def f_moved(x, index, step):
        """f at the inputs, with coordinate x[index] moved by step."""
        original = x[index]
        x[index] = original + step
        value = f(*[each.copy()[()] for each in inputs])
        x[index] = original
        return value

    gradients = []
    for x in inputs:
        gradient = np.zeros(x.shape)
        for index in np.ndindex(x.shape):
            above = f_moved(x, index, epsilon)
            below = f_moved(x, index, -epsilon if central else 0.0)
            width = 2 * epsilon if central else epsilon
            gradient[index] = (above - below) / width
        gradients.append(gradient[()])
    return gradients


GradientCheck = namedtuple(
    "GradientCheck", ["value", "backprop", "numerical", "max_difference", "output"]
)
GradientCheck.__doc__ = """Two gradients of one function at one point.

value : the function's value; backprop, numerical : lists of gradients, one for each input;
max_difference : largest absolute difference between the two, over all coordinates;
output : the output node of the graph (``output.topo_order`` holds the whole graph).
"""


def gradient_check_1(a=(3, 2), b=(-2, 7), c=(1, -4), epsilon=EPSILON):
    """Check the gradient of f(a, b, c) = log(aᵀb) − 3σ(aᵀc).

    Parameters
    ----------
    a, b, c : array_like, shape (d,)
        Where to take the gradient; aᵀb must be positive.
    epsilon : float
        Step of the numerical gradient.

    Returns
    -------
    GradientCheck
    """

    def build_graph(a, b, c):
        topo_order = []
        a = InputNode(a, topo_order)
        b = InputNode(b, topo_order)
        c = InputNode(c, topo_order)
        log_part = LogNode(DotNode(a, b))
        sigmoid_part = ConstantMulNode(SigmoidNode(DotNode(a, c)), -3)
        return [a, b, c], AddNode(log_part, sigmoid_part)

    return compare_gradients(build_graph, [a, b, c], epsilon)


def gradient_check_2(M=((2, -1), (0, 3)), v=(1, -3), epsilon=EPSILON):
    """Check the gradient of f(M, v) = vᵀ ReLU(Mv).

    Parameters
    ----------
    M : array_like, shape (d, d)
    v : array_like, shape (d,)
    epsilon : float
        Step of the numerical gradient.

    Returns
    -------
    GradientCheck
    """

    def build_graph(M, v):
        topo_order = []
        M = InputNode(M, topo_order)
        v = InputNode(v, topo_order)
        return [M, v], DotNode(v, ReluNode(MVMulNode(M, v)))

    return compare_gradients(build_graph, [M, v], epsilon)


def compare_gradients(build_graph, inputs, epsilon=EPSILON):
    """Differentiate a graph by backpropagation and by differences.

    Parameters
    ----------
    build_graph : callable
        ``build_graph(*inputs) -> (input_nodes, output_node)``.
    inputs : list of float or array_like
    epsilon : float
        Step of the numerical gradient.

    Returns
    -------
    GradientCheck
    """
    nodes, output = build_graph(*inputs)
    output.compute_grad()
    backprop = [node.grad for node in nodes]

    def f(*inputs):
        return build_graph(*inputs)[1].value

    numerical = numerical_gradient(f, inputs, epsilon)
    largest = max(np.abs(g - n).max() for g, n in zip(backprop, numerical))
    return GradientCheck(output.value, backprop, numerical, largest, output)


# ------------------------------------------------------------------ models, training


def make_logistic_regression(dataset):
    """Return the loss of logistic regression on a dataset, as a function of w and b.

    L(w, b) = Σ_i −log σ(y_i (wᵀx_i + b))

    Parameters
    ----------
    dataset : list of (x, y)
        x : array_like, shape (d,); y : +1 or −1.

    Returns
    -------
    compute_loss : callable
        ``compute_loss(w, b) -> ([w_node, b_node], loss_node)`` builds the graph anew.

    Raises
    ------
    ValueError
        If the dataset is empty, an x is no vector of the common length, or a y is not ±1.
    """
    dataset = check_dataset(dataset)

    def compute_loss(w, b):
        topo_order = []
        w = InputNode(w, topo_order)
        b = InputNode(b, topo_order)
        logs = []
        for x, y in dataset:
            x = InputNode(x, topo_order, checked=True)
            score = AddNode(DotNode(w, x), b)
            probability = SigmoidNode(ConstantMulNode(score, y))
            logs.append(LogNode(probability))
        log_likelihood = reduce(AddNode, logs)
        return [w, b], ConstantMulNode(log_likelihood, -1)

    return compute_loss


def make_neural_network(dataset):
    """Return the loss of a network with one hidden ReLU layer, as a function of W, b, v, c.

    L(W, b, v, c) = Σ_i −log σ(y_i (vᵀ ReLU(W x_i + b) + c))

    Parameters
    ----------
    dataset : list of (x, y)
        x : array_like, shape (d,); y : +1 or −1.

    Returns
    -------
    compute_loss : callable
        ``compute_loss(W, b, v, c) -> ([W_node, b_node, v_node, c_node], loss_node)``, for
        W of shape (h, d), b and v of shape (h,) and a scalar c, builds the graph anew.

    Raises
    ------
    ValueError
        If the dataset is empty, an x is no vector of the common length, or a y is not ±1.
    """
    dataset = check_dataset(dataset)

    def compute_loss(W, b, v, c):
        topo_order = []
        W = InputNode(W, topo_order)
        b = InputNode(b, topo_order)
        v = InputNode(v, topo_order)
        c = InputNode(c, topo_order)
        logs = []
        for x, y in dataset:
            x = InputNode(x, topo_order, checked=True)
            hidden = ReluNode(AddNode(MVMulNode(W, x), b))
            score = AddNode(DotNode(v, hidden), c)
            probability = SigmoidNode(ConstantMulNode(score, y))
            logs.append(LogNode(probability))
        log_likelihood = reduce(AddNode, logs)
        return [W, b, v, c], ConstantMulNode(log_likelihood, -1)

    return compute_loss


def check_dataset(dataset):
    """Return the dataset with float64 vectors, or raise ValueError saying what is wrong."""
    dataset = [(np.array(x, dtype=np.float64), y) for x, y in dataset]
    if not dataset:
        raise ValueError("dataset must hold at least one example (x, y), got none")
    for x, y in dataset:
        if x.ndim != 1 or x.shape != dataset[0][0].shape or not np.isfinite(x).all():
            raise ValueError(
                "dataset: each x must be a vector of finite numbers, all of one length, "
                f"got {x.tolist()}"
            )
        if y not in (1, -1):
            raise ValueError(f"dataset: each y must be 1 or -1, got {y!r}")
    return dataset


def gradient_descent(loss_fn, params, lr, num_iters):
    """Minimise a loss by gradient descent: num_iters times θ ← θ − lr · ∇L(θ).

    Parameters
    ----------
    loss_fn : callable
        ``loss_fn(*params) -> (param_nodes, loss_node)``, as ``make_neural_network`` returns;
        builds a new graph each time. The graph of a finished step is emptied.
    params : list of float or array_like
        Initial values; **the list's entries are replaced by the trained values.**
    lr : float
        Learning rate, positive.
    num_iters : int
        Number of steps; 0 only computes the loss.

    Returns
    -------
    history : list of numpy.float64
        The loss at the initial values and after each step: ``num_iters + 1`` numbers, all
        finite. A **shorter** history means that training diverged: the next step would
        have left the numbers for which the loss can be computed. Then ``params`` holds
        the last good values, those of ``history[-1]``.

    Raises
    ------
    ValueError
        If ``params`` is not a list, ``lr`` not a positive number, ``num_iters`` not a whole
        number ≥ 0, or the loss cannot be computed at the initial values.
    """
    if not isinstance(params, list):
        raise ValueError(f"params must be a list, to be updated, got {params!r}")
    if not (isinstance(lr, numbers.Real) and 0 < lr < math.inf):
        raise ValueError(f"lr must be positive and finite, got {lr!r}")
    if not (isinstance(num_iters, numbers.Integral) and num_iters >= 0):
        raise ValueError(f"num_iters must be a whole number ≥ 0, got {num_iters!r}")

    # A diverging run overflows on its way; its short history tells.
    with np.errstate(all="ignore"):
        nodes, loss = loss_fn(*params)
        if not math.isfinite(loss.value):
            raise ValueError(f"params: the loss at first is {loss.value}")
        history = [loss.value]
        for _ in range(num_iters):
            loss.compute_grad()
            moved = [node.value - lr * node.grad for node in nodes]
            # Nodes and their list refer to each other: emptied, it frees them at once.
            loss.topo_order.clear()
            try:
                nodes, loss = loss_fn(*moved)
            except ValueError:
                # Shapes were right before, so a number is wrong: a parameter
                # is no longer finite, or a probability has become 0.
                break
            if not math.isfinite(loss.value):
                break
            params[:] = moved
            history.append(loss.value)
    return history


# -------------------------------------------------- the homework's runs, as commands

DATASETS = {"simple": SIMPLE_DATASET, "xor": XOR_DATASET}


def initial_logistic_regression():
    """Return the initial values [w, b] of the logistic regression: zero."""
    return [np.zeros(2), np.float64(0.0)]


def initial_neural_network():
    """Return the initial values [W, b, v, c] of the network: small and without symmetry."""
    return [
        np.array([[-0.01, 0.07], [0.17, 0.00], [-0.04, -0.11]]),
        np.array([-0.02, -0.14, 0.05]),
        np.array([0.05, 0.14, 0.12]),
        np.float64(-0.02),
    ]


def print_gradient_check(formula, names, check):
    """Print both gradients of a gradient check side by side."""
    print(f"{formula} = {check.value:.6f}")
    for name, backprop, numerical in zip(names, check.backprop, check.numerical):
        print(f"gradient with respect to {name}")
        print(f"  backpropagation: {backprop.tolist()}")
        print(f"  numerical:       {numerical.tolist()}")
    print(f"largest difference: {check.max_difference:.1e}")


def print_training(make_loss_fn, dataset, names, params, lr, num_iters):
    """Train, print losses, parameters and predictions; return whether all steps were done."""
    history = gradient_descent(make_loss_fn(dataset), params, lr, num_iters)
    # z in the formats: a loss of exactly 0 is −1 times 0, which would print as −0.
    print(f"initial loss: {history[0]:z.6f}")
    print(f"final loss:   {history[-1]:z.6f} (after {len(history) - 1} steps)")
    for name, param in zip(names, params):
        print(f"{name} = {np.round(param, 4).tolist()}")
    for x, y in dataset:
        # The loss of the one example (x, +1) is −log P(y = +1 | x).
        _, loss = make_loss_fn([(x, 1)])(*params)
        print(f"x = {x.tolist()}, y = {y:+d}: P(y = +1 | x) = {np.exp(-loss.value):.4f}")
    return len(history) == num_iters + 1


class OneLineParser(argparse.ArgumentParser):
    """An argument parser whose errors are one line on stderr, with exit status 2."""

    def error(self, message):
        self.exit(2, f"{self.prog}: error: {message}\n")


def main(argv=None):
    """Run one command; return 0, or 1 if training diverged (2: bad arguments)."""
    parser = OneLineParser(prog="backprop.py", description="Backpropagation from first principles.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("grad_check_1", help="check the gradient of log(aᵀb) − 3σ(aᵀc)")
    commands.add_parser("grad_check_2", help="check the gradient of vᵀ ReLU(Mv)")
    for command, lr, text in [
        ("logreg", 1.0, "train logistic regression"),
        ("neural", 0.1, "train a network with three hidden units"),
    ]:
        train = commands.add_parser(command, help=text)
        train.add_argument("-d", "--dataset", choices=DATASETS, required=True, help="training set")
        train.add_argument("--lr", type=float, default=lr, help=f"learning rate, {lr} if not given")
        train.add_argument("--iters", type=int, default=1000, help="steps, 1000 if not given")
    args = parser.parse_args(argv)

    if args.command == "grad_check_1":
        print_gradient_check("f(a, b, c)", "abc", gradient_check_1())
        return 0
    if args.command == "grad_check_2":
        print_gradient_check("f(M, v)", "Mv", gradient_check_2())
        return 0
    if args.command == "logreg":
        model, names, params = make_logistic_regression, "wb", initial_logistic_regression()
    else:
        model, names, params = make_neural_network, "Wbvc", initial_neural_network()
    try:
        finished = print_training(model, DATASETS[args.dataset], names, params, args.lr, args.iters)
    except ValueError as error:
        parser.error(str(error))
    if not finished:
        print(f"{parser.prog}: training diverged, try an --lr below {args.lr}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
