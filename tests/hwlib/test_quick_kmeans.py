"""hwlib/quick/kmeans.py: many runs at once, float32 that decides nothing, sums that are carried on.

That it is equal to hwlib/kmeans.py is shown in test_properties.py.
"""

import itertools

import numpy as np
import pytest
from sklearn.cluster import KMeans

from hwlib import datasets
from hwlib import kmeans as readable
from hwlib.quick import kmeans
from hwlib.quick.kmeans import assign, initial_centroids, iterate, reconstruction_error, update


@pytest.fixture(scope="module")
def points():
    return datasets.plane_points()


def blobs(n=300, d=3, seed=1):
    rng = np.random.RandomState(seed)
    return rng.normal(size=(n, d)) + 3 * rng.randint(0, 4, size=(n, 1))


def test_agrees_with_scikit_learn_in_forty_dimensions_and_many_blocks(monkeypatch):
    X = blobs(n=2000, d=40)
    starts = initial_centroids(X, 7, rng=3)
    whole = list(iterate(X, starts))
    monkeypatch.setattr(kmeans, "BLOCK", 40 * 33)  # 33 rows at a time, and 20 left over
    result = list(iterate(X, starts))[-1]
    peer = KMeans(7, init=starts, n_init=1, tol=0, max_iter=1000, algorithm="lloyd").fit(X)
    np.testing.assert_array_equal(result.assignments, peer.labels_)
    np.testing.assert_array_equal(result.assignments, whole[-1].assignments)
    np.testing.assert_allclose(result.loss, peer.inertia_, rtol=1e-9)  # order of additions


@pytest.mark.parametrize("exponent", [-80, -30, -21, -19, 0, 15, 18, 30, 80])
def test_float32_decides_nothing_that_it_cannot_see(exponent):
    # Points on both sides of the plane between two centroids, nearer to it than float32 can tell,
    # and at sizes that float32 has few or no numbers for. The plane is slanting, so that products
    # are rounded differently on its two sides; float64 sees a gap of 1e-12 well.
    random = np.random.RandomState(3)
    X = random.uniform(-1, 1, (2000, 3))
    X[:, 0] = random.choice([-1, 1], 2000) * 10.0 ** random.uniform(-12, -3, 2000)
    expected = np.where(X[:, 0] > 0, 3, 1)
    far = [50, 50, 50]
    slant = np.linalg.qr(random.randn(3, 3))[0] * 10.0**exponent
    centroids = np.array([far, [-1, 0.3, 0.2], far, [1, 0.3, 0.2], far])
    np.testing.assert_array_equal(assign(X @ slant, centroids @ slant), expected)


def test_the_first_of_equally_near_centroids_is_taken_at_every_k():
    for k in (2, 255, 256, 300):
        X = np.arange(-3, k + 3.0)[:, np.newaxis]
        twice = np.repeat(np.arange(0, k, 2.0), 2)[:k, np.newaxis]  # each centroid has a twin
        distances = np.abs(X - twice.T)
        np.testing.assert_array_equal(assign(X, twice), distances.argmin(axis=1))


