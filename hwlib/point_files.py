"""Tables of points as people have them: tabs, commas or semicolons, with or without a header."""

import codecs
import re
from pathlib import Path

import numpy as np

MARKS = {  # byte-order marks, as Excel and Notepad write them
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
SEPARATORS = {"\t": "tabs", ";": "semicolons", ",": "commas", " ": "spaces"}
DECIMAL_COMMA = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")


def read_points(source):
    """Read a table of numbers, one point to a line.

    Columns may be separated by tabs, semicolons, commas or spaces. A header is passed over.
    Numbers may have decimal commas, where commas do not separate columns.

    Parameters
    ----------
    source : str, pathlib.Path or bytes
        A file's path or its content.

    Returns
    -------
    X : ndarray, shape (n, d), of float64
    notes : list of str
        A sentence for each thing that is unlike plain tab-separated numbers.

    Raises
    ------
    OSError
        If the file cannot be opened.
    ValueError
        If it is no table of numbers. Lines and columns are counted from 1, as editors do.

    Examples
    --------
    >>> read_points(b"x;y\\n1,5;2\\n3;4\\n")[0].tolist()
    [[1.5, 2.0], [3.0, 4.0]]
    """
    content = source if isinstance(source, bytes) else Path(source).read_bytes()
    text, notes = _decode(content)
    lines = [(at, line) for at, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines:
        raise ValueError("it is empty; expected a point on each line")
    separator = _separator([line for _, line in lines[:20]])
    if separator != "\t":
        notes.append(f"Its columns are separated by {SEPARATORS[separator]}.")
    commas = separator != "," and _has_decimal_commas(lines[:20], separator)
    if commas:
        notes.append("Its numbers have decimal commas.")
    head = [cell for _, cell in _cells(lines[0][1], separator)]
    if len(lines) > 1 and all(_number(cell, commas) is None for cell in head):
        at, _ = lines.pop(0)
        notes.append(f"Line {at} was passed over as a header: {', '.join(head)[:80]}")
    try:
        X = np.loadtxt(
            [line.replace(",", ".") if commas else line for _, line in lines],
            delimiter=None if separator == " " else separator,
            comments=None,
            ndmin=2,
            quotechar='"',
        )
    except ValueError:
        X = np.array([[np.nan]])
    if not np.isfinite(X).all():
        raise ValueError(_first_fault(lines, separator, commas))
    return X, notes


def _first_fault(lines, separator, commas):
    """Return what is wrong in a table, and where."""
    first, width = lines[0][0], len(_cells(lines[0][1], separator))
    for at, line in lines:
        cells = _cells(line, separator)
        if len(cells) != width:
            values = "1 value" if len(cells) == 1 else f"{len(cells)} values"
            return f"line {at} has {values}, and line {first} has {width}; expected equal numbers"
        for column, cell in cells:
            value = _number(cell, commas)
            if value is None or not np.isfinite(value):
                kind = "no number" if value is None else "not finite"
                return f"line {at}, column {column}: {_short(cell)} is {kind}"
    return f"it is no table of numbers separated by {SEPARATORS[separator]}"


def _decode(content):
    for mark, encoding in MARKS.items():
        if content.startswith(mark):
            text = content[len(mark) :].decode(encoding, errors="replace")
            return text, ["It begins with a byte-order mark, which was passed over."]
    if b"\0" in content:
        raise ValueError("it is no text; expected numbers with tabs between them")
    return content.decode("utf-8", errors="replace"), []


def _separator(lines):
    """Return what separates columns: the first of tab, semicolon, comma and space that all have."""
    for separator in "\t;":
        if all(separator in line for line in lines):
            return separator
    # "1,5 2,5" has decimal commas; "1, 5" and "1,5" have separating ones
    if all("," in line for line in lines):
        words = [line.split() for line in lines]
        decimal = all(DECIMAL_COMMA.fullmatch(word) for line in words for word in line)
        return " " if decimal and all(len(line) > 1 for line in words) else ","
    return " " if all(len(line.split()) > 1 for line in lines) else "\t"


def _cells(line, separator):
    """Return (column, text) of each cell of a line; quotation marks around it are dropped."""
    if separator == " ":
        found = [(match.start(), match[0]) for match in re.finditer(r"\S+", line)]
    else:
        found, at = [], 0
        for cell in line.split(separator):
            found.append((at + len(cell) - len(cell.lstrip()), cell.strip()))
            at += len(cell) + 1
    return [(start + 1, cell.strip("\"'").strip()) for start, cell in found]


def _has_decimal_commas(lines, separator):
    cells = [cell for _, line in lines for _, cell in _cells(line, separator)]
    points = any(re.fullmatch(r"[+-]?\d*\.\d+", cell) for cell in cells)
    return not points and any(DECIMAL_COMMA.fullmatch(cell) for cell in cells)


def _number(cell, commas):
    try:
        return float(cell.replace(",", ".") if commas else cell)
    except ValueError:
        return None


def _short(cell):
    return repr(cell if len(cell) <= 20 else cell[:19] + "…") if cell else "an empty cell"
