"""The checks of homework.checks: right code in any style gets all points, mistakes are named.

The bank of mistakes below holds code as students write it, one mistake each, with the parts of the
task that it should cost and words that the message has to contain.
"""

import json
import math
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from homework import tasks
from homework.checks import check, inputs, judge, run
from homework.checks.probe import pack, unpack
from hwlib import backprop, binary_em, kmeans
from hwlib.backprop import (
    AddNode,
    ConstantMulNode,
    DotNode,
    GradientCheck,
    InputNode,
    LogNode,
    MulNode,
    MVMulNode,
    Node,
    ReluNode,
    SigmoidNode,
    compare_gradients,
    numerical_gradient,
    sigmoid,
)

PROBE = sys.modules["homework.checks.probe"]
NAMES = {task.label: task.names for task in tasks.checked()}
PARTS = {task.label: task.parts for task in tasks.checked()}
book_numerical_gradient = numerical_gradient  # the name itself is patched during a check
BOOK = {"1": backprop, "2": kmeans, "3": binary_em}
MISTAKES, RIGHT = [], []


def mistake(task, lost, *words, **others):
    """Enter a class or function into the bank of mistakes.

    `lost` names the parts that it costs, `words` what the messages contain; a function of the task
    that is not the first in NAMES is given by keyword: `mistake(..., name="gradient_descent")`.
    """

    def enter(thing):
        name = others.pop("name", NAMES[task][0])
        names = {name: thing, **others}
        MISTAKES.append(
            pytest.param(task, names, lost.split(", "), words, id=f"{task}-{thing.__name__}")
        )
        return thing

    return enter


def right(task, name=None, **others):
    """Enter right code of another style."""

    def enter(thing):
        names = {name or NAMES[task][0]: thing, **others}
        RIGHT.append(pytest.param(task, names, id=f"{task}-{thing.__name__}"))
        return thing

    return enter


SOLUTIONS = r"self\.grad [*/]|\.T @|np\.outer\(|\(1 - self|params\[i\] [-=]|lr \*|argmin\(axis"


def points_lost(task, lost):
    return sum(PARTS[task][part] for part in lost)


def graded(task, names, seed):
    """The verdict on other inputs than those of the notebooks, as an autograder gives it."""
    given = inputs(task, seed)
    book = {**vars(BOOK[task[0]]), **names}
    # all that the probe says has to go through JSON, to another process
    results = json.loads(json.dumps(run(task, book, unpack(pack(given)), patch=names)))
    return judge(task, given, results)


# ---------------------------------------------------------------------- 1b: LogNode


@mistake("1b", "increment", "replaced", "=")
class LogAssigns(LogNode):
    def backward(self):
        (n,) = self.children
        n.grad = self.grad / n.value


@mistake("1b", "derivative", "multiply by the incoming gradient self.grad")
class LogForgetsG(LogNode):
    def backward(self):
        (n,) = self.children
        n.grad += 1 / n.value


@mistake("1b", "derivative, increment", "incoming gradient", "replaced")
class LogForgetsGAndAssigns(LogNode):
    def backward(self):
        (n,) = self.children
        n.grad = 1 / n.value


@mistake("1b", "derivative", "divided")
class LogMultiplies(LogNode):
    def backward(self):
        (n,) = self.children
        n.grad += self.grad * n.value


@mistake("1b", "derivative", "sign")
class LogSubtracts(LogNode):
    def backward(self):
        (n,) = self.children
        n.grad -= self.grad / n.value


@mistake("1b", "derivative", "own value")
class LogDividesByItself(LogNode):
    def backward(self):
        (n,) = self.children
        n.grad += self.grad / self.value


@mistake("1b", "derivative", "local derivative")
class LogPassesOn(LogNode):
    def backward(self):
        (n,) = self.children
        n.grad += self.grad


@mistake("1b", "derivative", "does not change")
class LogComputesAside(LogNode):
    def backward(self):
        (n,) = self.children
        grad = n.grad
        grad = grad + self.grad / n.value  # noqa: F841


@mistake("1b", "derivative", "2.5 times")
class LogHasAFactor(LogNode):
    def backward(self):
        (n,) = self.children
        n.grad += 2.5 * self.grad / n.value


@mistake("1b", "derivative, increment", "not written")
class LogUnfinished(LogNode):
    def backward(self):
        raise NotImplementedError


@mistake("1b", "value, derivative, increment", "LogNode.__init__ is not written yet")
class LogNotMade(LogNode):
    def __init__(self, n):
        raise NotImplementedError


@mistake("1b", "derivative, increment", "NameError", "n.grad += g / n.value")
class LogMisspells(LogNode):
    def backward(self):
        (n,) = self.children
        n.grad += g / n.value  # noqa: F821


@mistake("1b", "derivative, increment", "SystemExit")
class LogExits(LogNode):
    def backward(self):
        sys.exit(0)


@mistake("1b", "derivative, increment", "end")
class LogNeverEnds(LogNode):
    def backward(self):
        while self.grad is not None:
            pass


class Handout:
    """A node as in the lecture's code: no common constructor."""

    def __init__(self, n):
        self.n = n
        self.value = self.function(n.value)
        self.grad = np.float64(0.0)
        self.topo_order = n.topo_order
        self.topo_order.append(self)

    def function(self, x):
        return np.log(x)

    def backward(self):
        self.n.grad += self.grad / self.n.value


@mistake("1b", "value", "base 10")
class LogBase10(Handout):
    def function(self, x):
        return np.log10(x)


@mistake("1b", "value", "log(1 + x)")
class LogOnePlus(Handout):
    def function(self, x):
        return np.log1p(x)


@mistake("1b", "value", "Python float", "numpy")
class LogOfMath(Handout):
    def function(self, x):
        return math.log(x)


@mistake("1b", "value, derivative, increment", "Python floats have neither")
class LogOfMathInNode(Node):
    def __init__(self, n):
        super().__init__(math.log(n.value), n)


@mistake("1b", "value, derivative, increment", "needs to know the child")
class LogWithoutChildren(Node):
    def __init__(self, n):
        super().__init__(np.log(n.value))


@mistake("1b", "value, derivative, increment", "takes the value first")
class LogChildFirst(Node):
    def __init__(self, n):
        super().__init__(n, np.log(n.value))


@mistake("1b", "value, derivative, increment", "Give the node its value: super().__init__(value,")
class EmptyLogNode(Node):
    def __init__(self, n):
        pass


@mistake("1b", "increment", "not in topo_order")
class LogNotInOrder(Handout):
    def __init__(self, n):
        super().__init__(n)
        self.topo_order.remove(self)


@mistake("1b", "increment", "2 times in topo_order")
class LogTwiceInOrder(LogNode):
    def __init__(self, n):
        super().__init__(n)
        self.topo_order.append(self)


@mistake("1b", "increment", "not another one")
class LogOwnOrder(Handout):
    def __init__(self, n):
        super().__init__(n)
        self.topo_order = [*n.topo_order]


@mistake("1b", "increment", "numpy float64")
class LogPythonGrad(Handout):
    def __init__(self, n):
        super().__init__(n)
        self.grad = 0.0


@mistake("1b", "increment", "zero")
class LogGradOne(Handout):
    def __init__(self, n):
        super().__init__(n)
        self.grad = np.float64(1.0)


@right("1b")
class LogAsInTheLecture(Handout):
    pass


@right("1b")
class LogOfArrays(Handout):
    def __init__(self, n):
        super().__init__(n)
        self.grad = np.zeros_like(self.value)

    def backward(self):
        self.n.grad = self.n.grad + self.grad * self.n.value ** (-1)


# ------------------------------------------------------------------- 1e: SigmoidNode


@mistake("1e", "increment", "replaced")
class SigmoidAssigns(SigmoidNode):
    def backward(self):
        (n,) = self.children
        n.grad = self.grad * self.value * (1 - self.value)


@mistake("1e", "derivative", "factor g", "incoming gradient")
class SigmoidForgetsG(SigmoidNode):
    def backward(self):
        (n,) = self.children
        n.grad += self.value * (1 - self.value)


