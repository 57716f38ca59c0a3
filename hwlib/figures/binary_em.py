"""Pictures for the chapter on EM: the model, the steps, the bound, and clusters of several data."""

import numpy as np
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle

from hwlib import figures
from hwlib.experiments import same_clusters

PROBABILITY = {"cmap": "Blues", "vmin": 0, "vmax": 1}  # the colours of W, in every picture
TILES = 8  # as many rows of W fit side by side


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
        "The model: for each example i a hidden cluster Z_i is drawn from π, and then each of its "
        "d entries X_ij with the chance of a one that row Z_i of W gives."
    )


def draw_sites(labels, responsibilities, sites):
    """Draw how sure the E step is of each genome's population.

    Parameters
    ----------
    labels : ndarray, shape (n,)
        The true population of each genome, 0 or 1.
    responsibilities : dict
        `responsibilities[sites]`, shape (n, 2), from the first `sites` columns of the data.
    sites : int

    Returns
    -------
    figure : matplotlib.figure.Figure
    caption : str
    """
    figure, axes = figures.new_figure(2.8, (0.084, 0.181, 0.907, 0.798))
    second = responsibilities[sites][:, 1]
    axes.axhline(0.5, color=figures.FAINT, lw=1, ls="--")
    for population, (marker, colour) in enumerate(zip("os", figures.CLUSTERS)):
        members = np.flatnonzero(labels == population)
        axes.plot(members + 1, second[members], marker, ms=5, color=colour)
        name, middle = f"population {population + 1}", members.mean() + 1
        axes.text(middle, 1.09, name, ha="center", color=colour)
    axes.set(xlabel="genome i", ylabel="$r_{i2}$", xlim=(0, len(labels) + 1), ylim=(-0.05, 1.2))
    axes.set_yticks([0, 0.5, 1])
    own = responsibilities[sites][np.arange(len(labels)), labels]
    return figure, (
        f"Sites used: {sites}. The responsibility of a genome's own population is above 0.99 for "
        f"{np.sum(own > 0.99)} of {len(own)} genomes, and below 1/2 for {np.sum(own < 0.5)}."
    )


def draw_weighted_mean(total, ones):
    """Draw the part of the expected complete log-likelihood that depends on one entry of W.

    Parameters
    ----------
    total : int
        Σ_i r_ic, the number of examples that cluster c holds.
    ones : int
        Σ_i r_ic x_ij, those of them whose entry j is 1.

    Returns
    -------
    figure : matplotlib.figure.Figure
    caption : str
    """
    figure, axes = figures.new_figure(3.0, (0.097, 0.173, 0.879, 0.807))
    zeros, best = total - ones, ones / total
    W = np.linspace(0.001, 0.999, 999)
    axes.plot(W, ones * np.log(W) + zeros * np.log(1 - W), color=figures.INK)
    top = sum(n * np.log(n / total) for n in (ones, zeros) if n > 0)
    axes.vlines(best, -30, top, color=figures.VALUE, lw=1, ls="--")
    axes.plot(best, top, "o", ms=9, color=figures.VALUE, clip_on=False, zorder=3)
    axes.set(xlabel="$W_{cj}$", xlim=(0, 1), ylim=(-30, 1), ylabel="part of the ECLL with $W_{cj}$")
    return figure, (
        f"Of {total} examples' worth of responsibility, {ones} with a one in place j: the top is "
        f"at W_cj = {ones}/{total} = {best:g}, where this part of the ECLL is {_signed(top, 3)}."
    )


