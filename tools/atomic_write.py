"""Files that are whole at any time: what is written stands aside until all of it is there."""

import os
from contextlib import contextmanager
from pathlib import Path


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
