"""The pictures of the chapter on backpropagation."""

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import FancyBboxPatch

from hwlib import figures
from hwlib.backprop import sigmoid
from hwlib.experiments import (
    FOUR_LOG_2,
    LOG_10,
    PLATEAUS,
    exact_log10,
    expected_error,
    follows_from_taylor,
    half_way,
    logistic_scores,
    network_scores,
    outcomes,
    sigmoid_forms,
)

CERTAIN = 1e-6  # a score closer to 0 than this is rounding noise, not a prediction

# ------------------------------------------------------------------------ the first graph


def draw_product_graph(x1, x2, s, y):
    """Draw the graph of y = (x1 + x2) · x2 with values, gradients and local derivatives.

    Parameters
    ----------
    x1, x2, s, y : Node
        Two inputs, their sum and its product with x2, after ``y.compute_grad()``.

    Returns
    -------
    figure, caption
    """
    figure, ax = figures.new_figure(2.4, (0, 0, 1, 1))
    ax.set(xlim=(0, figures.WIDTH), ylim=(0.1, 2.62))
    ax.axis("off")
    places = {x1: (0.95, 2.15), x2: (0.95, 0.85), s: (3.45, 1.75), y: (5.95, 1.3)}
    names = {x1: "x₁", x2: "x₂", s: "s = x₁ + x₂", y: "y = s · x₂"}
    half_width, half_height = 0.78, 0.42
    edges = [
        (x1, s, 1.0, 0.07),
        (x2, s, 1.0, -0.19),
        (s, y, x2.value, 0.08),
        (x2, y, s.value, -0.2),
    ]
    for child, parent, factor, above in edges:
        (x0, y0), (x_1, y_1) = places[child], places[parent]
        start, end = (x0 + half_width, y0), (x_1 - half_width, y_1)
        if (child, parent) == (x2, y):
            start, end = (x0 + half_width, y0 - 0.2), (x_1 - half_width, y_1 - 0.25)
        _arrow(ax, *start, *end, figures.FAINT, False)
        middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2 + above
        ax.text(*middle, f"× {_number(factor)}", color=figures.INK, ha="center")
    for node, (x, height) in places.items():
        ax.add_patch(
            FancyBboxPatch(
                (x - half_width, height - half_height),
                2 * half_width,
                2 * half_height,
                boxstyle="round,pad=0,rounding_size=0.08",
                facecolor="white",
                edgecolor=figures.INK,
            )
        )
        ax.text(x, height + 0.2, names[node], ha="center", va="center", weight="bold")
        ax.text(x - 0.3, height - 0.16, _number(node.value), ha="center", va="center",
                fontsize=13, color=figures.VALUE)  # fmt: skip
        ax.text(x + 0.3, height - 0.16, _number(node.grad), ha="center", va="center",
                fontsize=13, style="italic", color=figures.GRADIENT)  # fmt: skip
    ax.text(2.6, 0.22, "left: value", color=figures.VALUE, ha="right")
    ax.text(2.8, 0.22, "right: gradient", color=figures.GRADIENT, style="italic")
    ax.text(4.3, 0.22, "×: derivative of one step", color=figures.INK)
    return figure, (
        f"The graph of y = (x₁ + x₂) · x₂ at x₁ = {_number(x1.value)} and x₂ = "
        f"{_number(x2.value)}. Values are computed from left to right: s = {_number(s.value)}, "
        f"y = {_number(y.value)}. Gradients are computed from right to left: y has "
        f"{_number(y.grad)}, s has {_number(s.grad)}, x₁ has {_number(x1.grad)}, and x₂ has "
        f"{_number(x2.grad)}, the sum over its two paths."
    )


# ---------------------------------------------------------------- the functions of the nodes


