"""k-means against a case worked by hand, scikit-learn and its own theory; its command, as typed."""

import io
import itertools
import math
import os
import re
import runpy
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
from alone import run_alone
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from PIL import Image
from sklearn.cluster import KMeans

from homework import data
from hwlib import datasets, kmeans
from hwlib.compression import compress_image
from hwlib.kmeans import assign, initial_centroids, iterate, reconstruction_error, update
from hwlib.quick import kmeans as quick_kmeans

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def points():
    return datasets.plane_points()


@pytest.fixture(scope="module")
def photograph():
    return datasets.photograph()


def blobs(n=300, d=3, seed=1):
    rng = np.random.RandomState(seed)
    return rng.normal(size=(n, d)) + 3 * rng.randint(0, 4, size=(n, 1))


# ---- a case worked by hand ----------------------------------------------------------------------


def test_case_worked_by_hand():
    # Points at 0, 2, 4, 10, 12 on a line, starts at the first two. By hand:
    #   centroids 0 and 2      assignments 0 1 1 1 1   loss 0 + 0 + 4 + 64 + 100
    #             0 and 7                  0 0 1 1 1        0 + 4 + 9 + 9 + 25
    #             1 and 26/3               0 0 0 1 1        1 + 1 + 9 + 16/9 + 100/9
    #             2 and 11                 0 0 0 1 1        4 + 0 + 4 + 1 + 1
    X = np.array([[0, 0], [2, 0], [4, 0], [10, 0], [12, 0]])
    history = list(iterate(X, X[:2]))
    assert [result.assignments.tolist() for result in history] == [
        [0, 1, 1, 1, 1],
        [0, 0, 1, 1, 1],
        [0, 0, 0, 1, 1],
        [0, 0, 0, 1, 1],
    ]
    centroids = [[0, 2], [0, 7], [1, 26 / 3], [2, 11]]
    for result, expected in zip(history, centroids, strict=True):
        # numbers below 16 and a few operations: a few units in the last place
        np.testing.assert_allclose(result.centroids[:, 0], expected, rtol=1e-14)
        assert not result.centroids[:, 1].any()
    losses = [result.loss for result in history]
    np.testing.assert_allclose(losses, [168, 47, 11 + 116 / 9, 10], rtol=1e-14)


def test_result_unpacks_as_three():
    assignments, centroids, loss = kmeans.kmeans([[0], [1], [10], [11]], 2)
    assert sorted(centroids.ravel()) == [0.5, 10.5]
    assert loss == 1
    assert assignments[0] == assignments[1] != assignments[2] == assignments[3]


def test_of_equally_near_centroids_the_first():
    nearest = assign([[1], [5]], [[0], [2], [8]])
    assert nearest.tolist() == [0, 1]
    assert nearest.dtype == np.intp  # so that they can index


def test_one_cluster_is_the_mean():
    X = blobs()
    result = kmeans.kmeans(X, 1)
    np.testing.assert_allclose(result.centroids, [X.mean(axis=0)], rtol=1e-12)
    # n times the total variance; rtol: sums of 900 terms in another order
    np.testing.assert_allclose(result.loss, X.var(axis=0).sum() * len(X), rtol=1e-12)


def test_as_many_clusters_as_distinct_points():
    X = blobs(20)
    assignments, centroids, loss = kmeans.kmeans(X, 20)
    assert sorted(assignments) == list(range(20))
    np.testing.assert_allclose(centroids[assignments], X, atol=1e-14)  # ulps of 20
    assert loss < 1e-26  # 60 squares of that


# ---- the figures of the book --------------------------------------------------------------------


def test_seed_0_with_two_clusters_ends_in_a_local_optimum(points):
    # the homework states these two to the unit; the points are made to match within half a unit
    assert abs(kmeans.kmeans(points, 2, rng=0).loss - 6698) < 1
    assert abs(kmeans.kmeans(points, 2, restarts=20).loss - 4384) < 1


@pytest.mark.parametrize(("k", "loss"), [(3, 1668), (4, 946), (5, 837), (10, 499)])
def test_loss_for_seed_0(points, k, loss):
    # our points resemble the course's; they are not the same, so near means within 2 percent
    assert kmeans.kmeans(points, k, rng=0).loss == pytest.approx(loss, rel=0.02)


