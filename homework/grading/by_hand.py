"""What a teacher gives as CSV files: points, comments, and who is in the class."""

import csv
import difflib
import io
from pathlib import Path

from homework import tasks
from homework.checks.verdict import clean

LONGEST_NAME = 200
LONGEST_COMMENT = 20_000
# Columns of grades.csv that say what the grader knows by itself.
COMPUTED = ("name", "points", "out of", "total", "problem", "messages")
FORMULA = tuple("=+-@\t")  # what a spreadsheet would take for one


def shown(name):
    """Return a submission's name as all tables have it."""
    return clean(name, LONGEST_NAME)


def sheet(lines):
    """Return lines of cells as a CSV that a spreadsheet takes as it is."""
    text = io.StringIO()
    for cells in lines:
        csv.writer(text).writerow(
            ["'" + c if isinstance(c, str) and c.startswith(FORMULA) else c for c in cells]
        )
    return "\ufeff" + text.getvalue()  # the mark tells a spreadsheet that it is UTF-8


def _plain(cell):
    """Undo what `sheet` does to a cell."""
    return cell[1:].strip() if cell[:1] == "'" and cell[1:].startswith(FORMULA) else cell.strip()


def _read(path, needed):
    """Return a CSV's columns, and {submission: (line, {column: cell})}."""
    reader = None
    try:
        # newlines of any system, also in a cell
        reader = csv.reader(io.StringIO(Path(path).read_text(encoding="utf-8-sig")), strict=True)
        lines = [(reader.line_num, [_plain(cell) for cell in cells]) for cells in reader]
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not in UTF-8: save it as a CSV in UTF-8") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num}: this is no CSV: {error}") from None
    head = lines[0][1] if lines else []
    if not set(needed) <= set(head):
        got = repr(", ".join(head)[:100]) if head else "nothing"
        columns = " and ".join(needed)
        raise ValueError(
            f"{path}, line 1: expected a header with {columns}, separated by commas, got {got}"
        )
    for column in head:
        if column and head.count(column) > 1:
            raise ValueError(f"{path}, line 1: there are two columns {column!r}")
    rows = {}
    for number, cells in lines[1:]:
        place = f"{path}, line {number}"
        if any(cells[len(head) :]):
            raise ValueError(f"{place}: expected {len(head)} cells as in line 1, got {len(cells)}")
        row = dict(zip(head, cells + [""] * len(head)))
        name = shown(row["submission"])
        if name in rows:
            raise ValueError(f"{place}: {name} stands in it twice, first in line {rows[name][0]}")
        if name:
            rows[name] = (number, row)
        elif any(cells):
            raise ValueError(f"{place}: the submission's name is missing")
    return head, rows


def read_roster(path):
    """Return {submission: name} of everyone in the class."""
    _, rows = _read(path, ["submission", "name"])
    return {name: clean(row["name"], LONGEST_NAME) for name, (_, row) in rows.items()}


def read_points(path, known):
    """Return the points that a person gives: {submission: {task: points, "comment": text}}.

    Parameters
    ----------
    path : str or Path
        A CSV with the column submission, one for each task, and comment. It may be a grades.csv.
    known : iterable of str
        The submissions, and who else is in the class.

    Raises
    ------
    ValueError
        If anything in it cannot be understood, with the file, the line, and what is accepted.
    """
    head, rows = _read(path, ["submission"])
    for column in head:
        if column and column not in (*tasks.TASKS, *COMPUTED, "submission", "comment"):
            raise ValueError(
                f"{path}, line 1: {column!r} is not a task; expected such as 1a, or comment"
            )
    given, known = {}, sorted(known)
    for name, (line, row) in rows.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 3) or [*known[:3], "..."]
            raise ValueError(
                f"{path}, line {line}: there is no submission {name!r}; there is "
                f"{', '.join(near)}. Who handed in no code must be on the roster (--roster)"
            )
        given[name] = {
            column: _points(f"{path}, line {line}: {name}", column, cell)
            for column, cell in row.items()
            if cell and column in tasks.TASKS
        }
        if row.get("comment"):
            given[name]["comment"] = clean(row["comment"], LONGEST_COMMENT)
    return given


def _points(place, label, cell):
    most = tasks.TASKS[label].out_of
    try:
        value = float(cell)
    except ValueError:
        value = -1.0
    if not 0 <= value <= most:
        raise ValueError(f"{place}, {label}: expected a number from 0 to {most}, got {cell!r}")
    return int(value) if value == int(value) else value
