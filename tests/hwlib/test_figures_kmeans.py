"""The pictures of the k-means chapter: they and their captions show what the results say."""

import io
import re
from base64 import b64decode, b64encode
from datetime import datetime

import numpy as np
import pytest
from PIL import Image

from hwlib import datasets, experiments
from hwlib.compression import compress_image
from hwlib.explorer import encode
from hwlib.figures import kmeans as pictures
from hwlib.kmeans import KMeansResult, initial_centroids, iterate, kmeans
from hwlib.photo import LARGEST, PhotoUpload, compress_upload

X = datasets.plane_points()
KS = range(2, 6)
BEST = {2: 4384.3, 3: 1668.05, 4: 945.73, 5: 799.49}


def run(k):
    return list(iterate(X, initial_centroids(X, k)))


def offsets(axes):
    """Return the points drawn as squares, by colour."""
    return {line.get_color(): line.get_xydata() for line in axes.lines if line.get_marker() == "s"}


def test_a_step_shows_its_clusters_centroids_and_losses():
    history = run(4)
    figure, caption = pictures.draw_step(X, history, 2, steps=10)
    plane, curve = figure.axes
    result = history[2]
    assert caption.startswith(f"k = 4, step 2: loss {result.loss:.2f}.")
    moved = (result.assignments != history[1].assignments).sum()
    assert caption.endswith(f"In this step {moved} of 500 points changed cluster.")
    for c, points in enumerate(offsets(plane).values()):
        np.testing.assert_array_equal(points, X[result.assignments == c])
    labels = {text.get_text(): text.get_position() for text in plane.texts}
    assert labels == {str(c + 1): tuple(mu) for c, mu in enumerate(result.centroids)}
    np.testing.assert_array_equal(curve.lines[0].get_ydata(), [r.loss for r in history[:3]])


def test_the_first_step_and_those_after_the_last():
    history = run(2)
    first = pictures.draw_step(X, history, 0, steps=20)
    assert first[1] == "k = 2, step 0: loss 8968.84, with the centroids at points drawn at random."
    end, later = (pictures.draw_step(X, history, step, steps=20) for step in (11, 20))
    assert end[1] == "k = 2, step 11: loss 6698.30. Converged: no assignment changed in step 11."
    assert later[1] == "k = 2, step 20: loss 6698.30. Converged: no assignment changed in step 11."
    assert encode(end[0]) == encode(later[0])  # so that the page stores it once
    assert encode(end[0]) != encode(first[0])


def test_frames_have_one_size_and_fixed_axes():
    history = run(3)
    frames = [pictures.draw_step(X, history, step, steps=9)[0] for step in (0, 3, 9)]
    assert len({tuple(figure.get_size_inches()) for figure in frames}) == 1
    limits = {tuple(axes.get_xlim() + axes.get_ylim() for axes in figure.axes) for figure in frames}
    assert len(limits) == 1
    plane = frames[0].axes[0]
    assert plane.get_xlim()[0] < X[:, 0].min() < X[:, 0].max() < plane.get_xlim()[1]
    assert plane.get_ylim()[0] < X[:, 1].min() < X[:, 1].max() < plane.get_ylim()[1]


def test_losses_lie_on_the_axis():
    low, high = pictures.LOSSES
    for k in range(2, 11):
        losses = [result.loss for result in run(k)]
        assert low < min(losses) < max(losses) < high


def test_a_seed_shows_where_it_ends_and_its_elbow():
    runs = {seed: {k: kmeans(X, k, rng=seed) for k in KS} for seed in (0, 1)}
    figure, caption = pictures.draw_seed(X, runs, BEST, k=2, seed=0)
    assert caption == "k = 2, seed 0: loss 6698.30. The best of 50 restarts ends at 4384.30."
    best, seed, ring = figure.axes[1].lines
    np.testing.assert_array_equal(best.get_xydata(), list(BEST.items()))
    np.testing.assert_array_equal(seed.get_ydata(), [runs[0][k].loss for k in KS])
    np.testing.assert_array_equal(ring.get_xydata(), [[2, runs[0][2].loss]])
    assert [text.get_text() for text in figure.axes[1].get_legend().texts] == [
        "best of 50 restarts",
        "seed 0",
    ]
    _, caption = pictures.draw_seed(X, runs, BEST, k=4, seed=1)
    assert caption.startswith("k = 4, seed 1: loss 945.74")


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


