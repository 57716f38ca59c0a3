"""A small Sphinx extension: on a page, the check cell of a task starts as the starter's stub.

In a notebook a check cell has the book's solution, so that the notebook runs from top to bottom:

    LogNode = backprop.LogNode  # put your own class here
    check("1b", LogNode=LogNode)

On the page that cell has the text of the starter (homework/starter.py) and no output: nothing
passes before a reader has acted. live.js gives it a button that checks what the reader writes.
"""

import ast
from pathlib import Path

import nbformat

from homework import starter, tasks

SAME = "# Your {names} from task {earlier} is checked here.\n"


def task_of(source):
    """Return the task that a cell checks, a row of the table, or None.

    Examples
    --------
    >>> task_of('check("1b", LogNode=LogNode)').label
    '1b'
    """
    calls = _checks(source)
    return tasks.TASKS.get(calls[-1].value.args[0].value) if calls else None


def without_check(source):
    """Return what a check cell defines, for the cells below it that use it.

    Examples
    --------
    >>> without_check('f = g\\ncheck("1b", LogNode=f)')
    'f = g'
    """
    lines = source.splitlines()
    for call in reversed(_checks(source)):
        del lines[call.lineno - 1 : call.end_lineno]
    return "\n".join(lines)


def _checks(source):
    """Return the statements of a cell that are calls of `check` for a task."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:  # IPython's own commands
        return []
    return [
        each
        for each in statements
        if isinstance(each, ast.Expr)
        and isinstance(each.value, ast.Call)
        and getattr(each.value.func, "id", "") == "check"
        and each.value.args
        and getattr(each.value.args[0], "value", None) in tasks.TASKS
    ]


def exercises(cells):
    """Return {cell id: what a page needs to know of it} of a notebook's check cells.

    Each has its "task", the "text" it starts with, and what is checked with it: "after" names an
    earlier cell whose function this one checks again, for another part of the answer. Code that is
    "practice" does not do the task, which asks for words.
    """
    found, first = {}, {}
    for cell in cells:
        task = task_of(cell.source) if cell.cell_type == "code" else None
        if task is None:
            continue
        earlier = first.setdefault((task.module, task.names), cell.id)
        about = {"task": task.label, "file": task.file, "practice": not task.is_code}
        if earlier == cell.id:
            about["text"] = starter.stub(task)
        else:
            names = " and ".join(task.names)
            about["text"] = SAME.format(names=names, earlier=found[earlier]["task"])
            about["after"] = earlier
        found[cell.id] = about
    return found


def files(cells):
    """Return {file name: pieces} of what a reader of a notebook hands in (starter.pieces)."""
    labels = [task_of(cell.source) for cell in cells if cell.cell_type == "code"]
    modules = {task.module for task in labels if task and task.is_code}
    return {f"{name}.py": starter.pieces(name) for name in sorted(modules)}


def stubbed(source):
    """Return the text of a notebook's file with stubs for its check cells."""
    book = nbformat.reads(source, 4)
    found = exercises(book.cells)
    for cell in book.cells:
        if cell.get("id") in found:
            cell.source = found[cell.id]["text"].rstrip("\n")
            cell.outputs = []
    return nbformat.writes(book) if found else source


def read(app, docname, source):
    """Give Sphinx a notebook with stubs in place of the one in the file."""
    if app.builder.format == "html" and Path(app.env.doc2path(docname)).suffix == ".ipynb":
        source[0] = stubbed(source[0])


def setup(app):
    """Register with Sphinx."""
    app.connect("source-read", read, priority=600)  # when the student edition has been made
    return {"parallel_read_safe": True, "parallel_write_safe": True}