# ---- scikit-learn -------------------------------------------------------------------------------


@pytest.mark.parametrize("k", range(1, 11))
def test_agrees_with_scikit_learn_in_the_plane(points, k):
    starts = initial_centroids(points, k)
    history = list(iterate(points, starts))
    peer = KMeans(k, init=starts, n_init=1, tol=0, max_iter=1000, algorithm="lloyd").fit(points)
    np.testing.assert_array_equal(history[-1].assignments, peer.labels_)
    # the same partition; only the order of 500 additions differs
    np.testing.assert_allclose(history[-1].loss, peer.inertia_, rtol=1e-9)
    np.testing.assert_allclose(history[-1].centroids, peer.cluster_centers_, rtol=1e-9)
    assert len(history) == peer.n_iter_


def test_the_first_of_equally_near_centroids_is_taken_at_every_k():
    for k in (2, 255, 256, 300):
        X = np.arange(-3, k + 3.0)[:, np.newaxis]
        twice = np.repeat(np.arange(0, k, 2.0), 2)[:k, np.newaxis]  # each centroid has a twin
        distances = np.abs(X - twice.T)
        np.testing.assert_array_equal(assign(X, twice), distances.argmin(axis=1))


# ---- what the theory promises -------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(10))
def test_loss_falls_in_every_step_until_the_assignments_repeat(points, seed):
    for k in (2, 4, 9):
        history = list(iterate(points, initial_centroids(points, k, rng=seed)))
        losses = [result.loss for result in history]
        assert all(after < before for before, after in itertools.pairwise(losses[:-1]))
        # the last update moves the centroids (that lowers the loss too), and no assignment
        assert losses[-1] < losses[-2]
        for earlier, later in itertools.pairwise(history[:-1]):
            assert (earlier.assignments != later.assignments).any()
        np.testing.assert_array_equal(history[-1].assignments, history[-2].assignments)


def test_the_three_results_belong_together(points):
    result = kmeans.kmeans(points, 5, rng=2)
    np.testing.assert_array_equal(result.assignments, assign(points, result.centroids))
    by_hand = sum(
        np.sum((points[result.assignments == c] - mu) ** 2) for c, mu in enumerate(result.centroids)
    )
    np.testing.assert_allclose(result.loss, by_hand, rtol=1e-12)  # order of 1000 additions
    for c, mu in enumerate(result.centroids):
        np.testing.assert_allclose(points[result.assignments == c].mean(axis=0), mu, rtol=1e-12)


def test_order_of_points_and_of_centroids_does_not_matter(points):
    starts = initial_centroids(points, 6)
    *_, result = iterate(points, starts)
    rows = np.random.RandomState(5).permutation(len(points))
    *_, shuffled = iterate(points[rows], starts[::-1])
    np.testing.assert_array_equal(5 - shuffled.assignments, result.assignments[rows])
    np.testing.assert_allclose(shuffled.loss, result.loss, rtol=1e-12)  # order of additions


def test_a_given_start_is_taken(points):
    start = points[[3, 1, 4]]
    *_, expected = iterate(points, start)
    result = kmeans.kmeans(points, 3, init=start)
    np.testing.assert_array_equal(result.centroids, expected.centroids)
    assert result.loss == expected.loss


def test_input_is_left_alone():
    X, centroids = blobs(), blobs(4)
    before = [array.copy() for array in (X, centroids)]
    list(iterate(X, centroids))
    kmeans.kmeans(X, 3)
    for array, old in zip((X, centroids), before, strict=True):
        np.testing.assert_array_equal(array, old)


# ---- degenerate data ----------------------------------------------------------------------------


def test_a_single_point():
    assert update([[3, 4]], [0], [[0, 0]]).tolist() == [[3, 4]]
    assert kmeans.kmeans([[3, 4]], 1).centroids.tolist() == [[3, 4]]


def test_a_cluster_that_loses_all_points_keeps_its_centroid():
    X = [[0.0], [1.0], [9.0]]
    np.testing.assert_array_equal(update(X, [0, 0, 2], [[5], [7], [8]]), [[0.5], [7], [9]])
    *_, result = iterate(X, [[0], [100], [9]])
    np.testing.assert_array_equal(result.centroids, [[0.5], [100], [9]])


