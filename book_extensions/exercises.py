"""A small Sphinx extension: pages that are quiet and that need no script to be read.

- The title of an exercise reads "Exercise 1a ...", without the brackets of sphinx-exercise.
- An admonition, exercise or solution of class `dropdown` becomes a native `<details>`: it opens
  by keyboard and without JavaScript, and needs no script of its own.
- A solution ends with a link to its part of the written answers, if they have one.
- Folds of the classes `answer right` and `answer wrong`, after a paragraph that begins with
  "Self-check.", become one question with its answers.
- The directive `progress` lists the chapters that have exercises; progress.js fills in how many
  of them the reader has marked as done.
- The homework's starter, made from hwlib, lies beside the pages as book/hw3.zip.
- The theme's scripts log each page load to the console; those lines are taken out of the copies
  that go into the site, and one that lays out the whole page for nothing. A line that is no longer
  found stops the build, so that a newer theme cannot bring others unseen.
"""

from itertools import takewhile
from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx_exercise.nodes import exercise_node, solution_node

LOGGED = {
    "_static/scripts/pydata-sphinx-theme.js": [
        "console.log(`[PST]: Changed to ${e} mode using the ${n} theme.`)",
        'console.log("[PST]: Scrolled sidebar using last active link...")',
        'console.log("[PST]: Scrolled sidebar using stored browser position...")',
        # Measures every box of the page at once; scroll.js does so if Tab is pressed.
        '"complete"===document.readyState?I():window.addEventListener("load",I)',
    ],
    "_static/scripts/sphinx-book-theme.js": [
        'console.log("[SBT]: Exiting full screen")',
        'console.log("[SBT]: Entering full screen")',
    ],
    "search.html": ['console.log("[PST]: Set focus on search field.")'],
    # Forgets what explorer.js has kept in this entry of the history.
    "_static/sphinx_highlight.js": ['window.history.replaceState({}, "", url)'],
}

logger = logging.getLogger(__name__)


# ---- exercises and folds --------------------------------------------------------------------


class Fold(nodes.General, nodes.Element):
    """An admonition that is closed until it is clicked."""


class FoldTitle(nodes.TextElement):
    """What stands on the closed fold."""


def name_exercises(app, doctree, docname):
    """Turn "Exercise (1a ...)" into "Exercise 1a ...", and drop ids that occur more than once.

    Below the title of a page with exercises is a place for progress.js, so that nothing moves when
    it writes there.
    """
    for node in doctree.findall(exercise_node):
        word, opening, *label, closing = node.children[0].children
        if (opening, closing) == (" (", ")"):
            node.children[0].children = [word, nodes.Text(" "), *label]
    for kind in (exercise_node, solution_node):
        for node in doctree.findall(kind):
            node.children[1]["ids"] = []  # "exercise-content" on each of them
    if app.builder.format == "html" and any(doctree.findall(exercise_node)):
        place = '<p class="progress pst-js-only">&nbsp;</p>'
        next(doctree.findall(nodes.title)).parent.insert(1, nodes.raw("", place, format="html"))


def link_answers(app, doctree, docname):
    """End each solution with a link to what would be handed in: the label `answer-1a`, for 1a."""
    labels = app.env.domaindata["std"]["anonlabels"]
    for node in doctree.findall(solution_node):
        task = node["label"].removeprefix("sol-")
        page, target = labels.get(f"answer-{task}", (None, None))
        if page:
            uri = app.builder.get_relative_uri(docname, page)
            link = nodes.reference("", "How to hand it in", refuri=f"{uri}#{target}", internal=True)
            node.children[1] += nodes.paragraph("", "", link)


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
        folded.source, folded.line = node.source, node.line  # for warnings
        node.parent.replace(node, folded)
    group_self_checks(doctree)


def visit_fold(self, node):
    """Open the `<details>`; an answer tells a screen reader its feedback when it opens."""
    # Maths in the title is drawn when the page has loaded: that would be read out at once.
    live = is_answer(node) and not any(node.children[0].findall(nodes.math))
    self.body.append(self.starttag(node, "details", **{"aria-live": "polite"} if live else {}))


def depart_fold(self, node):
    """Close the `<details>`."""
    self.body.append("</details>\n")


def visit_fold_title(self, node):
    """Open the `<summary>`."""
    self.body.append(self.starttag(node, "summary", "", CLASS="admonition-title") + "<span>")


