"""The pictures of the chapter on EM: what they say is what was computed, and no frame jumps."""

import re
from itertools import islice

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hwlib import binary_em as em
from hwlib import datasets, experiments, figures
from hwlib.explorer import encode
from hwlib.figures import binary_em as draw

PUBLISHED = {2: "-317.2568", 3: "-293.705"}


@pytest.fixture(scope="module")
def digits():
    data = datasets.binary_digits(60)
    return data, {
        k: list(islice(em.iterate(data.X, *em.initial_parameters(data.X, k)), 5)) for k in (1, 2, 8)
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
    assert first.get_marker() != second.get_marker()  # not by color alone
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
    widths = np.array([bar.get_width() for bar in bars.patches]).reshape(8, 3).T
    np.testing.assert_allclose(widths, now.responsibilities[examples])
    starts = np.array([bar.get_x() for bar in bars.patches]).reshape(8, 3).T
    np.testing.assert_allclose(starts[:, 1:], widths.cumsum(axis=1)[:, :-1])  # end to end
    ink = np.asarray(pictures.images[0].get_array()).sum()
    assert ink == data.X[examples].sum()
    trace = [iteration.log_likelihood for iteration in histories[8][:4]]
    np.testing.assert_allclose(curve.lines[0].get_ydata(), np.array(trace) / 1000)
    assert scale.get_title() == "$W_{cj}$"
    assert len(scale.images[0].get_array()) >= 256  # as many shades as a pixel can have
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


def test_the_last_step_of_the_digits_is_on_the_axis_however_high(digits):
    data, histories = digits
    *before, last = histories[2]
    high = last._replace(log_likelihood=0.0)  # as if W fitted every picture exactly
    figure, _ = draw.draw_digits(data, {2: [*before, high]}, [0], 2, 4)
    low, top = figure.axes[3].get_ylim()
    assert low < 0 < top


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
    # exactly the last, from which the one before hardly differs
    assert list(ours.get_ydata()) == [fit.log_likelihoods[-1] for fit in fits.values()]
    assert list(curve.get_xticks()) == [1, 2, 3]
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


@pytest.fixture(scope="module")
def parabola():
    """A log-likelihood -w² and bounds that touch it at any `at` and lie below: -w² - (w - at)²."""
    paths = {0.8: [0.8, 0.4, 0.2], 0.2: [0.2, 0.1, 0.05]}  # the bound's top is at `at` / 2
    return lambda w: -(w**2), lambda w, at: -(w**2) - (w - at) ** 2, paths


def test_the_bound_touches_in_an_e_step_and_is_highest_after_an_m_step(parabola):
    figure, caption = draw.draw_bound(*parabola, 0.8, 2)
    curve, below, been, touch = figure.axes[0].lines
    assert np.all(below.get_ydata() <= curve.get_ydata())
    np.testing.assert_array_equal(touch.get_xydata(), [[0.4, -0.4 * 0.4]])
    np.testing.assert_array_equal(been.get_xdata(), [0.8, 0.4])
    assert caption == (
        "From w = 0.8, step 2, E step: the bound touches the log-likelihood at w = 0.400; "
        "both are −0.16."
    )
    figure, caption = draw.draw_bound(*parabola, 0.8, 3)
    _, below, _, touch, top, reached = figure.axes[0].lines
    assert touch.get_xdata()[0] == 0.4
    # The curve is drawn at 197 places, 0.005 apart.
    assert below.get_xdata()[below.get_ydata().argmax()] == pytest.approx(0.2, abs=0.005)
    np.testing.assert_allclose(top.get_xydata(), [[0.2, -0.08]])
    np.testing.assert_allclose(reached.get_xydata(), [[0.2, -0.04]])
    assert top.get_marker() != reached.get_marker()
    assert caption == (
        "From w = 0.8, step 3, M step: the bound is highest, −0.08, at w = 0.200 (triangle); "
        "the log-likelihood there is −0.04 (diamond), 0.12 more than before."
    )


def test_all_frames_of_the_bound_have_the_same_size_and_axes(parabola):
    drawn = [draw.draw_bound(*parabola, begin, step) for begin in (0.8, 0.2) for step in range(4)]
    assert len(sizes(drawn)) == 1
    limits = {(*f.axes[0].get_xlim(), *f.axes[0].get_ylim()) for f, _ in drawn}
    assert len(limits) == 1


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


def snps():
    pairs = [(fst, sites) for fst in (0.1, 0.3) for sites in (10, 100)]
    second = {pair: np.array([0.1, 0.6, 0.9]) * pair[0] for pair in pairs}
    found = {pair: pair[0] * pair[1] / 30 for pair in pairs}
    return np.array([0, 0, 1]), second, found, {pair: 0.95 for pair in pairs}


def test_snps_show_genomes_and_the_index():
    figure, caption = draw.draw_snps(*snps(), 0.3, 100)
    genomes, curve = figure.axes
    _, first, other = genomes.lines
    np.testing.assert_allclose(first.get_xydata(), [[1, 0.03], [2, 0.18]])
    np.testing.assert_allclose(other.get_xydata(), [[3, 0.27]])
    assert first.get_marker() != other.get_marker()
    faint, limit, ours, chosen = curve.lines
    np.testing.assert_allclose(faint.get_xydata(), [[10, 1 / 30], [100, 1 / 3]])
    np.testing.assert_allclose(limit.get_xydata(), [[10, 0.95], [100, 0.95]])
    np.testing.assert_allclose(ours.get_xydata(), [[10, 0.1], [100, 1]])
    np.testing.assert_allclose(chosen.get_xydata(), [[100, 1]])
    assert caption == (
        "F_ST = 0.3, 100 sites: adjusted Rand index 1.00 from random starts, 0.95 with the true W."
    )


def renamed(fit, order):
    return fit._replace(pi=fit.pi[order], W=fit.W[order])


def test_labels_say_which_cluster_is_which(ratings):
    data, fits = ratings
    order = [2, 0, 1]
    climbed = renamed(fits[3], order)._replace(log_likelihoods=[-400.0, -350.0, -293.705])
    other = {0: fits[3], 5: climbed}
    figure, caption = draw.draw_labels(data.names, other, 5)
    left, links, right = figure.axes
    np.testing.assert_array_equal(left.images[0].get_array(), fits[3].W)
    np.testing.assert_array_equal(right.images[0].get_array(), fits[3].W[order])
    ends = [line.get_ydata()[1] for line in links.lines]
    for c, end in enumerate(ends):
        assert order[end] == c
    # cluster 1 of seed 0 is in the second row of the other, and so on
    assert caption == (
        "Seed 5: log-likelihood −293.7050. Clusters 1, 2, 3 of seed 0 are its clusters 2, 3, 1; "
        "so renamed, entries of W differ by less than 0.001."
    )
    changed = {0: fits[3], 5: other[5]._replace(W=np.clip(other[5].W - 0.25, 0, 1))}
    assert draw.draw_labels(data.names, changed, 5)[1].endswith("differ by up to 0.250.")
    assert len(sizes([draw.draw_labels(data.names, other, seed) for seed in (0, 5)])) == 1


def test_same_clusters_uses_no_row_twice():
    W = np.array([[0.5, 0.5], [0.6, 0.6]])
    assert experiments.same_clusters(W, np.array([[0.55, 0.55], [0.0, 0.0]])) == [1, 0]


def test_minus_signs_are_true_and_zero_has_none():
    assert draw._signed(-1.25, 1) == "−1.2"
    assert draw._signed(-0.001, 2) == draw._signed(0.0, 2) == "0.00"


def test_figures_leave_no_trace(digits, ratings):
    before = dict(plt.rcParams)
    draw.draw_model()
    draw.draw_digits(*digits, [0], 2, 0)
    draw.draw_ratings(*ratings, PUBLISHED, 2)
    assert plt.get_fignums() == []
    assert dict(plt.rcParams) == before


def test_all_figures_are_as_wide_as_the_book_and_their_text_is_readable(
    digits, ratings, parabola, choice
):
    drawn = [
        draw.draw_model(),
        draw.draw_sites(np.array([0, 1]), {1: np.eye(2)}, 1),
        draw.draw_weighted_mean(10, 4),
        draw.draw_digits(*digits, [0, 59], 8, 4),
        draw.draw_ratings(*ratings, PUBLISHED, 3),
        draw.draw_bound(*parabola, 0.8, 3),
        draw.draw_choice(*choice, 40, 3),
        draw.draw_snps(*snps(), 0.1, 10),
        draw.draw_labels(ratings[0].names, {0: ratings[1][3]}, 0),
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
