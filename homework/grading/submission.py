"""Read what a student handed in, without trusting it: a folder, a zip, loose files, notebooks.

Nothing is unpacked and no link is followed: the few small files that are wanted are read into
memory. Names are as the learning platforms make them: `name_12345_backprop-1.py`.
"""

import ast
import difflib
import io
import itertools
import json
import os
import re
import stat
import time
import zipfile
import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from homework import tasks
from homework.checks.rewriting import of_notebook
from homework.checks.verdict import clean

LARGEST = 1 << 20  # bytes of one file
LARGEST_ZIP = 50 << 20  # bytes of a zip inside another
MOST = 5_000  # files that are looked at
DEEPEST = 12  # folders inside each other
SECONDS = 5.0  # for looking at one submission
IGNORED = re.compile(r"__MACOSX|__pycache__|\..*|.*\.egg-info|venv|site-packages")

# backprop.py, Backprop (1).PY, adalovelace_123_456_backprop-2.py, HW3_ada_attempt_…_kmeans.ipynb
NAME = re.compile(
    r"(?P<who>.*?)[_ -]*(?<![a-z])(?P<module>{})(?P<version>[ _-]*\(?\d*\)?| ?-? ?copy)"
    r"\.(?P<kind>py|ipynb)",
    re.IGNORECASE,
)
# What stands before the name of a file, by platform: a name, and often a number.
PLATFORMS = [
    re.compile(r"(?i).+?_(?P<who>[^_]+)_attempt_[\d-]+"),  # Blackboard
    re.compile(r"(?i)(?P<who>.+?)_(?P<id>\d+)_assignsubmission_file"),  # Moodle
    re.compile(r"(?i)(?P<who>[^_]+)(_late)?_(?P<id>\d+)(_\d+)?"),  # Canvas
]


@dataclass
class Submission:
    """What was handed in.

    Attributes
    ----------
    name : str
    files : dict of str to bytes
        "backprop.py" and "kmeans.py" as far as they are there, and the Python files beside them.
    notes : list of str
        Sentences on what was left out or chosen, and why.
    problem : str or None
        Why it cannot be graded.
    unpacked : int
        Bytes that were taken out of zips.
    """

    name: str
    files: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)
    problem: str | None = None
    unpacked: int = 0

    def note(self, text):
        if len(self.notes) < 20:
            self.notes.append(clean(text, 300))


@dataclass
class Entry:
    """A file that may be wanted: where it stands, and how it is read."""

    path: PurePosixPath
    size: int
    changed: float
    read: object

    @property
    def match(self):
        return name_of(self.path.name)


def modules():
    """Return the names of the modules that are handed in."""
    return list(dict.fromkeys(task.module for task in tasks.code()))


def name_of(name):
    """Return what a file's name says: module, kind, who, version; or None."""
    pattern = re.compile(NAME.pattern.replace("{}", "|".join(modules())), re.IGNORECASE)
    return pattern.fullmatch(name)


def student(name):
    """Return whose a file of a flat download is by its name, and their number there, if any."""
    match = name_of(name)
    who = match["who"] if match else ""
    for pattern in PLATFORMS:
        if found := pattern.fullmatch(who):
            return found["who"], found.groupdict().get("id") or ""
    return who, ""


def collect(path, members=None):
    """Return the `Submission` in a folder or zip file; its `problem` tells what is wrong.

    Parameters
    ----------
    path : str or Path
    members : list of str, optional
        In a folder of loose files: the names of those that are this student's.
    """
    path = Path(path)
    is_zip = path.suffix.lower() == ".zip" and not path.is_dir()
    name = path.stem if is_zip else path.resolve().name
    submission = Submission(clean(student(members[0])[0] if members else name, 200))
    try:
        if path.is_dir():
            entries = list(_folder(path, submission, members))
        elif is_zip and path.is_file():
            with zipfile.ZipFile(path) as archive:
                entries = list(_archive(archive, submission))
                _choose(submission, entries)
        else:
            there = "it is neither a folder nor a zip" if path.exists() else "it does not exist"
            submission.problem = clean(f"{path.name} cannot be graded: {there}.")
            return submission
        if path.is_dir():
            _choose(submission, entries)
    except (OSError, RuntimeError, ValueError, EOFError, NotImplementedError,
            zipfile.BadZipFile, zlib.error) as error:  # fmt: skip
        why = getattr(error, "strerror", None) or str(error)
        submission.problem = clean(f"{path.name} cannot be read: {why}.")
        return submission
    wanted = [f"{module}.py" for module in modules()]
    if not set(wanted) & set(submission.files):
        submission.problem = clean(
            f"There is no {' and no '.join(wanted)} in {submission.name}: {_near(entries, wanted)}."
        )
    return submission


