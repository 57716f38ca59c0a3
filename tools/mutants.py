"""Mutation testing: does a test fail wherever a small thing in hwlib is changed?

    python -m tools.mutants backprop quick.kmeans    # or none of them: all of hwlib

makes the mutants of each module with mutmut, runs the module's own tests on each, and prints a
table and the changes that survive. Status 1 if a module's share of killed mutants is lower than in
the table of docs/mutants.md, by more than `SLACK`. What was tried is kept in `_build/mutants`: a
second run tries again what survived and functions that have changed.
"""

import json
import os
import re
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

from hwlib.commands import run_command

ROOT = Path(__file__).resolve().parent.parent
HWLIB = ROOT / "hwlib"
WORK = ROOT / "_build" / "mutants"
SLACK = 1  # percentage point: a module of 100 mutants may have one survivor more
# Where a module's tests are not, or not only, in a file of its name.
TESTS = {
    **{name: [name, "properties"] for name in ("backprop", "binary_em", "explorer", "kmeans")},
    "arguments": ["binary_em", "datasets", "kmeans"],
    "commands": ["clustering", "compression", "consoles"],
    "compression": ["compression", "kmeans"],
    "png_files": ["picture_files"],
    "quick.backprop": ["quick_backprop", "properties"],
    "quick.binary_em": ["binary_em", "quick_binary_em", "properties"],
    "quick.kmeans": ["quick_kmeans", "properties"],
    "figures": ["clustering"],
    "figures.map_reduce": ["map_reduce"],
    "figures.speed": ["speed"],
    **{
        f"scenes.{name}": ["scenes", f"plots_{name}"]
        for name in ("backprop", "binary_em", "kmeans")
    },
    "scenes.plots": ["scenes", "plots_kmeans"],
    "scenes.speed": ["speed"],
    "views": ["scenes", "explorer"],
    "experiments": ["plots_backprop", "plots_binary_em"],
}
# These read the source, which is another one here; run hwlib, or one file of it, in a folder where
# mutmut has no settings; or look at the built page.
LEFT_OUT = [
    "tests/hwlib/test_backprop.py::test_the_file_alone",
    "tests/hwlib/test_kmeans.py::test_the_file_alone",
    "tests/hwlib/test_backprop.py::test_the_module_needs_only_numpy_and_the_standard_library",
    "tests/hwlib/test_speed.py::test_tables_show_the_file",
    "tests/hwlib/test_speed.py::test_captions_show_the_exponents_of_the_file",
    "tests/hwlib/test_speed.py::test_printed_rates_are_those_of_the_file",
]
FOLDERS = ["hwlib", "tests", "bench", "book", "homework", "notebooks", "tools", "book_extensions"]
FILES = ["conftest.py", "requirements-bench.txt"]


def modules():
    """Return the names of hwlib's modules that have functions: "backprop", "quick.kmeans"..."""
    paths = [path for path in sorted(HWLIB.rglob("*.py")) if "def " in path.read_text("utf-8")]
    names = [path.relative_to(HWLIB).with_suffix("").as_posix() for path in paths]
    return [name.removesuffix("/__init__").replace("/", ".") for name in names]


def source(module):
    """Return the path of a module's source below the repository, such as hwlib/backprop.py."""
    path = Path("hwlib", *module.split("."))
    return (path / "__init__.py" if (ROOT / path).is_dir() else path.with_suffix(".py")).as_posix()


def known():
    """Return {module: percentage killed} of the table in docs/mutants.md."""
    text = (ROOT / "docs" / "mutants.md").read_text("utf-8")
    rows = re.findall(r"^\| ([\w.]+) \| \d+ \| \d+ \| ([\d.]+) \|$", text, re.MULTILINE)
    return {module: float(percentage) for module, percentage in rows}


