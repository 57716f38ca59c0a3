"""Write the homework's starter, dist/hw3.zip, from the book's own modules.

    python -m homework.starter [FILE]

A starter that is written by hand drifts from the solution. This one is the solution, without the
bodies of the functions that `Task.removed` names: their signatures and docstrings stay, and so
does all else.
"""

import argparse
import ast
import importlib
import zipfile
from pathlib import Path

from homework import data, tasks
from hwlib.commands import run_command

FILES = {  # of the modules that run alone, each in one file
    "backprop": "q1_backprop/backprop.py",
    "kmeans": "q2_kmeans/kmeans.py",
}
EPOCH = (1980, 1, 1, 0, 0, 0)  # the zip format's first date: the same bytes on every day

REQUIREMENTS = "numpy>=2\nmatplotlib>=3.9\npillow>=11\n"

README = """\
# Homework 3: the starter

You need Python 3.10 or newer.

    pip install -r requirements.txt

Fill in each place that says TODO. It names its task and its points. Until then a command tells you
in one line which task it needs.

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
`assign` and `update`, until no assignment changes, and yields the result of each round. `kmeans`
returns the last one. You may also write `kmeans` in one piece. The grader looks only at the triple
`(assignments, centroids, loss)` that it returns. Do not loop over the examples.

Hand in `backprop.py` and `kmeans.py`. If you have a copy of the book's repository, you can grade
them first. In its folder, type

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
    rows = [task for task in tasks.code() if task.module == name]
    lines = emptied(source, rows).splitlines()
    main = next(i for i, line in enumerate(lines) if line.startswith('if __name__ == "__main__"'))
    lines[main:] = ENDING.format(name=name).splitlines()
    return "\n".join(lines) + "\n"


def emptied(source, rows):
    """Return the source of a module without what some tasks, rows of the table, ask for."""
    lines = source.splitlines()
    found = defined(source)
    cuts = []
    for task in rows:
        for function in task.removed:
            if function not in found:
                raise ValueError(f"{task.file} has no {function}, which task {task.label} asks for")
            for node, label in methods(found[function]):
                start, end, indent = body(node, lines)
                what = f"{task.label} ({count(task.out_of)})"
                todo = f"{indent}# TODO {what}"
                # the points stand above: the line is one that a page shows whole
                stop = f'{indent}raise NotImplementedError("task {task.label}: write {label}")'
                cuts.append((start, end, [todo, stop]))
    for start, end, instead in sorted(cuts, reverse=True):
        lines[start:end] = instead
    return "\n".join(lines) + "\n"


def defined(source):
    """Return the functions and classes of a source by name."""
    return {node.name: node for node in ast.parse(source).body if hasattr(node, "name")}


def stub(task):
    """Return what the starter has for one task, a row of the table, to be filled in.

    Practice is not in the starter: of it there is a signature.
    """
    if not task.is_code:
        _, name, arguments = task.probe
        unwritten = f'raise NotImplementedError("task {task.label}: write {name}")'
        return f"def {name}({', '.join(arguments)}):\n    # TODO {task.label}\n    {unwritten}\n"
    text = emptied(solution(task.module), [task])
    lines, found = text.splitlines(), defined(text)
    parts = sorted(lines_of(found[name]) for name in task.removed)
    return "\n\n\n".join("\n".join(lines[start:end]) for start, end in parts) + "\n"


def pieces(name):
    """Return the starter's file for a module in pieces: texts, and labels of tasks between them.

    Each label stands where `stub` of that task belongs. Put together, they are the file.
    """
    text = unfinished(solution(name), name)
    lines, found = text.splitlines(keepends=True), defined(text)
    marks = []
    for task in tasks.code():
        if task.module == name:
            # functions of one task follow each other, or all go where the last one is
            *others, last = sorted(lines_of(found[each]) for each in task.removed)
            marks += [(start, end, None) for start, end in others] + [(*last, task.label)]
    result, at = [], 0
    for start, end, label in sorted(marks, key=lambda mark: mark[:2]):
        result.append({"text": "".join(lines[at:start])})
        if label:
            result.append({"task": label})
        at = end
        while label is None and not lines[at].strip():
            at += 1  # and the blank lines below it
    return [*result, {"text": "".join(lines[at:])}]


def lines_of(node):
    """Return where the lines of a function or class begin and end, its decorators included."""
    return min(each.lineno for each in [node, *node.decorator_list]) - 1, node.end_lineno


def solution(name):
    """Return the source of the book's own file, which is the finished homework."""
    module = importlib.import_module(f"hwlib.{name}")
    return Path(module.__file__).read_text(encoding="utf-8")


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
