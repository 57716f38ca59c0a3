"""The pictures of the chapter on backpropagation."""

import numpy as np

from hwlib import figures
from hwlib.experiments import (
    LOG_10,
    PLATEAUS,
    exact_log10,
    expected_error,
    follows_from_taylor,
    half_way,
    outcomes,
    sigmoid_forms,
)


def _number(x, digits=3):
    """Return a number with a few significant digits and a real minus sign."""
    return f"{x:.{digits}g}".replace("-", "−")


# ---------------------------------------------------------------- error of the differences


def draw_epsilon(epsilons, errors):
    """Draw the error of the numerical gradient against ε: measured points, and a band of noise.

    Parameters
    ----------
    epsilons : sequence of float
        Powers of ten.
    errors : dict
        As returned by `difference_errors`. Those that rounding has a part in are not drawn.

    Returns
    -------
    figure, caption
    """
    figure, ax = figures.new_figure(3.9, (0.12, 0.16, 0.86, 0.77))
    ax.set(xscale="log", yscale="log", xlim=(3e-1, 3e-16), ylim=(1e-12, 30))
    ax.set(xlabel="step ε (smaller to the right)", ylabel="largest error of the gradient")
    ax.set_xticks([10.0**-k for k in range(1, 16, 2)])
    ax.minorticks_off()

    ax.axvline(1e-8, color=figures.FAINT, linewidth=1.2, linestyle=":")
    ax.text(0.8e-8, 4, "the homework's ε = 10⁻⁸")

    ends = np.array([1e-4, 1e-15])
    rounding = expected_error("forward", ends)[1]
    ax.fill_between(ends, rounding / 10, 10 * rounding, color=figures.FAINT, alpha=0.25, lw=0)
    ax.plot(ends, rounding, color=figures.INK, linewidth=1, linestyle="--")
    ax.text(2e-10, 1e-10, "rounding, about 10⁻¹⁶/ε:\nnoise, anywhere in the band", va="center")

    for difference, marker, color, name, at in (
        ("forward", "o", figures.GRADIENT, "forward: error of order ε", (5e-3, 1e-2)),
        ("central", "s", figures.VALUE, "central:\nerror of order ε²", (1e-1, 3e-10)),
    ):
        steps = [each for each in epsilons if follows_from_taylor(difference, each)]
        points = [errors[difference][list(epsilons).index(each)] for each in steps]
        ax.plot(steps, points, marker, color=color, markersize=6)
        ends = np.array([steps[0], 1e-8 if difference == "forward" else 10 ** (-16 / 3)])
        order = points[0] / expected_error(difference, steps[0])[0]
        ax.plot(ends, order * expected_error(difference, ends)[0], color=color, linewidth=1.5)
        ax.text(*at, name, color=color, va="bottom")
    return figure, (
        "The error of the numerical gradient against the step ε. Points are measured: there the "
        "error follows from Taylor's series. In the gray band it is rounding, of the order of "
        "10⁻¹⁶/ε, and every machine finds another value. The forward difference is best near "
        "ε = 10⁻⁸, with an error of about 10⁻⁸; the central one near ε = 10⁻⁵, with about 10⁻¹⁰."
    )


def _power(exponent):
    """Return a power of ten with a raised exponent."""
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


# ------------------------------------------------------------------------------- training


# ------------------------------------------------------------------- the forms of the sigmoid

VALUE_FORMS = {
    "stable": "the book's form",
    "e⁻ˣ": "1 / (1 + e⁻ˣ)",
    "eˣ": "eˣ / (1 + eˣ)",
}
DERIVATIVE_FORMS = {
    "u": "u (1 − u)",
    "x": "e⁻ˣ / (1 + e⁻ˣ)²",
}


