"""A copy of what the book is built from, to build it otherwise than `make book` does."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import notebook_outputs

PARTS = ["_config.yml", "_toc.yml", "book", "notebooks", "hwlib", "book_extensions", "homework"]
BIN = Path(sys.executable).parent


def copy(folder):
    """Copy the book's sources into an empty folder; return the folder."""
    for part in PARTS:
        source = notebook_outputs.ROOT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / part)
    return folder


def run(folder, program, *arguments):
    """Run one of the environment's programs in a copy, which finds its own modules there."""
    environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [BIN / program, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
