"""The explorer: one description, the same states with a kernel and without."""

import itertools
import json
import re
from functools import partial

import ipywidgets as widgets
import pytest

from hwlib import datasets, views
from hwlib.explorer import Explorer
from hwlib.scenes import kmeans as clusters


def squares(k, kind):
    return {"points": [[0, k]], "starts": [[0]]}, f"k = {k} of {kind}: a_1 < {k * k}."


@pytest.fixture
def explorer():
    return Explorer(
        "squares", squares, view="plane", start={"k": 2}, k=[1, 2, 3, 4], kind=["a", "b"]
    )


def parts(page):
    """Return what explorer.js reads: the start, and all positions."""
    scripts = page.split('<script type="application/json"')[1:]
    return [json.loads(script.split(">", 1)[1].split("</script>")[0]) for script in scripts]


def test_every_position_is_stored(explorer):
    start, data = parts(explorer.to_html())
    assert start["values"] == {"k": 2, "kind": "a"}
    assert start["shared"] == {"starts": [[0]]}
    assert start["state"] == {"points": [[0, 2]]}
    for (k, kind), [index, caption] in zip(itertools.product([1, 2, 3, 4], "ab"), data["frames"]):
        assert {**start["shared"], **data["states"][index]} == squares(k, kind)[0]
        assert caption == squares(k, kind)[1]
    assert len(data["states"]) == 4  # equal ones are stored once


def test_a_position_like_the_one_before_it_is_a_0():
    ends = Explorer("ends", lambda step: squares(min(step, 2), "a"), view="plane", step=range(1, 6))
    _, data = parts(ends.to_html())
    assert data["frames"] == [[0, "k = 1 of a: a_1 < 1."], [1, "k = 2 of a: a_1 < 4."], 0, 0, 0]


def test_page_is_a_figure_without_javascript(explorer):
    page = explorer.to_html()
    assert page.startswith('<figure class="explorer" id="squares" data-view="plane">')
    assert '<div class="explorer-controls" hidden="hidden">' in page
    still = views.still("plane", squares(2, "a")[0], {"k": 2, "kind": "a", "step": 0})
    assert still.startswith("<svg") and still.endswith("</svg>")
    assert "k = 2 of a: a<sub>1</sub> &lt; 4.</figcaption>" in page
    assert '<input type="range" id="squares-k" max="3" value="1"' in page
    # a few words are radio buttons
    assert '<fieldset class="explorer-choice" id="squares-kind"' in page
    assert 'data-values="[&quot;a&quot;, &quot;b&quot;]"><legend>kind</legend>' in page
    assert '<input type="radio" name="squares-kind" value="a" checked>a' in page


def test_without_axes_it_is_a_plain_figure():
    page = Explorer("plain", lambda: squares(2, "a"), view="plane").to_html()
    assert "explorer-controls" not in page and "k = 2 of a" in page
    assert page.count("<script") == 1  # its start, for the view


def test_widgets_follow_each_other(explorer):
    k, kind, view = explorer.children
    assert isinstance(k, widgets.SelectionSlider) and isinstance(kind, widgets.RadioButtons)
    assert (view.state, view.caption) == squares(2, "a")
    k.value = 4
    assert (view.state, view.caption) == squares(4, "a")
    view.values = {"k": 1, "kind": "b"}  # as the view says when the reader has moved something
    assert (k.value, kind.value) == (1, "b")
    assert (view.state, view.caption) == squares(1, "b")
    view.values = {"k": 99, "kind": "b"}  # on no axis
    assert k.value == 1


def test_a_file_of_ones_own_is_shown_with_a_kernel():
    """As the view sends it, with its content; what is wrong leaves the picture as it is."""
    X = datasets.plane_points()
    explorer = Explorer("own", clusters.steps(X), view="plane", k=[2, 3], seed=[0], step=[0, 1])
    *_, view = explorer.children
    assert view.opens
    send = partial(view._handle_custom_msg)  # what a message from the browser calls
    first = view.caption
    send({"open": "mine.csv"}, [b"x,y\n1,2\n3,4\n5,7\n"])
    assert view.state["about"].startswith("mine.csv: 3 points") and view.trouble == ""
    mine = view.caption
    send({"open": "bad.csv"}, [b"x,y\n1,2\n3,four\n"])
    assert "bad.csv" in view.trouble and view.caption == mine != first
    k = explorer.children[0]
    send({"open": "two.csv"}, [b"x,y\n1,2\n3,4\n"])
    two = view.caption
    k.value = 3  # more than there are points
    assert view.trouble == "k is 3; expected an integer from 1 to 2" and view.caption == two
    k.value = 2
    assert (view.caption, view.trouble) == (two, "")
    send({"open": None}, [])  # back to the book's
    assert (view.caption, view.trouble) == (first, "")


def test_a_fault_of_the_books_own_is_not_called_trouble_with_a_file():
    def compute(k):
        if k == 2:
            raise ValueError("k is 2")
        return squares(k, "a")

    control, *_, view = Explorer("faulty", compute, view="plane", k=[1, 2]).children
    with pytest.raises(ValueError, match="^k is 2$"):
        control.value = 2
    assert view.trouble == ""