def draw_sigmoid_forms(x):
    """Draw what the forms of the sigmoid and of its derivative give in floating point.

    Parameters
    ----------
    x : float
        The one to mark, between −800 and 800.

    Returns
    -------
    figure, caption
    """
    figure, axes = figures.new_figure(3.0, (0.105, 0.17, 0.41, 0.76), (0.575, 0.17, 0.41, 0.76))
    zero, nan = -385, -425  # rows below the scale for what has no logarithm
    looks = {
        "stable": (figures.VALUE, "o", 5, 9), "u": (figures.VALUE, "o", 5, 9),
        "e⁻ˣ": (figures.NEGATIVE, "s", 2, 13), "x": (figures.NEGATIVE, "s", 2, 13),
        "eˣ": (figures.POSITIVE, "D", 1, 17),
    }  # fmt: skip

    def row(values):
        with np.errstate(divide="ignore"):
            exponents = np.log10(values)
        exponents = np.where(values == 0, zero, exponents)
        return np.where(np.isnan(values), nan, exponents)

    grid = np.linspace(-850, 850, 681)
    at_grid, at_x = sigmoid_forms(grid), sigmoid_forms(x)
    for ax, on_grid, here in zip(axes, at_grid, at_x):
        ax.axhspan(-450, -350, color=figures.FAINT, alpha=0.15, linewidth=0)
        ax.axvline(x, color=figures.FAINT, linewidth=1)
        # the widest line and marker first, so that all that coincide are seen
        for form in sorted(on_grid, key=lambda each: -looks[each][3]):
            color, marker, width, size = looks[form]
            rows = row(on_grid[form])
            rows[1:][np.abs(np.diff(rows)) > 20] = np.nan  # a jump is no line
            ax.plot(grid, rows, color=color, linewidth=width, alpha=0.45)
            face = color if marker == "o" else "none"
            ax.plot([x], [row(here[form])], marker, color=color, markersize=size,
                    markerfacecolor=face, markeredgewidth=2, clip_on=False)  # fmt: skip
        ax.set(xlim=(-850, 850), ylim=(-450, 25), xlabel="x")
        ax.set_xticks([-800, -400, 0, 400, 800], ["−800", "−400", "0", "400", "800"])
        ax.set_yticks(
            [0, -100, -200, -300, zero, nan], ["1", "10⁻¹⁰⁰", "10⁻²⁰⁰", "10⁻³⁰⁰", "zero", "nan"]
        )
    axes[1].set_yticklabels([])
    left, right = axes
    for ax, text in ((left, "σ(x)"), (right, "σ′(x)")):
        ax.text(-820, -8, text, weight="bold", ha="left", va="top", color=figures.INK)
    labels = [(left, "stable", 90, -100), (left, "e⁻ˣ", 90, -180), (left, "eˣ", 90, -260),
              (right, "u", -280, -230), (right, "x", -280, -310)]  # fmt: skip
    for ax, form, at, height in labels:
        color, marker, _, size = looks[form]
        text = (VALUE_FORMS | DERIVATIVE_FORMS)[form]
        ax.plot([at], [height], marker, color=color, markersize=min(size, 10), markeredgewidth=2,
                markerfacecolor=color if marker == "o" else "none")  # fmt: skip
        # on the page's white, so that the line at x does not cross it
        ground = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        ax.text(at + 70, height, text, color=color, ha="left", va="center", bbox=ground)
    return figure, _forms_caption(x, *at_x)


def _forms_caption(x, values, derivatives):
    parts = []
    for name, forms, names, log10 in zip(
        ("σ(x)", "σ′(x)"), (values, derivatives), (VALUE_FORMS, DERIVATIVE_FORMS), exact_log10(x)
    ):
        groups = {}
        for form, value in forms.items():
            groups.setdefault(_scientific(value), []).append(names[form])
        truth = f"{name} is {_from_log10(log10)}: "
        if len(groups) == 1:
            parts.append(f"{truth}{_all_of(len(forms))} give {list(groups)[0]}")
        else:
            given = [f"{value} by {' and '.join(group)}" for value, group in groups.items()]
            parts.append(truth + ", ".join(given))
    return f"x = {_number(x)}. " + ". ".join(parts) + "."


def _all_of(n):
    return {2: "both forms", 3: "all three forms"}[n]


def _scientific(value):
    """Return a computed value as text: two digits, or nan, 0 or 1 where it is exactly that."""
    if np.isnan(value):
        return "nan"
    if value in (0, 1):
        return f"exactly {value:g}"
    return _from_log10(np.log10(value))


