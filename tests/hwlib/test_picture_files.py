"""hwlib.picture_files: whatever a reader drops in comes out right, or is refused in one line."""

import io
import os
import struct
import sys
import threading
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from hwlib.picture_files import read_picture

COLORS = np.array([[[200, 30, 60], [10, 120, 240]], [[255, 255, 255], [0, 0, 0]]], dtype=np.uint8)


def saved(image, kind="PNG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def pixels(content):
    image, notes = read_picture(content)
    assert image.mode == "RGB"
    return np.asarray(image).astype(int), notes


# ---- profiles: made here, since none is shipped ------------------------------------------------


def profile(space, tags, kind=b"mntr", connection=b"XYZ "):
    """Return an ICC profile of version 2 with the given tags, {signature: data}."""
    table, body, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for signature, data in tags.items():
        data += b"\0" * (-len(data) % 4)
        table += signature + struct.pack(">II", at + len(body), len(data))
        body += data
    head = bytearray(128)
    head[8:12] = b"\x02\x10\0\0"
    head[12:24] = kind + space + connection
    head[36:40] = b"acsp"
    head[68:80] = xyz(0.9642, 1, 0.8249)[8:]  # D50
    head[0:4] = struct.pack(">I", at + len(body))
    return bytes(head) + table + body


def xyz(*values):
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))


def gamma(value):
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256))


def description(text):
    text = text.encode() + b"\0"
    return b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + b"\0" * 78


WHITE = {b"wtpt": xyz(0.9642, 1, 0.8249), b"cprt": b"text\0\0\0\0none\0"}
# primaries of Display P3 and of Adobe RGB, adapted to D50
P3 = profile(b"RGB ", {
    b"desc": description("wide"), b"rXYZ": xyz(0.51512, 0.24120, -0.00105),
    b"gXYZ": xyz(0.29198, 0.69225, 0.04189), b"bXYZ": xyz(0.15710, 0.06657, 0.78407),
    b"rTRC": gamma(2.2), b"gTRC": gamma(2.2), b"bTRC": gamma(2.2), **WHITE,
})  # fmt: skip
LINEAR_GRAY = profile(b"GRAY", {b"desc": description("gray"), b"kTRC": gamma(1.0), **WHITE})


def cmyk_profile():
    """A printer whose ink K alone counts: L* falls from 100 to 0 with it, whatever C, M and Y."""
    ramp = bytes(range(256))
    grid = b"".join(bytes([0 if i & 1 else 255, 128, 128]) for i in range(16))
    identity = struct.pack(">9i", *(65536 * (i % 4 == 0) for i in range(9)))
    lut = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + identity + 4 * ramp + grid + 3 * ramp
    tags = {b"desc": description("ink"), b"A2B0": lut, **WHITE}
    return profile(b"CMYK", tags, kind=b"prtr", connection=b"Lab ")


def test_wide_colors_become_srgb():
    image = Image.fromarray(COLORS)
    plain, _ = pixels(saved(image))
    wide, notes = pixels(saved(image, icc_profile=P3))
    assert notes == []
    # A color that needs more red in sRGB than in P3: the same numbers mean a more vivid color.
    assert wide[0, 0, 0] > plain[0, 0, 0] + 10 and wide[0, 0, 1] < plain[0, 0, 1]
    np.testing.assert_allclose(wide[1], plain[1], atol=2)  # white and black stay


def test_a_wide_photo_keeps_its_transparency():
    image = Image.fromarray(np.dstack([COLORS, [[255, 0], [255, 255]]]).astype(np.uint8))
    got, _ = pixels(saved(image, icc_profile=P3))
    assert got[0, 1].tolist() == [255, 255, 255]  # laid on white
    assert got[0, 0, 0] > 200 + 10


def test_srgb_says_so_and_nothing_changes():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    got, notes = pixels(saved(Image.fromarray(COLORS), icc_profile=srgb))
    np.testing.assert_array_equal(got, COLORS)
    assert notes == []


def test_gray_of_another_gamma():
    gray = Image.fromarray(np.array([[0, 55, 128, 255]], dtype=np.uint8))
    got, notes = pixels(saved(gray, icc_profile=LINEAR_GRAY))
    # half of the light is level 188 of sRGB (IEC 61966-2-1), not 128
    assert notes == [] and np.abs(got[0, :, 0] - [0, 128, 188, 255]).max() <= 3
    assert (got == got[:, :, :1]).all()


