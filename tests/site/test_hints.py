"""Hints lead to a solution and hold none of it: no formula and no line of code.

The sources of the notebooks are read, so a hint is judged before any book is built. What stands
above the hint, in the text or in an output, is the reader's already: a hint may repeat it. What is
folded away there is not.
"""

import ast
import re
from typing import NamedTuple

import notebook_outputs
import pytest

from homework.tasks import TASKS

WRITTEN = [  # (chapter, label) of each task that the book solves
    (path.stem, label)
    for path, number in zip(notebook_outputs.CHAPTERS, "123")
    for label in TASKS
    if label[0] == number
]
SHORT = 6  # signs: what is below stands in many a sentence by chance, such as u = 8

BLOCK = r"^(`{{3,}}|~{{3,}})\{{{name}\}} ?({title})\n(.*?)^\1`*[ \t]*$"
FLAGS = re.MULTILINE | re.DOTALL
HEADER = r"^:\w+:.*\n"
INLINE_CODE = r"(?<!`)`([^`\n]+)`(?!`)"


class Task(NamedTuple):
    """What a notebook's sources say of a task."""

    above: str  # all that a reader has met before the hints
    hints: dict  # title: text
    solution: str  # its text
    code: list  # the pieces of code that are shown as its solution


def blocks(name, title, text):
    """Return (title, content, start) of each directive of this kind in a Markdown text."""
    found = re.finditer(BLOCK.format(name=name, title=title), text, FLAGS)
    return [(m[2], re.sub(HEADER, "", m[3], flags=re.MULTILINE), m.start()) for m in found]


def task(chapter, label):
    """Return what the sources of a chapter say of the task with this label."""
    path = notebook_outputs.ROOT / "notebooks" / f"{chapter}.ipynb"
    above, found = "", None
    for cell in notebook_outputs.read(path).cells:
        if cell.cell_type == "markdown":
            for title, _, start in blocks("exercise", r"\w+[^\n]*", cell.source):
                if title.startswith(f"{label} "):
                    rest = cell.source[start:]
                    begin = rest.index("First nudge")
                    following = rest.find("{exercise}", len("````{exercise}"))
                    mine = rest if following < 0 else rest[:following]
                    hints = {t: text for t, text, _ in blocks("admonition", r"\w+ nudge", mine)}
                    ((_, solution, _),) = blocks("solution", f"ex-{label}", mine)
                    met = above + open_text(cell.source[:start] + rest[:begin])
                    found = Task(met, hints, solution, [])
                    if following >= 0:
                        return found
                elif found:
                    return found
            above += open_text(cell.source) + "\n"
            continue
        shown = [out.get("data", {}).get("text/markdown", "") for out in cell.get("outputs", [])]
        if found:
            found.code.extend(code for each in shown for code in fenced(each))
        hidden = set(cell.metadata.get("tags", []))
        above += "" if hidden & {"remove-cell", "remove-input", "hide-input"} else cell.source
        if not hidden & {"remove-cell", "remove-output", "hide-output", "hide-cell"}:
            above += "\n".join(shown)
            above += "\n".join(out.get("text", "") for out in cell.get("outputs", []))
    return found


def open_text(text):
    """Return a Markdown text without its folds."""
    return re.sub(
        BLOCK.format(name="(?:admonition|solution)", title="[^\n]*"), "", text, flags=FLAGS
    )


def fenced(text):
    return re.findall(r"^```python\n(.*?)^```", text, FLAGS)


def plain(text):
    """Return a formula, a line or a text without what only sets it."""
    text = re.sub(r"\\(?:bigl|bigr|Bigl|Bigr|left|right|displaystyle|tfrac(?=\d))\b", "", text)
    text = re.sub(r"\\(?:tfrac|dfrac)\b", r"\\frac", text)
    text = re.sub(r"\\[,;:! ]|&", "", text)
    text = re.sub(r"\\mathrel\{\+\}=|\+=", "=", text)
    return re.sub(r"[\s`$*]+", "", text).rstrip(".,;:")


def length(text):
    """Return how many signs a formula has, with a command as one, and braces as none."""
    return len(re.sub(r"[{}]", "", re.sub(r"\\[A-Za-z]+", "x", text)))


