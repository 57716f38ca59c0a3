"""The explorer: one description, the same frames with a kernel and without."""

import base64
import io
import itertools
import json
import re

import ipywidgets as widgets
import notebook_outputs
import numpy as np
import pytest
from PIL import Image

from hwlib import figures
from hwlib.explorer import SHARPNESS, Explorer, encode

DRAWN = []


def draw(k, step):
    DRAWN.append((k, step))
    figure, axes = figures.new_figure(2)
    axes.set(xlim=(0, 5), ylim=(0, 5))
    axes.plot([0, k], [0, min(step, 2)])  # steps 2 and 3 look the same
    return figure, f"k = {k}, step {step}: loss < {k * step / 10:.2f} & falling."


@pytest.fixture
def explorer():
    DRAWN.clear()
    return Explorer("an-example", draw, start={"step": 1}, k=[2, 3], step=range(4))


def data_of(page):
    """Return what explorer.js reads: the frames and the images."""
    return json.loads(re.search(r'application/json">(.*)</script>', page, re.DOTALL)[1])


def image_of(source):
    return Image.open(io.BytesIO(base64.b64decode(source.split(",")[1])))


def parts(explorer, kind):
    return [child for child in explorer.children if isinstance(child, kind)]


def test_equal_pictures_are_stored_once(explorer):
    data = data_of(explorer.to_html())
    assert [image for image, _ in data["frames"]] == [0, 1, 2, 2, 3, 4, 5, 5]
    assert len(data["images"]) == 6


def test_each_frame_is_drawn_once(explorer):
    explorer.to_html()
    explorer.to_html()
    parts(explorer, widgets.SelectionSlider)[0].value = 3
    assert len(DRAWN) == len(set(DRAWN)) == 8


def test_a_frame_does_not_hang_on_those_drawn_before():
    # all frames of an explorer are drawn on one figure, which is wiped in between
    def draw(k):
        figure, (left, right) = figures.new_figure(2, (0.1, 0.2, 0.4, 0.7), (0.6, 0.2, 0.3, 0.7))
        made.append(figure)
        left.bar(range(k), k)
        left.annotate("here", (0, 0), (k, k), arrowprops={"arrowstyle": "-|>"})
        right.contourf(np.add.outer(range(k), range(k)))
        right.plot(range(k), label="line")
        right.legend()
        figure.text(0.02, 0.02, "k" * k)
        figure.add_axes((0.92, 0.2, 0.05, 0.7)).imshow(np.eye(k))
        return figure, f"k = {k}"

    made = []
    sources = [frame.source for frame in Explorer("wiped", draw, k=[3, 7, 4]).frames()]
    assert made[0] is made[1] is made[2]
    assert len(set(sources)) == 3
    for k, source in zip((3, 7, 4), sources):
        with figures.drawing():
            picture, _ = draw(k)
        assert encode(picture)[0] == source


def test_a_figure_is_not_handed_out_twice():
    spare, _ = figures.new_figure(2)
    with figures.drawing(spare):
        assert figures.new_figure(3)[0] is not spare
        assert figures.new_figure(2)[0] is spare
        assert figures.new_figure(2)[0] is not spare
    assert figures.new_figure(2)[0] is not spare


def test_a_new_figure_has_the_axes_asked_for_in_the_books_style():
    place = (0.1, 0.2, 0.3, 0.4)
    axes = figures.new_figure(2, place)[1]
    assert axes.get_position().bounds == pytest.approx(place)
    assert axes.xaxis.label.get_color() == figures.style()["axes.labelcolor"]
    box = figures.new_figure(2)[1].get_position()
    assert 0 < box.x0 < box.x1 < 1 and 0 < box.y0 < box.y1 < 1  # with room for labels


IN_THE_BOOK = [
    (path, name)
    for path in notebook_outputs.NOTEBOOKS
    for name, figure in notebook_outputs.figures(path).items()
    if not figure.view
]
each_in_the_book = pytest.mark.parametrize(
    ("path", "name"), IN_THE_BOOK, ids=[name for _, name in IN_THE_BOOK]
)