def draw_curves():
    """Draw the sigmoid and the rectifier, each with its slope.

    Returns
    -------
    figure, caption
    """
    figure, (left, right) = figures.new_figure(
        2.4, (0.07, 0.21, 0.4, 0.74), (0.57, 0.21, 0.4, 0.74)
    )
    x = np.linspace(-6, 6, 241)
    left.plot(x, sigmoid(x), color=figures.VALUE)
    left.plot(x, sigmoid(x) * sigmoid(-x), color=figures.GRADIENT, linestyle="--")
    left.text(1.5, 0.88, "σ(x)", color=figures.VALUE, ha="right", va="bottom")
    left.text(0.15, 0.28, "slope", color=figures.GRADIENT, style="italic", ha="left")
    left.set(xlim=(-6, 6), ylim=(-0.05, 1.1), xlabel="x", yticks=[0, 0.25, 0.5, 1])
    left.set_yticklabels(["0", "¼", "½", "1"])
    right.plot(x, np.maximum(x, 0), color=figures.VALUE)
    right.plot([-6, 0], [0, 0], color=figures.GRADIENT, linestyle="--")
    right.plot([0, 6], [1, 1], color=figures.GRADIENT, linestyle="--")
    right.text(3.3, 3.8, "ReLU(x)", color=figures.VALUE, ha="right")
    right.text(5.9, 1.15, "slope", color=figures.GRADIENT, style="italic", ha="right")
    right.set(xlim=(-6, 6), ylim=(-0.3, 6), xlabel="x", yticks=[0, 1, 5])
    return figure, (
        "Left: the sigmoid rises from 0 to 1. Its slope (dashed) is largest at x = 0, where it is "
        "1/4, and nearly 0 far from there. Right: the rectifier is 0 for negative x, with slope 0, "
        "and x for positive x, with slope 1."
    )


def draw_bowl(loss, path):
    """Draw the contours of a loss of two weights, and the steps of gradient descent on it.

    Parameters
    ----------
    loss : callable
        Takes an array of weights of shape (..., 2) and returns the loss of each.
    path : array_like of shape (steps + 1, 2)

    Returns
    -------
    figure, caption
    """
    path = np.asarray(path)
    figure, ax = figures.new_figure(3.6, (0.26, 0.15, 0.48, 0.48 * figures.WIDTH / 3.6 * 0.88))
    w = np.linspace(-2.6, 2.6, 105)
    grid = np.stack(np.meshgrid(w, w), axis=-1)
    losses, least = loss(grid), loss(np.zeros(2))
    levels = least + np.array([0.1, 0.3, 0.6, 1, 1.5, 2.1])
    contours = ax.contour(w, w, losses, levels, colors=figures.FAINT, linewidths=1)
    ax.clabel(contours, levels[1::2], fmt="%.1f", fontsize=9)
    ax.plot(*path.T, "o-", color=figures.GRADIENT, markersize=4, linewidth=1.2)
    ax.plot(0, 0, "+", color=figures.INK, markersize=11, markeredgewidth=1.5)
    ax.set(xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), xticks=[-2, 0, 2], yticks=[-2, 0, 2])
    ax.set_xlabel("w₁", labelpad=1)
    ax.set_ylabel("w₂", labelpad=1)
    start = ", ".join(_number(each) for each in path[0])
    return figure, (
        "Contours of the loss on XOR over the two weights, without a bias. The lowest point is at "
        f"w = 0 (cross), with loss {loss(np.zeros(2)):.4f}. Gradient descent begins at "
        f"w = [{start}] and comes close to the cross: after {len(path) - 1} steps its loss is "
        f"{loss(path[-1]):.4f}."
    )


# ------------------------------------------------------------------ the walk through a graph


