"""hwlib/compression.py: any picture in k colors, and the file that is written."""

import io
import math
import os
import runpy
import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw

from hwlib import compression, datasets
from hwlib import kmeans as kmeans_steps
from hwlib.compression import compress_image, rgb_pixels, said, size_of
from hwlib.kmeans import kmeans


@pytest.fixture(scope="module")
def photograph():
    return datasets.photograph()


def png(image, **options):
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


def test_compressing_equals_k_means_on_all_pixels(photograph):
    image = photograph.crop((100, 100, 250, 250))
    pixels = np.asarray(image).reshape(-1, 3)
    plain = kmeans(pixels, 8, rng=4)
    result = compress_image(image, 8, rng=4)
    np.testing.assert_array_equal(np.asarray(result.image).ravel(), plain.assignments)
    np.testing.assert_allclose(result.loss, plain.loss, rtol=1e-12)  # order of additions
    palette = np.reshape(result.image.getpalette(), (-1, 3))
    np.testing.assert_array_equal(palette, plain.centroids.round())


@pytest.mark.parametrize(("k", "factor", "depth"), [(2, 24, 1), (4, 12, 2), (8, 8, 4), (16, 6, 4)])
def test_factor_and_file(photograph, k, factor, depth):
    small = photograph.resize((128, 150))
    result = compress_image(small, k)  # the seed is 0 unless another is given
    assert result.image.tobytes() == compress_image(small, k, rng=0).image.tobytes()
    assert result.factor == factor
    assert result.bits_per_pixel == math.log2(k)
    assert result.image.mode == "P"
    assert result.image.size == small.size
    assert len(result.image.getpalette()) == 3 * k
    data = png(result.image)
    assert data[24] == depth  # byte 24 of a PNG file: bits for an index; the format has no 3
    assert len(data) < len(png(small)) / 3
    again = Image.open(io.BytesIO(data)).convert("RGB")
    assert len(again.getcolors()) == k
    assert again.tobytes() == result.image.convert("RGB").tobytes()
    # rounding a palette to whole levels moves a color by at most 1/2 in each of 3 channels, which
    # costs n * 3/4 at most: centroids are means, so the cross term vanishes
    difference = np.asarray(again, float) - np.asarray(small, float)
    assert 0 <= (difference**2).sum() - result.loss <= 0.75 * small.width * small.height


def test_more_colors_lower_the_loss_and_cost_more_bytes(photograph):
    small = photograph.resize((128, 150))
    results = [compress_image(small, k) for k in (1, 2, 4, 16, 256)]
    losses = [result.loss for result in results]
    sizes = [len(png(result.image)) for result in results]
    assert losses == sorted(losses, reverse=True)
    assert sizes == sorted(sizes)
    assert results[0].factor == math.inf
    assert results[0].bits_per_pixel == 0


def test_more_colors_than_the_image_has():
    image = Image.new("RGB", (4, 4), "red")
    image.putpixel((0, 0), (0, 0, 255))
    result = compress_image(image, 16)
    assert result.loss == 0
    assert result.image.convert("RGB").tobytes() == image.tobytes()


def test_a_k_between_the_powers_of_two():
    result = compress_image(Image.linear_gradient("L"), 5)
    assert result.factor == pytest.approx(24 / math.log2(5), rel=1e-15)
    assert png(result.image)[24] == 4


def grey(levels, mode):
    return Image.fromarray(np.array([levels], dtype=np.uint16 if mode == "I;16" else np.int32))


