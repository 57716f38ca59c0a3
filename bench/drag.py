"""How fast the scenes answer a hand: the median of each over one drag, with Python in the page.

    python bench/drag.py       of the book in _build/html; prints a table in Markdown

The mouse takes hold of a scene's topmost handle and goes to and fro. *Script* is what the page does
in one move of it, *picture* the time from the browser's event to the next picture on the screen.
*Python* is the time from a slider, put between two stored values, to what Python has computed.
"""

import math
import sys
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
from tools.browser import chromium
from tools.browser.server import serving

SCENES = {  # page: its scenes, each with the slider that can stand between stored values
    "notebooks/1_backprop.html": {
        "activation": None,
        "descent": "learning_rate",
        "logreg": "learning_rate",
        "xor-network": "learning_rate",
    },
    "notebooks/2_kmeans.html": {"kmeans-steps": None},
    "notebooks/choosing_starts.html": {"kmeans-seeds": None},
}
MOVES = 60

# Notes each move: when it came, when the page had done its work, when the picture was drawn.
WATCH = """() => {
    window.moves = [];
    let now;
    addEventListener("pointermove", (event) => {
        now = { came: event.timeStamp, began: performance.now() };
    }, true);
    addEventListener("pointermove", () => {
        const move = now, channel = new MessageChannel();
        move.done = performance.now();
        channel.port1.onmessage = () => moves.push({ ...move, drawn: performance.now() });
        requestAnimationFrame(() => channel.port2.postMessage(null));
    });
}"""

BETWEEN = """async ([name, axis, moves]) => {
    const figure = document.getElementById(name), times = [];
    const slider = figure.querySelector(`#${name}-${axis}`);
    for (let i = 0; i < moves; i++) {
        slider.value = 1.3 + 0.4 * (i % 2) + 0.01 * (i % 17);
        const began = performance.now();
        const seen = new Promise((done) => {
            figure.addEventListener("computed", done, { once: true });
        });
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        await seen;
        times.push(performance.now() - began);
    }
    return times;
}"""


def drag(tab, name):
    """Drag a scene's topmost handle to and fro; return its moves."""
    figure = tab.locator(f"figure#{name}")
    figure.evaluate("(figure) => figure.scrollIntoView({ behavior: 'instant', block: 'center' })")
    tab.wait_for_function("name => document.getElementById(name).dataset.alive === ''", arg=name)
    box = figure.locator(".handle:visible > circle:first-child").last.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.mouse.move(x, y)
    tab.mouse.down()
    tab.evaluate("moves.length = 0")
    for i in range(MOVES):
        away = 40 * math.sin(i / 5)
        tab.mouse.move(x + away, y + away / 4)
    tab.mouse.up()
    tab.wait_for_timeout(200)
    return tab.evaluate("moves")


def main():
    """Measure all scenes and print the table; return the exit status."""
    print("| scene | moves | script | picture | Python |\n| :-- | --: | --: | --: | --: |")
    with serving(ROOT / "_build" / "html", "/") as site, chromium() as browser:
        for page, scenes in SCENES.items():
            tab = browser.new_page(viewport={"width": 1280, "height": 900})
            tab.set_default_timeout(300_000)
            tab.goto(site + page)
            tab.evaluate("bookPython.start()")
            tab.wait_for_function("() => bookPython.status === 'ready'")
            tab.evaluate(
                "document.querySelectorAll('details').forEach((each) => (each.open = true))"
            )
            tab.evaluate(WATCH)
            for name, axis in scenes.items():
                moves = drag(tab, name)
                script = median(move["done"] - move["began"] for move in moves)
                picture = median(move["drawn"] - move["came"] for move in moves)
                asked = ""
                if axis:
                    asked = f"{median(tab.evaluate(BETWEEN, [name, axis, 20])):.0f} ms"
                print(f"| {name} | {len(moves)} | {script:.1f} ms | {picture:.0f} ms | {asked} |")
            tab.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
