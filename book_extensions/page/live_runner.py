"""Runs a page's cells in the browser's Python: what a cell needs first, and what it shows."""

import ast
import base64
import builtins
import contextlib
import functools
import importlib
import importlib.machinery
import io
import linecache
import logging
import symtable
import sys
import traceback
import types
import warnings

NAMES = {"__name__": "__main__"}  # what the cells define
DONE = {}  # a cell's id: the text that was run last
EXPLORERS = {}  # by their names on the page
DEFINITION = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


# ---- what a cell needs --------------------------------------------------------------------------


def names_of(statement):
    """Return the names that a statement of a module defines, and those that it uses."""
    table = symtable.symtable(ast.unparse(statement), "cell", "exec")
    defines = {each.get_name() for each in table.get_symbols() if each.is_assigned()}
    defines |= {each.get_name() for each in table.get_symbols() if each.is_imported()}
    uses = {each.get_name() for each in table.get_symbols() if each.is_referenced()}
    inner = list(table.get_children())
    while inner:
        scope = inner.pop()
        uses |= {each.get_name() for each in scope.get_symbols() if each.is_global()}
        inner += scope.get_children()
    return defines, uses - set(dir(builtins))


def one_by_one(statements):
    """Yield statements in their order; of a loop or a condition its head, then what is inside."""
    for statement in statements:
        names = () if isinstance(statement, DEFINITION) else ("body", "orelse", "finalbody")
        blocks = {name: block for name in names if (block := getattr(statement, name, None))}
        if not blocks:
            yield statement
            continue
        yield type(statement)(**vars(statement) | dict.fromkeys(blocks, [ast.Pass()]))
        for block in blocks.values():
            yield from one_by_one(block)


@functools.cache
def analyze(source):
    """Return what a cell uses from outside, what it defines, and its imports by name."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        return set(), set(), {}
    uses, defines, imports = set(), set(), {}
    for statement in one_by_one(statements):
        defined, used = names_of(statement)
        if isinstance(statement, ast.Import | ast.ImportFrom):
            for alias in statement.names:
                one = type(statement)(**{**vars(statement), "names": [alias]})
                name = alias.asname or alias.name.partition(".")[0]
                imports[name] = ast.unparse(one)
        uses |= used - defines
        defines |= defined
    return uses, defines, imports


def plan(cells, target, again=True):
    """Return the steps that a cell needs, in order: texts of imports, and ids of cells.

    A cell is run again only if its text has changed since, or a cell that it needs is run again;
    the cell itself also without that, unless `again` is false.
    Of a cell that is only needed for what it imports, nothing but those imports is run.
    """
    texts = {cell["id"]: cell["source"] for cell in cells}
    order = list(texts)
    wanted, imports = set(), {}

    def found(identity):  # cells that nobody asks for are not read
        return analyze(texts[identity])

    def visit(identity):
        if identity in wanted:
            return
        wanted.add(identity)
        for name in found(identity)[0]:
            before = order[: order.index(identity)]
            definer = next((each for each in reversed(before) if name in found(each)[1]), None)
            if definer is None:
                continue
            if name in found(definer)[2]:
                if name not in NAMES:
                    imports[found(definer)[2][name]] = definer
            else:
                visit(definer)

    visit(target)
    steps = set()
    for identity in filter(wanted.__contains__, order):
        uses = found(identity)[0]
        stale = any(uses & found(other)[1] for other in steps)
        if (again and identity == target) or stale or DONE.get(identity) != texts[identity]:
            steps.add(identity)
    return list(imports), [each for each in order if each in steps]


def dependents(cells, changed):
    """Return the ids of later cells that were run and use what the changed cell defines."""
    texts = {cell["id"]: cell["source"] for cell in cells}
    order = list(texts)
    later = order[order.index(changed) + 1 :]
    while later and later[-1] not in DONE:
        later.pop()
    touched, stale = set(analyze(texts[changed])[1]), []
    for identity in later:
        uses, defines, _ = analyze(texts[identity])
        if uses & touched:
            touched |= defines
            if identity in DONE:
                stale.append(identity)
    return stale


def look_again():
    """Let modules be found whose files have come since; importlib's own way loads a lot for it."""
    for finder in sys.path_importer_cache.values():
        if isinstance(finder, importlib.machinery.FileFinder):
            finder.invalidate_caches()