def test_palettes_are_as_wide_as_their_shares():
    image = Image.fromarray(np.uint8([[[200, 0, 0], [0, 0, 100], [0, 0, 100], [0, 0, 100]]]))
    figure, caption = pictures.draw_palettes([compress_image(image, k) for k in (1, 2)])
    assert caption == (
        "Palettes for k = 1 and k = 2. The most frequent color of each covers "
        "100% and 75% of the pixels."
    )
    bars = [(bar.get_x(), bar.get_width(), bar.get_facecolor()) for bar in figure.axes[0].patches]
    assert [(x, width) for x, width, _ in bars] == [(0, 1), (0, 0.75), (0.75, 0.25)]
    colors = [np.rint(np.multiply(color[:3], 255)).tolist() for *_, color in bars]
    assert colors == [[50, 0, 75], [0, 0, 100], [200, 0, 0]]


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
    figure, caption = pictures.draw_starts(ENDS, 2)
    assert caption == (
        "k = 2: 2 of 4 random starts and 1 of 4 k-means++ starts end within 1% of the lowest "
        "loss found, 100.00. The medians are 125 and 102."
    )
    for axes, (init, losses) in zip(figure.axes, ENDS.items()):
        bars = [bar.get_height() for bar in axes.patches]
        assert sum(bars) == 4  # no run falls off the axis
        ticks, median = axes.lines
        np.testing.assert_array_equal(ticks.get_xdata(), losses[2] / 100)
        assert axes.get_xlim()[0] < 1 and ticks.get_xdata().max() < axes.get_xlim()[1]
        np.testing.assert_allclose(median.get_xdata(), np.median(losses[2]) / 100)
        assert [text.get_text().strip() for text in axes.texts] == [
            f"median {np.median(losses[2]):.0f}",
            f"{init} starts",
        ]


def test_frames_of_starts_have_the_same_axes():
    figures = [pictures.draw_starts(ENDS, k)[0] for k in (2, 3)]
    limits = {(axes.get_xlim(), axes.get_ylim()) for figure in figures for axes in figure.axes}
    assert len(limits) == 1


def test_the_ticks_of_runs_are_none_half_and_all():
    ends = {init: {2: 100.0 + np.arange(5)} for init in ENDS}  # an odd number: no run is halved
    figure, _ = pictures.draw_starts(ends, 2)
    assert [axes.get_yticks().tolist() for axes in figure.axes] == [[0, 2, 5]] * 2


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


@pytest.fixture(scope="module")
def photograph():
    return datasets.photograph().resize((256, 300))


def test_a_photo_beside_its_compressed_form(photograph):
    compressed = compress_image(photograph, 4)
    pair, caption = pictures.draw_photo(photograph, compressed)
    assert pair.height == pictures.TILE
    width = (pair.width - 8) // 2
    for left, image in ((0, photograph), (width + 8, compressed.image.convert("RGB"))):
        shown = image.resize((width, pair.height), Image.Resampling.LANCZOS)
        assert pair.crop((left, 0, left + width, pair.height)).tobytes() == shown.tobytes()
    assert re.fullmatch(
        # 256 * 300 pixels of 2 bits and 4 colors of 3 bytes; before, 3 bytes a pixel
        r"Left the original, right k = 4 colors: loss \d+\.\d+ million, 2 bits per pixel, "
        r"a factor of 12\. With its palette the picture takes 19\.2 kB, down from 230\.4 kB\.",
        caption,
    )
    assert f"loss {compressed.loss / 1e6:.4g} million" in caption


def test_one_bit_is_singular(photograph):
    assert "1 bit per pixel, a factor of 24." in pictures.photo_caption(
        photograph, compress_image(photograph, 2)
    )


