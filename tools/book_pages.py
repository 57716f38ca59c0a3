"""A small Sphinx extension: pages that are quiet and that need no script to be read.

- The title of an exercise reads "Exercise 1a ...", without the brackets of sphinx-exercise.
- An admonition, exercise or solution of class `dropdown` becomes a native `<details>`: it opens
  by keyboard, in print and without JavaScript, and needs no script of its own.
- The theme's scripts log each page load to the console; those lines are taken out of the copies
  that go into the site. A line that is no longer found stops the build, so that a newer theme
  cannot bring others unseen.
"""

from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx_exercise.nodes import exercise_node

LOGGED = {
    "_static/scripts/pydata-sphinx-theme.js": [
        "console.log(`[PST]: Changed to ${e} mode using the ${n} theme.`)",
        'console.log("[PST]: Scrolled sidebar using last active link...")',
        'console.log("[PST]: Scrolled sidebar using stored browser position...")',
    ],
    "_static/scripts/sphinx-book-theme.js": [
        'console.log("[SBT]: Exiting full screen")',
        'console.log("[SBT]: Entering full screen")',
    ],
    "search.html": ['console.log("[PST]: Set focus on search field.")'],
}


class Fold(nodes.General, nodes.Element):
    """An admonition that is closed until it is clicked."""


class FoldTitle(nodes.TextElement):
    """What stands on the closed fold."""


def name_exercises(app, doctree, docname):
    """Turn "Exercise (1a ...)" into "Exercise 1a ..."."""
    for node in doctree.findall(exercise_node):
        word, opening, *label, closing = node.children[0].children
        if (opening, closing) == (" (", ")"):
            node.children[0].children = [word, nodes.Text(" "), *label]


def fold(app, doctree, docname):
    """Turn admonitions of class `dropdown` into folds, in HTML."""
    if app.builder.format != "html":
        return
    for node in list(doctree.findall(nodes.Admonition)):
        if "dropdown" not in node["classes"]:
            continue
        title, *rest = node.children
        classes = ["admonition", "fold", *(each for each in node["classes"] if each != "dropdown")]
        folded = Fold("", FoldTitle("", "", *title.children), *rest)
        folded["classes"], folded["ids"] = list(dict.fromkeys(classes)), node["ids"]
        node.replace_self(folded)


def visit_fold(self, node):
    """Open the `<details>`."""
    self.body.append(self.starttag(node, "details"))


def depart_fold(self, node):
    """Close the `<details>`."""
    self.body.append("</details>\n")


def visit_fold_title(self, node):
    """Open the `<summary>`."""
    self.body.append(self.starttag(node, "summary", "", CLASS="admonition-title"))


def depart_fold_title(self, node):
    """Close the `<summary>`."""
    self.body.append('<span class="fold-state" aria-hidden="true"></span></summary>\n')


def quiet(app, exception):
    """Take the lines that log each page load out of the site's copies of the theme's scripts."""
    if exception or app.builder.format != "html":
        return
    for name, lines in LOGGED.items():
        script = Path(app.outdir, name)
        text = script.read_text(encoding="utf-8")
        for line in lines:
            if line not in text:
                raise ExtensionError(f"{name} no longer has {line}: see tools/book_pages.py")
            text = text.replace(line, "void 0")
        script.write_text(text, encoding="utf-8")


def setup(app):
    """Register with Sphinx."""
    app.add_node(Fold, html=(visit_fold, depart_fold))
    app.add_node(FoldTitle, html=(visit_fold_title, depart_fold_title))
    app.connect("doctree-resolved", name_exercises)
    app.connect("doctree-resolved", fold)
    app.connect("build-finished", quiet)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