@pytest.mark.parametrize(("d", "k"), [(3, 64), (64, 16), (64, 64), (784, 10), (128, 1000)])
def test_a_large_product_is_not_cut_into_slivers(d, k):
    factors = np.empty((d + 1, k), np.float32)
    block = kmeans.blocks(range(10**6), kmeans.products(factors))[0]
    assert min(500, kmeans.BLOCK // (k + d + 1)) <= block.stop <= kmeans.BLOCK // (k + d + 1)


def test_blocks_of_a_single_row(monkeypatch):
    X = blobs(30)
    expected = assign(X, X[:5])
    monkeypatch.setattr(kmeans, "BLOCK", 1)
    np.testing.assert_array_equal(assign(X, X[:5]), expected)


def test_a_partition_that_returns_late_ends_the_run(monkeypatch):
    # rounding may lead round in a circle; here a step is made to do so on purpose
    partitions = itertools.cycle([[[0, 1, 1]], [[0, 0, 1]], [[1, 0, 1]]])
    monkeypatch.setattr(kmeans, "nearest", lambda *_: np.array(next(partitions)))
    assert 4 <= len(list(iterate([[0], [1], [2]], [[0], [1]]))) <= 8  # the mark stands at step 4
    assert kmeans.kmeans([[0], [1], [2]], 2).assignments.tolist() in ([0, 0, 1], [1, 0, 1])


def test_many_runs_in_step_end_as_they_do_one_by_one(points):
    for k in (2, 3, 7):
        starts = np.array([initial_centroids(points, k, seed) for seed in range(40)])
        steps = kmeans.lloyd(points, starts, np.ones(500))
        together = {z.tobytes() for step, _, last in steps for z in step[last]}
        alone = [list(iterate(points, start))[-1].assignments for start in starts]
        assert together == {z.astype(np.uint8).tobytes() for z in alone}


@pytest.mark.parametrize("init", ["random", "k-means++"])
@pytest.mark.parametrize("weights", [None, np.arange(1, 501)])
@pytest.mark.parametrize("make_rng", [np.random.RandomState, np.random.default_rng])
def test_starts_drawn_together_are_those_drawn_one_by_one(points, init, weights, make_rng):
    rng = make_rng(7)
    one_by_one = [initial_centroids(points, 6, rng, init, weights) for _ in range(5)]
    together = kmeans.draw_starts(points, 6, make_rng(7), init, weights, 5)
    np.testing.assert_array_equal(together, one_by_one)


@pytest.mark.parametrize("weighted", [False, True])
def test_centroids_are_means_to_the_end(weighted):
    # they are sums to which points that moved were added, for 30 steps or so
    X = blobs(2000, 5, seed=4) + 1e3
    weights = np.random.RandomState(1).uniform(0.5, 2, 2000) if weighted else np.ones(2000)
    history = list(iterate(X, X[:40], weights))
    assert len(history) > 10
    for result, after in itertools.pairwise(history):
        expected = update(X, result.assignments, result.centroids, weights)
        # 1e-16 of the largest sum, 1e5, for each of some thousand additions, over 10 points
        np.testing.assert_allclose(after.centroids, expected, atol=1e-9)


@pytest.mark.parametrize("seed", [1443, 2829, 3187, 3656])  # of 4,000: there a cluster empties
def test_a_weighted_cluster_that_loses_its_last_point_keeps_its_centroid(seed):
    # 0.1 + 0.2 + 0.3 - 0.1 - 0.2 - 0.3 is 2.8e-17: a mean over that weight would be anywhere
    rng, emptied = np.random.RandomState(seed), False
    X, weights = rng.uniform(size=(20, 2)), rng.uniform(0.1, 1, 20)
    for before, after in itertools.pairwise(iterate(X, rng.uniform(-0.5, 1.5, (6, 2)), weights)):
        expected = update(X, before.assignments, before.centroids, weights)
        # twenty additions of numbers below 1, and a weight of 0.1 at least
        np.testing.assert_allclose(after.centroids, expected, atol=1e-13)
        emptied |= bool(set(before.assignments) - set(after.assignments))
    assert emptied


@pytest.mark.parametrize("together", [1, 4, 6])
def test_restarts_return_the_best_run(points, monkeypatch, together):
    rng = np.random.RandomState(0)
    runs = [kmeans.kmeans(points, 5, rng) for _ in range(6)]
    losses = [run.loss for run in runs]
    assert len(np.unique(np.round(losses))) > 1  # otherwise any run would do
    monkeypatch.setattr(kmeans, "BLOCK", together * points.size // 8)
    one_rng = np.random.RandomState(0)
    best = kmeans.kmeans(points, 5, one_rng, restarts=6)
    assert one_rng.random() == rng.random()  # no more starts were drawn than asked for
    # cut into other blocks, the terms are added in another order
    assert best.loss == pytest.approx(min(losses), rel=1e-12)
    np.testing.assert_array_equal(best.assignments, runs[np.argmin(losses)].assignments)
    assert best.loss == pytest.approx(reconstruction_error(points, *best[:2]), rel=1e-12)


def test_data_far_from_zero_cluster_as_near_it(points):
    # a power of two, so that adding it rounds the points to a grid of 1.5e-8 and nothing else
    far = points + 2.0**27
    near = far - 2.0**27
    for k in (2, 4, 10):
        expected, result = kmeans.kmeans(near, k), kmeans.kmeans(far, k)
        np.testing.assert_array_equal(result.assignments, expected.assignments)
        # a sum of up to 500 such numbers is rounded to a grid of 7.6e-6 at most, each time; their
        # mean is off by that at most, and at its minimum the loss feels the square of it
        np.testing.assert_allclose(result.loss, expected.loss, rtol=1e-9)
        np.testing.assert_allclose(result.centroids - 2.0**27, expected.centroids, atol=7.6e-6)


def test_the_loss_is_never_negative():
    X = np.full((3, 2), 0.1) + 1e8
    # the mean of equal numbers near 1e8 may be off by their spacing, 1.5e-8; so may six coordinates
    assert 0 <= kmeans.kmeans(X, 1).loss <= 6 * 1.5e-8**2
    assert kmeans.kmeans(X + np.arange(3)[:, None] * 1e-7, 3).loss == 0


def test_weights_are_repetitions():
    X = np.random.RandomState(2).randint(0, 256, size=(80, 3))
    counts = np.random.RandomState(3).randint(1, 9, size=80)
    starts = X[:6]
    weighted = list(iterate(X, starts, counts))
    repeated = list(iterate(np.repeat(X, counts, axis=0), starts))
    for one, other in zip(weighted, repeated, strict=True):
        np.testing.assert_array_equal(np.repeat(one.assignments, counts), other.assignments)
        np.testing.assert_array_equal(one.centroids, other.centroids)  # sums of integers: exact
        np.testing.assert_allclose(one.loss, other.loss, rtol=1e-12)  # order of additions


@pytest.mark.parametrize("init", ["random", "k-means++"])
def test_fewer_distinct_points_than_clusters(init):
    result = kmeans.kmeans([[1.0, 2.0]] * 4 + [[3.0, 4.0]], 5, init=init)
    assert result.loss == 0


def test_two_equal_starts():
    # The second gets no point at first and stays; when the first moves off, towards red, it has the
    # points at its own place. Nothing becomes NaN.
    X = np.repeat([[0, 0, 0], [255, 255, 255], [255, 0, 0]], [5, 2, 2], axis=0)
    first, *_, last = iterate(X, X[[0, 1, 5]])
    assert set(first.assignments) == {0, 2}
    assert last.assignments.tolist() == [1] * 5 + [2] * 2 + [0] * 2
    assert last.loss == 0


def test_a_cluster_that_loses_all_points_keeps_its_centroid():
    X = [[0.0], [1.0], [9.0]]
    np.testing.assert_array_equal(update(X, [0, 0, 2], [[5], [7], [8]]), [[0.5], [7], [9]])
    *_, result = iterate(X, [[0], [100], [9]])
    np.testing.assert_array_equal(result.centroids, [[0.5], [100], [9]])


def test_no_global_state_is_touched(points):
    before = np.random.get_state()[1].copy()
    kmeans.kmeans(points, 3, restarts=2, init="k-means++")
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_input_is_left_alone():
    X, centroids, weights = blobs(), blobs(4), np.arange(1.0, 301)
    before = [array.copy() for array in (X, centroids, weights)]
    list(iterate(X, centroids, weights))
    kmeans.kmeans(X, 3, weights=weights)
    for array, old in zip((X, centroids, weights), before, strict=True):
        np.testing.assert_array_equal(array, old)


def test_plus_plus_draws_in_proportion_to_weights_too():
    # first start 0, second 1 or 2 with probabilities as 8 * 1 to 1 * 4: 2/3 and 1/3
    X, rng = [[0.0], [1.0], [2.0]], np.random.RandomState(0)
    starts = [initial_centroids(X, 2, rng, "k-means++", [1e9, 8, 1]) for _ in range(2000)]
    # standard error of the share: 0.0105; allowed: four of them
    assert np.mean([start[1, 0] == 1 for start in starts]) == pytest.approx(2 / 3, abs=0.042)


def test_weighted_starts_are_drawn_by_weight():
    X, weights = [[0], [1], [2]], [1, 1, 98]
    starts = [initial_centroids(X, 1, seed, weights=weights) for seed in range(200)]
    assert np.mean(starts) > 1.9  # expected 1.97, standard error 0.015
    # of rows that differ, however much one of them weighs
    assert all(
        len(set(initial_centroids(X, 2, seed, weights=weights).flat)) == 2 for seed in range(9)
    )


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        ([1e150] * 5, "weights must be 5 positive numbers below 1e150"),
        ([1, 2], r"weights has shape \(2,\); .* \(5\)"),
        ([1, 1, 1, 1, 0], "weights must be 5 positive"),
        ("abc", "weights is not an array"),
    ],
)
def test_bad_weights_are_named(weights, says):
    X = np.arange(10.0).reshape(5, 2)
    for function in (kmeans.kmeans, kmeans.initial_centroids):
        with pytest.raises(ValueError, match=f"^{says}"):
            function(X, 2, weights=weights)