def test_cmyk_with_a_profile_and_without():
    inks = Image.new("CMYK", (2, 1), (0, 0, 0, 0))
    inks.putpixel((1, 0), (255, 0, 0, 0))
    by_profile, notes = pixels(saved(inks, "TIFF", icc_profile=cmyk_profile()))
    assert notes == [] and by_profile.min() > 250  # this printer's cyan leaves no trace
    plain, notes = pixels(saved(inks, "TIFF"))
    assert notes == [] and plain[0].tolist() == [[255, 255, 255], [0, 255, 255]]


def test_lab_colors():
    spaces = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    # none too dark in one channel only, where a step of a or b is many levels
    colors = np.array([[[200, 90, 120], [90, 120, 200]], [[255, 255, 255], [0, 0, 0]]], np.uint8)
    lab = ImageCms.profileToProfile(Image.fromarray(colors), *spaces, outputMode="LAB")
    bare = lab.copy()
    bare.info.clear()
    for image in (lab, bare, saved(lab, "TIFF")):
        got = np.asarray(read_picture(image)[0]).astype(int)
        assert np.abs(got - colors).max() <= 3  # a and b have whole steps


@pytest.mark.parametrize("broken", [b"not a profile", P3[:200], LINEAR_GRAY])
def test_a_broken_profile_is_passed_over_with_one_note(broken):
    got, notes = pixels(saved(Image.fromarray(COLORS), icc_profile=broken))
    np.testing.assert_array_equal(got, COLORS)
    assert notes == ["Its color profile is damaged or does not fit, and was passed over."]


# ---- what only PNG files say ---------------------------------------------------------------------


