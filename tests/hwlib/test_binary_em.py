"""binary_em against sums written out, numerical maximization, scikit-learn and published fits."""

import itertools
import math

import numpy as np
import pytest
from sklearn.naive_bayes import BernoulliNB

from hwlib import binary_em, datasets
from hwlib.quick import binary_em as quick_em


@pytest.fixture(params=[binary_em, quick_em], ids=["readable", "quick"])
def em(request):
    """Both forms of the module: what holds for one holds for the other."""
    return request.param


# Two orders of adding the same few hundred terms differ by some units in the last place (2e-16).
ROUND_OFF = 1e-12


def random_case(n=12, d=5, k=3, seed=0):
    """X, π, W, responsibilities and weights with nothing special about them."""
    rng = np.random.RandomState(seed)
    X = rng.randint(2, size=(n, d))
    return (
        X,
        rng.dirichlet(np.ones(k)),
        rng.uniform(size=(k, d)),
        rng.dirichlet(np.ones(k), n),
        rng.randint(4, size=n),
    )


# ---- E step and likelihoods against products and sums written out --------------------------------


def test_e_step_in_a_case_worked_by_hand(em):
    # x = (1, 0): 1/4 · 1/2 · 1/2 = 1/16 in the first cluster, 3/4 · 1/3 · 2/3 = 1/6 in the second,
    # as 3 : 8. x = (1, 1): 1/16 and 3/4 · 1/3 · 1/3 = 1/12, as 3 : 4.
    responsibilities = em.e_step([[1, 0], [1, 1]], [1 / 4, 3 / 4], [[1 / 2, 1 / 2], [1 / 3, 1 / 3]])
    np.testing.assert_allclose(responsibilities, [[3 / 11, 8 / 11], [3 / 7, 4 / 7]], rtol=ROUND_OFF)


def test_probabilities_of_all_binary_vectors_sum_to_one(em):
    _, pi, W, _, _ = random_case(d=6)
    cube = list(itertools.product([0, 1], repeat=6))
    assert sum(math.exp(em.log_likelihood([x], pi, W)) for x in cube) == pytest.approx(
        1, rel=ROUND_OFF
    )


def test_expected_complete_log_likelihood_is_the_triple_sum(em):
    X, pi, W, r, weights = random_case()
    terms = np.zeros(len(X))
    for i in range(len(X)):
        for c in range(len(pi)):
            inner = math.log(pi[c])
            for j in range(X.shape[1]):
                inner += X[i, j] * math.log(W[c, j]) + (1 - X[i, j]) * math.log(1 - W[c, j])
            terms[i] += r[i, c] * inner
    assert em.expected_complete_log_likelihood(X, r, pi, W) == pytest.approx(
        terms.sum(), rel=ROUND_OFF
    )
    weighted = em.expected_complete_log_likelihood(X, r, pi, W, weights=weights)
    assert weighted == pytest.approx(weights @ terms, rel=ROUND_OFF)


def test_log_likelihood_is_the_ecll_plus_the_entropy_of_the_posterior(em):
    # The identity that makes EM work: it holds when, and only when, r is the posterior at (π, W).
    X, pi, W, other, _ = random_case()
    r = em.e_step(X, pi, W)
    total = em.log_likelihood(X, pi, W)
    assert em.expected_complete_log_likelihood(X, r, pi, W) - np.sum(
        r * np.log(r)
    ) == pytest.approx(total)
    assert (
        em.expected_complete_log_likelihood(X, other, pi, W) - np.sum(other * np.log(other))
        < total - 0.01
    )


# ---- M step --------------------------------------------------------------------------------------


def test_m_step_in_a_case_worked_by_hand(em):
    # Cluster 1 holds 1 and 1/2 of the first two examples, cluster 2 the other 1/2 and the third.
    X = [[1, 0], [1, 1], [0, 1]]
    r = [[1, 0], [1 / 2, 1 / 2], [0, 1]]
    pi, W = em.m_step(X, r)
    np.testing.assert_allclose(pi, [1 / 2, 1 / 2], rtol=ROUND_OFF)
    np.testing.assert_allclose(W, [[1, 1 / 3], [1 / 3, 1]], rtol=ROUND_OFF)
    _, W = em.m_step(
        X, r, alpha=2
    )  # one more one and one more zero in each cluster: 2.5/3.5 and 1.5/3.5
    np.testing.assert_allclose(W, [[5 / 7, 3 / 7], [3 / 7, 5 / 7]], rtol=ROUND_OFF)