# ---- running one --------------------------------------------------------------------------------


def run(identity, source, show):
    """Run a cell; `show(kind, data)` gets what it displays. Return None, or what went wrong."""
    name = f"<cell {identity}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    try:
        tree = ast.parse(source, name)
        last = None
        if tree.body and isinstance(tree.body[-1], ast.Expr):
            last = ast.Expression(tree.body.pop().value)
        exec(compile(tree, name, "exec"), NAMES)
        if last is not None:
            display(eval(compile(last, name, "eval"), NAMES), show)
        show_figures(show)
    except BaseException as error:
        return fault(error, name)
    DONE[identity] = source
    return None


def check(identity, source, task, show):
    """Check an exercise's cell; `show` gets the verdict. Return None, or what went wrong.

    The cell runs on a copy of the names that its file has in the starter, so that neither the
    book's solution nor what another cell has left behind can stand in for what is missing.
    """
    name = f"<cell {identity}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    try:
        from homework import checks, tasks

        row = tasks.TASKS[task]
        names = dict(vars(importlib.import_module(f"hwlib.{row.module}")))
        names["__name__"] = row.module  # who pastes a whole file does not start its program
        for each in {*row.removed, *row.names}:
            names.pop(each, None)
        exec(compile(source, name, "exec"), names)
        missing = [each for each in row.names if each not in names]
        if missing:
            raise NameError(f"this cell defines no {' and no '.join(missing)}")
        asked = {*row.names, *row.removed} & names.keys()
        with warning():
            verdict = checks.check(task, **{each: names[each] for each in asked})
    except BaseException as error:
        return fault(error, name)
    said, parts = set(), []
    for part, (_, _, messages) in verdict.parts.items():
        new = [message for message in messages if message not in said]
        said.update(messages)
        parts.append({"name": part, "right": not messages, "messages": new})
    show("verdict", {"passed": verdict.passed, "parts": parts, "notes": verdict.notes})
    return None


@contextlib.contextmanager
def warning(always=False):
    """Let numpy's exp and log warn of what overflows or has no value, while the block runs.

    WebAssembly keeps no record of overflow, so numpy is silent there, and a check that listens for
    its warnings would pass what it should not.
    """
    if not always and sys.platform != "emscripten":
        yield
        return
    import numpy as np

    exp, log = np.exp, np.log

    def telling(function, whats):
        def call(x, *rest, **settings):
            result = function(x, *rest, **settings)
            where = settings.get("where", True)
            for kind, what, happened in whats:
                heard = np.geterr()[kind] != "ignore"
                if heard and np.any(happened(np.asarray(x), result) & where):
                    text = f"{what} encountered in {function.__name__}"
                    warnings.warn(text, RuntimeWarning, stacklevel=2)
            return result

        return call

    np.exp = telling(exp, [("over", "overflow", lambda x, y: np.isinf(y) & np.isfinite(x))])
    of_zero = ("divide", "divide by zero", lambda x, y: x == 0)
    np.log = telling(log, [of_zero, ("invalid", "invalid value", lambda x, y: x < 0)])
    try:
        yield
    finally:
        np.exp, np.log = exp, log


def fault(error, name):
    """Return what is told of an error: its line in the cell, a message, and the whole account."""
    if isinstance(error, SyntaxError) and error.filename == name:
        line = error.lineno
    else:
        own = [
            frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == name
        ]
        line = own[-1].lineno if own else None
    told = "".join(traceback.format_exception_only(error)).strip().splitlines()
    missing = isinstance(error, ModuleNotFoundError | OSError)
    told = told[0 if missing else -1]  # Pyodide says more of a missing module, about itself
    frames = [
        f for f in traceback.extract_tb(error.__traceback__) if "live_runner" not in f.filename
    ]
    account = "".join(traceback.format_list(frames)) + told
    return {"line": line, "message": told[:2000], "traceback": account[-8000:], "missing": missing}


