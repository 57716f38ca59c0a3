"""hwlib/clustering.py: any table of points, clustered and drawn."""

import runpy
import sys

import numpy as np
import pytest
from PIL import Image
from sklearn.decomposition import PCA

from hwlib import clustering, datasets
from hwlib.clustering import draw_table, principal_plane, unequal_scales
from hwlib.figures import CLUSTERS
from hwlib.quick.kmeans import kmeans


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("scale", [1, 1e-200, 1e149])
def test_the_plane_is_that_of_principal_component_analysis(scale):
    X = np.random.RandomState(0).normal(size=(60, 5)) * [1, 5, 2, 4, 3] + 7
    plane, axes, share = principal_plane(X * scale)
    other = PCA(2).fit(X)
    same = np.sign((axes * other.components_).sum(axis=1))  # an axis has no direction
    np.testing.assert_allclose(axes, other.components_ * same[:, None], atol=1e-10)
    np.testing.assert_allclose(plane / scale, other.transform(X) * same, atol=1e-10)
    np.testing.assert_allclose(share, other.explained_variance_ratio_.sum(), rtol=1e-12)
    assert (axes[[0, 1], np.abs(axes).argmax(axis=1)] > 0).all()


def test_the_plane_of_points_that_need_none():
    assert principal_plane([[1, 2, 3]])[2] == 1
    plane, _, share = principal_plane(np.zeros((4, 3)))
    assert share == 1 and not plane.any()


def drawn(X, k):
    result = kmeans(X, k)
    figure, caption = draw_table(np.asarray(X, dtype=float), result)
    [axes] = figure.axes
    clusters = [line.get_xydata() for line in axes.lines[::2]]
    centroids = np.concatenate([line.get_xydata() for line in axes.lines[1::2]])
    return axes, clusters, centroids, result, caption


def test_two_coordinates_are_drawn_as_they_are():
    X = datasets.plane_points()
    axes, clusters, centroids, result, caption = drawn(X, 3)
    for c, points in enumerate(clusters):
        np.testing.assert_array_equal(points, X[result.assignments == c])
    np.testing.assert_array_equal(centroids, result.centroids)
    assert axes.get_aspect() == 1 and [text.get_text() for text in axes.texts] == ["1", "2", "3"]
    assert caption == f"500 points with 2 coordinates, k = 3: loss {result.loss:.6g}."


def test_each_cluster_has_its_color_its_shape_and_its_number():
    axes, clusters, *_ = drawn(datasets.plane_points(), 12)
    dots, circles = axes.lines[::2], axes.lines[1::2]
    colors = [line.get_color() for line in dots]
    assert colors == [CLUSTERS[c % len(CLUSTERS)] for c in range(12)]
    shapes = [line.get_marker() for line in dots]
    assert len(set(shapes[:10])) == 10 and shapes[10:] == shapes[:2]
    for line, circle, number, c in zip(dots, circles, axes.texts, range(12), strict=True):
        # 500 points stay apart, and the circle holds the number
        assert line.get_markersize() == 4 and line.get_markeredgewidth() == 0
        assert circle.get_markersize() > number.get_fontsize() == 10
        assert (circle.get_markerfacecolor(), circle.get_markeredgecolor()) == ("white", colors[c])
        assert (number.get_text(), number.get_ha()) == (str(c + 1), "center")
        np.testing.assert_array_equal(number.xy, circle.get_xydata()[0])
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$x_1$", "$x_2$")
    left, bottom, width, height = axes.get_position(original=True).bounds
    assert left + width <= 1 and bottom + height <= 1


def test_more_coordinates_are_drawn_on_their_principal_axes():
    X = np.random.RandomState(0).normal(size=(60, 5)) * [1, 5, 2, 4, 3] + 7
    axes, clusters, centroids, result, caption = drawn(X, 4)
    plane, _, share = principal_plane(X)
    for c, points in enumerate(clusters):
        mine = result.assignments == c
        np.testing.assert_array_equal(points, plane[mine])
        # a projection is linear: a centroid stays the mean of its points
        np.testing.assert_allclose(centroids[c], plane[mine].mean(axis=0), atol=1e-12)
    assert caption.endswith(f"principal axes, with {share:.0%} of their variance.")
    assert axes.get_xlabel() == "first axis"


def test_one_coordinate_is_drawn_against_the_line():
    axes, clusters, centroids, _, caption = drawn([[1.0], [9.0], [1.5]], 2)
    assert sorted(map(tuple, np.concatenate(clusters))) == [(1, 1), (1.5, 3), (9, 2)]
    assert sorted(map(tuple, centroids)) == [(1.25, 2), (9, 2)]
    assert axes.get_ylabel() == "line" and caption.startswith("3 points with 1 coordinate, k = 2")


