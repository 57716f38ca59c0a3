"""The pictures of the chapter on EM: what they say is what was computed, and no frame jumps."""

import re
from itertools import islice

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hwlib import binary_em as em
from hwlib import datasets, figures
from hwlib.explorer import encode
from hwlib.figures import binary_em as draw

PUBLISHED = {2: "-317.2568", 3: "-293.705"}


@pytest.fixture(scope="module")
def digits():
    data = datasets.binary_digits(60)
    return data, {
        k: list(islice(em.iterate(data.X, *em.initialise(data.X, k)), 5)) for k in (1, 2, 8)
    }


@pytest.fixture(scope="module")
def ratings():
    data = datasets.pathologists()
    return data, {k: em.fit(data.X, k, weights=data.counts) for k in (1, 2, 3)}


def texts(axes):
    return [text.get_text() for text in axes.texts]


def sizes(pictures):
    return {encode(figure)[1:] for figure, _ in pictures}


def test_the_model_names_its_variables():
    figure, caption = draw.draw_model()
    words = texts(figure.axes[0])
    for name in ("$\\pi$", "$Z_i$", "$X_{ij}$", "$W$", "i = 1 … n", "j = 1 … d"):
        assert words.count(name) == 1
    assert "Z_i" in caption and "X_ij" in caption


def test_sites_count_the_genomes_as_the_caption_says():
    labels = np.array([0, 0, 0, 1, 1])
    r = np.array([[0.995, 0.005], [0.95, 0.05], [0.4, 0.6], [0.3, 0.7], [0, 1]])
    figure, caption = draw.draw_sites(labels, {7: r}, 7)
    assert caption == (
        "Sites used: 7. The responsibility of a genome's own population is above 0.99 for 2 of 5 "
        "genomes, and below 1/2 for 1."
    )
    _, first, second = figure.axes[0].lines
    np.testing.assert_array_equal(first.get_xydata(), [[1, 0.005], [2, 0.05], [3, 0.6]])
    np.testing.assert_array_equal(second.get_xydata(), [[4, 0.7], [5, 1]])
    assert first.get_marker() != second.get_marker()  # not by colour alone
    assert texts(figure.axes[0]) == ["population 1", "population 2"]


def test_the_top_of_the_curve_is_where_the_m_step_puts_it():
    for ones in range(11):
        figure, caption = draw.draw_weighted_mean(10, ones)
        curve, dot = figure.axes[0].lines
        x, y = curve.get_data()
        assert dot.get_xdata()[0] == ones / 10
        # The grid of the curve is 0.001 wide and leaves out 0 and 1.
        assert x[np.argmax(y)] == pytest.approx(ones / 10, abs=0.0011)
        assert dot.get_ydata()[0] == pytest.approx(y.max(), abs=0.011)
        assert f"W_cj = {ones}/10 = {ones / 10:g}," in caption
    assert draw.draw_weighted_mean(10, 0)[1].endswith("ECLL is 0.000.")
    # 3 log 0.3 + 7 log 0.7 = -6.10864
    assert draw.draw_weighted_mean(10, 3)[1].endswith("ECLL is −6.109.")


def test_digits_show_w_pi_responsibilities_and_the_trace(digits):
    data, histories = digits
    examples = [0, 20, 59]
    figure, caption = draw.draw_digits(data, histories, examples, 8, 3)
    now = histories[8][3]
    clusters, pictures, bars, curve, scale = figure.axes
    assert len(clusters.images) == 8
    for image, row in zip(clusters.images, now.W, strict=True):
        np.testing.assert_array_equal(image.get_array(), row.reshape(data.shape))
    assert texts(clusters)[::2] == [f"c = {c}" for c in range(1, 9)]
    assert texts(clusters)[1::2] == [f"π = {weight:.2f}" for weight in now.pi]
    widths = np.array([bar.get_width() for bar in bars.patches]).reshape(3, 8)
    np.testing.assert_allclose(widths, now.responsibilities[examples])
    starts = np.array([bar.get_x() for bar in bars.patches]).reshape(3, 8)
    np.testing.assert_allclose(starts[:, 1:], widths.cumsum(axis=1)[:, :-1])  # end to end
    ink = np.asarray(pictures.images[0].get_array()).sum()
    assert ink == data.X[examples].sum()
    trace = [iteration.log_likelihood for iteration in histories[8][:4]]
    np.testing.assert_allclose(curve.lines[0].get_ydata(), np.array(trace) / 1000)
    assert scale.get_title() == "$W_{cj}$"
    sure = np.sum(now.responsibilities.max(axis=1) > 0.99)
    assert caption == (
        f"k = 8, step 3: log-likelihood −{abs(trace[-1]):.1f}; {sure} of 60 pictures "
        "have a responsibility above 0.99 for one cluster."
    )