@pytest.mark.parametrize("alpha", [1, 1.7])
def test_no_perturbation_of_the_m_step_is_better(em, alpha):
    X, _, _, r, weights = random_case(n=30)
    pi, W = em.m_step(X, r, weights, alpha)

    def objective(pi, W):
        prior = (alpha - 1) * np.sum(np.log(W) + np.log(1 - W))
        return em.expected_complete_log_likelihood(X, r, pi, W, weights) + prior

    best = objective(pi, W)
    rng = np.random.RandomState(1)
    for scale in [1e-1, 1e-2, 1e-3]:
        for _ in range(20):
            other_pi = pi * np.exp(scale * rng.normal(size=pi.shape))
            other_W = 1 / (1 + (1 - W) / W * np.exp(scale * rng.normal(size=W.shape)))
            assert objective(other_pi / other_pi.sum(), W) < best
            assert objective(pi, other_W) < best


def test_the_derivative_vanishes_at_the_m_step(em):
    X, _, _, r, _ = random_case(n=30)
    pi, W = em.m_step(X, r)
    h = 1e-5
    for c, j in np.ndindex(W.shape):
        up, down = W.copy(), W.copy()
        up[c, j] += h
        down[c, j] -= h
        slope = (
            em.expected_complete_log_likelihood(X, r, pi, up)
            - em.expected_complete_log_likelihood(X, r, pi, down)
        ) / (2 * h)
        # Central differences err by h²/6 times a third derivative of about 1e3, and by 1e-14/h
        # from round-off.
        assert slope == pytest.approx(0, abs=1e-6)


def test_m_step_with_hard_labels_is_scikit_learns_naive_bayes(em):
    data = datasets.simulated_genomes(60, 20, 3, rng=2)
    oracle = BernoulliNB(alpha=1.0).fit(data.X, data.labels)  # adds one 1 and one 0: Beta(2, 2)
    pi, W = em.m_step(data.X, np.eye(3)[data.labels], alpha=2)
    np.testing.assert_allclose(W, np.exp(oracle.feature_log_prob_), rtol=ROUND_OFF)
    np.testing.assert_allclose(pi, np.exp(oracle.class_log_prior_), rtol=ROUND_OFF)
    np.testing.assert_allclose(em.e_step(data.X, pi, W), oracle.predict_proba(data.X), rtol=1e-9)


def test_a_cluster_without_examples_stays_a_distribution(em):
    X, _, _, _, _ = random_case()
    r = np.zeros((12, 3))
    r[:, 0] = 1
    pi, W = em.m_step(X, r)
    np.testing.assert_array_equal(pi, [1, 0, 0])
    np.testing.assert_array_equal(W[1:], 0.5)
    np.testing.assert_array_equal(em.e_step(X, pi, W), r)


def test_round_off_does_not_lift_a_probability_above_one(em):
    X, r = np.ones((1000, 1)), np.random.RandomState(0).dirichlet(np.ones(7), 1000)
    _, W = em.m_step(X, r, weights=np.linspace(0.1, 0.3, 1000))
    assert W.max() <= 1
    np.testing.assert_allclose(W, 1, rtol=ROUND_OFF)


# ---- extremes: probabilities of 0 and 1, many dimensions -----------------------------------------

EXTREME_PI = np.array([0.5, 0.5])
EXTREME_W = np.array([[1, 0, 0.5], [0, 0, 0.5]])


