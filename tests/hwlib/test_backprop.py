"""hwlib.backprop: every node against formulas worked by hand and against differences,
the figures of the homework, the traps of backpropagation code, and the commands."""

import ast
import itertools
import math
import os
import runpy
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from alone import run_alone

from hwlib import backprop
from hwlib.backprop import (
    EPSILON,
    SIMPLE_DATASET,
    XOR_DATASET,
    AddNode,
    ConstantMulNode,
    DotNode,
    InputNode,
    LogNode,
    MulNode,
    MVMulNode,
    Node,
    PowerNode,
    ReluNode,
    SigmoidNode,
    compare_gradients,
    gradient_check_1,
    gradient_check_2,
    gradient_descent,
    initial_logistic_regression,
    initial_neural_network,
    make_logistic_regression,
    make_neural_network,
    numerical_gradient,
    sigmoid,
)

ROOT = Path(__file__).resolve().parents[2]

# A few roundings of numbers near 1; nothing here is computed by cancellation.
ROUNDING = dict(rtol=1e-13, atol=1e-13)
# Forward differences with ε = 1e-8: truncation ~ ε, and rounding ~ 2⁻⁵²·|f|/ε, for the largest
# value of f below, 192, a few 1e-6.
FORWARD = dict(rtol=0, atol=1e-5)