def test_two_equal_starts():
    # The second gets no point at first and stays; when the first moves off, towards red, it has the
    # points at its own place. Nothing becomes NaN.
    X = np.repeat([[0, 0, 0], [255, 255, 255], [255, 0, 0]], [5, 2, 2], axis=0)
    first, *_, last = iterate(X, X[[0, 1, 5]])
    assert set(first.assignments) == {0, 2}
    assert last.assignments.tolist() == [1] * 5 + [2] * 2 + [0] * 2
    assert last.loss == 0


@pytest.mark.parametrize("init", ["random", "k-means++"])
def test_fewer_distinct_points_than_clusters(init):
    result = kmeans.kmeans([[1.0, 2.0]] * 4 + [[3.0, 4.0]], 5, init=init)
    assert result.loss == 0


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


def test_a_loss_that_does_not_fall_ends_the_run(monkeypatch):
    # rounding may lead round in a circle; here a step is made to do so on purpose
    partitions = itertools.cycle(np.array([[0, 1, 1], [0, 0, 1], [1, 0, 1]]))
    monkeypatch.setattr(kmeans, "assign", lambda *_: next(partitions))
    # by hand: centroids 0 and 1 cost 0 + 0 + 1, then 0 and 3/2 cost 0 + 1 + 1/4
    losses = [result.loss for result in itertools.islice(iterate([[0], [1], [2]], [[0], [1]]), 9)]
    assert losses == [1, 1.25]


def test_the_loss_is_never_negative():
    X = np.full((3, 2), 0.1) + 1e8
    # the mean of equal numbers near 1e8 may be off by their spacing, 1.5e-8; so may six coordinates
    assert 0 <= kmeans.kmeans(X, 1).loss <= 6 * 1.5e-8**2
    assert kmeans.kmeans(X + np.arange(3)[:, None] * 1e-7, 3).loss == 0


# ---- starts, seeds -------------------------------------------------------------------------------


def test_starts_are_drawn_as_the_homework_draws_them(points):
    rows = np.random.RandomState(7).choice(np.arange(500), 4, replace=False)
    np.testing.assert_array_equal(initial_centroids(points, 4, rng=7), points[rows])
    *_, expected = iterate(points, points[rows])
    for rng in (7, np.int64(7), np.random.RandomState(7)):
        result = kmeans.kmeans(points, 4, rng=rng)
        np.testing.assert_array_equal(result.centroids, expected.centroids)


def test_generators_of_either_kind_move_on(points):
    for rng in (np.random.default_rng(1), np.random.RandomState(1)):
        assert (initial_centroids(points, 3, rng) != initial_centroids(points, 3, rng)).any()


def test_no_global_state_is_touched(points):
    before = np.random.get_state()[1].copy()
    kmeans.kmeans(points, 3, restarts=2, init="k-means++")
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_plus_plus_starts_far_apart():
    # three tight groups: at random two starts often share a group, with squared distances hardly
    X = np.repeat([[0.0, 0], [100, 0], [0, 100]], 50, axis=0)
    X += np.random.RandomState(0).uniform(size=X.shape)

    def all_found(init, seed):
        return len({tuple(row) for row in initial_centroids(X, 3, seed, init).round(-2)}) == 3

    assert all(all_found("k-means++", seed) for seed in range(50))
    assert sum(all_found("random", seed) for seed in range(50)) < 30


def test_plus_plus_draws_in_proportion_to_squared_distance():
    # after 0, the second is 1 or 3 with probabilities 1/10 and 9/10
    X, rng = [[0.0], [1.0], [3.0]], np.random.RandomState(0)
    starts = [initial_centroids(X, 2, rng, "k-means++") for _ in range(6000)]
    seconds = [start[1, 0] for start in starts if start[0, 0] == 0]
    # of about 2,000; standard error of the share: 0.007; allowed: four of them
    assert np.mean([second == 3 for second in seconds]) == pytest.approx(0.9, abs=0.028)


def test_k_means_starts_as_initial_centroids_says(points):
    for init in ("random", "k-means++"):
        start = initial_centroids(points, 6, init=init)
        assert start.shape == (6, 2)
        np.testing.assert_array_equal(start, initial_centroids(points, 6, 0, init=init))
        result = kmeans.kmeans(points, 6, init=init)
        *_, expected = iterate(points, start)
        np.testing.assert_array_equal(result.centroids, expected.centroids)


