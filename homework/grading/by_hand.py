"""What a teacher gives as CSV files: points, comments, and who is in the class.

The results folder keeps both, as points.csv and roster.csv, and every later run uses them.
"""

import csv
import difflib
import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

from homework import tasks
from homework.checks.verdict import clean
from hwlib.commands import atomic_write

LONGEST_NAME = 200
LONGEST_COMMENT = 20_000
# Columns of grades.csv that the grader fills in; none of a teacher's own file.
COMPUTED = ("points", "out of", "total", "problem", "messages")
PERSON = ("submission", "name", "comment")
FORMULA = tuple("=+-@\t")  # what a spreadsheet would take for one
TAKE_BACK = "-"  # in a cell: nothing is given any more


def shown(name):
    """Return a submission's name as all tables have it."""
    return clean(name, LONGEST_NAME)


def sheet(lines):
    """Return lines of cells, a header first, as a CSV that a spreadsheet takes as it is."""
    head, *_ = lines = list(lines)
    text = io.StringIO()
    for cells in lines:
        csv.writer(text).writerow(
            # comments are a teacher's own words, and must come back as they are
            "'" + cell if str(cell).startswith(FORMULA) and column != "comment" else cell
            for column, cell in zip(head, cells)
        )
    return "\ufeff" + text.getvalue()  # the mark tells a spreadsheet that it is UTF-8


def _name(cell):
    """A name as it was before `sheet` wrote it."""
    return shown(cell[1:] if cell[:1] == "'" and cell[1:].startswith(FORMULA) else cell)


def _read(path, needed):
    """Return a CSV's columns, and {submission: (line, {column: cell})}."""
    reader = None
    try:
        # newlines of any system, also in a cell
        reader = csv.reader(io.StringIO(Path(path).read_text(encoding="utf-8-sig")), strict=True)
        lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not in UTF-8: save it as a CSV in UTF-8") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    except csv.Error as error:
        raise ValueError(f"{path}, line {reader.line_num}: this is not a CSV: {error}") from None
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
        name = _name(row["submission"])
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
    return {name: _name(row["name"]) for name, (_, row) in rows.items()}


@dataclass
class Points:
    """What one file gives.

    Attributes
    ----------
    cells : dict
        {submission: {task: points, "comment": text}}, with "" for an empty cell and `TAKE_BACK`.
    is_table : bool
        Whether it is a grades.csv, or a part of one, which has the grader's own points too.
    """

    cells: dict
    is_table: bool


