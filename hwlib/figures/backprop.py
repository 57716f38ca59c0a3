"""The pictures of the chapter on backpropagation."""

from typing import NamedTuple

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.patches import FancyBboxPatch

from hwlib import figures
from hwlib.backprop import gradient_descent, numerical_gradient, sigmoid

FOUR_LOG_2 = 4 * np.log(2)
CERTAIN = 1e-6  # a score closer to 0 than this is rounding noise, not a prediction

# ------------------------------------------------------------------ the walk through a graph


class GraphWalk(NamedTuple):
    """A computation graph, and what is known of it after each step.

    nodes : the graph's nodes in topological order;
    names : what to write into each node's box;
    grads : for each step of the backward pass, the gradients of all nodes.
    """

    nodes: list
    names: list
    grads: list

    @property
    def steps(self):
        """All steps: one for each node forward, one to begin the way back, then one each."""
        return range(1, len(self.nodes) + len(self.grads) + 1)


def walk_graph(output, input_names):
    """Do the backward pass of a graph one node at a time, and keep all gradients.

    Parameters
    ----------
    output : hwlib.backprop.Node
        The output node; its graph must consist of vectors and scalars.
    input_names : sequence of str
        Names of the input nodes, in the order in which they were made.

    Returns
    -------
    GraphWalk
    """
    nodes, names, inputs = output.topo_order, [], iter(input_names)
    for node in nodes:
        below = [names[nodes.index(child)] for child in node.children]
        kind = type(node).__name__
        if kind == "InputNode":
            names.append(next(inputs))
        elif kind == "DotNode":
            names.append(f"{below[0]}ᵀ{below[1]}")
        elif kind == "ConstantMulNode":
            names.append(f"{_number(node.a)}{below[0]}")
        elif kind == "AddNode":
            names.append("f" if node is output else f"{below[0]} + {below[1]}")
        else:
            names.append({"LogNode": "log({})", "SigmoidNode": "σ({})"}[kind].format(*below))
    for node in nodes:
        node.zero_grad()
    output.grad = np.float64(1.0)
    grads = [[np.copy(node.grad) for node in nodes]]
    for node in reversed(nodes):
        if node.children:  # the inputs have nothing to pass on
            node.backward()
            grads.append([np.copy(node.grad) for node in nodes])
    return GraphWalk(nodes, names, grads)


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

    figure, ax = figures.new_figure(3.9)
    figure.set_layout_engine("none")
    ax.set_position([0, 0, 1, 1])
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
        emphasised = node is active
        ax.add_patch(
            FancyBboxPatch(
                (at[i][0] - half_width, at[i][1] - half_height),
                2 * half_width,
                2 * half_height,
                boxstyle="round,pad=0,rounding_size=0.08",
                facecolor="white",
                edgecolor=color if emphasised else figures.INK if made else figures.FAINT,
                linewidth=3 if emphasised else 1,
                linestyle="-" if made else ":",
            )
        )
        x, y = at[i]
        ax.text(x, y + 0.22, walk.names[i], ha="center", va="center", fontsize=12, weight="bold",
                color=figures.INK if made else figures.FAINT)  # fmt: skip
        if made:
            ax.text(x, y - 0.03, _value(node.value), ha="center", va="center", fontsize=11,
                    color=figures.VALUE)  # fmt: skip
        if grads is not None and np.any(grads[i]):
            ax.text(x, y - 0.28, _value(grads[i], 2), ha="center", va="center", fontsize=10.5,
                    style="italic", color=figures.GRADIENT)  # fmt: skip
    ax.text(0.12, 0.12, "upright: value", color=figures.VALUE, fontsize=11)
    ax.text(1.4, 0.12, "slanted: gradient", color=figures.GRADIENT, fontsize=11, style="italic")
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

DIFFERENCES = ["forward", "central"]


def difference_errors(f, inputs, gradients, epsilons):
    """Measure the largest error of the numerical gradient for each step ε.

    Parameters
    ----------
    f : callable
        ``f(*inputs) -> float``.
    inputs : list of ndarray
    gradients : list of ndarray
        The gradient to compare with, as backpropagation finds it.
    epsilons : sequence of float

    Returns
    -------
    dict
        For "forward" and "central", an ndarray with one error for each ε.
    """
    return {
        difference: np.array([
            max(
                np.abs(numerical - exact).max()
                for numerical, exact in zip(
                    numerical_gradient(f, inputs, epsilon, central=difference == "central"),
                    gradients,
                )
            )
            for epsilon in epsilons
        ])
        for difference in DIFFERENCES
    }  # fmt: skip


def expected_error(difference, epsilon):
    """Return the order of the two errors of a difference: (truncation, rounding).

    Truncation is the next term of Taylor's series, ε or ε² times a constant near 1; rounding is
    the 16th digit of f, 10⁻¹⁶, divided by ε.
    """
    return epsilon if difference == "forward" else epsilon**2, 1e-16 / epsilon