def png8(rows, *parts, kind=2, depth=8, interlaced=0, body=None):
    """A PNG file of the rows, with further chunks (name, data); body stands for other rows."""
    rows = np.asarray(rows, np.uint8)
    head = struct.pack(">IIBBBBB", rows.shape[1], len(rows), depth, kind, 0, 0, interlaced)
    body = b"".join(b"\0" + row.tobytes() for row in rows) if body is None else body
    parts = [(b"IHDR", head), *parts, (b"IDAT", zlib.compress(body)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def in_units(*values):
    return struct.pack(f">{len(values)}I", *(round(value * 100_000) for value in values))


P3_PRIMARIES = (b"cHRM", in_units(0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06))
LINEAR = (b"gAMA", in_units(1))
PASSED_OVER = "Its color profile is damaged or does not fit, and was passed over."


def test_the_gamma_of_a_png_is_applied():
    levels = np.array([[0, 55, 128, 255]], np.uint8)
    # half of the light is level 188 of sRGB (IEC 61966-2-1), and 55/255 of it level 128
    expected = [0, 128, 188, 255]
    got, notes = pixels(png8(levels, LINEAR, kind=0))
    assert notes == [] and np.abs(got[0, :, 0] - expected).max() <= 1  # a profile has 16 bits
    got, notes = pixels(png8(np.dstack([levels, 0 * levels, levels]), LINEAR))
    assert notes == [] and np.abs(got[0, :, 0] - expected).max() <= 1 and not got[..., 1].any()


@pytest.mark.parametrize(
    "parts",
    [
        [(b"sRGB", b"\0"), LINEAR, P3_PRIMARIES],  # the first has the word
        [(b"gAMA", in_units(0.45455))],
        [(b"gAMA", in_units(0))],  # means nothing
        [(b"cHRM", in_units(0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06))],
        [(b"cICP", bytes([1, 13, 0, 1]))],
    ],
)
def test_a_png_that_names_srgb_stays_as_it_is(parts):
    got, notes = pixels(png8(COLORS, *parts))
    np.testing.assert_array_equal(got, COLORS)
    assert notes == []


def test_the_primaries_of_a_png_are_applied():
    by_chunk, notes = pixels(png8(COLORS, (b"gAMA", in_units(1 / 2.2)), P3_PRIMARIES))
    by_profile, _ = pixels(saved(Image.fromarray(COLORS), icc_profile=P3))
    # both profiles are rounded, to 1/65536
    assert notes == [] and np.abs(by_chunk - by_profile).max() <= 1
    assert np.abs(by_chunk - COLORS).max() > 10


def test_a_profile_goes_before_gamma():
    named = (b"iCCP", b"x\0\0" + zlib.compress(P3))
    with_gamma, _ = pixels(png8(COLORS, named, LINEAR))
    np.testing.assert_array_equal(
        with_gamma, pixels(saved(Image.fromarray(COLORS), icc_profile=P3))[0]
    )


@pytest.mark.parametrize("values", [[0] * 8, [0.3, 0.3] * 4, [0.3127, 0, 1, 0, 0, 1, 0, 0]])
def test_primaries_that_no_colors_have_are_passed_over(values, recwarn):
    got, notes = pixels(png8(COLORS, (b"cHRM", in_units(*values))))
    np.testing.assert_array_equal(got, COLORS)
    assert notes == [PASSED_OVER] and not recwarn.list


def test_a_description_of_colors_that_is_not_read_is_told():
    _, notes = pixels(png8(COLORS, (b"cICP", bytes([12, 13, 0, 1]))))
    assert notes == ["Its colors are described by a cICP chunk, which was passed over."]


def test_one_bit_with_a_gray_profile():
    got, notes = pixels(saved(Image.new("1", (2, 2), 1), icc_profile=LINEAR_GRAY))
    assert notes == [] and got.min() == 255


@pytest.mark.parametrize("missing", [1, 100, 40_000])
def test_a_png_whose_rows_end_early_is_refused(missing):
    # noise, so that its stream has many parts: with few, Pillow notices it
    noise = np.random.RandomState(0).randint(0, 256, (200, 200, 3), dtype=np.uint8)
    body = b"".join(b"\0" + row.tobytes() for row in noise)
    assert read_picture(png8(noise, body=body))[0].tobytes() == noise.tobytes()
    with pytest.raises(ValueError, match="damaged or cut off"):
        read_picture(png8(noise, body=body[:-missing]))


def test_an_interlaced_png_is_read_to_its_last_row():
    gray = np.random.RandomState(0).randint(0, 256, (203, 205), dtype=np.uint8)
    # first row and column and the steps of the seven passes, as the PNG standard lists them
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2)]
    passes.append((1, 0, 2, 1))
    body = b"".join(b"\0" + row.tobytes() for y, x, dy, dx in passes for row in gray[y::dy, x::dx])
    got, _ = pixels(png8(gray, kind=0, interlaced=1, body=body))
    np.testing.assert_array_equal(got[..., 0], gray)
    for missing in (1, 20_000):
        with pytest.raises(ValueError, match="damaged or cut off"):
            read_picture(png8(gray, kind=0, interlaced=1, body=body[:-missing]))
    # narrower than the passes that begin to the right
    got, _ = pixels(png8([[7]], kind=0, interlaced=1, body=b"\0\7"))
    assert got.tolist() == [[[7, 7, 7]]]


def test_a_png_without_its_palette_is_refused():
    with pytest.raises(ValueError, match="damaged or cut off .its palette is missing"):
        read_picture(png8([[0, 1]], kind=3))


# ---- orientation and metadata -------------------------------------------------------------------


def test_a_photo_taken_sideways_is_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    got, notes = pixels(saved(Image.fromarray(COLORS), "PNG", exif=exif))
    np.testing.assert_array_equal(got, np.rot90(COLORS, -1))
    assert notes == []


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_damaged_exif_is_passed_over_with_one_note(kind, recwarn):
    damaged = b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\x12\x01\x03\0\xff\xff\xff\xff" * 3
    content = saved(Image.fromarray(COLORS).resize((16, 16), 0), kind, exif=damaged)
    image, notes = read_picture(content)
    assert image.size == (16, 16) and len(notes) <= 1
    assert all("EXIF" in note for note in notes)
    assert not recwarn.list  # nothing on stderr


def test_exif_without_a_head_is_passed_over_with_one_note(recwarn):
    exif = b"Exif\0\0\0\x08\0\x02\x01\x12\0\x03" + bytes(20)
    got, notes = pixels(saved(Image.fromarray(COLORS), "PNG", exif=exif))
    np.testing.assert_array_equal(got, COLORS)
    assert notes == ["Its EXIF data are damaged and were passed over."] and not recwarn.list


def test_a_small_file_of_very_many_pixels():
    with pytest.raises(ValueError, match="it has more pixels than can be read safely"):
        read_picture(saved(Image.new("1", (20_000, 20_000))))