def test_zeros_and_ones_in_W_are_exact(em):
    # (1,0,·) is possible in the first cluster only, (0,0,·) in the second; each with 1/2 · 1/2.
    X = [[1, 0, 1], [0, 0, 0]]
    np.testing.assert_array_equal(em.e_step(X, EXTREME_PI, EXTREME_W), [[1, 0], [0, 1]])
    assert em.log_likelihood(X, EXTREME_PI, EXTREME_W) == pytest.approx(2 * math.log(1 / 4))
    ecll = em.expected_complete_log_likelihood(X, [[1, 0], [0, 1]], EXTREME_PI, EXTREME_W)
    assert ecll == pytest.approx(2 * math.log(1 / 4))
    # A responsibility for an impossible cluster costs everything, however small.
    assert (
        em.expected_complete_log_likelihood(X, [[1 - 1e-7, 1e-7], [0, 1]], EXTREME_PI, EXTREME_W)
        == -math.inf
    )


def test_an_impossible_example_has_minus_infinity_and_keeps_the_prior(em):
    X, pi = [[1, 0, 1], [0, 1, 0]], np.array([0.3, 0.7])
    assert em.log_likelihood(X, pi, EXTREME_W) == -math.inf
    np.testing.assert_array_equal(em.e_step(X, pi, EXTREME_W), [[1, 0], [0.3, 0.7]])
    # Weight zero: the example is not there.
    assert em.log_likelihood(X, pi, EXTREME_W, weights=[1, 0]) == pytest.approx(math.log(0.15))


@pytest.mark.parametrize("alpha", [1, 2])
def test_em_leaves_an_impossible_start(em, alpha):
    X = [[1, 0, 1], [0, 1, 0], [0, 1, 1]]
    trace = [
        it.log_likelihood
        for it in itertools.islice(em.iterate(X, EXTREME_PI, EXTREME_W, alpha=alpha), 4)
    ]
    assert trace[0] == -math.inf
    assert np.all(np.isfinite(trace[1:]))


@pytest.mark.parametrize("edge", [0, 1])
def test_the_prior_of_one_probability_at_the_edge_is_zero(em, edge):
    # the examples themselves are possible
    X, W = [[edge, 1], [edge, 0]], [[edge, 0.5]]
    assert next(em.iterate(X, [1], W, alpha=1)).log_likelihood == 2 * math.log(0.5)
    assert next(em.iterate(X, [1], W, alpha=1.5)).log_likelihood == -math.inf


def test_the_smallest_probabilities_count(em):
    # 5e-324 is the smallest double: log of it is about -744.44, and not minus infinity.
    assert em.log_likelihood([[1]], [1], [[5e-324]]) == pytest.approx(-744.44, abs=0.01)


def test_ten_thousand_dimensions_do_not_underflow(em):
    d = 10_000
    X = np.zeros((2, d))
    X[1] = 1
    W = np.array([np.full(d, 0.25), np.full(d, 0.25)])
    W[1, 0] = (
        0.75  # differs in one place only: r = 3 : 1 and 1 : 3, although P(x) is about 10^-1249
    )
    np.testing.assert_allclose(em.e_step(X, [0.5, 0.5], W), [[0.75, 0.25], [0.25, 0.75]], rtol=1e-9)
    expected = (d - 1) * math.log(0.75) + (d - 1) * math.log(0.25) + 2 * math.log(0.5)
    # The two logarithms are about 2,900 and 13,900: their sum holds 1e-12 of it.
    assert em.log_likelihood(X, [0.5, 0.5], W) == pytest.approx(expected, rel=1e-11)


def test_genomes_of_ten_thousand_sites_fall_into_their_populations(em):
    data = datasets.simulated_genomes(60, 10_000, 3, rng=1)
    # With so many sites EM stays near its start, so its start must hold examples of all three
    # populations, as in 2 starts of 9. Hence 20 of them.
    found = em.fit(data.X, 3, rng=0, restarts=20)
    np.testing.assert_array_equal(sorted_by_first(found.responsibilities), np.eye(3)[data.labels])
    assert np.all(np.isfinite(found.log_likelihoods))


def sorted_by_first(responsibilities):
    """The clusters in the order in which the examples first meet them."""
    labels = responsibilities.argmax(axis=1)
    order = sorted(range(responsibilities.shape[1]), key=lambda c: list(labels).index(c))
    return responsibilities[:, order]


