"""An explorer whose picture is drawn by a view, in the reader's browser, from numbers.

    Scene("kmeans-steps", compute, view="plane", k=range(1, 11), step=range(20))

`compute(k=..., step=...)` returns a dictionary of numbers and a caption, a sentence with the
numbers. It draws nothing: that is what `hwlib/views/plane.js` does, on the page and in JupyterLab.
"""

import html
import inspect
import json
import re
from functools import cache

import ipywidgets as widgets
import numpy as np

from hwlib import views
from hwlib.explorer import Explorer, asset, label

FEW = 3  # choices: so many stand side by side as radio buttons, more are a slider


class Scene(Explorer):
    """A picture to take hold of, its caption, and a slider for each thing that can change.

    Parameters
    ----------
    name : str
        The figure's id on the page: lower-case words joined by hyphens, unique in the book.
    compute : callable
        `compute(**values)` returns `(state, caption)`: a dictionary of what JSON can hold, with
        numbers rounded to what is seen (see `seen`), and one or two sentences about it. If it
        takes a `file`, readers can open their own: it gets (name, content), or None.
    view : str
        Who draws it: the name of a module in hwlib/views.
    start : dict, optional
        Where sliders stand at first, by axis; an axis not named starts at its first value.
    **axes : sequence
        The values of each slider, as for `Explorer`. Up to three are radio buttons.

    Raises
    ------
    ValueError
        As `Explorer`, and if there is no such view.

    Examples
    --------
    >>> def compute(k):
    ...     return {"points": [[0, 0], [1, 1]], "starts": [[0]]}, f"k = {k}."
    >>> Scene("steps", compute, view="plane", k=[1, 2])
    Explorer('steps', k=1…2)
    """

    def __init__(self, name, compute, view, start=None, **axes):
        views.script(view)  # or there is no such view
        self.view = view
        self.opens = "file" in inspect.signature(compute).parameters
        super().__init__(name, compute, start, **axes)

    def compute(self, **values):
        """Return the state and the caption for any values, on the axes or not."""
        return self.draw(**(self.start | values))

    def _draw_frame(self, *values):
        state, caption = self.draw(**dict(zip(self.axes, values)))
        return state, caption

    def frames(self):
        """Return (state, caption) of every combination, the last axis changing fastest."""
        return self._all_frames()

    # ---- with a kernel ------------------------------------------------------------------------

    def _view(self):
        import anywidget  # not at the top: a browser's own Python has none and needs none
        import traitlets

        class View(anywidget.AnyWidget):
            _esm = _WITH_CAPTION.format(module=views.module(self.view))
            _css = asset("explorer.css")
            values = traitlets.Dict().tag(sync=True)
            state = traitlets.Dict().tag(sync=True)
            caption = traitlets.Unicode().tag(sync=True)
            last = traitlets.Dict().tag(sync=True)  # where a slider's values end to change anything
            opens = traitlets.Bool().tag(sync=True)  # a file of the reader's own
            trouble = traitlets.Unicode().tag(sync=True)  # what is wrong with it

        return View()

    def _widgets(self):
        view = self._view()
        controls = {axis: self._control(axis, values) for axis, values in self.axes.items()}
        view.opens, opened = self.opens, {}

        def show(_=None):
            values = {axis: control.value for axis, control in controls.items()}
            state, caption = self.compute(**values, **opened) if opened else self.frame(**values)
            with view.hold_sync():
                view.state, view.caption, view.values = state, caption, values
                view.trouble = ""

        def receive(_, content, buffers):  # the reader opens a file, or goes back to the book's
            before = opened.copy()
            opened.clear()
            if buffers:
                opened["file"] = content["open"], bytes(buffers[0])
            try:
                show()
            except ValueError as error:
                opened.clear()
                opened.update(before)
                view.trouble = str(error)

        def follow(change):  # the reader has moved something in the picture that moves a slider
            for axis, value in change["new"].items():
                if axis in controls and value in self.axes[axis]:
                    controls[axis].value = value

        for control in controls.values():
            control.observe(show, "value")
        show()
        view.observe(follow, "values")
        view.on_msg(receive)
        return [*controls.values(), *self._play(controls), view]

    def _control(self, axis, values):
        if not self._few(axis):
            return self._selection(axis, values)
        return widgets.RadioButtons(
            options=[(label(value), value) for value in values],
            value=self.start[axis],
            description=axis.replace("_", " "),
            style={"description_width": "initial"},
            orientation="horizontal",
        )

    # ---- without ------------------------------------------------------------------------------

    def to_html(self):
        """Return the figure that needs no kernel, with the state of every position in it."""
        frames = self.frames()
        at = self.frame()
        shared = _shared([state for state, _ in frames])
        start = {"values": self.start, "shared": shared, "state": _without(at[0], shared)}
        figure = [f'<figure class="explorer" id="{self.name}" data-view="{self.view}">']
        if self.axes:
            figure += ['<div class="explorer-controls" hidden="hidden">']
            figure += [self._slider(axis, values) for axis, values in self.axes.items()]
            figure += ["</div>"]
        picture = views.still(self.view, at[0], self.start)
        figure += [f'<div class="explorer-stage">{picture}</div>']
        figure += [f'<figcaption aria-live="polite">{typeset(at[1])}</figcaption>']
        figure += [
            f'<script type="application/json" class="explorer-start">{_json(start)}</script>'
        ]
        if self.axes:
            states = list(dict.fromkeys(_json(_without(state, shared)) for state, _ in frames))
            index = {state: i for i, state in enumerate(states)}
            # a line for each position and state: one changed number is one changed line
            rows, before = [], None
            for state, caption in frames:
                row = _json([index[_json(_without(state, shared))], caption])
                if row == before:
                    rows[-1] += ",0"  # as the one before it
                else:
                    rows.append(row)
                before = row
            lists = {"frames": rows, "states": states}
            data = ",\n".join(f'"{k}": [\n' + ",\n".join(v) + "]" for k, v in lists.items())
            figure += [f'<script type="application/json">{{{data}}}</script>']
        return "\n".join([*figure, "</figure>"])

    def _few(self, axis):
        return axis != "step" and len(self.axes[axis]) <= FEW

    def _slider(self, axis, values):
        if not self._few(axis):
            return super()._slider(axis, values)
        key, at = f"{self.name}-{axis}", self.start[axis]
        labels = html.escape(json.dumps([label(value) for value in values], ensure_ascii=False))
        buttons = [
            f'<label><input type="radio" name="{key}" value="{html.escape(label(value))}"'
            f"{' checked' if value == at else ''}>{typeset(label(value))}</label>"
            for value in values
        ]
        return (
            f'<fieldset class="explorer-choice" id="{key}" data-values="{labels}"><legend>'
            f"{typeset(axis.replace('_', ' '))}</legend>{''.join(buttons)}</fieldset>"
        )