# ---- bad input ----------------------------------------------------------------------------------

GOOD = np.arange(10.0).reshape(5, 2)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: kmeans.kmeans(GOOD, 0), "k is 0; expected an integer from 1 to 5"),
        (lambda: kmeans.kmeans(GOOD, 6), "k is 6; expected an integer from 1 to 5"),
        (
            lambda: kmeans.kmeans([1, 2, 3], 1),
            r"X has shape \(3,\); expected \(n, d\), with one row at least$",
        ),
        (lambda: kmeans.kmeans(np.empty((0, 2)), 1), r"X has shape \(0, 2\); expected"),
        (lambda: kmeans.kmeans([[1, 2], [3]], 1), "X is not an array of real numbers.*inhomog"),
        (lambda: kmeans.kmeans([["1"]], 1), "X is not an array of real numbers.*it holds <U1$"),
        (
            lambda: kmeans.kmeans([[1j]], 1),
            "X is not an array .*it holds complex128$",
        ),
        (lambda: kmeans.kmeans([[1, None]], 1), "X must be finite"),
        (lambda: kmeans.kmeans([[1, {}]], 1), "X is not an array .*not 'dict'$"),
        (lambda: kmeans.kmeans([[1, 10**400]], 1), "X is not an array .*too large"),
        (
            lambda: kmeans.kmeans(np.ma.masked_less(GOOD, 2), 1),
            "X is not .*of them are masked$",
        ),
        (lambda: kmeans.kmeans([[1, math.nan]], 1), "X must be finite"),
        (lambda: kmeans.kmeans([[1, math.inf]], 1), "X must be finite"),
        (lambda: kmeans.kmeans([[-1e150, 1]], 1), "X must be finite and below 1e150"),
        (lambda: kmeans.kmeans([[1, 1e150]], 1), "X must be finite and below 1e150"),
        (lambda: kmeans.kmeans(GOOD, True), "k is True; expected an integer"),
        (
            lambda: kmeans.kmeans(GOOD, 2, rng=-1),
            "rng is -1; expected an integer from 0 to 4294967295",
        ),
        (
            lambda: kmeans.kmeans(GOOD, 2, restarts=0),
            "restarts is 0; expected .* at least 1$",
        ),
        (lambda: kmeans.kmeans(GOOD, 2, init="farthest"), 'init must be "random", "k-means'),
        (
            lambda: kmeans.kmeans(GOOD, 2, init=GOOD[:3]),
            r"init has shape \(3, 2\); .* \(2, 2\)",
        ),
        (
            lambda: kmeans.kmeans(GOOD, 2, init=[[1], [2]]),
            r"init has shape \(2, 1\); .* \(2, 2\)",
        ),
        (lambda: assign([1, 2], GOOD[:2]), r"X has shape \(2,\); expected"),
        (lambda: initial_centroids([1, 2], 1), r"X has shape \(2,\); expected"),
        (
            lambda: assign(GOOD, [[1, 2, 3]]),
            r"centroids has .*3\); .* \(k, 2\)",
        ),
        (lambda: assign(GOOD, [[math.nan, 2]]), "centroids must be finite"),
        (lambda: next(iterate(GOOD, [1, 2])), r"centroids has shape \(2,\); expected \(n, d\)"),
        (lambda: update(GOOD, [0, 1], GOOD[:2]), "assignments must be 5 integers 0 ... 1"),
        (lambda: update(GOOD, [0, 0, 0, 0, 2], GOOD[:2]), "assignments must be"),
        (lambda: update(GOOD, [0, 0, 0, 0, -1], GOOD[:2]), "assignments must be"),
        (lambda: reconstruction_error(GOOD, [0.0] * 5, GOOD[:2]), "assignments must be"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=f"^{says}"):
        call()


class Table:
    """An array in the clothes of pandas, whose tables have a method of this name."""

    def __array__(self, dtype=None, copy=None):
        return np.array(GOOD, dtype=dtype)

    def mask(self):
        raise AssertionError("this is no masked array")


