"""axe-core in a page of the tests: which rules it follows, and how it is kept quick."""

from axe_playwright_python.base import AXE_SCRIPT

OPTIONS = {
    "runOnly": {
        "type": "tag",
        "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    },
    # a button is called what is read on it: axe has this among its experiments
    "rules": {"label-content-name-mismatch": {"enabled": True}},
    "resultTypes": ["violations"],
}

# A chapter has up to six thousand words of code and signs of formulas, each an element, in a few
# colors; axe's time grows with the square of the number of elements. A formula after the first of
# its color, ground and size becomes an empty box of the same size, a word of code plain text.
# Nothing that a rule looks at is lost by it: the first of each kind stays, and tables' and boxes'
# measures too. Folds are open meanwhile: what is in a closed one has no size.
KEEP_ONE_OF_A_KIND = """() => {
    const seen = new Set(), grounds = new Map();
    const ground = (each) => {
        if (!each) return "";
        if (!grounds.has(each)) {
            const { backgroundColor, backgroundImage, opacity } = getComputedStyle(each);
            const own = backgroundColor + backgroundImage + opacity;
            grounds.set(each, ground(each.parentElement) + own);
        }
        return grounds.get(each);
    };
    const again = (each) => {
        const { color, fontSize, fontWeight } = getComputedStyle(each);
        const kind = [each.localName, color, fontSize, fontWeight, ground(each)].join();
        return seen.size === seen.add(kind).size;
    };
    const closed = [...document.querySelectorAll("details:not([open])")];
    for (const fold of closed) fold.open = true;
    const formulas = [...document.querySelectorAll("math")].filter(again);
    for (const each of formulas) each.style.width = "max-content"; // not as wide as this window
    const sizes = formulas.map((each) => each.getBoundingClientRect());
    const words = [...document.querySelectorAll("pre span, code span")].filter(again);
    formulas.forEach((each, i) => {
        const box = document.createElement("span"), { width, height } = sizes[i];
        box.style.cssText = `display: inline-block; width: ${width}px; height: ${height}px`;
        box.className = "math";
        (each.closest("span.math") ?? each).replaceWith(box);
    });
    for (const each of words) each.replaceWith(...each.childNodes);
    for (const fold of closed) fold.open = false;
}"""

FIND = """async ([within, options]) => {
    const { violations } = await axe.run(within, options);
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html, any, all, none }) =>
        [id, html.slice(0, 200), [...any, ...all, ...none].map(({ message }) => message).join()]));
}"""


# A new width has come to the page, its sidebar stands, and the page's own observers know it.
SETTLED = """async () => {
    await resized;
    document.getAnimations().forEach((each) => each.finish());
    for (let frames = 0; frames < 2; frames++) await new Promise(requestAnimationFrame);
}"""


def resize(tab, width):
    """Make the window as wide, and wait until the page has settled."""
    tab.evaluate("window.resized = new Promise((done) => (window.onresize = done)); null")
    tab.set_viewport_size({"width": width, "height": 900})
    tab.evaluate(SETTLED)


def violations(tab, within="html"):
    """Return what axe-core finds in a page as it stands, which is thinned out for it once.

    It looks at the elements that a selector names, at first at all.
    """
    if not tab.evaluate("typeof axe !== 'undefined'"):
        tab.evaluate(KEEP_ONE_OF_A_KIND)
        tab.evaluate(AXE_SCRIPT)
    return tab.evaluate(FIND, [within, OPTIONS])
