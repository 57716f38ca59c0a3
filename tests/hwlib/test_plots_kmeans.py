"""Plots of the k-means chapter: they and their captions show what the results say."""

import base64

import numpy as np
import pytest
from PIL import Image

from hwlib import datasets
from hwlib.compression import compress_image
from hwlib.kmeans import KMeansResult, kmeans
from hwlib.scenes import kmeans as plots
from hwlib.scenes import seen

X = datasets.plane_points()
KS = range(2, 6)
BEST = {2: 4384.3, 3: 1668.05, 4: 945.73, 5: 799.49}


def marks(panel, kind):
    return [mark for mark in panel["marks"] if mark["type"] == kind]


def test_elbow():
    losses = {k: kmeans(X, k).loss for k in KS}
    state, caption = plots.elbow(losses, BEST)
    assert caption == "Loss with seed 0 for k = 2 to 5: 6,698, 1,668, 946, 833."
    [panel] = state["panels"]
    assert panel["y"]["domain"][0] == 0 and panel["y"]["domain"][1] > max(losses.values())
    best, one = [mark["at"] for mark in marks(panel, "points")]
    assert best == [[k, loss] for k, loss in BEST.items()]
    assert [loss for _, loss in one] == seen(list(losses.values()), 2)
    assert [name for name, _ in panel["key"]] == ["seed 0", "best of 50 restarts"]


def test_clusters_side_by_side():
    state, caption = plots.clusterings(X, [kmeans(X, k) for k in (2, 4)])
    numbers = "6,698.30 for k = 2 and 945.74 for k = 4"
    assert caption == f"Clusters left by seed 0, with a loss of {numbers}."
    assert [panel["title"] for panel in state["panels"]] == ["k = 2", "k = 4"]
    assert [len(marks(panel, "points")) for panel in state["panels"]] == [2, 4]
    assert [len(marks(panel, "ring")) for panel in state["panels"]] == [2, 4]


def test_points_without_labels():
    state, caption = plots.points(X)
    assert caption == "500 points in the plane, without labels."
    [points] = state["panels"][0]["marks"]
    assert points["at"] == seen(X, 2)


def test_ends_of_several_seeds_side_by_side():
    runs = {seed: kmeans(X, 2, rng=seed) for seed in (0, 1)}
    state, caption = plots.runs_side_by_side(X, runs)
    assert caption == "k = 2: final loss 6,698.30 from seed 0 and 4,384.30 from seed 1."
    assert [panel["title"] for panel in state["panels"]] == ["seed 0", "seed 1"]
    for panel, result in zip(state["panels"], runs.values(), strict=True):
        for c, points in enumerate(marks(panel, "points")):
            assert points["at"] == seen(X[result.assignments == c], 2)
            assert points["color"] == f"c{c + 1}"


def test_an_empty_cluster_has_a_centroid_and_no_points():
    result = KMeansResult(np.zeros(500, dtype=int), np.array([[0.0, 0], [9, 9], [9, 9]]), 1.0)
    state, _ = plots.clusterings(X, [result, result])
    panel = state["panels"][0]
    assert [len(points["at"]) for points in marks(panel, "points")] == [500]
    assert len(marks(panel, "ring")) == 3


# ---- many starts --------------------------------------------------------------------------------


ENDS = {
    "random": {2: np.array([100.0, 100.5, 150, 480]), 3: np.array([50.0, 50, 50, 50])},
    "k-means++": {2: np.array([100.0, 101.5, 102, 104]), 3: np.array([50.0, 60, 70, 80])},
}


def test_starts_are_counted_and_lie_on_the_axes():
    state, caption = plots.final_losses(ENDS)
    assert caption.endswith(
        "Runs within 1% of the lowest loss found, of 4 random and 4 k-means++ starts: "
        "2 and 1 for k = 2 and 4 and 1 for k = 3."
    )
    [panel] = state["panels"]
    low, high = panel["x"]["domain"]
    points = marks(panel, "points")
    runs = [[x for x, _ in mark["at"]] for mark in points if mark["shape"] == "tick"]
    medians = [mark["at"][0][0] for mark in points if mark["shape"] == "diamond"]
    assert runs == [[1, 1.005, 1.5, 4.8], [1, 1.015, 1.02, 1.04], [1], [1, 1.2, 1.4, 1.6]]
    # medians of 100.5 and 150, and of 101.5 and 102, rounded to three decimals
    assert medians == [1.253, 1.018, 1, 1.3]
    assert all(low < x < high for row in runs for x in row)
    labels = [(mark["text"], mark["color"]) for mark in marks(panel, "text")]
    colors = [mark["color"] for mark in points if mark["shape"] == "tick"]
    assert labels == list(zip(["random", "k-means++"] * 2, colors))


# ---- borders ------------------------------------------------------------------------------------


def segments(centroids, **options):
    return plots._borders(np.array(centroids, dtype=float), **options).reshape(-1, 2, 2)


def test_the_border_of_two_is_their_bisector():
    [border] = segments([[0, 0], [2, 0]], far=7)
    np.testing.assert_allclose(np.sort(border, axis=0), [[1, -7], [1, 7]])


def test_three_borders_meet_where_all_are_equally_near():
    borders = segments([[0, 0], [2, 0], [0, 2]])
    assert len(borders) == 3
    assert all((np.abs(border - 1).max(axis=1) < 1e-12).any() for border in borders)


@pytest.mark.parametrize("seed", range(5))
def test_points_on_borders_are_equally_near_to_two_and_to_none_nearer(seed):
    centroids = np.random.RandomState(seed).normal(size=(9, 2))
    borders = segments(centroids, far=5)
    assert 9 <= len(borders) <= 3 * 9 - 6  # edges of a planar graph
    for start, end in borders:
        distances = np.sort(np.linalg.norm(centroids - (start + end) / 2, axis=1))
        np.testing.assert_allclose(distances[0], distances[1], rtol=1e-9)  # a few roundings


def test_centroids_in_a_row_have_parallel_borders():
    borders = segments([[0, 0], [2, 0], [6, 0]])
    assert sorted(border[0, 0] for border in borders) == [1, 4]


def test_centroids_in_one_place_have_no_border():
    assert len(segments([[1, 1], [1, 1]])) == 0


# ---- photographs --------------------------------------------------------------------------------


def test_compressed_photographs_stand_side_by_side():
    row = np.uint8([[[200, 0, 0], [0, 0, 100], [0, 0, 100], [0, 0, 100]]])
    image = Image.fromarray(row.repeat(2, axis=0))
    compressed = {k: compress_image(image, k) for k in (1, 2)}
    state, caption = plots.photographs(image, compressed)
    assert caption == (
        "The photograph in 1 and 2 colors. The most frequent color of each covers "
        "100% and 75% of the pixels."
    )
    palettes = [sorted(each) for each in state["palettes"]]
    assert palettes == [[[50, 0, 75]], [[0, 0, 100], [200, 0, 0]]]
    # what is shown is reduced: a pixel is the mean of four
    assert state["size"] == [2, 1]
    assert list(base64.b64decode(state["photo"])) == [100, 0, 50, 0, 0, 100]


def test_borders_of_centroids_in_a_row():
    # the border of the outer two lies between two others; where two coincide there is none
    row = np.array([[0, 0], [0, 0], [1, 0], [1.2, 0]])
    borders = plots._borders(row).reshape(-1, 2, 2)
    assert sorted({round(float(x), 12) for x in borders[:, :, 0].ravel()}) == [0.5, 1.1]
    assert plots._borders(row[:1]).shape == (0, 2)
