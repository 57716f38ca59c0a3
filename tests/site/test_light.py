"""What the pages of the built site load, and from where: weight, policy, offline, no script."""

import base64
import hashlib
import re
import subprocess
import sys
import zipfile

import notebook_outputs
import pytest
from built_site import ALL_OF, CHAPTERS, HOME, PAGES, SITE, lay_out, open_folds

from tools import browser

KB = 1000


def load(chromium, address, **options):
    """Open a page with an empty cache; give the tab, which adds up what it transfers in `sent`."""
    context = chromium.new_context(viewport={"width": 412, "height": 823}, **options)
    tab = browser.watched(context)
    tab.sent, written = [], set()
    session = context.new_cdp_session(tab)
    session.send("Network.enable")

    def asked(event):
        if event["request"]["url"].startswith("data:"):  # of a style sheet, which is counted itself
            written.add(event["requestId"])

    def came(event):
        if event["requestId"] not in written:
            tab.sent.append(event["encodedDataLength"])

    session.on("Network.requestWillBeSent", asked)
    session.on("Network.loadingFinished", came)
    tab.goto(address)
    tab.evaluate("document.fonts.ready.then(() => null)")
    return tab


def scroll_through(tab):
    """Come past everything on a page, folds opened, until all pictures are there."""
    open_folds(tab)
    tab.evaluate("""async () => {
        for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) {
            scrollTo({top: y, behavior: "instant"});
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        }
        for (const img of document.images) await img.decode();
    }""")


def asked_frames(tab):
    """Return the files of frames that a page has asked for."""
    return [url for url in tab.seen["requests"] if re.search(r"_frames/\w+\.js", url)]


# ---- weight ---------------------------------------------------------------------------------


@pytest.mark.full
@pytest.mark.parametrize("page", PAGES)
def test_page_is_light(chromium, site, page):
    tab = load(chromium, site + page)
    tab.wait_for_load_state("networkidle")
    at_once = sum(tab.sent)
    assert at_once <= 200 * KB
    scroll_through(tab)
    assert sum(tab.sent) <= (300 if page == HOME else 600) * KB
    assert asked_frames(tab) == []
    tab.context.close()


@pytest.mark.full
@pytest.mark.parametrize("page", CHAPTERS)
def test_all_frames_of_a_chapter_are_at_most_3_mb(chromium, site, page):
    tab = load(chromium, site + page)
    scroll_through(tab)
    slider = tab.locator("figure.explorer input").first
    slider.focus()
    tab.keyboard.press("ArrowRight")
    scroll_through(tab)  # now each explorer's frames come when it comes into view
    tab.wait_for_function(
        "() => [...document.querySelectorAll('figure[data-frames]')]"
        ".every((figure) => explorers.get(figure.id).data)"
    )
    assert sum(tab.sent) <= 3000 * KB
    asked = asked_frames(tab)
    assert len(asked) == len(set(asked)) == tab.locator("figure[data-frames]").count()
    tab.context.close()


@pytest.mark.parametrize("page", PAGES)
def test_page_loads_no_script_that_it_does_not_use(page):
    text = (SITE / page).read_text(encoding="utf-8")
    scripts = {name.rpartition("/")[2] for name in re.findall(r'<script[^>]* src="([^"]*)"', text)}
    alive = "data-scripts=" in text
    assert ("explorer.js" in scripts) == alive
    assert ("clipboard.min.js" in scripts) == ('class="highlight' in text)
    assert ("searchtools.js" in scripts) == (page == "search.html")
    assert not scripts & {"fontawesome.js", "bootstrap.js", "tex-chtml.js", "thebe.js"}
    assert ("maths.css" in text) == ("<math" in text)
    assert all(" defer" in tag for tag in re.findall(r"<script[^>]* src=[^>]*>", text))


