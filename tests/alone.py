"""Runs a module of hwlib as a student runs it: one file in a folder of its own, without hwlib."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

HWLIB = Path(__file__).resolve().parents[1] / "hwlib"


def run_alone(folder, name, *arguments):
    """Copy hwlib/name into the folder, run it there, and return the finished process."""
    shutil.copy(HWLIB / name, folder)
    # -S leaves out an editable installation of hwlib; the packages come by the path
    environment = {**os.environ, "PYTHONPATH": str(Path(np.__file__).parents[1]), "PYTHONUTF8": "1"}
    command = [sys.executable, "-S", name, *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, encoding="utf-8", env=environment
    )