RGBA = Image.new("RGBA", (2, 1), (10, 20, 30, 255))
RGBA.putpixel((1, 0), (10, 20, 30, 0))
PALETTE = Image.new("P", (2, 1))
PALETTE.putpalette([1, 2, 3, 40, 50, 60])
PALETTE.putpixel((1, 0), 1)
CLEAR = PALETTE.copy()
CLEAR.info["transparency"] = 0


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("L", (1, 1), 77), [[77, 77, 77]]),
        (Image.new("1", (1, 1), 1), [[255, 255, 255]]),
        (Image.new("RGB", (1, 1), (1, 2, 3)), [[1, 2, 3]]),
        (RGBA, [[10, 20, 30], [255, 255, 255]]),
        (Image.new("RGBA", (1, 1), (0, 0, 0, 51)), [[204, 204, 204]]),
        (Image.new("LA", (1, 1), (90, 255)), [[90, 90, 90]]),
        (PALETTE, [[1, 2, 3], [40, 50, 60]]),
        (CLEAR, [[255, 255, 255], [40, 50, 60]]),
        (Image.new("CMYK", (1, 1), (255, 0, 0, 0)), [[0, 255, 255]]),
        (grey([0, 256, 65535], "I;16"), [[0] * 3, [1] * 3, [255] * 3]),
        (grey([0, 65535], "I"), [[0] * 3, [255] * 3]),
    ],
)
def test_every_mode_becomes_rgb(image, expected):
    np.testing.assert_array_equal(rgb_pixels(image), [expected])


def test_an_opaque_alpha_channel_changes_nothing(photograph):
    np.testing.assert_array_equal(rgb_pixels(photograph.convert("RGBA")), rgb_pixels(photograph))


def test_a_photo_taken_sideways_is_turned_upright():
    image = Image.new("RGB", (2, 1), "red")
    image.getexif()[0x0112] = 6
    file = io.BytesIO()
    image.save(file, "JPEG", exif=image.getexif())
    assert compress_image(Image.open(file), 1).image.size == (1, 2)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (
            lambda: compress_image(Image.new("RGB", (9, 9)), 2, init="worst"),
            """init must be "random" or "best", not 'worst'""",
        ),
        (lambda: compress_image(np.zeros((2, 2, 3), np.uint8), 2), "image must be a PIL.*ndarray"),
        (
            lambda: compress_image(Image.new("RGB", (9, 9)), 0),
            "k is 0; expected an integer from 1 to 81",
        ),
        (
            lambda: compress_image(Image.new("RGB", (99, 99)), 257),
            "k is 257; expected an integer from 1 to 256",
        ),
        (
            lambda: compress_image(Image.new("RGB", (2, 2)), 5),
            "k is 5; expected an integer from 1 to 4",
        ),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=f"^{says}"):
        call()


# ---- the best colors that are found --------------------------------------------------------------


def error_of(image, compressed):
    """The loss of a picture that is stored, whatever the palette's program says."""
    difference = np.asarray(image.convert("RGB"), float) - np.asarray(compressed.convert("RGB"))
    return (difference**2).sum()


def screenshot():
    """Few colors, most of them rare: a page of text and a dot."""
    image = Image.new("RGB", (400, 300), "white")
    for color, box in [("navy", 50), ("#c8c8c8", 47), ("green", 27)]:
        image.paste(color, (0, 0, 400, box))
        image = image.rotate(180)
    image.paste("red", (200, 150, 204, 154))
    return image


def gradient():
    red, green = np.meshgrid(np.arange(0, 256, 2), np.arange(0, 256, 4))
    return Image.fromarray(np.stack([red, green, np.full_like(red, 90)], 2).astype(np.uint8))


def drawing():
    image = Image.new("RGB", (200, 160), "white")
    pen = ImageDraw.Draw(image)
    for i, color in enumerate(("#0072b2", "#b84f00", "#00805e", "black")):
        pen.ellipse((10 + 40 * i, 20, 70 + 40 * i, 120), fill=color)
        pen.line((0, 40 * i, 200, 160 - 30 * i), fill="black", width=3)
    return image.resize((150, 120), Image.Resampling.LANCZOS)


