"""Plots of the chapter on backpropagation: they and their captions say what was computed."""

import warnings

import numpy as np
import pytest

from hwlib import experiments
from hwlib.backprop import (
    XOR_DATASET,
    gradient_check_1,
    gradient_descent,
    initial_neural_network,
    make_neural_network,
    sigmoid,
)
from hwlib.scenes import backprop as plots
from hwlib.scenes.plots import power


@pytest.fixture(autouse=True)
def no_warnings():
    """A frame that warns would leave the warning in the notebook."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def marks(state, kind, at=0):
    """Return the marks of a kind in one of a plot's panels."""
    return [mark for mark in state["panels"][at]["marks"] if mark["type"] == kind]


def axes(state):
    return [(each["x"], each["y"]) for each in state["panels"]]


# ---------------------------------------------------------------- error of the differences

EPSILONS = [10.0**-k for k in range(1, 16)]


@pytest.fixture
def errors():
    check = gradient_check_1()
    inputs = [np.array([3.0, 2]), np.array([-2.0, 7]), np.array([1.0, -4])]

    def f(a, b, c):
        return np.log(a @ b) - 3 * sigmoid(a @ c)

    return experiments.difference_errors(f, inputs, check.backprop, EPSILONS)


def test_forward_and_central_differences_have_their_order_of_error():
    # e^x at 0: forward ε/2, central ε²/6, at a step where rounding does not matter yet
    errors = experiments.difference_errors(np.exp, [0.0], [1.0], [1e-3])
    assert errors["forward"][0] == pytest.approx(1e-3 / 2, rel=0.01)
    assert errors["central"][0] == pytest.approx(1e-6 / 6, rel=0.01)


@pytest.mark.parametrize("difference", experiments.DIFFERENCES)
def test_errors_are_of_the_order_that_the_captions_say(errors, difference):
    assert len(errors[difference]) == 15
    for epsilon, error in zip(EPSILONS, errors[difference]):
        # The theory's constants are left out: a factor of ten. Rounding may happen to cancel.
        ratio = error / max(experiments.expected_error(difference, epsilon))
        assert ratio < 10
        assert ratio > 0.1 or not experiments.follows_from_taylor(difference, epsilon)


def test_epsilon_draws_what_follows_from_taylor_and_no_noise(errors):
    """Let every error that rounding decides come out differently: the same plot."""
    drawn = []
    for noise in (0.1, 1, 10):
        changed = {
            difference: np.array([
                error * (1 if experiments.follows_from_taylor(difference, epsilon) else noise)
                for epsilon, error in zip(EPSILONS, errors[difference])
            ])
            for difference in experiments.DIFFERENCES
        }  # fmt: skip
        state, caption = plots.difference_errors(EPSILONS, changed)
        drawn.append(state)
    assert drawn[0] == drawn[1] == drawn[2]
    points = [mark["at"] for mark in marks(state, "points")]
    assert [len(each) for each in points] == [6, 4]  # to 10⁻⁶ forward, to 10⁻⁴ central
    assert points[0][2] == [-3, pytest.approx(np.log10(errors["forward"][2]), abs=0.005)]
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
    # and what is stored, exponents to two digits, is the same
    assert plots.difference_errors(EPSILONS, others) == plots.difference_errors(EPSILONS, errors)


# ------------------------------------------------------------------------------- training


def test_scores_are_those_of_the_graph():
    # The loss of the one example (x, +1) is −log σ(score).
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5, 2))
    params = initial_neural_network()
    losses = [make_neural_network([(x, 1)])(*params)[1].value for x in X]
    scores = experiments.network_scores(params, X)
    np.testing.assert_allclose(-np.log(sigmoid(scores)), losses, rtol=1e-12)


# ------------------------------------------------------------------- the forms of the sigmoid


def test_exact_log10_is_right_where_floats_are():
    x = np.linspace(-300, 30, 331)
    value, derivative = experiments.exact_log10(x)
    # rtol: 10^y of a y near -130 keeps 16 - log10(130 · log 10) > 13 digits
    np.testing.assert_allclose(10**value, sigmoid(x), rtol=1e-12)
    np.testing.assert_allclose(10**derivative, sigmoid(x) * sigmoid(-x), rtol=1e-12)


def test_small_numbers_become_powers_of_ten():
    assert power(-13) == "10⁻¹³"


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


def test_the_caption_says_where_each_form_fails():
    _, caption = plots.sigmoid_forms()
    assert caption.endswith(
        "1 / (1 + e⁻ˣ) is 0 from −710 down. eˣ / (1 + eˣ) is nan from 710 up. u (1 − u) is 0 from "
        "37 up. e⁻ˣ / (1 + e⁻ˣ)² is 0 from −355 down and nan from −710 down."
    )