@pytest.mark.parametrize("page", PAGES)
def test_pictures_have_their_size(page):
    text = (SITE / page).read_text(encoding="utf-8")
    for tag in re.findall(r"<img [^>]*>", text):
        assert re.search(r' width="\d+"', tag) and re.search(r' height="\d+"', tag), tag[:99]
        assert 'src="data:' not in tag


# ---- the policy, from a sub-path and from a disk -----------------------------------------------


def policy(page):
    text = (SITE / page).read_text(encoding="utf-8")
    found = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', text)
    assert len(found) == 1
    assert text.index(found[0]) < re.search("<script|<link", text).start()
    return dict(part.strip().split(" ", 1) for part in found[0].split(";")), text


@pytest.mark.parametrize("page", [*PAGES, "index.html"])
def test_policy_allows_nothing_from_elsewhere(page):
    rules, text = policy(page)
    assert rules["default-src"] == "'self'"
    assert "unsafe" not in str(rules) and "http" not in str(rules)
    inline = re.findall(r"<script(?![^>]* src=)[^>]*>(.*?)</script>", text, flags=re.DOTALL)
    digests = {hashlib.sha256(script.encode("utf-8")).digest() for script in inline}
    hashes = {f"'sha256-{base64.b64encode(digest).decode('ascii')}'" for digest in digests}
    assert set(rules["script-src"].split()) == {"'self'"} | hashes


@pytest.mark.full
@pytest.mark.parametrize("where", ["server", "disk"])
@pytest.mark.parametrize("page", PAGES)
def test_page_keeps_its_policy_in_every_state(chromium, site, page, where):
    root = site if where == "server" else SITE.as_uri() + "/"
    tab = load(chromium, root + page)
    tab.locator("article details").evaluate_all("all => all.forEach((fold) => (fold.open = true))")
    scroll_through(tab)
    if page in CHAPTERS:
        tab.locator("figure.explorer input").first.focus()
        tab.keyboard.press("ArrowRight")
        scroll_through(tab)
        tab.wait_for_function("[...explorers.values()].every((explorer) => explorer.data)")
    themes = set()
    for _ in range(3):  # the system's, light, dark
        tab.locator(".theme-switch-button").first.click()
        themes.add(tab.evaluate("document.documentElement.dataset.theme"))
    assert themes == {"light", "dark"}
    tab.wait_for_timeout(100)
    assert tab.seen["console"] == [] and tab.seen["failed"] == []  # a violation is a message
    assert [u for u in tab.seen["requests"] if not u.startswith((root, "data:"))] == []
    tab.context.close()


@pytest.mark.full
def test_policy_stops_what_it_should(chromium, site):
    tab = load(chromium, site + HOME)
    tab.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p>')")
    tab.evaluate("""document.body.append(Object.assign(document.createElement("script"),
        {textContent: "window.ran = true"}))""")
    assert tab.evaluate("window.ran") is None
    assert sum("Content Security Policy" in line for line in tab.seen["console"]) == 2
    tab.context.close()


@pytest.mark.full
@pytest.mark.parametrize("where", ["server", "disk"])
def test_search_finds_a_term(chromium, site, where):
    root = site if where == "server" else SITE.as_uri() + "/"
    tab = load(chromium, f"{root}search.html?q=centroid")
    tab.wait_for_selector("#search-results li a")
    assert tab.locator("#search-results li").count() >= 2
    tab.goto(root + HOME)
    tab.keyboard.press("Control+k")
    tab.keyboard.type("responsibility")
    tab.keyboard.press("Enter")
    tab.wait_for_selector("#search-results li a")
    assert "search.html" in tab.url
    assert tab.seen["console"] == [] and tab.seen["failed"] == []
    tab.context.close()


