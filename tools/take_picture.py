"""Take the picture of the built book that stands in the README.

`make picture` builds the book first, then runs this.
"""

import io
from pathlib import Path

from PIL import Image

from tools import browser

ROOT = Path(__file__).parent.parent

PAGE, EXPLORER = "notebooks/2_kmeans.html", "kmeans-steps"
MARGIN = 110  # CSS pixels above the sliders: what stands before them


def main():
    """Open the page, move the sliders a little, and store what is seen as book/page.webp."""
    with browser.chromium() as chromium:
        tab = chromium.new_page(viewport={"width": 1180, "height": 760}, device_scale_factor=1.5)
        tab.goto((ROOT / "_build" / "html" / PAGE).as_uri())
        tab.locator(f"#{EXPLORER}-k").focus()
        tab.wait_for_function(f"explorers.get('{EXPLORER}').data")  # the frames have come
        for axis, moves in {"k": 0, "step": 4}.items():
            tab.locator(f"#{EXPLORER}-{axis}").focus()
            for _ in range(moves):
                tab.keyboard.press("ArrowRight")
        tab.evaluate(
            "([id, margin]) => scrollTo({top: document.getElementById(id)"
            ".getBoundingClientRect().top + scrollY - margin, behavior: 'instant'})",
            [EXPLORER, MARGIN],
        )
        tab.evaluate("document.activeElement.blur()")
        tab.wait_for_timeout(500)  # until the scrollbar has faded
        picture = Image.open(io.BytesIO(tab.screenshot()))
    picture.convert("RGB").save(ROOT / "book" / "page.webp", quality=80, method=6)


if __name__ == "__main__":
    main()