def draw_alone(explorer, values):
    """Return a frame's picture and caption, drawn on a new figure."""
    with figures.drawing():
        picture, caption = explorer.draw(**values)
    return encode(picture, explorer.photo)[0], caption


@pytest.mark.full
@each_in_the_book
def test_nor_in_the_book(path, name):
    explorer = notebook_outputs.explorers(path)[name]
    first, last = ({axis: values[i] for axis, values in explorer.axes.items()} for i in (0, -1))
    for values in (first, last, first):
        explorer._frame.cache_clear()
        frame = explorer.frame(**values)
        assert (frame.source, frame.caption) == draw_alone(explorer, values)


@each_in_the_book
def test_stored_frames_are_what_the_code_draws(path, name, pytestconfig):
    explorer, figure = notebook_outputs.explorers(path)[name], notebook_outputs.figures(path)[name]
    if pytestconfig.getoption("every_frame"):
        ranges = [range(len(values)) for values in figure.axes.values()]
        positions = [dict(zip(figure.axes, each)) for each in itertools.product(*ranges)]
    else:  # every slider from end to end, and all corners
        along = [{axis: i} for axis, values in figure.axes.items() for i in range(len(values))]
        ends = [[(axis, 0), (axis, len(values) - 1)] for axis, values in figure.axes.items()]
        positions = [{}, *along, *map(dict, itertools.product(*ends))]
    for moved in positions:
        at = {axis: explorer.axes[axis][i] for axis, i in (figure.start | moved).items()}
        source, caption = draw_alone(explorer, at)
        assert caption == figure.caption(**moved), at
        drawn, kept = (
            np.asarray(image_of(each), float) for each in (source, figure.source(**moved))
        )
        assert drawn.shape == kept.shape, at
        # Rounding may differ from machine to machine: all axes moved by 1e-9 of the figure's width
        # change some blurred edges by up to 57 of 255 levels, and a picture by 0.011 on average.
        # One marker larger by a point, or one number by half of one, changes some pixel by 107.
        # Another version of FreeType changes all texts, a picture by 0.7 and more on average:
        # `make outputs`, look at what differs, commit.
        difference = np.abs(drawn - kept)
        assert difference.max() <= 64 and difference.mean() <= 0.03, at


def test_a_value_that_is_on_no_axis_has_no_frame(explorer):
    for values, message in (({"K": 3}, "K = 3"), ({"k": 3, "step": 4}, "step = 4")):
        with pytest.raises(ValueError, match=f"frame: {message} is not on the axes"):
            explorer.frame(**values)


def test_without_javascript_it_is_a_figure_at_its_start(explorer):
    page = explorer.to_html()
    first = explorer.frame(k=2, step=1)
    assert f'src="{first.source}"' in page
    assert 'alt="k = 2, step 1: loss &lt; 0.20 &amp; falling."' in page
    assert '<figcaption aria-live="polite">k = 2, step 1: loss &lt; 0.20' in page
    assert '<div class="explorer-controls" hidden="hidden">' in page
    assert f'width="{first.width}" height="{first.height}"' in page


PAGE = """<figure class="explorer" id="red-or-blue">
<div class="explorer-controls" hidden="hidden">
<div><label for="red-or-blue-step_size">step size</label><input type="range" \
id="red-or-blue-step_size" max="1" value="1" data-values="[&quot;0.5&quot;, &quot;1&quot;]" \
aria-valuetext="1"><output for="red-or-blue-step_size">1</output></div>
<div><label for="red-or-blue-step">step</label><input type="range" \
id="red-or-blue-step" max="1" value="0" data-values="[&quot;σ&lt;2&quot;, &quot;3&quot;]" \
aria-valuetext="σ&lt;2"><output for="red-or-blue-step">σ&lt;2</output>\
<button type="button">Play</button></div>
</div>
<img class="diagram" src="RED" alt="1.0 &amp; σ&lt;2" width="100" height="50">
<figcaption aria-live="polite">1.0 &amp; σ&lt;2</figcaption>
<script type="application/json">{"frames": [
[0, "0.5 & σ\\u003c2"],
[1, "0.5 & 3"],
[0, "1.0 & σ\\u003c2"],
[1, "1.0 & 3"]],
"images": [
"RED",
"BLUE"]}</script>
</figure>"""


