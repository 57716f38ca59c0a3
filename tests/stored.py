"""The notebooks as the tests see them: their cells, and the explorers that they describe."""

import ast
import json
import re
from functools import cache
from pathlib import Path

import nbformat

from hwlib.explorer import Explorer

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


def figures(path):
    """Return the stored explorers of a notebook: {id: [caption of each frame]}."""
    found = {}
    for _, output in outputs(path):
        page = output.get("data", {}).get("text/html", "")
        for figure in re.findall(r'<figure class="explorer" id=.*?</figure>', page, re.DOTALL):
            data = re.search(r'application/json">(.*)</script>', figure, re.DOTALL)
            frames = json.loads(data[1])["frames"] if data else []
            found[re.search(r'id="([^"]*)"', figure)[1]] = [caption for _, caption in frames]
    return found


@cache
def explorers(path):
    """Run a notebook's code here and return its explorers by name, none of them drawn yet."""
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
