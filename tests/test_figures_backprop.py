"""hwlib.figures.backprop: captions that say what is seen, and frames that do not jump."""

import warnings

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from hwlib.backprop import (
    SIMPLE_DATASET,
    XOR_DATASET,
    AddNode,
    ConstantMulNode,
    DotNode,
    InputNode,
    gradient_check_1,
    gradient_descent,
    initial_logistic_regression,
    initial_neural_network,
    make_logistic_regression,
    make_neural_network,
    sigmoid,
)
from hwlib.figures import backprop as pictures

STEPS = [0, 1, 5, 20, 21, 100, 1000]


@pytest.fixture(autouse=True)
def no_warnings():
    """A frame that warns would leave the warning in the notebook."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def texts(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]


def limits(figure):
    FigureCanvasAgg(figure).draw()
    return [(ax.get_xlim(), ax.get_ylim(), ax.get_position().bounds) for ax in figure.axes]


# ------------------------------------------------------------------ the walk through a graph


@pytest.fixture
def walk():
    return pictures.walk_graph(gradient_check_1().output, "abc")


def test_walk_ends_with_the_gradients_of_compute_grad(walk):
    check = gradient_check_1()
    for node, grad in zip(check.output.topo_order, walk.grads[-1]):
        np.testing.assert_allclose(grad, node.grad, rtol=1e-14)
    # 9 nodes forward, the output's gradient, 6 nodes with children backward
    assert walk.steps == range(1, 17)


def test_walk_names_the_nodes(walk):
    assert walk.names == [
        "a", "b", "c", "aᵀb", "log(aᵀb)", "aᵀc", "σ(aᵀc)", "−3σ(aᵀc)", "f",
    ]  # fmt: skip


def test_walk_names_an_inner_sum():
    topo_order = []
    a, b = InputNode([1, 2], topo_order), InputNode([3, 4], topo_order)
    dot = DotNode(a, b)
    walk = pictures.walk_graph(ConstantMulNode(AddNode(dot, dot), 2), "ab")
    assert walk.names[-2] == "aᵀb + aᵀb"


def test_values_appear_forward_and_gradients_backward(walk):
    shown = [texts(pictures.draw_graph_walk(walk, step)[0]) for step in walk.steps]
    for step, text in zip(walk.steps, shown):
        assert ("8" in text) == (step >= 4)  # aᵀb
        assert ("2.06" in text) == (step >= 9)  # f
        assert ("−3" in text) == (step >= 12)  # gradient of the sigmoid
        assert ("[−0.02, 0.08]" in text) == (14 <= step < 16)  # a's gradient by one path ...
        assert ("[−0.27, 0.95]" in text) == (step == 16)  # ... and by both


def test_walk_captions(walk):
    captions = [pictures.draw_graph_walk(walk, step)[1] for step in walk.steps]
    assert captions[0] == "Step 1, forward: the InputNode a is given: [3, 2]."
    assert captions[6] == "Step 7, forward: the SigmoidNode computes σ(−5) = 0.00669."
    assert captions[9].startswith("Step 10, backward: the gradient of the output")
    assert captions[12] == (
        "Step 13, backward: the SigmoidNode, with g = −3, passes g · u(1 − u) with u = 0.00669; "
        "the gradient of the DotNode is now −0.0199."
    )
    assert captions[15].endswith(
        "the gradient of a [−0.0199, 0.0798] becomes [−0.27, 0.955], "
        "the gradient of b is now [0.375, 0.25]."
    )
    assert len(set(captions)) == 16


# ---------------------------------------------------------------- error of the differences

EPSILONS = [10.0**-k for k in range(1, 16)]


@pytest.fixture
def errors():
    check = gradient_check_1()
    inputs = [np.array([3.0, 2]), np.array([-2.0, 7]), np.array([1.0, -4])]

    def f(a, b, c):
        return np.log(a @ b) - 3 * sigmoid(a @ c)

    return pictures.difference_errors(f, inputs, check.backprop, EPSILONS)


@pytest.mark.parametrize("difference", pictures.DIFFERENCES)
def test_errors_are_of_the_order_that_the_captions_say(errors, difference):
    assert len(errors[difference]) == 15
    for epsilon, error in zip(EPSILONS, errors[difference]):
        # The theory's constants are left out, and rounding noise varies: a factor of ten.
        assert 0.1 < error / max(pictures.expected_error(difference, epsilon)) < 10


@pytest.mark.parametrize(
    "difference, epsilon, verdict",
    [
        ("forward", 1e-3, "truncation decides, and the error is about 10⁻³"),
        ("forward", 1e-8, "in balance, and the error is about 10⁻⁸"),
        ("forward", 1e-12, "rounding decides, and the error is about 10⁻⁴"),
        ("central", 1e-3, "truncation decides, and the error is about 10⁻⁶"),
        ("central", 1e-8, "rounding decides, and the error is about 10⁻⁸"),
    ],
)
def test_epsilon_captions(errors, difference, epsilon, verdict):
    epsilon = min(EPSILONS, key=lambda each: abs(np.log(each / epsilon)))
    caption = pictures.draw_epsilon(EPSILONS, errors, difference, epsilon)[1]
    assert caption.startswith(difference.capitalize()) and verdict in caption
    assert ("homework's step" in caption) == (round(np.log10(epsilon)) == -8)


def test_epsilon_frames_share_their_axes(errors):
    frames = [
        pictures.draw_epsilon(EPSILONS, errors, difference, epsilon)[0]
        for difference in pictures.DIFFERENCES
        for epsilon in (EPSILONS[0], EPSILONS[-1])
    ]
    assert all(limits(frame) == limits(frames[0]) for frame in frames)


# ------------------------------------------------------------------------------- training


def test_record_run_is_gradient_descent():
    run = pictures.record_run(
        make_neural_network, XOR_DATASET, initial_neural_network(), 0.1, [0, 3, 10]
    )
    params = initial_neural_network()
    assert run.losses == gradient_descent(make_neural_network(XOR_DATASET), params, 0.1, 10)
    for recorded, trained in zip(run.params[10], params):
        np.testing.assert_array_equal(recorded, trained)
    for recorded, initial in zip(run.params[0], initial_neural_network()):
        np.testing.assert_array_equal(recorded, initial)


def test_record_run_ends_where_training_diverges():
    run = pictures.record_run(
        make_neural_network, XOR_DATASET, initial_neural_network(), 300.0, [0, 1, 5, 100]
    )
    assert len(run.losses) == 2
    np.testing.assert_array_equal(run.params[100][0], run.params[1][0])


def test_scores_are_those_of_the_graphs():
    # The loss of the one example (x, +1) is −log σ(score).
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5, 2))
    cases = [
        (make_logistic_regression, pictures.logistic_scores, [rng.normal(size=2), 0.3]),
        (make_neural_network, pictures.network_scores, initial_neural_network()),
    ]
    for make_loss_fn, scores, params in cases:
        losses = [make_loss_fn([(x, 1)])(*params)[1].value for x in X]
        np.testing.assert_allclose(-np.log(sigmoid(scores(params, X))), losses, rtol=1e-12)


@pytest.fixture(scope="module")
def logreg_runs():
    starts = {
        "simple": (SIMPLE_DATASET, initial_logistic_regression()),
        "XOR": (XOR_DATASET, initial_logistic_regression()),
    }
    return {
        (name, 1.0): pictures.record_run(make_logistic_regression, *start, 1.0, STEPS)
        for name, start in starts.items()
    }


def test_logreg_captions(logreg_runs):
    def caption(dataset, step):
        return pictures.draw_logreg(logreg_runs, dataset, 1.0, step)[1]

    assert caption("simple", 1000) == (
        "Simple set, learning rate 1, step 1000: loss 0.0138, 4 of 4 examples right."
    )
    assert caption("XOR", 1000) == (
        "XOR, learning rate 1, step 1000: loss 2.7726, P(y = +1 | x) = 1/2 for all four examples."
    )


def test_where_nothing_is_predicted_nothing_is_filled(logreg_runs):
    undecided = pictures.draw_logreg(logreg_runs, "XOR", 1.0, 0)[0].axes[0]
    decided = pictures.draw_logreg(logreg_runs, "simple", 1.0, 5)[0].axes[0]
    assert (len(undecided.collections), len(decided.collections)) == (0, 2)  # bands, line
    assert (len(undecided.lines), len(decided.lines)) == (4, 6)  # examples; + and − signs


def test_logreg_frames_share_their_axes(logreg_runs):
    frames = [
        pictures.draw_logreg(logreg_runs, dataset, 1.0, step)[0]
        for dataset in ("simple", "XOR")
        for step in (0, 5, 1000)
    ]
    assert all(limits(frame) == limits(frames[0]) for frame in frames)


@pytest.fixture(scope="module")
def network_runs():
    return {
        lr: pictures.record_run(
            make_neural_network, XOR_DATASET, initial_neural_network(), lr, STEPS
        )
        for lr in (0.1, 0.7, 1.0, 3.0, 300.0)
    }


ALL_ON = "all three hidden units are on for some example"
ALL_OFF = "every hidden unit is off for every example, and the output is σ(c) = {} for all of them"


@pytest.mark.parametrize(
    "learning_rate, step, ending",
    [
        (0.1, 0, f"loss 2.7749, 2 of 4 examples right; {ALL_ON}"),
        (0.1, 1000, f"loss 0.0186, 4 of 4 examples right; {ALL_ON}"),
        (0.7, 1000, "loss 1.9096, 3 of 4 examples right; two hidden units are on for some example"),
        (1.0, 1000, f"loss 2.7726; {ALL_OFF.format('0.50')}"),
        (3.0, 20, f"loss 5.4447; {ALL_OFF.format('0.93')}"),
        (3.0, 21, f"loss 5.4447; {ALL_OFF.format('0.07')}"),
    ],
)
def test_network_captions(network_runs, learning_rate, step, ending):
    caption = pictures.draw_xor_network(network_runs, learning_rate, step)[1]
    assert caption == f"Learning rate {learning_rate:g}, step {step}: {ending}."


def test_a_run_that_ended_says_so(network_runs):
    figure, caption = pictures.draw_xor_network(network_runs, 300.0, 100)
    assert caption.startswith("Learning rate 300, step 100: the run ended at step 1")
    assert "loss 105.37" in caption
    assert caption.endswith("the next step would leave the numbers a computer can hold.")
    assert "ended" in texts(figure)


def test_network_frames_share_their_axes(network_runs):
    frames = [
        pictures.draw_xor_network(network_runs, learning_rate, step)[0]
        for learning_rate in network_runs
        for step in (0, 20, 1000)
    ]
    assert all(limits(frame) == limits(frames[0]) for frame in frames)


def test_captions_do_not_depend_on_the_last_bits():
    """Perturb the initial values by 1e-12, ten thousand times a rounding: same captions."""
    rng = np.random.default_rng(1)
    perturbed = [x + 1e-12 * rng.standard_normal(np.shape(x)) for x in initial_neural_network()]
    steps = [0, 10, 21, 1000]  # before, amid and after the steps at which units die
    for lr in (0.1, 0.7, 1.0, 3.0, 300.0):
        runs = [
            {lr: pictures.record_run(make_neural_network, XOR_DATASET, start, lr, steps)}
            for start in (initial_neural_network(), perturbed)
        ]
        for step in steps:
            first, second = (pictures.draw_xor_network(run, lr, step)[1] for run in runs)
            assert first == second