PICTURES = {
    "photograph": lambda: datasets.photograph().resize((60, 90)),
    "crop": lambda: datasets.photograph().crop((120, 120, 180, 180)),
    "screenshot": screenshot,
    "drawing": drawing,
    "ramp": lambda: Image.linear_gradient("L").convert("RGB"),
    "spot": lambda: Image.radial_gradient("L").convert("RGB"),
    "gradient": gradient,
}


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("k", [2, 3, 8, 16, 32, 64])
def test_the_best_colors_are_never_worse_than_pillows(name, k):
    image = PICTURES[name]()
    result = compress_image(image, k, init="best")
    loss = error_of(image, result.image)
    np.testing.assert_allclose(result.loss, loss, rtol=1e-12, atol=0)  # order of additions
    method = {"method": Image.Quantize.MEDIANCUT, "kmeans": 1}
    assert loss <= error_of(image, image.quantize(k, **method, dither=Image.Dither.NONE))
    assert len(result.image.getcolors()) <= k
    distinct = len(image.getcolors(1 << 24))
    if distinct <= k:
        assert loss == 0 and result.bits_per_pixel == math.log2(distinct)


def test_rare_colors_are_kept():
    image = screenshot()
    assert len(image.getcolors()) == 5
    for k in (5, 8, 256):
        result = compress_image(image, k, init="best")
        assert result.image.convert("RGB").tobytes() == image.tobytes()
        assert said(result) == (
            "5 colors: 2.32 bits per pixel instead of 24, a factor of 10.3. Nothing is lost."
        )


@pytest.mark.parametrize("seed", range(5))
def test_a_few_colors_more_than_k_end_near_the_best(seed):
    # 20 colors, in 8 tight groups far apart: the best loss is that of the groups
    rng = np.random.RandomState(seed)
    middles = np.array([[r, g, b] for r in (40, 200) for g in (40, 200) for b in (40, 200)])
    group = rng.permutation(np.arange(20) % 8)
    colors = middles[group] + rng.randint(-3, 4, (20, 3))
    rows = colors[rng.randint(20, size=2500)].astype(np.uint8)
    result = compress_image(Image.fromarray(rows.reshape(50, 50, 3)), 8, init="best")
    of_row = np.argmin(((rows[:, None].astype(float) - middles) ** 2).sum(axis=2), axis=1)
    means = np.array([rows[of_row == c].mean(axis=0) for c in range(8)])
    best = ((rows - means[of_row]) ** 2).sum()
    assert result.loss <= best + 0.75 * len(rows)  # a palette in whole levels


def test_a_picture_of_one_color():
    result = compress_image(Image.new("RGB", (3, 3), "red"), 4, init="best")
    assert said(result) == "1 color: all pixels are alike, and take no bits. Nothing is lost."
    assert result.factor == math.inf


def test_many_colors_are_searched_in_few(monkeypatch):
    # where all colors are searched, and where few that stand for them are, in blocks
    image = datasets.photograph().resize((120, 180))
    exact = compress_image(image, 16, init="best").loss
    monkeypatch.setattr(compression, "COARSE", 2**12)
    monkeypatch.setattr(compression, "BLOCK", 300)
    monkeypatch.setattr(compression, "SAMPLE", 1000)
    distinct, counts = compression._count_colors(np.asarray(image))
    codes = compression._codes(np.asarray(image))
    assert all((codes == one).sum() == n for one, n in zip(distinct[::999], counts[::999]))
    assert counts.sum() == codes.size and len(distinct) == len(image.getcolors(1 << 20))
    few, weights = compression._coarse(distinct, counts)
    assert 500 < len(few) <= 2**12 and weights.sum() == codes.size
    # means of parts, weighted, are the mean of all
    mean = np.asarray(image).reshape(-1, 3).mean(axis=0)
    np.testing.assert_allclose(weights @ few / codes.size, mean, rtol=1e-12)
    # where runs end differs by some percent from start to start, with few colors or with all
    assert compress_image(image, 16, init="best").loss < 1.1 * exact


def test_a_step_in_blocks_is_a_step_of_weighted_k_means(monkeypatch):
    rng = np.random.RandomState(2)
    distinct = np.sort(rng.choice(1 << 24, 500, replace=False)).astype(np.uint32)
    colors, counts = compression._split(distinct).astype(float), rng.randint(1, 9, 500)
    centroids = np.vstack([colors[:5], [[-900, -900, -900]]])  # the last has no color
    monkeypatch.setattr(compression, "BLOCK", 33)
    assert len(compression._blocks(distinct)) == 16 and len(compression._blocks(distinct, 5)) == 4
    assignments, loss, means = compression._lloyd_step(distinct, counts, centroids)
    rows = np.repeat(colors, counts, axis=0)
    z = kmeans_steps.assign(rows, centroids)
    np.testing.assert_array_equal(np.repeat(assignments, counts), z)
    # sums of 2,000 terms in another order
    np.testing.assert_allclose(loss, kmeans_steps.reconstruction_error(rows, z, centroids), 1e-12)
    np.testing.assert_allclose(means, kmeans_steps.update(rows, z, centroids), 1e-12)


