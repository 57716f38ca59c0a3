"""Pictures for the chapter on EM: the model, and the choice of k."""

import numpy as np
from matplotlib.patches import Circle, FancyBboxPatch

from hwlib import figures

PROBABILITY = {"cmap": "Blues", "vmin": 0, "vmax": 1}  # the colors of W, in every picture


def draw_model():
    """Draw the mixture as a graph: which variable is drawn given which, and how often.

    Returns
    -------
    figure : matplotlib.figure.Figure
    caption : str
    """
    figure, axes = figures.new_figure(2.6, (0.009, 0.023, 0.982, 0.954))
    axes.set(xlim=(0, 14), ylim=(0, 5.2), aspect="equal")
    axes.axis("off")
    plates = {"i = 1 … n": (3.2, 0.1, 8.0, 5.0), "j = 1 … d": (7.2, 0.9, 3.6, 3.8)}
    for times, (x, y, width, height) in plates.items():
        plate = FancyBboxPatch((x, y), width, height, boxstyle="round,pad=0,rounding_size=0.3")
        plate.set(facecolor="none", edgecolor=figures.FAINT, linewidth=1.5)
        axes.add_patch(plate)
        axes.text(x + width - 0.25, y + 0.15, times, ha="right", va="bottom", fontsize=10)
    for name, x, fill in (("$Z_i$", 5.2, "none"), ("$X_{ij}$", 9.0, "#dce9f3")):
        axes.add_patch(Circle((x, 3.1), 0.8, facecolor=fill, edgecolor=figures.INK))
        axes.text(x, 3.1, name, ha="center", va="center", fontsize=15)
    for name, x in (("$\\pi$", 1.2), ("$W$", 12.8)):
        axes.text(x, 3.1, name, ha="center", va="center", fontsize=15)
    arrow = {"arrowstyle": "-|>", "color": figures.INK, "linewidth": 1.5}
    for start, end in ((1.7, 4.4), (6.0, 8.2), (12.2, 9.8)):
        axes.annotate("", (end, 3.1), (start, 3.1), arrowprops=arrow)
    axes.text(5.2, 2.1, "hidden", ha="center", va="top", fontsize=10)
    axes.text(9.0, 2.1, "observed", ha="center", va="top", fontsize=10)
    return figure, (
        "The model: each example i gets a hidden cluster Zᵢ, drawn from π. Then each of its d "
        "entries Xᵢⱼ is drawn: it is 1 with the probability that row Zᵢ of W gives."
    )


def draw_choice(fits, criteria, agreement, examples, k):
    """Draw the clusters found with k of them, and the criteria that choose k.

    Parameters
    ----------
    fits : dict
        `fits[examples][k]`, a `hwlib.binary_em.Fit`; `examples` is the number n of examples used.
    criteria : dict
        By name ("−2ℓ", "AIC", "BIC"), each `criteria[name][examples][k]` a number.
    agreement : dict
        `agreement[examples][k]`, the adjusted Rand index against the planted clusters.
    examples, k : int

    Returns
    -------
    figure : matplotlib.figure.Figure
    caption : str
    """
    places = (0.101, 0.158, 0.374, 0.823), (0.562, 0.158, 0.43, 0.823)
    figure, (table, curves) = figures.new_figure(3.2, *places)
    ks, fit = list(fits[examples]), fits[examples][k]
    order = np.argsort(fit.W @ np.arange(fit.W.shape[1]) / fit.W.sum(axis=1))
    table.imshow(fit.W[order], aspect="auto", **PROBABILITY)
    thirds = range(2, fit.W.shape[1], 3)
    table.set_xticks(thirds, [j + 1 for j in thirds])
    table.set_yticks(range(k), [f"π = {weight:.2f}" for weight in fit.pi[order]])
    table.set(xlabel="entry j", ylim=(max(ks) - 0.5, -0.5))
    table.tick_params(length=0)
    table.spines[:].set_visible(False)

    everything = [
        value / n for by in criteria.values() for n, row in by.items() for value in row.values()
    ]
    span = max(everything) - min(everything)
    curves.set(xlabel="number of clusters k", ylabel="criterion / n", xticks=ks)
    curves.set(xlim=(min(ks) - 0.3, max(ks) + 1.2))
    curves.set_ylim(min(everything) - 0.04 * span, max(everything) + 0.04 * span)
    styles = zip(("s", "^", "o"), (figures.INK, figures.NEGATIVE, figures.POSITIVE), strict=True)
    lowest = {}
    for (name, by), (marker, color) in zip(criteria.items(), styles, strict=True):
        values = [by[examples][j] / examples for j in ks]
        lowest[name] = ks[int(np.argmin(values))]
        line = {"marker": marker, "color": color, "ms": 5, "lw": 1.3, "mfc": "white"}
        curves.plot(ks, values, **line)
        curves.plot(k, values[ks.index(k)], marker, color=color, ms=8)
        place = {"va": "center", "color": color, "fontsize": 10}
        curves.text(max(ks) + 0.2, values[-1], name, **place)
    numbers = ", ".join(f"{name} {by[examples][k]:.1f}" for name, by in criteria.items())
    return figure, (
        f"n = {examples}, k = {k}: {numbers}; adjusted Rand index "
        f"{_signed(agreement[examples][k], 2)}. Lowest AIC at k = {lowest['AIC']}, lowest BIC at "
        f"k = {lowest['BIC']}."
    )


def _signed(value, digits):
    """`value` with a true minus sign, and none before a zero."""
    text = f"{value:.{digits}f}"
    return (f"{0:.{digits}f}" if float(text) == 0 else text).replace("-", "−")
