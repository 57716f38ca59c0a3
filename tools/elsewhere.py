"""Prove the stored outputs in other circumstances: processors, BLAS kernels, versions, WebAssembly.

    python -m tools.elsewhere            all of them, about a quarter of an hour
    python -m tools.elsewhere --hardest  the two that differ most from a new machine

In each, nbval compares every text, caption and number of the notebooks, of all positions of all
explorers too, with a fresh run. One line says for each how it went. As many run side by side as
there are cores, at most four.

In WebAssembly the cells run as readers run them, in the pages of the built book, in Chromium.

What a processor lacks cannot be added, but what it has can be switched off: numpy, OpenBLAS and
glibc choose their routines when a program starts, and each lets the environment have a say.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

from hwlib.commands import run_command

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("notebooks/*.ipynb"))
IN_PAGES = "tests/site/test_live_chapters.py"  # in Chromium, which runs no notebooks of its own
OLDEST = ROOT / ".venv-oldest"

# The names of what numpy dispatches to differ between its versions, so it is asked.
NO_DISPATCH = {
    "NPY_DISABLE_CPU_FEATURES": " ".join(
        name for name in __cpu_dispatch__ if __cpu_features__[name]
    )
}
# Older versions of glibc know the features under other names; a name unknown to it is passed over.
NO_AVX2 = {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA,-AVX2_Usable,-FMA_Usable"}
OLD_PROCESSOR = NO_DISPATCH | NO_AVX2 | {"OPENBLAS_CORETYPE": "Prescott"}

CIRCUMSTANCES = {
    "this machine as it is": {},
    "numpy without its dispatch": NO_DISPATCH,
    "glibc without AVX2 and FMA": NO_AVX2,
    **{f"OpenBLAS as on {core}": {"OPENBLAS_CORETYPE": core}
       for core in ("Prescott", "Haswell", "Zen", "SkylakeX")},
    **{f"OpenBLAS on {n} thread{'s' if n > 1 else ''}": {"OPENBLAS_NUM_THREADS": str(n)}
       for n in (1, 2, 4)},
    "an old processor: all of these": OLD_PROCESSOR,
    "the oldest packages": None,
    "WebAssembly": IN_PAGES,
}  # fmt: skip
HARDEST = ["an old processor: all of these", "the oldest packages"]
CHOSEN_BY_THE_MACHINE = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_NUM_THREADS"]


def environment(changes):
    """Return the environment of a run: this one's, without what chooses routines, and changes."""
    own = {name: value for name, value in os.environ.items() if name not in CHOSEN_BY_THE_MACHINE}
    return own | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"} | changes


def impossible(changes):
    """Return why this machine cannot be in these circumstances, or None."""
    if "OPENBLAS_CORETYPE" in changes and platform.machine() not in ("x86_64", "AMD64"):
        return "needs an x86-64 processor"
    if changes.get("OPENBLAS_CORETYPE") == "SkylakeX" and not __cpu_features__["AVX512F"]:
        return "needs a processor with AVX-512"
    return None


def oldest_python():
    """Return a Python with the oldest versions that pyproject.toml allows; made once."""
    python, done = OLDEST / "bin" / "python", OLDEST / "ready"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    # numpy>=2 becomes numpy~=2.0.0: the first minor version, with its corrections
    bounds = [re.fullmatch(r"(.+)>=(\d+)(?:\.(\d+))?", each) for each in project["dependencies"]]
    floors = [f"{bound[1]}~={bound[2]}.{bound[3] or 0}.0" for bound in bounds]
    if not done.exists() or done.read_text() != "\n".join(floors):
        print(f"setting up {OLDEST.name} with {', '.join(floors)}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", OLDEST], check=True)
        others = ["nbval", "ipykernel", "beautifulsoup4", "dask[distributed]", "mini-racer"]
        command = [python, "-m", "pip", "install", "--quiet", *floors, *others]
        if (made := subprocess.run(command, stderr=subprocess.PIPE, text=True)).returncode:
            sys.exit(f"{' '.join(map(str, command))} failed\n{made.stderr}")
        done.write_text("\n".join(floors))
    return python


def run(name):
    """Prove everything in one of the circumstances; print a line, return whether it held."""
    changes, began = CIRCUMSTANCES[name], perf_counter()
    python, what = sys.executable, NOTEBOOKS
    if changes is None:
        python, what, changes = oldest_python(), NOTEBOOKS, {}
    elif changes == IN_PAGES:
        what, changes = [IN_PAGES, "-k", "test_all_cells_say_what_is_stored"], {}
    if why := impossible(changes):
        print(f"{name:32} not on this machine: {why}", flush=True)
        return True
    command = [python, "-m", "pytest", "--nbval", "-q", "-p", "no:cacheprovider", *what]
    with TemporaryDirectory() as own:  # runs beside each other clear the common one
        done = subprocess.run(
            [*command, f"--basetemp={own}/pytest"],
            cwd=ROOT, env=environment(changes), capture_output=True, text=True,
        )  # fmt: skip
    counts = re.findall(r"\d+ (?:passed|failed|errors?)", done.stdout.rstrip().rpartition("\n")[2])
    held = done.returncode == 0 and bool(counts)
    told = ", ".join(counts) or done.stderr.strip().rpartition("\n")[2] or "nothing was tested"
    print(f"{name:32} {told}, {perf_counter() - began:.0f} s", flush=True)
    if not held:
        print("\n".join(re.findall(r"^(?:FAILED|ERROR) .*", done.stdout, re.M)), flush=True)
    return held


def main():
    """Return the exit status: 0 if everything held everywhere."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--hardest", action="store_true", help="only " + " and ".join(HARDEST))
    names = HARDEST if parser.parse_args().hardest else list(CIRCUMSTANCES)
    with ThreadPoolExecutor(min(os.cpu_count(), 4)) as pool:  # each waits for a process of its own
        held = list(pool.map(run, names))
    print(f"{sum(held)} passed, {len(held) - sum(held)} failed")
    return int(not all(held))


if __name__ == "__main__":
    run_command(main)