def _near(entries, wanted):
    """Say what is there instead."""
    names = [entry.path.name for entry in entries]
    if not names:
        return "it is empty"
    near = [n for want in wanted for n in difflib.get_close_matches(want, names, 3, 0.5)]
    near = list(dict.fromkeys([*near, *sorted(names, key=lambda n: not n.endswith(".py"))]))[:5]
    more = f" and {len(names) - len(near)} more" if len(names) > len(near) else ""
    return f"there is {', '.join(near)}{more}"


def _choose(submission, entries):
    """Take the wanted files out of the entries, and the Python files beside them."""
    for module in modules():
        wanted = f"{module}.py"
        found = [e for e in entries if e.match and e.match["module"].lower() == module]
        if not found:
            found = [e for e in entries if _defines(e, module)]
            if found:
                submission.note(f"{found[0].path} is graded as {wanted}, which it defines.")
        # a program before a notebook, the shallower, the newer, the higher number
        found.sort(key=lambda e: (_is_notebook(e), len(e.path.parts), -e.changed,
                                  -_version(e), str(e.path)))  # fmt: skip
        others = [e for e in found[1:] if _is_notebook(e) == _is_notebook(found[0])]
        if others:
            why = "not so deep" if len(others[0].path.parts) > len(found[0].path.parts) else "newer"
            names = ", ".join(str(e.path) for e in others[:3])
            submission.note(f"{found[0].path} is graded, and not {names}: it is {why}.")
        for entry in found[:1]:
            content = _read_entry(submission, entry)
            if content is None:
                continue
            if _is_notebook(entry):
                content = _program(submission, entry, content)
            submission.files[wanted] = content
            beside = [e for e in entries if e.path.parent == entry.path.parent and not e.match]
            for other in [e for e in sorted(beside, key=lambda e: e.path) if _is_python(e)][:20]:
                more = _read_entry(submission, other)
                if more is not None:
                    submission.files.setdefault(other.path.name, more)


def _is_notebook(entry):
    return entry.path.suffix.lower() == ".ipynb"


def _is_python(entry):
    return entry.path.suffix == ".py"


def _version(entry):
    digits = re.sub(r"\D", "", entry.match["version"]) if entry.match else ""
    return int(digits[:9] or 0)


def _defines(entry, module):
    """Whether a file of another name defines what the module's tasks ask for."""
    if not (_is_notebook(entry) or _is_python(entry)) or entry.size > LARGEST:
        return False
    names = {name for task in tasks.code() if task.module == module for name in task.names}
    content = entry.read()
    return any(f"{what} {name}".encode() in content for name in names for what in ("def", "class"))


def _read_entry(submission, entry):
    if entry.size > LARGEST:
        megabytes = f"{entry.size / 1e6:,.0f}"
        submission.note(
            f"{entry.path} is left out: it has {megabytes} MB, and at most 1 MB is read."
        )
        return None
    try:
        content = entry.read()
    except OSError as error:
        submission.note(f"{entry.path} cannot be read: {error.strerror or error}.")
        return None
    if len(content) > LARGEST:
        submission.note(f"{entry.path} is left out: more than 1 MB is in it.")
        return None
    return content


def _program(submission, entry, content):
    """Return the code cells of a notebook as a program."""
    try:
        cells = json.loads(content)["cells"]
        code = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
        text = of_notebook([each if isinstance(each, str) else "".join(each) for each in code])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        submission.note(f"{entry.path} cannot be read as a notebook: {error}.")
        return b"raise SyntaxError('the notebook cannot be read')\n"
    submission.note(f"{entry.path} is a notebook: its code cells are graded.")
    return text.encode("utf-8", "replace")


def same(files):
    """Return a mark that is equal for submissions with the same code, however it is formatted."""
    parts = []
    for module in modules():
        content = files.get(f"{module}.py", b"")
        try:
            parts.append(ast.dump(ast.parse(content)))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            parts.append(content)
    return repr(parts)


# ------------------------------------------------------------------------------------- entries

HERE = PurePosixPath()