def test_what_many_colors_cost_is_bounded(monkeypatch):
    image = datasets.photograph().resize((60, 90))
    steps, whole = [], compression._lloyd_step
    monkeypatch.setattr(compression, "SCORES", 1)
    monkeypatch.setattr(compression, "WARM_UP", 1)
    monkeypatch.setattr(compression, "STEPS", 1)
    monkeypatch.setattr(compression, "_lloyd_step", lambda *a: steps.append(a) or whole(*a))
    assert compress_image(image, 16, init="best").loss > 0
    assert len(steps) == 4  # two polish, two say which palette is better


def test_from_one_start_many_colors_are_searched_in_some_pixels(folder, capsys, monkeypatch):
    image = datasets.photograph().resize((60, 90))
    image.save("a.png")
    monkeypatch.setattr(compression, "MANY", 1000)
    result = compress_image(image, 8, rng=1)
    # by hand: k-means on every sixth of 5,400 pixels, then the nearest color for each of them
    rows = np.asarray(image).reshape(-1, 3)
    ours = kmeans(rows[::6], 8, rng=1)
    distances = ((rows[:, np.newaxis] - ours.centroids) ** 2).sum(axis=2)
    np.testing.assert_array_equal(np.asarray(result.image).ravel(), distances.argmin(axis=1))
    # sums of 5,400 squares in another order
    np.testing.assert_allclose(result.loss, distances.min(axis=1).sum(), rtol=1e-12)
    assert compression.main(["a.png", "-k", "8", "-s", "1"]) == 0
    colors = len(image.getcolors(1 << 20))
    assert capsys.readouterr().out.startswith(
        f"It has {colors:,} colors: only one pixel in 6 counts in the search for 8.\n"
    )
    with Image.open("compressed_k8.png") as written:
        assert written.convert("RGB").tobytes() == result.image.convert("RGB").tobytes()
    monkeypatch.setattr(compression, "MANY", colors)
    assert compression.main(["a.png", "-k", "8", "-s", "1"]) == 0
    assert "one pixel in" not in capsys.readouterr().out


def test_progress_rises_to_one():
    seen = []
    compress_image(datasets.photograph().resize((60, 90)), 8, init="best", progress=seen.append)
    assert seen == sorted(seen) and seen[0] < 0.1 and seen[-1] == 1


def test_sizes_are_read_as_people_write_them():
    assert [size_of(n) for n in (999, 1000, 999_499, 999_500)] == [
        *("999 bytes", "1 kB", "999 kB", "1 MB"),
    ]


# ---- the command ---------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("mode", "name"),
    [
        ("L", "a.png"),
        ("RGB", "a.jpg"),
        ("RGB", "a.webp"),
        ("RGBA", "a.png"),
        ("P", "a.png"),
        ("CMYK", "a.jpg"),
        ("I;16", "a.png"),
    ],
)
def test_the_command_compresses_any_picture(folder, capsys, mode, name):
    color = "RGB" if mode in ("P", "CMYK", "RGBA") else "L"
    image = Image.linear_gradient("L").convert(color).convert(mode)
    if mode == "I;16":
        image = Image.fromarray(256 * np.asarray(image))
    image.save(name)
    assert compression.main([name, "-k", "4", "-s", "1"]) == 0
    pixels = np.prod(Image.open(name).size)
    written, given = (os.path.getsize(each) for each in ("compressed_k4.png", name))
    assert capsys.readouterr().out.splitlines() == [
        "4 colors: 2 bits per pixel instead of 24, a factor of 12.",
        f"Wrote compressed_k4.png: {size_of(written)}, {8 * written / pixels:.3g} bits per pixel.",
        f"{name} has {size_of(given)}.",
    ]
    with Image.open(name) as image, Image.open("compressed_k4.png") as written:
        expected = compress_image(image, 4, rng=1).image
        assert written.convert("RGB").tobytes() == expected.convert("RGB").tobytes()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["none.png", "-k", "4"], "none.png"),
        ([".", "-k", "4"], "Is a directory"),
        (["text.png", "-k", "4"], "not a picture that can be read here"),
        (["small.png", "-k", "257"], "k is 257; expected an integer from 1 to 4"),
        (["small.png"], "-k"),
    ],
)
def test_the_command_says_in_one_line_what_is_wrong(folder, capsys, words, says):
    Image.new("RGB", (2, 2)).save("small.png")
    (folder / "text.png").write_text("no picture")
    with pytest.raises(SystemExit) as stop:
        compression.main(words)
    err = capsys.readouterr().err
    assert stop.value.code == 2 and err.count("\n") == 1
    assert err.startswith("compression: error: ") and says in err