def test_an_animation_gives_its_first_frame():
    frames = [Image.fromarray(COLORS), Image.new("RGB", (2, 2), "red")]
    content = saved(frames[0], "PNG", save_all=True, append_images=frames[1:])
    got, notes = pixels(content)
    np.testing.assert_array_equal(got, COLORS)
    assert notes == ["Only the first of its 2 frames is used."]


# ---- depth and transparency ---------------------------------------------------------------------


def png16(rows, channels, transparent=None):
    """A PNG file with 16 bits a channel, which Pillow does not write."""
    rows = np.asarray(rows, ">u2").reshape(len(rows), -1)
    head = struct.pack(">IIBBBBB", rows.shape[1] // channels, len(rows), 16,
                       {1: 0, 3: 2}[channels], 0, 0, 0)  # fmt: skip
    body = b"".join(b"\0" + row.tobytes() for row in rows)
    parts = [chunk(b"IHDR", head)]
    if transparent is not None:
        parts.append(chunk(b"tRNS", np.asarray(transparent, ">u2").tobytes()))
    parts += [chunk(b"IDAT", zlib.compress(body)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_sixteen_bits_of_gray_keep_the_upper_eight():
    got, _ = pixels(png16([[0, 255, 256, 32768, 65535]], 1))
    assert got[0, :, 0].tolist() == [0, 0, 1, 128, 255]


def test_a_dark_picture_of_sixteen_bits_stays_dark():
    got, _ = pixels(png16([[0, 100, 200]], 1))
    assert got.max() == 0


def test_sixteen_bits_with_a_transparent_color():
    got, _ = pixels(png16([[1000, 40000]], 1, transparent=[1000]))
    assert got[0, :, 0].tolist() == [255, 156]
    rows = [[[1000, 2000, 3000], [40000, 2000, 3000]]]
    got, _ = pixels(png16(rows, 3, transparent=[1000, 2000, 3000]))
    assert got[0].tolist() == [[255, 255, 255], [156, 7, 11]]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize(
    ("depth", "row", "key", "levels"),
    [
        (1, b"\xa0", 0, [255, 255, 255, 255]),  # 1 0 1 0
        (1, b"\xa0", 1, [255, 0, 255, 0]),
        (2, b"\x1b", 1, [0, 255, 170, 255]),  # 0 1 2 3
        (4, b"\x01\x2f", 2, [0, 17, 255, 255]),  # 0 1 2 15
        (8, b"\x00\x01\x02\x03", 2, [0, 1, 255, 3]),
    ],
)
def test_a_transparent_level_of_gray_at_every_depth(depth, row, key, levels):
    head = struct.pack(">IIBBBBB", 4, 1, depth, 0, 0, 0, 0)
    parts = [(b"IHDR", head), (b"tRNS", struct.pack(">H", key))]
    parts += [(b"IDAT", zlib.compress(b"\0" + row)), (b"IEND", b"")]
    got, notes = pixels(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts))
    assert got[0, :, 0].tolist() == levels and notes == []


def test_colors_multiplied_by_their_opacity():
    for mode in ("LA", "RGBA"):
        plain = Image.new(mode, (1, 1), (40, 128) if mode == "LA" else (40, 80, 120, 128))
        multiplied = plain.convert({"LA": "La", "RGBA": "RGBa"}[mode])
        expected = np.asarray(read_picture(plain)[0]).astype(int)
        # half of a level is lost in the product
        assert np.abs(np.asarray(read_picture(multiplied)[0]) - expected).max() <= 1


EXIF_HEAD = b"II*\0\x08\0\0\0"


def entry(tag, kind, count, value):
    return struct.pack("<HHI4s", tag, kind, count, value)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("before", "more", "rest"),
    [
        (b"Exif\0\0", [], b""),  # its name twice
        (b"", [entry(0x9204, 10, 1, struct.pack("<I", 100))], bytes(62) + b"\xff" * 4 + bytes(4)),
        (b"", [entry(282, 5, 2, struct.pack("<I", 38))], struct.pack("<4I", 72, 1, 72, 1)),
    ],
    ids=["twice", "minus one by zero", "two resolutions"],
)
def test_strange_exif_data_still_turn_the_photo(kind, before, more, rest):
    entries = [entry(0x0112, 3, 1, b"\x06\0\0\0"), *more]
    table = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    colors = np.kron(COLORS, np.ones((8, 16, 1), np.uint8))
    exif = b"Exif\0\0" + before + EXIF_HEAD + table + rest
    got, notes = pixels(saved(Image.fromarray(colors), kind, exif=exif, quality=95))
    assert notes == []
    # in the middles of its four parts, where blurred edges do not reach
    middles = np.rot90(COLORS, -1).astype(int)
    assert got.shape == (32, 16, 3) and np.abs(got[8::16, 4::8] - middles).max() <= 6