# ---- EM as a whole -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("k", "published", "digits"), [(2, -317.2568, 4), (3, -293.705, 3), (4, -289.2858, 4)]
)
def test_the_published_fits_of_the_pathologists_are_reached(em, k, published, digits):
    data = datasets.pathologists()
    found = em.fit(data.X, k, restarts=20, tol=1e-11, max_iter=5000, weights=data.counts)
    # Half a unit of the last published digit (and the float's own rounding), in either direction.
    assert found.log_likelihoods[-1] == pytest.approx(published, abs=0.5 * 10**-digits + 1e-9)


def test_one_cluster_is_the_table_of_means(em):
    data = datasets.pathologists()
    found = em.fit(data.X, 1, weights=data.counts)
    share = data.counts @ data.X / 118
    np.testing.assert_allclose(found.W[0], share, rtol=ROUND_OFF)
    by_hand = 118 * np.sum(share * np.log(share) + (1 - share) * np.log(1 - share))
    assert found.log_likelihoods[-1] == pytest.approx(by_hand, rel=ROUND_OFF)


@pytest.mark.parametrize("alpha", [1, 1.5])
@pytest.mark.parametrize("k", [2, 4, 7])
def test_the_log_likelihood_never_falls(em, k, alpha):
    data = datasets.binary_digits(n=100)
    iterations = list(
        itertools.islice(
            em.iterate(data.X, *em.initial_parameters(data.X, k, rng=k), alpha=alpha), 40
        )
    )
    trace = np.array([iteration.log_likelihood for iteration in iterations])
    # Round-off of a sum of this size.
    assert np.all(np.diff(trace) >= -1e-12 * np.abs(trace[0]))
    assert trace[-1] - trace[0] > 100
    for it in iterations:
        prior = (alpha - 1) * np.sum(np.log(it.W) + np.log(1 - it.W)) if alpha > 1 else 0
        assert it.log_likelihood == pytest.approx(
            em.log_likelihood(data.X, it.pi, it.W) + prior, rel=ROUND_OFF
        )
        np.testing.assert_allclose(it.responsibilities, em.e_step(data.X, it.pi, it.W), atol=1e-9)


def test_each_iteration_is_an_e_step_and_an_m_step(em):
    X, pi, W, _, weights = random_case()
    assert next(em.iterate(X, pi, W)).log_likelihood == em.log_likelihood(X, pi, W)
    first, second = itertools.islice(em.iterate(X, pi, W, weights, alpha=1.5), 2)
    np.testing.assert_array_equal(first.W, W)
    for got, want in zip(second, em.m_step(X, em.e_step(X, pi, W), weights, alpha=1.5)):
        np.testing.assert_array_equal(got, want)


def test_starts_and_fits_take_weights_as_repetition(em):
    X, _, _, _, weights = random_case()
    X, first = np.unique(X, axis=0, return_index=True)
    weights = weights[first]
    repeated = np.repeat(X, weights, axis=0)
    for got, want in zip(
        em.initial_parameters(X, 3, 5, weights), em.initial_parameters(repeated, 3, 5)
    ):
        np.testing.assert_allclose(got, want, rtol=ROUND_OFF)
    weighted, plain = em.fit(X, 2, weights=weights, max_iter=20), em.fit(repeated, 2, max_iter=20)
    np.testing.assert_allclose(weighted.W, plain.W, atol=1e-9)
    np.testing.assert_allclose(weighted.log_likelihoods, plain.log_likelihoods, rtol=1e-9)


def test_parameters_and_labels_of_simulated_genomes_are_recovered(em):
    data = datasets.simulated_genomes(600, 100, 2, fst=0.2, rng=3)
    found = em.fit(data.X, 2, restarts=3)
    cluster = sorted_by_first(found.responsibilities)
    np.testing.assert_array_equal(cluster.argmax(axis=1), data.labels)
    own = int(found.responsibilities[0].argmax())
    error = found.W[[own, 1 - own]] - data.frequencies
    # A frequency is estimated from 300 genomes: standard error at most 0.5/√300 = 0.029; among
    # 200 of them hardly ever one lies beyond 4.5 of these.
    assert np.abs(error).max() < 0.13
    assert np.sqrt(np.mean(error**2)) < 0.029


