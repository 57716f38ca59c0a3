"""Make one PDF of the built book: python -m tools.make_pdf _build/html dist/NAME.pdf

The articles of all pages, in the order of _toc.yml, become one page that Chromium prints with the
book's own print style (book/print.css). So links lead from page to page, and the PDF has an
outline, and tags for screen readers. It is printed until the page numbers in the contents and
behind links are those of the print. The same book, printed by the same Chromium, gives the same
bytes.
"""

import io
import logging
import re
import sys
import tempfile
from html import escape
from pathlib import Path
from urllib.parse import urldefrag, urljoin

import yaml
from bs4 import BeautifulSoup
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject, TextStringObject

from hwlib.commands import atomic_write
from tools import browser

ROOT = Path(__file__).parent.parent

logging.getLogger("pypdf").setLevel(logging.ERROR)  # Chromium counts its objects too low
DATE = "D:20260101000000Z"  # in place of now, so that the same book is the same file
BOOK = """<!DOCTYPE html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8">
<title>{title}</title>
<link rel="stylesheet" href="{site}/_static/site.css">
<link rel="stylesheet" href="{site}/_static/maths.css">
<style>
@page {{ size: A4; }}
@page :first {{ @bottom-center {{ content: none; }} }}
.front {{ padding-top: 80mm; text-align: center; }}
.front strong {{ font-size: 2.4em; line-height: 1.3; }}
article, .book-contents {{ break-before: page; }}
.book-contents ol {{ padding: 0; list-style: none; }}
.book-contents ol ol {{ padding-left: 1.5em; }}
.book-contents li {{ margin: 0; font-size: 0.95em; line-height: 1.45; }}
.book-contents > ol > li {{ margin-top: 0.5em; break-inside: avoid; }}
.book-contents a {{ display: flex; gap: 0.5em; color: inherit; text-decoration: none; }}
.book-contents > ol > li > a {{ font-weight: bold; }}
.book-contents a::before {{ content: ""; order: 1; flex: 1; margin: 0.4em 0;
  border-bottom: 1px dotted; }}
.book-contents a::after {{ content: attr(data-address); order: 2; }}
</style>
</head>
<body>
<p class="front"><strong>{title}</strong><br>{author}</p>
<nav class="book-contents" aria-labelledby="contents">
<h1 id="contents">Contents</h1>
<ol>{contents}</ol>
</nav>
{articles}
</body>
</html>
"""


def pages_of(toc):
    """Yield the file of each page of a _toc.yml, in order."""
    yield f"{toc['root']}.html"
    for part in toc["parts"]:
        yield from (f"{chapter['file']}.html" for chapter in part["chapters"])


def unique(page, anchor=""):
    """Return an id for the whole book: those of a page are unique on that page only."""
    return "--".join(filter(None, [page.removesuffix(".html").replace("/", "-"), anchor]))


def article_of(site, page):
    """Return a page's article, with ids and links as they are in the whole book."""
    soup = BeautifulSoup((site / page).read_text(encoding="utf-8"), "html.parser")
    article = soup.select_one("article")
    for needless in article.select("script, .headerlink, .explorer-controls, .progress"):
        needless.decompose()
    for name in ("id", "for", "aria-labelledby"):
        for element in article.select(f"[{name}]"):
            element[name] = unique(page, element[name])
    for image in article.select("img"):
        image["src"], image["loading"] = (site / urljoin(page, image["src"])).as_uri(), "eager"
    for link in article.select("a[href]"):
        target, anchor = urldefrag(urljoin(page, link["href"]))
        anchor = anchor.partition("?")[0]  # on paper a figure is in its first state
        if ":" in target:  # another site
            if link["href"] != link.text:
                link["data-address"] = link["href"]
        elif not target.endswith(".html"):
            del link["href"]  # a file of the site is not in the book
        else:
            link["href"] = f"#{unique(target, anchor)}"
            # terms and references are in the order of the alphabet
            if target != page and not anchor.startswith(("term-", "id")) and not link.img:
                link["data-address"] = "p. 0"
    article["id"] = unique(page)
    return article


def contents_of(article):
    """Return the entry of an article in the contents, with its sections below it."""

    def entry(section, title):
        text = escape(" ".join(title.get_text().split()))
        return f'<a href="#{section["id"]}" data-address="0"><span>{text}</span></a>'

    sections = article.select("article > section > section:has(> h2)")
    inner = "".join(f"<li>{entry(section, section.h2)}</li>" for section in sections)
    return f"<li>{entry(article, article.h1)}<ol>{inner}</ol></li>"


def numbers_of(pdf):
    """Return the page number of each anchor in a PDF to which something links."""
    reader = PdfReader(io.BytesIO(pdf))
    return {
        name.removeprefix("/"): reader.get_destination_page_number(destination) + 1
        for name, destination in reader.named_destinations.items()
    }


def mend_titles(item):
    """Give the outline's entries their titles once: Chromium doubles the first one on a page.

    Of a title that is broken into two lines it doubles the first, and joins the next to it.
    """
    while item is not None:
        item = item.get_object()
        title = item.get("/Title", "")
        if doubled := re.fullmatch(r"(.{4,})\1(.*)", title):
            first, rest = doubled.groups()
            space = "" if first.endswith("-") else " "  # it was broken at a hyphen
            item[NameObject("/Title")] = TextStringObject(f"{first}{space}{rest}".rstrip())
        mend_titles(item.get("/First"))
        item = item.get("/Next")


NUMBER = """numbers => {
    let changed = 0;
    for (const link of document.querySelectorAll("a[href^='#'][data-address]")) {
        const number = String(numbers[link.hash.slice(1)]);
        const address = link.dataset.address.replace(/\\w+$/, number);
        changed += address !== link.dataset.address;
        link.dataset.address = address;
    }
    return changed;
}"""


def make_pdf(site, target):
    """Print the built book in folder `site` into the file `target`."""
    site = Path(site).resolve()
    config = yaml.safe_load(ROOT.joinpath("_config.yml").read_text(encoding="utf-8"))
    toc = yaml.safe_load(ROOT.joinpath("_toc.yml").read_text(encoding="utf-8"))
    articles = [article_of(site, page) for page in pages_of(toc)]
    text = BOOK.format(
        title=escape(config["title"]),
        author=escape(config["author"]),
        site=site.as_uri(),
        contents="".join(map(contents_of, articles)),
        articles="\n".join(map(str, articles)),
    )
    with tempfile.TemporaryDirectory() as folder, browser.chromium() as chromium:
        file = Path(folder, "book.html")
        file.write_text(text, encoding="utf-8")
        tab = chromium.new_context(offline=True).new_page()
        tab.goto(file.as_uri())
        tab.evaluate("document.fonts.ready.then(() => null)")
        for attempt in range(1, 6):
            pdf = tab.pdf(
                prefer_css_page_size=True, print_background=True, outline=True, tagged=True
            )
            changed = tab.evaluate(NUMBER, numbers_of(pdf))
            print(f"Print {attempt}: {changed} page numbers were not yet right", flush=True)
            if not changed:
                break
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    mend_titles(writer.root_object["/Outlines"])
    names = {"/Title": config["title"], "/Author": config["author"]}
    writer.metadata = names | {"/CreationDate": DATE, "/ModDate": DATE}
    with atomic_write(target) as aside:
        writer.write(aside)
    return len(writer.pages)


if __name__ == "__main__":
    number = make_pdf(*sys.argv[1:])
    print(f"{sys.argv[2]}: {number} pages")
