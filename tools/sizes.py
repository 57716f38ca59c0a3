"""How long the book's work takes, how much memory it needs and how much it stores.

    python -m tools.sizes        (make sizes builds the book first)

Times are of this machine; each command is run as a whole process. Slider times are the script's
own, measured in Chromium, the median and the longest over all positions of a page's sliders.
"""

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import nbformat

from hwlib import datasets
from hwlib.commands import run_command
from tests import notebook_outputs
from tools import browser, store_outputs

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))

MOVE_ALL = """async () => {
    const times = [];
    for (const explorer of explorers.values()) {
        explorer.load();
        while (!explorer.data) await new Promise((done) => setTimeout(done, 20));
    }
    for (const slider of document.querySelectorAll("figure.explorer input[type=range]")) {
        for (let i = 0; i <= slider.max; i++) {
            slider.value = i;
            const began = performance.now();
            slider.dispatchEvent(new Event("input"));
            times.push(performance.now() - began);
        }
    }
    return times;
}"""


def measured(command, cwd=ROOT):
    """Run a command; return its seconds and the peak memory of its largest process in MB."""
    began = perf_counter()
    process = subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"failed: {' '.join(command)}")
    return perf_counter() - began, usage.ru_maxrss / 1024


def row(what, figure, aim):
    print(f"{what:<58} {figure:>24}   {aim}", flush=True)


def main():
    row("", "measured", "aim")
    total = 0
    with tempfile.TemporaryDirectory() as folder:
        for path in NOTEBOOKS:
            copy = Path(folder, path.name)
            copy.write_bytes(path.read_bytes())
            seconds, memory = measured([sys.executable, "-m", "tools.store_outputs", str(copy)])
            total += seconds
            size = store_outputs.size(nbformat.read(path, as_version=4)) / 1e6
            row(f"{path.name}: executed", f"{seconds:.1f} s", "")
            row(f"{path.name}: outputs stored", f"{size:.2f} MB", "at most 3 MB")
        for path in NOTEBOOKS[:3]:
            explorers = notebook_outputs.explorers(path).values()
            began = perf_counter()
            frames = sum(len(explorer.frames()) for explorer in explorers)
            seconds = perf_counter() - began
            row(f"{path.name}: {frames} frames drawn", f"{seconds:.1f} s", "under 20 s")
        row("all notebooks executed", f"{total:.1f} s", "under 120 s")
        children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        row("largest process so far (a kernel)", f"{children:.0f} MB", "under 1000 MB")

        datasets.photograph().save(Path(folder, "original.png"))
        command = [sys.executable, "-m", "hwlib.kmeans", "image", "-k", "16"]
        seconds, memory = measured(command, cwd=folder)
        row("python -m hwlib.kmeans image -k 16", f"{seconds:.1f} s, {memory:.0f} MB", "under 3 s")

    seconds, memory = measured(["make", "book"])
    row("make book, from stored outputs", f"{seconds:.1f} s, {memory:.0f} MB", "under 60 s")

    with browser.chromium() as chromium:
        for path in NOTEBOOKS[:3]:
            tab = chromium.new_page()
            tab.goto((ROOT / "_build" / "html" / "notebooks" / f"{path.stem}.html").as_uri())
            times = tab.evaluate(MOVE_ALL)
            figure = f"{median(times):.1f} ms, {max(times):.1f} ms"
            row(f"{path.stem}: a slider's script, median and longest", figure, "under 16 ms")


if __name__ == "__main__":
    run_command(main)