def read_points(path, known):
    """Return the `Points` of a file.

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
        if column and column not in (*tasks.TASKS, *COMPUTED, *PERSON):
            raise ValueError(
                f"{path}, line 1: {column!r} is not a task; expected such as 1a, or comment"
            )
    given, known = {}, sorted(known)
    for name, (line, row) in rows.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 3)
            there = (
                f"Did you mean {', '.join(near)}?" if near else f"There is {', '.join(known[:3])}."
            )
            raise ValueError(
                f"{path}, line {line}: there is no submission {name!r}. {there} "
                "A student without code must be on the roster (--roster)"
            )
        given[name] = {
            column: _value(f"{path}, line {line}: {name}", column, cell)
            for column, cell in row.items()
            if column in tasks.TASKS or column == "comment"
        }
    return Points(given, any(column in head for column in COMPUTED))


def _value(place, column, cell):
    if cell in ("", TAKE_BACK):
        return cell
    if column == "comment":
        return clean(cell, LONGEST_COMMENT)
    most = tasks.TASKS[column].out_of
    try:
        value = float(cell)
    except ValueError:
        value = -1.0
    if not 0 <= value <= most:
        raise ValueError(
            f"{place}, {column}: expected a number from 0 to {most}, or {TAKE_BACK} to take it "
            f"back, got {cell!r}"
        )
    return int(value) if value == int(value) else value


class ByHand:
    """What a class's teacher has given, in this run and before.

    Everything is read when it is made, so that a mistake in a file stops a run before it grades.

    Parameters
    ----------
    out : Path
        The results folder.
    points, roster : str or Path or None
        The files that are given now.
    handed_in : iterable of str
        The submissions, as `shown`.

    Attributes
    ----------
    names : dict
        {submission: name}, the roster.
    points : dict
        {submission: {task: points, "comment": text}}
    """

    def __init__(self, out, points, roster, handed_in):
        self.kept_points, self.kept_roster = out / "points.csv", out / "roster.csv"
        self.table, self.marks = out / "grades.csv", out / "submissions" / "written.txt"
        # the kept file itself says nothing new
        points = None if _same(points, self.kept_points) else points
        self.new_roster = None if _same(roster, self.kept_roster) else roster
        before = read_roster(self.kept_roster) if self.kept_roster.exists() else {}
        self.names = read_roster(self.new_roster) if self.new_roster else before
        self.gone = [name for name in before if name not in self.names]
        self.handed_in = set(handed_in)
        known = {*self.handed_in, *self.names}
        self.points, self.replaced, self.left, self.changes = {}, [], [], []
        if self.kept_points.exists():
            self._merge(read_points(self.kept_points, known), {})
        self.new = read_points(points, known) if points else None
        self.known_tables = self._marks()
        if _same(points, self.table):
            self.known_tables.append(_mark(self.table.read_bytes()))
        self._refuse_if_filled_in()

    def _refuse_if_filled_in(self):
        if self.table.exists() and _mark(self.table.read_bytes()) not in self.known_tables:
            raise ValueError(
                f"{self.table} has changed since the last run wrote it. To use what was filled in, "
                f"add --points {self.table}. If nothing was, delete it"
            )

    def _marks(self):
        return self.marks.read_text(encoding="utf-8").split() if self.marks.exists() else []

    def write_table(self, text):
        """Write grades.csv, and remember what was written."""
        # the mark first: whenever a run is killed, the file that is there has its mark
        mark = _mark(text.encode("utf-8", "replace"))
        write(self.marks, "\n".join([*self._marks()[-1:], mark]))
        write(self.table, text)

    def keep(self, graded):
        """Put what is given now over what was kept, and write both down.

        Parameters
        ----------
        graded : dict
            {submission: its records, of this run and of the one before}
        """
        self._refuse_if_filled_in()  # grading has taken its time
        if self.new:
            self.replaced, self.left = self._merge(self.new, graded)
            write(self.kept_points, sheet(self._lines()))
        if self.new_roster:
            write(self.kept_roster, sheet([["submission", "name"], *self.names.items()]))

    def _merge(self, given, graded):
        """Return what was replaced, and what is still kept although its cell is empty."""
        replaced, left = [], []
        for name, cells in given.cells.items():
            own = self.points.setdefault(name, {})
            tables = [record["tasks"] for record in graded.get(name, ())]
            for column, cell in cells.items():
                old = own.get(column)
                if given.is_table and any(
                    column in table and table[column]["points"] == cell for table in tables
                ):
                    cell = TAKE_BACK  # the grader's own points: nobody has changed them
                if cell == "":
                    left += [] if old is None else [f"{name} {column} is {old}"]
                    continue
                if cell == TAKE_BACK:
                    own.pop(column, None)
                else:
                    own[column] = cell
                if old not in (None, own.get(column)):
                    replaced.append(f"{name} {column} was {old}")
        return replaced, left

    def _lines(self):
        given = {name: own for name, own in sorted(self.points.items()) if own}
        every = {column for own in given.values() for column in own}
        columns = [column for column in (*tasks.TASKS, "comment") if column in every]
        yield ["submission", *columns]
        for name, own in given.items():
            yield [name, *(own.get(column, "") for column in columns)]

    def enter(self, record, name):
        """Put what is given for a submission into its record."""
        record["submission"] = shown(name)
        own = self.points.get(record["submission"], {})
        record["name"] = self.names.get(record["submission"], "")
        record["comment"] = own.get("comment", "")
        record["by_hand"] = {
            task.label: own[task.label] for task in tasks.written() if task.label in own
        }
        record["changed"] = {}
        for label, task in record["tasks"].items():
            if own.get(label, task["points"]) != task["points"]:
                record["changed"][label] = own[label]
                self.changes.append(f"{shown(name)} {label} from {task['points']} to {own[label]}")

    def said(self):
        """Yield what a teacher should know, a line each."""
        used = [str(path) for path in (self.kept_points, self.kept_roster) if path.exists()]
        strangers = sorted(self.handed_in - set(self.names)) if self.names else []
        for what, listed in (
            ("used by every run", used),
            ("changed by hand", self.changes),
            ("replaced or taken back", self.replaced),
            (f"kept, though the cell is empty ({TAKE_BACK} takes points back)", self.left),
            ("no longer on the roster", self.gone),
            ("not on the roster", strangers),
        ):
            if listed:
                yield f"{what}: {clean(', '.join(listed), 2000)}"


def _same(path, other):
    return path is not None and Path(path).resolve() == other.resolve()


def _mark(content):
    return hashlib.sha256(content).hexdigest()


def write(path, text):
    """Write a file whole or not at all."""
    with atomic_write(path) as aside:
        aside.write_text(text, encoding="utf-8", errors="replace", newline="")
