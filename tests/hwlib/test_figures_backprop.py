"""hwlib.figures.backprop: captions that say what is seen, and frames that do not jump."""

import warnings

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from hwlib import experiments
from hwlib.backprop import (
    SIMPLE_DATASET,
    XOR_DATASET,
    AddNode,
    ConstantMulNode,
    DotNode,
    InputNode,
    MulNode,
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
    return experiments.walk_graph(gradient_check_1().output, "abc")


def test_walk_ends_with_the_gradients_of_compute_grad(walk):
    check = gradient_check_1()
    for node, grad in zip(check.output.topo_order, walk.grads[-1]):
        np.testing.assert_allclose(grad, node.grad, rtol=1e-14)
    # 9 nodes forward, the output's gradient, 6 nodes with children backward
    assert walk.steps == range(1, 17)
    # at first the output alone has one
    assert [float(np.sum(grad)) for grad in walk.grads[0]] == [0] * 8 + [1]


def test_walk_names_the_nodes(walk):
    assert walk.names == [
        "a", "b", "c", "aᵀb", "log(aᵀb)", "aᵀc", "σ(aᵀc)", "−3σ(aᵀc)", "f",
    ]  # fmt: skip


def test_walk_names_an_inner_sum():
    topo_order = []
    a, b = InputNode([1, 2], topo_order), InputNode([3, 4], topo_order)
    dot = DotNode(a, b)
    walk = experiments.walk_graph(ConstantMulNode(AddNode(dot, DotNode(a, a)), 2), "ab")
    assert walk.names[-2] == "aᵀb + aᵀa"


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

    return experiments.difference_errors(f, inputs, check.backprop, EPSILONS)


@pytest.mark.parametrize("difference", experiments.DIFFERENCES)
def test_errors_are_of_the_order_that_the_captions_say(errors, difference):
    assert len(errors[difference]) == 15
    for epsilon, error in zip(EPSILONS, errors[difference]):
        # The theory's constants are left out: a factor of ten. Rounding may happen to cancel.
        ratio = error / max(experiments.expected_error(difference, epsilon))
        assert ratio < 10
        assert ratio > 0.1 or not experiments.follows_from_taylor(difference, epsilon)


def test_epsilon_draws_what_follows_from_taylor_and_no_noise(errors):
    """Let every error that rounding decides come out differently: the same picture."""
    drawn = []
    for noise in (0.1, 1, 10):
        changed = {
            difference: np.array([
                error * (1 if experiments.follows_from_taylor(difference, epsilon) else noise)
                for epsilon, error in zip(EPSILONS, errors[difference])
            ])
            for difference in experiments.DIFFERENCES
        }  # fmt: skip
        figure, caption = pictures.draw_epsilon(EPSILONS, changed)
        FigureCanvasAgg(figure).draw()
        drawn.append(np.asarray(figure.canvas.buffer_rgba()).copy())
    assert all((each == drawn[0]).all() for each in drawn)
    points = [len(line.get_xdata()) for line in figure.axes[0].lines if line.get_marker() in "os"]
    assert points == [6, 4]  # to 10⁻⁶ forward, to 10⁻⁴ central
    assert "forward difference is best near ε = 10⁻⁸" in caption


def test_what_is_drawn_of_the_errors_is_the_same_to_a_percent_with_other_last_digits(errors):
    check = gradient_check_1()
    inputs = [np.array([3.0, 2]), np.array([-2.0, 7]), np.array([1.0, -4])]
    rng = np.random.default_rng(0)

    def f(a, b, c):  # wrong in the last digit, as on another processor
        return (np.log(a @ b) - 3 * sigmoid(a @ c)) * (1 + rng.choice([-1, 0, 1]) * 2.0**-52)

    others = experiments.difference_errors(f, inputs, check.backprop, EPSILONS)
    for difference in experiments.DIFFERENCES:
        for epsilon, one, other in zip(EPSILONS, errors[difference], others[difference]):
            if experiments.follows_from_taylor(difference, epsilon):
                # rounding is at most a hundredth of a point's error, give or take its constant
                assert abs(other / one - 1) < 0.05


# ------------------------------------------------------------------------------- training


def test_record_run_is_gradient_descent():
    run = experiments.record_run(
        make_neural_network, XOR_DATASET, initial_neural_network(), 0.1, [0, 3, 10]
    )
    params = initial_neural_network()
    assert run.losses == gradient_descent(make_neural_network(XOR_DATASET), params, 0.1, 10)
    for recorded, trained in zip(run.params[10], params):
        np.testing.assert_array_equal(recorded, trained)
    for recorded, initial in zip(run.params[0], initial_neural_network()):
        np.testing.assert_array_equal(recorded, initial)


def test_record_run_ends_where_training_diverges():
    run = experiments.record_run(
        make_neural_network, XOR_DATASET, initial_neural_network(), 300.0, [0, 1, 5, 100]
    )
    assert len(run.losses) == 2
    np.testing.assert_array_equal(run.params[100][0], run.params[1][0])


def test_scores_are_those_of_the_graphs():
    # The loss of the one example (x, +1) is −log σ(score).
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5, 2))
    cases = [
        (make_logistic_regression, experiments.logistic_scores, [rng.normal(size=2), 0.3]),
        (make_neural_network, experiments.network_scores, initial_neural_network()),
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
        (name, 1.0): experiments.record_run(make_logistic_regression, *start, 1.0, STEPS)
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
        lr: experiments.record_run(
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
            {lr: experiments.record_run(make_neural_network, XOR_DATASET, start, lr, steps)}
            for start in (initial_neural_network(), perturbed)
        ]
        for step in steps:
            first, second = (pictures.draw_xor_network(run, lr, step)[1] for run in runs)
            assert first == second


# ------------------------------------------------------------------- the forms of the sigmoid

XS = [-800, -720, -400, -40, -5, 0, 5, 36, 40, 400, 720, 800]


def test_exact_log10_is_right_where_floats_are():
    x = np.linspace(-300, 30, 331)
    value, derivative = experiments.exact_log10(x)
    # rtol: 10^y of a y near -130 keeps 16 - log10(130 · log 10) > 13 digits
    np.testing.assert_allclose(10**value, sigmoid(x), rtol=1e-12)
    np.testing.assert_allclose(10**derivative, sigmoid(x) * sigmoid(-x), rtol=1e-12)


def test_small_numbers_become_powers_of_ten():
    assert pictures._from_log10(-3) == "0.001"
    assert pictures._from_log10(-4) == "1.0 · 10⁻⁴"


def test_forms_agree_in_the_middle_and_fail_at_their_ends():
    values, derivatives = experiments.sigmoid_forms(np.linspace(-20, 20, 81))
    for each in values.values():
        np.testing.assert_allclose(each, values["stable"], rtol=1e-14)
    # u (1 − u) loses digits as u comes near 1: at x = 20, 1 − u = 2e-9 is good to 1e-16 / 2e-9
    np.testing.assert_allclose(derivatives["u"], derivatives["x"], rtol=1e-7)

    values, derivatives = experiments.sigmoid_forms([-800, -720, -400, 40, 720])
    assert values["e⁻ˣ"][1] == 0 and values["stable"][1] > 0
    assert np.isnan(values["eˣ"][4]) and values["stable"][4] == 1
    assert list(np.isnan(derivatives["x"])) == [True, True, False, False, False]
    assert derivatives["x"][2] == 0 and derivatives["u"][2] > 0
    assert derivatives["x"][3] > 0 and derivatives["u"][3] == 0
    assert not np.isnan(derivatives["u"]).any()


@pytest.mark.parametrize(
    "x, caption",
    [
        (-800, "x = −800. σ(x) is 3.7 · 10⁻³⁴⁸: all three forms give exactly 0. "
               "σ′(x) is 3.7 · 10⁻³⁴⁸: exactly 0 by u (1 − u), nan by e⁻ˣ / (1 + e⁻ˣ)²."),
        (0, "x = 0. σ(x) is 0.5: all three forms give 0.5. σ′(x) is 0.25: both forms give 0.25."),
        (36, "x = 36. σ(x) is 1 − 2.3 · 10⁻¹⁶: all three forms give 1 − 2.2 · 10⁻¹⁶. σ′(x) is "
             "2.3 · 10⁻¹⁶: 2.2 · 10⁻¹⁶ by u (1 − u), 2.3 · 10⁻¹⁶ by e⁻ˣ / (1 + e⁻ˣ)²."),
        (720, "x = 720. σ(x) is 1: exactly 1 by the book's form and 1 / (1 + e⁻ˣ), nan by "
              "eˣ / (1 + eˣ). σ′(x) is 2.0 · 10⁻³¹³: exactly 0 by u (1 − u), 2.0 · 10⁻³¹³ by "
              "e⁻ˣ / (1 + e⁻ˣ)²."),
    ],
)  # fmt: skip
def test_forms_captions(x, caption):
    assert pictures.draw_sigmoid_forms(x)[1] == caption


def test_forms_captions_do_not_depend_on_the_last_bits(monkeypatch):
    """Let exp round in another way by two units in the last place: same captions."""
    first = [pictures.draw_sigmoid_forms(x)[1] for x in XS]
    exp = np.exp
    for factor in (1 - 4e-16, 1 + 4e-16):
        monkeypatch.setattr(
            np, "exp", lambda x, factor=factor: exp(x) * np.where(x == 0, 1, factor)
        )
        assert [pictures.draw_sigmoid_forms(x)[1] for x in XS] == first
    assert len(set(first)) == len(XS)


def test_forms_frames_share_their_axes():
    frames = [pictures.draw_sigmoid_forms(x)[0] for x in (-800, 0, 720)]
    assert all(limits(frame) == limits(frames[0]) for frame in frames)


# ------------------------------------------------------------- many starts of the XOR network

HIDDEN, SCALES = [2, 3, 4, 8], [0.01, 0.1, 0.3, 1.0, 3.0]


def starts(hidden, scale):
    return experiments.random_starts(np.random.default_rng(0), 200, hidden, scale)


def trained(hidden, scale, noise=0.0):
    rng = np.random.default_rng(1)
    params = [each + noise * rng.standard_normal(each.shape) for each in starts(hidden, scale)]
    return experiments.train_many(params, XOR_DATASET, 0.1, 1000)


@pytest.fixture(scope="module")
def many_runs():
    return {(scale, hidden): trained(hidden, scale) for hidden in HIDDEN for scale in SCALES}


@pytest.mark.parametrize("hidden, scale, run", [(2, 3.0, 7), (3, 0.1, 0), (8, 1.0, 199)])
def test_train_many_is_gradient_descent(many_runs, hidden, scale, run):
    params = [each[run] for each in starts(hidden, scale)]
    history = gradient_descent(make_neural_network(XOR_DATASET), params, 0.1, 1000)
    many = many_runs[scale, hidden]
    # Sums are taken in another order; over 1,000 steps that rounding stays below 1e-9.
    np.testing.assert_allclose(many.losses[:, run], history, rtol=0, atol=1e-9)
    for side_by_side, alone in zip(many.params, params):
        np.testing.assert_allclose(side_by_side[run], alone, rtol=0, atol=1e-9)


def test_random_starts_are_the_same_draws_at_every_scale():
    for small, large in zip(starts(3, 0.1), starts(3, 1.0)):
        np.testing.assert_allclose(10 * small, large, rtol=1e-14)
    assert [each.shape for each in starts(3, 1.0)] == [(200, 3, 2), (200, 3), (200, 3), (200,)]


def test_units_on_are_counted_as_the_network_computes_them(many_runs):
    many = many_runs[0.1, 3]
    for run in range(5):
        before = [each[run] for each in starts(3, 0.1)]
        after = [each[run] for each in many.params]
        for params, on in ((before, many.on_before), (after, many.on_after)):
            np.testing.assert_array_equal(pictures._units_on(params, XOR_DATASET), on[run])


def test_units_on_are_counted_after_the_last_step():
    many = experiments.train_many(starts(3, 1.0), XOR_DATASET, 1.0, 1)
    assert (many.on_before != many.on_after).any()
    for run in range(200):
        after = [each[run] for each in many.params]
        np.testing.assert_array_equal(pictures._units_on(after, XOR_DATASET), many.on_after[run])


def test_a_unit_at_its_kink_is_off_and_stays_there():
    W, b, v, c = starts(2, 1.0)
    many = experiments.train_many([0 * W, 0 * b, v, c], XOR_DATASET, 0.1, 3)
    assert not many.on_before.any() and not many.on_after.any()
    assert not many.params[0].any() and not many.params[1].any()


def test_half_way_is_of_the_runs_that_solve_it_in_the_end():
    losses = np.array([[2.7, 2.7, 2.7], [0.9, 2.6, 0.9], [0.6, 0.6, 1.4]])
    assert experiments.half_way(experiments.ManyRuns([], losses, None, None)) == 1


def test_outcomes_are_exclusive_and_complete():
    losses = np.array([0.01, 0.69, 0.7, 1.39, 1.91, 2.7726, 2.6, 5.0])
    found = experiments.outcomes(losses)
    np.testing.assert_array_equal(np.sum(list(found.values()), axis=0), 1)
    assert list(np.flatnonzero(found["solved"])) == [0, 1]
    assert list(np.flatnonzero(found["elsewhere"])) == [2, 6, 7]
    assert [int(found[name].sum()) for name in experiments.PLATEAUS] == [1, 1, 1]


def test_no_final_loss_is_near_a_threshold(many_runs):
    final = np.concatenate([many.losses[-1] for many in many_runs.values()])
    plateaus = np.array(list(experiments.PLATEAUS.values()))
    thresholds = [np.log(2), *(plateaus - experiments.TOGETHER), *(plateaus + experiments.TOGETHER)]
    assert np.abs(final[:, None] - thresholds).min() > 0.01


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("hidden", HIDDEN)
def test_starts_captions_do_not_depend_on_the_last_bits(many_runs, hidden, scale):
    """Perturb all initial values by 1e-12, ten thousand times a rounding: same caption."""
    perturbed = {(scale, hidden): trained(hidden, scale, noise=1e-12)}
    first, second = (
        pictures.draw_xor_starts(each, scale, hidden)[1] for each in (many_runs, perturbed)
    )
    assert first == second


def test_runs_that_end_at_one_plateau_stand_in_the_order_of_their_starts(many_runs):
    """Ends that differ by rounding are a tie; what is drawn may not depend on which is lower."""
    many = many_runs[0.1, 3]
    rng = np.random.default_rng(0)
    for noise in (0, 1e-13):
        losses = many.losses + noise * rng.standard_normal(many.losses.shape)
        figure, _ = pictures.draw_xor_starts({(0.1, 3): many._replace(losses=losses)}, 0.1, 3)
        dead = figure.axes[0].lines[1].get_xdata()
        if noise == 0:
            first = dead
    np.testing.assert_array_equal(dead, first)
    assert 0 < len(first) < 63  # of the 63 at 4 log 2, in between those that are alive


def test_starts_caption_counts(many_runs):
    caption = pictures.draw_xor_starts(many_runs, 0.1, 3)[1]
    assert caption == (
        "3 hidden units, scale 0.1: of 200 starts 100 solve XOR, 17 end at 2 log 2, 20 end at "
        "3 log 3 − 2 log 2, 63 end at 4 log 2, 0 elsewhere; of 600 units 182 are dead at the start "
        "and 28 die in training. Half of the solving runs are below loss 1 by step 214."
    )
    losses = many_runs[0.1, 3].losses
    solved = losses[:, experiments.outcomes(losses[-1])["solved"]]
    assert (solved[:215].min(axis=0) < 1).sum() >= 50 > (solved[:214].min(axis=0) < 1).sum()


def test_no_solution_no_half_way():
    params = [np.zeros_like(each) for each in starts(2, 1.0)]
    many = experiments.train_many(params, XOR_DATASET, 0.1, 3)
    caption = pictures.draw_xor_starts({(1.0, 2): many}, 1.0, 2)[1]
    assert "0 solve XOR" in caption and "Half" not in caption


def test_starts_frames_share_their_axes(many_runs):
    frames = [pictures.draw_xor_starts(many_runs, *which)[0] for which in [(0.01, 2), (3.0, 8)]]
    assert limits(frames[0]) == limits(frames[1])
    final = np.concatenate([many.losses[-1] for many in many_runs.values()])
    assert final.max() < frames[0].axes[0].get_ylim()[1]  # every start is in the picture


# ------------------------------------------------------------------------- pictures that stand


def test_the_first_graph_shows_values_gradients_and_factors():
    topo_order = []
    x1, x2 = InputNode(2.0, topo_order), InputNode(3.0, topo_order)
    s = AddNode(x1, x2)
    y = MulNode(s, x2)
    y.compute_grad()
    figure, caption = pictures.draw_product_graph(x1, x2, s, y)
    # y = x1 x2 + x2², so the derivatives are x2 = 3 and x1 + 2 x2 = 8
    assert "x₁ has 3, and x₂ has 8" in caption and "s = 5, y = 15" in caption
    written = texts(figure)
    assert [text for text in written if text.startswith("× ")] == ["× 1", "× 1", "× 3", "× 5"]
    assert {"15", "8"} <= set(written)


def test_curves_are_the_sigmoid_and_the_rectifier_with_their_slopes():
    figure, caption = pictures.draw_curves()
    left, right = figure.axes
    (x, value), (_, slope) = (line.get_data() for line in left.lines)
    # the slope that is drawn is that of the curve: central differences of step 0.05 are right to
    # h² f'''/6, and |f'''| of the sigmoid is at most 1/8
    np.testing.assert_allclose(np.gradient(value, x)[1:-1], slope[1:-1], atol=0.05**2 / 48)
    assert slope.max() == slope[x == 0] == 0.25 and "1/4" in caption
    x, value = right.lines[0].get_data()
    np.testing.assert_array_equal(value, np.where(x > 0, x, 0))


def test_bowl_draws_the_path_and_says_where_it_ends():
    path = [[2.0, -1.0], [1.0, -0.5], [0.0, 0.0]]
    figure, caption = pictures.draw_bowl(lambda w: 1 + np.sum(np.square(w), axis=-1), path)
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_data(), np.transpose(path))
    assert "w = [2, −1]" in caption and "with loss 1.0000" in caption
    assert "after 2 steps its loss is 1.0000" in caption