def draw_graph_walk(walk, step):
    """Draw a graph after some steps of its forward and backward pass.

    Parameters
    ----------
    walk : GraphWalk
    step : int
        1 … n: the first so many nodes have values; n + 1: the output has its gradient; from
        n + 2 on, one node after another has passed its gradient to its children.

    Returns
    -------
    figure, caption
    """
    nodes, n = walk.nodes, len(walk.nodes)
    inner = [node for node in reversed(nodes) if node.children]
    if step <= n:
        active, grads = nodes[step - 1], None
    else:
        active, grads = ([nodes[-1]] + inner)[step - n - 1], walk.grads[step - n - 1]
    passing = active.children if step > n + 1 else ()

    figure, ax = figures.new_figure(3.9, (0, 0, 1, 1))
    ax.set(xlim=(0, figures.WIDTH), ylim=(0, 3.9))
    ax.axis("off")

    at = _layout(nodes)
    half_width, half_height = 0.62, 0.42
    for i, node in enumerate(nodes):
        if step < i + 1:
            continue
        for child in node.children:
            x0, y0 = at[nodes.index(child)]
            x1, y1 = at[i]
            if step <= n or child not in passing or node is not active:
                highlight = step <= n and node is active
                _arrow(ax, x0 + half_width, y0, x1 - half_width, y1, figures.VALUE, highlight)
            else:
                _arrow(ax, x1 - half_width, y1, x0 + half_width, y0, figures.GRADIENT, True)
    for i, node in enumerate(nodes):
        made = step >= i + 1
        color = figures.VALUE if step <= n else figures.GRADIENT
        emphasized = node is active
        ax.add_patch(
            FancyBboxPatch(
                (at[i][0] - half_width, at[i][1] - half_height),
                2 * half_width,
                2 * half_height,
                boxstyle="round,pad=0,rounding_size=0.08",
                facecolor="white",
                edgecolor=color if emphasized else figures.INK if made else figures.FAINT,
                linewidth=3 if emphasized else 1,
                linestyle="-" if made else ":",
            )
        )
        x, y = at[i]
        ax.text(x, y + 0.22, walk.names[i], ha="center", va="center", fontsize=12, weight="bold",
                color=figures.INK if made else figures.FAINT)  # fmt: skip
        if made:
            ax.text(x, y - 0.03, _value(node.value), ha="center", va="center",
                    color=figures.VALUE)  # fmt: skip
        if grads is not None and np.any(grads[i]):
            ax.text(x, y - 0.28, _value(grads[i], 2), ha="center", va="center", fontsize=10.5,
                    style="italic", color=figures.GRADIENT)  # fmt: skip
    ax.text(0.12, 0.12, "upright: value", color=figures.VALUE)
    ax.text(1.4, 0.12, "slanted: gradient", color=figures.GRADIENT, style="italic")
    return figure, _walk_caption(walk, step, active)


def _layout(nodes):
    """Return a place (x, y in inches) for each node: inputs at the left, output at the right."""
    depth, row = [], []
    for node in nodes:
        below = [nodes.index(child) for child in node.children]
        depth.append(1 + max(depth[i] for i in below) if below else 0)
        row.append(sum(row[i] for i in below) / len(below) if below else None)
        if row[-1] is None:  # inputs b, a, c from top to bottom: the shared one in the middle
            row[-1] = [0.0, 1.0, -1.0][len(row) - 1]
    spread = 1.25
    columns = max(depth)
    left, right = 0.68, figures.WIDTH - 0.68
    return [(left + d * (right - left) / columns, 2.1 + spread * r) for d, r in zip(depth, row)]


def _arrow(ax, x0, y0, x1, y1, color, strong):
    ax.annotate("", (x1, y1), (x0, y0), arrowprops={
        "arrowstyle": "-|>", "shrinkA": 1, "shrinkB": 1, "linewidth": 2.5 if strong else 1,
        "color": color if strong else figures.FAINT, "mutation_scale": 18 if strong else 12,
    })  # fmt: skip


def _walk_caption(walk, step, active):
    nodes, n = walk.nodes, len(walk.nodes)
    kind = type(active).__name__
    if step <= n:
        values = [_value(child.value) for child in active.children]
        work = {
            "InputNode": "is given: {u}",
            "DotNode": "multiplies {0} and {1} entry by entry and sums up: {u}",
            "LogNode": "takes the logarithm of {0}: {u}",
            "SigmoidNode": "computes σ({0}) = {u}",
            "ConstantMulNode": "multiplies {0} by {a}: {u}",
            "AddNode": "adds {0} and {1}: {u}",
        }[kind].format(*values, u=_value(active.value), a=_number(getattr(active, "a", 0)))
        name = f" {walk.names[nodes.index(active)]}" if kind == "InputNode" else ""
        return f"Step {step}, forward: the {kind}{name} {work}."
    if step == n + 1:
        return (
            f"Step {step}, backward: the gradient of the output with respect to itself is 1; "
            "all others are still 0."
        )
    before, after = walk.grads[step - n - 2], walk.grads[step - n - 1]
    g = _value(after[nodes.index(active)])
    work = {
        "AddNode": "passes g unchanged to both children",
        "ConstantMulNode": "passes g · ({a})",
        "SigmoidNode": "passes g · u(1 − u) with u = {u}",
        "LogNode": "passes g / {0}",
        "DotNode": "passes to each vector g times the other one",
    }[kind].format(
        *[_value(child.value) for child in active.children],
        u=_value(active.value),
        a=_number(getattr(active, "a", 0)),
    )
    results = []
    for child in active.children:
        i = nodes.index(child)
        name = f"of {walk.names[i]}" if not child.children else f"of the {type(child).__name__}"
        old = f"{_value(before[i])} becomes " if np.any(before[i]) else "is now "
        results.append(f"the gradient {name} {old}{_value(after[i])}")
    return f"Step {step}, backward: the {kind}, with g = {g}, {work}; {', '.join(results)}."


