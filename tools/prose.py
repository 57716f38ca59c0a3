"""How long the sentences of each page are, and which words and turns docs/words.md asks to avoid.

    python -m tools.prose [FILE ...]           words, sentences, words a sentence, the longest
    python -m tools.prose --turns [FILE ...]   each place to rewrite, with what to write instead

Without files: all pages of the book. A formula and a piece of code count as one word each. Titles,
tables, and labels of one or two words ("On paper.", "Yes.") are searched, not counted.
"""

import argparse
import ast
import re
import sys
from pathlib import Path
from typing import NamedTuple

import nbformat
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

ROOT = Path(__file__).parent.parent
PAGES = [*sorted((ROOT / "book").glob("*.md")), *sorted((ROOT / "notebooks").glob("*.ipynb"))]
PARSER = create_md_parser(
    MdParserConfig(enable_extensions={"amsmath", "colon_fence", "deflist", "dollarmath"}),
    RendererHTML,
)
DIRECTIVE = re.compile(r"\{([a-z-]+)\} *(.*)")
NO_TEXT = {"bibliography", "code-block", "math", "mermaid", "progress", "stored"}
OPTIONS = re.compile(r"^(?::[a-z-]+:.*\n)+")  # of a directive
TITLES = {"heading_open", "th_open", "td_open", "dt_open"}
FORMULA, CODE = "f(x)", "code"  # one word each
# A sentence ends at a mark, and quotes or brackets behind it; the next begins with a capital, a
# number, a formula, code or an opening bracket.
END = re.compile(r"(?<=[.!?…])[\"”’)\]*]*\s+(?=[\"“‘(*]*(?:[A-Z0-9(σπε]|f\(x\)|code\b))")
WORD = re.compile(r"\w")

# What to write in place of a turn. Each is a regular expression, with the words of docs/words.md.
TURNS = {
    r"\b(?:be|is|are|also) had\b": "say who does it: you can ...",
    r"\bby turns\b": "in turn, alternately",
    r"(?<!here )\b(?:is|are) no (?!longer\b|more\b|less\b|lower\b|higher\b|one\b)": "is not a",
    r"\b[Nn]one of the two\b": "neither",
    r"\bso many at a time\b": "how many at a time",
    r"\bas it is for who\b": "",
    r"\b[Ww]ho(?:so)?ever\b": "if you ..., anyone who",
    r"\bhangs? on\b": "depends on",
    r"\b[Hh]as to\b": "must, needs to",
    r"\b(?:[Gg]radient|[Dd]ifferentiated?) by [A-Za-zμπ]{1,2}\b": "with respect to",
    r"\bderivatives? (?:of [$\w]+ )?by (?:each|[$\w]{1,5})\b": "with respect to",
    r"\bcomes? to (?:rest|its end)\b": "converge, end",
    r"\bstarting values\b": "initial values",
    r"\bin thought\b": "in your head",
    r"\bstands? (?:left|right)\b": "is on the left",
    r"\bfor who\b": "for those who",
    r"\bgo(?:es)? on with\b": "continue with",
    r"\bnot? one of\b(?= the two)": "neither",
    r"\bbut for\b": "except for",
    r"\bthereof\b|\bthereby\b|\bwherein\b|\bwhereof\b|\bhence\b(?=,)": "so",
    r"\bat hand\b": "say which",
    r"[0-9] %|[0-9]\\[,;] ?\\%|[0-9]\u00a0%": "no space before %",
    r"\b[A-Za-z]*(?:colour|[cC]entre|[gG]rey\b|neighbour|behaviour|labelled|modelling)[a-z]*": (
        "American spelling"
    ),
    r"\b[A-Za-z]+(?:min|max|normal|initial|general|recogn|real|summar|optim)is(?:e[ds]?|ing)\b": (
        "American spelling"
    ),
}


class Passage(NamedTuple):
    """A piece of text that a reader sees."""

    where: str  # a notebook's cell or the first line
    text: str
    counted: bool  # not a title, not a table


class Count(NamedTuple):
    """The sentences of a page."""

    words: int
    sentences: int
    longest: str

    @property
    def average(self):
        """Words in a sentence, on average."""
        return self.words / max(self.sentences, 1)


