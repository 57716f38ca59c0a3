"""Plots of the page on speed. Its tables are in `hwlib.figures.speed`."""

import numpy as np

from hwlib.figures.speed import exponent
from hwlib.scenes import seen
from hwlib.scenes.plots import axis, mark, panel, plot, power


def scaling(curves, what, names):
    """Return a plot of the time of one iteration against each size, with the fitted power laws.

    Parameters
    ----------
    curves : dict
        Of results()["curves"], for one algorithm.
    what : str
        What is timed, for the caption: "An iteration of k-means".
    names : dict
        What each size counts, by its letter.

    Returns
    -------
    state : dict
    caption : str
    """
    every = np.log10(1e3 * np.concatenate([curve["seconds"] for curve in curves.values()]))
    low, high = int(np.floor(every.min())), int(np.ceil(every.max()))
    said, panels = [], []
    for name, curve in curves.items():
        sizes, times = np.array(curve["sizes"]), np.array(curve["seconds"]) * 1e3
        p, a = exponent(sizes, times)
        slope = f"{p:.2f}".replace("-", "−")
        fitted = sizes[len(sizes) // 2 :][[0, -1]]
        points = np.transpose([np.log10(sizes), np.log10(times)])
        line = np.transpose([np.log10(fitted), np.log10(a * fitted**p)])
        marks = [
            mark("line", seen(line, 3), "positive"),
            mark("points", seen(points, 3), "ink", size=3.5),
            mark("text", seen(line.mean(axis=0), 3), "positive", text=f"slope {slope}",
                 shift=[-8, -5], anchor="end"),
        ]  # fmt: skip
        first, last = points[0, 0] - 0.1, points[-1, 0] + 0.1
        decades = {k: power(k) for k in range(int(np.ceil(first)), int(last) + 1)}
        x = axis(seen([first, last], 3), decades, f"{name}, {names[name]}")
        y = axis((low, high), {k: power(k) for k in range(low, high + 1)}, "milliseconds")
        panels.append(panel(x, y, marks))
        fixed = ", ".join(f"{other} = {value:,}" for other, value in curve["others"].items())
        said.append(f"as {name} to the power {slope} (with {fixed})")
    return plot(f"{what}: times", panels, shared=True, height=210), (
        f"{what}: the time grows {', '.join(said)}."
    )