def test_the_best_of_several_runs_is_kept_and_the_seed_decides(em):
    data = datasets.pathologists()
    runs = np.random.RandomState(7)
    singly = [
        em.fit(data.X, 4, runs, tol=1e-6, weights=data.counts).log_likelihoods[-1] for _ in range(6)
    ]
    together = em.fit(data.X, 4, 7, restarts=6, tol=1e-6, weights=data.counts)
    assert len({round(value, 3) for value in singly}) > 1
    assert together.log_likelihoods[-1] == max(singly)
    np.testing.assert_array_equal(together.W, em.fit(data.X, 4, 7, 6, 1e-6, weights=data.counts).W)
    assert not np.array_equal(
        em.initial_parameters(data.X, 2, 0)[1], em.initial_parameters(data.X, 2, 1)[1]
    )
    for got, want in zip(
        em.initial_parameters(data.X, 2, np.random.default_rng(0)),
        em.initial_parameters(data.X, 2, np.random.default_rng(0)),
    ):
        np.testing.assert_array_equal(got, want)


def test_max_iter_counts_m_steps_and_tol_ends_a_run(em):
    data = datasets.pathologists()
    found = em.fit(data.X, 3, tol=0, max_iter=4, weights=data.counts)
    assert len(found.log_likelihoods) == 5
    found = em.fit(data.X, 3, tol=1e-3, weights=data.counts)
    gains = np.diff(found.log_likelihoods) / 118
    assert gains[-1] <= 1e-3 and np.all(gains[:-1] > 1e-3)
    assert found.log_likelihoods[-1] == em.log_likelihood(data.X, found.pi, found.W, data.counts)


def test_a_step_that_gains_nothing_ends_a_run_and_a_thousand_steps_do(em):
    # after one M step W = 1 and the likelihood is 1; the next gains exactly nothing
    assert len(em.fit(np.ones((3, 2)), 1, tol=0).log_likelihoods) == 3
    data = datasets.pathologists()
    # eight clusters are more than these data need, and still gain a little after 1,600 steps
    assert len(em.fit(data.X, 8, tol=0, weights=data.counts).log_likelihoods) == 1001


def test_a_run_is_judged_by_its_end_and_made_once_from_seed_0(em):
    data = datasets.pathologists()
    for seed in range(5):
        runs = np.random.RandomState(seed)
        ends = [em.fit(data.X, 4, runs, max_iter=1).log_likelihoods[-1] for _ in range(6)]
        together = em.fit(data.X, 4, seed, restarts=6, max_iter=1)
        assert together.log_likelihoods[-1] == max(ends)
    for got, want in zip(em.fit(data.X, 4), em.fit(data.X, 4, rng=0, restarts=1)):
        np.testing.assert_array_equal(got, want)


def test_a_start_is_half_the_mean_a_quarter_an_example_and_a_quarter_noise(em):
    pi, noise = em.initial_parameters(np.zeros((5, 1000)), 4)
    np.testing.assert_array_equal(pi, np.full(4, 1 / 4))
    np.testing.assert_array_equal(noise, em.initial_parameters(np.zeros((5, 1000)), 4, rng=0)[1])
    # of 4,000 uniform numbers one lies within 1 % of either end, but for a chance of 1e-17
    assert 0 <= noise.min() < 0.01 / 4 and 0.99 / 4 < noise.max() <= 1 / 4
    assert len(np.unique(noise)) == noise.size
    _, W = em.initial_parameters(np.ones((5, 1000)), 4)
    np.testing.assert_allclose(W - noise, 1 / 2 + 1 / 4, rtol=ROUND_OFF)


def test_as_many_clusters_as_there_are_distinct_rows(em):
    assert em.fit([[0, 1], [0, 0], [1, 1]], 3).pi.shape == (3,)


def test_smoothing_keeps_W_inside(em):
    data = datasets.pathologists()
    assert em.fit(data.X, 3, weights=data.counts).W.min() < 1e-6
    smooth = em.fit(data.X, 3, weights=data.counts, alpha=2).W
    assert (
        1 / 120 <= smooth.min() and smooth.max() <= 119 / 120
    )  # one more one and zero among at most 118


