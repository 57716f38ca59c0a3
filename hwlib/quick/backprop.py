"""Gradient descent, fast: the same steps as `hwlib.backprop.gradient_descent`, replayed.

That function builds the same graph in every step, with other numbers. Here the graph is built by
the same nodes, but once, and becomes two lists of numpy calls that write into arrays made once:

1. *Record.* Sums of sums become one sum. What the output does not depend on is left out.
2. *Find what is alike.* Nodes of one kind whose children are alike do the same arithmetic, as each
   example's do in a loss: they become one `Group`, a table with a row for each node.
3. *Replay.* Forward and backward, a call or a few for a group, however many nodes it has.

This needs a loss whose graph does not depend on the parameters' values. The graphs at the start,
after one step and at the end are compared. Where they differ, where a node is not one of
`hwlib.backprop`, or where a loss or a parameter is no longer finite, `hwlib.backprop` does all the
work instead. Between the compared ones, `loss_fn` is not called.

Losses and parameters are those of the nodes up to rounding: sums are added in another order, and
σ(z) of a negative z is 1 / (1 + e^(−z)) here too.
"""

import math
from functools import partial
from numbers import Integral

import numpy as np

from hwlib import backprop
from hwlib.backprop import (
    AddNode,
    ConstantMulNode,
    DotNode,
    InputNode,
    LogNode,
    MulNode,
    MVMulNode,
    PowerNode,
    ReluNode,
    SigmoidNode,
)


def gradient_descent(loss_fn, params, lr, num_iters):
    """Minimize a loss; see `hwlib.backprop.gradient_descent`, whose results these are."""
    return replayed(loss_fn, params, lr, num_iters) or backprop.gradient_descent(
        loss_fn, params, lr, num_iters
    )


def replayed(loss_fn, params, lr, num_iters):
    """Return the losses and update params, or return None if that is for `hwlib.backprop`."""
    if not (isinstance(params, list) and isinstance(num_iters, Integral) and num_iters > 1):
        return None
    moved = list(params)
    backprop.gradient_descent(loss_fn, moved, lr, 1)
    nodes, loss = loss_fn(*params)
    recorded = structure(nodes, loss)
    if recorded is None or structure(*loss_fn(*moved)) != recorded:
        return None
    replay = Replay(nodes, loss)
    history = replay.descend(lr, num_iters)
    end = replay.params()
    if not all(np.isfinite(value).all() for value in [history, *end]):
        return None
    try:
        nodes, loss = loss_fn(*end)
    except ValueError:
        return None
    # of one graph at one point: rounding alone
    if structure(nodes, loss) != recorded or not np.isclose(loss.value, history[-1], 1e-9, 1e-9):
        return None
    params[:] = end
    return history


CONSTANTS = {ConstantMulNode: "a", PowerNode: "power"}
KINDS = {AddNode, MulNode, ReluNode, LogNode, SigmoidNode, DotNode, MVMulNode, *CONSTANTS}


def structure(nodes, loss):
    """Return all of a graph but what depends on the parameters; None if it has unknown nodes."""
    place = {id(node): i for i, node in enumerate(loss.topo_order)}
    given = {place.get(id(node)) for node in nodes}
    if None in given or len(given) < len(nodes) or {type(node) for node in nodes} != {InputNode}:
        return None
    rows = [[place[id(loss)], [place[id(node)] for node in nodes]]]
    for i, node in enumerate(loss.topo_order):
        kind = type(node)
        if kind is InputNode:
            fixed = None if i in given else node.value.tolist()
        elif kind in KINDS:
            fixed = getattr(node, CONSTANTS[kind]) if kind in CONSTANTS else None
        else:
            return None
        rows.append([kind, node.value.shape, [place[id(child)] for child in node.children], fixed])
    return rows


class Group:
    """Nodes that are alike: `value` and `grad` are tables with a row for each of them."""

    def __init__(self, kind):
        self.kind, self.nodes, self.rows, self.operands = kind, [], [], []
        self.trained = kind == "parameter"  # whether it depends on any
        self.begun = False  # whether the backward pass has written to grad


