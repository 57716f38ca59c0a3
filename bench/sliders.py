"""Measure how soon a picture follows its slider, once Python runs in the page.

    python bench/sliders.py            all explorers of the built book
    python bench/sliders.py logreg     some

Each slider of numbers is moved to values that are not stored, one after another. Milliseconds count
from the move to the new picture on the page. The first includes what the picture's cell needs.
"""

import argparse
import json
import re
import statistics
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT))
from tools import browser
from tools.browser.server import serving

SITE = ROOT / "_build" / "html"
MOVES = 15

READY = """async () => {
    bookPython.start();
    while (bookPython.status !== "ready") await new Promise((done) => setTimeout(done, 20));
}"""

# Places between the stored ones, spread over the slider; [] where there are none.
PLACES = """([name, axis, count]) => {
    const found = explorers.get(name).axes.find((each) => each.name === axis);
    if (!found.free) return [];
    const { element } = found, before = element.value, places = [];
    for (let i = 0; i < 40 * count; i += 1) {
        element.value = ((i * 0.381966) % 1) * (found.labels.length - 1);
        if (!found.stored) places.push(element.value);
    }
    element.value = before;
    return places.slice(0, count);
}"""

MOVE = """async ([name, axis, place]) => {
    const { figure, axes } = explorers.get(name);
    const { element } = axes.find((each) => each.name === axis);
    const began = performance.now();
    const seen = new Promise((done, failed) => {
        figure.addEventListener("computed", done, { once: true });
        setTimeout(() => failed(new Error(`${name} computes in vain`)), 300_000);
    });
    element.value = place;
    element.dispatchEvent(new Event("input", { bubbles: true }));
    await seen;
    await figure.querySelector("img")?.decode();
    return performance.now() - began;
}"""


def main():
    """Print a line for each slider: the first move, the median of the others and the least."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", help="of explorers; all, if none is named")
    chosen = parser.parse_args().names
    print("| explorer | slider | first | median | least |\n| :-- | :-- | --: | --: | --: |")
    with browser.chromium() as chromium, serving(SITE) as site:
        for path in sorted(SITE.glob("notebooks/*.html")):
            told = re.search(r'id="python-runtime">(.*?)</script>', path.read_text("utf-8"))
            names = list(json.loads(told[1])["explorers"]) if told else []
            names = [name for name in names if not chosen or name in chosen]
            if not names:
                continue
            tab = chromium.new_page(viewport={"width": 1280, "height": 900})
            tab.goto(f"{site}notebooks/{path.name}")
            tab.evaluate(READY)
            for name in names:
                tab.evaluate("name => document.getElementById(name).scrollIntoView()", name)
                axes = tab.evaluate("name => explorers.get(name)?.axes.map((a) => a.name)", name)
                for axis in axes or []:
                    places = tab.evaluate(PLACES, [name, axis, MOVES])
                    times = [tab.evaluate(MOVE, [name, axis, place]) for place in places]
                    if len(times) < 2:
                        continue
                    first, *others = times
                    cells = [first, statistics.median(others), min(others)]
                    row = " | ".join(f"{each:.0f} ms" for each in cells)
                    print(f"| {name} | {axis} | {row} |", flush=True)
            tab.close()


if __name__ == "__main__":
    main()
