"""Rewrite a submission so that it runs on today's numpy, and so that its loops are counted.

Like the probe it needs nothing of the book, and runs where the submission does.
"""

import ast

import numpy as np

NOTES = {
    "names": "np.{} is gone since numpy 2; it was taken for what it meant. This is numpy "
    + np.__version__
    + ".",
    "entry": "An array of one entry is assigned to an entry of an array, which numpy refuses since "
    "2.4; its number was taken. Write x[i] = value[0], or make the value a number.",
}
# names that numpy 2 has removed, and what they meant
OLD_NAMES = {
    "float_": "float64", "complex_": "complex128", "Inf": "inf", "Infinity": "inf",
    "infty": "inf", "PINF": "inf", "NaN": "nan", "NAN": "nan", "product": "prod",
    "cumproduct": "cumprod", "alltrue": "all", "sometrue": "any", "round_": "round",
    "row_stack": "vstack", "in1d": "isin", "trapz": "trapezoid", "float": "float64",
    "int": "int64", "bool": "bool_",
}  # fmt: skip


def rewrite(source, path):
    """Return the tree of a source, a list of notes that grows, and names that the tree needs."""
    tree = ast.parse(source, path)
    gone = [name for name in OLD_NAMES if name not in vars(np)]
    for name in gone:
        setattr(np, name, getattr(np, OLD_NAMES[name]))
    notes = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in gone:
            if isinstance(node.value, ast.Name) and node.value.id in ("np", "numpy"):
                note = NOTES["names"].format(node.attr)
                if note not in notes:
                    notes.append(note)

    def assign(value, target, key):
        one = isinstance(value, np.ndarray) and value.ndim and value.size == 1
        # in place of a row, or of an object, numpy takes such an array
        if one and isinstance(target, np.ndarray) and target.dtype != object:
            if np.ndim(target[key]) == 0:
                if NOTES["entry"] not in notes:
                    notes.append(NOTES["entry"])
                value = value.reshape(())[()]
        target[key] = value

    tree = ast.fix_missing_locations(Rewriter().visit(tree))
    return tree, notes, {"__assign__": assign, "__key__": np.s_}


def call(name, *arguments):
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


class Rewriter(ast.NodeTransformer):
    """Counts each round of a loop, and takes the number out of an array of one entry."""

    def visit_Assign(self, node):
        self.generic_visit(node)
        target = node.targets[0]
        if len(node.targets) > 1 or not isinstance(target, ast.Subscript):
            return node
        # what Python evaluates, in its order: the value, the array, the key
        array = target.value
        key = ast.Subscript(ast.Name("__key__", ast.Load()), target.slice, ast.Load())
        assigned = ast.Expr(call("__assign__", node.value, array, key))
        return ast.copy_location(assigned, node)

    def loop(self, node):
        self.generic_visit(node)
        first = node.body[0]
        node.body.insert(0, ast.copy_location(ast.Expr(call("__round__")), first))
        return node

    visit_For = visit_While = loop

    def visit_comprehension(self, node):
        self.generic_visit(node)
        # 0 or more, and so never false
        node.ifs.insert(0, ast.Compare(call("__round__"), [ast.GtE()], [ast.Constant(0)]))
        return node


def of_notebook(cells):
    """Return a program of a notebook's code cells, as one source.

    Definitions and imports stay as they are. Whatever else stands in a cell may go wrong there
    without harm to the rest: such as a plot, or a line that needs a file.
    """
    body = []
    for cell in cells:
        lines = ["" if line.lstrip()[:1] in ("%", "!", "?") else line for line in cell.split("\n")]
        try:
            tree = ast.parse("\n".join(lines))
        except (SyntaxError, ValueError):
            body.append(ast.parse("raise SyntaxError('a notebook cell is not valid Python')"))
            continue
        for node in tree.body:
            kept = (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
            if not isinstance(node, kept):
                handler = ast.ExceptHandler(ast.Name("Exception", ast.Load()), None, [ast.Pass()])
                node = ast.Try([node], [handler], [], [])
            body.append(node)
    return ast.unparse(ast.fix_missing_locations(ast.Module(body, [])))