class Operand:
    """One operand of a group: from which rows of another group each of its nodes takes it.

    `rows` is a table with a row for each node: one number, or the numbers of what is added up.
    """

    def __init__(self, group, rows):
        self.group, self.rows = group, np.array(rows)
        self.several = self.rows.shape[1] > 1
        # each node its own row, in order; or all nodes the same one; or else they are gathered
        self.whole = np.array_equal(self.rows.ravel(), np.arange(len(group.nodes)))
        self.shared = not self.several and len(set(self.rows.flat)) == 1


def record(params, loss):
    """Return the groups of a graph, each after those that it takes its operands from."""
    needed, parents = {id(loss)}, {}
    for node in reversed(loss.topo_order):
        for child in node.children if id(node) in needed else ():
            needed.add(id(child))
            parents.setdefault(id(child), []).append(type(node))
    # what is added up once, in another sum, is part of that sum
    inner = {
        id(node)
        for node in loss.topo_order
        if type(node) is AddNode and parents.get(id(node)) == [AddNode]
    }
    needed.update(map(id, params))
    groups, places = {}, {}
    for node in [*params, *loss.topo_order]:
        if id(node) in places or id(node) in inner or id(node) not in needed:
            continue
        operands = {}  # number of a group, and of the operand: rows of it
        for i, child in enumerate(addends(node, inner)):
            group, row = places[id(child)]
            operands.setdefault((group, 0 if type(node) is AddNode else i), []).append(row)
        kind = type(node)
        if kind is InputNode:
            kind = "parameter" if any(node is each for each in params) else "data"
        alone = len(places) if kind == "parameter" else None
        alike = kind, node.value.shape, alone, *((key, len(rows)) for key, rows in operands.items())
        number = list(groups).index(alike) if alike in groups else len(groups)
        group = groups.setdefault(alike, Group(kind))
        places[id(node)] = number, len(group.nodes)
        group.nodes.append(node)
        group.rows.append(operands)
    groups = list(groups.values())
    for group in groups:
        for key in group.rows[0]:
            operand = Operand(groups[key[0]], [rows[key] for rows in group.rows])
            group.operands.append(operand)
            group.trained |= operand.group.trained
    return groups, groups[places[id(loss)][0]]


def addends(node, inner):
    """Return a node's children, or, of a sum of sums, all that is added up."""
    found, waiting = [], [*reversed(node.children)]
    while waiting:
        child = waiting.pop()
        if id(child) in inner:
            waiting += reversed(child.children)
        else:
            found.append(child)
    return found


