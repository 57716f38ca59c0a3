"""tools/book_light.py, book_maths.py and book_fonts.py on small things of their own."""

import base64
import io
import json
import re

import book_fonts
import book_light
import book_maths
import pytest
from docutils import nodes
from fontTools.ttLib import TTFont
from PIL import Image

from hwlib.explorer import Explorer


def draw(k):
    return Image.new("RGB", (144, 72), ["red", "blue"][k % 2]), f'k = {k} < 3 & "so"'


def test_frames_leave_the_page(tmp_path):
    explorer = Explorer("my-figure", draw, start={"k": 1}, k=range(3))
    page = book_light.take_frames_out(f"<p>a</p>\n{explorer.to_html()}\n<p>b</p>", "../", tmp_path)
    assert "base64" not in page and "application/json" not in page
    picture = re.search(r'src="\.\./_frames/(\w+\.webp)" loading="lazy"', page)[1]
    content = explorer.frame().source.partition(",")[2]
    assert (tmp_path / picture).read_bytes() == base64.b64decode(content)
    script = (tmp_path / re.search(r'data-frames="\.\./_frames/(\w+\.js)"', page)[1]).read_text()
    data = json.loads(re.fullmatch(r'receiveFrames\("my-figure", (.*)\);\n', script, re.DOTALL)[1])
    assert data["frames"] == [[0, draw(0)[1]], [1, draw(1)[1]], [0, draw(2)[1]]]
    assert [data["images"][i] for i, _ in data["frames"]] == [f.source for f in explorer.frames()]
    # the same frames have the same names, and what is done is left alone
    again = book_light.take_frames_out(explorer.to_html(), "../", tmp_path)
    assert again in page and len(list(tmp_path.iterdir())) == 2
    assert book_light.take_frames_out(page, "../", tmp_path) == page


def test_a_figure_without_sliders_needs_no_script(tmp_path):
    page = book_light.take_frames_out(Explorer("still", lambda: draw(1)).to_html(), "", tmp_path)
    assert "data-frames" not in page and 'src="_frames/' in page


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
    words = book_light.words_of(['<p class="used" id="there">unused</p>'], [])
    assert words == {"used", "there"}
    assert book_light.purge(book_light.parse(CSS), words).splitlines() == [
        ".used{color: red}",
        "#there.used > p:not(.unused){margin: 0}",
        "p{margin: 2px}",
        "@media print {.used{a: c}}",
    ]
    assert ".unused{" in book_light.purge(book_light.parse(CSS), words | {"unused"})


def test_policy_has_the_inline_scripts_and_refuses_inline_styles():
    page = '<head>\n<script>a</script></head><i style="width: 100%" class="b">c</i>'
    secured = book_light.secure(page)
    assert secured.count("sha256-ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=") == 1
    assert '<i class="wide b">c</i>' in secured
    for bad in ['<p style="color: red">', '<p onclick="a()">', "<style>p {}</style>"]:
        with pytest.raises(book_light.ExtensionError):
            book_light.secure(f"<head></head>{bad}")


def formula(tex, display=False):
    return book_maths.mathml(nodes.math(tex, tex), display)


def test_formulas():
    assert formula("x_i") == "<math><msub><mi>x</mi><mi>i</mi></msub></math>"
    assert formula(r"\frac12", True).startswith('<math display="block"><mfrac>')
    assert formula(r"\Bigr)^2").count("<mi></mi>") == 1
    assert formula(r"\nosuchthing{x<y}") == r"<code>\nosuchthing{x&lt;y}</code>"


def test_font_has_what_formulas_show():
    needed = book_fonts.of_formulas([formula(r"h' + \alpha \le \sum_i W_i")])
    assert needed >= set("hiW′α≤∑𝑖𝑊𝛼") | {"\N{PLANCK CONSTANT}"}
    content = book_fonts.maths(needed)
    font = TTFont(io.BytesIO(content))
    assert set(map(chr, font.getBestCmap())) >= needed - {"\n", " "}
    assert "MATH" in font
    whole = TTFont(book_fonts.stix())  # the prime is that of superscripts
    assert font["hmtx"][font.getBestCmap()[ord("′")]] == whole["hmtx"]["minute.ssty"]
    assert whole["hmtx"]["minute"] != whole["hmtx"]["minute.ssty"]
    assert content == book_fonts.maths(needed)  # the same bytes each time
    assert "font/woff;base64," in book_fonts.face("STIX Two Math", content)


def test_fonts_are_cut_in_silence(caplog):
    caplog.set_level("INFO")  # as a package does that a build loads
    book_fonts.maths({"x"})
    assert caplog.messages == []
