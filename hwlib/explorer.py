"""A picture to take hold of that lives three times, from one description.

    Explorer("kmeans-steps", compute, view="plane", k=range(1, 11), step=range(20))

`compute(k=..., step=...)` returns a dictionary of numbers and a caption, a sentence with the
numbers. It draws nothing: that is what `hwlib/views/plane.js` does. With a kernel (JupyterLab) an
explorer is an ordinary widget. Without one (the published page) it is a `<figure>` that holds the
numbers of every position of its sliders, and explorer.js, which gives them to the view. Once the
page's own Python runs, that computes what is not stored.
"""

import html
import inspect
import itertools
import json
import re
from functools import cache
from pathlib import Path

import ipywidgets as widgets

from hwlib import views

# A page's own Python has stand-ins for widgets: the page has the sliders, and asks for states.
WIDGETS = hasattr(widgets, "Widget")
FEW = 3  # choices: so many stand side by side as radio buttons, more are a slider


class Explorer(widgets.VBox):
    """A picture to take hold of, its caption, and a slider for each thing that can change.

    Parameters
    ----------
    name : str
        The figure's id on the page: lower-case words joined by hyphens, unique in the book.
    compute : callable
        `compute(**values)` returns `(state, caption)`: a dictionary of what JSON can hold, with
        numbers rounded to what is seen (see `hwlib.scenes.seen`), and one or two sentences about
        it. If it takes a `file`, readers can open their own: it gets (name, content), or None.
    view : str
        Who draws it: the name of a module in hwlib/views.
    start : dict, optional
        Where sliders stand at first, by axis; an axis not named starts at its first value.
    **axes : sequence
        The values of each slider. Up to three are radio buttons. An axis called `step` can also be
        played. Without axes, this is a plain figure.

    Raises
    ------
    ValueError
        If the name is not an id, there is no such view, an axis is empty, or `start` names a value
        not on its axis.

    Examples
    --------
    >>> def compute(k):
    ...     return {"points": [[0, 0], [1, 1]], "starts": [[0]]}, f"k = {k}."
    >>> steps = Explorer("steps", compute, view="plane", k=[1, 2])
    >>> steps
    Explorer('steps', k=1…2)
    >>> steps.frame(k=2)[1]
    'k = 2.'
    """

    def __init__(self, name, compute, view, start=None, **axes):
        if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
            raise ValueError(f"name: {name!r} is not an id; use lower-case words joined by hyphens")
        if WIDGETS:  # a page's own Python has no views: the page has them
            views.script(view)  # or there is no such view
        self.name, self.view, self._compute = name, view, compute
        self.opens = "file" in inspect.signature(compute).parameters
        self.axes = {axis: list(values) for axis, values in axes.items()}
        self.start = {axis: values[0] for axis, values in self.axes.items() if values}
        self.start |= self._on_axes("start", start or {})
        for axis, values in self.axes.items():
            if not values:
                raise ValueError(f"{axis}: an axis needs at least one value, got none")
        # each state is computed once, whoever asks
        self._frame = cache(lambda *values: compute(**dict(zip(self.axes, values))))
        super().__init__(self._widgets() if WIDGETS else ())
        self.add_class("explorer")

    def __repr__(self):
        axes = [f"{axis}={_span(values)}" for axis, values in self.axes.items()]
        return f"Explorer({', '.join([repr(self.name), *axes])})"

    def _repr_mimebundle_(self, **kwargs):
        live = super()._repr_mimebundle_(**kwargs)  # its text is cut where it is long
        return live | {"text/plain": repr(self), "text/html": self.to_html()}

    def compute(self, **values):
        """Return the state and the caption for any values, on the axes or not."""
        return self._compute(**(self.start | values))

    def frame(self, **values):
        """Return the state and the caption for values on the axes; an axis not named is at start.

        A ValueError says which value is on none of the axes.
        """
        return self._frame(*(self.start | self._on_axes("frame", values)).values())

    def frames(self):
        """Return the state and the caption of each position, the last axis changing fastest."""
        return [self._frame(*values) for values in itertools.product(*self.axes.values())]

    def _on_axes(self, argument, values):
        for axis, value in values.items():
            if value not in self.axes.get(axis, []):
                raise ValueError(f"{argument}: {axis} = {value!r} is not on the axes {self.axes}")
        return values

    # ---- with a kernel ------------------------------------------------------------------------

    def _view(self):
        import anywidget  # not at the top: a browser's own Python has none and needs none
        import traitlets

        class View(anywidget.AnyWidget):
            _esm = _WITH_CAPTION.format(module=views.module(self.view))
            _css = _asset("explorer.css")
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

        def show(_=None, opened=opened):
            values = {axis: control.value for axis, control in controls.items()}
            try:
                new = self.compute(**values, **opened) if opened else self.frame(**values)
            except ValueError as error:
                if not opened:
                    raise
                view.trouble = str(error)  # the reader's file does not go with these values
                return False
            with view.hold_sync():
                (view.state, view.caption), view.values, view.trouble = new, values, ""
            return True

        def receive(_, content, buffers):  # the reader opens a file, or goes back to the book's
            file = {"file": (content["open"], bytes(buffers[0]))} if buffers else {}
            if show(opened=file):
                opened.clear()
                opened.update(file)

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
        settings = {
            "options": [(label(value), value) for value in values],
            "value": self.start[axis],
            "description": axis.replace("_", " "),
            "style": {"description_width": "initial"},
        }
        if self._few(axis):
            return widgets.RadioButtons(**settings, orientation="horizontal")
        return widgets.SelectionSlider(**settings, layout={"width": "28em"})

    def _few(self, axis):
        return axis != "step" and len(self.axes[axis]) <= FEW

    def _play(self, controls):
        if "step" not in controls:
            return []
        play = widgets.Play(max=len(self.axes["step"]) - 1, interval=700)
        play.value = self.axes["step"].index(self.start["step"])
        widgets.jslink((play, "value"), (controls["step"], "index"))
        return [play]

    # ---- without ------------------------------------------------------------------------------

    def to_html(self, stored=True):
        """Return the figure that needs no kernel, with the state of every position in it.

        Without JavaScript it is an ordinary figure at its start; explorer.js brings it to life.
        If nothing is to be `stored`, it has no state but the first: Python computes the others.
        """
        at = self.frame()
        frames = self.frames() if stored else [at]
        shared = _shared([state for state, _ in frames])
        start = {"values": self.start, "shared": shared, "state": _without(at[0], shared)}
        figure = [f'<figure class="explorer" id="{self.name}" data-view="{self.view}">']
        if self.axes:
            figure += ['<div class="explorer-controls" hidden="hidden">']
            figure += [self._slider(axis, values) for axis, values in self.axes.items()]
            figure += ["</div>"]
        picture = views.still(self.view, at[0], self.start) if stored else ""
        figure += [f'<div class="explorer-stage">{picture}</div>']
        figure += [f'<figcaption aria-live="polite">{typeset(at[1])}</figcaption>']
        figure += [
            f'<script type="application/json" class="explorer-start">{_json(start)}</script>'
        ]
        if self.axes and stored:
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

    def _slider(self, axis, values):
        key, text = f"{self.name}-{axis}", re.sub("(?<=[a-z])_", " ", axis)  # not of F_ST
        texts, at = [label(value) for value in values], values.index(self.start[axis])
        labels = html.escape(json.dumps(texts, ensure_ascii=False))
        if self._few(axis):
            buttons = [
                f'<label><input type="radio" name="{key}" value="{html.escape(each)}"'
                f"{' checked' if i == at else ''}>{typeset(each)}</label>"
                for i, each in enumerate(texts)
            ]
            return (
                f'<fieldset class="explorer-choice" id="{key}" data-values="{labels}">'
                f"<legend>{typeset(text)}</legend>{''.join(buttons)}</fieldset>"
            )
        play = '<button type="button">Play</button>' if axis == "step" else ""
        return (
            f'<div><label for="{key}">{html.escape(text)}</label>'
            f'<input type="range" id="{key}" max="{len(values) - 1}" value="{at}" '
            f'data-values="{labels}" aria-valuetext="{html.escape(texts[at])}">'
            f'<output for="{key}">{html.escape(texts[at])}</output>{play}</div>'
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


def label(value):
    """Return a slider's value as it is read: 0.3, 12, 'simple'.

    Examples
    --------
    >>> label(0.3), label(100.0), label(12), label("simple")
    ('0.3', '100', '12', 'simple')
    """
    return f"{value:g}" if isinstance(value, float) else str(value)


def typeset(text):
    """Return a caption as HTML, with subscripts where a letter is followed by an underscore.

    Examples
    --------
    >>> typeset("F_ST = 0.1 < 1, W_{21}")
    'F<sub>ST</sub> = 0.1 &lt; 1, W<sub>21</sub>'
    """
    text = html.escape(text)
    return re.sub(r"(?<!\w)([^\W_])_(?:\{([^\W_]+)\}|([^\W_]+))", r"\1<sub>\2\3</sub>", text)


def _span(values):
    first, last = label(values[0]), label(values[-1])
    return first if len(values) == 1 else f"{first}…{last}"


def _shared(states):
    """Return what is the same in all states."""
    first = states[0]
    return {key: first[key] for key in first if all(s.get(key) == first[key] for s in states)}


def _without(state, shared):
    return {key: value for key, value in state.items() if key not in shared}


def _json(data):
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


@cache
def _asset(name):
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