def _folder(top, submission, members=None):
    count, deep, latest = 0, False, time.monotonic() + SECONDS
    pending = [PurePosixPath()]
    while pending:
        relative = pending.pop(0)
        with os.scandir(top / relative) as found:
            inside = sorted(itertools.islice(found, MOST), key=lambda entry: entry.name)
        for entry in inside:
            path = relative / entry.name
            if members is not None and (entry.name not in members or entry.is_dir()):
                continue
            count += 1
            if count > MOST or time.monotonic() > latest:
                submission.note(f"Only the first {count - 1:,} files are looked at.")
                return
            if entry.is_symlink():
                if entry.name.lower().endswith((".py", ".ipynb", ".zip")) or os.path.isdir(entry):
                    submission.note(f"{path} is left out: it is a link.")
            elif entry.is_dir():
                if not IGNORED.fullmatch(entry.name):
                    if len(path.parts) < DEEPEST:
                        pending.append(path)
                    elif not deep:
                        deep = True
                        submission.note(f"{path} is left out: it is {DEEPEST} folders deep.")
            elif not entry.is_file():
                if entry.name.lower().endswith((".py", ".ipynb")):
                    submission.note(f"{path} is left out: it is not an ordinary file.")
            elif not IGNORED.fullmatch(entry.name):
                kind = entry.stat(follow_symlinks=False)
                place = entry.path
                yield Entry(path, kind.st_size, kind.st_mtime, lambda place=place: _read(place))
                if path.suffix.lower() == ".zip" and kind.st_size > LARGEST_ZIP:
                    submission.note(f"{path} is left out: it has {kind.st_size / 1e6:,.0f} MB.")
                elif path.suffix.lower() == ".zip":
                    try:
                        with zipfile.ZipFile(place) as archive:
                            yield from list(_archive(archive, submission, path.with_suffix(""), 1))
                    except (OSError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error):
                        submission.note(f"{path} is left out: it cannot be read as a zip.")


def _read(path):
    """Read a file that is neither a link nor a pipe, and not too much of it."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError("it is not an ordinary file")
        return file.read(LARGEST + 1)


def _archive(archive, submission, inside=HERE, depth=0):
    for info in archive.infolist()[:MOST]:
        name = info.filename.replace("\\", "/")
        path = PurePosixPath(name)
        if info.is_dir():
            continue
        if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name):
            submission.note(f"{name} is left out: it points outside of the zip.")
        elif stat.S_ISLNK(info.external_attr >> 16):
            submission.note(f"{name} is left out: it is a link.")
        elif not any(IGNORED.fullmatch(part) for part in path.parts):
            small = path.suffix.lower() in (".py", ".ipynb") and info.file_size <= LARGEST
            try:
                # A zip that is inside another is closed by the time its files are wanted.
                content = _unpack(submission, archive, info, LARGEST) if small else None
                yield Entry(
                    inside / path,
                    info.file_size,
                    _date(info),
                    lambda content=content: content or b"",
                )
                if path.suffix.lower() == ".zip" and depth < 2 and info.file_size <= LARGEST_ZIP:
                    data = _unpack(submission, archive, info, LARGEST_ZIP)
                    with zipfile.ZipFile(io.BytesIO(data)) as nested:
                        yield from list(
                            _archive(nested, submission, inside / path.with_suffix(""), depth + 1)
                        )
            except (OSError, ValueError, RuntimeError, EOFError, NotImplementedError,
                    zipfile.BadZipFile, zlib.error) as error:  # fmt: skip
                submission.note(f"{inside / path} is left out: it cannot be unpacked ({error}).")


def _unpack(submission, archive, info, most):
    if submission.unpacked > LARGEST_ZIP:
        raise ValueError("the zip holds too much")
    with archive.open(info) as file:
        content = file.read(most + 1)
    submission.unpacked += len(content)
    return content


def _date(info):
    try:
        return time.mktime((*info.date_time, 0, 0, -1))
    except (OverflowError, ValueError):
        return 0.0


# ------------------------------------------------------------------------------------- a class


def of_class(folder):
    """Return a class's submissions, (path, members) by name, and the names that belong to none."""
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder")
    found, flat, left = {}, defaultdict(list), []
    for path in sorted(folder.iterdir()):
        if IGNORED.fullmatch(path.name):
            continue
        if path.is_dir() or path.suffix.lower() == ".zip":
            found[path.name] = (path, None)
        elif path.is_file() and student(path.name)[0]:
            flat[student(path.name)[0]].append(path.name)
        else:
            left.append(clean(path.name, 200))
    for who, names in flat.items():
        # two students of one name have a file of each kind twice, with other numbers
        numbers = {student(name)[1] for name in names}
        kinds = [name_of(name)["module"].lower() for name in names]
        apart = len(numbers) > 1 and len(set(kinds)) < len(kinds)
        for number in sorted(numbers) if apart else [None]:
            own = [name for name in names if number is None or student(name)[1] == number]
            label = who if number is None else f"{who} {number}".strip()
            found[label if label not in found else f"{label} (loose files)"] = (folder, own)
    return found, left