@mistake("1e", "derivative", "self.value", "not the child's")
class SigmoidInX(SigmoidNode):
    def backward(self):
        (n,) = self.children
        n.grad += self.grad * n.value * (1 - n.value)


@mistake("1e", "derivative", "sigmoid applied twice")
class SigmoidTwice(SigmoidNode):
    def backward(self):
        (n,) = self.children
        u = sigmoid(self.value)
        n.grad += self.grad * u * (1 - u)


@mistake("1e", "derivative", "wrong sign")
class SigmoidSign(SigmoidNode):
    def backward(self):
        (n,) = self.children
        n.grad += self.grad * self.value * (self.value - 1)


@mistake("1e", "derivative", "lacks one of the two factors")
class SigmoidHalf(SigmoidNode):
    def backward(self):
        (n,) = self.children
        n.grad += self.grad * (1 - self.value)


@mistake("1e", "derivative", "tanh")
class SigmoidLikeTanh(SigmoidNode):
    def backward(self):
        (n,) = self.children
        n.grad += self.grad * (1 - self.value**2)


@mistake("1e", "value", "overflow")
class SigmoidNaive(Node):
    def __init__(self, n):
        super().__init__(1 / (1 + np.exp(-n.value)), n)

    def backward(self):
        (n,) = self.children
        n.grad += self.grad * self.value * (1 - self.value)


@mistake("1e", "value, derivative", "σ(−x)", "sign")
class SigmoidMirrored(Node):
    def __init__(self, n):
        super().__init__(sigmoid(-n.value), n)

    def backward(self):
        (n,) = self.children
        n.grad -= self.grad * self.value * (1 - self.value)


@right("1e")
class SigmoidInTermsOfX(SigmoidNode):
    def backward(self):
        (n,) = self.children
        n.grad += self.grad * sigmoid(n.value) * sigmoid(-n.value)


@right("1e")
class SigmoidByCases(Handout):
    def function(self, x):
        return 1 / (1 + np.exp(-x)) if x > 0 else np.exp(x) / (1 + np.exp(x))

    def backward(self):
        self.n.grad += (self.value - self.value**2) * self.grad


# ----------------------------------------------------------------------- 1g: DotNode


@mistake("1g", "increment", "replaced", "of x (the first node) and of v")
class DotAssigns(DotNode):
    def backward(self):
        n1, n2 = self.children
        n1.grad = self.grad * n2.value
        n2.grad = self.grad * n1.value


@mistake("1g", "increment", "v (the second node) is replaced")
class DotAssignsOne(DotNode):
    def backward(self):
        n1, n2 = self.children
        n1.grad = n1.grad + self.grad * n2.value
        n2.grad = self.grad * n1.value


@mistake("1g", "derivative", "factor g", "self.grad")
class DotForgetsG(DotNode):
    def backward(self):
        n1, n2 = self.children
        n1.grad += n2.value
        n2.grad += n1.value


@mistake("1g", "derivative", "own value", "the other one's")
class DotSwaps(DotNode):
    def backward(self):
        n1, n2 = self.children
        n1.grad += self.grad * n1.value
        n2.grad += self.grad * n2.value


@mistake("1g", "derivative", "v (the second node) does not change")
class DotForgetsSecond(DotNode):
    def backward(self):
        n1, n2 = self.children
        n1.grad += self.grad * n2.value


@mistake("1g", "derivative", "added up")
class DotSumsUp(DotNode):
    def backward(self):
        n1, n2 = self.children
        n1.grad += self.grad * np.sum(n2.value)
        n2.grad += self.grad * np.sum(n1.value)


@mistake("1g", "derivative", "shape ()")
class DotLosesShape(DotNode):
    def backward(self):
        n1, n2 = self.children
        n1.grad = np.sum(n1.grad + self.grad * n2.value)
        n2.grad = np.sum(n2.grad + self.grad * n1.value)


@mistake("1g", "derivative", "factor u")
class DotTimesItself(DotNode):
    def backward(self):
        n1, n2 = self.children
        n1.grad += self.grad * self.value * n2.value
        n2.grad += self.grad * self.value * n1.value


@mistake("1g", "value, increment", "entry by entry", "shape")
class DotElementwise(Node):
    def __init__(self, n1, n2):
        super().__init__(n1.value * n2.value, n1, n2)

    backward = DotNode.backward


@mistake("1g", "value", "outer product")
class DotOuter(DotNode):
    def __init__(self, n1, n2):
        super().__init__(n1, n2)
        self.value = np.outer(n1.value, n2.value)


@mistake("1g", "increment", "child")
class DotChangesValue(DotNode):
    def backward(self):
        super().backward()
        self.children[0].value *= 2


@right("1g")
class DotByLoop(DotNode):
    def backward(self):
        x, v = self.children
        for i in range(len(x.value)):
            x.grad[i] += self.grad * v.value[i]
            v.grad[i] += self.grad * x.value[i]


# --------------------------------------------------------------------- 1l: MVMulNode


@mistake("1l", "increment", "replaced")
class MatrixAssigns(MVMulNode):
    def backward(self):
        M, v = self.children
        M.grad = np.outer(self.grad, v.value)
        v.grad = M.value.T @ self.grad


@mistake("1l", "derivative", "transposed", "Compare the shapes")
class MatrixOuterTransposed(MVMulNode):
    def backward(self):
        M, v = self.children
        M.grad += np.outer(v.value, self.grad)
        v.grad += M.value.T @ self.grad


@mistake("1l", "derivative", "lacks a transposition")
class MatrixForgetsT(MVMulNode):
    def backward(self):
        M, v = self.children
        M.grad += np.outer(self.grad, v.value)
        v.grad += M.value @ self.grad


@mistake("1l", "derivative", "same row")
class MatrixBroadcasts(MVMulNode):
    def backward(self):
        M, v = self.children
        M.grad += self.grad * v.value
        v.grad += M.value.T @ self.grad


@mistake("1l", "derivative", "one number everywhere")
class MatrixDots(MVMulNode):
    def backward(self):
        M, v = self.children
        M.grad += self.grad.dot(v.value)
        v.grad += M.value.T @ self.grad


@mistake("1l", "derivative", "factor g")
class MatrixForgetsG(MVMulNode):
    def backward(self):
        M, v = self.children
        M.grad += np.outer(np.ones(len(self.value)), v.value)
        v.grad += M.value.T @ np.ones(len(self.value))


@mistake("1l", "derivative", "transposed", "lacks a transposition")
class MatrixBothTransposed(MVMulNode):
    def backward(self):
        M, v = self.children
        if M.value.shape[0] != M.value.shape[1]:
            raise ValueError("shapes do not match")
        M.grad += np.outer(v.value, self.grad)
        v.grad += M.value @ self.grad


@mistake("1l", "derivative", "shape (2, 3)", "(3, 2)")
class MatrixShapeAssigned(MVMulNode):
    def backward(self):
        M, v = self.children
        M.grad = M.grad.T + np.outer(v.value, self.grad)
        v.grad += M.value.T @ self.grad


@mistake("1l", "value", "transposed matrix", "Making a MVMulNode (M of shape (3, 2)")
class MatrixValueTransposed(MVMulNode):
    def __init__(self, M, v):
        super().__init__(M, v)
        self.value = M.value.T @ v.value


@mistake("1l", "value, increment", "entry by entry", "grad has shape")
class MatrixElementwise(Node):
    def __init__(self, M, v):
        super().__init__(M.value * v.value, M, v)

    backward = MVMulNode.backward


@mistake("1l", "increment", "grad has shape ()")
class MatrixScalarGrad(MVMulNode):
    def __init__(self, M, v):
        super().__init__(M, v)
        self.grad = np.float64(0.0)


@right("1l")
class MatrixByLoops(MVMulNode):
    def backward(self):
        M, v = self.children
        for i in range(M.value.shape[0]):
            for j in range(M.value.shape[1]):
                M.grad[i, j] += self.grad[i] * v.value[j]
                v.grad[j] += self.grad[i] * M.value[i, j]