def test_bins_gather_all_pixels_and_keep_their_mean(photograph):
    colours, counts = experiments.colour_bins(photograph)
    pixels = np.asarray(photograph).reshape(-1, 3)
    assert counts.sum() == len(pixels)
    np.testing.assert_allclose(counts @ colours / len(pixels), pixels.mean(axis=0))  # roundings
    cubes = np.floor(colours / 16).astype(int)
    assert len(np.unique(cubes, axis=0)) == len(cubes) == len(np.unique(pixels // 16, axis=0))


def test_bins_of_four_pixels():
    image = Image.fromarray(np.uint8([[[0, 0, 0], [15, 15, 15]], [[16, 0, 0], [255, 255, 255]]]))
    colours, counts = experiments.colour_bins(image)
    np.testing.assert_array_equal(colours, [[7.5, 7.5, 7.5], [16, 0, 0], [255, 255, 255]])
    np.testing.assert_array_equal(counts, [2, 1, 1])


def test_colours_stand_where_they_are_and_rings_are_numbered_by_pixels(photograph):
    compressed = compress_image(photograph, 4)
    bins = experiments.colour_bins(photograph)
    figure, caption = pictures.draw_colours(bins, compressed, "red and blue")
    left, right = figure.axes
    assert (left.get_xlabel(), left.get_ylabel()) == ("red", "blue")
    palette = np.reshape(compressed.image.getpalette(), (-1, 3))
    pixels = np.bincount(np.asarray(compressed.image).ravel())
    order = np.argsort(-pixels)
    assert {text.get_text(): text.get_position() for text in left.texts} == {
        str(number): tuple(palette[c][[0, 2]]) for number, c in enumerate(order, start=1)
    }
    for axes in (left, right):
        [dots] = axes.collections
        drawn = np.asarray(sorted(map(tuple, dots.get_offsets())))
        np.testing.assert_array_equal(drawn, sorted(map(tuple, bins[0][:, [0, 2]])))
    # at the left their own colours; at the right none but the palette's
    own = {tuple(colour) for colour in np.round(left.collections[0].get_facecolor()[:, :3] * 255)}
    few = {tuple(colour) for colour in np.round(right.collections[0].get_facecolor()[:, :3] * 255)}
    assert own == {tuple(colour) for colour in np.round(bins[0])}
    assert few == {tuple(colour) for colour in palette}
    most, least = pixels.max() / pixels.sum(), pixels.min() / pixels.sum()
    assert caption == (
        f"k = 4, red and blue: colour 1 serves {most:.0%} of the pixels, "
        f"colour 4 serves {least:.1%}."
    )


@pytest.mark.parametrize("view", ["red and green", "red and blue", "green and blue"])
def test_views_have_one_size_and_fixed_axes(photograph, view):
    bins = experiments.colour_bins(photograph)
    figure, _ = pictures.draw_colours(bins, compress_image(photograph, 2), view)
    assert {axes.get_xlim() + axes.get_ylim() for axes in figure.axes} == {(-12, 267, -12, 267)}
    assert tuple(figure.get_size_inches()) == (7, 3.7)
    # the channel that is not shown grows towards the eye
    [hidden] = set(pictures.CHANNELS) - set(view.split(" and "))
    drawn = figure.axes[0].collections[0].get_facecolor()[:, pictures.CHANNELS.index(hidden)]
    assert np.all(np.diff(drawn) >= 0)


def test_a_colour_without_pixels_is_counted(photograph):
    black = Image.new("P", photograph.size)
    black.putpalette([0, 0, 0, 255, 255, 255])
    compressed = compress_image(photograph, 2)._replace(image=black)
    _, caption = pictures.draw_colours(
        experiments.colour_bins(photograph), compressed, "red and green"
    )
    assert caption == (
        "k = 2, red and green: colour 1 serves 100% of the pixels, colour 2 serves 0.0%."
    )


# ---- a reader's own photo -----------------------------------------------------------------------


def test_an_upload_is_shown_with_its_numbers_and_can_be_saved(photograph):
    page = compress_upload(pictures.png(photograph), 4)
    compressed = compress_image(photograph, 4)
    pair, caption = pictures.draw_photo(photograph, compressed)
    source, width, height = encode(pair, photo=True)
    file = pictures.png(compressed.image)
    before, palette, page = re.split(r"(<p><img .*?></p>)", page)
    squares = np.asarray(
        Image.open(io.BytesIO(b64decode(re.search(r"base64,([^\"]*)", palette)[1])))
    )
    assert squares.shape == (9, 36, 3)
    assert (squares[4, 4::9].ravel() == compressed.image.getpalette()).all()
    assert f"#{squares[4, 4].tobytes().hex()}" in palette
    assert before + page == (
        f'<img src="{source}" alt="{caption}" width="{width}" height="{height}">'
        f"<p>{caption} Compressed at 256 x 300 pixels. "
        f'<a download="compressed_k4.png" href="data:image/png;base64,{b64encode(file).decode()}">'
        f"Save it ({len(file) / 1000:.1f} kB)</a></p>"
    )


def test_a_large_upload_is_reduced_first():
    for size, reduced in (((900, 1200), (450, LARGEST)), ((1200, 900), (LARGEST, 450))):
        page = compress_upload(pictures.png(Image.linear_gradient("L").resize(size)), 2)
        assert "Compressed at {} x {} pixels.".format(*reduced) in page


def test_an_upload_that_is_no_picture():
    page = compress_upload(b"<b>text</b>", 4)
    assert page.startswith("<p>This file cannot be shown: it is no picture that can be read here.")
    assert "PDF document" in compress_upload(b"%PDF-1.4", 4)
    assert "k is 4; expected" in compress_upload(pictures.png(Image.new("L", (2, 1))), 4)


def test_an_upload_is_shown_with_what_was_passed_over(photograph):
    file = io.BytesIO()
    photograph.save(file, "PNG", icc_profile=b"broken")
    assert "Its color profile is damaged" in compress_upload(file.getvalue(), 2)


def test_the_widget_shows_a_photo_once_there_is_one(photograph):
    widget = PhotoUpload(ks=[2, 16])
    widget.k.value = 2
    assert widget.view.value == ""
    content = memoryview(pictures.png(photograph))
    file = {"name": "a.png", "type": "image/png", "size": len(content), "content": content}
    seen = []
    widget.view.observe(lambda change: seen.append(change.new), "value")
    widget.upload.value = (file | {"last_modified": datetime(2026, 1, 1)},)
    widget.k.value = 16
    wait = "<p>Looking for the colors.</p>"
    shown = [compress_upload(bytes(content), k) for k in (2, 16)]
    widget.upload.description = "Another"  # no reason to look again
    assert seen == [wait, shown[0], wait, shown[1]]


def test_the_widget_says_what_it_wants():
    widget = PhotoUpload()
    assert (widget.upload.accept, widget.upload.description) == ("image/*", "Your photo")
    assert (widget.k.description, widget.k.value) == ("k", 16)
    assert widget.k.options == (2, 4, 8, 16, 32, 64)
    controls, view = widget.children
    assert controls.children == (widget.upload, widget.k) and view is widget.view


def test_without_a_kernel_a_sentence_stands_for_the_widget():
    data = PhotoUpload()._repr_mimebundle_()
    assert data["text/plain"] == "PhotoUpload()"
    assert re.fullmatch("<p>In JupyterLab, drop your own photo here .*</p>", data["text/html"])
    assert "application/vnd.jupyter.widget-view+json" in data


def test_borders_of_centroids_in_a_row():
    # the border of the outer two lies between two others; where two coincide there is none
    row = np.array([[0, 0], [0, 0], [1, 0], [1.2, 0]])
    borders = pictures._borders(row).reshape(-1, 3, 2)
    assert sorted({round(float(x), 12) for x in borders[:, :2, 0].ravel()}) == [0.5, 1.1]
    assert pictures._borders(row[:1]).shape == (0, 2)
