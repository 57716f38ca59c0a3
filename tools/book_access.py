"""A small Sphinx extension: tables that a screen reader can read out.

Markdown gives each table a row of column names, even where the rows have the names. Such a row has
no text: it goes. What stands first in each row of a table without a name for its first column names
that row. The corner names nothing: it is no heading.
"""

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


def setup(app):
    """Register with Sphinx."""
    app.connect("doctree-resolved", name_rows)
    app.connect("html-page-context", clear_corners)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