def test_unequal_scales_fill_the_picture():
    rng = np.random.RandomState(0)
    X = np.column_stack([rng.uniform(0, 3e6, 200), rng.uniform(size=200)])
    axes, *_ = drawn(X, 2)
    box = axes.get_window_extent()
    low, high = axes.transData.transform([X.min(axis=0), X.max(axis=0)])
    assert ((high - low) > 0.8 * np.array([box.width, box.height])).all()


def test_unequal_scales_are_told():
    assert unequal_scales(datasets.plane_points()) is None
    assert unequal_scales(np.array([[0, 0], [1, 20]])) is None
    assert unequal_scales(np.array([[0, 0], [3e6, 1]])).startswith("Column 1 varies 3e+06 times")
    assert unequal_scales(np.array([[0, 7], [1, 7]])).startswith("Column 2 has one value only")
    assert unequal_scales(np.ones((3, 2))) is None


def test_the_command(folder, capsys):
    table = "a;b;c\n1,5;2;0\n1,5;3;0\n9;9;9\n"
    (folder / "points.csv").write_text(table)
    assert clustering.main(["points.csv", "-k", "2", "-r", "5"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Its columns are separated by semicolons.",
        "Its numbers have decimal commas.",
        "Line 1 was skipped as a header: a, b, c",
        "3 points with 3 coordinates, k = 2: loss 0.5. On their first two principal axes, with "
        "100% of their variance.",
        "Wrote clusters_k2.png.",
    ]
    assert sorted(path.name for path in folder.iterdir()) == ["clusters_k2.png", "points.csv"]


@pytest.mark.parametrize(
    ("table", "k", "says"),
    [
        ("1\t2\n3\tx\n", "1", "data.tsv: line 2, column 3: 'x' is not a number"),
        ("1\t2\n3\t4\n", "3", "data.tsv: k is 3; expected an integer from 1 to 2"),
        ("1e150\t2\n3\t4\n", "1", "data.tsv: X must be finite and below 1e150 in size"),
    ],
)
def test_the_command_says_in_one_line_what_is_wrong(folder, capsys, table, k, says):
    (folder / "data.tsv").write_text(table)
    with pytest.raises(SystemExit) as stop:
        clustering.main(["data.tsv", "-k", k])
    assert stop.value.code == 2 and capsys.readouterr().err == f"clustering: error: {says}\n"
    assert [path.name for path in folder.iterdir()] == ["data.tsv"]


def test_without_a_file_the_books_points_are_clustered(folder, capsys):
    assert clustering.main(["-k", "4"]) == 0
    loss = kmeans(datasets.plane_points(), 4).loss
    expected = f"500 points with 2 coordinates, k = 4: loss {loss:.6g}.\nWrote clusters_k4.png.\n"
    assert capsys.readouterr().out == expected
    with pytest.raises(SystemExit):
        clustering.main(["-k", "501"])
    assert capsys.readouterr().err.startswith("clustering: error: the book: k is 501; expected ")


def test_values_near_the_limit_cluster_without_a_warning(folder, capsys):
    # warnings of numpy are errors in these tests
    (folder / "data.tsv").write_text("1e149\t0\n-1e149\t0\n-1e149\t1\n")
    assert clustering.main(["data.tsv", "-k", "2"]) == 0
    assert "loss 0." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ([], {"rng": 0, "restarts": 1}),
        (["-s", "4", "-r", "3"], {"rng": 4, "restarts": 3}),
        (["--rng-seed", "9", "--restarts", "2"], {"rng": 9, "restarts": 2}),
    ],
)
def test_the_command_starts_as_it_is_told(folder, capsys, words, options):
    assert clustering.main(["-k", "4", *words]) == 0
    loss = kmeans(datasets.plane_points(), 4, **options).loss
    assert f"loss {loss:.6g}." in capsys.readouterr().out
    with Image.open("clusters_k4.png") as picture:
        assert min(picture.size) > 600  # sharp on paper


HELP = """Cluster a table of points, one point to a line, and draw the clusters.
    numbers between tabs, commas, semicolons or spaces (the book's points)
    number of clusters
    seed of the starts (0)
    number of starts (1)"""


def test_help_says_what_each_option_is(check_help):
    check_help(clustering.main, (), HELP).encode("ascii")  # so that any terminal can show it


def test_a_command_without_k_is_told(folder, capsys):
    with pytest.raises(SystemExit):
        clustering.main([])
    assert "required: -k" in capsys.readouterr().err


def test_a_table_that_is_missing(folder, capsys):
    with pytest.raises(SystemExit):
        clustering.main(["none.tsv", "-k", "2"])
    assert "No such file" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore:.*found in sys.modules")
def test_the_command_runs_as_a_module(folder, monkeypatch):
    (folder / "data.tsv").write_text("0\t0\n1\t0\n")
    monkeypatch.setattr(sys, "argv", ["clustering", "data.tsv", "-k", "1"])
    with pytest.raises(SystemExit) as stop:
        runpy.run_module("hwlib.clustering", run_name="__main__")
    assert stop.value.code == 0 and (folder / "clusters_k1.png").exists()
