"""A small Sphinx extension: pages that load only what they use, and only from their own site.

- The frames of an explorer leave the page for a file of their own, a script that hands them to
  explorer.js when a slider is touched; the first one becomes a picture. (Scripts and pictures load
  from a disk too, where `fetch` is forbidden.)
- A page has the scripts that it uses, all deferred, and the one style sheet of the site: what is
  left of the theme's when the rules that match nothing on any page are taken out.
- The fonts of icons and formulas keep what is shown (book_fonts.py).
- Each page has a Content-Security-Policy: nothing but files of the site, and the inline scripts
  that were there when the book was built.
- Files in _static that nothing refers to any more are not published.

The templates in book/templates are the other half: there the theme's page is put together.
"""

import base64
import hashlib
import html
import json
import re
from math import ceil
from pathlib import Path

import book_fonts
import book_pages
import book_stored
import tinycss2
from docutils import nodes
from PIL import Image
from sphinx.errors import ExtensionError

from hwlib import views

# The scripts of a page, in order, each with what a page must have to need it.
SCRIPTS = {
    "documentation_options.js": "",
    "doctools.js": "",
    "sphinx_highlight.js": "",  # marks what was searched for
    "scripts/pydata-sphinx-theme.js": "",
    "scripts/sphinx-book-theme.js": "",
    "clipboard.min.js": '<div class="highlight',
    "copybutton.js": '<div class="highlight',
    "explorer.js": "data-frames=",
    "progress.js": "exercise",
    "scroll.js": "",
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
    "print.css",
]

# What others write as style attributes, which a strict policy forbids; book.css has the classes.
STYLE_CLASSES = {
    "text-align: right;justify-items: end;padding-right: 0;": "cell-right",  # maths
    "text-align: left;justify-items: start;padding-left: 0;": "cell-left",
    "margin-left:-0.16666667em;": "negative-space",
    "width: 100%": "wide",  # pictures, the index
    "width: 100%;": "wide",
    "width: 33%; vertical-align: top;": "third",
}

# What others write that screen readers stumble over.
MENDED = {
    # a name that is not what is read on the fold
    '<summary aria-label="Toggle hidden content">': "<summary>",
    # a list without items, and a role that has been given up
    '<div role="list" class="citation-list">': '<div class="citation-list">',
    ' role="doc-biblioentry"': "",
}

# Names, punctuation and spaces in code have the colour of the code around them: half of all
# elements of a chapter would be there for nothing.
PLAIN_CODE = re.compile(r'<span class="(?:n|p|w)">([^<]*)</span>')

POLICY = (
    "default-src 'self'; img-src 'self' data:; font-src data:; script-src 'self'{hashes}; "
    "object-src 'none'; base-uri 'none'; form-action 'self'"
)


def digest(content):
    """Return the hash of some bytes as a Content-Security-Policy has it."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode("ascii")


def name_of(content):
    """Return a file name for these bytes, without its suffix: other bytes, another name."""
    return hashlib.sha256(content).hexdigest()[:16]


# ---- frames ---------------------------------------------------------------------------------


def take_frames_out(body, root, folder):
    """Take the pictures of a page's explorers out of it, into files.

    Parameters
    ----------
    body : str
        HTML with figures as hwlib/explorer.py writes them, with every frame inside.
    root : str
        How the page refers to the site's folder: "../" or "".
    folder : Path
        Where the files are written; root + "_frames/" on the page.

    Returns
    -------
    str
        The same figures, each with a first picture that is a file, and where there are sliders
        with `data-frames`, the address of the script that has all frames.
    """

    def write(content, suffix):
        name = name_of(content) + suffix
        folder.mkdir(parents=True, exist_ok=True)
        folder.joinpath(name).write_bytes(content)
        return f"{root}_frames/{name}"

    def scripts(text):
        """Name the scripts that draw a scene's figure."""
        if not (view := re.search(r'data-view="([^"]*)"', text)):
            return text
        views_folder, addresses = folder.with_name("_views"), []
        views_folder.mkdir(parents=True, exist_ok=True)
        for name in ("kit", view[1]):
            content = views.script(name).encode("utf-8")
            file = f"{name}-{name_of(content)}.js"
            views_folder.joinpath(file).write_bytes(content)
            addresses.append(f"{root}_views/{file}")
        return text.replace("<figure ", f'<figure data-scripts="{" ".join(addresses)}" ', 1)

    def picture(match):
        return f'src="{write(base64.b64decode(match[1]), ".webp")}" loading="lazy"'

    def figure(match):
        text = match[0]
        data = re.search(r'<script type="application/json">(.*?)</script>\n', text, re.DOTALL)
        if data:
            name = re.search(r'id="([^"]*)"', text)[1]
            frames = f"receiveFrames({json.dumps(name)}, {data[1]});\n"
            text = text.replace(data[0], "")
            source = write(frames.encode("utf-8"), ".js")
            text = text.replace("<figure ", f'<figure data-frames="{source}" ', 1)
        return re.sub(r'src="data:image/webp;base64,([^"]*)"', picture, scripts(text))

    return re.sub(r'<figure class="explorer.*?</figure>', figure, body, flags=re.DOTALL)


