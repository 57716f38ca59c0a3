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
SHEET = "it is a spreadsheet or an archive; export the sheet as CSV and try again"


def read_points(source):
    """Read a table of numbers, one point to a line.

    Columns may be separated by tabs, semicolons, commas or spaces. A header is passed over, and
    so are lines that begin with #. Numbers may have decimal commas, where commas do not separate
    columns.

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
        If it is not a table of numbers. Lines and columns are counted from 1, as editors do.

    Examples
    --------
    >>> read_points(b"x;y\\n1,5;2\\n3;4\\n")[0].tolist()
    [[1.5, 2.0], [3.0, 4.0]]
    """
    content = source if isinstance(source, bytes) else Path(source).read_bytes()
    text, notes = _decode(content)
    lines = re.split(r"\r\n|\r|\n", text)  # and at nothing else: so editors count lines
    lines = [(at, line) for at, line in enumerate(lines, 1) if line.strip()]
    comments = [at for at, line in lines if line.lstrip().startswith("#")]
    if comments:
        lines = [(at, line) for at, line in lines if not line.lstrip().startswith("#")]
        notes.append(f"Line {comments[0]} was passed over, which begins with #.")
        if len(comments) > 1:
            notes[-1] = f"{len(comments)} lines were passed over, which begin with #."
    told = lines and re.fullmatch(r"sep=([\t;,])", lines[0][1])  # Excel's own first line
    if told:
        lines.pop(0)
    if not lines:
        raise ValueError("it is empty; expected a point on each line")
    separator = told[1] if told else _separator([line for _, line in lines[:20]])
    if separator != "\t":
        notes.append(f"Its columns are separated by {SEPARATORS[separator]}.")
    commas = separator != "," and _has_decimal_commas(lines[:20], separator)
    if commas:
        notes.append("Its numbers have decimal commas.")
    head, named = [cell for _, cell in _cells(lines[0][1], separator)], False
    if len(lines) > 1 and all(_number(cell, commas) is None for cell in head):
        (at, _), named = lines.pop(0), True
        notes.append(f"Line {at} was skipped as a header: {', '.join(head)[:80]}")
    try:
        X = np.loadtxt(
            [line.replace(",", ".") if commas else line for _, line in _plain(lines)],
            delimiter=None if separator == " " else separator,
            comments=None,
            ndmin=2,
            quotechar='"',
        )
    except ValueError:
        X = np.array([[np.nan]])
    if not np.isfinite(X).all():
        raise ValueError(_first_fault(lines, separator, commas))
    if named and X.shape[1] > 1 and (head[0] == "" or len(head) == X.shape[1] - 1):
        first = X[:, 0] - np.arange(len(X))
        if first[0] in (0, 1) and (first == first[0]).all():
            X = X[:, 1:]
            notes.append("Its first column has no name and numbers the lines: it was passed over.")
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
                kind = "not a number" if value is None else "not finite"
                return f"line {at}, column {column}: {_short(cell)} is {kind}"
    return f"it is not a table of numbers separated by {SEPARATORS[separator]}"


def _plain(lines):
    """Return the lines with the minus signs of typography as hyphens."""
    return [(at, line.replace("\N{MINUS SIGN}", "-")) for at, line in lines]


def _decode(content):
    if content.startswith(b"PK\x03\x04"):
        raise ValueError(SHEET)
    for mark, encoding in MARKS.items():
        if content.startswith(mark):
            text = content[len(mark) :].decode(encoding, errors="replace")
            return text, ["It begins with a byte-order mark, which was passed over."]
    if b"\0" in content:
        raise ValueError("it is not text; expected numbers with tabs between them")
    try:
        return content.decode("utf-8"), []
    except UnicodeDecodeError:  # written by an older Windows; only a header can hold such letters
        return content.decode("cp1252", errors="replace"), []


def _separator(lines):
    """Return what separates columns: the first of tab, semicolon, comma, space that most have."""

    def most(have):
        return sum(map(bool, have)) > len(lines) / 2

    for separator in "\t;":
        if most(separator in line for line in lines):
            return separator
    # "1,5 2,5" has decimal commas; "1, 5" and "1,5" have separating ones
    if most("," in line for line in lines):
        words = [line.split() for line in lines]
        decimal = most(all(map(DECIMAL_COMMA.fullmatch, line)) and len(line) > 1 for line in words)
        return " " if decimal else ","
    return " " if most(len(line.split()) > 1 for line in lines) else "\t"


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
    cell = cell.replace("\N{MINUS SIGN}", "-")
    try:
        plain = cell.isascii() and "_" not in cell  # Python alone reads 1_000 as a number
        return float(cell.replace(",", ".") if commas else cell) if plain else None
    except ValueError:
        return None


def _short(cell):
    return repr(cell if len(cell) <= 20 else cell[:19] + "…") if cell else "an empty cell"
