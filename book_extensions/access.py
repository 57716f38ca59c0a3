"""A small Sphinx extension: tables that a screen reader can read out, boxes that Tab can reach.

Markdown gives each table a row of column names, even where the rows have the names. Such a row has
no text: it goes. What stands first in each row of a table without a name for its first column names
that row. The corner names nothing: it is no heading.

A table, and code or a formula of more than a few characters, may be wider than a narrow window.
Then it can be scrolled, so Tab has to reach it. The pages say so of all these; where scroll.js
runs, it measures them at the first Tab and takes back what this window does not need.
"""

import html
import re

from docutils import nodes


def name_rows(app, doctree, docname):
    """Make the first column of tables whose corner is empty the names of their rows."""
    for head in list(doctree.findall(nodes.thead)):
        group, first = head.parent, next(head.findall(nodes.entry))
        if first.astext().strip():
            continue
        next(group.findall(nodes.colspec))["stub"] = 1
        if not head.astext().strip():
            group.remove(head)


def clear_corners(app, pagename, templatename, context, doctree):
    """Make headings without text ordinary cells."""
    body = context.get("body", "")
    context["body"] = re.sub(r'<th class="head[^"]*"><p></p></th>', "<td></td>", body)


NARROW = 30  # characters in a line of code, or in a formula, that any window has room for
BOXES = re.compile(
    r'(<div class="pst-scrollable-table-container")'
    r'|(<pre|<div class="math[^"]*")(?=[^>]*>(.*?)</(?:pre|div)>)',
    re.DOTALL,
)


def let_tab_reach(app, pagename, templatename, context, doctree):
    """Put boxes that may be too wide for their place into the order of Tab."""

    def mark(box):
        text = html.unescape(re.sub("<[^>]*>", "", box[3] or ""))
        wide = box[1] or max(map(len, text.split("\n"))) > NARROW
        return f'{box[0]} tabindex="0"' if wide else box[0]

    context["body"] = BOXES.sub(mark, context.get("body", ""))


def setup(app):
    """Register with Sphinx."""
    app.connect("doctree-resolved", name_rows)
    app.connect("html-page-context", clear_corners)
    app.connect("html-page-context", let_tab_reach)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