def draw_digits(data, histories, examples, k, step):
    """Draw one iteration of EM on pictures: W, some examples' responsibilities, the log-likelihood.

    Parameters
    ----------
    data : hwlib.datasets.Digits
    histories : dict
        `histories[k]`, a list of `hwlib.binary_em.Iteration`, all of the same length.
    examples : sequence of int
        Rows of `data.X` whose responsibilities are shown.
    k, step : int

    Returns
    -------
    figure : matplotlib.figure.Figure
    caption : str
    """
    history = histories[k]
    now = history[step]
    figure, (clusters, pictures, bars, curve, scale) = figures.new_figure(
        4.9,
        (0.01, 0.70, 0.87, 0.21),
        (0.02, 0.11, 0.037, 0.47),
        (0.075, 0.11, 0.405, 0.47),
        (0.61, 0.11, 0.37, 0.47),
        (0.905, 0.70, 0.018, 0.21),
    )
    _draw_rows_of_w(clusters, scale, now, data.shape)
    _draw_responsibilities(pictures, bars, data, now, examples)
    trace = [iteration.log_likelihood / 1000 for iteration in history]
    curve.plot(trace[: step + 1], "-o", color=figures.INK, ms=4, lw=1.5)
    bounds = [run[end].log_likelihood / 1000 for run in histories.values() for end in (0, -1)]
    curve.set(xlabel="step", xlim=(-0.5, len(history) - 0.5), ylabel="log-likelihood / 1000")
    curve.set_ylim(min(bounds) - 0.5, max(bounds) + 1)
    sure = int(np.sum(now.responsibilities.max(axis=1) > 0.99))
    return figure, (
        f"k = {k}, step {step}: log-likelihood {_signed(now.log_likelihood, 1)}; {sure} of "
        f"{len(data.X)} pictures have a responsibility above 0.99 for one cluster."
    )


def _draw_rows_of_w(axes, scale, now, shape):
    """Draw each row of W as a picture, its π_c underneath, and the colour bar."""
    height, width = shape
    for c, (weight, row) in enumerate(zip(now.pi, now.W, strict=True)):
        left = c * (width + 3)
        tile = (left, left + width, height, 0)
        axes.imshow(row.reshape(shape), extent=tile, **PROBABILITY)
        frame = Rectangle((left, 0), width, height, fill=False, lw=2.5, ec=figures.CLUSTERS[c])
        axes.add_patch(frame)
        middle = left + width / 2
        axes.text(middle, -1.2, f"c = {c + 1}", ha="center", va="bottom", fontsize=10)
        axes.text(middle, height + 1.2, f"π = {weight:.2f}", ha="center", va="top", fontsize=10)
    axes.set(xlim=(-1, TILES * (width + 3) - 2), ylim=(height + 1, -1))
    axes.axis("off")
    shades = np.linspace(1, 0, 256)[:, None]
    scale.imshow(shades, aspect="auto", extent=(0, 1, 0, 1), **PROBABILITY)
    scale.set_xticks([])
    scale.yaxis.set_ticks_position("right")
    scale.spines[:].set_visible(True)
    scale.set_title("$W_{cj}$", fontsize=10)


def _draw_responsibilities(pictures, bars, data, now, examples):
    """Draw a few examples, and beside each a bar divided among the clusters."""
    height, width = data.shape
    column = np.zeros(((height + 2) * len(examples), width))
    for place, i in enumerate(examples):
        column[place * (height + 2) + 1 :][:height] = data.X[i].reshape(data.shape)
    left = np.zeros(len(examples))
    for c, r in enumerate(now.responsibilities[list(examples)].T):
        part = {"color": figures.CLUSTERS[c], "edgecolor": "white", "linewidth": 0.8}
        bars.barh(range(len(examples)), r, left=left, height=0.6, **part)
        for place in np.flatnonzero(r > 0.08):
            number = {"va": "center_baseline", "fontsize": 10, "color": "white"}
            bars.text(left[place] + r[place] / 2, place, str(c + 1), ha="center", **number)
        left += r
    pictures.imshow(column, aspect="auto", cmap="Greys")
    pictures.axis("off")
    bars.set(xlim=(0, 1), xlabel="$r_{ic}$, divided among the clusters c")
    bars.set(ylim=(len(examples) - 0.5, -0.5), yticks=[])
    bars.spines["left"].set_visible(False)