# ---- how tall a section is ------------------------------------------------------------------


def leave_room(app, doctree, docname):
    """Give each section a class that says how tall it is at most, about: `tall-12` is 1200 px.

    Too little would be worse than too much: then the places of two sections overlap.
    """
    for section in doctree.findall(nodes.section):
        if isinstance(section.parent.parent, nodes.document):
            section["classes"].append(f"tall-{ceil(height(section) / 100) + 1}")


def height(node):
    """Return about how many pixels high a node is on a narrow screen, where folds are closed."""
    text, inside = node.astext(), sum(map(height, node.children))
    if isinstance(node, nodes.raw):
        return raw_height(text)
    if isinstance(node, book_stored.StoredPicture):
        return int(node["picture"].height) + 240
    if isinstance(node, book_pages.Progress):
        return 240
    if isinstance(node, book_pages.Fold) or node.tagname == "HideCodeCellNode":
        return 70 + 27 * len(text.partition("\n")[0]) / 40
    if isinstance(node, nodes.literal_block):
        return 60 + 23 * (text.count("\n") + 1)
    if isinstance(node, nodes.math_block):
        return 60 + 60 * (text.count(r"\\") + 1)
    if isinstance(node, nodes.row):
        return 20 + 27 * ceil(max(len(cell.astext()) for cell in node) / 9)
    if isinstance(node, (nodes.paragraph, nodes.title, nodes.term)):
        return 32 + 27 * ceil(len(text) / 36) + 30 * isinstance(node, nodes.title)
    return inside + 20 * isinstance(node, nodes.Admonition)


def raw_height(text):
    """Return the height of HTML: of an explorer, or of something small."""
    pictures = sum(int(pixels) for pixels in re.findall(r' height="(\d+)"', text))
    scenes = re.findall(r'<svg viewBox="0 0 \S+ (\d+)', text)  # in a narrow window, in two rows
    pictures += sum(2 * int(pixels) + 80 for pixels in scenes)
    return pictures + 60 * text.count("<input") + 200 * text.count("<figcaption") + 40


# ---- what a page loads ----------------------------------------------------------------------


def prepare(app, pagename, templatename, context, doctree):
    """Set what the templates need, before a page is written."""
    root = "../" * pagename.count("/")
    body = context.get("body", "")
    for wrong, right in MENDED.items():
        body = body.replace(wrong, right)
    body = PLAIN_CODE.sub(r"\1", body)
    context["body"] = body = take_frames_out(body, root, Path(app.outdir, "_frames"))
    scripts = [f"_static/{name}" for name, sign in SCRIPTS.items() if sign in body]
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


# ---- styles ---------------------------------------------------------------------------------


def words_of(pages, scripts):
    """Return every class and id that a page has, and every word in a script, which may set it."""
    names = re.findall(r'\b(?:class|id)="([^"]*)"', "\n".join(pages))
    return set(html.unescape(" ".join(names)).split()) | set(
        re.findall(r"[\w-]+", "\n".join(scripts))
    )


def matches(selector, words):
    """Tell whether a selector may match: all its classes and ids are among these words.

    What stands in brackets, as in `:not(.card)`, is not looked at.
    """
    after_dot = False
    for token in selector:
        if token.type == "hash" or (after_dot and token.type == "ident"):
            if token.value not in words:
                return False
        after_dot = token == "."
    return True


def split_at_commas(tokens):
    """Split a list of tokens at its commas."""
    parts = [[]]
    for token in tokens:
        if token == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def purge(rules, words):
    """Return style rules as text, without those that match nothing."""
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            wanted = [each for each in split_at_commas(rule.prelude) if matches(each, words)]
            if wanted:
                selector = ",".join(tinycss2.serialize(each).strip() for each in wanted)
                kept.append(f"{selector}{{{squeeze(rule.content)}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword in {"media", "supports", "layer"}:
            inside = purge(parse(rule.content), words) if rule.content else ""
            if inside:
                kept.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inside}}}")
        elif rule.type == "at-rule" and rule.lower_at_keyword != "font-face":
            kept.append(rule.serialize())
    return "\n".join(kept)


