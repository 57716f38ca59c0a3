"""How the site looks: small pictures of its pages, in tests/weekly/screenshots, to compare with.

A picture is a whole page, scaled down (`SHRINK`), in fonts that come with matplotlib (DejaVu): so
it hangs neither on the fonts of a machine nor much on how it smooths their edges. `make
screenshots` takes all pictures anew.

Two pictures are compared block by block, `BLOCK` points wide and high: what matters is where text,
pictures and boxes stand, not the edge of a letter.
"""

import base64
import io
import sys
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image

from tools import browser

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
FOLDER = Path(__file__).with_name("screenshots")
SEEN = ROOT / "_build" / "screenshots"  # what was seen instead, when a comparison fails

VIEWS = [(1280, "light"), (1280, "dark"), (390, "light")]  # CSS pixels across, and the theme
SHRINK = {1280: 8, 390: 6}  # how many CSS pixels become one point of the picture
SCALE = 0.5  # Chromium's part of it: the smaller its own pictures, the sooner they are there
BLOCK = 2
LEVELS = 16  # of each color in a kept picture: small files; a block is at most 8 of 255 off
# Measured: another smoothing of letters (gamma, contrast, no subpixels of color) changes a block
# by less than 5 of 255; with the 8 above that is 13. Text that moves by a line, or a box that is
# gone, changes its blocks by 40 and more.
TOLERANCE = 16
ALLOWED = 4  # blocks: sliders that stand elsewhere change thirty

# Letters keep their ideal widths, whatever hinting a machine is set to.
ARGUMENTS = ["--font-render-hinting=none"]

FONTS = [  # (family, file, weight, style)
    (family, f"{name}{suffix}.ttf", weight, style)
    for family, name in [("Set", "DejaVuSans"), ("SetMono", "DejaVuSansMono")]
    for suffix, weight, style in [
        ("", "normal", "normal"),
        ("-Bold", "bold", "normal"),
        ("-Oblique", "normal", "italic"),
        ("-BoldOblique", "bold", "italic"),
    ]
]

# Everything that moves or waits stands still and is there; the fonts are ours.
STILL = """async (fonts) => {
    for (const [family, data, weight, style] of fonts) {
        const bytes = Uint8Array.from(atob(data), (each) => each.charCodeAt(0));
        document.fonts.add(await new FontFace(family, bytes, { weight, style }).load());
    }
    const root = document.documentElement.style;
    for (const name of ["base", "heading"]) root.setProperty(`--pst-font-family-${name}`, "Set");
    root.setProperty("--pst-font-family-monospace", "SetMono");
    for (const section of document.querySelectorAll(".bd-article section")) {
        section.style.contentVisibility = "visible";
    }
    for (const img of document.images) {
        img.loading = "eager";
        await img.decode();
    }
    await document.fonts.ready;
    // which section is marked in the page's contents depends on when somebody looks
    for (const nav of document.querySelectorAll(".bd-sidebar-secondary nav")) {
        nav.style.visibility = "hidden";
    }
    scrollTo({ top: 0, behavior: "instant" });
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""


def pages():
    """Return the pages that have pictures: all but the one that only leads on to another."""
    found = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
    if not found:
        raise RuntimeError("there is no built book in _build/html: run `make book` first")
    return [page for page in found if page != "index.html"]


def name_of(page, theme, width):
    """Return the name of a page's picture."""
    return f"{page.removesuffix('.html').replace('/', '-')}-{theme}-{width}.webp"


def settle(context, page):
    """Open a page and make it stand still; return its tab."""
    tab = context.new_page()
    tab.goto((SITE / page).as_uri())
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    fonts = [
        [family, base64.b64encode((folder / file).read_bytes()).decode("ascii"), weight, style]
        for family, file, weight, style in FONTS
    ]
    tab.evaluate(STILL, fonts)
    return tab


def take(tab, width):
    """Return the picture of a whole page, scaled down."""
    tall = tab.evaluate("document.documentElement.scrollHeight")
    # Chromium repeats what is below 16,384 pixels: in parts, whose height SHRINK divides
    high = 24_000
    parts = []
    for top in range(0, tall, high):
        clip = {"x": 0, "y": top, "width": width, "height": min(high, tall - top)}
        picture = Image.open(io.BytesIO(tab.screenshot(full_page=True, clip=clip)))
        small = picture.convert("RGB").reduce(round(SHRINK[width] * SCALE))
        parts.append(np.asarray(small))
    return np.concatenate(parts)


def context_of(chromium, theme, width):
    """Return a context that shows pages as the pictures do."""
    return chromium.new_context(
        offline=True,
        color_scheme=theme,
        reduced_motion="reduce",
        device_scale_factor=SCALE,
        viewport={"width": width, "height": 900},
    )


def blocks(picture):
    """Return the mean color of each block of a picture."""
    rows, columns = (side // BLOCK * BLOCK for side in picture.shape[:2])
    tiles = picture[:rows, :columns].reshape(rows // BLOCK, BLOCK, columns // BLOCK, BLOCK, 3)
    return tiles.mean(axis=(1, 3), dtype=float)


def difference(one, other):
    """Return for each block by how much it differs, in the color that differs most, of 255.

    Where one picture is longer, the other is taken to be black, then white: it differs.
    """
    tall = max(len(one), len(other))
    padded = [
        np.pad(each, ((0, tall - len(each)), (0, 0), (0, 0)), constant_values=fill)
        for each, fill in [(one, 0), (other, 255)]
    ]
    return np.abs(blocks(padded[0]) - blocks(padded[1])).max(axis=2)


def load(name):
    """Return a reference picture, or None."""
    path = FOLDER / name
    return np.asarray(Image.open(path).convert("RGB")) if path.exists() else None


def store(picture, path):
    """Write a picture as a small file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    steps = LEVELS - 1
    table = [round(round(value * steps / 255) * 255 / steps) for value in range(256)] * 3
    Image.fromarray(picture).point(table).save(path, lossless=True, quality=100, method=6)


def show(reference, seen, name):
    """Write what was kept, what was seen and where they differ, side by side; return the path."""
    marks = difference(reference, seen) > TOLERANCE
    tall = max(len(reference), len(seen))
    marked = np.zeros((tall, seen.shape[1], 3), np.uint8)
    scaled = marks.repeat(BLOCK, axis=0).repeat(BLOCK, axis=1)
    marked[: scaled.shape[0], : scaled.shape[1]][scaled[:tall, : seen.shape[1]]] = (255, 60, 60)
    panels = [
        np.pad(each, ((0, tall - len(each)), (0, 4), (0, 0)), constant_values=128)
        for each in (reference, seen, marked)
    ]
    SEEN.mkdir(parents=True, exist_ok=True)
    path = SEEN / name.replace(".webp", ".png")
    Image.fromarray(np.concatenate(panels, axis=1)).save(path)
    return path


def main():
    """Take all pictures anew."""
    FOLDER.mkdir(exist_ok=True)
    names = {name_of(page, theme, width) for page in pages() for width, theme in VIEWS}
    for old in FOLDER.iterdir():
        if old.name not in names:
            old.unlink()
    with browser.chromium(ARGUMENTS) as chromium:
        for width, theme in VIEWS:
            context = context_of(chromium, theme, width)
            for page in pages():
                tab = settle(context, page)
                store(take(tab, width), FOLDER / name_of(page, theme, width))
                tab.close()
            context.close()
    files = list(FOLDER.glob("*.webp"))
    print(f"{len(files)} pictures, {sum(file.stat().st_size for file in files) / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