def draw_ratings(data, fits, published, k):
    """Draw the clusters found in a table of ratings, and the log-likelihood against their number.

    Parameters
    ----------
    data : hwlib.datasets.Ratings
    fits : dict
        `fits[k]`, a `hwlib.binary_em.Fit`.
    published : dict
        By k, the published log-likelihood as a string, with the digits that were published.
    k : int

    Returns
    -------
    figure : matplotlib.figure.Figure
    caption : str
    """
    places = (0.111, 0.149, 0.458, 0.833), (0.686, 0.149, 0.306, 0.833)
    figure, (table, curve) = figures.new_figure(3.4, *places)
    order = np.argsort(fits[k].W.sum(axis=1))
    W, pi = fits[k].W[order], fits[k].pi[order]
    table.imshow(W, aspect="auto", **PROBABILITY)
    for c, j in np.ndindex(W.shape):
        ink = "white" if W[c, j] > 0.6 else figures.INK
        table.text(j, c, f"{W[c, j]:.2f}", ha="center", va="center", fontsize=10, color=ink)
    table.set_xticks(range(len(data.names)), data.names)
    table.set_yticks(range(k), [f"$\\pi_{c + 1}$ = {weight:.2f}" for c, weight in enumerate(pi)])
    table.set(xlabel="pathologist j; numbers are $W_{cj}$", ylim=(len(fits) - 0.5, -0.5))
    table.tick_params(length=0)
    table.spines[:].set_visible(False)

    ours = {j: fit.log_likelihoods[-1] for j, fit in fits.items()}
    curve.plot(ours.keys(), ours.values(), "-o", color=figures.INK, ms=5, lw=1.5)
    theirs = {j: float(value) for j, value in published.items()}
    diamond = {"marker": "D", "ms": 11, "mfc": "none", "mec": figures.NEGATIVE, "mew": 1.5}
    curve.plot(theirs.keys(), theirs.values(), ls="", **diamond)
    curve.plot(k, ours[k], "o", ms=9, color=figures.VALUE)
    first = min(theirs)
    note = {"va": "top", "color": figures.NEGATIVE, "fontsize": 10}
    curve.text(first + 0.3, theirs[first] - 6, "published", **note)
    curve.set(xlabel="number of clusters k", xlim=(0.6, max(fits) + 0.4), xticks=list(fits))
    curve.set(ylabel="log-likelihood", ylim=(min(ours.values()) - 25, max(ours.values()) + 25))

    known = "no published value"
    if k in published:
        known = f"published: {published[k].replace('-', '−')}"
    shares = ", ".join(f"{weight:.3f}" for weight in pi)
    return figure, f"k = {k}: log-likelihood {_signed(ours[k], 4)} ({known}); π = {shares}."