def depart_fold_title(self, node):
    """Close the `<summary>`; on an answer, with a word that is seen only when it is open."""
    self.body.append("</span>")
    if is_answer(node.parent):
        verdict = "right" if "right" in node.parent["classes"] else "wrong"
        self.body.append(f' <span class="verdict">{verdict}</span></summary>\n')
    else:
        self.body.append('<span class="fold-state" aria-hidden="true"></span></summary>\n')


# ---- self-checks ----------------------------------------------------------------------------


class SelfCheck(nodes.General, nodes.Element):
    """A question and its answers."""


def is_answer(node):
    """Tell whether a node is an answer of a self-check."""
    return isinstance(node, Fold) and "answer" in node["classes"]


def is_question(node):
    """Tell whether a self-check begins with this node."""
    return isinstance(node, nodes.paragraph) and node.astext().startswith("Self-check")


def group_self_checks(doctree):
    """Put each question, what belongs to it, and its answers into one group."""
    for number, question in enumerate(list(doctree.findall(is_question)), start=1):
        parent, at = question.parent, question.parent.index(question)
        after = parent.children[at + 1 :]
        more = list(takewhile(lambda node: not is_answer(node), after))
        answers = list(takewhile(is_answer, after[len(more) :]))
        right = sum("right" in answer["classes"] for answer in answers)
        if right != 1 or any(map(is_question, more)):
            logger.warning("a self-check needs answers, one of them right", location=question)
            continue
        question["ids"].append(f"self-check-{number}")
        group = [question, *more, *answers]
        parent.children[at : at + len(group)] = [SelfCheck("", *group, name=question["ids"][0])]
        parent.setup_child(parent.children[at])
    for answer in doctree.findall(is_answer):
        if not isinstance(answer.parent, SelfCheck):
            logger.warning('an answer without a paragraph "Self-check."', location=answer)


def visit_self_check(self, node):
    """Open the group."""
    group = {"role": "group", "aria-labelledby": node["name"]}
    self.body.append(self.starttag(node, "div", CLASS="self-check", **group))


def depart_self_check(self, node):
    """Close the group."""
    self.body.append("</div>\n")


# ---- progress -------------------------------------------------------------------------------


class Progress(nodes.General, nodes.Element):
    """A list of the chapters, with the number of their exercises."""


class ProgressDirective(SphinxDirective):
    """The directive `progress`."""

    def run(self):
        """Leave a place for the list, which is known when all pages have been read."""
        return [Progress()]


def visit_progress(self, node):
    """Write the list; progress.js reads `data-exercises`."""
    exercises = {}
    for name, entry in self.builder.env.sphinx_exercise_registry.items():
        if entry["type"] == "exercise":
            exercises.setdefault(entry["docname"], []).append(name)
    self.body.append('<ul class="progress-list">\n')
    for page, names in sorted(exercises.items()):
        uri = self.builder.get_relative_uri(self.builder.current_docname, page)
        title = self.encode(self.builder.env.titles[page].astext())
        self.body.append(
            f'<li data-exercises="{" ".join(names)}"><a href="{uri}">{title}</a>: '
            f"<output>{len(names)} exercise{'s'[: len(names) > 1]}</output></li>\n"
        )
    self.body.append("</ul>\n")
    raise nodes.SkipNode


# ---- the theme's scripts --------------------------------------------------------------------


def quiet(app, exception):
    """Take the lines that log each page load out of the site's copies of the theme's scripts."""
    if exception or app.builder.format != "html":
        return
    for name, lines in LOGGED.items():
        script = Path(app.outdir, name)
        text = script.read_text(encoding="utf-8")
        for line in lines:
            if line not in text:
                raise ExtensionError(f"{name} no longer has {line}: see LOGGED in {__name__}")
            text = text.replace(line, "void 0")
        script.write_text(text, encoding="utf-8")


def offer_starter(app, exception):
    """Put hw3.zip beside the pages that link to it."""
    if exception or app.builder.format != "html":
        return
    from homework import starter

    starter.write_zip(Path(app.outdir, "book", "hw3.zip"), starter.files())


def setup(app):
    """Register with Sphinx."""
    app.add_node(Fold, html=(visit_fold, depart_fold))
    app.add_node(FoldTitle, html=(visit_fold_title, depart_fold_title))
    app.add_node(SelfCheck, html=(visit_self_check, depart_self_check))
    app.add_node(Progress, html=(visit_progress, None))
    app.add_directive("progress", ProgressDirective)
    app.connect("doctree-resolved", name_exercises)
    app.connect("doctree-resolved", link_answers)
    app.connect("doctree-resolved", fold)
    app.connect("build-finished", quiet)
    app.connect("build-finished", offer_starter)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
