"""hwlib/quick/backprop.py: the steps of gradient descent replayed, and when they are not.

That it gives the results of hwlib/backprop.py for any graph is shown in test_properties.py.
"""

import math

import numpy as np
import pytest

from hwlib import backprop
from hwlib.backprop import (
    SIMPLE_DATASET,
    XOR_DATASET,
    AddNode,
    ConstantMulNode,
    DotNode,
    InputNode,
    LogNode,
    PowerNode,
    initial_logistic_regression,
    initial_neural_network,
    make_logistic_regression,
    make_neural_network,
)
from hwlib.quick.backprop import Replay, gradient_descent, replayed

RUNS = {
    "network, XOR": (make_neural_network(XOR_DATASET), initial_neural_network, 0.1),
    "network, simple": (make_neural_network(SIMPLE_DATASET), initial_neural_network, 0.05),
    "regression": (make_logistic_regression(SIMPLE_DATASET), initial_logistic_regression, 1.0),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_thousand_steps_end_where_those_of_the_nodes_do(name):
    loss_fn, initial, lr = RUNS[name]
    params, expected = initial(), initial()
    same_list = params
    history = replayed(loss_fn, params, lr, 1000)
    # Converging: rounding, 1e-16 in each step, does not grow.
    close = {"rtol": 1e-10, "atol": 1e-12}
    np.testing.assert_allclose(
        history, backprop.gradient_descent(loss_fn, expected, lr, 1000), **close
    )
    assert params is same_list
    for one, other in zip(params, expected, strict=True):
        np.testing.assert_allclose(one, other, **close)
        assert type(one) is type(other) and np.shape(one) == np.shape(other)
    assert isinstance(history[0], np.float64)


@pytest.mark.parametrize("n", [1, 2, 50])
def test_the_number_of_calls_does_not_grow_with_the_number_of_examples(n):
    rng = np.random.default_rng(0)
    dataset = [(rng.normal(size=3), rng.choice([-1, 1])) for _ in range(n)]
    params = [rng.normal(size=(5, 3)), rng.normal(size=5), rng.normal(size=5), rng.normal()]
    loss_fn = make_neural_network(dataset)
    replay = Replay(*loss_fn(*params))
    assert len(replay.forward) <= 15 and len(replay.backward) <= 20
    start = list(params)
    history = replayed(loss_fn, params, 0.01, 5)
    expected = backprop.gradient_descent(loss_fn, start, 0.01, 5)
    np.testing.assert_allclose(history, expected, rtol=1e-12)
    for one, other in zip(params, start):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_runs_that_diverge_are_those_of_the_nodes():
    for loss_fn, initial, lr in [
        (RUNS["regression"][0], initial_logistic_regression, 1000.0),  # a probability of 0
        (RUNS["network, XOR"][0], initial_neural_network, 300.0),
        (parabola, lambda: [1.0], 1e3),  # an infinite loss
    ]:
        params, expected = initial(), initial()
        history = gradient_descent(loss_fn, params, lr, 200)
        assert history == backprop.gradient_descent(loss_fn, expected, lr, 200)
        assert len(history) < 201
        for one, other in zip(params, expected):
            np.testing.assert_array_equal(one, other)


def parabola(x):
    node = InputNode(x, [])
    return [node], PowerNode(node, 2)


def branching(x):
    """(x - 4)², or from x = 3 on (x - 4)⁴: a graph that depends on the value."""
    node = InputNode(x, [])
    return [node], PowerNode(AddNode(node, InputNode(-4, node.topo_order)), 2 if x < 3 else 4)


def counting():
    """A graph whose data change from call to call."""
    calls = []

    def loss_fn(x):
        node = InputNode(x, [])
        calls.append(x)
        return [node], PowerNode(AddNode(node, InputNode(len(calls), node.topo_order)), 2)

    return loss_fn


class SquareNode(backprop.Node):
    """A kind of node that only its author knows."""

    def __init__(self, n):
        super().__init__(n.value**2, n)

    def backward(self):
        (n,) = self.children
        n.grad += 2 * n.value * self.grad


def unknown(x):
    node = InputNode(x, [])
    return [node], SquareNode(node)


def unused(x):
    """x², and beside it a logarithm that nothing depends on but that needs x > 1/2."""
    node = InputNode(x, [])
    LogNode(AddNode(node, InputNode(-0.5, node.topo_order)))
    return [node], PowerNode(node, 2)


def no_input(x):
    node = InputNode(x, [])
    return [ConstantMulNode(node, 1)], PowerNode(node, 2)


def elsewhere(x):
    """A loss in one graph, and the parameter's node, which is given back, in another."""
    return [InputNode(x, [])], PowerNode(InputNode(x, []), 2)


@pytest.mark.parametrize(
    "loss_fn, start, lr",
    [
        *[(branching, 0.0, 0.1), (unknown, 1.0, 0.1), (unused, 1.0, 0.1), (no_input, 1.0, 0.1)],
        (elsewhere, 1.0, 0.1),
    ],
)
def test_what_cannot_be_replayed_is_left_to_the_nodes(loss_fn, start, lr):
    assert replayed(loss_fn, [start], lr, 20) is None
    params, expected = [start], [start]
    history = gradient_descent(loss_fn, params, lr, 20)
    assert history == backprop.gradient_descent(loss_fn, expected, lr, 20)
    assert params == expected


def test_data_that_change_between_calls_are_noticed():
    assert replayed(counting(), [1.0], 0.1, 20) is None


def test_a_parameter_that_becomes_infinite_ends_the_replay():
    def steep(x):  # its loss stays 0: ReLU of a negative number
        node = InputNode(x, [])
        slope = ConstantMulNode(ConstantMulNode(node, 1e-10), 1e300)
        return [node], AddNode(ConstantMulNode(slope, 1e-290), ConstantMulNode(node, 0))

    params, expected = [0.0], [0.0]
    history = gradient_descent(steep, params, 1e308, 9)
    assert history == backprop.gradient_descent(steep, expected, 1e308, 9)
    assert params == expected and math.isfinite(params[0])


@pytest.mark.parametrize(
    "arguments, message",
    [
        (((1.0,), 0.1, 10), "params must be a list"),
        (([1.0], 0, 10), "lr must be positive"),
        (([1.0], 0.1, -1), "num_iters must be a whole number"),
        (([1.0], 0.1, "10"), "num_iters must be a whole number"),
        (([math.nan], 0.1, 10), "InputNode needs a finite value"),
    ],
)
def test_bad_input_is_refused_as_by_the_nodes(arguments, message):
    with pytest.raises(ValueError, match=message):
        gradient_descent(parabola, *arguments)


def test_a_parameter_that_the_loss_does_not_need_stays():
    def loss_fn(x, y):
        topo_order = []
        x, y = InputNode(x, topo_order), InputNode(y, topo_order)
        return [x, y], DotNode(x, x)

    params = [np.array([1.0, 2.0]), np.array([3.0])]
    history = replayed(loss_fn, params, 0.25, 2)
    assert history == [5, 5 / 4, 5 / 16]  # x is halved in each step
    assert [each.tolist() for each in params] == [[0.25, 0.5], [3.0]]
