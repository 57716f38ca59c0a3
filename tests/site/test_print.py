"""Print: each page, and the PDF of the whole book, as Chromium prints them."""

import io
import re
import subprocess
import sys
import unicodedata
from itertools import pairwise

import notebook_outputs
import pytest
import yaml
from bs4 import BeautifulSoup
from built_site import CHAPTERS, SITE
from pypdf import PdfReader, PdfWriter

from tools import browser
from tools.make_pdf import mend_titles, pages_of

pytestmark = pytest.mark.full

TOC = yaml.safe_load((notebook_outputs.ROOT / "_toc.yml").read_text(encoding="utf-8"))
PAGES = list(pages_of(TOC))


def visit(chromium, page, hash="", **options):
    tab = browser.watched(chromium.new_context(offline=True, **options))
    tab.goto((SITE / page).as_uri() + hash)
    tab.evaluate("document.fonts.ready.then(() => null)")
    return tab


def printed(tab):
    # print.js asks for the pictures below; who prints sees a preview first, Chromium here does not
    # wait for them, and on a busy machine they are late
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    tab.wait_for_function("[...document.images].every(({ complete }) => complete)")
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    return PdfReader(io.BytesIO(tab.pdf(format="A4", print_background=True)))


def squeezed(text):
    """Return a text's letters and digits: lines are broken elsewhere on paper."""
    return re.sub(
        r"[^A-Za-z0-9]", "", unicodedata.normalize("NFKC", text)
    )  # fi is one letter there


def texts_of(pdf):
    return [page.extract_text() for page in pdf.pages]


def words(texts):
    """Return what is printed on each page, without page numbers: its own, which comes first, and
    those behind links in the whole book.
    """
    return [squeezed(re.sub(r"^\d+\s|\(p\.\s+\d+\)", "", text)) for text in texts]


def missing(sentences, pages):
    """Return those that stand on none of the pages, nor begin on one and end on the next."""
    # a page's text is in the order of painting: what the next page begins with need not come first
    return [
        each
        for each in sentences
        if not any(each in page for page in pages)
        and not any(
            each[:cut] in page and each[cut:] in following
            for page, following in pairwise(pages)
            for cut in range(1, len(each))
        )
    ]


def article(page):
    soup = BeautifulSoup((SITE / page).read_text(encoding="utf-8"), "html.parser")
    return soup.select_one("article")


def sentences(page):
    """Return what must be read on paper: paragraphs without formulas, wherever they are folded."""
    for each in article(page).select("p, figcaption"):
        left_out = each.find_parent(class_=["hint", "hide", "formula"]) or "progress" in each.get(
            "class", []
        )
        links = [a for a in each.select("a") if "#" not in a["href"]]  # these show where they lead
        if not left_out and not links and not each.select("math, input, label"):
            yield squeezed(each.get_text())


def pictures(pdf):
    return [image for page in pdf.pages for image in page.images]


def count_pictures(pdf):
    return sum(len(page.images) for page in pdf.pages)  # without decoding them


@pytest.mark.parametrize("page", PAGES)
def test_page_is_printed_whole(chromium, page):
    tab = visit(chromium, page, color_scheme="dark")
    pdf = printed(tab)  # nothing was scrolled to, nothing opened
    pages = words(texts_of(pdf))
    assert missing(sentences(page), pages) == []
    folds = article(page).select("details.solution, details.answer")
    titles = [fold.summary.get_text() for fold in folds if not fold.summary.select("math")]
    assert missing(map(squeezed, titles), pages) == []
    # the page on how to use the book speaks of them
    for control in (page in CHAPTERS) * [
        "Linktothisstate",
        "Searchthisbook",
        "Skiptomain",
        "Firstnudge",
    ]:
        assert control not in "".join(pages), control
    assert count_pictures(pdf) >= len(article(page).select("img"))
    assert tab.seen["console"] == tab.seen["failed"] == []
    tab.context.close()


@pytest.mark.parametrize("page", CHAPTERS)
def test_nothing_is_cut_at_the_side(chromium, page):
    tab = visit(chromium, page, viewport={"width": 660, "height": 900})  # A4 without its margins
    tab.emulate_media(media="print")
    cut = tab.evaluate("""() => [...document.querySelectorAll("article *")].filter((each) => {
        const { right, width } = each.getBoundingClientRect();
        // a window cuts what is drawn in it, and what holds it is as wide as the uncut
        const exempt = each.closest("annotation, .headerlink, svg.window, g:has(> svg.window)");
        return width > 1 && right > innerWidth + 1 && !exempt;
    }).map((each) => each.outerHTML.slice(0, 100))""")
    assert cut == []
    tab.context.close()


