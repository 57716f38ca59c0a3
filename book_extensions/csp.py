"""A page's Content-Security-Policy: the site's own files, and inline scripts that were built in."""

import base64
import hashlib
import re

from sphinx.errors import ExtensionError

# What others write as style attributes, which a strict policy forbids; book.css has the classes.
STYLE_CLASSES = {
    "text-align: right;justify-items: end;padding-right: 0;": "cell-right",  # maths
    "text-align: left;justify-items: start;padding-left: 0;": "cell-left",
    "margin-left:-0.16666667em;": "negative-space",
    "width: 100%": "wide",  # pictures, the index
    "width: 100%;": "wide",
    "width: 33%; vertical-align: top;": "third",
}

POLICY = (
    "default-src 'self'; img-src 'self' data:; font-src data:; script-src 'self'{hashes}; "
    "object-src 'none'; base-uri 'none'; form-action 'self'"
)


def digest(content):
    """Return the hash of some bytes as a Content-Security-Policy has it."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode("ascii")


def secure(page):
    """Put a Content-Security-Policy into a page, which allows the inline scripts that it has."""
    page = re.sub(r'(<[a-z][^<>]*?) style="([^"]*)"([^<>]*>)', _styled_by_class, page)
    if found := re.search(r"<[a-z][^<>]* (style|on[a-z]+)=|<style", page):
        raise ExtensionError(f"the Content-Security-Policy forbids {found[0][:200]}")
    scripts = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", page, flags=re.DOTALL)
    hashes = "".join(f" 'sha256-{digest(each.encode('utf-8'))}'" for each in scripts)
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY.format(hashes=hashes)}">'
    return page.replace("<head>", f"<head>\n    {policy}", 1)


def _styled_by_class(match):
    """Return a tag with the class that stands for its style attribute."""
    before, style, after = match.groups()
    if style not in STYLE_CLASSES:
        raise ExtensionError(f"STYLE_CLASSES in book_extensions/csp.py has no class for {style!r}")
    name, rest = STYLE_CLASSES[style], before + after
    if ' class="' in rest:
        return rest.replace(' class="', f' class="{name} ', 1)
    return f'{before} class="{name}"{after}'