def test_any_value_can_be_computed(explorer):
    assert explorer.compute(k=7) == squares(7, "a")
    with pytest.raises(ValueError, match="frame: k = 7 is not on the axes"):
        explorer.frame(k=7)


def test_a_view_that_is_not_there():
    with pytest.raises(ValueError, match="view: there is no 'plan'; the views are .*plane"):
        Explorer("x", squares, view="plan", k=[1])


def test_still_is_empty_where_nothing_runs_javascript(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "py_mini_racer", None)
    assert views.still("plane", {}, {}) == ""


def test_each_state_is_computed_once():
    computed = []

    def compute(k):
        computed.append(k)
        return squares(k, "a")

    explorer = Explorer("once", compute, view="plane", k=[1, 2, 3, 4])
    explorer.to_html()
    explorer.to_html()
    explorer.children[0].value = 3
    assert sorted(computed) == [1, 2, 3, 4]


def test_without_widgets_a_view_need_not_be_there(monkeypatch):
    # so it is with a page's own Python: the page has the views
    monkeypatch.setattr("hwlib.explorer.WIDGETS", False)
    explorer = Explorer("alone", lambda k: squares(k, "a"), view="elsewhere", k=[1, 2])
    assert explorer.children == () and explorer.compute(k=3) == squares(3, "a")


def test_what_is_not_to_be_stored_is_not_computed():
    # as a page's own Python asks, for an explorer that a reader has made
    computed = []

    def compute(k):
        computed.append(k)
        return squares(k, "a")

    explorer = Explorer("once", compute, view="plane", start={"k": 2}, k=[1, 2, 3, 4])
    [start] = parts(explorer.to_html(stored=False))
    assert start["shared"] == squares(2, "a")[0] and computed == [2]


def test_sliders_have_a_name_and_a_value(explorer):
    page = explorer.to_html()
    assert '<label for="squares-k">k</label>' in page
    slider = re.search(r'<input type="range" id="squares-k"[^>]*>', page)[0]
    assert 'max="3"' in slider and 'value="1"' in slider and 'aria-valuetext="2"' in slider
    assert '<output for="squares-k">2</output>' in page


def test_sliders_of_the_widget():
    rates = [0.5, 1.0, 2.0, 10.0]
    explorer = Explorer("x", lambda learning_rate: squares(2, "a"), "plane", learning_rate=rates)
    slider, _ = explorer.children
    assert slider.options == (("0.5", 0.5), ("1", 1.0), ("2", 2.0), ("10", 10.0))
    assert slider.description == "learning rate"
    # whole names, and room for a slider beside them
    assert (slider.style.description_width, slider.layout.width) == ("initial", "28em")
    assert "explorer" in explorer._dom_classes  # what explorer.css goes by


def test_only_a_step_can_be_played(monkeypatch):
    linked = []
    monkeypatch.setattr(widgets, "jslink", lambda *ends: linked.extend(ends))
    compute = lambda k, step=0: squares(k, step)  # noqa: E731
    axes = {"k": [1, 2], "step": range(4)}
    explorer = Explorer("an-example", compute, view="plane", start={"step": 1}, **axes)
    k, step, play, _ = explorer.children
    assert (play.value, play.max) == (1, 3)
    assert 0.5 <= play.interval / 1000 <= 1  # seconds: time to look, and no boredom
    assert linked == [(play, "value"), (step, "index")]
    assert '<button type="button">Play</button>' in explorer.to_html()
    assert len(Explorer("still", compute, view="plane", k=range(9)).children) == 2


def test_bundle_has_both_lives(explorer):
    bundle = explorer._repr_mimebundle_()
    assert bundle["text/html"] == explorer.to_html()
    assert bundle["text/plain"] == "Explorer('squares', k=1…4, kind=a…b)"
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_a_long_explorer_is_named_in_full():
    # ipywidgets cuts what it writes as text after 110 characters
    values = {f"a_slider_with_a_long_name_{i}": ["a", "b"] for i in range(4)}
    long = Explorer("long", lambda **_: squares(2, "a"), view="plane", **values)
    text = long._repr_mimebundle_()["text/plain"]
    assert text == repr(long) and len(text) > 110


def test_labels_read_as_written():
    axes = {"learning_rate": [0.01, 0.1, 1.0, 10], "dataset": ["simple", "XOR"]}
    explorer = Explorer("named", lambda **_: squares(2, "a"), view="plane", **axes)
    page = explorer.to_html()
    assert ">learning rate</label>" in page
    assert "[&quot;0.01&quot;, &quot;0.1&quot;, &quot;1&quot;, &quot;10&quot;]" in page
    assert repr(explorer) == "Explorer('named', learning_rate=0.01…10, dataset=simple…XOR)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "Not An Id"}, "name"),
        ({"k": []}, "k: an axis needs at least one value"),
        ({"start": {"k": 7}}, "^start: k = 7 is not on the axes"),
        ({"start": {"nonsense": 1}}, "nonsense = 1 is not on the axes"),
    ],
)
def test_bad_input_is_named(arguments, message):
    arguments = {"name": "x", "view": "plane", "k": [1, 2]} | arguments
    with pytest.raises(ValueError, match=message):
        Explorer(compute=lambda k: squares(k, "a"), **arguments)