@pytest.fixture(autouse=True)
def no_warnings():
    """No test may raise a warning: the module promises that none is needed."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def scalar(value, topo_order=None):
    return InputNode(value, [] if topo_order is None else topo_order)


def weighted(node):
    """A scalar output that depends on every entry of a vector node, each with its own weight."""
    weights = InputNode(np.arange(1.0, node.value.size + 1), node.topo_order)
    return DotNode(node, weights)


# ------------------------------------------------------------------ the homework's figures


def test_gradient_check_1():
    check = gradient_check_1()
    # By hand: aᵀb = 8, aᵀc = −5; f = log 8 − 3σ(−5).
    s = 1 / (1 + math.exp(5))
    assert check.value == pytest.approx(math.log(8) - 3 * s, rel=1e-14)
    assert round(float(check.value), 3) == 2.059
    assert check.max_difference < 1e-7
    a, b, c = np.array([3, 2]), np.array([-2, 7]), np.array([1, -4])
    np.testing.assert_allclose(check.backprop[0], b / 8 - 3 * s * (1 - s) * c, **ROUNDING)
    np.testing.assert_allclose(check.backprop[1], a / 8, **ROUNDING)
    np.testing.assert_allclose(check.backprop[2], -3 * s * (1 - s) * a, **ROUNDING)


def test_gradient_check_2():
    check = gradient_check_2()
    assert check.value == 5  # small whole numbers: exact
    assert check.max_difference < 1e-7
    # By hand: Mv = (5, −9), ReLU(Mv) = (5, 0), so g at Mv is (1, 0);
    # ∇_M = (1, 0)ᵀ vᵀ, ∇_v = ReLU(Mv) + Mᵀ (1, 0).
    assert check.backprop[0].tolist() == [[1, -3], [0, 0]]
    assert check.backprop[1].tolist() == [7, -1]


@pytest.mark.parametrize("check", [gradient_check_1, gradient_check_2])
def test_gradient_checks_compare_with_the_numerical_gradient(check):
    result = check()
    differences = [np.abs(g - n).max() for g, n in zip(result.backprop, result.numerical)]
    assert result.max_difference == max(differences) > 0
    # A step so large that the differences are wrong shows in the result.
    assert check(epsilon=0.1).max_difference > 1e-3


def test_logistic_regression_fits_the_simple_dataset():
    params = initial_logistic_regression()
    history = gradient_descent(make_logistic_regression(SIMPLE_DATASET), params, 1.0, 1000)
    assert history[0] == pytest.approx(4 * math.log(2), rel=1e-14)  # every σ(0) is 1/2
    assert len(history) == 1001
    # Converging: rounding does not grow. 0.013821 is the figure printed by the book.
    assert history[-1] == pytest.approx(0.013821, abs=5e-7)
    w, b = params
    assert all(y * (w @ x + b) > 0 for x, y in SIMPLE_DATASET)


def test_logistic_regression_is_stuck_on_xor():
    params = initial_logistic_regression()
    history = gradient_descent(make_logistic_regression(XOR_DATASET), params, 1.0, 1000)
    # The gradient at zero is zero, in floating point too: it is a sum of ±1/2.
    assert history == [history[0]] * 1001
    assert history[-1] == pytest.approx(4 * math.log(2), rel=1e-14)
    assert params[0].tolist() == [0, 0] and params[1] == 0


def test_logistic_regression_returns_to_zero_on_xor_from_elsewhere():
    params = [np.array([1.5, -0.7]), 0.4]
    history = gradient_descent(make_logistic_regression(XOR_DATASET), params, 1.0, 2000)
    # The loss is convex, so every start leads to the one minimum.
    assert history[-1] == pytest.approx(4 * math.log(2), rel=1e-12)
    np.testing.assert_allclose(np.append(*params), 0, atol=1e-6)


def test_neural_network_fits_xor():
    params = initial_neural_network()
    history = gradient_descent(make_neural_network(XOR_DATASET), params, 0.1, 1000)
    # Converging: perturbing the initial values by 1e-12 changes the loss by less than 1e-11.
    assert history[-1] == pytest.approx(0.018599, abs=5e-7)
    W, b, v, c = params
    for x, y in XOR_DATASET:
        assert y * (v @ np.maximum(W @ x + b, 0) + c) > 0


def test_initial_values_and_datasets_are_the_homeworks():
    W, b, v, c = initial_neural_network()
    assert W.tolist() == [[-0.01, 0.07], [0.17, 0], [-0.04, -0.11]]
    assert b.tolist() == [-0.02, -0.14, 0.05]
    assert v.tolist() == [0.05, 0.14, 0.12] and c == -0.02
    as_lists = [[(x.tolist(), y) for x, y in data] for data in (SIMPLE_DATASET, XOR_DATASET)]
    assert as_lists[0] == [([2, 2], 1), ([1, 0], 1), ([1, 2], -1), ([0, -1], -1)]
    assert as_lists[1] == [([0, 0], -1), ([1, 1], -1), ([1, 0], 1), ([0, 1], 1)]
    assert EPSILON == 1e-8


# -------------------------------------------------------------------- sigmoid


def test_sigmoid_of_scalars():
    assert sigmoid(0.0) == 0.5
    assert sigmoid(800.0) == 1.0
    assert 0 < sigmoid(-700.0) == pytest.approx(math.exp(-700), rel=1e-12)
    assert sigmoid(-700.0) == pytest.approx(9.9e-305, rel=0.01)
    assert sigmoid(-1e308) == 0.0 and sigmoid(1e308) == 1.0
    assert isinstance(sigmoid(np.float64(-3.0)), np.float64)
    assert sigmoid(1) == pytest.approx(1 / (1 + math.exp(-1)), rel=1e-15)


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int32, np.float16, np.float32, int, bool])
def test_sigmoid_computes_in_float64(kind):
    value = kind(True) if kind is bool else kind(3)
    expected = 1 / (1 + math.exp(-float(value)))
    assert sigmoid(value) == pytest.approx(expected, rel=1e-15)
    assert sigmoid(np.array([value])).tolist() == [sigmoid(value)]
    assert isinstance(sigmoid(value), np.float64)


def test_sigmoid_of_arrays_equals_the_scalars():
    z = np.array([[-800.0, -700.0, -1.5], [0.0, 1.5, 800.0]])
    expected = [[sigmoid(entry) for entry in row] for row in z]
    np.testing.assert_allclose(sigmoid(z), expected, rtol=1e-14)
    assert type(sigmoid(z)) is np.ndarray and np.isnan(sigmoid(np.array([np.nan]))[0])
    # σ(z) + σ(−z) = 1
    np.testing.assert_allclose(sigmoid(z) + sigmoid(-z), 1, rtol=1e-15)


# ------------------------------------------------- each node: formula by hand, differences

# name, the node made of input nodes, its inputs, the value and the gradients by hand for
# the output u itself (scalar nodes), or for Σ_k k·u_k (vector nodes).
CASES = [
    ("add", AddNode, [2.0, -3.0], -1, [1, 1]),
    ("add vectors", AddNode, [[2.0, 5.0], [-3.0, 1.0]], [-1, 6], [[1, 2], [1, 2]]),
    ("mul", MulNode, [2.0, -3.0], -6, [-3, 2]),
    ("mul vectors", MulNode, [[2.0, 5.0], [-3.0, 4.0]], [-6, 20], [[-3, 8], [2, 10]]),
    ("power", lambda n: PowerNode(n, 3), [-2.0], -8, [12]),
    ("power 1/2", lambda n: PowerNode(n, 0.5), [4.0], 2, [0.25]),
    ("power -1", lambda n: PowerNode(n, -1), [-2.0], -0.5, [-0.25]),
    ("power 0", lambda n: PowerNode(n, 0), [-2.0], 1, [0]),
    ("power 1.5 below 1", lambda n: PowerNode(n, 1.5), [0.25], 0.125, [0.75]),
    ("power 2.5 of 0", lambda n: PowerNode(n, 2.5), [0.0], 0, [0]),
    ("power 1 of 0", lambda n: PowerNode(n, 1), [0.0], 0, [1]),
    ("constant", lambda n: ConstantMulNode(n, -2), [3.0], -6, [-2]),
    ("constant, vector", lambda n: ConstantMulNode(n, -2), [[3.0, 1.0]], [-6, -2], [[-2, -4]]),
    ("relu on", ReluNode, [3.0], 3, [1]),
    ("relu off", ReluNode, [-3.0], 0, [0]),
    ("relu, vector", ReluNode, [[-1.0, 2.0, 5.0]], [0, 2, 5], [[0, 2, 3]]),
    ("log", LogNode, [4.0], math.log(4), [0.25]),
    ("log, vector", LogNode, [[1.0, 4.0]], [0, math.log(4)], [[1, 0.5]]),
    ("sigmoid, vector", SigmoidNode, [[0.0, math.log(3)]], [0.5, 0.75], [[0.25, 0.375]]),
    ("power, vector", lambda n: PowerNode(n, 2), [[3.0, -1.0]], [9, 1], [[6, -4]]),
    ("sigmoid", SigmoidNode, [math.log(3)], 0.75, [0.1875]),
    ("dot", DotNode, [[3.0, 2.0], [-2.0, 7.0]], 8, [[-2, 7], [3, 2]]),
    (
        # g = (1, 2, 3): ∇_M = g vᵀ, ∇_v = Mᵀ g
        "matrix times vector",
        MVMulNode,
        [[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [10.0, -1.0]],
        [8, 26, 44],
        [[[10, -1], [20, -2], [30, -3]], [22, 28]],
    ),
]


@pytest.mark.parametrize("name, make, inputs, value, gradients", CASES, ids=[c[0] for c in CASES])
def test_node(name, make, inputs, value, gradients):
    results = []

    def build_graph(*inputs):
        topo_order = []
        nodes = [InputNode(x, topo_order) for x in inputs]
        u = make(*nodes)
        results.append(u)
        return nodes, u if u.value.ndim == 0 else weighted(u)

    check = compare_gradients(build_graph, inputs)
    np.testing.assert_allclose(results[0].value, value, **ROUNDING)
    for backprop_gradient, numerical, by_hand in zip(check.backprop, check.numerical, gradients):
        np.testing.assert_allclose(backprop_gradient, by_hand, **ROUNDING)
        np.testing.assert_allclose(backprop_gradient, numerical, **FORWARD)


def test_relu_has_derivative_zero_at_zero():
    x = scalar(0.0)
    ReluNode(x).compute_grad()
    assert x.grad == 0


@pytest.mark.parametrize("name, make, inputs, value, gradients", CASES, ids=[c[0] for c in CASES])
def test_backward_adds_to_what_is_there(name, make, inputs, value, gradients):
    topo_order = []
    nodes = [InputNode(x, topo_order) for x in inputs]
    u = make(*nodes)
    u.grad = np.arange(1.0, u.value.size + 1) if u.value.ndim else np.float64(1.0)
    for node in nodes:
        node.grad = node.grad + 10
    u.backward()
    for node, by_hand in zip(nodes, gradients):
        np.testing.assert_allclose(node.grad, np.add(by_hand, 10), **ROUNDING)


@pytest.mark.parametrize("check", [gradient_check_1, gradient_check_2])
def test_compute_grad_twice_gives_the_same_as_once(check):
    output = check().output
    once = [np.copy(node.grad) for node in output.topo_order]
    output.compute_grad()
    for node, grad in zip(output.topo_order, once):
        np.testing.assert_array_equal(node.grad, grad)


def test_compute_grad_of_an_inner_node_ignores_what_came_later():
    x = scalar(4.0)
    u = LogNode(x)
    y = ConstantMulNode(u, 7)
    y.compute_grad()
    assert x.grad == 7 / 4
    u.compute_grad()
    assert x.grad == 1 / 4
    assert y.grad == 0


def test_gradients_kept_from_one_pass_survive_the_next():
    x = InputNode([1.0, 2.0], [])
    u = DotNode(x, InputNode([3.0, 4.0], x.topo_order))
    u.compute_grad()
    kept = x.grad
    ConstantMulNode(u, 2).compute_grad()
    assert kept.tolist() == [3, 4]
    assert x.grad.tolist() == [6, 8]


def test_compute_grad_clears_what_was_passed_back_by_hand():
    x = scalar(4.0)
    u = LogNode(x)
    u.grad = np.float64(3.0)
    u.backward()
    assert x.grad == 3 / 4
    u.compute_grad()
    assert x.grad == 1 / 4


@pytest.mark.parametrize("value, kind", [(3.0, np.float64), ([1.0, 2.0], np.ndarray)])
def test_zero_grad_has_the_shape_and_the_type_of_the_value(value, kind):
    node = InputNode(value, [])
    node.grad = node.grad + 7
    node.zero_grad()
    assert type(node.grad) is kind
    assert node.grad.shape == node.value.shape and not np.any(node.grad)


def test_compute_grad_needs_a_scalar():
    with pytest.raises(
        ValueError, match=r"^compute_grad needs a scalar, got ReluNode of shape \(2,\)$"
    ):
        ReluNode(InputNode([1.0, 2.0], [])).compute_grad()


def test_operators_make_the_nodes():
    x = scalar(3.0)
    y = scalar(2.0, x.topo_order)
    z = x * y + y**2 + 5 * x * np.float64(2) + 1  # 6 + 4 + 30 + 1
    z.compute_grad()
    assert (z.value, x.grad, y.grad) == (41, 2 + 10, 3 + 4)
    made = [type(node).__name__ for node in z.topo_order if node.children]
    assert made == [
        "MulNode", "PowerNode", "AddNode", "ConstantMulNode", "ConstantMulNode", "AddNode",
        "AddNode",
    ]  # fmt: skip
    vector = InputNode([1.0, 2.0], [])
    assert (np.float64(2) * vector).value.tolist() == [2, 4]
    assert (1 + vector).value.tolist() == [2, 3]


def test_a_node_prints_its_kind_its_value_and_its_gradient():
    topo_order = []
    x = InputNode([1, 2], topo_order)
    y = DotNode(x, InputNode([3, 4], topo_order))
    y.compute_grad()
    assert repr(x) == "InputNode(value=[1.0, 2.0], grad=[3.0, 4.0])"
    assert repr(y) == "DotNode(value=11.0, grad=1.0)"


def test_a_node_without_backward_says_so():
    class HalfDone(Node):
        pass

    with pytest.raises(NotImplementedError, match="HalfDone"):
        HalfDone(np.float64(1.0), scalar(1.0)).compute_grad()


# --------------------------------------------------------------------- the graph


def test_topo_order_holds_every_node_children_first():
    output = gradient_check_1().output
    topo_order = output.topo_order
    assert [type(node).__name__ for node in topo_order] == [
        "InputNode", "InputNode", "InputNode", "DotNode", "LogNode",
        "DotNode", "SigmoidNode", "ConstantMulNode", "AddNode",
    ]  # fmt: skip
    assert topo_order[-1] is output
    position = {id(node): i for i, node in enumerate(topo_order)}
    for node in topo_order:
        assert node.topo_order is topo_order
        assert all(position[id(child)] < position[id(node)] for child in node.children)


@pytest.mark.parametrize(
    "make",
    [
        AddNode,
        MulNode,
        lambda x, y: DotNode(InputNode([1], x.topo_order), InputNode([1], y.topo_order)),
    ],
)
def test_nodes_of_two_graphs_do_not_mix(make):
    message = r"^(Add|Mul|Dot)Node joins two graphs: give all InputNodes one topo_order$"
    with pytest.raises(ValueError, match=message):
        make(scalar(1.0), scalar(2.0))


@pytest.mark.parametrize(
    "value, shape",
    [(3, ()), (3.0, ()), (np.int64(3), ()), (np.float32(3), ()), (True, ()), (np.array(3), ()),
     ([1, 2], (2,)), (np.array([1, 2]), (2,)), (np.array([[1, 2]], dtype=np.int8), (1, 2))],
)  # fmt: skip
def test_inputs_become_float64(value, shape):
    node = InputNode(value, [])
    kind = np.float64 if shape == () else np.ndarray
    assert type(node.value) is kind and type(node.grad) is kind
    assert node.value.dtype == node.grad.dtype == np.float64
    assert node.value.shape == node.grad.shape == shape
    assert not np.any(node.grad)
    u = AddNode(node, node)  # and what is made of them starts with a gradient of its shape too
    assert type(u.grad) is kind and u.grad.shape == shape and not np.any(u.grad)


def test_every_value_and_gradient_of_a_graph_is_float64_with_one_shape():
    _, loss = make_neural_network(XOR_DATASET)(*initial_neural_network())
    loss.compute_grad()
    for node in loss.topo_order:
        assert isinstance(node.value, np.float64 | np.ndarray)
        assert isinstance(node.grad, np.float64 | np.ndarray)
        assert node.value.dtype == node.grad.dtype == np.float64
        assert node.value.shape == node.grad.shape


def test_a_message_is_written_only_when_it_is_needed():
    class Silent(np.ndarray):
        def __str__(self):
            raise AssertionError("an array was printed for a message that nobody gets")

        __repr__ = __format__ = __str__

    topo_order = []
    x = InputNode(np.array([1.0, 2.0]).view(Silent), topo_order)
    x.value = x.value.view(Silent)
    one = InputNode(np.array([1.0]).view(Silent), topo_order)
    for node in (LogNode(x), PowerNode(x, 2), MulNode(x, x), DotNode(x, x), ReluNode(x)):
        assert np.isfinite(node.value).all()
    compute_loss = make_logistic_regression([(x.value, 1)])
    gradient_descent(compute_loss, [x.value, one.value[0]], 0.1, 1)


def test_an_input_is_a_copy():
    array = np.array([1.0, 2.0])
    node = InputNode(array, [])
    array[0] = 99
    assert node.value.tolist() == [1, 2]


V2, V3, M32 = [1.0, 2.0], [1.0, 2.0, 3.0], np.ones((3, 2))


@pytest.mark.parametrize(
    "make, inputs, message",
    [
        (lambda x: x, [math.nan], "InputNode needs a finite value, got nan"),
        (lambda x: x, [[1.0, math.inf]], "InputNode needs a finite value"),
        (lambda x: x, ["abc"], "could not convert string"),
        (AddNode, [V2, V3], r"^AddNode needs equal shapes, got \(2,\) and \(3,\)$"),
        (AddNode, [V2, 1.0], r"AddNode needs equal shapes"),
        (MulNode, [V2, 1.0], r"MulNode needs equal shapes, got \(2,\) and \(\)$"),
        (DotNode, [V2, V3], r"^DotNode needs .*one length, got \(2,\) and \(3,\)$"),
        (DotNode, [1.0, 2.0], "DotNode.*vectors"),
        (DotNode, [M32, V2], "DotNode.*vectors"),
        (
            MVMulNode,
            [M32, V3],
            r"^MVMulNode needs shapes \(p, d\) and \(d,\), got \(3, 2\) and \(3,\)$",
        ),
        (MVMulNode, [V2, V2], "MVMulNode needs shapes"),
        (MVMulNode, [M32, M32], "MVMulNode"),
        (LogNode, [0.0], "LogNode needs n > 0, got 0.0"),
        (LogNode, [[1.0, 0.0]], "LogNode needs n > 0"),
        (LogNode, [-2.0], "LogNode needs n > 0, got -2.0"),
        (lambda x: ConstantMulNode(x, math.nan), [1.0], "MulNode needs a finite a, got nan"),
        (lambda x: ConstantMulNode(x, math.inf), [V2], "ConstantMulNode needs a finite a, got inf"),
        (lambda x: PowerNode(x, math.nan), [1.0], "PowerNode needs a finite power, got nan"),
        (
            lambda x: PowerNode(x, 0.5),
            [-1.0],
            r"^PowerNode needs a finite derivative of x\^0.5, got -1.0$",
        ),
        (lambda x: PowerNode(x, 0.5), [0.0], r"^PowerNode needs .* of x\^0.5, got 0.0$"),
        (
            lambda x: PowerNode(x, -1),
            [[1.0, 0.0]],
            r"PowerNode needs a finite derivative of x\^-1, got ",
        ),
        (lambda x: PowerNode(x, -1), [0.0], r"^PowerNode needs .* of x\^-1, got 0.0$"),
    ],
)
def test_mistakes_are_named(make, inputs, message):
    topo_order = []
    with pytest.raises(ValueError, match=message):
        make(*[InputNode(x, topo_order) for x in inputs])


@pytest.mark.parametrize(
    "check, inputs",
    [
        (gradient_check_1, [[1e200, 1.0], [1e200, 1.0], [1.0, 1.0]]),
        (gradient_check_1, [[1e-310, 0.0], [1.0, 0.0], [1.0, 1.0]]),  # log(1e-310): slope 1e310
        (gradient_check_2, [[[1e200]], [1e200]]),
    ],
)
def test_what_is_too_large_for_a_gradient_check_is_said(check, inputs):
    with pytest.raises(ValueError, match="the value or a gradient is too large for a float"):
        check(*inputs)


# ------------------------------------------------------------------ numerical gradient


def test_numerical_gradient_of_any_function():
    M, v, s = np.array([[1.0, 2.0], [3.0, 4.0]]), [5, -6], 2
    gradients = numerical_gradient(lambda M, v, s: s * (v @ M @ v), [M, v, s])
    # s vᵀMv: ∂/∂M = s v vᵀ, ∂/∂v = s (M + Mᵀ) v, ∂/∂s = vᵀMv. The values near 40 and the
    # gradients near 100 lose 2⁻⁵²·100/1e-8 ≈ 2e-6 by rounding.
    np.testing.assert_allclose(gradients[0], 2 * np.outer(v, v), atol=1e-5)
    np.testing.assert_allclose(gradients[1], 2 * (M + M.T) @ v, atol=1e-5)
    np.testing.assert_allclose(gradients[2], np.array(v) @ M @ v, atol=1e-5)
    assert isinstance(gradients[2], np.float64)
    assert M.tolist() == [[1, 2], [3, 4]] and v == [5, -6]


def test_numerical_gradient_does_not_hand_out_its_arrays():
    seen = []
    numerical_gradient(lambda x: seen.append(x) or x.sum(), [np.zeros(2)])
    assert sorted(x.tolist() for x in seen) == [[0, 0], [0, EPSILON], [EPSILON, 0]]


def test_numerical_gradient_spares_its_inputs_from_a_function_that_changes_them():
    def f(x):
        x *= 2
        return x.sum()

    x = np.array([1.0, 3.0])
    np.testing.assert_allclose(numerical_gradient(f, [x])[0], [2, 2], atol=1e-6)
    assert x.tolist() == [1, 3]


def test_the_error_of_the_numerical_gradient_is_of_order_epsilon():
    # e^x at 0: ε/2, at a step where rounding does not matter yet.
    (slope,) = numerical_gradient(np.exp, [0.0], 1e-3)
    assert slope - 1 == pytest.approx(1e-3 / 2, rel=0.01)


@pytest.mark.parametrize("epsilon", [0, -1e-8, math.nan, math.inf, "small", None])
def test_numerical_gradient_refuses_a_bad_step(epsilon):
    with pytest.raises(ValueError, match="epsilon must be positive and finite"):
        numerical_gradient(np.exp, [0.0], epsilon)


# -------------------------------------------------------------------------- models


@pytest.mark.parametrize("dataset", [SIMPLE_DATASET, XOR_DATASET])
def test_logistic_regression_loss_and_gradient_by_hand(dataset):
    w, b = np.array([0.3, -1.2]), 0.7
    nodes, loss = make_logistic_regression(dataset)(w, b)
    margins = np.array([y * (w @ x + b) for x, y in dataset])
    assert loss.value == pytest.approx(np.log1p(np.exp(-margins)).sum(), rel=1e-13)
    loss.compute_grad()
    # ∂/∂w −log σ(y (wᵀx + b)) = −y (1 − σ(y (wᵀx + b))) x
    shares = [-y * (1 - sigmoid(y * (w @ x + b))) for x, y in dataset]
    by_hand = sum(share * x for share, (x, _) in zip(shares, dataset))
    np.testing.assert_allclose(nodes[0].grad, by_hand, **ROUNDING)
    np.testing.assert_allclose(nodes[1].grad, sum(shares), **ROUNDING)


@pytest.mark.parametrize("dataset", [SIMPLE_DATASET, XOR_DATASET])
def test_neural_network_loss_and_gradient(dataset):
    rng = np.random.default_rng(5)
    params = [rng.normal(size=(4, 2)), rng.normal(size=4), rng.normal(size=4), rng.normal()]
    W, b, v, c = params
    compute_loss = make_neural_network(dataset)
    check = compare_gradients(compute_loss, params)
    margins = [y * (v @ np.maximum(W @ x + b, 0) + c) for x, y in dataset]
    assert check.value == pytest.approx(np.log1p(np.exp(-np.array(margins))).sum(), rel=1e-13)
    assert check.max_difference < 1e-6  # values of a few units: as FORWARD, a few 1e-8


def test_models_build_a_new_graph_each_time():
    compute_loss = make_logistic_regression(SIMPLE_DATASET)
    first, second = compute_loss([0, 0], 0)[1], compute_loss([0, 0], 0)[1]
    assert first.topo_order is not second.topo_order
    assert len(first.topo_order) == len(second.topo_order)


def test_models_take_lists_and_do_not_change_with_the_dataset():
    dataset = [([2, 0], 1), ([0, 1], -1)]
    compute_loss = make_logistic_regression(dataset)
    before = compute_loss([1, 1], 0)[1].value
    dataset.pop()
    assert compute_loss([1, 1], 0)[1].value == before


@pytest.mark.parametrize("make", [make_logistic_regression, make_neural_network])
@pytest.mark.parametrize(
    "dataset, message",
    [
        ([], r"^dataset must hold at least one example \(x, y\), got none$"),
        ([([1, 2], 0)], "each y must be 1 or -1, got 0"),
        ([([1, 2], 1), ([1, 2, 3], 1)], r"all of one length, got \[1.0, 2.0, 3.0\]"),
        ([([1, math.nan], 1)], "finite"),
        ([(1.0, 1)], "vector"),
    ],
)
def test_bad_datasets_are_named(make, dataset, message):
    with pytest.raises(ValueError, match=message):
        make(dataset)


# ---------------------------------------------------------------- gradient descent


def parabola(x):
    """L(x) = x², a loss whose gradient descent is known: x ← (1 − 2 lr) x."""
    node = InputNode(x, [])
    return [node], PowerNode(node, 2)


def test_gradient_descent_by_hand():
    params = [8]
    history = gradient_descent(parabola, params, lr=0.25, num_iters=3)
    # 8 → 4 → 2 → 1, exact in binary
    assert history == [64, 16, 4, 1]
    assert params == [1] and isinstance(params[0], np.float64)


def test_gradient_descent_replaces_the_entries_and_spares_the_arrays():
    w = np.array([0.0, 0.0])
    params = [w, 0]
    same_list = params
    gradient_descent(make_logistic_regression(SIMPLE_DATASET), params, 1.0, 1)
    assert params is same_list and w.tolist() == [0, 0]
    # One step by hand: every share is −y/2, so w = Σ y x / 2 = (2, 1)/2 and b = 0.
    np.testing.assert_allclose(params[0], [1.0, 0.5], **ROUNDING)
    np.testing.assert_allclose(params[1], 0, **ROUNDING)


def test_no_steps_only_compute_the_loss():
    params = [3]
    assert gradient_descent(parabola, params, 0.1, 0) == [9]
    assert params == [3]


@pytest.mark.parametrize("lr", [0, -1, math.nan, math.inf, "abc", None, [0.1]])
def test_gradient_descent_refuses_a_bad_learning_rate(lr):
    with pytest.raises(ValueError, match="lr must be positive and finite"):
        gradient_descent(parabola, [1.0], lr, 10)


@pytest.mark.parametrize("num_iters", [-1, 2.5, "10", None])
def test_gradient_descent_refuses_a_bad_number_of_steps(num_iters):
    with pytest.raises(ValueError, match="num_iters must be a whole number"):
        gradient_descent(parabola, [1.0], 0.1, num_iters)


def test_gradient_descent_needs_a_list():
    with pytest.raises(ValueError, match="params must be a list"):
        gradient_descent(parabola, (1.0,), 0.1, 10)


def test_mistakes_in_the_initial_values_are_not_called_divergence():
    compute_loss = make_neural_network(XOR_DATASET)
    W, b, v, c = initial_neural_network()
    with pytest.raises(ValueError, match="AddNode needs equal shapes"):
        gradient_descent(compute_loss, [W, b[:2], v, c], 0.1, 10)
    with pytest.raises(ValueError, match="InputNode needs a finite value"):
        gradient_descent(compute_loss, [W, b, v, math.nan], 0.1, 10)
    with pytest.raises(ValueError, match="params: the loss is inf"):
        gradient_descent(parabola, [1e200], 0.1, 10)


def assert_diverged(loss_fn, params, lr, num_iters):
    history = gradient_descent(loss_fn, params, lr, num_iters)
    assert 1 <= len(history) <= num_iters
    assert np.isfinite(history).all()
    assert all(np.isfinite(param).all() for param in params)
    # The parameters are those of the last loss, not those of the step that failed.
    assert loss_fn(*params)[1].value == history[-1]
    return history


def test_divergence_by_an_overflowing_loss():
    history = assert_diverged(parabola, [1.0], lr=1e3, num_iters=1000)
    assert history[-1] > 1e290  # it went on as far as float64 allows


def test_divergence_by_an_overflowing_parameter():
    # The cubic x³ + x in a graph whose loss stays small while x explodes: the gradient 2e300
    # of the constant factor moves x to −inf at once.
    def steep(x):
        node = InputNode(x, [])
        return [node], ConstantMulNode(ConstantMulNode(node, 1e-10), 1e300)

    assert_diverged(steep, [0.0], lr=1e200, num_iters=5)


def test_divergence_by_a_probability_that_becomes_zero():
    # lr 1000: after one step a margin is below −745, where σ is 0 in float64.
    history = assert_diverged(
        make_logistic_regression(SIMPLE_DATASET), initial_logistic_regression(), 1000.0, 50
    )
    assert len(history) == 1


def test_divergence_of_the_network():
    assert_diverged(make_neural_network(XOR_DATASET), initial_neural_network(), 1e4, 1000)


# --------------------------------------------------------------------- command line

AS_SCRIPT = [sys.executable, str(ROOT / "hwlib" / "backprop.py")]
AS_MODULE = [sys.executable, "-m", "hwlib.backprop"]


def run(command, *arguments):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(
        [*command, *arguments], capture_output=True, text=True, encoding="utf-8", env=environment
    )


COMMANDS = {
    ("grad_check_1",): ["f(a, b, c) = 2.059363", "[0.375, 0.25]"],
    ("grad_check_2",): ["f(M, v) = 5.000000", "[7.0, -1.0]"],
    ("logreg", "-d", "simple"): ["final loss:   0.013821 (after 1000 steps)"],
    ("logreg", "-d", "xor"): ["final loss:   2.772589", "P(y = +1 | x) = 0.5000"],
    ("neural", "-d", "xor"): ["final loss:   0.018599", "P(y = +1 | x) = 0.9984"],
    ("neural", "-d", "xor", "--iters", "0"): ["final loss:   2.774852 (after 0 steps)"],
    ("logreg", "--dataset", "simple", "--lr", "0.5", "--iters", "10"): ["(after 10 steps)"],
}


@pytest.mark.parametrize("command", [AS_SCRIPT, AS_MODULE], ids=["script", "module"])
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_commands(command, arguments):
    result = run(command, *arguments)
    assert (result.returncode, result.stderr) == (0, "")
    for text in COMMANDS[arguments]:
        assert text in result.stdout


@pytest.mark.parametrize(
    "command, check, first, names",
    [
        ("grad_check_1", gradient_check_1, "f(a, b, c) = 2.059363", "abc"),
        ("grad_check_2", gradient_check_2, "f(M, v) = 5.000000", "Mv"),
    ],
)
def test_gradient_check_commands_print_both_gradients(command, check, first, names, capsys):
    assert backprop.main([command]) == 0
    lines = capsys.readouterr().out.splitlines()
    result = check()
    expected = [first]
    for name, by_graph, numerical in zip(names, result.backprop, result.numerical):
        expected += [
            f"gradient with respect to {name}",
            f"  backpropagation: {by_graph.tolist()}",
            f"  numerical:       {numerical.tolist()}",
        ]
    assert lines[:-1] == expected
    assert lines[-1].startswith("largest difference: ") and float(lines[-1].split()[-1]) < 1e-7


# Training converges: four decimals do not hang on the order of additions.
TRAINED = {
    ("logreg", "-d", "simple"): """initial loss: 2.772589