def draw_epsilon(epsilons, errors, difference, epsilon):
    """Draw the error of the numerical gradient against ε.

    Parameters
    ----------
    epsilons : sequence of float
        Powers of ten.
    errors : dict
        As returned by `difference_errors`.
    difference : {"forward", "central"}
    epsilon : float
        The one to mark.

    Returns
    -------
    figure, caption
    """
    figure, ax = figures.new_figure(3.9)
    figure.set_layout_engine("none")
    ax.set_position([0.12, 0.16, 0.86, 0.77])
    ax.set(xscale="log", yscale="log", xlim=(3e-1, 3e-16), ylim=(1e-12, 30))
    ax.set(xlabel="step ε (smaller to the right)", ylabel="largest error of the gradient")
    ax.set_xticks([10.0**-k for k in range(1, 16, 2)])
    ax.minorticks_off()

    ax.axvline(1e-8, color=figures.FAINT, linewidth=1.2, linestyle=":")
    ax.text(0.8e-8, 4, "the homework's ε = 10⁻⁸", color=figures.INK, ha="left")

    ends = np.array([1e-1, 1e-15])
    for each, marker in zip(DIFFERENCES, "os"):
        chosen = each == difference
        color = figures.GRADIENT if each == "forward" else figures.VALUE
        ax.plot(epsilons, errors[each], marker=marker, color=color, markersize=5,
                linewidth=2.5 if chosen else 1, alpha=1 if chosen else 0.45)  # fmt: skip
        at = 3e-4 if each == "forward" else 1e-3
        shift = (0, 16) if each == "forward" else (-4, -24)
        ax.annotate(each, (at, errors[each][list(epsilons).index(1e-3)]), shift,
                    textcoords="offset points", color=color, weight="bold" if chosen else "normal",
                    ha="left" if each == "forward" else "right")  # fmt: skip
    truncation, rounding = expected_error(difference, ends)
    for guide in (truncation, rounding):
        ax.plot(ends, guide, color=figures.INK, linewidth=1, linestyle="--")
    slope = "ε" if difference == "forward" else "ε²"
    at = 1e-10 if difference == "forward" else 1e-5
    ax.annotate(slope, (at, expected_error(difference, at)[0]), (-8, -6), ha="right", va="top",
                textcoords="offset points")  # fmt: skip
    ax.annotate("10⁻¹⁶/ε", (1e-12, 1e-4), (10, -6), textcoords="offset points", va="top")

    error = errors[difference][list(epsilons).index(epsilon)]
    ax.plot([epsilon], [error], "o", markersize=13, markerfacecolor="none", markeredgewidth=2.5,
            color=figures.INK)  # fmt: skip

    truncation, rounding = (round(np.log10(each)) for each in expected_error(difference, epsilon))
    parts = f"truncation is about {_power(truncation)}, rounding about {_power(rounding)}"
    if truncation == rounding:
        verdict = "the two are in balance"
    else:
        verdict = f"{'truncation' if truncation > rounding else 'rounding'} decides"
    note = ", the homework's step" if epsilon == 1e-8 else ""
    return figure, (
        f"{difference.capitalize()} difference, ε = {_power(round(np.log10(epsilon)))}{note}: "
        f"{parts}; {verdict}, and the error is about {_power(max(truncation, rounding))}."
    )


def _power(exponent):
    """Return a power of ten with a raised exponent."""
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


# ------------------------------------------------------------------------------- training


class Run(NamedTuple):
    """One training run.

    dataset : list of (x, y);
    losses : the loss after step 0, 1, 2, … as far as the run went;
    params : for each step recorded, the list of parameters then (of the last good step, if the
    run had ended before).
    """

    dataset: list
    losses: list
    params: dict


def record_run(make_loss_fn, dataset, params, lr, steps):
    """Train a model and keep its parameters after chosen steps.

    Parameters
    ----------
    make_loss_fn : callable
        ``make_logistic_regression`` or ``make_neural_network``.
    dataset : list of (x, y)
    params : list
        Initial values; left unchanged.
    lr : float
        Learning rate.
    steps : sequence of int
        Steps to keep, ascending.

    Returns
    -------
    Run
    """
    loss_fn = make_loss_fn(dataset)
    params = list(params)
    losses = gradient_descent(loss_fn, params, lr, 0)
    kept = {}
    for step in steps:
        losses += gradient_descent(loss_fn, params, lr, step - len(losses) + 1)[1:]
        kept[step] = list(params)
    return Run(dataset, losses, kept)


def logistic_scores(params, X):
    """Return wᵀx + b for each row of X."""
    w, b = params
    return X @ w + b


def network_scores(params, X):
    """Return vᵀ ReLU(Wx + b) + c for each row of X."""
    W, b, v, c = params
    return np.maximum(X @ W.T + b, 0) @ v + c


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
    figure, axes = figures.new_figure(3.6, ncols=2)
    figure.set_layout_engine("none")
    axes[0].set_position([0.07, 0.15, 0.42, 0.42 * figures.WIDTH / 3.6])
    axes[1].set_position([0.63, 0.15, 0.355, 0.42 * figures.WIDTH / 3.6])
    return figure, axes


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
        lattice = (slice(8, 80, 16), slice(8, 80, 16))
        classes = [("+", figures.POSITIVE, z > 0), ("_", figures.NEGATIVE, z < 0)]
        for sign, color, predicted in classes:
            where = grid[lattice][predicted[lattice].filled(False)]
            ax.plot(*where.T, sign, color=color, markersize=7, markeredgewidth=1.2, alpha=0.7)
        if z.min() < 0 < z.max():
            ax.contour(x1, x2, z, [0], colors=figures.INK, linewidths=2)
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
    ax.text(0, FOUR_LOG_2 * 0.88, "4 log 2", va="top", color=figures.INK)
    ax.plot(losses, color=figures.INK)
    last = len(losses) - 1
    ax.plot([last], [losses[-1]], "X" if ended else "o", color=figures.INK, markersize=9)
    if ended:
        ax.annotate("ended", (last, losses[-1]), (9, 0), textcoords="offset points", va="center")