def _number(x, digits=3):
    """Return a number with a few significant digits and a real minus sign."""
    return f"{x:.{digits}g}".replace("-", "−")


def _value(x, digits=3):
    """Return a scalar or a vector as text; ``digits`` are those of a vector's entries."""
    if np.ndim(x) == 0:
        return _number(x)
    return "[" + ", ".join(_number(each, digits) for each in x) + "]"


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


def draw_logreg(runs, dataset, learning_rate, step):
    """Draw the decision line and the loss of logistic regression after some steps.

    Parameters
    ----------
    runs : dict
        A `Run` for each (dataset, learning rate).
    dataset : str
        "simple" or "XOR".
    learning_rate : float
    step : int
        A recorded step.

    Returns
    -------
    figure, caption
    """
    run = runs[dataset, learning_rate]
    params = run.params[step]
    figure, (plane, curve) = _training_figure()
    _draw_plane(plane, run.dataset, lambda X: logistic_scores(params, X), (-1, 3), (-1.5, 2.5))
    _draw_losses(curve, run.losses[: step + 1], (3e-3, 40))
    name = {"simple": "Simple set"}.get(dataset, dataset)
    caption = f"{name}, learning rate {learning_rate:g}, step {step}: loss "
    caption += f"{run.losses[step]:.4f}, {_right(logistic_scores, params, run.dataset)}."
    return figure, caption


def draw_xor_network(runs, learning_rate, step):
    """Draw the regions and the loss of the network on XOR after some steps.

    Parameters
    ----------
    runs : dict
        A `Run` for each learning rate.
    learning_rate : float
    step : int
        A recorded step.

    Returns
    -------
    figure, caption
    """
    run = runs[learning_rate]
    params = run.params[step]
    figure, (plane, curve) = _training_figure()
    _draw_plane(plane, run.dataset, lambda X: network_scores(params, X), (-0.5, 1.5), (-0.5, 1.5))
    _draw_units(plane, params, run.dataset)
    last = min(step, len(run.losses) - 1)
    _draw_losses(curve, run.losses[: step + 1], (3e-3, 300), ended=last < step)

    caption = f"Learning rate {learning_rate:g}, step {step}: "
    if last < step:
        caption += f"the run ended at step {last} with "
    caption += f"loss {run.losses[last]:.4f}"
    on = int(_units_on(params, run.dataset).sum())
    if on:
        caption += f", {_right(network_scores, params, run.dataset)}"
        units = ["one hidden unit is", "two hidden units are", "all three hidden units are"][on - 1]
        caption += f"; {units} on for some example"
    else:
        caption += "; every hidden unit is off for every example, and the output is "
        caption += f"σ(c) = {sigmoid(params[3]):.2f} for all of them"
    if last < step:
        caption += "; the next step would leave the numbers a computer can hold"
    return figure, caption + "."


def _right(scores, params, dataset):
    X, y = np.array([x for x, _ in dataset]), np.array([y for _, y in dataset])
    margins = y * scores(params, X)
    if np.all(np.abs(margins) < CERTAIN):
        return "P(y = +1 | x) = 1/2 for all four examples"
    return f"{int(np.sum(margins > CERTAIN))} of {len(y)} examples right"


def _units_on(params, dataset):
    """Return for each hidden unit whether some example switches it on."""
    W, b = params[:2]
    return np.any([W @ x + b > 0 for x, _ in dataset], axis=0)


def _training_figure():
    square = 0.42, 0.42 * figures.WIDTH / 3.6
    return figures.new_figure(3.6, (0.07, 0.15, *square), (0.63, 0.15, 0.355, square[1]))