def test_moved_explorer_is_printed_as_it_was_at_first(chromium):
    page, name = CHAPTERS[2], "em-digits"
    first = article(page).select_one(f"#{name} figcaption").get_text()
    tab = visit(chromium, page, f"#{name}?k=8&step=2")
    said = f"document.querySelector('#{name} figcaption').textContent"
    tab.wait_for_function(f"{said}.startsWith('k = 8, soft, step 2')")
    moved = tab.locator(f"#{name} figcaption").text_content()
    at_rest = pictures(printed(visit(chromium, page)))
    pdf = printed(tab)
    pages = words(texts_of(pdf))
    assert missing([squeezed(first)], pages) == [] != missing([squeezed(moved)], pages)
    assert [image.data for image in pictures(pdf)] == [image.data for image in at_rest]
    assert tab.locator(f"#{name} figcaption").text_content() == moved  # after printing, as before


def test_links_show_where_they_lead(chromium):
    tab = visit(chromium, "book/index.html")
    tab.evaluate("""document.querySelector("article p").innerHTML =
        '<a class="reference" href="https://example.org/a?b=c">there</a>' +
        '<a class="reference" href="https://example.org/">https://example.org/</a>'""")
    text = re.sub(r"\s+", " ", "".join(texts_of(printed(tab))))
    assert "there (https://example.org/a?b=c)" in text
    assert text.count("https://example.org/") == 2  # not behind itself
    assert squeezed("2. k-means (k-means and image compression)") in squeezed(text)
    tab.context.close()


# ---- the whole book -------------------------------------------------------------------------


def make_book(target):
    """Make the PDF of the whole book; return its path."""
    command = [sys.executable, "-m", "tools.make_pdf", SITE, target]
    made = subprocess.run(command, cwd=notebook_outputs.ROOT, capture_output=True, text=True)
    assert (made.returncode, made.stderr) == (0, "")
    return target


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return make_book(tmp_path_factory.mktemp("book") / "book.pdf")


@pytest.fixture(scope="module")
def book(file):
    return PdfReader(file)


@pytest.fixture(scope="module")
def texts(book):
    return texts_of(book)


def test_titles_that_chromium_doubles_stand_once():
    # whole, or the first of two lines, as wide letters break it; a word may repeat itself all by
    # itself if it is short
    doubled = ["ContentsContents", "Backprop, byBackprop, byhand", "k-means", "so so-so"]
    doubled += ["Starts, and k-Starts, and k-means"]
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    for title in doubled:
        writer.add_outline_item(title=title, page_number=0)
    mend_titles(writer.root_object["/Outlines"])
    titles = [entry.title for entry in writer.outline]
    assert titles == ["Contents", "Backprop, by hand", "k-means", "so so-so", "Starts, and k-means"]


def test_outline_leads_to_all_pages(book, texts):
    top = [entry for entry in book.outline if not isinstance(entry, list)]
    titles = [article(page).h1.find(string=True) for page in PAGES]
    assert [entry.title for entry in top] == ["Contents", *titles]
    numbers = [book.get_destination_page_number(entry) for entry in top]
    assert numbers == sorted(numbers)
    for number, title in zip(numbers[1:], titles):
        assert squeezed(title) in squeezed(texts[number])
    below = [each for each in book.outline if isinstance(each, list)]
    assert sum(map(len, below)) > 60


def test_contents_have_the_numbers_that_stand_on_the_pages(book, texts):
    for number, text in enumerate(texts[1:], start=2):
        assert re.match(rf"{number}\s", text), number
    tops = [entry for entry in book.outline if not isinstance(entry, list)][1:]
    contents = "".join(words(texts[1:4]))
    for entry in tops:
        number = book.get_destination_page_number(entry) + 1
        assert squeezed(entry.title) + str(number) in contents, entry.title


def test_book_has_every_page_and_is_no_longer_than_it_should(texts):
    pages = words(texts)
    lost = {page: missing(sentences(page), pages) for page in PAGES}
    assert {page: each for page, each in lost.items() if each} == {}
    assert 150 < len(pages) < 250  # 207 of A4
    assert all(len(each) > 20 for each in pages[1:])  # no empty page
    assert not re.search(r"\(p\. (0|undefined)\)", " ".join(texts))


def test_links_stay_in_the_book(book):
    inside = 0
    for page in book.pages:
        for annotation in page.get("/Annots", []):
            annotation = annotation.get_object()
            address = annotation.get("/A", {}).get("/URI", "")
            assert not address.startswith("file:"), address
            inside += "/Dest" in annotation or "/D" in annotation.get("/A", {})
    assert inside > 200
    assert book.root_object["/Lang"] == "en" and book.root_object["/MarkInfo"]["/Marked"]


@pytest.mark.weekly
def test_same_book_is_the_same_file(file, tmp_path):
    # On a busy machine Chromium may have made a node more or less by the time it prints: the names
    # that it gives to headings and cells, (node00001234), then count from another number.
    made = [file, make_book(tmp_path / "again.pdf")]
    one, again = (re.sub(rb"node\d{8}", b"node", each.read_bytes()) for each in made)
    assert one == again
