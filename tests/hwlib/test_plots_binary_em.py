"""Plots of the chapter on EM: what they say is what was computed."""

import numpy as np
import pytest

from hwlib import binary_em as em
from hwlib import experiments
from hwlib.scenes import binary_em as plots


@pytest.fixture(scope="module")
def choice():
    rng = np.random.RandomState(0)
    X = rng.uniform(size=(40, 6)) < np.repeat([[0.9] * 3 + [0.1] * 3, [0.1] * 3 + [0.9] * 3], 20, 0)
    fits = {n: {k: em.fit(X[-n:], k) for k in (1, 2, 3)} for n in (20, 40)}
    by_k = {"−2ℓ": (9, 6, 5), "AIC": (10, 9, 10), "BIC": (11, 12, 13)}
    criteria = {
        name: {n: {k + 1: float(n * v) for k, v in enumerate(row)} for n in fits}
        for name, row in by_k.items()
    }
    return fits, criteria, {n: {1: 0.0, 2: 1.0, 3: 0.5} for n in fits}


def test_the_choice_of_k_shows_w_and_the_criteria(choice):
    state, caption = plots.number_of_clusters(*choice)(40, 2)
    W, fit = np.array(state["W"]), choice[0][40][2]
    # whole hundredths
    np.testing.assert_allclose(np.sort(W, axis=0), np.sort(fit.W, axis=0), atol=0.005 + 1e-6)
    assert W[0, :3].mean() > 0.8 and W[1, 3:].mean() > 0.8  # sorted by where the ones are
    assert state["criteria"] == {"−2ℓ": [9, 6, 5], "AIC": [10, 9, 10], "BIC": [11, 12, 13]}
    assert caption == (
        "n = 40, k = 2: −2ℓ 240.0, AIC 360.0, BIC 480.0; adjusted Rand index 1.00. "
        "Lowest AIC at k = 2, lowest BIC at k = 1."
    )


def test_all_choices_have_the_same_axes(choice):
    compute = plots.number_of_clusters(*choice)
    states = [compute(n, k)[0] for n in (20, 40) for k in (1, 2, 3)]
    assert len({(*state["span"], state["most"]) for state in states}) == 1
    low, high = states[0]["span"]
    assert low < 5 and 13 < high


def test_same_clusters_uses_no_row_twice():
    W = np.array([[0.5, 0.5], [0.6, 0.6]])
    assert experiments.same_clusters(W, np.array([[0.55, 0.55], [0.0, 0.0]])) == [1, 0]


def test_minus_signs_are_true_and_zero_has_none():
    assert plots.fixed(-1.25, 1) == "−1.2"
    assert plots.fixed(-0.001, 2) == plots.fixed(0.0, 2) == "0.00"