def test_lines_follow_the_forms_and_drop_where_they_fail():
    state, _ = plots.sigmoid_forms()
    for at, tables in enumerate(zip(*[experiments.sigmoid_forms(x) for x in (-600, 600)])):
        lines = marks(state, "line", at)
        for form in tables[0]:
            _, color, width = plots.FORMS[form]
            mine = [m["at"] for m in lines if (m["color"], m["width"]) == (color, width)]
            for x, table in zip((-600, 600), tables):
                value = table[form]
                row = plots.NAN if np.isnan(value) else plots.ZERO
                row = np.log10(value) if value > 0 else row
                [line] = [line for line in mine if line[0][0] <= x <= line[-1][0]]
                # corners are rounded to whole exponents, and what lies between them to one more
                assert abs(np.interp(x, *zip(*line)) - row) < 2


def test_forms_do_not_depend_on_the_last_bits(monkeypatch):
    """Let exp round in another way by two units in the last place: the same plot."""
    first, exp = plots.sigmoid_forms(), np.exp
    for factor in (1 - 4e-16, 1 + 4e-16):
        monkeypatch.setattr(
            np, "exp", lambda x, factor=factor: exp(x) * np.where(x == 0, 1, factor)
        )
        assert plots.sigmoid_forms() == first


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


def units_on(params, dataset):
    W, b = params[:2]
    return np.any([W @ x + b > 0 for x, _ in dataset], axis=0)


def test_units_on_are_counted_as_the_network_computes_them(many_runs):
    many = many_runs[0.1, 3]
    for run in range(5):
        before = [each[run] for each in starts(3, 0.1)]
        after = [each[run] for each in many.params]
        for params, on in ((before, many.on_before), (after, many.on_after)):
            np.testing.assert_array_equal(units_on(params, XOR_DATASET), on[run])


def test_units_on_are_counted_after_the_last_step():
    many = experiments.train_many(starts(3, 1.0), XOR_DATASET, 1.0, 1)
    assert (many.on_before != many.on_after).any()
    for run in range(200):
        after = [each[run] for each in many.params]
        np.testing.assert_array_equal(units_on(after, XOR_DATASET), many.on_after[run])


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
def test_starts_do_not_depend_on_the_last_bits(many_runs, hidden, scale):
    """Perturb all initial values by 1e-12, ten thousand times a rounding: the same plot."""
    perturbed = {(scale, hidden): trained(hidden, scale, noise=1e-12)}
    first, second = (plots.many_starts(each)(scale, hidden) for each in (many_runs, perturbed))
    assert first == second


def test_runs_that_end_at_one_plateau_stand_in_the_order_of_their_starts(many_runs):
    """Ends that differ by rounding are a tie; what is drawn may not depend on which is lower."""
    many = many_runs[0.1, 3]
    rng = np.random.default_rng(0)
    for noise in (0, 1e-13):
        losses = many.losses + noise * rng.standard_normal(many.losses.shape)
        state, _ = plots.many_starts({(0.1, 3): many._replace(losses=losses)})(0.1, 3)
        dead = [place for place, _ in marks(state, "points")[1]["at"]]
        if noise == 0:
            first = dead
    np.testing.assert_array_equal(dead, first)
    assert 0 < len(first) < 63  # of the 63 at 4 log 2, in between those that are alive


def test_starts_caption_counts(many_runs):
    caption = plots.many_starts(many_runs)(0.1, 3)[1]
    assert caption == (
        "3 hidden units, scale 0.1: 100 of 200 starts solve XOR, half of them below loss 1 by step "
        "214. The others end at 2 log 2 (17), 3 log 3 − 2 log 2 (20), 4 log 2 (63). Of 600 units "
        "182 start dead and 28 die in training."
    )
    losses = many_runs[0.1, 3].losses
    solved = losses[:, experiments.outcomes(losses[-1])["solved"]]
    assert (solved[:215].min(axis=0) < 1).sum() >= 50 > (solved[:214].min(axis=0) < 1).sum()


def test_no_solution_no_half_way():
    params = [np.zeros_like(each) for each in starts(2, 1.0)]
    many = experiments.train_many(params, XOR_DATASET, 0.1, 3)
    caption = plots.many_starts({(1.0, 2): many})(1.0, 2)[1]
    assert f": 0 of {many.losses.shape[1]} starts solve XOR. The others end" in caption
    assert "half" not in caption


def test_where_all_starts_solve_there_are_no_others(many_runs):
    many = many_runs[0.1, 3]
    caption = plots.many_starts({(0.1, 3): many._replace(losses=0 * many.losses)})(0.1, 3)[1]
    assert "200 of 200 starts solve XOR, half of them below loss 1 by step 0. Of 600" in caption


def test_starts_share_their_axes(many_runs):
    states = [plots.many_starts(many_runs)(*which)[0] for which in [(0.01, 2), (3.0, 8)]]
    assert axes(states[0]) == axes(states[1])
    final = np.concatenate([many.losses[-1] for many in many_runs.values()])
    assert final.max() < states[0]["panels"][0]["y"]["domain"][1]  # every start is in the plot


def test_bars_are_the_shares_of_the_units(many_runs):
    state, _ = plots.many_starts(many_runs)(0.1, 3)
    assert [mark["at"][1] for mark in marks(state, "bar", 1)] == [30.3, 4.7, 65.0]
    assert [mark["text"] for mark in marks(state, "text", 1)] == ["182", "28", "390"]
