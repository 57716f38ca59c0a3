"""A small Sphinx extension: formulas as MathML, which browsers draw and screen readers read.

`html_math_renderer: mathml` turns each formula into MathML when the book is built (math-core), so a
page needs no script for it, shows it at once and keeps it when scripts are off. Its font is made in
fonts.py.
"""

import html
import re
from functools import cache

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.util import logging

# Chromium makes a large bracket small when it has an index, unless it is not alone there.
BRACKET = r"\1<mrow>\2<mi></mi></mrow>"

logger = logging.getLogger(__name__)
convert = cache(LatexToMathML(fancy_error=False).convert_with_local_state)


def mathml(node, display):
    """Return a formula as MathML; one that cannot be converted gives a warning and its TeX."""
    try:
        math = convert(node.astext().strip(), displaystyle=display)
    except LatexError as error:
        logger.warning("maths: %s", error, location=node)
        return f"<code>{html.escape(node.astext())}</code>"
    return re.sub(r"(<ms(?:up|ub|ubsup)>)(<mo minsize[^>]*>.</mo>)", BRACKET, math)


def visit_inline(self, node):
    """Write a formula within a line."""
    self.body.append(f'<span class="math">{mathml(node, display=False)}</span>')
    raise nodes.SkipNode  # the TeX


def visit_block(self, node):
    """Write a formula on lines of its own."""
    self.body.append(self.starttag(node, "div", CLASS="math"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({node["number"]})</span>')
    self.body.append(mathml(node, display=True) + "</div>\n")
    raise nodes.SkipNode


def setup(app):
    """Register with Sphinx."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