def display(value, show):
    """Show the value of a cell's last line as JupyterLab would."""
    if value is None:
        return
    if type(value).__name__ == "Explorer":  # the page draws it, and asks for numbers
        EXPLORERS[value.name] = value
        return show("explorer", value.name)
    bundle = {}
    if hasattr(value, "_repr_mimebundle_"):
        bundle = value._repr_mimebundle_() or {}
    for kind, method in (("html", "_repr_html_"), ("markdown", "_repr_markdown_")):
        text = bundle.get(f"text/{kind}")
        if text is None and hasattr(value, method):
            text = getattr(value, method)()
        if text is not None:
            return show(kind, text)
    if hasattr(value, "savefig"):
        return show_figure(value, show)
    if hasattr(value, "_repr_png_"):
        return show("png", base64.b64encode(value._repr_png_()).decode())
    show("plain", repr(value)[:100_000])


def show_figures(show):
    """Show all figures of pyplot, and close them."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    for number in pyplot.get_fignums() if pyplot else ():
        show_figure(pyplot.figure(number), show)
    if pyplot:
        pyplot.close("all")


def show_figure(figure, show):
    """Show a figure as a picture."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=144, bbox_inches="tight")
    show("png", base64.b64encode(file.getvalue()).decode())


# ---- explorers ----------------------------------------------------------------------------------


def figure(name):
    """Return the figure of an explorer that the page has not: its sliders, and where they stand."""
    return EXPLORERS[name].to_html(stored=False)


def compute(name, values, file=None):
    """Return what an explorer shows for any values of its sliders, or for a reader's own file."""
    value = EXPLORERS[name]
    numbers = dict(values)
    for axis, listed in value.axes.items():  # the very value that is listed, where it is one
        numbers[axis] = next(
            (each for each in listed if plain(each) == numbers[axis]), numbers[axis]
        )
    if file:
        numbers["file"] = file[0], bytes(file[1])
    for axis in [None, *reversed(value.axes)]:
        listed = value.axes.get(axis, [])
        if axis and numbers[axis] not in listed:  # it knows the listed values alone: the nearest
            numbers[axis] = min(listed, key=lambda each: abs(each - numbers[axis]))  # noqa: B023
        try:
            state, caption = value.compute(**numbers)
            return {"state": state, "caption": caption}
        except LookupError:
            pass
    raise LookupError(f"{name} shows nothing at {values}")


def plain(value):
    """Return a value as a number or text of plain Python."""
    return value.item() if hasattr(value, "item") else value


# ---- what a page has not ------------------------------------------------------------------------


class Widget:
    """Stands for a widget of ipywidgets, which a page draws itself."""

    def __init__(self, *children, **settings):
        self.children = children[0] if children else settings.get("children", ())
        self.__dict__.update(settings)

    def observe(self, *_, **__):
        """Do nothing: no front end tells of changes."""

    def add_class(self, *_):
        """Do nothing likewise."""

    def _repr_mimebundle_(self, **_):
        return {}


class Shown:
    """What IPython.display shows, with its text as data."""

    def __init__(self, data=None, **_):
        self.data = data


def stand_ins():
    """Put modules in place that notebooks import and a page has no use for."""
    widgets = types.ModuleType("ipywidgets")
    for (
        name
    ) in "VBox HBox HTML Play SelectionSlider IntSlider FloatSlider FileUpload Button".split():
        setattr(widgets, name, type(name, (Widget,), {}))
    widgets.jslink = widgets.link = lambda *_, **__: None
    show = types.ModuleType("IPython.display")
    markdown = {"_repr_markdown_": lambda self: self.data}
    show.Markdown = type("Markdown", (Shown,), markdown)
    show.HTML = type("HTML", (Shown,), {"_repr_html_": lambda self: self.data})
    python = types.ModuleType("IPython")
    python.display = show
    python.version_info, python.get_ipython = (9, 0), lambda: None  # matplotlib asks
    sys.modules.update({"ipywidgets": widgets, "IPython": python, "IPython.display": show})


if sys.platform == "emscripten":
    stand_ins()
# `plt.show()` shows what `show_figures` shows anyway.
warnings.filterwarnings("ignore", "FigureCanvasAgg is non-interactive")
# A font that comes later is replaced by one that is there; that concerns no reader.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