def plain(inline):
    """Return the text of a Markdown token of running text: formulas and code are a word each."""
    parts = []
    for token in inline.children:
        if token.type == "text":
            parts.append(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif token.type.startswith("math"):
            parts.append(FORMULA)
        elif token.type == "code_inline":
            parts.append(CODE)
        elif token.type == "myst_role" and token.meta["name"] == "cite:t":
            parts.append("Somebody")
        elif token.type == "myst_role" and token.meta["name"] != "cite":
            parts.append(token.content.partition("<")[0].strip() or token.content)
    return re.sub(r"\s+", " ", "".join(parts)).strip()


def markdown(source, where=""):
    """Yield the passages of a text in Markdown.

    Parameters
    ----------
    source : str
    where : str
        A notebook's cell; else each passage gets the number of its line.
    """
    yield from _passages(PARSER.parse(source), where, 0)


def _passages(tokens, where, above):
    inside, said, begun, goes_on = [], "", 0, False
    for token in tokens:
        line = above + (token.map[0] + 1 if token.map else 0)
        # A formula on lines of its own stands in the middle of a sentence or ends one.
        if said and not (token.type == "inline" or token.nesting == -1 or _formula(token)):
            if not (token.type == "paragraph_open" and goes_on):
                yield Passage(where or str(begun), said, True)
                said = ""
        if token.nesting == 1:
            inside.append(token.type)
        elif token.nesting == -1:
            inside.pop()
        elif token.type == "inline":
            if TITLES & set(inside):
                yield Passage(where or str(line), plain(token), False)
            else:
                begun = begun if said else line
                said, goes_on = f"{said} {plain(token)}".strip(), False
        elif _formula(token):
            ends = token.content.rstrip().endswith(".")
            begun = begun if said else line
            said, goes_on = f"{said} {FORMULA}".strip() + "." * ends, not ends
        elif token.type in ("fence", "colon_fence") and (found := DIRECTIVE.match(token.info)):
            name, title = found.groups()
            if name in NO_TEXT:
                continue
            if title:
                yield Passage(where or str(line), title, False)
            body = OPTIONS.sub("", token.content)
            if name == "glossary":
                body = re.sub(r"^(\S.*)\n", r"### \1\n", body, flags=re.MULTILINE)
                body = re.sub(r"^  ", "", body, flags=re.MULTILINE)
            skipped = token.content.count("\n") - body.count("\n")
            yield from _passages(PARSER.parse(body), where, line + skipped)
    if said:
        yield Passage(where or str(begun), said, True)


def _formula(token):
    return token.type.startswith("math_block") or token.type == "amsmath"


def python(source):
    """Yield the strings of a Python file: docstrings, messages, captions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield Passage(str(node.lineno), re.sub(r"\s+", " ", node.value), False)


def passages(path):
    """Return the passages of a page, or the strings of a Python file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return list(python(text))
    if path.suffix != ".ipynb":
        return list(markdown(text))
    cells = nbformat.reads(text, as_version=4).cells
    return [
        passage
        for cell in cells
        for passage in (markdown if cell.cell_type == "markdown" else _printed)(
            cell.source, cell.id
        )
    ]


def _printed(source, cell):
    return (Passage(cell, passage.text, False) for passage in python(source))


def sentences(text):
    """Return the sentences of a passage: three words or more, so no label such as "On paper."."""
    found = (each for each in END.split(text) if WORD.search(each.replace(FORMULA, "")))
    return [each for each in found if words(each) >= 3]


def words(text):
    """Count the words of a text."""
    return sum(bool(WORD.search(word)) for word in text.split())


def count(passages):
    """Count the sentences of some passages.

    Examples
    --------
    >>> from tools.prose import Passage, count
    >>> count([Passage("1", "A tie is rare. It needs two equal distances.", True)]).average
    4.5
    """
    found = [each for passage in passages if passage.counted for each in sentences(passage.text)]
    lengths = [words(each) for each in found]
    longest = found[lengths.index(max(lengths))] if found else ""
    return Count(sum(lengths), len(found), longest)


def turns(passages):
    """Yield (where, words, what to write instead) for each turn to avoid."""
    for passage in passages:
        for pattern, instead in TURNS.items():
            for match in re.finditer(pattern, passage.text):
                around = passage.text[max(match.start() - 30, 0) : match.end() + 30]
                yield passage.where, around.strip(), instead


def main(argv=None):
    """Print the table, or the turns."""
    parser = argparse.ArgumentParser(prog="tools.prose", description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", default=PAGES)
    parser.add_argument("--turns", action="store_true", help="words and turns to rewrite")
    given = parser.parse_args(argv)
    if not given.turns:
        print(
            "| page | words | sentences | words a sentence | the longest |\n|---|--:|--:|--:|---|"
        )
    for path in given.files:
        try:
            found = passages(path)
        except (OSError, UnicodeDecodeError, nbformat.reader.NotJSONError) as error:
            sys.exit(f"{path} cannot be read: {error}")
        if given.turns:
            for where, around, instead in turns(found):
                print(f"{path.name} {where}: … {around} …" + (f"  ({instead})" if instead else ""))
        else:
            n = count(found)
            length = words(n.longest)
            shown = n.longest if length <= 12 else " ".join(n.longest.split()[:10]) + " …"
            print(
                f"| {path.stem} | {n.words} | {n.sentences} | {n.average:.1f} | {length}: {shown} |"
            )


if __name__ == "__main__":
    main()