@right("1l")
class MatrixInLine(MVMulNode):
    def backward(self):
        M, v = self.children
        M.grad = M.grad + self.grad.reshape(-1, 1) @ v.value.reshape(1, -1)
        v.grad = v.grad + self.grad @ M.value


# ---------------------------------------------------------- 1h, 1m: the gradient checks


def graph_1(a, b, c, factor=-3):
    topo_order = []
    a, b, c = (InputNode(x, topo_order) for x in (a, b, c))
    second = ConstantMulNode(SigmoidNode(DotNode(a, c)), factor)
    return [a, b, c], AddNode(LogNode(DotNode(a, b)), second)


def checked_by(build, numerical=numerical_gradient, gradients=None):
    """A gradient check from its pieces, as the starter leaves it."""

    def run(*xs):
        nodes, output = build(*xs)
        output.compute_grad()
        backprop_gradients = [node.grad for node in nodes]
        if gradients:
            backprop_gradients = gradients(nodes, output)
        slopes = numerical(lambda *moved: build(*moved)[1].value, list(xs))
        largest = max(np.abs(a - b).max() for a, b in zip(backprop_gradients, slopes))
        return GradientCheck(output.value, backprop_gradients, slopes, largest, output)

    return run


@mistake("1h", "value", "wrong sign")
def check_1_plus(a, b, c):
    return compare_gradients(lambda *xs: graph_1(*xs, factor=3), [a, b, c])


@mistake("1h", "value", "factor 3")
def check_1_without_3(a, b, c):
    return compare_gradients(lambda *xs: graph_1(*xs, factor=-1), [a, b, c])


@mistake("1h", "value", "changed places")
def check_1_swapped(a, b, c):
    def build(a, b, c):
        (a, c, b), output = graph_1(a, c, b)
        return [a, b, c], output

    return compare_gradients(build, [a, b, c])


@mistake("1h", "backprop", "compute_grad()")
def check_1_without_backward(a, b, c):
    nodes, output = graph_1(a, b, c)
    slopes = numerical_gradient(lambda *xs: graph_1(*xs)[1].value, [a, b, c])
    return GradientCheck(output.value, [node.grad for node in nodes], slopes, 9.0, output)


@mistake("1h", "backprop", "gradient of a")
def check_1_two_nodes(a, b, c):
    def build(a, b, c):
        topo_order = []
        nodes = [InputNode(x, topo_order) for x in (a, b, c)]
        again = InputNode(a, topo_order)  # a second node for the same input
        second = ConstantMulNode(SigmoidNode(DotNode(again, nodes[2])), -3)
        return nodes, AddNode(LogNode(DotNode(nodes[0], nodes[1])), second)

    return compare_gradients(build, [a, b, c])


@mistake("1h", "numerical", "to the last bit")
def check_1_copies(a, b, c):
    result = compare_gradients(graph_1, [a, b, c])
    return result._replace(numerical=[g.copy() for g in result.backprop], max_difference=0.0)


@mistake("1h", "numerical", "largest absolute difference")
def check_1_signed(a, b, c):
    result = compare_gradients(graph_1, [a, b, c])
    signed = max((g - n).max() for g, n in zip(result.backprop, result.numerical))
    return result._replace(max_difference=signed)


@right("1h")
def check_1_prints(a, b, c):
    print(compare_gradients(graph_1, [a, b, c]))


@mistake("1h", "value, backprop, numerical", "returns nothing", "a_grad_numerical")
def check_1_computes_nothing(*inputs):
    print("fine")


@mistake("1h", "value, backprop, numerical", "wrap it in an InputNode")
def check_1_without_nodes(a, b, c):
    return LogNode(a @ b)


def by_hand(a, b, c, step=1e-8, below=1e-8, together=False, restore=True, sign=1, both=False):
    """The numerical gradient of 1h as a student writes it out, with places to go wrong."""
    xs = [np.array(x, dtype=float) for x in (a, b, c)]

    def value():
        return graph_1(*xs)[1].value

    before, gradients = value(), []
    for x in xs:
        gradient = np.zeros_like(x)
        for i in range(len(x)):
            place = slice(None) if together else i
            x[place] += step
            after = value()
            if both:
                x[place] -= 2 * step
                before = value()
                x[place] += step
            gradient[i] = sign * (after - before) / below
            if restore and not both:
                x[place] -= step
        gradients.append(gradient)
    nodes, output = graph_1(a, b, c)
    output.compute_grad()
    return output.value, [node.grad for node in nodes], gradients


@mistake("1h", "numerical", "moved at once")
def check_1_together(a, b, c):
    return by_hand(a, b, c, together=True)


@mistake("1h", "numerical", "not put back", "from input to input")
def check_1_not_restored(a, b, c):
    return by_hand(a, b, c, restore=False)


@mistake("1h", "numerical", "half", "2ε")
def check_1_half(a, b, c):
    return by_hand(a, b, c, below=2e-8)


@mistake("1h", "numerical", "twice", "2ε")
def check_1_double(a, b, c):
    return by_hand(a, b, c, both=True)


@mistake("1h", "numerical", "wrong sign")
def check_1_backwards(a, b, c):
    return by_hand(a, b, c, sign=-1)


@mistake("1h", "numerical", "divided by ε")
def check_1_undivided(a, b, c):
    return by_hand(a, b, c, below=1.0)


@mistake("1h", "numerical", "nearly right", "ε = 1e-8")
def check_1_coarse(a, b, c):
    return by_hand(a, b, c, step=1e-3, below=1e-3)


@mistake("1h", "numerical", "changes the arrays")
def check_1_mutates(a, b, c):
    result = by_hand(a, b, c)
    a += 1e-8
    return result


@mistake("1h", "numerical", "shape ()")
def check_1_numbers(a, b, c):
    value, backprop_gradients, numerical = by_hand(a, b, c)
    return value, backprop_gradients, [g[0] for g in numerical]


@mistake("1h", "numerical", "moved at once", name="numerical_gradient")
def numerical_together(f, inputs, epsilon=1e-8):
    result = []
    for i, x in enumerate(inputs):
        moved = [*inputs[:i], x + epsilon, *inputs[i + 1 :]]
        result.append(np.full(np.shape(x), (f(*moved) - f(*inputs)) / epsilon)[()])
    return result


@mistake("1h", "numerical", "changes the arrays", name="numerical_gradient")
def numerical_mutates(f, inputs, epsilon=1e-8):
    gradients = book_numerical_gradient(f, inputs, epsilon)
    inputs[0] += 1.0
    return gradients


@mistake("1h", "numerical", "of a matrix has shape (6,)", name="numerical_gradient")
def numerical_flat(f, inputs, epsilon=1e-8):
    return [
        np.ravel(g) if np.ndim(g) == 2 else g for g in book_numerical_gradient(f, inputs, epsilon)
    ]


@right("1h")
def check_1_by_hand(a, b, c):
    return by_hand(a, b, c)


@right("1h")
def check_1_central(a, b, c):
    return dict(zip(("value", "backprop", "numerical"), by_hand(a, b, c, 1e-5, 2e-5, both=True)))


class NegLogNode(Node):
    """A helper class of a student's own."""

    def __init__(self, n):
        super().__init__(-np.log(n.value), n)

    def backward(self):
        (n,) = self.children
        n.grad -= self.grad / n.value


@right("1h")
def check_1_with_helper(a, b, c):
    def build(a, b, c):
        topo_order = []
        a, b, c = nodes = [InputNode(x, topo_order) for x in (a, b, c)]
        minus = AddNode(NegLogNode(DotNode(a, b)), ConstantMulNode(SigmoidNode(DotNode(a, c)), 3))
        return nodes, ConstantMulNode(minus, -1)

    return compare_gradients(build, [a, b, c])


def graph_2(M, v, make):
    topo_order = []
    M, v = InputNode(M, topo_order), InputNode(v, topo_order)
    return [M, v], make(M, v)


def check_2(make):
    return lambda M, v: compare_gradients(lambda M, v: graph_2(M, v, make), [M, v])


def named(name, function):
    function.__name__ = name
    return function


