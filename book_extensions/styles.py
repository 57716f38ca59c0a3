"""The site's one style sheet: the theme's and the book's, without rules that match nothing."""

import html
import re

import tinycss2

from book_extensions import fonts


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


def style(static, names, pages, scripts):
    """Return the site's style sheet, made of those in `static`, with its icons inside."""
    files = [file for name in names for file in sorted(static.glob(name))]
    css = "\n".join(file.read_text(encoding="utf-8") for file in files)
    words = words_of(pages, scripts)
    css = purge(parse(css), words)
    icons = set(re.findall("[\ue000-\uf8ff]", css))  # Unicode's private use
    font = fonts.icons(static / "vendor/fontawesome/webfonts/fa-solid-900.ttf", icons)
    return css + fonts.face("Font Awesome 6 Free", font, "font-weight:900")