@pytest.mark.parametrize("run", [kmeans.kmeans, quick_kmeans.kmeans])
def test_tables_with_a_method_called_mask_are_taken(run):
    assert run(Table(), 2).loss == kmeans.kmeans(GOOD, 2).loss


def test_a_run_keeps_its_last_step_alone(monkeypatch):
    alive = weakref.WeakSet()

    class Centroids:
        def __init__(self):
            alive.add(self)

    def steps(X, start):
        for loss in (3.0, 2.0, 1.0):
            yield kmeans.KMeansResult(None, Centroids(), loss)
            assert len(alive) == 1

    monkeypatch.setattr(kmeans, "iterate", steps)
    assert kmeans.kmeans(GOOD, 2).loss == 1


@pytest.mark.parametrize("kind", ["complex128", "datetime64[D]", "timedelta64[s]"])
def test_neither_imaginary_parts_nor_units_are_dropped(kind):
    with pytest.raises(ValueError, match=f"^X is not an array of .* {re.escape(kind)}$"):
        kmeans.kmeans(GOOD.astype(kind), 1)


@pytest.mark.parametrize("name", ["k", "rng", "restarts"])
@pytest.mark.parametrize("init", ["random", "k-means++"])
@pytest.mark.parametrize("value", [2.0, "2", None])
def test_what_must_be_an_integer_is_one(name, init, value):
    with pytest.raises(ValueError, match=f"^{name} is {value!r}; expected an integer "):
        kmeans.kmeans(GOOD, **{"k": 2, "init": init, name: value})


# ---- the command ---------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in data.NAMES:
        Path(name).write_bytes(data.content(name))
    return tmp_path


def fails(capsys, *words):
    """Run the command, assert that it fails as a command should, and return what it says."""
    before = sorted(os.listdir())
    with pytest.raises(SystemExit) as stop:
        kmeans.main(list(words))
    out, err = capsys.readouterr()
    assert stop.value.code == 2
    assert err.startswith("kmeans.py: error: ")
    assert err.count("\n") == 1
    assert sorted(os.listdir()) == before
    return err


def test_the_file_alone_clusters_data_tsv(tmp_path, points):
    np.savetxt(tmp_path / "data.tsv", points, fmt="%.3f", delimiter="\t")
    done = run_alone(tmp_path, "kmeans.py", "basic", "-k", "2")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "500 points, k = 2, seed 0: loss 6698.30\nwrote clusters_k2.png\n"
    assert Image.open(tmp_path / "clusters_k2.png").size == (960, 720)


def test_the_file_alone_compresses_original_png(tmp_path, photograph):
    small = photograph.reduce(4)
    small.convert("RGBA").save(tmp_path / "original.png")
    done = run_alone(tmp_path, "kmeans.py", "image", "-k", "16")
    assert (done.returncode, done.stderr) == (0, "")
    result = compress_image(small, 16)
    assert done.stdout == (
        f"75 x 113 pixels, k = 16, seed 0: loss {result.loss:.2f}\n"
        "4 bits per pixel instead of 24\nwrote compressed_k16.png\n"
    )
    written = Image.open(tmp_path / "compressed_k16.png")
    assert written.tobytes() == result.image.convert("RGB").tobytes()


@pytest.mark.parametrize(("command", "file"), [("basic", "data.tsv"), ("image", "original.png")])
def test_the_file_alone_says_which_file_it_lacks(tmp_path, command, file):
    done = run_alone(tmp_path, "kmeans.py", command, "-k", "2")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("kmeans.py: error: ") and done.stderr.count("\n") == 1
    assert f"No such file or directory: '{file}'" in done.stderr


def test_basic(folder, capsys, points):
    assert kmeans.main(["basic", "-k", "2"]) == 0
    loss = kmeans.kmeans(points, 2).loss
    expected = f"500 points, k = 2, seed 0: loss {loss:.2f}\nwrote clusters_k2.png\n"
    assert capsys.readouterr().out == expected
    assert sorted(os.listdir()) == ["clusters_k2.png", *data.NAMES]


# what a spreadsheet or Notepad writes begins with a byte-order mark
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_basic_reads_what_other_programs_write(folder, capsys, mark):
    Path("data.tsv").write_text(mark + "0\t0\n0\t2\r\n\n9\t0\n9\t2.0e0\n", encoding="utf-8")
    assert kmeans.main(["basic", "-k", "1", "-s", "5"]) == 0
    assert "4 points, k = 1, seed 5: loss 85.00" in capsys.readouterr().out


