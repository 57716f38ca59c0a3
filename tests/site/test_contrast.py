"""The colors of the figures: seen on both themes' pages, and told apart by the color-blind."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from built_site import SITE
from colorspacious import cspace_convert, deltaE

from hwlib import datasets, figures, kmeans, views
from hwlib.scenes.kmeans import clusterings

PAGE = {"light": (255, 255, 255), "dark": (18, 18, 18)}  # the theme's backgrounds
LOOK = Path(figures.__file__).parent.with_name("explorer.css").read_text(encoding="utf-8")
VARIABLE = r"--(\w+): #(\w+);"
# as the blocks of explorer.css stand: the light palette, then the dark one
PALETTES = dict(
    zip(
        PAGE,
        (dict(re.findall(VARIABLE, block)) for block in re.findall(r"{[^}]*--c10[^}]*}", LOOK)),
    )
)
NAMED = ["ink", "faint", "positive", "negative", "value", "gradient"]
CLUSTERS = [f"c{c}" for c in range(1, 11)]


def shown(name, theme):
    """Return a color as the page shows it, from 0 to 255."""
    digits = PALETTES[theme][name]
    digits = digits if len(digits) == 6 else "".join(2 * each for each in digits)
    return np.array([int(digits[i : i + 2], 16) for i in (0, 2, 4)], dtype=float)


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
            *(seen(shown(name, theme), deficiency) for name in pair),
            input_space="sRGB255",
            uniform_space="CAM02-UCS",
        )
        for pair in pairs
    }


THEMES = ["light", "dark"]
APART = 5  # of CAM02-UCS: five times what can just be noticed
DEFICIENCIES = [None, "protanomaly", "deuteranomaly", "tritanomaly"]  # at severity 100: without


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", NAMED + CLUSTERS)
def test_color_stands_out_from_the_page(name, theme):
    least = 4.5 if name in NAMED else 3  # text is written in any of the named ones
    assert contrast(shown(name, theme), PAGE[theme]) >= least


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
@pytest.mark.parametrize("theme", THEMES)
def test_named_colors_can_be_told_apart(theme, deficiency):
    together = [("positive", "negative"), ("value", "gradient"), ("value", "negative")]
    together += [(name, other) for name in NAMED[2:] for other in ("ink", "faint")]
    found = differences(together, theme, deficiency)
    assert {pair: d for pair, d in found.items() if d < APART} == {}


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
@pytest.mark.parametrize("theme", THEMES)
def test_first_five_clusters_can_be_told_apart(theme, deficiency):
    # with more, no palette is safe: then it is the numbers that tell them apart (next test)
    found = differences(itertools.combinations(CLUSTERS[:5], 2), theme, deficiency)
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


def test_the_palette_is_one():
    # in explorer.css, in the stills that the kit draws, and in what the commands draw
    light = {name: f"#{digits.lower()}" for name, digits in PALETTES["light"].items()}
    light |= {name: "#" + "".join(2 * d for d in c[1:]) for name, c in light.items() if len(c) == 4}
    with views.running() as evaluate:
        still = {name: evaluate(f"kit.color({name!r})") for name in NAMED + CLUSTERS}
    assert {name: f"var(--{name}, {light[name]})" for name in still} == still
    drawn = {name: getattr(figures, name.upper()) for name in NAMED}
    drawn |= dict(zip(CLUSTERS, figures.CLUSTERS))
    assert {name: color.lower() for name, color in drawn.items()} == {n: light[n] for n in drawn}
