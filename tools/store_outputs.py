"""Run notebooks from top to bottom and store their outputs in them, ready to be compared.

    python -m tools.store_outputs notebooks/*.ipynb

A notebook is written only when all its cells ran and their outputs are small enough, and then at
once: it is never half new. What would differ from run to run is not stored: times, widget models
and their random ids.
"""

import sys
from pathlib import Path
from time import perf_counter

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from hwlib.commands import atomic_write, run_command

LIMIT = 3_000_000  # bytes of stored output for each notebook
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def run(path):
    """Execute the notebook at `path` and return it with fresh outputs."""
    try:
        notebook = nbformat.read(str(path), as_version=4)
    except OSError:
        raise
    except Exception as error:  # nbformat stumbles in many ways over what is no notebook
        raise ValueError(f"no notebook, {error}") from None
    client = NotebookClient(
        notebook,
        timeout=600,
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,  # a cell's prints are one output, however slowly they came
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute(cwd=str(path.parent))
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET_VIEW, None)
    notebook.metadata.language_info = {"name": "python"}  # the version is the reader's own
    return notebook


def size(notebook):
    """Return how many bytes of outputs a notebook stores, nearly: as text, without its indents."""
    return sum(len(str(output)) for cell in notebook.cells for output in cell.get("outputs", []))


def write(notebook, path):
    """Write a notebook to `path`, which at any time holds all of the old one or all of the new."""
    with atomic_write(path) as aside:
        aside.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


def main(paths):
    """Store the outputs of each notebook; return the exit status."""
    failed = False
    for path in map(Path, paths):
        print(f"{path}: running", flush=True)
        began = perf_counter()
        try:
            notebook = run(path)
        except CellExecutionError as error:
            print(f"{path}: left as it was, a cell failed\n{error}", file=sys.stderr)
            failed = True
            continue
        except (OSError, ValueError) as error:
            why = str(error).partition("\n")[0]
            print(f"{path}: left as it was, it cannot be read: {why}", file=sys.stderr)
            failed = True
            continue
        stored = size(notebook)
        told = f"{perf_counter() - began:.0f} s, {stored / 1e6:.2f} MB of outputs"
        if stored > LIMIT:
            limit = f"{LIMIT / 1e6:g} MB are the limit"
            print(f"{path}: left as it was, {told}; {limit}", file=sys.stderr)
            failed = True
            continue
        try:
            write(notebook, path)
        except OSError as error:
            print(f"{path}: left as it was, {error.strerror}", file=sys.stderr)
            failed = True
            continue
        print(f"{path}: {told}")
    return int(failed)


if __name__ == "__main__":
    run_command(lambda: main(sys.argv[1:]))