@pytest.mark.full
def test_buttons_above_a_page(chromium, site):
    tab = load(chromium, site + CHAPTERS[0], color_scheme="dark")
    assert tab.evaluate("document.documentElement.dataset.theme") == "dark"
    menu = tab.locator(".download-menu")
    menu.locator("summary").focus()
    tab.keyboard.press("Enter")
    with tab.expect_download() as download:
        menu.get_by_role("link").first.click()
    assert download.value.suggested_filename == "1_backprop.ipynb"
    assert not menu.evaluate("menu => menu.open")
    menu.locator("summary").click()
    tab.evaluate("window.print = () => (window.printed = true)")
    menu.get_by_role("button").click()
    assert tab.evaluate("window.printed")
    menu.locator("summary").click()
    tab.keyboard.press("Escape")
    assert not menu.evaluate("menu => menu.open")
    tab.locator("[data-full-screen]").click()
    tab.wait_for_function("document.fullscreenElement !== null")
    tab.context.close()


# ---- no script, no network ------------------------------------------------------------------


@pytest.mark.full
@pytest.mark.parametrize("page", PAGES)
def test_page_can_be_read_without_javascript(chromium, site, page):
    # without motion, since folds that have just been opened are faded in
    tab = load(chromium, site + page, java_script_enabled=False, reduced_motion="reduce")
    assert tab.seen["console"] == [] and tab.seen["failed"] == []
    for gone in [".pst-js-only", ".sidebar-toggle", ".explorer-controls", ".copybtn"]:
        assert not any(each.is_visible() for each in tab.locator(gone).all()), gone
    # folds are native: one opens by keyboard, and then the others are no different
    folds = tab.locator("article details")
    if folds.count():
        folds.first.locator("summary").focus()
        tab.keyboard.press("Enter")
        assert folds.first.evaluate("fold => fold.open")
        folds.evaluate_all("all => all.forEach((fold) => (fold.open = true))")
    hidden = tab.evaluate("""() => {
        const readable = ":is(p, li, td, pre, .math, img, figcaption):not(summary *, .pst-js-only)";
        const visible = { visibilityProperty: true, opacityProperty: true };
        return [...document.querySelectorAll(`main article ${readable}`)].filter((each) => {
            if (!each.matches("img") && !each.textContent.trim()) return false; // nothing to read
            const { width, height } = each.getBoundingClientRect();
            return !(each.checkVisibility(visible) && width > 1 && height > 5);
        }).map((each) => each.outerHTML.slice(0, 200));
    }""")
    assert hidden == []
    # in a narrow window too the way to other pages is there, within the window
    links = tab.locator(".bd-sidebar-primary a").evaluate_all("""all => all.map((link) => {
        const { left, right, height } = link.getBoundingClientRect();
        const shown = link.checkVisibility({ visibilityProperty: true });
        return shown && 0 <= left && right <= innerWidth && height > 20;
    })""")
    assert len(links) > len(notebook_outputs.NOTEBOOKS) and all(links)
    figures = {each.get_attribute("id") for each in tab.locator("figure.explorer[id]").all()}
    assert figures >= set(ALL_OF.get(page, []))
    tab.context.close()


@pytest.mark.parametrize("page", PAGES)
def test_no_tex_is_shown(page):
    text = (SITE / page).read_text(encoding="utf-8")
    text = re.sub(r"<(script|code|pre|head).*?</\1>", "", text, flags=re.DOTALL)
    text = re.sub(r"<[^>]*>", "", text)
    assert "\\" not in text
    assert not re.findall(r"\[\s*[\d.]+\s*(?:pt|em|ex)\s*\]", text)  # of a line break in a formula