def _tint(color, strength):
    return tuple(1 - strength * (1 - part) for part in to_rgb(color))


def _draw_plane(ax, dataset, scores, xlim, ylim):
    """Draw P(y = +1 | x) as four bands, the predicted class as + and − signs, and the examples."""
    x1, x2 = np.linspace(*xlim, 81), np.linspace(*ylim, 81)
    grid = np.stack(np.meshgrid(x1, x2), axis=-1)
    z = scores(grid.reshape(-1, 2)).reshape(81, 81)
    z = np.ma.masked_where(np.abs(z) < CERTAIN, z)  # there no class is predicted: left empty
    if z.count():
        bands = [_tint(figures.NEGATIVE, 0.4), _tint(figures.NEGATIVE, 0.15),
                 _tint(figures.POSITIVE, 0.15), _tint(figures.POSITIVE, 0.4)]  # fmt: skip
        ninety = np.log(9)  # σ(log 9) = 0.9
        ax.contourf(x1, x2, z, [-np.inf, -ninety, 0, ninety, np.inf], colors=bands)
        lattice = (slice(8, None, 16),) * 2
        classes = [("+", figures.POSITIVE, z > 0), ("_", figures.NEGATIVE, z < 0)]
        for sign, color, predicted in classes:
            where = grid[lattice][predicted[lattice].filled(False)]
            ax.plot(*where.T, sign, color=color, markersize=7, markeredgewidth=1.2, alpha=0.7)
        if z.min() < 0 < z.max():
            ax.contour(x1, x2, z, [0], colors=figures.INK)
    for x, y in dataset:
        marker, color = ("o", figures.POSITIVE) if y == 1 else ("s", figures.NEGATIVE)
        ax.plot(*x, marker, color=color, markersize=17, markeredgecolor="white", zorder=5)
        ax.text(*x, f"{y:+d}".replace("-", "−"), color="white", weight="bold", fontsize=10,
                ha="center", va="center_baseline", zorder=6)  # fmt: skip
    ax.set(xlim=xlim, ylim=ylim)
    ax.set_xlabel("x₁", labelpad=1)
    ax.set_ylabel("x₂", labelpad=1)
    ax.set_xticks(np.arange(np.ceil(xlim[0]), xlim[1] + 0.1))
    ax.set_yticks(np.arange(np.ceil(ylim[0]), ylim[1] + 0.1))


def _draw_units(ax, params, dataset):
    """Draw for each hidden unit the line where it switches on, if it is on for some example."""
    W, b = params[:2]
    for k, on in enumerate(_units_on(params, dataset)):
        if on:
            norm = W[k] @ W[k]
            foot, along = -b[k] * W[k] / norm, np.array([-W[k][1], W[k][0]]) / np.sqrt(norm)
            line = np.array([foot - 5 * along, foot + 5 * along])
            ax.plot(*line.T, color=figures.INK, linewidth=1, linestyle=[":", "--", "-."][k])


def _draw_losses(ax, losses, ylim, ended=False):
    """Draw the loss against the steps done so far."""
    ax.set_xscale("symlog", linthresh=1, linscale=0.4)
    ax.set_yscale("log")
    ax.set(xlim=(-0.15, 1500), ylim=ylim)
    ax.set_xticks([0, 1, 10, 100, 1000], ["0", "1", "10", "100", "1000"])
    ax.minorticks_off()
    ticks = [each for each in (0.01, 0.1, 1, 10, 100) if ylim[0] < each < ylim[1]]
    ax.set_yticks(ticks, [f"{each:g}" for each in ticks])
    ax.set_xlabel("step", labelpad=1)
    ax.set_ylabel("loss", labelpad=1)
    ax.axhline(FOUR_LOG_2, color=figures.FAINT, linewidth=1.2, linestyle="--")
    aside = {"xytext": (7, 0), "textcoords": "offset points"}  # of the marker of step 0
    ax.annotate("4 log 2", (0, FOUR_LOG_2 * 0.88), **aside, va="top")
    ax.plot(losses, color=figures.INK)
    last = len(losses) - 1
    ax.plot([last], [losses[-1]], "X" if ended else "o", color=figures.INK, markersize=9)
    if ended:
        ax.annotate("ended", (last, losses[-1]), (9, 0), textcoords="offset points", va="center")


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