# In JupyterLab the caption stands below the picture, and what the view says replaces it.
_WITH_CAPTION = """{module}
export default {{
  render({{ model, el }}) {{
    el.classList.add("explorer");
    const stage = document.createElement("div"), caption = document.createElement("figcaption");
    stage.className = "explorer-stage";
    caption.setAttribute("aria-live", "polite");
    el.append(stage, caption);
    const say = () => kit.patch(caption, kit.typeset(model.get("caption")));
    model.on("change:caption", say);
    say();
    return view.render({{ model, el: stage }});
  }},
}};
"""


def seen(x, digits):
    """Return numbers rounded to what is seen, as lists: the same on every machine.

    What lies half way between two goes up, even where the last bit of a processor's result is
    missing for that.

    Examples
    --------
    >>> seen([0.125, 0.125 - 1e-12, -0.0001], 2)
    [0.13, 0.13, 0.0]
    >>> seen(3, 1)
    3.0
    """
    scaled = np.floor(np.asarray(x, dtype=float) * 10**digits + 0.5 + 1e-6)
    return (scaled / 10**digits + 0.0).tolist()


def typeset(text):
    """Return a caption as HTML, with subscripts where a letter is followed by an underscore.

    Examples
    --------
    >>> typeset("F_ST = 0.1 < 1, W_{21}")
    'F<sub>ST</sub> = 0.1 &lt; 1, W<sub>21</sub>'
    """
    text = html.escape(text)
    return re.sub(r"(?<!\w)([^\W_])_(?:\{([^\W_]+)\}|([^\W_]+))", r"\1<sub>\2\3</sub>", text)


def listed(words):
    """Return words as a list in a sentence.

    Examples
    --------
    >>> listed(["2", "4", "8"])
    '2, 4 and 8'
    """
    *others, last = words
    return f"{', '.join(others)} and {last}"


def _shared(states):
    """Return what is the same in all states."""
    first = states[0]
    return {key: first[key] for key in first if all(s.get(key) == first[key] for s in states)}


def _without(state, shared):
    return {key: value for key, value in state.items() if key not in shared}


@cache
def _escape(text):
    return text.replace("<", "\\u003c")


def _json(data):
    return _escape(json.dumps(data, ensure_ascii=False, separators=(",", ":")))
