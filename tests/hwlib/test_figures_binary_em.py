"""The pictures of the chapter on EM: what they say is what was computed, and no frame jumps."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hwlib import binary_em as em
from hwlib import experiments, figures
from hwlib.explorer import encode
from hwlib.figures import binary_em as draw


def texts(axes):
    return [text.get_text() for text in axes.texts]


def sizes(pictures):
    return {encode(figure)[1:] for figure, _ in pictures}


def test_the_model_names_its_variables():
    figure, caption = draw.draw_model()
    words = texts(figure.axes[0])
    for name in ("$\\pi$", "$Z_i$", "$X_{ij}$", "$W$", "i = 1 … n", "j = 1 … d"):
        assert words.count(name) == 1
    assert "Zᵢ" in caption and "Xᵢⱼ" in caption and "_" not in caption


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
    figure, caption = draw.draw_choice(*choice, 40, 2)
    table, curves = figure.axes
    W = table.images[0].get_array()
    assert sorted(W[:, 0]) == sorted(choice[0][40][2].W[:, 0])
    assert W[0, :3].mean() > 0.8 and W[1, 3:].mean() > 0.8  # sorted by where the ones are
    np.testing.assert_allclose(curves.lines[0].get_ydata(), [9, 6, 5])  # for each example
    assert texts(curves) == ["−2ℓ", "AIC", "BIC"]
    assert len({line.get_marker() for line in curves.lines}) == 3
    assert caption == (
        "n = 40, k = 2: −2ℓ 240.0, AIC 360.0, BIC 480.0; adjusted Rand index 1.00. "
        "Lowest AIC at k = 2, lowest BIC at k = 1."
    )


def test_all_frames_of_the_choice_have_the_same_size_and_axes(choice):
    drawn = [draw.draw_choice(*choice, n, k) for n in (20, 40) for k in (1, 2, 3)]
    assert len(sizes(drawn)) == 1
    limits = {
        tuple((*axes.get_xlim(), *axes.get_ylim()) for axes in figure.axes) for figure, _ in drawn
    }
    assert len(limits) == 1


def test_same_clusters_uses_no_row_twice():
    W = np.array([[0.5, 0.5], [0.6, 0.6]])
    assert experiments.same_clusters(W, np.array([[0.55, 0.55], [0.0, 0.0]])) == [1, 0]


def test_minus_signs_are_true_and_zero_has_none():
    assert draw._signed(-1.25, 1) == "−1.2"
    assert draw._signed(-0.001, 2) == draw._signed(0.0, 2) == "0.00"


def test_figures_leave_no_trace(choice):
    before = dict(plt.rcParams)
    draw.draw_model()
    draw.draw_choice(*choice, 40, 2)
    assert plt.get_fignums() == []
    assert dict(plt.rcParams) == before


def test_all_figures_are_as_wide_as_the_book_and_their_text_is_readable(choice):
    drawn = [
        draw.draw_model(),
        draw.draw_choice(*choice, 40, 3),
    ]
    for figure, caption in drawn:
        assert figure.get_figwidth() == figures.WIDTH
        assert caption.endswith(".")
        for axes in figure.axes:
            for text in [
                *axes.texts,
                axes.xaxis.label,
                axes.yaxis.label,
                *axes.get_xticklabels(),
                *axes.get_yticklabels(),
            ]:
                assert text.get_fontsize() >= 10