def prepare(module):
    """Make the folder in which mutmut works on one module, and return it."""
    work = WORK / module
    (work / "mutants").mkdir(parents=True, exist_ok=True)
    for name in [*FOLDERS, *FILES]:
        if not (work / name).exists():
            (work / name).symlink_to(ROOT / name)
    names = TESTS.get(module, [module.replace(".", "_")])
    settings = {
        "source_paths": ["hwlib"],
        "only_mutate": [source(module)],
        "also_copy": [*FOLDERS[1:], *FILES],
        "pytest_add_cli_args_test_selection": [f"tests/hwlib/test_{name}.py" for name in names]
        + [f"--deselect={test}" for test in LEFT_OUT],
        # the notebooks' plugin and a search for garbage after each run take longer than most tests
        "pytest_add_cli_args": ["-o", "addopts=", "-p", "no:nbval", "-p", "no:unraisableexception"],
        # each mutant in a fork of a process that has run no test, since dask's leave threads
        # behind; but figures in a fork of one that has run the notebooks, which takes a minute
        "process_isolation": "fork" if module.startswith("figures") else "forkserver",
        "use_git_change_detection": False,
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    text = "\n".join([project, "[tool.mutmut]", *lines, ""])
    (work / "pyproject.toml").write_text(text, encoding="utf-8")
    # which test reaches which function is found anew, since tests may have changed
    (work / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)
    return work


def mutmut(work, *words, show=False):
    """Run mutmut in `work`, and return what it prints, or show it."""
    command = [str(Path(sys.executable).with_name("mutmut")), *words]
    # one thread each, since mutants run side by side
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    environment.pop("PYTHONPATH", None)  # or tests would find the hwlib that has no mutants
    output = None if show else subprocess.PIPE
    done = subprocess.run(command, cwd=work, env=environment, stdout=output, check=True, text=True)
    return done.stdout


def survivors(work):
    """Return the mutants that no test has killed, {name: status}."""
    lines = mutmut(work, "results").splitlines()
    found = dict(line.strip().split(": ") for line in lines)
    return {name: status for name, status in found.items() if status != "timeout"}


def change(work, module, name):
    """Return what a mutant has changed: (function, old line, new line)."""
    from mutmut.mutation.diff_apply import get_diff_for_mutant  # a second sooner than its command

    with chdir(work):
        lines = get_diff_for_mutant(name, path=source(module)).splitlines()[2:]
    old, new = (
        " ".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+"
    )
    function = name.removeprefix("hwlib.").rpartition("__mutmut_")[0]
    return function.replace("xǁ", "").replace("ǁ", ".").replace(".x_", "."), old, new


def main(names):
    """Try the mutants of the modules named, print what came of it, and return the exit status."""
    rows, fallen = [], []
    run = "run", "--max-children", os.environ.get("JOBS", "1")
    for module in names or modules():
        work = prepare(module)
        try:
            before = survivors(work) if (work / "mutants" / "hwlib").exists() else {}
            mutmut(work, *run, show=True)
            again = [name for name in survivors(work) if before.get(name) == "survived"]
            if again:
                mutmut(work, *run, *again, show=True)
        except subprocess.CalledProcessError as error:
            return error.returncode
        mutmut(work, "export-cicd-stats")
        counts = json.loads((work / "mutants" / "mutmut-cicd-stats.json").read_text("utf-8"))
        left = survivors(work)
        killed, total = counts["total"] - len(left), counts["total"]
        rows.append((module, total, killed))
        for function, old, new in sorted({change(work, module, name) for name in left}):
            print(f"\n{function}\n- {old}\n+ {new}")
        if 100 * killed / total < known().get(module, 0) - SLACK:
            fallen.append(module)
    rows.append(("together", *map(sum, zip(*[row[1:] for row in rows]))))
    print("\n| module | mutants | killed | % |\n|---|---|---|---|")
    for module, total, killed in rows:
        print(f"| {module} | {total} | {killed} | {100 * killed / total:.1f} |")
    for module in fallen:
        print(f"{module}: fewer are killed than docs/mutants.md says, {known()[module]} %")
    return 1 if fallen else 0


if __name__ == "__main__":
    run_command(lambda: main(sys.argv[1:]))
