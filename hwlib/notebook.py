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

    Examples
    --------
    >>> from hwlib.map_reduce import add
    >>> print(source(add).data)
    ```python
    def add(one, other):
        return tuple(a + b for a, b in zip(one, other))
    ```
    """
    code = "\n\n".join(_without_docstrings(inspect.getsource(each)) for each in objects)
    return Markdown(f"```python\n{code}\n```")


def _without_docstrings(code):
    code = textwrap.dedent(code)
    lines = code.splitlines()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node) is not None:
            docstring = node.body[0]
            first, last = docstring.lineno - 1, docstring.end_lineno
            if len(node.body) == 1:  # nothing but a docstring: something must stand in its place
                lines[first] = " " * docstring.col_offset + "pass"
                first += 1
            elif not lines[last]:  # the blank line that set it off
                last += 1
            lines[first:last] = [None] * (last - first)
    return "\n".join(line for line in lines if line is not None)