def test_the_figure_on_the_page_word_for_word():
    # explorer.js, explorer.css and book_extensions/assets.py all read this
    red, blue = (Image.new("RGB", (144, 72), color) for color in ("red", "blue"))

    def draw(step_size, step):
        return (blue if step == "3" else red), f"{step_size} & {step}"

    axes = {"step_size": [0.5, 1.0], "step": ["σ<2", "3"]}
    page = Explorer("red-or-blue", draw, start={"step_size": 1.0}, **axes).to_html()
    assert page.replace(encode(red)[0], "RED").replace(encode(blue)[0], "BLUE") == PAGE


def test_sliders_have_a_name_and_a_value(explorer):
    page = explorer.to_html()
    assert '<label for="an-example-step">step</label>' in page
    slider = re.search(r'<input type="range" id="an-example-step"[^>]*>', page)[0]
    assert 'max="3"' in slider
    assert 'value="1"' in slider
    assert 'aria-valuetext="1"' in slider
    assert '<output for="an-example-step">1</output>' in page


def test_sliders_of_the_widget(explorer):
    learning = Explorer("x", lambda learning_rate: draw(2, 1), learning_rate=[0.5, 1.0])
    (slider,) = parts(learning, widgets.SelectionSlider)
    assert slider.options == (("0.5", 0.5), ("1", 1.0)) and slider.description == "learning rate"
    # whole names, and room for a slider beside them
    assert (slider.style.description_width, slider.layout.width) == ("initial", "28em")
    k, step, play, view = explorer.children
    assert (k.value, step.value, type(play), type(view)) == (2, 1, widgets.Play, widgets.HTML)
    k.value, step.value = 3, 0
    shown = explorer._picture(explorer.frame(k=3, step=0))
    assert view.value.startswith("<style>/* The explorer's look")
    assert view.value.endswith(f"</style>{shown}")
    assert "explorer" in explorer._dom_classes  # what explorer.css goes by


def test_only_a_step_can_be_played(monkeypatch):
    linked = []
    monkeypatch.setattr(widgets, "jslink", lambda *ends: linked.extend(ends))
    explorer = Explorer("an-example", draw, start={"step": 1}, k=[2, 3], step=range(4))
    (play,) = parts(explorer, widgets.Play)
    assert (play.value, play.max) == (1, 3)
    assert 0.5 <= play.interval / 1000 <= 1  # seconds: time to look, and no boredom
    assert linked == [(play, "value"), (parts(explorer, widgets.SelectionSlider)[1], "index")]
    still = Explorer("still", lambda k: draw(k, 0), k=[1, 2])
    assert not parts(still, widgets.Play)


def test_bundle_has_both_lives(explorer):
    bundle = explorer._repr_mimebundle_()
    assert bundle["text/html"] == explorer.to_html()
    assert bundle["text/plain"] == "Explorer('an-example', k=2…3, step=0…3)"
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_a_long_explorer_is_named_in_full():
    # ipywidgets cuts what it writes as text after 110 characters
    values = {f"a_slider_with_a_long_name_{i}": ["a", "b"] for i in range(4)}
    long = Explorer("long", lambda **_: draw(2, 1), **values)
    text = long._repr_mimebundle_()["text/plain"]
    assert text == repr(long) and len(text) > 110


def test_photographs_keep_all_colors():
    pixels = np.random.default_rng(0).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels).resize((256, 256), Image.Resampling.BICUBIC)
    photo = Explorer("photo", lambda: (picture, "caption"), photo=True)
    assert photo.frame().source == encode(picture, photo=True)[0] != encode(picture)[0]
    assert '<img class="photo" ' in photo.to_html()
    stored = np.asarray(image_of(photo.frame().source).convert("RGB"))
    assert len(np.unique(stored.reshape(-1, 3), axis=0)) > 128
    # a loss that is not seen: a few of 255 levels on average
    assert np.abs(stored.astype(int) - np.asarray(picture)).mean() < 5