final loss:   0.013821 (after 1000 steps)
w = [15.9193, -5.4721]
b = -10.7863
x = [2.0, 2.0], y = +1: P(y = +1 | x) = 1.0000
x = [1.0, 0.0], y = +1: P(y = +1 | x) = 0.9941
x = [1.0, 2.0], y = -1: P(y = +1 | x) = 0.0030
x = [0.0, -1.0], y = -1: P(y = +1 | x) = 0.0049
""",
    ("neural", "-d", "xor"): """initial loss: 2.774852
final loss:   0.018599 (after 1000 steps)
W = [[-2.8413, 2.8397], [2.3892, -2.3903], [1.5431, -1.5459]]
b = [-0.0006, -0.0016, -0.0014]
v = [3.9785, 3.334, 2.1585]
c = -4.8649
x = [0.0, 0.0], y = -1: P(y = +1 | x) = 0.0077
x = [1.0, 1.0], y = -1: P(y = +1 | x) = 0.0077
x = [1.0, 0.0], y = +1: P(y = +1 | x) = 0.9984
x = [0.0, 1.0], y = +1: P(y = +1 | x) = 0.9984
""",
}


@pytest.mark.parametrize("arguments", TRAINED, ids=" ".join)
def test_training_prints_losses_parameters_and_predictions(arguments, capsys):
    assert backprop.main(list(arguments)) == 0
    assert capsys.readouterr().out == TRAINED[arguments]


HELP = """Backpropagation from first principles.
    what to check or to train
    what to train on
    learning rate (1.0 for logreg, 0.1 for neural)
    number of steps (1000)"""


def test_help_names_the_options_and_what_stands_if_nothing_is_said(check_help):
    out = check_help(backprop.main, (), HELP)
    assert "{grad_check_1,grad_check_2,logreg,neural}" in out and "{simple,xor}" in out
    out.encode("ascii")  # so that any terminal can show it


BAD_ARGUMENTS = {
    ("logreg", "-d", "simple", "--lr", "-1"): "lr must be positive and finite, got -1.0",
    ("logreg", "-d", "simple", "--lr", "abc"): "argument --lr: invalid float value: 'abc'",
    ("neural", "-d", "xor", "--lr", "nan"): "lr must be positive and finite, got nan",
    ("neural", "-d", "xor", "--iters", "-5"): "num_iters must be a whole number",
    ("neural", "-d", "xor", "--iters", "1.5"): "argument --iters: invalid int value",
    ("neural", "-d", "spiral"): "invalid choice: 'spiral' (choose from",
    ("logreg",): "required: -d/--dataset",
    ("train",): "invalid choice: 'train'",
    (): "required: command",
}


def assert_one_line_error(status, out, err, message):
    assert status == 2 and out == ""
    assert err.count("\n") == 1 and err.startswith("backprop.py")
    assert message in err


@pytest.mark.parametrize("arguments", BAD_ARGUMENTS, ids=" ".join)
def test_bad_arguments_give_one_line_and_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as exit_info:
        backprop.main(list(arguments))
    assert_one_line_error(exit_info.value.code, *capsys.readouterr(), BAD_ARGUMENTS[arguments])


@pytest.mark.parametrize("command", [AS_SCRIPT, AS_MODULE], ids=["script", "module"])
def test_a_bad_argument_on_the_real_command_line(command):
    result = run(command, "logreg", "-d", "simple", "--lr", "-1")
    message = "lr must be positive and finite"
    assert_one_line_error(result.returncode, result.stdout, result.stderr, message)


def test_a_diverging_run_says_so_and_returns_1(capsys):
    assert backprop.main(["logreg", "-d", "simple", "--lr", "1000"]) == 1
    out, err = capsys.readouterr()
    assert "(after 0 steps)" in out
    assert err == "backprop.py: training diverged, try an --lr below 1000.0\n"


def test_a_loss_of_zero_prints_without_a_sign(capsys):
    backprop.main(["logreg", "-d", "simple", "--lr", "100"])
    assert "final loss:   0.000000" in capsys.readouterr().out


def test_the_commands_print_the_same_as_the_functions_compute(capsys):
    backprop.main(["neural", "-d", "simple", "--lr", "0.05", "--iters", "7"])
    params = initial_neural_network()
    history = gradient_descent(make_neural_network(SIMPLE_DATASET), params, 0.05, 7)
    assert f"final loss:   {history[-1]:.6f}" in capsys.readouterr().out


def test_the_exit_status_is_that_of_main(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["backprop.py", "logreg", "-d", "simple", "--lr", "1000"])
    with pytest.raises(SystemExit) as exit_info:
        runpy.run_path(AS_SCRIPT[1], run_name="__main__")
    assert exit_info.value.code == 1


def test_the_module_needs_only_numpy_and_the_standard_library():
    tree = ast.parse((ROOT / "hwlib" / "backprop.py").read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = itertools.chain.from_iterable(
        [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        for node in imports
    )
    assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names | {"numpy"}


# ------------------------------------------------------------------------- by itself


@pytest.mark.parametrize("name", ["backprop.py", "kmeans.py"])
def test_the_files_alone_need_no_more_than_python_3_10(name):
    # which many students have: no newer syntax, nor f"{x:z.2f}", which a newer one brought
    tree = ast.parse((ROOT / "hwlib" / name).read_text("utf-8"), feature_version=(3, 10))
    values = [each for each in ast.walk(tree) if isinstance(each, ast.FormattedValue)]
    formats = [ast.unparse(each.format_spec) for each in values if each.format_spec]
    assert "f'.2f'" in formats or "f'.6f'" in formats
    assert not [each for each in formats if "z" in each]


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_the_file_alone_does_what_the_handout_says(arguments, tmp_path):
    result = run_alone(tmp_path, "backprop.py", *arguments)
    assert (result.returncode, result.stderr) == (0, "")
    for text in COMMANDS[arguments]:
        assert text in result.stdout