def draw_bound(level, bound, paths, begin, step):
    """Draw one half-step of EM in a model with a single unknown: the bound touches, or is climbed.

    Parameters
    ----------
    level : callable
        `level(w)`, the log-likelihood when the unknown is w.
    bound : callable
        `bound(w, at)`, the lower bound at w that the E step at `at` gives.
    paths : dict
        `paths[begin]`, the values of the unknown after 0, 1, 2, ... M steps.
    begin : float
    step : int
        Even: the E step at `paths[begin][step // 2]`. Odd: the M step that follows it.

    Returns
    -------
    figure : matplotlib.figure.Figure
    caption : str
    """
    path, moved = paths[begin], step % 2
    at, now = path[step // 2], path[step // 2 + moved]
    grid = np.linspace(0.01, 0.99, 99)
    curve = np.array([level(w) for w in grid])
    below = np.array([bound(w, at) for w in grid])
    figure, axes = figures.new_figure(3.2, (0.108, 0.158, 0.868, 0.823))
    low, high = curve.min() - 1, curve.max() + 3
    axes.set(xlim=(0, 1), ylim=(low, high), xlabel="unknown entry w of W", ylabel="log-likelihood")
    axes.plot(grid, curve, color=figures.INK)
    axes.plot(grid, below, color=figures.VALUE, lw=1.5, ls="--")
    axes.text(0.03, high - 0.7, "solid: log-likelihood", va="top")
    axes.text(0.97, high - 0.7, "dashed: bound", va="top", ha="right", color=figures.VALUE)
    axes.plot(path[: step // 2 + 1], np.full(step // 2 + 1, low), "|", ms=14, color=figures.FAINT)
    touch = {"marker": "o", "ms": 9, "color": figures.VALUE, "zorder": 3, "ls": ""}
    axes.plot(at, level(at), **touch, mfc="white" if moved else figures.VALUE)
    if not moved:
        return figure, (
            f"From w = {begin:g}, step {step}, E step: the bound touches the log-likelihood at "
            f"w = {at:.3f}; both are {_signed(level(at), 2)}."
        )
    axes.vlines(now, bound(now, at), level(now), color=figures.INK, lw=1)
    axes.plot(now, bound(now, at), "^", ms=9, color=figures.VALUE, zorder=3)
    axes.plot(now, level(now), "D", ms=7, color=figures.INK, zorder=3)
    return figure, (
        f"From w = {begin:g}, step {step}, M step: the bound is highest, "
        f"{_signed(bound(now, at), 2)}, at w = {now:.3f} (triangle); the log-likelihood there is "
        f"{_signed(level(now), 2)} (diamond), "
        f"{_signed(level(now) - level(at), 2)} more than before."
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
    for (name, by), (marker, colour) in zip(criteria.items(), styles, strict=True):
        values = [by[examples][j] / examples for j in ks]
        lowest[name] = ks[int(np.argmin(values))]
        line = {"marker": marker, "color": colour, "ms": 5, "lw": 1.3, "mfc": "white"}
        curves.plot(ks, values, **line)
        curves.plot(k, values[ks.index(k)], marker, color=colour, ms=8)
        place = {"va": "center", "color": colour, "fontsize": 10}
        curves.text(max(ks) + 0.2, values[-1], name, **place)
    numbers = ", ".join(f"{name} {by[examples][k]:.1f}" for name, by in criteria.items())
    return figure, (
        f"n = {examples}, k = {k}: {numbers}; adjusted Rand index "
        f"{_signed(agreement[examples][k], 2)}. Lowest AIC at k = {lowest['AIC']}, lowest BIC at "
        f"k = {lowest['BIC']}."
    )


def draw_snps(labels, second, found, reachable, F_ST, sites):
    """Draw the populations that EM finds in simulated genomes, and how right they are.

    Parameters
    ----------
    labels : ndarray, shape (n,)
        The planted population of each genome of the data shown, 0 or 1.
    second : dict
        `second[F_ST, sites]`, shape (n,), the responsibility of the cluster that stands for the
        second population.
    found, reachable : dict
        By `(F_ST, sites)`, the mean adjusted Rand index from random starts, and of an E step with
        the true W.
    F_ST : float
    sites : int

    Returns
    -------
    figure : matplotlib.figure.Figure
    caption : str
    """
    places = (0.084, 0.178, 0.404, 0.802), (0.587, 0.178, 0.404, 0.802)
    figure, (genomes, curve) = figures.new_figure(3.0, *places)
    genomes.axhline(0.5, color=figures.FAINT, lw=1, ls="--")
    for population, (marker, colour) in enumerate(zip("os", figures.CLUSTERS)):
        members = np.flatnonzero(labels == population)
        r = second[F_ST, sites][members]
        genomes.plot(members + 1, r, marker, ms=4.5, color=colour)
        name, middle = f"population {population + 1}", members.mean() + 1
        genomes.text(middle, 1.09, name, ha="center", color=colour, fontsize=10)
    genomes.set(xlabel="genome i", ylabel="$r_{i2}$", xlim=(0, len(labels) + 1))
    genomes.set(ylim=(-0.05, 1.2), yticks=[0, 0.5, 1])

    for fst in dict.fromkeys(fst for fst, _ in found):
        row = [d for other, d in found if other == fst]
        chosen = fst == F_ST
        if chosen:
            limit = [reachable[fst, d] for d in row]
            diamonds = {"marker": "D", "mfc": "white", "ms": 6, "ls": "--", "lw": 1}
            curve.plot(row, limit, color=figures.NEGATIVE, **diamonds)
        ours = [found[fst, d] for d in row]
        thick = {"color": figures.INK, "marker": "o", "ms": 5, "lw": 1.6, "zorder": 3}
        curve.plot(row, ours, **(thick if chosen else {"color": figures.FAINT, "lw": 0.8}))
    curve.plot(sites, found[F_ST, sites], "o", ms=10, color=figures.VALUE, zorder=4)
    curve.set(xscale="log", xlabel="number of sites d", ylabel="adjusted Rand index")
    curve.set(ylim=(-0.08, 1.2), yticks=[0, 0.5, 1])
    note = {"fontsize": 10, "transform": curve.transAxes, "va": "top"}
    curve.text(0.02, 0.99, "◇ with the true W", color=figures.NEGATIVE, **note)
    curve.text(0.98, 0.99, "● random starts", ha="right", **note)
    return figure, (
        f"F_ST = {F_ST:g}, {sites} sites: adjusted Rand index "
        f"{_signed(found[F_ST, sites], 2)} from random starts, "
        f"{_signed(reachable[F_ST, sites], 2)} with the true W."
    )


def draw_labels(names, fits, seed):
    """Draw the same clusters found from two starts, and which is which.

    Parameters
    ----------
    names : sequence of str
        Of the columns of W.
    fits : dict
        `fits[seed]`, a `hwlib.binary_em.Fit`; the first of them is what the others are compared to.
    seed : int

    Returns
    -------
    figure : matplotlib.figure.Figure
    caption : str
    """
    first = next(iter(fits))
    pair = {"left": fits[first], "right": fits[seed]}
    match = same_clusters(pair["left"].W, pair["right"].W)
    k = len(match)
    columns = (0.068, 0.364), (0.449, 0.102), (0.568, 0.364)
    figure, panels = figures.new_figure(2.4, *[(x, 0.191, w, 0.784) for x, w in columns])
    for axes, side, number in zip(panels[::2], pair, (first, seed), strict=True):
        fit = pair[side]
        axes.imshow(fit.W, aspect="auto", **PROBABILITY)
        for c, j in np.ndindex(fit.W.shape):
            ink = "white" if fit.W[c, j] > 0.6 else figures.INK
            shown = _signed(fit.W[c, j], 1)
            axes.text(j, c, shown, ha="center", va="center", fontsize=10, color=ink)
        axes.set_xticks(range(len(names)), names)
        axes.set_yticks(range(k), [f"c = {c + 1}" for c in range(k)])
        axes.set_xlabel(f"start from seed {number}")
        axes.yaxis.set_ticks_position(side)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
    for c, other in enumerate(match):
        panels[1].plot([c, other], "-o", color=figures.CLUSTERS[c], lw=2.5)
    panels[1].set(xlim=(-0.1, 1.1), ylim=(k - 0.5, -0.5))
    panels[1].axis("off")
    apart = np.abs(pair["right"].W[match] - pair["left"].W).max()
    agrees = "by less than 0.001" if apart < 0.001 else f"by up to {apart:.3f}"
    renamed = ", ".join(str(other + 1) for other in match)
    return figure, (
        f"Seed {seed}: log-likelihood {_signed(pair['right'].log_likelihoods[-1], 4)}. Clusters "
        f"1, 2, 3 of seed {first} are its clusters {renamed}; so renamed, entries of W differ "
        f"{agrees}."
    )


def _signed(value, digits):
    """`value` with a true minus sign, and none before a zero."""
    text = f"{value:.{digits}f}"
    return (f"{0:.{digits}f}" if float(text) == 0 else text).replace("-", "−")