mistake("1m", "value", "lacks the ReLU")(
    named("check_2_without_relu", check_2(lambda M, v: DotNode(v, MVMulNode(M, v))))
)
mistake("1m", "value", "whole of f")(
    named("check_2_relu_outside", check_2(lambda M, v: ReluNode(DotNode(v, MVMulNode(M, v)))))
)
mistake("1m", "value", "ReLU is taken of v")(
    named("check_2_relu_of_v", check_2(lambda M, v: DotNode(ReluNode(v), MVMulNode(M, v))))
)


@mistake("1m", "value", "product with v")
def check_2_sum(M, v):
    def build(M, v):
        nodes, u = graph_2(M, v, lambda M, v: ReluNode(MVMulNode(M, v)))
        ones = InputNode(np.ones(len(v)), nodes[0].topo_order)
        return nodes, DotNode(u, ones)

    return compare_gradients(build, [M, v])


@mistake("1m", "numerical", "of M has shape (4,)")
def check_2_flat(M, v):
    result = backprop.gradient_check_2(M, v)
    return result._replace(numerical=[result.numerical[0].ravel(), result.numerical[1]])


@mistake("1m", "numerical", "not put back")
def check_2_not_restored(M, v):
    def numerical(f, xs):
        return [np.cumsum(g).reshape(np.shape(g)) for g in numerical_gradient(f, xs)]

    build = lambda M, v: graph_2(M, v, lambda M, v: DotNode(v, ReluNode(MVMulNode(M, v))))  # noqa: E731
    return checked_by(build, numerical)(M, v)


# ----------------------------------------------------- 1i: the loss, and its descent


def logistic(
    score=lambda w, b, x, y: ConstantMulNode(AddNode(DotNode(w, x), b), y),
    term=lambda z: LogNode(SigmoidNode(z)),
    scale=lambda n: -1,
    returned=lambda w, b, loss: ([w, b], loss),
    topo_order=None,
):
    """make_logistic_regression with each of its lines open to a mistake."""

    def make(dataset):
        def compute_loss(w, b):
            order = [] if topo_order is None else topo_order
            w, b = InputNode(w, order), InputNode(b, order)
            total = InputNode(0.0, order)
            for x, y in dataset:
                total = AddNode(total, term(score(w, b, InputNode(x, order), y)))
            return returned(w, b, ConstantMulNode(total, scale(len(dataset))))

        return compute_loss

    return make


def loss_1i(name, lost, *words, **options):
    mistake("1i", lost, *words)(named(name, logistic(**options)))


loss_1i(
    "label_forgotten",
    "loss",
    "label y is left out",
    score=lambda w, b, x, y: AddNode(DotNode(w, x), b),
)
loss_1i(
    "bias_forgotten", "loss", "bias b", score=lambda w, b, x, y: ConstantMulNode(DotNode(w, x), y)
)
loss_1i(
    "label_inside", "loss", "part of the score",
    score=lambda w, b, x, y: AddNode(ConstantMulNode(DotNode(w, x), y), b),
)  # fmt: skip
loss_1i(
    "both_forgotten",
    "loss",
    "label y is left out",
    "bias b",
    score=lambda w, b, x, y: DotNode(w, x),
)
loss_1i("mean", "loss", "mean", scale=lambda n: -1 / n)
loss_1i("sign", "loss", "wrong sign", scale=lambda n: 1)
loss_1i("log_forgotten", "loss", "lacks the logarithm", term=SigmoidNode)
loss_1i("sigmoid_forgotten", "loss", "scores themselves", term=lambda z: z)
loss_1i("sigmoid_twice", "loss", "twice", term=lambda z: LogNode(SigmoidNode(SigmoidNode(z))))
loss_1i("swapped", "returned", "loss first", returned=lambda w, b, loss: (loss, [w, b]))
loss_1i("b_first", "returned", "in this order", returned=lambda w, b, loss: ([b, w], loss))
loss_1i("three", "returned", "not return a pair", returned=lambda w, b, loss: (w, b, loss))
loss_1i("number", "returned", "no node", returned=lambda w, b, loss: ([w, b], loss.value))
loss_1i("loss_only", "returned", "not return a pair", returned=lambda w, b, loss: loss)
loss_1i(
    "other_nodes", "returned", "are zero",
    returned=lambda w, b, loss: (
        [InputNode(w.value, w.topo_order), InputNode(b.value, w.topo_order)], loss,
    ),
)  # fmt: skip


@mistake("1i", "fresh", "must be new in each call")
def logistic_one_order(dataset):
    return logistic(topo_order=[])(dataset)


@mistake("1i", "returned", "last example only")
def logistic_nodes_in_loop(dataset):
    def compute_loss(w, b):
        order, total, w_value, b_value = [], None, w, b
        for x, y in dataset:
            w, b = InputNode(w_value, order), InputNode(b_value, order)
            score = ConstantMulNode(AddNode(DotNode(w, InputNode(x, order)), b), y)
            term = LogNode(SigmoidNode(score))
            total = term if total is None else AddNode(total, term)
        return [w, b], ConstantMulNode(total, -1)

    return compute_loss


@mistake("1i", "loss", "first example alone")
def logistic_returns_early(dataset):
    def compute_loss(w, b):
        order = []
        w, b = InputNode(w, order), InputNode(b, order)
        for x, y in dataset:
            score = ConstantMulNode(AddNode(DotNode(w, InputNode(x, order)), b), y)
            return [w, b], ConstantMulNode(LogNode(SigmoidNode(score)), -1)

    return compute_loss


@mistake("1i", "returned", "gradient with respect to", "computed aside")
def logistic_aside(dataset):
    def compute_loss(w, b):
        order = []
        w, b = InputNode(w, order), InputNode(b, order)
        total = InputNode(0.0, order)
        for x, y in dataset:
            score = AddNode(DotNode(w, InputNode(x, order)), InputNode(b.value, order))
            total = AddNode(total, LogNode(SigmoidNode(ConstantMulNode(score, y))))
        return [w, b], ConstantMulNode(total, -1)

    return compute_loss


@mistake("1i", "loss, returned, fresh", "must return a function")
def logistic_no_closure(dataset):
    return logistic()(dataset)(np.zeros(2), 0.0)[1].value


@mistake("1i", "loss, returned, fresh", "UnboundLocalError")
def logistic_unbound(dataset):
    total = InputNode(0.0, [])

    def compute_loss(w, b):
        total = AddNode(total, total)  # noqa: F823
        return [w, b], total

    return compute_loss


class PlainLogSigmoid(Node):
    """A helper that takes the logarithm of a sigmoid that has underflowed."""

    def __init__(self, n):
        with np.errstate(all="ignore"):
            value = np.log(1 - 1 / (1 + np.exp(n.value)))
        super().__init__(value, n)

    def backward(self):
        (n,) = self.children
        n.grad += self.grad * sigmoid(-n.value)


loss_1i("underflow", "loss", "far on the wrong side", "underflowed", term=PlainLogSigmoid)


class LogSigmoid(PlainLogSigmoid):
    def __init__(self, n):
        Node.__init__(self, -np.logaddexp(0.0, -n.value), n)


right("1i")(named("own_helper", logistic(term=LogSigmoid)))


@right("1i")
def logistic_without_zero(dataset):
    def compute_loss(w, b):
        order, terms = [], []
        nodes = w, b = InputNode(w, order), InputNode(b, order)
        for x, y in dataset:
            score = MulNode(InputNode(y, order), AddNode(b, DotNode(InputNode(x, order), w)))
            terms.append(ConstantMulNode(LogNode(SigmoidNode(score)), -1.0))
        total = terms[0]
        for term in terms[1:]:
            total = AddNode(total, term)
        return nodes, total

    return compute_loss


def descent(lost, *words):
    return mistake("1i", lost, *words, name="gradient_descent")


def step(loss_fn, params):
    nodes, loss = loss_fn(*params)
    loss.compute_grad()
    return nodes


@descent("steps", "climbs")
def descent_up(loss_fn, params, lr, num_iters):
    for _ in range(num_iters):
        for i, node in enumerate(step(loss_fn, params)):
            params[i] = params[i] + lr * node.grad


