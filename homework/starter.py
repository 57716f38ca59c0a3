"""Write the homework's starter, dist/hw3.zip, from the book's own modules.

    python -m homework.starter [FILE]

A starter that is written by hand drifts from the solution. This one is the solution, without the
bodies of the functions that `Task.removed` names: their signatures and docstrings stay, and so
does all else.
"""

import argparse
import ast
import zipfile
from pathlib import Path

from homework import data, tasks
from hwlib import backprop, kmeans
from hwlib.commands import run_command

FILES = {"backprop": "q1_backprop/backprop.py", "kmeans": "q2_kmeans/kmeans.py"}

MODULES = {"backprop": backprop, "kmeans": kmeans}  # each runs alone, in one file
EPOCH = (1980, 1, 1, 0, 0, 0)  # the zip format's first date: the same bytes on every day

REQUIREMENTS = "numpy>=2\nmatplotlib>=3.9\npillow>=11\n"

README = """\
# Homework 3: the starter

    pip install -r requirements.txt

Fill in what says TODO; each names its task and its points. Until then a command says in one line
which task it is waiting for.

| task | points | file | to write |
|---|---|---|---|
{table}

From the folder `q1_backprop`:

    python3 backprop.py grad_check_1
    python3 backprop.py logreg -d simple
    python3 backprop.py logreg -d xor
    python3 backprop.py grad_check_2
    python3 backprop.py neural -d xor

From the folder `q2_kmeans`, where `data.tsv` and `original.png` are:

    python3 kmeans.py basic -k 2
    python3 kmeans.py image -k 2

In 2a, `initial_centroids` draws the first centroids for you. `iterate` repeats the two steps,
`assign` and `update`, until nothing moves, and yields after each round; `kmeans` takes the last.
Whoever prefers to write `kmeans` in one piece may: it is what gets graded, by the triple
`(assignments, centroids, loss)` that it returns. No loops over the examples, please.

Hand in `backprop.py` and `kmeans.py`. With the book's repository at hand you can grade them first:

    python -m homework.grade FOLDER
"""

ENDING = """\
if __name__ == "__main__":
    try:
        sys.exit(main())
    except NotImplementedError as unfinished:
        print(f"{name}.py: {{unfinished}}", file=sys.stderr)
        sys.exit(2)
"""


def unfinished(source, name):
    """Return the source of a module without what the tasks ask for.

    Parameters
    ----------
    source : str
    name : str
        Of the module: its tasks are taken.

    Raises
    ------
    ValueError
        If the module lacks one of the functions.
    """
    lines = source.splitlines()
    tree = ast.parse(source)
    found = {node.name: node for node in tree.body if hasattr(node, "name")}
    cuts = []
    for task in tasks.code():
        for function in task.removed if task.module == name else ():
            if function not in found:
                raise ValueError(f"{name}.py has no {function}, which task {task.label} asks for")
            for node, label in methods(found[function]):
                start, end, indent = body(node, lines)
                what = f"task {task.label} ({count(task.out_of)})"
                todo = f"{indent}# TODO {what.replace('task ', '')}"
                stop = f'{indent}raise NotImplementedError("{what}: {label} is not written yet")'
                cuts.append((start, end, [todo, stop]))
    for start, end, instead in sorted(cuts, reverse=True):
        lines[start:end] = instead
    main = next(i for i, line in enumerate(lines) if line.startswith('if __name__ == "__main__"'))
    lines[main:] = ENDING.format(name=name).splitlines()
    return "\n".join(lines) + "\n"


def solution(name):
    """Return the source of the book's own file, which is the finished homework."""
    return Path(MODULES[name].__file__).read_text(encoding="utf-8")


def count(points):
    return f"{points} point{'s' * (points != 1)}"


def methods(node):
    """Yield each function to be emptied with its name: a class's methods, or the function."""
    if isinstance(node, ast.ClassDef):
        for method in node.body:
            if isinstance(method, ast.FunctionDef):
                yield method, f"{node.name}.{method.name}"
    else:
        yield node, node.name


def body(node, lines):
    """Return where the lines of a function's body begin and end, and its indentation.

    The docstring stays; comments before, inside and after the statements go with them.
    """
    first, indent = node.body[0], " " * node.body[0].col_offset
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    # Without a docstring the body begins below the signature, whose last line ends in a colon.
    start = first.end_lineno if documented else first.lineno - 1
    while not documented and lines[start - 1].lstrip()[:1] in ("", "#"):
        start -= 1
    end = node.end_lineno
    while end < len(lines) and lines[end].startswith(indent + "#"):
        end += 1
    return start, end, indent


def files():
    """Return the starter's files: a dict of path to bytes."""
    texts = {"README.md": README.format(table=table()), "requirements.txt": REQUIREMENTS}
    for name, path in FILES.items():
        texts[path] = unfinished(solution(name), name)
    contents = {path: text.encode() for path, text in texts.items()}
    contents |= {f"q2_kmeans/{name}": data.content(name) for name in data.NAMES}
    return dict(sorted(contents.items()))


def table():
    return "\n".join(
        f"| {task.label} | {task.out_of} | `{FILES[task.module]}` | `{'`, `'.join(task.removed)}` |"
        for task in tasks.code()
    )


def write_zip(path, contents):
    """Write a zip of the contents, a dict of path to bytes: the same bytes every time.

    A file that begins with ``#!`` is marked as a program.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            info = zipfile.ZipInfo(name, EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # Unix, wherever it is made
            info.external_attr = (0o100755 if content.startswith(b"#!") else 0o100644) << 16
            archive.writestr(info, content)


def main(argv=None):
    parser = argparse.ArgumentParser(prog="homework.starter", description="Write the starter.")
    parser.add_argument("file", nargs="?", default="dist/hw3.zip", help="default: %(default)s")
    path = parser.parse_args(argv).file
    write_zip(path, files())
    print(f"wrote {path} ({Path(path).stat().st_size / 1000:.0f} kB)")
    return 0


if __name__ == "__main__":
    run_command(main)