@pytest.mark.parametrize("dtype", [np.uint8, bool, np.int64, np.float32, np.float64, object])
def test_the_type_of_X_does_not_matter(em, dtype):
    X, pi, W, r, weights = random_case()
    typed, plain = X.astype(dtype), X.tolist()
    np.testing.assert_array_equal(em.e_step(typed, pi, W), em.e_step(plain, pi, W))
    np.testing.assert_array_equal(em.m_step(typed, r)[1], em.m_step(plain, r)[1])
    for got, want in zip(
        em.fit(typed, 2, weights=weights, max_iter=5), em.fit(plain, 2, weights=weights, max_iter=5)
    ):
        np.testing.assert_array_equal(got, want)


def test_the_order_of_X_in_memory_does_not_matter(em):
    X, pi, W, r, _ = random_case(n=50)
    np.testing.assert_array_equal(em.e_step(np.asfortranarray(X), pi, W), em.e_step(X, pi, W))
    np.testing.assert_array_equal(em.m_step(np.asfortranarray(X), r)[1], em.m_step(X, r)[1])


# Rows that fill 0.4, 1, 2 and 2.2 of the blocks that the steps work on, and rows too long for one.
@pytest.mark.parametrize(
    "n, d, k",
    [(20, 640, 3), (51, 640, 3), (102, 640, 3), (113, 640, 3), (3, 40_000, 3), (60, 640, 40)],
)
def test_blocks_of_rows_make_no_difference(em, n, d, k):
    X, pi, W, r, weights = random_case(n, d, k)
    W[:3, 0] = [0, 1, 0.5]  # entries of exactly 0 and 1 are counted block by block too
    by_row = [em.e_step(row[None], pi, W)[0] for row in X]
    np.testing.assert_allclose(em.e_step(X, pi, W), by_row, rtol=1e-9, atol=1e-300)
    total = sum(em.log_likelihood(row[None], pi, W) for row in X)
    assert em.log_likelihood(X, pi, W) == pytest.approx(total, rel=ROUND_OFF)
    counts = r * weights[:, None]
    np.testing.assert_allclose(
        em.m_step(X, r, weights)[1], counts.T @ X / counts.sum(axis=0)[:, None], rtol=1e-9
    )


def test_arguments_are_left_as_they_were(em):
    case = random_case()
    copies = [array.copy() for array in case]
    X, pi, W, r, weights = case
    em.e_step(X, pi, W)
    em.m_step(X, r, weights, alpha=2)
    em.fit(X, 2, weights=weights, max_iter=3)
    list(itertools.islice(em.iterate(X.astype(float), pi, W), 3))
    for array, copy in zip(case, copies):
        np.testing.assert_array_equal(array, copy)


# ---- bad input -----------------------------------------------------------------------------------

X, PI, W, R, _ = random_case()
NAN = float("nan")