@descent("steps", "ignores the learning rate")
def descent_without_lr(loss_fn, params, lr, num_iters):
    for _ in range(num_iters):
        for i, node in enumerate(step(loss_fn, params)):
            params[i] = params[i] - node.grad


@descent("steps", "one step too few")
def descent_from_one(loss_fn, params, lr, num_iters):
    for _ in range(1, num_iters):
        for i, node in enumerate(step(loss_fn, params)):
            params[i] = params[i] - lr * node.grad


@descent("steps", "one step too many")
def descent_to_n(loss_fn, params, lr, num_iters):
    for _ in range(num_iters + 1):
        for i, node in enumerate(step(loss_fn, params)):
            params[i] = params[i] - lr * node.grad


@descent("steps", "gradient of the start")
def descent_one_graph(loss_fn, params, lr, num_iters):
    nodes = step(loss_fn, params)
    for _ in range(num_iters):
        for i, node in enumerate(nodes):
            params[i] = params[i] - lr * node.grad


@descent("steps", "one after the other")
def descent_one_by_one(loss_fn, params, lr, num_iters):
    for _ in range(num_iters):
        for i in range(len(params)):
            params[i] = params[i] - lr * step(loss_fn, params)[i].grad


@descent("in place", "leaves the list params as it was")
def descent_returns(loss_fn, params, lr, num_iters):
    params = list(params)
    for _ in range(num_iters):
        params = [p - lr * node.grad for p, node in zip(params, step(loss_fn, params))]
    return params


@descent("steps, in place", "leaves the list params as it was")
def descent_renames(loss_fn, params, lr, num_iters):
    for _ in range(num_iters):
        for p, node in zip(params, step(loss_fn, params)):
            p = p - lr * node.grad


@descent("in place", "not the single numbers", "params[i]")
def descent_arrays_only(loss_fn, params, lr, num_iters):
    for _ in range(num_iters):
        for p, node in zip(params, step(loss_fn, params)):
            p -= lr * node.grad


@descent("steps", "all zero", "compute_grad")
def descent_without_backward(loss_fn, params, lr, num_iters):
    for _ in range(num_iters):
        nodes, _ = loss_fn(*params)
        params[:] = [p - lr * node.grad for p, node in zip(params, nodes)]


@descent("steps, in place", "never computes the loss")
def descent_unfinished(loss_fn, params, lr, num_iters):
    pass


@descent("steps, in place", "TypeError")
def descent_one_argument(loss_fn, params, lr, num_iters):
    for _ in range(num_iters):
        nodes, loss = loss_fn(params)


@descent("steps, in place", "far too often")
def descent_endless(loss_fn, params, lr, num_iters):
    i = 0
    while i < num_iters or num_iters == 0:
        step(loss_fn, params)


@right("1i", name="gradient_descent")
def descent_by_hand(loss_fn, params, lr, num_iters):
    for _ in range(num_iters):
        nodes, loss = loss_fn(*params)
        loss.grad = np.float64(1.0)
        for node in reversed(loss.topo_order):
            node.backward()
        for i in range(len(params)):
            params[i] -= lr * nodes[i].grad


# --------------------------------------------------------------- 1n: the neural network


def network(
    hidden=lambda W, b, x: ReluNode(AddNode(MVMulNode(W, x), b)),
    score=lambda v, c, hidden: AddNode(DotNode(v, hidden), c),
    label=lambda score, y: ConstantMulNode(score, y),
    scale=lambda n: -1,
    returned=lambda nodes, loss: (nodes, loss),
):
    def make(dataset):
        def compute_loss(W, b, v, c):
            order = []
            W, b, v, c = nodes = [InputNode(p, order) for p in (W, b, v, c)]
            total = InputNode(0.0, order)
            for x, y in dataset:
                z = label(score(v, c, hidden(W, b, InputNode(x, order))), y)
                total = AddNode(total, LogNode(SigmoidNode(z)))
            return returned(nodes, ConstantMulNode(total, scale(len(dataset))))

        return compute_loss

    return make


def loss_1n(name, lost, *words, **options):
    mistake("1n", lost, *words)(named(name, network(**options)))


class ReluAtZero(ReluNode):
    def backward(self):
        (n,) = self.children
        n.grad += self.grad * (n.value >= 0)


class ReluFloatMask(ReluNode):
    def backward(self):
        (n,) = self.children
        with np.errstate(all="ignore"):
            n.grad += self.grad * (self.value / n.value)


loss_1n(
    "no_hidden_bias",
    "loss",
    "bias b of the hidden",
    hidden=lambda W, b, x: ReluNode(MVMulNode(W, x)),
)
loss_1n(
    "no_output_bias", "loss", "bias c of the output", score=lambda v, c, hidden: DotNode(v, hidden)
)
loss_1n("no_relu", "loss", "ReLU", "left out", hidden=lambda W, b, x: AddNode(MVMulNode(W, x), b))
loss_1n(
    "relu_on_output", "loss", "output score instead",
    hidden=lambda W, b, x: AddNode(MVMulNode(W, x), b),
    score=lambda v, c, hidden: ReluNode(AddNode(DotNode(v, hidden), c)),
)  # fmt: skip
loss_1n(
    "relu_on_both", "loss", "as well",
    score=lambda v, c, hidden: ReluNode(AddNode(DotNode(v, hidden), c)),
)  # fmt: skip
loss_1n(
    "bias_after",
    "loss",
    "after the ReLU",
    hidden=lambda W, b, x: AddNode(ReluNode(MVMulNode(W, x)), b),
)
loss_1n("no_label", "loss", "label y is left out", label=lambda score, y: score)
loss_1n(
    "label_minus",
    "loss",
    "label y has the wrong sign",
    label=lambda score, y: ConstantMulNode(score, -y),
)
loss_1n("mean", "loss", "mean", scale=lambda n: -1 / n)
loss_1n(
    "no_bias_at_all", "loss", "bias b", "bias c",
    hidden=lambda W, b, x: ReluNode(MVMulNode(W, x)),
    score=lambda v, c, hidden: DotNode(v, hidden),
)  # fmt: skip
loss_1n("order", "returned", "in this order", returned=lambda nodes, loss: (nodes[::-1], loss))
loss_1n(
    "relu_at_zero", "returned", "exactly 0", ">=",
    hidden=lambda W, b, x: ReluAtZero(AddNode(MVMulNode(W, x), b)),
)  # fmt: skip
loss_1n(
    "relu_float_mask", "returned", "NaN", "exactly 0",
    hidden=lambda W, b, x: ReluFloatMask(AddNode(MVMulNode(W, x), b)),
)  # fmt: skip


# ------------------------------------------------------------------------ 2a: k-means


def start(X, k):
    return X[np.random.choice(np.arange(len(X)), k, replace=False)]


def lloyd(
    assign=lambda X, mu: ((X[:, None] - mu) ** 2).sum(axis=2).argmin(axis=1),
    mean=lambda X, mine, old: X[mine].mean(axis=0) if mine.any() else old,
    loss=lambda X, z, mu: ((X - mu[z]) ** 2).sum(),
    done=lambda new, old: np.array_equal(new, old),
    returned=lambda z, mu, loss: (z, mu, loss),
    convert=lambda X: X.astype(float),
):
    """kmeans as students write it, with loops over the clusters."""

    def run(X, k):
        X = convert(X)
        mu, z = start(X, k), None
        while True:
            new = assign(X, mu)
            if z is not None and done(new, z):
                return returned(new, mu, loss(X, new, mu))
            z = new
            for c in range(k):
                mu[c] = mean(X, z == c, mu[c])

    return run


def means(name, lost, *words, **options):
    mistake("2a", lost, *words)(named(name, lloyd(**options)))


def distances(X, mu):
    return ((X[:, None] - mu) ** 2).sum(axis=2)


