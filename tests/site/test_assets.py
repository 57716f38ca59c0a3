"""What makes pages light and strict, on small things: frames, styles, policy, fonts."""

import io
import json
import re

import pytest
from docutils import nodes
from fontTools.ttLib import TTFont

from book_extensions import csp, fonts, frames, maths, styles
from hwlib import views
from hwlib.explorer import Explorer


def compute(k):
    return {"points": [[k % 2, 0]], "starts": [[0]]}, f'k = {k} < 3 & "so"'


def written(page, attribute, folder):
    """Return the texts of the files that an attribute names."""
    names = re.search(rf'{attribute}="([^"]*)"', page)[1].split()
    return [folder.joinpath(name.removeprefix("../")).read_text("utf-8") for name in names]


def test_frames_leave_the_page(tmp_path):
    explorer = Explorer("my-figure", compute, view="plane", start={"k": 1}, k=range(5))
    figure = explorer.to_html()
    page = frames.take_frames_out(f"<p>a</p>\n{figure}\n<p>b</p>", "../", tmp_path)
    assert '<script type="application/json">' not in page and page.startswith("<p>a</p>\n<figure ")
    [script] = written(page, "data-frames", tmp_path)
    data = json.loads(re.fullmatch(r'receiveFrames\("my-figure", (.*)\);\n', script, re.DOTALL)[1])
    assert data["states"] == [{"points": compute(k)[0]["points"]} for k in (0, 1)]
    assert data["frames"] == [[k % 2, compute(k)[1]] for k in range(5)]
    assert written(page, "data-scripts", tmp_path) == [views.script(n) for n in ("kit", "plane")]
    # the same frames have the same names
    assert frames.take_frames_out(figure, "../", tmp_path) in page
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 3


def test_a_figure_without_sliders_has_no_frames(tmp_path):
    still = Explorer("still", lambda: compute(1), view="plane").to_html()
    page = frames.take_frames_out(still, "", tmp_path)
    assert "data-frames" not in page and 'data-scripts="_views/' in page


@pytest.mark.parametrize("points", [2, 5000])
def test_a_large_start_comes_with_the_view(tmp_path, points):
    state = {"points": [[i % 7, i % 5] for i in range(points)], "starts": [[0]]}
    explorer = Explorer("many", lambda k: (state, f"k = {k}."), view="plane", k=[1, 2])
    page = frames.take_frames_out(explorer.to_html(), "../", tmp_path)
    start = json.loads(re.search(r'class="explorer-start">(.*?)</script>', page)[1])
    scripts = written(page, "data-scripts", tmp_path)
    assert start["values"] == {"k": 1}
    if points == 2:
        assert start["shared"] == state and len(scripts) == 2
        return
    assert len(start) == 1
    sent = json.loads(re.fullmatch(r'receiveStart\("many", (.*)\);\n', scripts[2])[1])
    assert sent["shared"] == state


CSS = """
@font-face {font-family: "Icons"; src: url(x)}
.used, .unused {color: red /* why */}
#there.used > p:not(.unused) {margin: 0}
#gone .used {margin: 1px}
p {margin: 2px}
@media print {.unused {a: b} .used {a: c}}
@media screen {.unused {a: b}}
"""


def test_rules_that_match_nothing_are_left_out():
    words = styles.words_of(['<p class="used" id="there">unused</p>'], [])
    assert words == {"used", "there"}
    assert styles.purge(styles.parse(CSS), words).splitlines() == [
        ".used{color: red}",
        "#there.used > p:not(.unused){margin: 0}",
        "p{margin: 2px}",
        "@media print {.used{a: c}}",
    ]
    assert ".unused{" in styles.purge(styles.parse(CSS), words | {"unused"})


def test_policy_has_the_inline_scripts_and_refuses_inline_styles():
    page = '<head>\n<script>a</script></head><i style="width: 100%" class="b">c</i>'
    secured = csp.secure(page)
    assert secured.count("sha256-ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=") == 1
    assert '<i class="wide b">c</i>' in secured
    for bad in ['<p style="color: red">', '<p onclick="a()">', "<style>p {}</style>"]:
        with pytest.raises(csp.ExtensionError):
            csp.secure(f"<head></head>{bad}")


def formula(tex, display=False):
    return maths.mathml(nodes.math(tex, tex), display)


def test_formulas():
    assert formula("x_i") == "<math><msub><mi>x</mi><mi>i</mi></msub></math>"
    assert formula(r"\frac12", True).startswith('<math display="block"><mfrac>')
    assert formula(r"\Bigr)^2").count("<mi></mi>") == 1
    assert formula(r"\nosuchthing{x<y}") == r"<code>\nosuchthing{x&lt;y}</code>"


def test_font_has_what_formulas_show():
    needed = fonts.of_formulas([formula(r"h' + \alpha \le \sum_i W_i")])
    assert needed >= set("hiW′α≤∑𝑖𝑊𝛼") | {"\N{PLANCK CONSTANT}"}
    content = fonts.maths(needed)
    font = TTFont(io.BytesIO(content))
    assert set(map(chr, font.getBestCmap())) >= needed - {"\n", " "}
    assert "MATH" in font
    whole = TTFont(fonts.stix())  # the prime is that of superscripts
    assert font["hmtx"][font.getBestCmap()[ord("′")]] == whole["hmtx"]["minute.ssty"]
    assert whole["hmtx"]["minute"] != whole["hmtx"]["minute.ssty"]
    assert content == fonts.maths(needed)  # the same bytes each time
    assert "font/woff;base64," in fonts.face("STIX Two Math", content)


@pytest.mark.parametrize("root", [r"\sqrt{n}", r"\sqrt[3]{n}"])
def test_the_font_has_the_sign_of_a_root(root):
    font = TTFont(io.BytesIO(fonts.maths(fonts.of_formulas([formula(root)]))))
    assert "√" in map(chr, font.getBestCmap())


def test_fonts_are_cut_in_silence(caplog):
    caplog.set_level("INFO")  # as a package does that a build loads
    fonts.maths({"x"})
    assert caplog.messages == []
