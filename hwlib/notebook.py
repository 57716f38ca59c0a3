"""What the notebooks use besides the algorithms: the source of a function, shown on the page."""

import ast
import inspect
import textwrap

from IPython.display import Markdown


def source(*objects):
    """Show the code of functions, classes or methods, without their docstrings.

    The page shows what runs: the code is read from the module, and the stored output of the
    notebook is compared with it, so the two cannot drift apart.

    Returns
    -------
    IPython.display.Markdown
    """
    code = "\n\n".join(_without_docstrings(inspect.getsource(each)).rstrip() for each in objects)
    return Markdown(f"```python\n{code}\n```")


def _without_docstrings(code):
    code = textwrap.dedent(code)
    lines = code.splitlines()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            docstring = node.body[0]
            for number in range(docstring.lineno - 1, docstring.end_lineno):
                lines[number] = None
            if docstring.end_lineno < len(lines) and lines[docstring.end_lineno] == "":
                lines[docstring.end_lineno] = None  # the blank line that set the docstring off
    return "\n".join(line for line in lines if line is not None)