def test_all_frames_of_the_digits_have_the_same_size_and_axes(digits):
    data, histories = digits
    pictures = [
        draw.draw_digits(data, histories, [0, 59], k, step) for k in histories for step in (0, 4)
    ]
    assert len(sizes(pictures)) == 1
    limits = {
        tuple((*axes.get_xlim(), *axes.get_ylim()) for axes in figure.axes)
        for figure, _ in pictures
    }
    assert len(limits) == 1
    low, high = pictures[0][0].axes[3].get_ylim()
    for history in histories.values():
        for iteration in history:
            assert low < iteration.log_likelihood / 1000 < high


def test_ratings_show_the_table_and_the_published_numbers(ratings):
    data, fits = ratings
    figure, caption = draw.draw_ratings(data, fits, PUBLISHED, 3)
    table, curve = figure.axes
    numbers = np.array([float(text) for text in texts(table)]).reshape(3, 7)
    rows = fits[3].W[np.argsort(fits[3].W.sum(axis=1))]
    np.testing.assert_allclose(numbers, rows, atol=0.00501)  # two decimals
    assert np.all(np.diff(numbers.sum(axis=1)) > 0)
    assert [label.get_text() for label in table.get_xticklabels()] == list("ABCDEFG")
    ours, theirs, marked = curve.lines
    np.testing.assert_allclose(ours.get_ydata(), [fit.log_likelihoods[-1] for fit in fits.values()])
    np.testing.assert_array_equal(theirs.get_xydata(), [[2, -317.2568], [3, -293.705]])
    np.testing.assert_array_equal(marked.get_xdata(), [3])
    assert caption.startswith("k = 3: log-likelihood −293.7050 (published: −293.705); π = 0.")
    shares = [float(share) for share in re.findall(r"0\.\d{3}\b", caption.split("π")[1])]
    assert sum(shares) == pytest.approx(1, abs=0.002)  # three numbers of three decimals
    order = np.argsort(fits[3].W.sum(axis=1))
    assert shares == pytest.approx(fits[3].pi[order], abs=0.000501)


def test_ratings_without_a_published_value_say_so(ratings):
    data, fits = ratings
    assert "(no published value)" in draw.draw_ratings(data, fits, PUBLISHED, 1)[1]
    assert len(sizes([draw.draw_ratings(data, fits, PUBLISHED, k) for k in fits])) == 1


def test_figures_leave_no_trace(digits, ratings):
    before = dict(plt.rcParams)
    draw.draw_model()
    draw.draw_digits(*digits, [0], 2, 0)
    draw.draw_ratings(*ratings, PUBLISHED, 2)
    assert plt.get_fignums() == []
    assert dict(plt.rcParams) == before


def test_all_figures_are_as_wide_as_the_book_and_their_text_is_readable(digits, ratings):
    drawn = [
        draw.draw_model(),
        draw.draw_sites(np.array([0, 1]), {1: np.eye(2)}, 1),
        draw.draw_weighted_mean(10, 4),
        draw.draw_digits(*digits, [0, 59], 8, 4),
        draw.draw_ratings(*ratings, PUBLISHED, 3),
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