def formulas(text, displayed=False):
    """Return the formulas of a Markdown text: each whole, and each side of each equation."""
    found = re.findall(r"\$\$(.*?)\$\$", text, re.DOTALL)
    if not displayed:
        found += re.findall(
            r"(?<!\$)\$([^$]+)\$(?!\$)", re.sub(r"\$\$.*?\$\$", "", text, flags=FLAGS)
        )
    apart = r"\\\\|\\(?:begin|end)\{\w+\}|\\q?quad|\\text\{[^}]*\}"
    whole = [plain(part) for each in found for part in re.split(apart, each)]
    sides = [plain(part) for each in whole for part in re.split(r"[=≈]|\\approx|\\propto", each)]
    return {each for each in whole + sides if length(each) >= 2}


def lines_of(code):
    """Return the lines of a piece of code, and each calculation and call in it."""
    found = {line.split("#")[0] for line in code.splitlines()}
    try:
        nodes = list(ast.walk(ast.parse(code)))
    except SyntaxError:  # a line that is no statement, such as an `else:`
        nodes = []
    kinds = ast.BinOp | ast.Call | ast.Assign | ast.AugAssign | ast.Return
    found |= {ast.get_source_segment(code, node) for node in nodes if isinstance(node, kinds)}
    return {plain(each) for each in found}


def given_away(task, hint):
    """Return what of a task's solution stands in a hint, and nowhere above it."""
    pieces = formulas(task.solution)
    for code in [*task.code, *re.findall(INLINE_CODE, task.solution), *fenced(task.solution)]:
        pieces |= lines_of(code)
    above, said = plain(task.above), plain(hint)
    long = {each for each in pieces if length(each) >= SHORT and each in said}
    # a short result, such as g/x, counts where a hint's formula is all of it
    short = formulas(task.solution, displayed=True) & formulas(hint) - formulas(task.above)
    return sorted({each for each in long if each not in above} | short)


@pytest.mark.parametrize(("chapter", "label"), WRITTEN, ids=[label for _, label in WRITTEN])
class TestHints:
    def test_there_are_two_and_a_solution(self, chapter, label):
        found = task(chapter, label)
        assert list(found.hints) == ["First nudge", "Second nudge"]
        assert length(found.solution) > 100

    def test_none_holds_a_piece_of_the_solution(self, chapter, label):
        found = task(chapter, label)
        assert {title: given_away(found, text) for title, text in found.hints.items()} == {
            "First nudge": [],
            "Second nudge": [],
        }

    def test_each_asks_something(self, chapter, label):
        assert all("?" in text for text in task(chapter, label).hints.values())


# The judge itself: what it must find, and what it must let pass.


@pytest.mark.parametrize(
    ("chapter", "label", "hint"),
    [
        ("1_backprop", "1a", r"Is it $\frac{g}{x}$?"),
        ("1_backprop", "1b", "Is it `n.grad += self.grad / n.value`?"),
        ("1_backprop", "1b", "Try self.grad/n.value."),
        ("1_backprop", "1c", r"What is $u\,(1 - u)$ at 0?"),
        ("1_backprop", "1f", r"Is one of them $g \, v$?"),
        ("1_backprop", "1k", r"Compare $g_i v_j$ and $M^\top g$ with the shape."),
        ("1_backprop", "1l", "Call `np.outer(self.grad, v.value)`."),
        ("1_backprop", "1n", "hidden = ReluNode(AddNode(MVMulNode(W, x), b))"),
        ("2_kmeans", "2a", "np.argmin(distances, axis=1)"),
    ],
)
def test_a_piece_of_the_solution_is_found(chapter, label, hint):
    found = task(chapter, label)
    own = formulas(found.solution) | {p for code in found.code for p in lines_of(code)}
    assert given_away(found, hint), sorted(own)


@pytest.mark.parametrize(
    ("chapter", "label", "hint"),
    [
        ("1_backprop", "1a", r"What is $g$ where $u = \log(x)$?"),  # the task says so itself
        ("1_backprop", "1b", "Look at `n1.grad += self.grad * n2.value`."),  # shown above
        ("1_backprop", "1l", "What does `np.outer` do?"),  # a name is no line
    ],
)
def test_what_stands_above_may_be_said_again(chapter, label, hint):
    assert given_away(task(chapter, label), hint) == []