def test_basic_draws_more_clusters_than_it_has_colors(folder, capsys):
    assert kmeans.main(["basic", "-k", "12", "--rng-seed", "3"]) == 0
    assert "k = 12, seed 3:" in capsys.readouterr().out
    assert Path("clusters_k12.png").exists()


def test_the_picture_of_the_clusters(folder, points, monkeypatch):
    axes, result = drawn_axes(points, monkeypatch, k=12), kmeans.kmeans(points, 12)
    [dots], [stars] = axes.collections, axes.lines
    np.testing.assert_array_equal(dots.get_offsets(), points)
    colors = [to_rgba(f"C{z}") for z in result.assignments]
    np.testing.assert_array_equal(dots.get_facecolors(), colors)
    assert dots.get_sizes() == 16  # small enough for 500 points to stay apart
    np.testing.assert_array_equal(stars.get_xydata(), result.centroids)
    assert stars.get_linestyle() == "None" and stars.get_marker() == "*"


def drawn_axes(X, monkeypatch, k=1):
    """Write data.tsv, run the command, and return what it draws."""
    np.savetxt("data.tsv", X, delimiter="\t")
    drawn = []
    monkeypatch.setattr(Figure, "savefig", lambda figure, file, format: drawn.append(figure))
    assert kmeans.main(["basic", "-k", str(k)]) == 0
    return drawn[0].axes[0]


def test_more_coordinates_are_drawn_on_their_principal_axes(folder, monkeypatch):
    # by hand: the variance is greatest along (3, 0, 4) / 5, next along x_2, and 0 across both
    X = np.array([[3, 0, 4], [-3, 0, -4], [0, 1, 0], [0, -1, 0]]) + [10, 20, 30]
    axes = drawn_axes(X, monkeypatch)
    dots = axes.collections[0].get_offsets().data
    # a plane's axes may point either way; atol: ulps of 30
    offsets = np.abs(dots - axes.lines[0].get_xydata())
    np.testing.assert_allclose(offsets, [[5, 0], [5, 0], [0, 1], [0, 1]], atol=1e-9)


def test_a_single_point_of_three_coordinates(folder, monkeypatch):
    assert len(drawn_axes([[1, 2, 3]], monkeypatch).collections[0].get_offsets()) == 1


def test_one_coordinate_is_drawn_along_a_line(folder, monkeypatch):
    dots = drawn_axes([[1], [5]], monkeypatch).collections[0].get_offsets()
    np.testing.assert_array_equal(dots, [[1, 0], [5, 0]])


def test_unequal_ranges_do_not_leave_a_line(folder, monkeypatch):
    assert drawn_axes([[0, 0], [1, 3e6]], monkeypatch).get_aspect() == "auto"


def test_image(folder, capsys, photograph):
    small = photograph.reduce(8)
    small.save("original.png")
    assert kmeans.main(["image", "-k", "2"]) == 0
    loss = compress_image(small, 2).loss
    expected = f"38 x 57 pixels, k = 2, seed 0: loss {loss:.2f}\n1 bits per pixel instead of 24\n"
    assert capsys.readouterr().out == expected + "wrote compressed_k2.png\n"
    assert sorted(os.listdir()) == ["compressed_k2.png", *data.NAMES]


