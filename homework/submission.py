"""Read what a student handed in, a folder or a zip, without trusting it.

Nothing is unpacked and no link is followed: the few small files that are wanted are read into
memory.
"""

import os
import re
import stat
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

WANTED = ("backprop.py", "kmeans.py")
LARGEST = 1 << 20  # bytes of one file
MOST = 20_000  # files that are looked at
DEEPEST = 5  # folders inside each other
IGNORED = re.compile(r"__MACOSX|__pycache__|\..*|.*\.egg-info|venv")


@dataclass
class Submission:
    """What was handed in.

    Attributes
    ----------
    name : str
    files : dict of str to bytes
        "backprop.py" and "kmeans.py" as far as they are there, and the Python files beside them.
    notes : list of str
        Sentences on what was left out, and why.
    problem : str or None
        Why it cannot be graded.
    """

    name: str
    files: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)
    problem: str | None = None


def collect(path):
    """Return the `Submission` in a folder or zip file; its `problem` tells what is wrong."""
    path = Path(path)
    is_zip = path.suffix.lower() == ".zip" and not path.is_dir()
    submission = Submission(path.stem if is_zip else path.resolve().name)
    try:
        if path.is_dir():
            entries = list(_folder(path, submission.notes))
            _choose(submission, entries)
        elif is_zip and path.is_file():
            with zipfile.ZipFile(path) as archive:
                entries = list(_archive(archive, submission.notes))
                _choose(submission, entries)
        else:
            there = "it is neither a folder nor a zip" if path.exists() else "it does not exist"
            submission.problem = f"{path.name} cannot be graded: {there}."
            return submission
    except (OSError, RuntimeError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        why = getattr(error, "strerror", None) or str(error)
        submission.problem = f"{path.name} cannot be read: {why}."
        return submission
    if not set(WANTED) & set(submission.files):
        what = "neither is there" if entries or submission.notes else "it is empty"
        submission.problem = f"There is no backprop.py and no kmeans.py in {path.name}: {what}."
    return submission


def _choose(submission, entries):
    """Take the wanted files out of the entries (path, size, read), and the files beside them."""
    for wanted in WANTED:
        found = sorted((e for e in entries if e[0].name == wanted), key=lambda e: _order(e[0]))
        if not found:
            continue
        if len(found) > 1:
            others = ", ".join(str(path) for path, *_ in found[1:4])
            submission.notes.append(f"{found[0][0]} is graded, and not {others}.")
        beside = [e for e in entries if e[0].parent == found[0][0].parent and e[0].suffix == ".py"]
        for path, size, read in [found[0], *sorted(beside, key=lambda e: e[0])[:20]]:
            if path.name in submission.files or (path.name in WANTED and path.name != wanted):
                continue
            if size > LARGEST:
                submission.notes.append(
                    f"{path} is left out: it has {size / 1e6:,.0f} MB, and at most 1 MB is read."
                )
                continue
            try:
                content = read()
            except OSError as error:
                submission.notes.append(f"{path} cannot be read: {error.strerror or error}.")
                continue
            if len(content) > LARGEST:
                submission.notes.append(f"{path} is left out: more than 1 MB is in it.")
                continue
            submission.files[path.name] = content


def _order(path):
    return len(path.parts), str(path)


def _folder(top, notes):
    count = 0
    for folder, folders, names in os.walk(top):
        relative = Path(folder).relative_to(top)
        for name in folders:
            if os.path.islink(os.path.join(folder, name)):
                notes.append(f"{relative / name} is left out: it is a link.")
        deep = len(relative.parts) >= DEEPEST
        folders[:] = [] if deep else sorted(n for n in folders if not IGNORED.fullmatch(n))
        for name in sorted(names):
            count += 1
            if count > MOST:
                notes.append(f"Only the first {MOST:,} files are looked at.")
                return
            path = os.path.join(folder, name)
            kind = os.lstat(path)
            if stat.S_ISREG(kind.st_mode):
                yield PurePosixPath(relative, name), kind.st_size, lambda path=path: _read(path)
            elif name.endswith(".py"):
                what = "a link" if stat.S_ISLNK(kind.st_mode) else "no ordinary file"
                notes.append(f"{relative / name} is left out: it is {what}.")


def _read(path):
    """Read a file that is neither a link nor a pipe, and not too much of it."""
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError("it is no ordinary file")
        return file.read(LARGEST + 1)


def _archive(archive, notes):
    for info in archive.infolist()[:MOST]:
        name = info.filename.replace("\\", "/")
        path = PurePosixPath(name)
        if info.is_dir():
            continue
        if path.is_absolute() or ".." in path.parts or re.match(r"[A-Za-z]:", name):
            notes.append(f"{name} is left out: it points outside of the zip.")
        elif stat.S_ISLNK(info.external_attr >> 16):
            notes.append(f"{name} is left out: it is a link.")
        elif not any(IGNORED.fullmatch(part) for part in path.parts):

            def read(info=info):
                with archive.open(info) as file:
                    return file.read(LARGEST + 1)

            yield path, info.file_size, read
