"""Write the homework's starter, dist/hw3.zip, from the book's own modules.

    python -m homework.starter [FILE]

A starter that is written by hand drifts from the solution. This one is the solution, without the
bodies of the functions in `TASKS`: their signatures and docstrings stay, and so does all else.
"""

import argparse
import ast
import io
import sys
import zipfile
from pathlib import Path

from homework.checks import PARTS
from hwlib import backprop, datasets, kmeans

POINTS = {task: sum(parts.values()) for task, parts in PARTS.items()}

# What solves 2a. The drawing of the first centroids stays: the handout gives it away too.
KMEANS = ("assign", "update", "reconstruction_error", "iterate", "kmeans")

# Task, its points, module, and the functions whose bodies are taken out. A class stands for all
# of its methods.
TASKS = (
    ("1b", POINTS["1b"], "backprop", ("LogNode",)),
    ("1e", POINTS["1e"], "backprop", ("SigmoidNode",)),
    ("1g", POINTS["1g"], "backprop", ("DotNode",)),
    ("1h", POINTS["1h"], "backprop", ("numerical_gradient", "gradient_check_1")),
    ("1i", POINTS["1i"], "backprop", ("make_logistic_regression", "gradient_descent")),
    ("1l", POINTS["1l"], "backprop", ("MVMulNode",)),
    ("1m", POINTS["1m"], "backprop", ("gradient_check_2",)),
    ("1n", POINTS["1n"], "backprop", ("make_neural_network",)),
    ("2a", POINTS["2a"], "kmeans", KMEANS),
)

FILES = {"backprop": "q1_backprop/backprop.py", "kmeans": "q2_kmeans/kmeans.py"}

# A student hands in one file, so it has to hold all that it needs of hwlib.
MODULES = {"backprop": [backprop], "kmeans": [kmeans]}

# From this line on a module holds what makes its functions quick: no task asks for that.
INNER = "# ---- both steps, "
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


def unfinished(source, tasks, name):
    """Return the source of a module without what the tasks ask for.

    Parameters
    ----------
    source : str
    tasks : iterable of (task, points, module, functions)
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
    for task, points, module, functions in tasks:
        for function in functions if module == name else ():
            if function not in found:
                raise ValueError(f"{name}.py has no {function}, which task {task} is to ask for")
            for node, label in methods(found[function]):
                start, end, indent = body(node, lines)
                what = f"task {task} ({count(points)})"
                todo = f"{indent}# TODO {what.replace('task ', '')}"
                stop = f'{indent}raise NotImplementedError("{what}: {label} is not written yet")'
                cuts.append((start, end, [todo, stop]))
            for node in slots(found[function]):
                cuts.append((node.lineno - 1, node.end_lineno + 1, []))
    for start, end, instead in sorted(cuts, reverse=True):
        lines[start:end] = instead
    main = next(i for i, line in enumerate(lines) if line.startswith('if __name__ == "__main__"'))
    lines[main:] = ENDING.format(name=name).splitlines()
    return "\n".join(lines).replace(f"python -m hwlib.{name}", f"python3 {name}.py") + "\n"


def one_file(modules, inner=True):
    """Return the source of modules of hwlib, joined into one that stands alone.

    Parameters
    ----------
    modules : list of module
        The first gives its docstring, and what it does when it is run.
    inner : bool
        False leaves out what stands below the line `INNER`.
    """
    imports, bodies, ending = set(), [], ""
    for module in modules:
        text, main, run = Path(module.__file__).read_text(encoding="utf-8").partition("if __name__")
        text = text if inner else text.partition(INNER)[0]
        ending = ending or main + run
        nodes = [
            node for node in ast.parse(text).body if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        imports |= {ast.unparse(node) for node in nodes}
        lines = text.splitlines()
        head, body = lines[: nodes[0].lineno - 1], lines[nodes[-1].end_lineno :]
        bodies += [body] if bodies else [head, body]
    texts = ["\n".join(lines).strip("\n") for lines in bodies]
    # without the package itself, and without what another line has as well
    outside = [line for line in imports if not line.startswith("from hwlib")]
    needed = [line for line in outside if not any(o.startswith(line + ",") for o in outside)]
    needed.sort(key=lambda line: (line.startswith("from"), line))
    own = [line for line in needed if line.split()[1] not in ("numpy", "PIL")]
    groups = "\n".join(own), "\n".join(line for line in needed if line not in own)
    return "\n\n".join([texts[0], *groups, *("\n" + text for text in texts[1:]), "\n" + ending])


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


def slots(node):
    """Yield the line that allows a class no attributes: a student may want some."""
    for line in node.body if isinstance(node, ast.ClassDef) else ():
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "__slots__":
            yield line


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
        texts[path] = unfinished(one_file(MODULES[name], inner=False), TASKS, name)
    data = "".join("\t".join(f"{x:.3f}" for x in row) + "\n" for row in datasets.plane_points())
    texts["q2_kmeans/data.tsv"] = data
    picture = io.BytesIO()
    datasets.photograph().convert("RGBA").save(picture, "PNG", optimize=True)
    contents = {path: text.encode() for path, text in texts.items()}
    return dict(sorted({**contents, "q2_kmeans/original.png": picture.getvalue()}.items()))


def table():
    return "\n".join(
        f"| {task} | {points} | `{FILES[module]}` | `{'`, `'.join(functions)}` |"
        for task, points, module, functions in TASKS
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
    sys.exit(main())
