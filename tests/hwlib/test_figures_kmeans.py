"""The pictures of the k-means chapter: they and their captions show what the results say."""

import numpy as np
import pytest
from PIL import Image

from hwlib import datasets
from hwlib.compression import compress_image
from hwlib.figures import kmeans as pictures
from hwlib.kmeans import KMeansResult, kmeans

X = datasets.plane_points()
KS = range(2, 6)
BEST = {2: 4384.3, 3: 1668.05, 4: 945.73, 5: 799.49}


def offsets(axes):
    """Return the points drawn as squares, by color."""
    return {line.get_color(): line.get_xydata() for line in axes.lines if line.get_marker() == "s"}


def test_elbow():
    losses = {k: kmeans(X, k).loss for k in KS}
    figure, caption = pictures.draw_elbow(losses, BEST)
    assert caption == "Loss with seed 0 for k = 2 to 5: 6698, 1668, 946, 833."
    assert figure.axes[0].get_ylim()[0] == 0
    assert {text.get_text() for text in figure.axes[0].texts} == {"seed 0", "best of 50 restarts"}


def test_clusters_side_by_side():
    figure, caption = pictures.draw_clusters(X, [kmeans(X, k) for k in (2, 4)])
    numbers = "6698.30 for k = 2 and 945.74 for k = 4"
    assert caption == f"Clusters left by seed 0, with a loss of {numbers}."
    assert [axes.get_title() for axes in figure.axes] == ["k = 2", "k = 4"]
    assert [len(offsets(axes)) for axes in figure.axes] == [2, 4]


def test_points_without_labels():
    figure, caption = pictures.draw_points(X)
    assert caption == "500 points in the plane, without labels."
    [points] = figure.axes[0].lines
    np.testing.assert_array_equal(points.get_xydata(), X)


def test_ends_of_several_seeds_side_by_side():
    runs = {seed: kmeans(X, 2, rng=seed) for seed in (0, 1)}
    figure, caption = pictures.draw_ends(X, runs)
    assert caption == "k = 2: final loss 6698.30 from seed 0 and 4384.30 from seed 1."
    assert [axes.get_title() for axes in figure.axes] == ["seed 0", "seed 1"]
    for axes, result in zip(figure.axes, runs.values(), strict=True):
        for c, points in enumerate(offsets(axes).values()):
            np.testing.assert_array_equal(points, X[result.assignments == c])


def test_an_empty_cluster_has_a_centroid_and_no_points():
    result = KMeansResult(np.zeros(500, dtype=int), np.array([[0.0, 0], [9, 9], [9, 9]]), 1.0)
    figure, _ = pictures.draw_clusters(X, [result, result])
    assert [len(points) for points in offsets(figure.axes[0]).values()] == [500, 0, 0]


# ---- many starts --------------------------------------------------------------------------------


ENDS = {
    "random": {2: np.array([100.0, 100.5, 150, 480]), 3: np.array([50.0, 50, 50, 50])},
    "k-means++": {2: np.array([100.0, 101.5, 102, 104]), 3: np.array([50.0, 60, 70, 80])},
}


def test_starts_are_counted_and_lie_on_the_axes():
    figure, caption = pictures.draw_starts(ENDS)
    assert caption.endswith(
        "Runs within 1% of the lowest loss found, of 4 random and 4 k-means++ starts: "
        "2 and 1 for k = 2 and 4 and 1 for k = 3."
    )
    [axes] = figure.axes
    low, high = axes.get_xlim()
    runs = [line.get_xdata() for line in axes.lines if line.get_marker() == "|"]
    medians = [float(line.get_xdata()[0]) for line in axes.lines if line.get_marker() == "D"]
    expected = [losses[k] / ENDS["random"][k].min() for k in (2, 3) for losses in ENDS.values()]
    np.testing.assert_allclose(runs, expected)
    np.testing.assert_allclose(medians, [1.2525, 1.0175, 1, 1.3])
    assert low < np.min(expected) and np.max(expected) < high
    labels = [(text.get_text(), text.get_color()) for text in axes.texts]
    colors = [line.get_color() for line in axes.lines if line.get_marker() == "|"]
    assert labels == list(zip(["random", "k-means++"] * 2, colors))


# ---- borders ------------------------------------------------------------------------------------


def segments(centroids, **options):
    return pictures._borders(np.array(centroids, dtype=float), **options).reshape(-1, 3, 2)[:, :2]


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
    image = Image.fromarray(np.uint8([[[200, 0, 0], [0, 0, 100], [0, 0, 100], [0, 0, 100]]]))
    compressed = [compress_image(image, k) for k in (1, 2)]
    row, caption = pictures.draw_photos(compressed)
    assert caption == (
        "The photograph in 1 and 2 colors. The most frequent color of each covers "
        "100% and 75% of the pixels."
    )
    tile, left = pictures.TILE, 0
    for each in compressed:
        shown = each.image.convert("RGB").resize((tile, row.height), Image.Resampling.LANCZOS)
        assert row.crop((left, 0, left + tile, row.height)).tobytes() == shown.tobytes()
        left += tile + pictures.GAP
    assert row.width == left - pictures.GAP
    assert row.getpixel((tile, 0)) == (255, 255, 255)


def test_borders_of_centroids_in_a_row():
    # the border of the outer two lies between two others; where two coincide there is none
    row = np.array([[0, 0], [0, 0], [1, 0], [1.2, 0]])
    borders = pictures._borders(row).reshape(-1, 3, 2)
    assert sorted({round(float(x), 12) for x in borders[:, :2, 0].ravel()}) == [0.5, 1.1]
    assert pictures._borders(row[:1]).shape == (0, 2)
