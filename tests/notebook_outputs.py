"""The notebooks as the tests see them: their cells, and the explorers that they describe."""

import ast
import json
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import nbformat
from bs4 import BeautifulSoup

from hwlib.explorer import Explorer, label

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CHAPTERS = NOTEBOOKS[:3]  # those that solve the homework


@cache
def read(path):
    """Return the notebook at `path`."""
    return nbformat.read(str(path), as_version=4)


def outputs(path):
    """Yield (cell, output) for each stored output of a notebook."""
    for cell in read(path).cells:
        for output in cell.get("outputs", []):
            yield cell, output


class Figure(NamedTuple):
    """What a notebook stores of an explorer."""

    axes: dict  # slider's name: the values that it shows
    start: dict  # slider's name: the index of the value where it stands at first
    captions: list  # one for each position, the last slider moving fastest
    indices: list  # likewise, which of the different states is shown
    states: list  # the different states
    view: str  # who draws them

    def caption(self, **moved):
        """Return the caption when some sliders have moved, each to the index given."""
        return self.captions[self._position(moved)]

    def state(self, **moved):
        """Return the state likewise."""
        return self.states[self.indices[self._position(moved)]]

    def _position(self, moved):
        position = 0
        for axis, values in self.axes.items():
            position = position * len(values) + (self.start | moved)[axis]
        return position


@cache
def figures(path):
    """Return the explorers stored in a notebook: {name: `Figure`}, in their order on the page.

    What is stored is what `compute` gives: nbval compares it with a fresh run.
    """
    found = {}
    for _, output in outputs(path):
        page = output.get("data", {}).get("text/html", "")
        for figure in re.findall(r'<figure class="explorer" id=.*?</figure>', page, re.DOTALL):
            soup = BeautifulSoup(figure, "html.parser")
            found[soup.figure["id"]] = read_figure(soup)
    return found


def read_figure(soup):
    """Return a figure that hwlib/explorer.py wrote, each state with what all have in common."""
    name = soup.figure["id"]
    begin, *more = [json.loads(script.string) for script in soup.find_all("script")]
    shared = begin["shared"]
    caption = soup.figcaption.get_text()
    data = more[0] if more else {"frames": [[0, caption]], "states": [begin["state"]]}
    frames = []
    for frame in data["frames"]:
        frames.append(frame or frames[-1])  # 0: as the one before it
    axes = {
        each["id"].removeprefix(f"{name}-"): json.loads(each["data-values"])
        for each in soup.select("[data-values]")
    }
    start = {axis: axes[axis].index(label(value)) for axis, value in begin["values"].items()}
    indices, captions = map(list, zip(*frames))
    states = [shared | state for state in data["states"]]
    return Figure(axes, start, captions, indices, states, soup.figure["data-view"])


@cache
def explorers(path):
    """Run a notebook's code here and return its explorers by name, none of them computed yet."""
    namespace, found = {"__name__": "__main__"}, {}
    for cell in read(path).cells:
        if cell.cell_type != "code":
            continue
        tree = ast.parse(cell.source, filename=f"{path.name}:{cell.id}")
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, f"{path.name}:{cell.id}", "exec"), namespace)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), path.name, "eval"), namespace)
            if isinstance(value, Explorer):
                found[value.name] = value
    return found