means(
    "argmin_axis", "returned, assignments, centroids, loss, loops, special", "wrong axis",
    assign=lambda X, mu: distances(X, mu).argmin(axis=0),
    mean=lambda X, mine, old: old, loss=lambda X, z, mu: 0.0,
)  # fmt: skip
means(
    "argmin_axis_raises", "returned, assignments, centroids, loss, loops, special", "axis 1",
    assign=lambda X, mu: distances(X, mu).argmin(axis=0),
)  # fmt: skip
means(
    "first_loss", "loss", "distances; the formula has the squares",
    loss=lambda X, z, mu: np.sqrt(((X - mu[z]) ** 2).sum(axis=1)).sum(),
)  # fmt: skip
means("root_of_loss", "loss", "square root", loss=lambda X, z, mu: np.linalg.norm(X - mu[z]))
means(
    "mean_loss",
    "loss",
    "divided by the number",
    loss=lambda X, z, mu: distances(X, mu).min(axis=1).mean(),
)
means("loss_of_all", "loss", "from all centroids", loss=lambda X, z, mu: distances(X, mu).sum())
means(
    "loss_without_x", "loss", "‖x‖²",
    loss=lambda X, z, mu: ((mu[z] ** 2).sum(axis=1) - 2 * (X * mu[z]).sum(axis=1)).sum(),
)  # fmt: skip
means(
    "loss_of_last",
    "loss",
    "one cluster only",
    loss=lambda X, z, mu: ((X - mu[z])[z == len(mu) - 1] ** 2).sum(),
)
means(
    "mean_wrong_axis",
    "centroids",
    "over the coordinates",
    mean=lambda X, mine, old: X[mine].mean() if mine.any() else old,
)
means("order", "returned", "another order", returned=lambda z, mu, loss: (mu, z, loss))
means(
    "two",
    "returned, assignments, centroids, loss, loops, special",
    "tuple of 2",
    returned=lambda z, mu, loss: (z, mu),
)
means("floats", "returned", "floats", returned=lambda z, mu, loss: (z.astype(float), mu, loss))
means("from_one", "returned", "count from 1", returned=lambda z, mu, loss: (z + 1, mu, loss))
means("empty_nan", "special", "empty", mean=lambda X, mine, old: X[mine].mean(axis=0))
means(
    "integer_centroids", "centroids", "whole numbers", "floats",
    mean=lambda X, mine, old: X[mine].mean(axis=0).astype(int) if mine.any() else old,
)  # fmt: skip
means(
    "medians", "centroids", "medians",
    mean=lambda X, mine, old: np.median(X[mine], axis=0) if mine.any() else old,
)  # fmt: skip
means(
    "expansion_sign", "returned, assignments, centroids, loss, loops, special", "does not finish",
    assign=lambda X, mu: ((mu**2).sum(axis=1) + 2 * X @ mu.T).argmin(axis=1),
)  # fmt: skip
means(
    "expansion_two", "assignments", "factor 2",
    assign=lambda X, mu: ((mu**2).sum(axis=1) - X @ mu.T).argmin(axis=1),
)  # fmt: skip
means(
    "some_equal", "centroids", "stopped",
    done=lambda new, old: np.mean(new == old) > 0.5,
)  # fmt: skip
means(
    "comprehension", "loops", "loop over the examples",
    assign=lambda X, mu: np.array([((x - mu) ** 2).sum(axis=1).argmin() for x in X]),
)  # fmt: skip
means(
    "apply_along_axis", "loops", "loop over the examples",
    assign=lambda X, mu: np.apply_along_axis(lambda x: ((x - mu) ** 2).sum(axis=1).argmin(), 1, X),
)  # fmt: skip
means(
    "mapped", "loops", "map",
    assign=lambda X, mu: np.array(list(map(np.argmin, distances(X, mu)))),
)  # fmt: skip
means(
    "loss_by_loop", "loops", "loop over the examples",
    loss=lambda X, z, mu: sum(((X[i] - mu[z[i]]) ** 2).sum() for i in range(len(X))),
)  # fmt: skip


@mistake("2a", "centroids", "stopped after 1 update")
def kmeans_one_step(X, k):
    X = X.astype(float)
    mu = start(X, k)
    z = distances(X, mu).argmin(axis=1)
    mu = np.array([X[z == c].mean(axis=0) if np.any(z == c) else mu[c] for c in range(k)])
    z = distances(X, mu).argmin(axis=1)
    return z, mu, ((X - mu[z]) ** 2).sum()


@mistake("2a", "loss", "earlier step")
def kmeans_old_loss(X, k):
    X = X.astype(float)
    mu, z, loss = start(X, k), None, np.inf
    while True:
        new = distances(X, mu).argmin(axis=1)
        if z is not None and np.array_equal(new, z):
            return z, mu, loss
        z, loss = new, ((X - mu[new]) ** 2).sum()  # before the update that follows
        mu = np.array([X[z == c].mean(axis=0) if np.any(z == c) else mu[c] for c in range(k)])


@mistake("2a", "returned", "changes the X")
def kmeans_centres_x(X, k):
    if X.dtype == float:
        X += 1.0
    return lloyd()(X, k)


@mistake("2a", "returned, assignments, centroids, loss, loops, special", "does not finish")
def kmeans_endless(X, k):
    X = X.astype(float)
    mu = start(X, k)
    while True:
        z = distances(X, mu).argmin(axis=1)  # noqa: F841


@mistake("2a", "returned, assignments, centroids, loss, loops, special", "not written yet")
def kmeans_unfinished(X, k):
    raise NotImplementedError


@right("2a")
def kmeans_loops_over_clusters(X, k, seed=0):
    X = np.asarray(X, dtype=np.float64)
    mu = X[np.random.RandomState(seed).permutation(len(X))[:k]]
    z = np.full(len(X), -1)
    while True:
        D = np.stack([np.sum((X - mu[c]) ** 2, axis=1) for c in range(k)])
        new = np.argmin(D, axis=0)
        if (new == z).all():
            break
        z = new
        mu = np.stack([X[z == c].mean(0) if (z == c).sum() else mu[c] for c in range(k)])
    return z, mu, D.min(axis=0).sum()


@right("2a")
def kmeans_by_matrix_products(X, k):
    X = X.astype(np.float64)
    mu, old = start(X, k), None
    while True:
        D = (X**2).sum(1, keepdims=True) + (mu**2).sum(1) - 2 * X @ mu.T
        z = D.argmin(1)
        if old is not None and not (z != old).any():
            return [z.astype(np.int32), mu, np.sum(D[np.arange(len(X)), z])]
        old = z
        one_hot = np.eye(k)[z]
        counts = one_hot.sum(0)[:, None]
        mu = np.where(counts > 0, one_hot.T @ X / np.maximum(counts, 1), mu)


# ------------------------------------------------------------------- 3: EM, as practice


def joint(X, pi, W):
    """P(X_i = x_i, Z_i = c) as a product, which underflows for large d."""
    p = np.where(X[:, None] == 1, W, 1 - W)
    return pi * p.prod(axis=2)


def log_joint(X, pi, W):
    with np.errstate(divide="ignore"):
        p = np.log(np.where(X[:, None] == 1, W, 1 - W))
        return np.log(pi) + p.sum(axis=2)