def crowd(n, d, kind):
    """Points evenly in a cube, on a grid where many are equally far, or one far off the others."""
    X = np.random.RandomState(d).uniform(-50, 50, (n, d))
    if kind == "grid":
        return np.rint(X / 5)
    if kind == "far":
        X[n // 2] = 1e6
    return X


@pytest.mark.parametrize("kind", ["even", "grid", "far"])
@pytest.mark.parametrize(("d", "k"), [(1, 5), (2, 16), (2, 40), (3, 17), (3, 300)])
def test_neighbors_asked_at_once_go_where_each_would_go_alone(kind, d, k):
    X = crowd(3000, d, kind)  # in balls of 32, with 24 left over
    points, weights, order, balls = kmeans.neighborhoods(X, np.arange(3000.0))
    np.testing.assert_array_equal(points, X[order])
    np.testing.assert_array_equal(weights, np.arange(3000)[order])
    steps = kmeans.lloyd(points, points[np.newaxis, :k], np.ones(3000), balls)
    for z, centroids, _ in itertools.islice(steps, 8):
        np.testing.assert_array_equal(z[0], readable.assign(points, centroids[0]))


@pytest.mark.parametrize("exponent", [-160, -80, -30, -21, -19, 15, 18, 30, 80, 149])
def test_balls_of_any_size_decide_nothing_that_they_cannot_see(exponent):
    X = crowd(3000, 2, "even") * 10.0 ** (exponent - 2)
    points, _, _, balls = kmeans.neighborhoods(X, np.ones(3000))
    for k in (5, 20):
        z = kmeans.nearest(points, points[np.newaxis, :k], balls=balls)[0]
        np.testing.assert_array_equal(z, readable.assign(points, points[:k]))


@pytest.mark.parametrize("others", [3, 30])
def test_balls_on_a_border_decide_nothing_that_float32_cannot_see(others):
    random = np.random.RandomState(3)
    X = random.uniform(-1, 1, (3000, 3))
    X[:, 0] = random.choice([-1, 1], 3000) * 10.0 ** random.uniform(-12, -3, 3000)
    slant = np.linalg.qr(random.randn(3, 3))[0]
    centroids = np.array([[-1, 0.3, 0.2], [1, 0.3, 0.2]] + [[50, 50, 50]] * others)
    points, _, order, balls = kmeans.neighborhoods(X @ slant, np.ones(3000))
    z = kmeans.nearest(points, (centroids @ slant)[np.newaxis], balls=balls)[0]
    np.testing.assert_array_equal(z, (X[order, 0] > 0).astype(int))


def test_few_points_are_looked_at(monkeypatch):
    X, seen = crowd(20_000, 2, "even"), []
    points, _, _, balls = kmeans.neighborhoods(X, np.ones(20_000))
    whole = kmeans.only
    monkeypatch.setattr(kmeans, "only", lambda close: seen.append(close.shape[1]) or whole(close))
    kmeans.nearest(points, 25.0 * np.array([[[1, 1], [-1, 1], [1, -1], [-1, -1]]]), balls=balls)
    # two borders of 100 cross the square of 100 x 100; balls are about 5 wide
    assert 0 < sum(seen) < 20_000 / 3


@pytest.mark.parametrize("weighted", [False, True])
def test_a_large_run_ends_like_small_ones(weighted):
    # whole numbers: sums are exact in any order
    X = np.rint(blobs(9000, 3) * 20)
    weights = np.random.RandomState(0).randint(1, 9, 9000) if weighted else None
    for k in (3, 6, 20):
        start = X[:k]
        *_, alone = iterate(X, start, weights)
        large = kmeans.kmeans(X, k, init=start, weights=weights)
        np.testing.assert_array_equal(large.assignments, alone.assignments)
        np.testing.assert_array_equal(large.centroids, alone.centroids)
        assert large.loss == pytest.approx(alone.loss, rel=1e-12)  # order of additions