class Replay:
    """The graph of a loss as two lists of numpy calls, `forward` and `backward`.

    Parameters
    ----------
    nodes : list of InputNode, the parameters
    loss : Node, the output
    """

    def __init__(self, nodes, loss):
        self.groups, loss = record(nodes, loss)
        self.forward, self.backward = [], []
        self.param_groups = self.groups[: len(nodes)]
        # all parameters lie side by side, so that one call moves them all
        sizes = [node.value.size for node in nodes]
        self.theta, self.gradient = np.empty(sum(sizes)), np.zeros(sum(sizes))
        for node, group, end in zip(nodes, self.param_groups, np.cumsum(sizes)):
            mine = slice(end - node.value.size, end)
            group.value = self.theta[mine].reshape(1, *node.value.shape)
            group.grad = self.gradient[mine].reshape(1, *node.value.shape)
            group.value[0] = node.value
        for group in self.groups[len(nodes) :]:
            group.value = np.array([node.value for node in group.nodes])
            group.grad = np.empty(group.value.shape)
            for operand in group.operands:
                self.fetch(operand)
            if group.operands:
                FORWARD[group.kind](self.forward_call, group, *group.operands)
        self.loss = loss.value
        self.backward_call(loss.grad.fill, 1.0)
        for group in reversed(self.groups):
            if group.operands and group.trained:
                BACKWARD[group.kind](self, group, *group.operands)

    def forward_call(self, function, *arguments):
        self.forward.append((function, arguments))

    def backward_call(self, function, *arguments):
        self.backward.append((function, arguments))

    def params(self):
        return [group.value[0].copy()[()] for group in self.param_groups]

    def tape(self, lr):
        """Return the calls of one step, in order."""
        step = np.empty(self.theta.shape)
        move = [
            (np.multiply, (self.gradient, lr, step)),
            (np.subtract, (self.theta, step, self.theta)),
        ]
        return [*self.backward, *move, *self.forward]

    def descend(self, lr, num_iters):
        """Return the loss at first and after each step, up to the first that is not finite."""
        tape = self.tape(lr)
        with np.errstate(all="ignore"):
            for function, arguments in self.forward:
                function(*arguments)
            history = [self.loss[0]]
            for _ in range(num_iters):
                for function, arguments in tape:
                    function(*arguments)
                history.append(self.loss[0])
                if not math.isfinite(history[-1]):
                    break
        return history

    def fetch(self, operand):
        """Give the operand its `value`: a view of its group's wherever one is possible."""
        value, rows = operand.group.value, operand.rows
        if operand.several:
            addends = value[np.newaxis]
            if not (operand.whole and len(rows) == 1):
                addends = np.empty((*rows.shape, *value.shape[1:]))
                self.forward_call(np.take, value, rows, 0, addends)
            operand.value = np.empty((len(rows), *value.shape[1:]))
            self.forward_call(np.add.reduce, addends, 1, None, operand.value)
        elif operand.whole:
            operand.value = value
        elif operand.shared:
            operand.value = value[rows[0, 0] :][:1]
        else:
            operand.value = np.empty((len(rows), *value.shape[1:]))
            self.forward_call(np.take, value, rows[:, 0], 0, operand.value)

    def give(self, operand, part):
        """Add a part to the operand's gradient: an array with a row for each node of the group
        that takes the operand, or a function that writes the calls which fill such an array.
        """
        group, rows = operand.group, operand.rows
        if not group.trained:
            return
        if operand.whole and not operand.several:
            self.add(group, group.grad, part)
            return
        if not isinstance(part, np.ndarray):
            table = np.empty((len(rows), *group.value.shape[1:]))
            part(table)
            part = table
        if operand.whole and len(rows) == 1:
            self.add(group, group.grad, part)
        elif operand.shared and len(group.nodes) == 1:
            self.add(
                group,
                group.grad,
                lambda out: self.backward_call(np.add.reduce, part, 0, None, out, True),
            )
        else:
            if not group.begun:
                self.backward_call(group.grad.fill, 0.0)
                group.begun = True
            self.backward_call(np.add.at, group.grad, rows, part[:, np.newaxis])

    def add(self, group, grad, part):
        """Write a part to a gradient, or add it to what is there."""
        if group.begun:
            if not isinstance(part, np.ndarray):
                table = np.empty(grad.shape)
                part(table)
                part = table
            self.backward_call(np.add, grad, part, grad)
        elif isinstance(part, np.ndarray):
            self.backward_call(np.copyto, grad, part)
        else:
            part(grad)
        group.begun = True


# ---- the arithmetic of each kind of node, on tables ----------------------------------------------


def constants(group):
    """The fixed number of each node, as a column that goes with the group's table."""
    column = (len(group.nodes), *[1] * (group.value.ndim - 1))
    numbers = [getattr(node, CONSTANTS[group.kind]) for node in group.nodes]
    return np.array(numbers, dtype=np.float64).reshape(column)


def one_with_many(group, one, many):
    """Whether `one` is the same for all nodes of the group, and each has its own of `many`."""
    return len(one.value) == 1 and len(many.value) == len(group.nodes) > 1


def add_forward(call, group, first, *more):
    if not more:
        call(np.copyto, group.value, first.value)
    for operand in more:
        call(np.add, first.value, operand.value, group.value)
        first = group


def add_backward(replay, group, *operands):
    for operand in operands:
        replay.give(operand, group.grad)


def mul_forward(call, group, x, y):
    call(np.multiply, x.value, y.value, group.value)


def mul_backward(replay, group, x, y):
    call = replay.backward_call
    replay.give(x, lambda out: call(np.multiply, group.grad, y.value, out))
    replay.give(y, lambda out: call(np.multiply, group.grad, x.value, out))


def power_forward(call, group, x):
    call(np.power, x.value, constants(group), group.value)


