"""The views: JavaScript modules that draw scenes, one for each kind of picture.

`kit.js` holds what they share. A view imports from it and exports a `scene`; here the two are put
together, for each of their lives.
"""

import json
import re
from contextlib import contextmanager
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent


def names():
    """Return the names of all views."""
    return sorted({path.stem for path in HERE.glob("*.js")} - {"kit"})


def module(view):
    """Return the kit and a view as one piece of code that ends with the constant `view`."""
    return f"{script('kit')}\n{_with_kit(view)}".replace("export default ", "const view = ")


@cache
def script(name):
    """Return the kit or a view as a script that a page loads, also from a disk.

    (From a disk, browsers load no modules.) The kit comes first. A view then stands in the global
    `explorerViews` by its name.

    Raises
    ------
    ValueError
        If there is no such view.
    """
    if name == "kit":
        code = _read("kit")
        exported = re.findall(r"^export (?:const|function) (\w+)", code, re.MULTILINE)
        code = re.sub(r"^export ", "", code, flags=re.MULTILINE)
        return f"var kit = (() => {{\n{code}\nreturn {{ {', '.join(exported)} }};\n}})();"
    code = _with_kit(name).replace("export default ", "return ")
    return f"(globalThis.explorerViews ??= {{}})[{json.dumps(name)}] = (() => {{\n{code}\n}})();"


def still(view, state, values, width=660):
    """Return what a view draws, as the text of an SVG picture, drawn without a browser.

    Parameters
    ----------
    view : str
    state : dict
        What `compute` returned.
    values : dict
        Where the sliders stand.
    width : int
        In CSS pixels.

    Returns
    -------
    str
        Empty where there is no engine to run JavaScript, as in a browser's own Python. The page has
        the view itself.
    """
    arguments = ", ".join(json.dumps(each) for each in (state, values, width))
    try:
        with running() as evaluate:
            return evaluate(f"explorerViews[{json.dumps(view)}].still({arguments})")
    except ImportError:
        return ""


@contextmanager
def running():
    """Run the kit and all views without a browser; give a function that evaluates JavaScript.

    Examples
    --------
    >>> with running() as evaluate:
    ...     evaluate("kit.fixed(-1234.5, 1)")
    '−1,234.5'
    """
    from py_mini_racer import MiniRacer

    with MiniRacer() as engine:
        for name in ("kit", *names()):
            engine.eval(f"{script(name)};0")
        yield lambda code: json.loads(engine.eval(f"JSON.stringify({code})"))


def _with_kit(view):
    return re.sub(
        r'^import (\{[^}]*\}) from "\./kit\.js";',
        r"const \1 = kit;",
        _read(view),
        flags=re.MULTILINE,
    )


def _read(name):
    path = HERE / f"{name}.js"
    if not path.is_file():
        raise ValueError(f"view: there is no {name!r}; the views are {', '.join(names())}")
    return path.read_text(encoding="utf-8")
