"""The data files that the homework comes with."""

import io
from functools import cache
from pathlib import Path

NAMES = ("data.tsv", "original.png")
# On Gradescope they lie here, where the book is not.
FOLDER = Path(__file__).with_name("data")


def named_in(files):
    """Return the data files that a submission's files name: they may read them when loaded."""
    text = b"".join(files.values())
    return {name: content(name) for name in NAMES if name.encode() in text and name not in files}


@cache
def content(name):
    """Return the bytes of a data file, from the book."""
    if (FOLDER / name).exists():
        return (FOLDER / name).read_bytes()
    from hwlib import datasets

    if name == "data.tsv":
        rows = ("\t".join(f"{x:.3f}" for x in row) + "\n" for row in datasets.plane_points())
        return "".join(rows).encode()
    picture = io.BytesIO()
    datasets.photograph().convert("RGBA").save(picture, "PNG", optimize=True)
    return picture.getvalue()