def test_image_starts_from_the_seed_given(folder, capsys, photograph):
    photograph.crop((100, 100, 150, 150)).save("original.png")
    losses = [compress_image(Image.open("original.png"), 32, rng=seed).loss for seed in (0, 1)]
    assert kmeans.main(["image", "-k", "32", "-s", "1"]) == 0
    assert f"50 x 50 pixels, k = 32, seed 1: loss {losses[1]:.2f}\n" in capsys.readouterr().out
    assert abs(losses[0] - losses[1]) > 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "data.tsv has shape (0,); expected (n, d), with one row at least"),
        (b"\n  \n", "data.tsv has shape (0,); expected (n, d), with one row at least"),
        (b"1\t2\n3\n", "data.tsv, line 2 has shape (1, 1); expected (1, 2)"),
        (b"1\t2\n\nx\t3\n", "data.tsv, line 3 is not an array of real numbers: "),
        (b"1\t2\n\nx\t3\n", "could not convert string to float: 'x'"),
        (b"1\t2\nnan\t3\n", "data.tsv, line 2 must be finite"),
        (b"1 2\n3 4\n", "data.tsv, line 1 is not an array of real numbers: "),
        (b"# 1\t2\n3\t4\n", "data.tsv, line 1 is not an array of real numbers: "),
        (b"\xff\xfe\x00", "can't decode byte 0xff"),
    ],
)
def test_bad_data_file(folder, capsys, content, says):
    Path("data.tsv").write_bytes(content)
    assert says in fails(capsys, "basic", "-k", "1")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["basic", "-k", "0"], "k is 0; expected an integer from 1 to 500"),
        (["basic", "-k", "501"], "k is 501; expected an integer from 1 to 500"),
        (["basic", "-k", "two"], "invalid int value: 'two'"),
        (["basic"], "-k"),
        (["basic", "-k", "2", "-s", "-1"], "rng is -1; expected an integer from 0"),
        (["image", "-k", "257"], "k is 257; expected an integer from 1 to 256"),
        ([], "command"),
        (["draw", "-k", "2"], "draw"),
    ],
)
def test_bad_words(folder, capsys, words, says):
    assert says in fails(capsys, *words)


HELP = """cluster data.tsv or original.png
    number of clusters
    seed of the start (0)"""


def test_help_names_the_commands_and_the_files(check_help):
    out = check_help(kmeans.main, (), HELP)
    assert "{basic,image}" in out and "--rng-seed" in out
    out.encode("ascii")  # so that any terminal can show it


def test_a_data_file_that_is_a_folder(folder, capsys):
    os.remove("data.tsv")
    os.mkdir("data.tsv")
    assert "data.tsv" in fails(capsys, "basic", "-k", "2")


@pytest.mark.parametrize("content", [b"", b"not a picture\n", "half"])
def test_a_picture_that_is_none(folder, capsys, content, photograph):
    if content == "half":
        file = io.BytesIO()
        photograph.resize((64, 64)).save(file, "PNG")
        content = file.getvalue()[:2000]
    Path("original.png").write_bytes(content)
    assert "original.png cannot be read as a picture: " in fails(capsys, "image", "-k", "2")


def test_a_picture_too_large_to_be_honest(folder, capsys, monkeypatch):
    Image.new("L", (100, 100)).save("original.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 40)
    assert "original.png cannot be read as a picture: " in fails(capsys, "image", "-k", "2")


def test_output_that_cannot_be_written(folder, capsys):
    os.mkdir("compressed_k2.png")
    Image.new("L", (2, 2)).save("original.png")
    with pytest.raises(SystemExit) as stop:
        kmeans.main(["image", "-k", "2"])
    assert stop.value.code == 2
    assert "compressed_k2.png" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["basic", "image"])
def test_a_run_that_is_stopped_while_it_writes_leaves_no_file(folder, capsys, monkeypatch, command):
    def stopped(picture, file, format):
        (file if hasattr(file, "write") else open(file, "wb")).write(b"half")
        raise KeyboardInterrupt

    Image.new("L", (2, 2)).save("original.png")
    monkeypatch.setattr(Figure, "savefig", stopped)
    monkeypatch.setattr(Image.Image, "save", stopped)
    with pytest.raises(SystemExit) as stop:
        kmeans.main([command, "-k", "2"])
    assert stop.value.code == 130 and capsys.readouterr().err == "Stopped.\n"
    assert sorted(os.listdir()) == list(data.NAMES)


@pytest.mark.filterwarnings("ignore:.*found in sys.modules")
def test_run_as_a_module(folder, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["kmeans", "basic", "-k", "0"])
    with pytest.raises(SystemExit) as stop:
        runpy.run_module("hwlib.kmeans", run_name="__main__")
    assert stop.value.code == 2
    assert "k is 0; expected" in capsys.readouterr().err


def test_the_module_needs_neither_plots_nor_the_book():
    code = (
        "import hwlib.kmeans, sys\n"
        "print({'matplotlib', 'PIL', 'hwlib.datasets', 'hwlib.arguments'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "set()\n"