def soft_max(a, axis=1):
    e = np.exp(a - a.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


@mistake("3a", "formula", "wrong axis")
def e_step_axis(X, pi, W):
    p = joint(X, pi, W)
    return p / p.sum(axis=0)


@mistake("3a", "formula", "prior π_c")
def e_step_without_pi(X, pi, W):
    return soft_max(log_joint(X, np.ones(len(pi)), W))


@mistake("3a", "formula", "(1 − W_cj)")
def e_step_ones_only(X, pi, W):
    with np.errstate(divide="ignore", invalid="ignore"):
        return soft_max(np.log(pi) + X @ np.log(W).T)


@mistake("3a", "formula", "not normalized")
def e_step_joint(X, pi, W):
    return joint(X, pi, W)


@mistake("3a", "formula", "transposed")
def e_step_transposed(X, pi, W):
    return soft_max(log_joint(X, pi, W)).T


@mistake("3a", "formula", "logarithms of")
def e_step_logs(X, pi, W):
    with np.errstate(divide="ignore"):
        return np.log(soft_max(log_joint(X, pi, W)))


@mistake("3a", "extremes", "underflows", "10,000")
def e_step_product(X, pi, W):
    p = joint(X, pi, W)
    return p / p.sum(axis=1, keepdims=True)


@mistake("3a", "extremes", "exactly 0 or 1", "log 0")
def e_step_zero_times_log(X, pi, W):
    return soft_max(np.log(pi) + X @ np.log(W).T + (1 - X) @ np.log(1 - W).T)


@mistake("3a", "formula, extremes", "Compare the shapes")
def e_step_shapes(X, pi, W):
    return X @ W


@right("3a")
def e_step_by_loops(X, pi, W):
    r = np.zeros((len(X), len(pi)))
    for c in range(len(pi)):
        with np.errstate(divide="ignore"):
            r[:, c] = np.log(pi[c]) + np.where(X == 1, np.log(W[c]), np.log(1 - W[c])).sum(axis=1)
    r -= np.logaddexp.reduce(r, axis=1)[:, None]
    return np.exp(r)


def terms(X, responsibilities, pi, W):
    r = responsibilities
    return np.where(r > 0, r * np.where(r > 0, log_joint(X, pi, W), 0), 0)


@mistake("3b", "formula", "log π_c is missing")
def ecll_without_pi(X, responsibilities, pi, W):
    return terms(X, responsibilities, np.ones(len(pi)), W).sum()


@mistake("3b", "formula", "(1 − x_ij)")
def ecll_ones_only(X, responsibilities, pi, W):
    with np.errstate(all="ignore"):
        return (responsibilities * (np.log(pi) + X @ np.log(W).T)).sum()


@mistake("3b", "formula", "inside")
def ecll_log_outside(X, responsibilities, pi, W):
    return np.log((responsibilities * joint(X, pi, W)).sum(axis=1)).sum()


@mistake("3b", "formula", "log-likelihood", "inside the sum")
def ecll_is_log_likelihood(X, responsibilities, pi, W):
    return np.log(joint(X, pi, W).sum(axis=1)).sum()


@mistake("3b", "formula", "r_ic are missing")
def ecll_without_r(X, responsibilities, pi, W):
    return log_joint(X, pi, W).sum()


@mistake("3b", "formula", "divided by the number of examples")
def ecll_mean(X, responsibilities, pi, W):
    return terms(X, responsibilities, pi, W).sum() / len(X)


@mistake("3b", "formula", "sum over the examples is missing")
def ecll_rows(X, responsibilities, pi, W):
    return terms(X, responsibilities, pi, W).sum(axis=1)


@mistake("3b", "extremes", "0 · log 0")
def ecll_nan(X, responsibilities, pi, W):
    return (responsibilities * log_joint(X, pi, W)).sum()


@mistake("3c", "formula", "divided by n")
def m_step_by_n(X, responsibilities):
    r = responsibilities
    return r.mean(axis=0), r.T @ X / len(X)


@mistake("3c", "formula", "not divided")
def m_step_undivided(X, responsibilities):
    r = responsibilities
    return r.mean(axis=0), r.T @ X


@mistake("3c", "formula, extremes", "wrong axis")
def m_step_wrong_axis(X, responsibilities):
    r = responsibilities
    return r.mean(axis=0), r.T @ X / r.sum(axis=1)[:, None]


@mistake("3c", "formula", "transposed")
def m_step_transposed(X, responsibilities):
    pi, W = binary_em.m_step(X, responsibilities)
    return pi, W.T


@mistake("3c", "formula", "π first")
def m_step_swapped(X, responsibilities):
    return binary_em.m_step(X, responsibilities)[::-1]


@mistake("3c", "formula", "most probable cluster only")
def m_step_hard(X, responsibilities):
    r = (responsibilities == responsibilities.max(axis=1, keepdims=True)) * 1.0
    with np.errstate(invalid="ignore"):
        return r.mean(axis=0), r.T @ X / r.sum(axis=0)[:, None]


@mistake("3c", "extremes", "NaN", "0/0")
def m_step_empty(X, responsibilities):
    r = responsibilities
    return r.mean(axis=0), r.T @ X / r.sum(axis=0)[:, None]


@mistake("3d", "formula", "not normalized")
def m_step_pi_counts(X, responsibilities):
    pi, W = binary_em.m_step(X, responsibilities)
    return responsibilities.sum(axis=0), W


@mistake("3d", "formula", "wrong axis")
def m_step_pi_axis(X, responsibilities):
    pi, W = binary_em.m_step(X, responsibilities)
    return responsibilities.mean(axis=1), W


@mistake("3d", "formula", "same for all clusters")
def m_step_pi_uniform(X, responsibilities):
    pi, W = binary_em.m_step(X, responsibilities)
    return np.full(len(pi), 1 / len(pi)), W


@right("3c")
@right("3d")
def m_step_by_loops(X, responsibilities):
    n, k = responsibilities.shape
    pi, W = np.zeros(k), np.full((k, X.shape[1]), 0.5)
    for c in range(k):
        pi[c] = responsibilities[:, c].sum() / n
        if pi[c] > 0:
            W[c] = responsibilities[:, c] @ X / responsibilities[:, c].sum()
    return pi, W


# -------------------------------------------------------------------------------- tests


@pytest.mark.parametrize("task", NAMES)
def test_the_books_code_gets_all_points(task):
    verdict = check(task)
    assert verdict.passed and verdict.points == verdict.out_of
    assert verdict.messages == [] and verdict.notes == []
    assert "checks passed" in repr(verdict) and "\n" not in repr(verdict)


@pytest.mark.full
@pytest.mark.parametrize("task", NAMES)
@pytest.mark.parametrize("seed", range(1, 11))
def test_the_books_code_gets_all_points_on_other_inputs(task, seed):
    verdict = graded(task, {}, seed)
    assert verdict.passed, verdict


# The notebooks' inputs in every run, an autograder's in the long one.
SEEDS = [0, pytest.param(1, marks=pytest.mark.full)]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("task, names", RIGHT)
def test_right_code_of_another_style_gets_all_points(task, names, seed):
    for verdict in [graded(task, names, seed) if seed else check(task, **names)]:
        assert verdict.passed, verdict
        # the handout asks for no result of this function, but the starter's commands do
        wanted = ["return the list"] if "gradient_descent" in names else []
        assert len(verdict.notes) == len(wanted), verdict
        assert all(words in note for words, note in zip(wanted, verdict.notes)), verdict


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("task, names, lost, words", MISTAKES)
def test_a_mistake_loses_its_points_and_is_named(task, names, lost, words, seed):
    for verdict in [graded(task, names, seed) if seed else check(task, **names)]:
        assert not verdict.passed
        assert [part for part in verdict.faults if verdict.faults[part]] == lost, verdict
        assert verdict.points == verdict.out_of - points_lost(task, lost)
        text = " ".join(verdict.messages)
        for word in words:
            assert word in text, text
        # it says where to look, not what to write; the student's own line may be quoted
        assert not re.search(SOLUTIONS, re.sub(r"\(in the line `.*?`\)", "", text)), text


@pytest.mark.full
@pytest.mark.parametrize("task", NAMES)
@pytest.mark.parametrize(
    "value",
    [
        None, 7, "text", object(), {}, [], (1, 2), ([1], [2], [3]), np.array(["a"]), 1j,
        np.nan,
        range(3), np.array([[1, [2]], [3, 4]], dtype=object), b"\0", np.zeros((2, 0)),
        np.full(3, np.inf),
        SimpleNamespace(value=None, grad=None), SimpleNamespace(backprop=3, numerical=[None]),
        ([None, None], SimpleNamespace(value=np.nan, grad=0, topo_order=None)), int, math,
        lambda *given: None, lambda *given: ([], []), lambda *given: np.zeros(3),
    ],
)  # fmt: skip
def test_no_result_stops_the_check(task, value):
    for thing in (value, lambda *given: value):
        verdict = check(task, **{NAMES[task][0]: thing})
        assert not verdict.passed and verdict.messages and repr(verdict)


@pytest.mark.parametrize("task", ["1b", "1e", "1g", "1l"])
@pytest.mark.parametrize("value", [None, 7, "text", [], np.array("a"), np.zeros((0, 2)), 1j, {}])
def test_no_node_stops_the_check(task, value):
    class Odd(getattr(backprop, NAMES[task][0])):
        def __init__(self, *children):
            super().__init__(*children)
            self.value = value

        def backward(self):
            for child in self.children:
                child.grad = value

    class OddToo(Odd):
        def __init__(self, *children):
            super().__init__(*children)
            self.topo_order = self.grad = value

    for Class in (Odd, OddToo):
        verdict = check(task, **{NAMES[task][0]: Class})
        assert not verdict.passed and verdict.messages and repr(verdict)


def test_an_exception_that_cannot_be_shown():
    class Nasty(Exception):
        def __str__(self):
            raise self

    def kmeans(X, k):
        raise Nasty

    assert "Nasty" in check("2a", kmeans=kmeans).messages[0]


def test_interrupting_the_kernel_still_works():
    def kmeans(X, k):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("2a", kmeans=kmeans)


def test_unknown_tasks_and_names():
    with pytest.raises(ValueError, match="task must be one of 1b"):
        check("1a")
    with pytest.raises(
        ValueError, match="LogNod is not a name of hwlib.backprop; expected LogNode"
    ):
        check("1b", LogNod=LogNode)


def test_a_check_leaves_everything_as_it_was(capsys):
    def noisy(X, k):
        print("here I am")
        warnings.warn("careful", stacklevel=1)
        return kmeans.kmeans(X, k)

    before, names = np.random.get_state()[1].copy(), dict(vars(backprop))
    tracer = sys.gettrace()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert check("2a", kmeans=noisy).passed
        assert not check("1h", LogNode=LogForgetsG, numerical_gradient=numerical_flat).passed
    assert np.array_equal(before, np.random.get_state()[1])
    assert names == vars(backprop) and sys.gettrace() is tracer
    assert capsys.readouterr() == ("", "")


def test_lines_are_short_and_plain():
    verdict = check("1l", MVMulNode=MatrixOuterTransposed)
    lines = repr(verdict).splitlines()
    assert lines[0] == "1l: 2 of 3 checks passed, 2 of 3 points"
    assert all(len(line) <= 76 for line in lines) and lines[1].startswith("- ")
    assert repr(check("1l")) == "1l: all 3 checks passed, 3 of 3 points"
    assert repr(check("3a")) == "3a: both checks passed (no points)"


def test_points_are_those_of_the_handout():
    points = {task: sum(parts.values()) for task, parts in PARTS.items()}
    graded_tasks = {
        "1b": 3,
        "1e": 3,
        "1g": 3,
        "1h": 6,
        "1i": 7,
        "1l": 3,
        "1m": 6,
        "1n": 6,
        "2a": 10,
    }
    assert points == {**graded_tasks, "3a": 0, "3b": 0, "3c": 0, "3d": 0}
    assert set(points) == set(NAMES)


# A whole module with one mistake in it: the others' tasks keep their points.

SOURCE = Path(backprop.__file__).read_text(encoding="utf-8")
SPOILED = {
    "1b": ("n.grad += self.grad / n.value", "n.grad = 1 / n.value"),
    "1e": ("self.grad * self.value * (1 - self.value)", "self.grad * n.value * (1 - n.value)"),
    "1g": (
        "super().__init__(n1.value @ n2.value, n1, n2)",
        "super().__init__((n1.value * n2.value).mean(), n1, n2)",
    ),
    "1l": ("M.value.T @ self.grad", "M.value @ self.grad"),
    "1h": ("moved) - start) / epsilon", "moved) - start) / (2 * epsilon)"),
    "1i": ("[node.value - lr * node.grad for", "[node.value + lr * node.grad for"),
    "1n": (
        "ReluNode(AddNode(MVMulNode(W, x), b))",
        "AddNode(MVMulNode(W, x), b)",
    ),
    "1m": ("DotNode(v, ReluNode(MVMulNode(M, v)))", "DotNode(v, MVMulNode(M, v))"),
}


@pytest.mark.parametrize("spoiled", SPOILED)
def test_a_mistake_costs_only_its_own_task(spoiled):
    assert SOURCE.count(SPOILED[spoiled][0]) == 1
    names = {"__name__": "submission"}
    exec(compile(SOURCE.replace(*SPOILED[spoiled]), "submission.py", "exec"), names)
    noted = []
    for task in SPOILED:
        given = inputs(task, 5)
        verdict = judge(task, given, run(task, names, given))
        assert verdict.passed == (task != spoiled), verdict
        noted += [task] * bool(verdict.notes)
        assert all("With the other tasks" in note for note in verdict.notes)
    # in 1h the mistake of 1b happens to do no harm: each node is used once, and g is 1
    wanted = {"1b": "1i 1n", "1e": "1h 1i 1n", "1g": "1h 1i 1m 1n", "1l": "1m 1n", "1h": "1m"}
    assert sorted(noted) == wanted.get(spoiled, "").split()


def test_probe_runs_alone_in_a_process_without_the_book(tmp_path):
    """As the grader has it: the probe and its helpers beside the submission, and nothing else."""
    for name in ("probe.py", "stand_ins.py"):
        shutil.copy(Path(PROBE.__file__).with_name(name), tmp_path)
    spoiled = SOURCE.replace(*SPOILED["1b"])
    (tmp_path / "backprop.py").write_text(spoiled, encoding="utf-8")
    program = (
        "import sys, json; sys.path.insert(0, '.'); import probe, stand_ins, backprop\n"
        "job = json.load(sys.stdin)\n"
        "given = probe.unpack(job['inputs'])\n"
        "seen = probe.probe(job['spec'], vars(backprop), given, (), vars(stand_ins))\n"
        "json.dump(seen, sys.stdout)\n"
        "assert not any(name.startswith(('hwlib', 'homework')) for name in sys.modules)\n"
    )
    for task, points in (("1b", 1), ("1h", 6), ("1i", 7)):
        given = inputs(task, 9)
        done = subprocess.run(
            [sys.executable, "-I", "-c", program],
            input=json.dumps({"spec": tasks.TASKS[task].probe, "inputs": pack(given)}),
            capture_output=True, text=True, cwd=tmp_path, check=True,
        )  # fmt: skip
        verdict = judge(task, given, json.loads(done.stdout))
        assert verdict.points == points, verdict


def test_what_the_handout_does_not_ask_for_costs_nothing():
    """Sizes and types beyond it earn a note."""

    def uint8(X, k):
        z, mu, loss = kmeans.kmeans(X, k)
        return z, mu, loss + (X.dtype == np.uint8)

    def no_steps(loss_fn, params, lr, num_iters):
        losses = backprop.gradient_descent(loss_fn, params, lr, num_iters)
        for _ in range(num_iters):
            last = losses
        return last

    def fixed_sizes(M, v):
        backward, numerical = np.zeros((2, 2)), np.zeros((2, 2))
        backward[:], numerical[:] = M[:2, :2], M[:2, :2]
        if len(M) > 2:
            raise ValueError("too large")
        return backprop.gradient_check_2(M, v)

    for task, names, words in (
        ("2a", {"kmeans": uint8}, "uint8"),
        ("1i", {"gradient_descent": no_steps}, "num_iters = 0"),
        ("1m", {"gradient_check_2": fixed_sizes}, "of shape (3, 3)"),
    ):
        verdict = check(task, **names)
        assert verdict.passed, verdict
        assert words in verdict.notes[0] and "No points depend on it." in verdict.notes[0]


def test_what_is_missing_is_said():
    given = inputs("1b")
    names = {name: thing for name, thing in vars(backprop).items() if name != "LogNode"}
    verdict = judge("1b", given, run("1b", names, given))
    assert verdict.messages == ["There is no LogNode in what was handed in."]


def test_the_bank_is_large():
    assert len(MISTAKES) >= 45
    assert {param.values[0] for param in MISTAKES} == set(NAMES)