def _from_log10(log10):
    """Return 10^log10 as text with two significant digits; near 1, as a distance from 1."""
    if log10 > np.log10(0.99):
        distance = -np.expm1(log10 * LOG_10)
        return "1" if distance < 1e-300 else f"1 − {_from_log10(np.log10(distance))}"
    if log10 > -3.5:
        return f"{10**log10:.2g}"
    exponent = int(np.floor(log10))
    return f"{10 ** (log10 - exponent):.1f} · {_power(exponent)}"


# ------------------------------------------------------------- many starts of the XOR network


def draw_xor_starts(results, scale, hidden_units):
    """Draw where many starts of the XOR network end, and what became of their units.

    Parameters
    ----------
    results : dict
        A `ManyRuns` for each (scale, number of hidden units).
    scale : float
    hidden_units : int

    Returns
    -------
    figure, caption
    """
    runs = results[scale, hidden_units]
    final, n = runs.losses[-1], runs.losses.shape[1]
    found = outcomes(final)
    counts = {name: int(mask.sum()) for name, mask in found.items()}
    dead, died, alive = _unit_counts(runs)
    total = dead + died + alive

    places = (0.185, 0.17, 0.47, 0.79), (0.79, 0.17, 0.2, 0.79)
    figure, (left, right) = figures.new_figure(2.9, *places)

    # Many runs end at one plateau, up to rounding: equal to six digits, the earlier start first.
    order = np.argsort(np.round(final, 6), kind="stable")
    all_dead = ~runs.on_after.any(axis=1)[order]
    place = np.arange(1, n + 1)
    left.plot(place[~all_dead], final[order][~all_dead], "o", color=figures.VALUE, markersize=3.5)
    left.plot(place[all_dead], final[order][all_dead], "x", color=figures.NEGATIVE)
    left.set(xlim=(-4, n + 4), ylim=(-0.2, 4))
    left.set_xlabel(f"{n} starts, in the order of their final loss")
    left.set_yticks([0, *PLATEAUS.values()], ["0", *PLATEAUS])
    left.grid(axis="y", color=figures.FAINT, alpha=0.4)
    for name, count in counts.items():
        if count and name != "elsewhere":
            at = np.flatnonzero(found[name][order])
            height = PLATEAUS.get(name, 0.0)
            left.text(np.clip(at.mean() + 1, 4, n - 4), height + 0.11, f"{count}", ha="center",
                      va="bottom", weight="bold")  # fmt: skip
    left.plot(3, 3.7, "o", color=figures.VALUE, markersize=4)
    left.text(9, 3.7, "some unit is on", color=figures.VALUE, va="center")
    left.plot(3, 3.35, "x", color=figures.NEGATIVE)
    left.text(9, 3.35, "every unit is dead", color=figures.NEGATIVE, va="center")

    parts = [
        ("dead at\nthe start", dead),
        ("died in\ntraining", died),
        ("alive at\nthe end", alive),
    ]
    colors = [figures.NEGATIVE, figures.NEGATIVE, figures.VALUE]
    for i, ((_, part), color) in enumerate(zip(parts, colors)):
        right.barh(i, 100 * part / total, color=color, alpha=0.8, height=0.55)
        right.text(100 * part / total + 3, i, f"{part}", va="center")
    right.set(xlim=(0, 125), ylim=(2.5, -0.5), xlabel="% of units")
    right.set_xticks([0, 50, 100])
    right.set_yticks(range(3), [name for name, _ in parts])
    right.tick_params(axis="y", length=0)

    ends = ", ".join(f"{counts[name]} end at {name}" for name in PLATEAUS)
    caption = f"{hidden_units} hidden units, scale {scale:g}: of {n} starts {counts['solved']} "
    caption += f"solve XOR, {ends}, {counts['elsewhere']} elsewhere; of {total} units {dead} are "
    caption += f"dead at the start and {died} die in training."
    if counts["solved"]:
        caption += f" Half of the solving runs are below loss 1 by step {half_way(runs)}."
    return figure, caption


def _unit_counts(runs):
    """Return how many units are dead at the start, die in training, and are alive at the end."""
    dead = int((~runs.on_before).sum())
    alive = int(runs.on_after.sum())
    return dead, runs.on_before.size - dead - alive, alive