def parse(css):
    """Return the rules of a style sheet, or of a part of one."""
    return tinycss2.parse_rule_list(css, skip_comments=True, skip_whitespace=True)


def squeeze(content):
    """Return declarations without comments and line breaks."""
    text = tinycss2.serialize([token for token in content if token.type != "comment"])
    return re.sub(r"\s+", " ", text).strip()


def style(static, pages, scripts):
    """Return the site's style sheet, with its icons inside."""
    files = [file for name in STYLES for file in sorted(static.glob(name))]
    css = "\n".join(file.read_text(encoding="utf-8") for file in files)
    words = words_of(pages, scripts)
    css = purge(parse(css), words)
    heights = {int(word[5:]) for word in words if re.fullmatch(r"tall-\d+", word)}
    css += "".join(f"\n.tall-{tall}{{--tall:{tall}}}" for tall in sorted(heights))
    icons = set(re.findall("[\ue000-\uf8ff]", css))  # Unicode's private use
    font = book_fonts.icons(static / "vendor/fontawesome/webfonts/fa-solid-900.ttf", icons)
    return css + book_fonts.face("Font Awesome 6 Free", font, "font-weight:900")


# ---- the built site -------------------------------------------------------------------------


def styled_by_class(match):
    """Return a tag with the class that stands for its style attribute."""
    before, style, after = match.groups()
    if style not in STYLE_CLASSES:
        raise ExtensionError(f"STYLE_CLASSES in tools/book_light.py has no class for {style!r}")
    name, rest = STYLE_CLASSES[style], before + after
    if ' class="' in rest:
        return rest.replace(' class="', f' class="{name} ', 1)
    return f'{before} class="{name}"{after}'


def measured(page, folder):
    """Give the pictures of a page their width and height, so that nothing moves when they come."""

    def sized(match):
        if " width=" in match[0]:
            return match[0]
        width, height = Image.open(folder / match[1]).size
        return f'<img width="{width}" height="{height}"{match[0].removeprefix("<img")}'

    return re.sub(r'<img [^<>]*src="([^":]*\.(?:webp|png|jpg))"[^<>]*>', sized, page)


def secure(page):
    """Put a Content-Security-Policy into a page, which allows the inline scripts that it has."""
    page = re.sub(r'(<[a-z][^<>]*?) style="([^"]*)"([^<>]*>)', styled_by_class, page)
    if found := re.search(r"<[a-z][^<>]* (style|on[a-z]+)=|<style", page):
        raise ExtensionError(f"the Content-Security-Policy forbids {found[0][:200]}")
    scripts = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", page, flags=re.DOTALL)
    hashes = "".join(f" 'sha256-{digest(each.encode('utf-8'))}'" for each in scripts)
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY.format(hashes=hashes)}">'
    return page.replace("<head>", f"<head>\n    {policy}", 1)


def finish(app, exception):
    """Make the built site light: one style sheet, small fonts, a policy, no file without a use."""
    if exception or app.builder.name != "html":
        return
    out, static = Path(app.outdir), Path(app.outdir, "_static")
    files = [file for file in sorted(out.rglob("*.html")) if static not in file.parents]
    pages = [file.read_text(encoding="utf-8") for file in files]
    pages = [secure(measured(page, file.parent)) for file, page in zip(files, pages)]
    scripts = [static.joinpath(name).read_text(encoding="utf-8") for name in SCRIPTS]
    scripts += [out.joinpath(name).read_text(encoding="utf-8") for name in SEARCH[:1]]
    scripts += [views.script(name) for name in views.names() + ["kit"]]
    maths = book_fonts.maths(book_fonts.of_formulas(pages))
    styles = {
        "_static/site.css": style(static, pages, scripts),
        "_static/maths.css": book_fonts.face("STIX Two Math", maths),
    }
    for name, css in styles.items():
        out.joinpath(name).write_text(css, encoding="utf-8")
    for file, page in zip(files, pages):
        for name, css in styles.items():
            page = page.replace(f'{name}"', f'{name}?v={name_of(css.encode("utf-8"))}"')
        file.write_text(page, encoding="utf-8")
    known = "\n".join([*pages, *scripts, *styles.values()])
    for file in sorted(static.rglob("*"), reverse=True):
        if file.is_dir() and not any(file.iterdir()):
            file.rmdir()
        elif file.is_file() and file.name not in known:
            file.unlink()


def setup(app):
    """Register with Sphinx."""
    app.connect("doctree-resolved", leave_room, priority=900)  # when folds are folds
    app.connect("html-page-context", prepare, priority=900)  # when the theme has set its own
    app.connect("html-collect-pages", front_door)
    app.connect("build-finished", finish, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