@pytest.mark.parametrize("page", CHAPTERS)
def test_no_line_begins_with_what_ends_a_formula(chromium, page):
    tab = chromium.new_page(viewport={"width": 390, "height": 900})
    tab.goto((SITE / page).as_uri())
    open_folds(tab)
    lay_out(tab)
    torn, seen = tab.evaluate("""() => {
        const range = document.createRange(), torn = [];
        const formulas = [...document.querySelectorAll("article span.math > math")];
        const behind = (each) => each.nextSibling ?? each.parentElement.nextSibling;
        const ended = formulas.filter((each) => /^[.,:;?!)]/.test(behind(each)?.data ?? ""));
        for (const each of ended) {
            range.setStart(behind(each), 0);
            range.setEnd(behind(each), 1);
            const sign = range.getBoundingClientRect(), formula = each.getBoundingClientRect();
            if (sign.left < formula.right - 2) torn.push(each.closest("p, li, td").textContent);
        }
        return [torn, ended.length];
    }""")
    assert torn == [] and seen > 20
    tab.close()


@pytest.mark.full
def test_formulas_are_mathml(chromium):
    tab = chromium.new_page()
    tab.goto((SITE / CHAPTERS[2]).as_uri())
    assert tab.locator(".math").count() == tab.locator(".math > math").count() > 200
    assert tab.locator("script[src*=mathjax i]").count() == 0
    open_folds(tab)
    fraction = tab.locator("article div.math mfrac").first
    above, below = (part.bounding_box() for part in fraction.locator("> *").all())
    assert above["y"] + above["height"] <= below["y"] + 1
    assert "STIX Two Math" in fraction.evaluate("each => getComputedStyle(each).fontFamily")
    tab.close()


@pytest.mark.full
def test_frames_come_when_a_slider_is_near_and_not_before(chromium, site):
    page = CHAPTERS[1]
    tab = load(chromium, site + page)
    scroll_through(tab)
    assert asked_frames(tab) == []
    figures = tab.locator("figure[data-frames]")
    figures.nth(1).locator("input").first.focus()
    name = figures.nth(1).get_attribute("id")
    tab.wait_for_function("name => explorers.get(name).data", arg=name)
    assert len(asked_frames(tab)) == 1
    tab.context.close()


@pytest.mark.full
def test_book_without_its_frames_is_still_a_book(chromium, site):
    context = chromium.new_context()
    tab = browser.watched(context)
    context.route(re.compile(r"_frames/\w+\.js"), lambda route: route.abort())
    tab.goto(site + CHAPTERS[1])
    figure = tab.locator("figure[data-frames]").first
    caption = figure.locator("figcaption").text_content()
    for _ in range(2):
        with tab.expect_event("requestfailed"):  # each touch tries again
            figure.locator("input").first.focus()
            tab.keyboard.press("ArrowRight")
        tab.wait_for_timeout(50)
        tab.locator("article h1").click()
    assert figure.locator("figcaption").text_content() == caption
    context.close()


@pytest.mark.full
def test_offline_zip(tmp_path, chromium):
    archives = [tmp_path / name / "book-offline.zip" for name in "ab"]
    for archive in archives:
        command = [sys.executable, "-m", "tools.zip_site", SITE, archive]
        subprocess.run(command, check=True, capture_output=True, cwd=notebook_outputs.ROOT)
    assert archives[0].read_bytes() == archives[1].read_bytes()
    with zipfile.ZipFile(archives[0]) as packed:
        assert packed.testzip() is None
        packed.extractall(tmp_path)
    assert archives[0].stat().st_size < 32e6  # half of it is the pages' Python
    context = chromium.new_context(offline=True)
    tab = browser.watched(context)
    tab.goto((tmp_path / "book-offline" / "index.html").as_uri())
    tab.wait_for_url("**/book/index.html")
    tab.locator("nav a[href$='2_kmeans.html']").first.click()
    tab.wait_for_url("**/2_kmeans.html")
    tab.locator("figure.explorer input").first.focus()
    tab.keyboard.press("ArrowRight")
    tab.wait_for_function("[...explorers.values()][0].data")
    assert tab.seen["console"] == [] and tab.seen["failed"] == []
    context.close()
    with pytest.raises(subprocess.CalledProcessError):
        empty = [*command[:3], tmp_path / "empty", archive]
        subprocess.run(empty, check=True, capture_output=True, cwd=notebook_outputs.ROOT)