@pytest.mark.filterwarnings("ignore:.*found in sys.modules")
def test_the_command_runs_as_a_module(folder, monkeypatch):
    Image.new("RGB", (2, 2)).save("small.png")
    monkeypatch.setattr(sys, "argv", ["compression", "small.png", "-k", "1"])
    with pytest.raises(SystemExit) as stop:
        runpy.run_module("hwlib.compression", run_name="__main__")
    assert stop.value.code == 0 and (folder / "compressed_k1.png").exists()


def test_without_a_file_the_books_photograph_is_compressed(folder, photograph):
    assert compression.main(["-k", "2", "-s", "0"]) == 0
    with Image.open("compressed_k2.png") as written:
        assert written.tobytes() == compress_image(photograph, 2).image.tobytes()


def test_a_seed_means_the_homeworks_start(folder):
    image = datasets.photograph().resize((60, 90))
    image.save("a.png")
    for words, expected in [
        ([], compress_image(image, 8, init="best")),
        (["-s", "0"], compress_image(image, 8)),
        (["-s", "5"], compress_image(image, 8, rng=5)),
    ]:
        assert compression.main(["a.png", "-k", "8", *words]) == 0
        with Image.open("compressed_k8.png") as written:
            assert written.convert("RGB").tobytes() == expected.image.convert("RGB").tobytes()


def test_large_pictures_are_announced_or_reduced(folder, capsys, monkeypatch):
    Image.new("RGB", (30, 20), "red").save("a.png")
    monkeypatch.setattr(compression, "LARGE", 599)
    compression.main(["a.png", "-k", "2"])
    first, *_ = capsys.readouterr().out.splitlines()
    assert first == "30 x 20 pixels: this may take half a minute or more."
    # from one start, it is the colors that count
    Image.effect_noise((30, 6), 99).save("b.png")
    colors = len(np.unique(np.asarray(Image.open("b.png"))))
    for slow, announced in ([2 * colors, False], [2 * colors - 1, True]):
        monkeypatch.setattr(compression, "SLOW", slow)
        compression.main(["b.png", "-k", "2", "-s", "0"])
        assert ("30 x 6 pixels: this may" in capsys.readouterr().out) == announced
    monkeypatch.setattr(compression, "TOO_LARGE", 200)
    compression.main(["a.png", "-k", "2"])
    first, *_ = capsys.readouterr().out.splitlines()
    assert first == "It was reduced from 30 x 20 to 15 x 10 pixels."
    with Image.open("compressed_k2.png") as written:
        assert written.size == (15, 10)


def test_an_output_that_is_closed_is_no_fault_of_the_file(folder, monkeypatch):
    class Closed(io.StringIO):
        def write(self, _):
            raise BrokenPipeError

    Image.new("RGB", (30, 20), "red").save("a.png", icc_profile=b"broken")
    monkeypatch.setattr(sys, "stdout", Closed())
    with pytest.raises(BrokenPipeError):
        compression.main(["a.png", "-k", "2"])
    assert [path.name for path in folder.iterdir()] == ["a.png"]
