"""The colors of the figures: seen on both themes' pages, and told apart by the color-blind."""

import io
import itertools

import numpy as np
import pytest
from built_site import SITE
from colorspacious import cspace_convert, deltaE
from PIL import Image

from hwlib import datasets, explorer, figures, kmeans
from hwlib.scenes.kmeans import clusterings

NAMED = {
    "ink": figures.INK,
    "faint": figures.FAINT,
    "positive": figures.POSITIVE,
    "negative": figures.NEGATIVE,
    "value": figures.VALUE,
    "gradient": figures.GRADIENT,
}
COLORS = NAMED | {f"cluster {c}": color for c, color in enumerate(figures.CLUSTERS, start=1)}
PAGE = {"light": (255, 255, 255), "dark": (18, 18, 18)}  # the theme's backgrounds


def rgb(color):
    return np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)], dtype=float)


# hue-rotate(180deg) of the Filter Effects specification, section 9.2: cos = -1, sin = 0
HUE_ROTATE = np.array(
    [
        [0.213 - 0.787, 0.715 + 0.715, 0.072 + 0.072],
        [0.213 + 0.213, 0.715 - 0.285, 0.072 + 0.072],
        [0.213 + 0.213, 0.715 + 0.715, 0.072 - 0.928],
    ]
)


def shown(color, theme):
    """Return a color of a figure as the page shows it: hwlib/explorer.css turns it in the dark."""
    if theme == "light":
        return rgb(color)
    turned = np.clip(HUE_ROTATE @ (255 - rgb(color)), 0, 255)
    return 255 - (255 - turned) * (255 - np.array(PAGE["dark"])) / 255  # mix-blend-mode: screen


def luminance(color):
    """Return the relative luminance of WCAG 2.2."""
    part = np.asarray(color, dtype=float) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(one, other):
    """Return the contrast ratio of WCAG 2.2."""
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def seen(color, deficiency):
    """Return a color as it is seen with one kind of cones missing (Machado et al., 2009)."""
    if deficiency is None:
        return color
    space = {"name": "sRGB1+CVD", "cvd_type": deficiency, "severity": 100}
    return np.clip(255 * cspace_convert(color / 255, space, "sRGB1"), 0, 255)


def differences(pairs, theme, deficiency):
    """Return how far apart pairs of colors are (CAM02-UCS; about 1 can just be noticed)."""
    return {
        pair: deltaE(
            *(seen(shown(COLORS[name], theme), deficiency) for name in pair),
            input_space="sRGB255",
            uniform_space="CAM02-UCS",
        )
        for pair in pairs
    }


THEMES = ["light", "dark"]
APART = 5  # of CAM02-UCS: five times what can just be noticed
DEFICIENCIES = [None, "protanomaly", "deuteranomaly", "tritanomaly"]  # at severity 100: without


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", COLORS)
def test_color_stands_out_from_the_page(name, theme):
    least = 4.5 if name in NAMED else 3  # text is written in any of the named ones
    assert contrast(shown(COLORS[name], theme), PAGE[theme]) >= least


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
@pytest.mark.parametrize("theme", THEMES)
def test_named_colors_can_be_told_apart(theme, deficiency):
    together = [("positive", "negative"), ("value", "gradient"), ("value", "negative")]
    together += [(name, other) for name in list(NAMED)[2:] for other in ("ink", "faint")]
    found = differences(together, theme, deficiency)
    assert {pair: d for pair, d in found.items() if d < APART} == {}


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
@pytest.mark.parametrize("theme", THEMES)
def test_first_five_clusters_can_be_told_apart(theme, deficiency):
    # with more, no palette is safe: then it is the numbers that tell them apart (next test)
    names = [f"cluster {c}" for c in range(1, 6)]
    found = differences(itertools.combinations(names, 2), theme, deficiency)
    assert {pair: d for pair, d in found.items() if d < APART} == {}


def test_clusters_carry_their_number():
    X = datasets.plane_points()
    state, _ = clusterings(X, [kmeans.kmeans(X, k) for k in (2, 10)])
    marks = state["panels"][1]["marks"]
    numbers = [(each["text"], each["color"]) for each in marks if each["type"] == "ring"]
    assert numbers == [(str(c), f"c{c}") for c in range(1, 11)]


@pytest.mark.parametrize("theme", THEMES)
def test_pages_have_the_background_that_is_reckoned_with(chromium, theme):
    tab = chromium.new_page(color_scheme=theme)
    tab.goto((SITE / "search.html").as_uri())
    found = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    tab.close()
    assert found == f"rgb{PAGE[theme]}"


def test_browser_shows_the_computed_colors(chromium):
    # the matrix and the blending above, against what Chromium does with explorer.css
    colors = list(COLORS.values())
    figure, axes = figures.new_figure(2)
    axes.set_axis_off()
    figure.set_layout_engine("none")
    axes.set_position([0, 0, 1, 1])
    for i, color in enumerate(colors):
        axes.axvspan(i, i + 1, color=color, linewidth=0)
    axes.set(xlim=(0, len(colors)), ylim=(0, 1))
    source, width, height = explorer.encode(figure)
    tab = chromium.new_page(viewport={"width": width, "height": height})
    tab.set_content(f"""<html data-theme="dark"><style>{explorer.asset("explorer.css")}
        body {{ margin: 0; background: rgb{PAGE["dark"]} }} .explorer {{ margin: 0 }}</style>
        <div class="bd-content"><div class="cell_output"><figure class="explorer">
        <img class="diagram" src="{source}" width="{width}" height="{height}">""")
    tab.evaluate("document.images[0].decode()")
    picture = np.asarray(Image.open(io.BytesIO(tab.screenshot())).convert("RGB"), dtype=float)
    tab.close()
    for i, color in enumerate(colors):
        found = picture[height // 2, int((i + 0.5) * width / len(colors))]
        assert np.abs(found - shown(color, "dark")).max() <= 2  # rounding at each of three steps
