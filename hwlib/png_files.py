"""What a PNG file says and Pillow passes over: which colors are meant, how many rows there are."""

import struct
import zlib

import numpy as np

SRGB_GAMMA = 1 / 2.2
SRGB_PRIMARIES = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)  # of white, red, green, blue
D50 = np.array([0.9642, 1, 0.8249])  # the white of ICC profiles
BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by the type of colors
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
          (0, 1, 1, 2)]  # fmt: skip  # of an interlaced picture: first column, row, and the steps


def chunks(content):
    """Yield (name, data) of each part of a PNG file; nothing of any other file.

    Parameters
    ----------
    content : bytes
    """
    at = 8
    while content.startswith(b"\x89PNG\r\n\x1a\n") and at + 12 <= len(content):
        length, name = struct.unpack(">I4s", content[at : at + 8])
        yield name, content[at + 8 : at + 8 + length]
        at += 12 + length


def trouble(content):
    """Return what is wrong with a PNG file although Pillow reads it, or None."""
    parts = list(chunks(content))
    names = [name for name, _ in parts]
    if not parts or len(parts[0][1]) != 13:
        return None
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", parts[0][1])
    if kind == 3 and b"PLTE" not in names:
        return "its palette is missing"
    bits, expected = depth * CHANNELS[kind], 0
    for x, y, step_x, step_y in PASSES if interlaced else [(0, 0, 1, 1)]:
        columns, rows = -(-(width - x) // step_x), -(-(height - y) // step_y)
        if columns > 0 and rows > 0:
            expected += rows * (
                1 + -(-columns * bits // 8)
            )  # each row begins with a byte of its own
    inflate = zlib.decompressobj()
    for name, data in parts:
        while name == b"IDAT" and data and expected > 0:
            expected -= len(inflate.decompress(data, 1 << 20))
            data = inflate.unconsumed_tail
    return "its last rows are missing" if expected > 0 else None


def profile(info, gray):
    """Return the ICC profile that a PNG file's gamma and primaries stand for.

    Parameters
    ----------
    info : dict
        What Pillow read: "srgb", "gamma" and "chromaticity", where the file has them.
    gray : bool

    Returns
    -------
    bytes or None
        None if the colors are sRGB, as far as the file says.

    Raises
    ------
    ValueError
        If no color can have these primaries.
    """
    gamma = info.get("gamma") or SRGB_GAMMA
    primaries = info.get("chromaticity", SRGB_PRIMARIES)
    # libpng counts gammas as equal so; some programs write primaries with two digits
    usual = abs(gamma / SRGB_GAMMA - 1) < 0.05
    if "srgb" in info or usual and (gray or np.allclose(primaries, SRGB_PRIMARIES, atol=0.005)):
        return None
    curve = b"curv" + struct.pack(">IIH", 0, 1, round(min(256 / gamma, 65535)))
    tags = {b"desc": b"desc" + struct.pack(">II4s78x", 0, 4, b"PNG\0"), b"wtpt": _xyz(D50)}
    if gray:
        tags[b"kTRC"] = curve
    else:
        for name, color in zip("rgb", _adapted(primaries)):
            tags[f"{name}XYZ".encode()], tags[f"{name}TRC".encode()] = _xyz(color), curve
    return _packed(b"GRAY" if gray else b"RGB ", tags)


def _adapted(primaries):
    """Return red, green and blue as XYZ, shape (3, 3), with their sum, the white, moved to D50."""
    xy = np.reshape(primaries, (4, 2))
    with np.errstate(all="ignore"):
        xyz = np.column_stack([xy, 1 - xy.sum(axis=1)]) / xy[:, 1:]
    white, colors = xyz[0], xyz[1:]
    try:
        amounts = np.linalg.solve(colors.T, white)
        scales = np.diag(BRADFORD @ D50 / (BRADFORD @ white))
        result = (amounts[:, np.newaxis] * colors) @ (np.linalg.inv(BRADFORD) @ scales @ BRADFORD).T
    except np.linalg.LinAlgError:
        result = np.full((3, 3), np.nan)
    if not np.all(np.abs(result) < 2):
        raise ValueError(f"no colors have the primaries {primaries}")
    return result


def _xyz(color):
    return b"XYZ " + struct.pack(">I3i", 0, *(round(65536 * value) for value in color))


def _packed(space, tags):
    """Return a profile of version 2 for a screen; tags are {name: data}."""
    table, body, at = struct.pack(">I", len(tags)), b"", 132 + 12 * len(tags)
    for name, data in tags.items():
        data += b"\0" * (-len(data) % 4)
        table += struct.pack(">4sII", name, at + len(body), len(data))
        body += data
    head = struct.pack(">I4xI4s4s4s12x4s28x", at + len(body), 0x02100000, b"mntr", space, b"XYZ ",
                       b"acsp") + _xyz(D50)[8:]  # fmt: skip
    return head.ljust(128, b"\0") + table + body