def test_a_palette_with_a_transparent_color():
    image = Image.fromarray(COLORS).convert("P", palette=Image.Palette.ADAPTIVE)
    first = image.getpixel((0, 0))
    got, _ = pixels(saved(image, transparency=first))
    assert got[0, 0].tolist() == [255, 255, 255] and got[1, 1].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("values", "kind", "levels"),
    [
        ([0.0, 0.5, 1.0], np.float32, [0, 128, 255]),
        ([0.0, 100.0, 255.0], np.float32, [0, 100, 255]),
        ([0, 100, 255], np.int32, [0, 100, 255]),
        ([0, 32768, 65535], np.int32, [0, 128, 255]),
        ([0, 32768, 65535], np.uint16, [0, 128, 255]),
    ],
)
def test_numbers_in_a_tiff(values, kind, levels):
    content = saved(Image.fromarray(np.array([values], dtype=kind)), "TIFF")
    got, _ = pixels(content)
    assert got[0, :, 0].tolist() == levels


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        ([-1.0, 2.0], np.float32, r"values run from -1 to 2; expected 0 to 1 or 0 to 255"),
        ([0.0, np.nan], np.float32, "not finite"),
        ([0, 70000], np.int32, "values run from 0 to 70000; expected 0 to 255 or 0 to 65535"),
    ],
)
def test_numbers_that_are_no_levels_are_refused(values, kind, message):
    content = saved(Image.fromarray(np.array([values], dtype=kind)), "TIFF")
    with pytest.raises(ValueError, match=message):
        read_picture(content)


# ---- what is no picture -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b"%PDF-1.7\n...", "a PDF document"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
        (b"\xef\xbb\xbf<svg/>", "an SVG drawing"),
        (b"<?xml version='1.0'?><!--" + b"x" * 3000 + b"--><svg/>", "an SVG drawing"),
        (b"\n<!DOCTYPE html><title>x</title>", "a web page"),
        (b"<html><body><svg/></body></html>", "a web page"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "a PostScript drawing"),
        (b"\xff\x0a" + bytes(60), "not a picture that can be read here"),
        (b"hello", "not a picture that can be read here"),
        (saved(Image.fromarray(COLORS).resize((64, 64)))[:90], "damaged or cut off"),
    ],
)
def test_what_is_no_picture_is_named(content, message):
    with pytest.raises(ValueError, match=message) as caught:
        read_picture(content)
    assert "\n" not in str(caught.value) and "0x" not in str(caught.value)


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="Windows has no devices among its files")
def test_a_device_is_refused():
    with pytest.raises(ValueError, match="it is a device, or has more than 1 GB; expected a pict"):
        read_picture("/dev/zero")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes among its files")
def test_a_pipe_is_read_and_a_film_is_not(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    content = saved(Image.fromarray(COLORS))
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=[content])
    writer.start()
    assert read_picture(tmp_path / "pipe")[0].tobytes() == COLORS.tobytes()
    writer.join()
    with open(tmp_path / "film.png", "wb") as film:
        film.truncate(2 * 10**9)  # takes no space on the disk
    with pytest.raises(ValueError, match="more than 1 GB"):
        read_picture(tmp_path / "film.png")


def test_heic_names_the_way_out_where_it_cannot_be_read(monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(ValueError, match="HEIC photo, which needs the package pillow-heif"):
        read_picture(b"\0\0\0\x18ftypheic" + bytes(100))


def test_heic_is_read_where_the_extra_is_installed():
    pillow_heif.register_heif_opener()
    image = Image.new("RGB", (32, 32), (200, 30, 60))
    got, _ = pixels(saved(image, "HEIF", quality=100))
    assert np.abs(got - [200, 30, 60]).max() <= 4  # lossy


def test_an_open_image_is_taken_too():
    image, notes = read_picture(Image.new("LA", (1, 1), (10, 128)))
    assert image.getpixel((0, 0)) == (132, 132, 132) and notes == []