@pytest.mark.parametrize(
    ("argument", "call"),
    [
        ("X", lambda em: em.e_step([[0, 2]], [1], [[0.5, 0.5]])),
        ("X", lambda em: em.e_step([[0, NAN]], [1], [[0.5, 0.5]])),
        ("X", lambda em: em.e_step([[0, 0.5]], [1], [[0.5, 0.5]])),
        ("X", lambda em: em.e_step([0, 1], [1], [[0.5, 0.5]])),
        ("X", lambda em: em.e_step(np.zeros((0, 2)), [1], [[0.5, 0.5]])),
        ("X", lambda em: em.e_step(np.zeros((2, 0)), [1], [[0.5, 0.5]])),
        ("X", lambda em: em.fit([["a", "b"]], 1)),
        ("X", lambda em: em.fit([[0, 1], [0]], 1)),
        ("X", lambda em: em.fit(None, 1)),
        ("X", lambda em: em.fit(np.ma.masked_equal(X, 1), 2)),
        ("X", lambda em: em.fit(X * (1 + 0j), 2)),
        ("W", lambda em: em.e_step(X, PI, W[:, :4])),
        ("W", lambda em: em.e_step(X, PI, W[0])),
        ("W", lambda em: em.log_likelihood(X, PI, W + 1)),
        ("W", lambda em: em.log_likelihood(X, PI, -W)),
        ("W", lambda em: next(em.iterate(X, PI, W * NAN))),
        ("pi", lambda em: em.e_step(X, PI[:2], W)),
        ("pi", lambda em: em.e_step(X, PI * 2, W)),
        ("pi", lambda em: em.log_likelihood(X, [1.5, -0.5, 0], W)),
        ("pi", lambda em: em.log_likelihood(X, [NAN, 0.5, 0.5], W)),
        ("responsibilities", lambda em: em.m_step(X, R[1:])),
        ("responsibilities", lambda em: em.m_step(X, R * 2)),
        ("responsibilities", lambda em: em.m_step(X, R * NAN)),
        ("responsibilities", lambda em: em.m_step(X, np.array([1.5, -0.5]) * np.ones((12, 1)))),
        ("responsibilities", lambda em: em.expected_complete_log_likelihood(X, R[:, :2], PI, W)),
        ("weights", lambda em: em.m_step(X, R, weights=[1, 2])),
        ("weights", lambda em: em.m_step(X, R, weights=-np.ones(12))),
        ("weights", lambda em: em.m_step(X, R, weights=np.zeros(12))),
        ("weights", lambda em: em.log_likelihood(X, PI, W, weights=np.full(12, np.inf))),
        ("weights", lambda em: em.fit(X, 2, weights=np.full(12, NAN))),
        ("alpha", lambda em: em.m_step(X, R, alpha=0.99)),
        ("alpha", lambda em: next(em.iterate(X, PI, W, alpha=NAN))),
        ("alpha", lambda em: em.fit(X, 2, alpha="2")),
        ("alpha", lambda em: em.fit(X, 2, alpha=np.inf)),
        ("k", lambda em: em.fit(X, 0)),
        ("k", lambda em: em.fit(X, -1)),
        ("k", lambda em: em.fit(X, 2.0)),
        ("k", lambda em: em.fit(X, True)),
        ("k", lambda em: em.fit(X, 13)),
        ("k", lambda em: em.fit([[0, 1], [0, 1], [1, 1]], 3)),
        ("k", lambda em: em.fit([[0, 1], [0, 0], [1, 1]], 3, weights=[1, 0, 1])),
        ("k", lambda em: em.initial_parameters(X, 0)),
        ("restarts", lambda em: em.fit(X, 2, restarts=0)),
        ("max_iter", lambda em: em.fit(X, 2, max_iter=0)),
        ("max_iter", lambda em: em.fit(X, 2, max_iter=1.5)),
        ("tol", lambda em: em.fit(X, 2, tol=-1e-9)),
        ("tol", lambda em: em.fit(X, 2, tol=NAN)),
        ("tol", lambda em: em.fit(X, 2, tol=None)),
        ("rng", lambda em: em.fit(X, 2, rng=-1)),
        ("rng", lambda em: em.fit(X, 2, rng=2**32)),
        ("rng", lambda em: em.fit(X, 2, rng="0")),
        ("rng", lambda em: em.fit(X, 2, rng=None)),
    ],
)
def test_bad_input_names_the_argument_and_what_is_accepted(em, argument, call):
    with pytest.raises(ValueError, match=f"^{argument} .*expected"):
        call(em)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda em: em.fit(X, 2, tol=-1), "tol is -1; expected a number of at least 0, and finite"),
        (lambda em: em.fit(X, 2, max_iter=0), "max_iter is 0; expected an integer of at least 1"),
        (lambda em: em.fit(X, 2, rng=-1), "rng is -1; expected an integer from 0 to 4294967295"),
        (
            lambda em: em.e_step(X, PI, np.ma.masked_less(W, 0.5)),
            "W is not an array of real numbers, expected (k, 5), with one row at least: "
            "some of them are masked",
        ),
        (
            lambda em: em.e_step(X, PI, W * (1 + 0j)),
            "W is not an array of real numbers, expected (k, 5), with one row at least: "
            "it holds complex128",
        ),
    ],
)
def test_the_message_says_which_numbers_are_accepted(em, call, says):
    with pytest.raises(ValueError) as error:
        call(em)
    assert str(error.value) == says


def test_the_message_says_where_the_first_bad_entry_is(em):
    with pytest.raises(ValueError, match="X holds 7.0 in row 1, column 2; expected only 0 and 1"):
        em.fit([[0, 1, 0], [1, 0, 7]], 1)
