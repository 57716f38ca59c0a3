"""Every link of the built site leads somewhere: in pages, in the search index, in style sheets."""

import json
import re
from functools import cache
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from bs4 import BeautifulSoup
from built_site import SITE

PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
ADDRESSES = ["href", "src", "data-frames", "action", "poster", "cite"]


@cache
def read(page):
    """Return a page of the site, parsed."""
    return BeautifulSoup((SITE / page).read_text(encoding="utf-8"), "html.parser")


@cache
def anchors(page):
    """Return the places of a page that a link can name: ids."""
    return {tag["id"] for tag in read(page).find_all(id=True)}


def links(page):
    """Yield (tag, address) for all that a page refers to."""
    for tag in read(page).find_all(True):
        for attribute in ADDRESSES:
            if tag.get(attribute) is not None:
                yield tag, tag[attribute]
        for part in filter(None, tag.get("srcset", "").split(",")):
            yield tag, part.split()[0]


def where(page, address):
    """Return (file, anchor) of an internal address on a page."""
    path, _, anchor = address.partition("#")
    file = (SITE / page).parent / unquote(path.partition("?")[0]) if path else SITE / page
    return file.resolve(), unquote(anchor)


def wrong(page, address):
    """Return what is wrong with an address on a page, or None."""
    if address.startswith("data:"):
        return None
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        good = parts.scheme == "https" and re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}", parts.netloc)
        return None if good and not re.search(r"\s", address) else "not well-formed https"
    file, anchor = where(page, address)
    if not file.is_file():
        return "no such file"
    if not file.is_relative_to(SITE.resolve()):
        return "outside of the site"
    if not anchor:  # "#" is the top of the page
        return None
    if file.suffix != ".html":
        return "an anchor in something that is no page"
    target = file.relative_to(SITE.resolve()).as_posix()
    name, _, state = anchor.partition("?")  # "xor-network?lr=0.3&step=400": where sliders stand
    if name not in anchors(target):
        return "no such anchor"
    for axis, value in parse_qsl(state, keep_blank_values=True, strict_parsing=bool(state)):
        slider = read(target).find(id=f"{name}-{axis}")
        if slider is None or value not in json.loads(slider["data-values"]):
            return "no such position of a slider"
    return None


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    faults = [(address, fault) for _, address in links(page) if (fault := wrong(page, address))]
    assert faults == []


def test_links_are_found():
    # so that the test above cannot pass by finding none
    all_links = [address for page in PAGES for _, address in links(page)]
    assert len(all_links) > 1000
    assert sum("#" in address for address in all_links) > 300


@pytest.mark.parametrize(
    "address",
    [
        "no_such_page.html",
        "#no-such-anchor",
        "2_kmeans.html#no-such-anchor",
        "../_sources/notebooks/no_such_notebook.ipynb",
        "../../../pyproject.toml",
        "../_frames",  # a folder: without a server there is nothing to see
        "http://example.org/",
        "https://example .org/",
        "//example.org/",
        "mailto:someone@example.org",
        "javascript:void(0)",
        "#kmeans-steps?k=99",
        "#kmeans-steps?z=2",
    ],
)
def test_a_bad_link_would_be_found(address):
    assert wrong("notebooks/2_kmeans.html", address)
    assert wrong("notebooks/2_kmeans.html", "#kmeans-steps?k=3") is None


@pytest.mark.parametrize("page", PAGES)
def test_ids_are_there_once(page):
    ids = [tag["id"] for tag in read(page).find_all(id=True)]
    assert sorted({each for each in ids if ids.count(each) > 1}) == []


@pytest.mark.parametrize("page", PAGES)
def test_downloads_are_what_they_say(page):
    for tag, address in links(page):
        if tag.name != "a" or not (tag.has_attr("download") or "download" in tag.get("class", [])):
            continue
        file, _ = where(page, address)
        start = file.read_bytes()[:2]
        assert start, address
        if file.suffix == ".zip":
            assert start == b"PK"
        elif file.suffix == ".ipynb":
            assert json.loads(file.read_text(encoding="utf-8"))["cells"]


def test_search_index_leads_somewhere():
    text = (SITE / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(re.fullmatch(r"Search\.setIndex\((.*)\)", text.strip(), re.DOTALL)[1])
    pages = [f"{name}.html" for name in index["docnames"]]
    assert len(pages) > 5 and all((SITE / page).is_file() for page in pages)
    places = [place for found in index["alltitles"].values() for place in found]
    places += [place for found in index["indexentries"].values() for place in found]
    assert len(places) > 50
    for page, anchor, *_ in places:  # a whole page has no anchor
        assert not anchor or anchor in anchors(pages[page]), (pages[page], anchor)
    for terms in (index["terms"], index["titleterms"]):
        for found in terms.values():
            for page in found if isinstance(found, list) else [found]:
                assert 0 <= page < len(pages)


@pytest.mark.parametrize("sheet", sorted(SITE.rglob("*.css")), ids=lambda path: path.name)
def test_style_sheets_refer_to_files_that_exist(sheet):
    for address in re.findall(r"url\(\s*[\"']?([^\"')]+)", sheet.read_text(encoding="utf-8")):
        if not address.startswith(("data:", "#")):
            assert (sheet.parent / address.partition("?")[0]).is_file(), address


@pytest.mark.parametrize("folder", ["_frames", "_downloads"])
def test_no_file_is_there_for_nothing(folder):
    used = {where(page, address)[0] for page in PAGES for _, address in links(page)}
    # without those that pages no longer show, the site would be lighter
    files = [path for path in (SITE / folder).rglob("*") if path.is_file()]
    assert files and [path.name for path in files if path.resolve() not in used] == []
