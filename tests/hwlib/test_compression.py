"""hwlib/compression.py: any picture in k colors, and the file that is written."""

import io
import math
import runpy
import sys

import numpy as np
import pytest
from PIL import Image

from hwlib import compression, datasets
from hwlib.compression import compress_image, rgb_pixels
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
    # rounding a palette to whole levels moves a colour by at most 1/2 in each of 3 channels, which
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
    Image.linear_gradient("L").convert(color).convert(mode).save(name)
    assert compression.main([name, "-k", "4", "-s", "1"]) == 0
    said = "2 bits per pixel instead of 24, a factor of 12: wrote compressed_k4.png\n"
    assert capsys.readouterr().out == said
    with Image.open(name) as image, Image.open("compressed_k4.png") as written:
        expected = compress_image(image, 4, rng=1).image
        assert written.convert("RGB").tobytes() == expected.convert("RGB").tobytes()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["none.png", "-k", "4"], "none.png"),
        ([".", "-k", "4"], "Is a directory"),
        (["text.png", "-k", "4"], "cannot identify image file"),
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