def power_backward(replay, group, x):
    def part(out):
        replay.backward_call(np.power, x.value, constants(group) - 1, out)
        replay.backward_call(np.multiply, out, constants(group), out)
        replay.backward_call(np.multiply, out, group.grad, out)

    replay.give(x, part)


def constant_mul_forward(call, group, x):
    call(np.multiply, x.value, constants(group), group.value)


def constant_mul_backward(replay, group, x):
    call = replay.backward_call
    replay.give(x, lambda out: call(np.multiply, group.grad, constants(group), out))


def relu_forward(call, group, x):
    call(partial(np.maximum, out=group.value), x.value, 0.0)


def relu_backward(replay, group, x):
    def part(out):
        replay.backward_call(np.greater, group.value, 0.0, out)
        replay.backward_call(np.multiply, out, group.grad, out)

    replay.give(x, part)


def log_forward(call, group, x):
    call(np.log, x.value, group.value)


def log_backward(replay, group, x):
    replay.give(x, lambda out: replay.backward_call(np.divide, group.grad, x.value, out))


def sigmoid_forward(call, group, x):
    # where e^(-z) overflows, this is 0 in place of less than 1e-308: its logarithm is infinite,
    # and hwlib.backprop decides
    call(np.negative, x.value, group.value)
    call(np.exp, group.value, group.value)
    call(np.add, group.value, 1.0, group.value)
    call(np.divide, 1.0, group.value, group.value)


def sigmoid_backward(replay, group, x):
    def part(out):
        replay.backward_call(np.subtract, 1.0, group.value, out)
        replay.backward_call(np.multiply, out, group.value, out)
        replay.backward_call(np.multiply, out, group.grad, out)

    replay.give(x, part)


def dot_forward(call, group, x, v):
    if one_with_many(group, x, v):
        x, v = v, x
    if one_with_many(group, v, x):
        call(np.dot, x.value, v.value[0], group.value)
    else:
        products = np.empty((len(group.nodes), *x.value.shape[1:]))
        call(np.multiply, x.value, v.value, products)
        call(np.add.reduce, products, 1, None, group.value)


def dot_backward(replay, group, x, v):
    grad = group.grad[:, np.newaxis]
    for this, other in (x, v), (v, x):
        if one_with_many(group, this, other) and len(this.group.nodes) == 1 and this.group.trained:
            replay.add(
                this.group,
                this.group.grad[0],
                lambda out, other=other: replay.backward_call(np.dot, group.grad, other.value, out),
            )
        else:
            replay.give(
                this,
                lambda out, other=other: replay.backward_call(np.multiply, grad, other.value, out),
            )


def matrix_forward(call, group, M, v):
    if one_with_many(group, M, v):
        call(np.dot, v.value, M.value[0].T, group.value)
    else:
        call(np.matmul, M.value, v.value[..., np.newaxis], group.value[..., np.newaxis])


def matrix_backward(replay, group, M, v):
    call, grad = replay.backward_call, group.grad
    if one_with_many(group, M, v):
        replay.give(v, lambda out: call(np.dot, grad, M.value[0], out))
    else:
        row = grad[:, np.newaxis]
        replay.give(v, lambda out: call(np.matmul, row, M.value, out[:, np.newaxis]))
    if one_with_many(group, M, v) and len(M.group.nodes) == 1 and M.group.trained:
        replay.add(M.group, M.group.grad[0], lambda out: call(np.dot, grad.T, v.value, out))
    else:
        column, row = grad[..., np.newaxis], v.value[:, np.newaxis]
        replay.give(M, lambda out: call(np.multiply, column, row, out))


FORWARD = {
    AddNode: add_forward,
    MulNode: mul_forward,
    PowerNode: power_forward,
    ConstantMulNode: constant_mul_forward,
    ReluNode: relu_forward,
    LogNode: log_forward,
    SigmoidNode: sigmoid_forward,
    DotNode: dot_forward,
    MVMulNode: matrix_forward,
}
BACKWARD = {
    AddNode: add_backward,
    MulNode: mul_backward,
    PowerNode: power_backward,
    ConstantMulNode: constant_mul_backward,
    ReluNode: relu_backward,
    LogNode: log_backward,
    SigmoidNode: sigmoid_backward,
    DotNode: dot_backward,
    MVMulNode: matrix_backward,
}
