"""What a page loads: only what it uses, and only from its own site.

- A page has the scripts that it uses, all deferred, and the site's one style sheet (styles.py).
- The frames of explorers are files (frames.py).
- The fonts of icons and formulas keep what is shown (fonts.py).
- Each page has a Content-Security-Policy (csp.py).
- Files in _static that nothing refers to any more are not published.

The templates in book/templates are the other half: there the theme's page is put together. This
extension comes last: it looks at what all have made.
"""

import re
from pathlib import Path

from docutils import nodes
from PIL import Image

from book_extensions import csp, fonts, frames, styles
from hwlib import views

# The scripts of a page, in order, each with a pattern of what a page must have to need it.
SCRIPTS = {
    "documentation_options.js": "",
    "doctools.js": "",
    "sphinx_highlight.js": "",  # marks what was searched for
    "scripts/pydata-sphinx-theme.js": "",
    "scripts/sphinx-book-theme.js": "",
    "clipboard.min.js": '<div class="highlight',
    "copybutton.js": '<div class="highlight',
    "explorer.js": "data-scripts=",
    "progress.js": "exercise",
    "choices.js": 'class="self-check"',
    "formula.js": 'class="formula ',
    "scroll.js": "",
    "live.js": "python-runtime",
    "print.js": "",
}
SEARCH = ["_static/searchtools.js", "_static/language_data.js", "searchindex.js"]

STYLES = [
    "styles/pydata-sphinx-theme.css",
    "pygments.css",
    "basic.css",
    "styles/sphinx-book-theme.css",
    "mystnb.*.css",
    "copybutton.css",
    "exercise.css",
    "sphinx-design.min.css",
    "explorer.css",
    "book.css",
    "formula.css",
    "live.css",
    "print.css",
]

# What others write that screen readers stumble over.
MENDED = {
    # a name that is not what is read on the fold
    '<summary aria-label="Toggle hidden content">': "<summary>",
    # a list without items, and a role that has been given up
    '<div role="list" class="citation-list">': '<div class="citation-list">',
    ' role="doc-biblioentry"': "",
}

# Names, punctuation and spaces in code have the color of the code around them: half of all
# elements of a chapter would be there for nothing.
PLAIN_CODE = re.compile(r'<span class="(?:n|p|w)">([^<]*)</span>')

# A line does not begin with the comma or the period behind a formula: it belongs to the formula's
# box, which does not break (book.css).
ENDED = re.compile(r"(?<=</math>)</span>([.,:;?!)]+)")

# ---- what a page loads ----------------------------------------------------------------------


def prepare(app, pagename, templatename, context, doctree):
    """Set what the templates need, before a page is written."""
    root = "../" * pagename.count("/")
    body = context.get("body", "")
    for wrong, right in MENDED.items():
        body = body.replace(wrong, right)
    body = PLAIN_CODE.sub(r"\1", body)
    body = ENDED.sub(r"\1</span>", body)
    context["body"] = body = frames.take_frames_out(body, root, Path(app.outdir))
    scripts = [f"_static/{name}" for name, sign in SCRIPTS.items() if re.search(sign, body)]
    context["page_scripts"] = scripts + SEARCH * (pagename == "search")
    context["page_has_maths"] = "<math" in body
    context["page_description"] = description(context.get("title", ""), doctree)


def front_door(app):
    """Give the site a page that leads to the book's first one, with a policy as all have."""
    yield "index", {}, "front.html"


def description(title, doctree):
    """Return what a search engine shows of a page: its first sentences."""
    paragraphs = doctree.findall(nodes.paragraph) if doctree else []
    text = next((p.astext() for p in paragraphs if len(p.astext()) > 60), "")
    text = " ".join(text.split()) or f"{title} of this book"
    return text if len(text) <= 160 else text[:157].rpartition(" ")[0].rstrip(",;:") + " ..."


# ---- the built site -------------------------------------------------------------------------


def measured(page, folder):
    """Give the pictures of a page their width and height, so that nothing moves when they come."""

    def sized(match):
        if " width=" in match[0]:
            return match[0]
        width, height = Image.open(folder / match[1]).size
        return f'<img width="{width}" height="{height}"{match[0].removeprefix("<img")}'

    return re.sub(r'<img [^<>]*src="([^":]*\.(?:webp|png|jpg))"[^<>]*>', sized, page)


def finish(app, exception):
    """Make the built site light: one style sheet, small fonts, a policy, no file without a use."""
    if exception or app.builder.name != "html":
        return
    out, static = Path(app.outdir), Path(app.outdir, "_static")
    files = [file for file in sorted(out.rglob("*.html")) if static not in file.parents]
    pages = [file.read_text(encoding="utf-8") for file in files]
    pages = [csp.secure(measured(page, file.parent)) for file, page in zip(files, pages)]
    scripts = [static.joinpath(name).read_text(encoding="utf-8") for name in SCRIPTS]
    scripts += [out.joinpath(name).read_text(encoding="utf-8") for name in SEARCH[:1]]
    scripts += [views.script(name) for name in ["kit", *views.names()]]  # they name classes
    maths = fonts.maths(fonts.of_formulas(pages))
    sheets = {
        "_static/site.css": styles.style(static, STYLES, pages, scripts),
        "_static/maths.css": fonts.face("STIX Two Math", maths),
    }
    for name, css in sheets.items():
        out.joinpath(name).write_text(css, encoding="utf-8")
    for file, page in zip(files, pages):
        for name, css in sheets.items():
            page = page.replace(f'{name}"', f'{name}?v={frames.name_of(css.encode("utf-8"))}"')
        file.write_text(page, encoding="utf-8")
    known = "\n".join([*pages, *scripts, *sheets.values()])
    for file in sorted(static.rglob("*"), reverse=True):
        if file.is_dir() and not any(file.iterdir()):
            file.rmdir()
        elif file.is_file() and file.name not in known:
            file.unlink()


def setup(app):
    """Register with Sphinx."""
    app.connect("html-page-context", prepare, priority=900)  # when the theme has set its own
    app.connect("html-collect-pages", front_door)
    app.connect("build-finished", finish, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
