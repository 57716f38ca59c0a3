"""The two fonts of the book: formulas and icons, cut down to what the pages show.

Each is written into a style sheet, so that a page is drawn once, with its fonts, and from a disk
too.
"""

import base64
import html
import io
import logging
import re
from importlib.util import find_spec

from fontTools import subset

# The theme's accessible-pygments lets every package tell all it does; this one names all glyphs.
logging.getLogger(subset.__name__).setLevel(logging.WARNING)


def face(family, font, more=""):
    """Return a style rule with a font inside."""
    source = f"data:font/woff;base64,{base64.b64encode(font).decode('ascii')}"
    return f'\n@font-face{{font-family:"{family}";src:url({source}) format("woff");{more}}}\n'


def icons(path, characters):
    """Return the theme's font of icons with these only, as a WOFF file."""
    options = subset.Options(flavor="woff", hinting=False, name_IDs=["*"])
    return cut(subset.load_font(str(path), options), characters, options)


def stix():
    """Return the path of STIX Two Math, which the package ziamath brings."""
    return find_spec("ziamath").submodule_search_locations[0] + "/fonts/STIXTwoMath-Regular.ttf"


def maths(characters):
    """Return STIX Two Math with these characters and what they stretch to, as a WOFF file."""
    options = subset.Options(flavor="woff", hinting=False, layout_features=[], name_IDs=["*"])
    font = subset.load_font(stix(), options)
    # Browsers raise the prime as a superscript, and the font has it raised already: take the
    # glyph that the font has for superscripts.
    primes = {0x2032: "minute.ssty", 0x2033: "second.ssty"}
    for table in font["cmap"].tables:
        if table.isUnicode():
            table.cmap |= {code: glyph for code, glyph in primes.items() if code in table.cmap}
    return cut(font, characters, options)


def cut(font, characters, options):
    """Return a font with these characters only."""
    font.recalcTimestamp = False  # the same bytes each time
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=map(ord, characters))
    subsetter.subset(font)
    file = io.BytesIO()
    subset.save_font(font, file, options)
    return file.getvalue()


def of_formulas(pages):
    """Return the characters of the formulas on these pages, as they are drawn.

    A browser draws a single letter in `<mi>` in italics, which is another character.
    """
    formulas = "".join(re.findall(r"<math.*?</math>", "".join(pages), flags=re.DOTALL))
    found = set(html.unescape(re.sub(r"<[^>]*>", "", formulas)))
    for letter in found.copy():
        if letter == "h":
            found.add("\N{PLANCK CONSTANT}")
        elif letter.isascii() and letter.isalpha():
            start = 0x1D434 - ord("A") if letter.isupper() else 0x1D44E - ord("a")
            found.add(chr(ord(letter) + start))
        elif "α" <= letter <= "ω":
            found.add(chr(ord(letter) - ord("α") + 0x1D6FC))
        elif "Α" <= letter <= "Ω":
            found.add(chr(ord(letter) - ord("Α") + 0x1D6E2))
    if "<msqrt" in formulas or "<mroot" in formulas:
        found.add("√")  # the browser's own: it stands in no formula's text
    return found
