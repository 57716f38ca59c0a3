"""How well pictures of several kinds come out in k colors, beside Pillow's own palette.

    python bench/colors.py       prints a table in Markdown, in about a minute

Each figure is the loss of the best colors that `compress_image` finds, as a share of the loss that
Pillow's median cut with its own k-means leaves: 1.00 is as good, 0.50 is half of the loss. In
brackets: the same for the homework's start, k random pixels of seed 0.
"""

import sys
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from sklearn.datasets import load_sample_images

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
from hwlib import datasets, figures
from hwlib.commands import run_command
from hwlib.compression import compress_image

KS = (2, 4, 8, 16, 32, 64)


def drawing():
    """A plot, with its blurred edges."""
    figure = Figure(figsize=(6, 4), dpi=100)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    x = np.linspace(0, 7, 200)
    for i, color in enumerate(figures.CLUSTERS):
        axes.plot(x, np.sin(x + i / 2), color=color, label=f"shifted by {i / 2}")
    axes.legend(fontsize="small")
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def flag():
    """Seven colors, one of them rare."""
    image = Image.new("RGB", (300, 200), "white")
    for i, color in enumerate(("navy", "green", "orange", "black", "gray")):
        image.paste(color, (0, 40 * i, 260, 40 * i + 30))
    image.paste("red", (290, 190, 293, 193))
    return image


def plane():
    """Red and green, each from dark to light."""
    red, green = np.meshgrid(np.arange(0, 256, 2), np.arange(0, 256, 2))
    return Image.fromarray(np.stack([red, green, np.full_like(red, 128)], 2).astype(np.uint8))


def pictures():
    """Return {name: picture}."""
    china, flower = (
        Image.fromarray(each).resize((320, 213)) for each in load_sample_images().images
    )
    with Image.open(ROOT / "book" / "page.webp") as page:
        screenshot = page.convert("RGB")
    return {
        "photograph: the book's": datasets.photograph(),
        "photograph: a temple": china,
        "photograph: a flower": flower,
        "screenshot of a page": screenshot,
        "plot": drawing(),
        "seven colors": flag(),
        "gradient of gray": Image.linear_gradient("L").convert("RGB"),
        "gray spot": Image.radial_gradient("L").convert("RGB"),
        "gradient of two colors": plane(),
    }


def loss(image, compressed):
    """Return the loss of a picture as it is stored."""
    difference = np.asarray(image, float) - np.asarray(compressed.convert("RGB"), float)
    return float((difference**2).sum())


def compared(image, k):
    """Return a cell of the table."""
    how = {"method": Image.Quantize.MEDIANCUT, "kmeans": 1, "dither": Image.Dither.NONE}
    theirs = loss(image, image.quantize(k, **how))
    best, first = (
        loss(image, compress_image(image, k, init=init).image) for init in ("best", "random")
    )
    if theirs == 0:
        return f"{'lossless' if best == 0 else 'worse'} ({'lossless' if first == 0 else 'loses'})"
    return "lossless" if best == 0 else f"{best / theirs:.2f} ({first / theirs:.2f})"


def main():
    """Print the table."""
    print("| picture | colors |", " | ".join(f"k = {k}" for k in KS), "|")
    print("| :-- | --: |", " | ".join(["--:"] * len(KS)), "|")
    for name, image in pictures().items():
        number = len(image.getcolors(1 << 24))
        print(
            f"| {name} | {number:,} |", " | ".join(compared(image, k) for k in KS), "|", flush=True
        )


if __name__ == "__main__":
    run_command(main)
