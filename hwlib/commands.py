"""What the commands share: any console, whole files, progress that leaves nothing behind."""

import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path

QUICK = 1  # seconds: what is done sooner shows no progress


def run_command(main):
    """Run a command and end the process with its status.

    A letter that the console lacks is written as an escape. A reader that goes away early (such as
    head) ends the command without a word. Ctrl-C ends it with status 130 and one line, a full disk
    or a folder that cannot be written to with status 1 and one line.

    Parameters
    ----------
    main : callable
        Returns the status.
    """
    for stream in filter(None, (sys.stdout, sys.stderr)):
        stream.reconfigure(errors="backslashreplace")
    try:
        try:
            status = main()
        finally:
            if sys.stdout:
                sys.stdout.flush()
    except OSError as error:
        if not isinstance(error, BrokenPipeError):
            print(f"{error.filename or 'standard output'}: {error.strerror}", file=sys.stderr)
        if sys.stdout:
            # what is left in the buffer would be written, and fail again, at the very end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        status = 130
    sys.exit(status)


@contextmanager
def atomic_write(path):
    """Give a path to write to; when the block ends well, that file takes the place of `path`.

    The folder of `path` is made if it is missing. Whatever goes wrong, `path` is as it was.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.new")
    try:
        yield aside
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def bar(what, stream=None, width=30):
    """Show how far a long work is, on a terminal only, and wipe it away in the end.

    Parameters
    ----------
    what : str
        What is being done, in a few words.
    stream : file, optional
        The terminal; standard error if none is named.

    Yields
    ------
    progress : callable
        Takes the share that is done, 0 ... 1.
    """
    stream = stream or sys.stderr
    shown, began = "", time.monotonic()

    def progress(share):
        nonlocal shown
        if stream.isatty() and (shown or time.monotonic() - began > QUICK):
            done = round(width * min(share, 1))
            line = f"{what} [{'#' * done}{' ' * (width - done)}] {share:4.0%}"
            if line != shown:
                stream.write(f"\r{line}")
                stream.flush()
                shown = line

    try:
        yield progress
    finally:
        if shown:
            stream.write(f"\r{' ' * len(shown)}\r")
            stream.flush()