def test_what_draw_adds_later_has_the_books_style():
    def draw_text():
        figure, axes = figures.new_figure(2)
        seen.append(axes.text(0, 0, "added after the figure was made"))
        return figure, "caption"

    seen = []
    Explorer("styled", draw_text)
    assert (seen[0].get_fontsize(), seen[0].get_color()) == (11, figures.INK)


def test_without_axes_it_is_a_plain_figure():
    page = Explorer("plain", lambda: draw(2, 1)).to_html()
    assert "<input" not in page
    assert "<script" not in page
    assert "<figcaption" in page


def test_labels_read_as_written():
    explorer = Explorer(
        "named", lambda **_: draw(2, 1), learning_rate=[0.01, 1.0, 10], dataset=["simple", "XOR"]
    )
    page = explorer.to_html()
    assert ">learning rate</label>" in page
    assert "[&quot;0.01&quot;, &quot;1&quot;, &quot;10&quot;]" in page
    assert repr(explorer) == "Explorer('named', learning_rate=0.01…10, dataset=simple…XOR)"
    assert repr(Explorer("one", lambda k: draw(k, 1), k=[2])) == "Explorer('one', k=2)"


def test_diagram_keeps_every_palette_color_exactly():
    # the legend of one page is the picture of another: a color may not shift in storage
    figure, axes = figures.new_figure(2)
    for c, color in enumerate(figures.CLUSTERS):
        axes.axvspan(c, c + 0.9, color=color)
    stored = np.asarray(image_of(encode(figure)[0]).convert("RGB")).reshape(-1, 3)
    found = {f"#{red:02X}{green:02X}{blue:02X}" for red, green, blue in stored}
    assert {color.upper() for color in figures.CLUSTERS} <= found


def test_other_colors_are_hardly_changed():
    ramp = np.arange(0, 256, 2, dtype=np.uint8)
    pixels = np.stack([ramp, ramp[::-1], np.roll(ramp, 99)], axis=1)[np.newaxis]
    stored = image_of(encode(Image.fromarray(pixels))[0]).convert("RGB")
    assert np.abs(np.asarray(stored, dtype=int) - pixels).max() <= 8


def test_what_is_not_stored_is_written_as_it_is():
    pixels = np.random.RandomState(0).randint(256, size=(20, 30, 3)).astype(np.uint8)
    source, *size = encode(Image.fromarray(pixels), small=False)
    assert np.array_equal(np.asarray(image_of(source).convert("RGB")), pixels)
    assert size == list(encode(Image.fromarray(pixels))[1:])


def test_a_diagram_keeps_its_areas_and_has_few_colors():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    areas = [(255, 255, 255), (250, 250, 250), (0x00, 0x72, 0xB2)]  # two that are hardly unlike
    pixels[:30] = np.repeat(areas, 10, axis=0)[:, None]
    stored = np.asarray(image_of(encode(Image.fromarray(pixels))[0]).convert("RGB"))
    assert len(np.unique(stored.reshape(-1, 3), axis=0)) == 128
    assert (stored[:30] == pixels[:30]).all()


def test_pale_tints_keep_their_hue():
    tints = np.array([[[213, 230, 242], [251, 231, 219], [240, 246, 250]]], dtype=np.uint8)
    stored = image_of(encode(Image.fromarray(tints))[0]).convert("RGB")
    assert np.abs(np.asarray(stored, dtype=int) - tints).max() <= 2


def test_sizes_are_in_css_pixels():
    _, width, height = encode(figures.new_figure(2)[0])
    assert (width, height) == (700, 200)
    source, width, _ = encode(Image.new("RGB", (144, 72), "red"), photo=True)
    assert width == 144 / SHARPNESS
    assert image_of(source).size == (144, 72)


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
    arguments = {"name": "x", "k": [1, 2]} | arguments
    with pytest.raises(ValueError, match=message):
        Explorer(draw=lambda k: draw(k, 0), **arguments)


def test_frames_of_different_sizes_are_refused():
    growing = Explorer("growing", lambda k: (figures.new_figure(k)[0], "caption"), k=[1, 2])
    with pytest.raises(ValueError, match="differ in size"):
        growing.to_html()
