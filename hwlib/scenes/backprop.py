"""Numbers for the scenes of the chapter on backpropagation."""

from functools import cache

import numpy as np

from hwlib import experiments
from hwlib.backprop import (
    SIMPLE_DATASET,
    XOR_DATASET,
    AddNode,
    ConstantMulNode,
    DotNode,
    InputNode,
    LogNode,
    MulNode,
    MVMulNode,
    ReluNode,
    SigmoidNode,
    gradient_descent,
    initial_neural_network,
    make_logistic_regression,
    make_neural_network,
    sigmoid,
)
from hwlib.experiments import (
    PLATEAUS,
    expected_error,
    follows_from_taylor,
    half_way,
    outcomes,
)
from hwlib.scenes import fixed, seen
from hwlib.scenes.plots import axis, mark, panel, plot, power

# ---- a formula as a graph -----------------------------------------------------------------------

FORMULAS = {  # the task: (as one types it, values of its inputs, how its graph is built)
    "1h": (
        "log(a@b) - 3*sigmoid(a@c)",
        {"a": [3, 2], "b": [-2, 7], "c": [1, -4]},
        lambda a, b, c: AddNode(
            LogNode(DotNode(a, b)), ConstantMulNode(SigmoidNode(DotNode(a, c)), -3)
        ),
    ),
    "1m": (
        "v @ relu(M@v)",
        {"M": [[2, -1], [0, 3]], "v": [1, -3]},
        lambda M, v: DotNode(v, ReluNode(MVMulNode(M, v))),
    ),
    "small": (
        "(x1 + x2)*x2",
        {"x1": 2, "x2": 3},
        lambda x1, x2: MulNode(AddNode(x1, x2), x2),
    ),
}

NAMES = {  # of a node, by those of its children
    AddNode: "{0} + {1}",
    MulNode: "{0}·{1}",
    DotNode: "{0}·{1}",
    MVMulNode: "{0}·{1}",
    LogNode: "log({0})",
    SigmoidNode: "σ({0})",
    ReluNode: "ReLU({0})",
    ConstantMulNode: "{a}·{0}",
}


def graph(formula, step):
    """Return what the scene of a graph shows after some steps, and its caption.

    Steps 1 ... n give the nodes their values; step n + 1 the output its gradient of 1; then one
    node after another passes its gradient on.

    Parameters
    ----------
    formula : str
        One of `FORMULAS`.
    step : int

    Returns
    -------
    state : dict
    caption : str
    """
    text, inputs, captions = _walk(formula)
    return {"formula": text, "inputs": inputs}, captions[min(step, len(captions)) - 1]


@cache
def _walk(formula):
    """Return a formula as text, its inputs, and a caption for each step."""
    formula, inputs, build = FORMULAS[formula]
    order = []
    given = [InputNode(np.array(value, dtype=float), order) for value in inputs.values()]
    output = build(*given)
    nodes, names = output.topo_order, []
    letters = iter(inputs)
    captions = []
    for step, node in enumerate(nodes, start=1):
        if not node.children:
            names.append(_subscripts(next(letters)))
            text = f"{names[-1]} = {value(node.value)} is given"
        else:
            names.append(
                _name(node, [(child, names[nodes.index(child)]) for child in node.children])
            )
            article = "an" if isinstance(node, AddNode) else "a"
            text = f"{article} {type(node).__name__} computes {names[-1]} = {value(node.value)}"
        captions.append(f"Step {step}, forward: {text}.")
    for node in nodes:
        node.zero_grad()
    output.grad = np.float64(1.0)
    captions.append(
        f"Step {len(nodes) + 1}, backward: the gradient of the output with respect to itself is 1."
    )
    for node in [node for node in reversed(nodes) if node.children]:
        before = [np.copy(child.grad) for child in node.children]
        node.backward()
        parts = []
        for child, had in zip(node.children, before):
            part = f"{value(child.grad - had)} on to {names[nodes.index(child)]}"
            if np.any(had):
                part += f", which had {value(had)} and now has {value(child.grad)}"
            parts.append(part)
        captions.append(
            f"Step {len(captions) + 1}, backward: the {type(node).__name__} "
            f"{names[nodes.index(node)]} has the gradient {value(node.grad)}. "
            f"It passes {', and '.join(parts)}."
        )
    return formula, inputs, captions


def _name(node, children):
    names = [
        f"({name})"
        if type(child) is AddNode and type(node) not in (AddNode, LogNode, SigmoidNode, ReluNode)
        else name
        for child, name in children
    ]
    name = NAMES[type(node)].format(*names, a=value(getattr(node, "a", 0)))
    return name.replace("+ −", "− ")


def _subscripts(name):
    return name.translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))


def value(x):
    """Return a number, a vector or a matrix as text, with three significant digits.

    Examples
    --------
    >>> value([8.0, -0.0200785, 0])
    '[8, −0.0201, 0]'
    """
    if np.ndim(x):
        return f"[{', '.join(map(value, x))}]"
    if x == 0:
        return "0"
    digits = int(np.clip(2 - np.floor(np.log10(abs(x)) + 1e-9), 0, 9))
    text = f"{seen(x, digits):.{digits}f}".replace("-", "−")
    return text.rstrip("0").rstrip(".") if digits else text


# ---- training -----------------------------------------------------------------------------------

RATES = [0.03, 0.1, 0.3, 1.0, 3.0]
STEPS = [0, 1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50, 100, 200, 500, 1000]
NETWORK_RATES = [0.01, 0.1, 0.3, 0.7, 1.0, 3.0, 300.0]
NETWORK_STEPS = [0, 1, 2, 3, 5, 7, 10, 15, 20, 21, 25, 30, 40, 50, 70, 100, 200, 500, 1000]
CERTAIN = 1e-6  # a score closer to 0 than this is rounding noise, not a prediction


def logistic_regression(dataset, learning_rate, step):
    """Return what the scene of logistic regression shows after some steps, and its caption.

    Parameters
    ----------
    dataset : {"simple", "XOR"}
        The simple set starts at zero. XOR would stay there, so it starts elsewhere.
    learning_rate : float
    step : int

    Returns
    -------
    state : dict
    caption : str
    """
    examples, start, box = {
        "simple": (SIMPLE_DATASET, [[0.0, 0.0], 0.0], {"x": [-1, 3], "y": [-1.5, 2.5]}),
        "XOR": (XOR_DATASET, [[2.0, -1.0], 0.5], {"x": [-1, 2], "y": [-1, 2]}),
    }[dataset]
    run = _train(make_logistic_regression, dataset, learning_rate)
    state = {
        "model": "logistic",
        "examples": _examples(examples),
        "start": start,
        "box": box | {"ticks": [-1, 0, 1, 2]},
    }
    head = f"{dataset.replace('simple', 'Simple set')}, learning rate {learning_rate:g}"
    return state, _training_caption(head, run, examples, step)


def network(learning_rate, step):
    """Return what the scene of the network on XOR shows after some steps, and its caption."""
    run = _train(make_neural_network, "network", learning_rate)
    state = {
        "model": "network",
        "examples": _examples(XOR_DATASET),
        "start": [np.asarray(each).tolist() for each in initial_neural_network()],
        "box": {"x": [-0.5, 1.5], "y": [-0.5, 1.5], "ticks": [0, 1]},
    }
    head = f"Learning rate {learning_rate:g}"
    return state, _training_caption(head, run, XOR_DATASET, step)


def _examples(dataset):
    return [[float(x[0]), float(x[1]), int(y)] for x, y in dataset]


class _Run:
    """A run of gradient descent, which goes as far as it is asked to."""

    def __init__(self, loss_fn, params, learning_rate):
        self.loss_fn, self.learning_rate = loss_fn, learning_rate
        self.kept = {0: params}  # the parameters after some steps
        self.losses = gradient_descent(loss_fn, list(params), learning_rate, 0)

    def at(self, step):
        """Return the parameters after so many steps, or at the run's end."""
        if step not in self.kept:
            before = max(each for each in self.kept if each < step)
            params = list(self.kept[before])
            rate, steps = self.learning_rate, step - before
            losses = gradient_descent(self.loss_fn, params, rate, steps)
            self.kept[step] = params
            known = self.losses[: before + 1] + losses[1:]
            self.losses = max(self.losses, known, key=len)
        return self.kept[step]


@cache
def _train(make_loss_fn, name, learning_rate):
    dataset, params = {
        "simple": (SIMPLE_DATASET, [np.zeros(2), 0.0]),
        "XOR": (XOR_DATASET, [np.array([2.0, -1.0]), 0.5]),
        "network": (XOR_DATASET, initial_neural_network()),
    }[name]
    return _Run(make_loss_fn(dataset), list(params), learning_rate)


def _training_caption(head, run, dataset, step):
    params, losses = run.at(step), run.losses
    last = min(step, len(losses) - 1)
    ended = f"the run ended at step {last} with " if last < step else ""
    text = f"{head}, step {step}: {ended}loss {seen(losses[last], 4):.4f}"
    awake = None if len(params) == 2 else _units_on(params, dataset)
    if awake == 0:
        text += (
            ". Every hidden unit is off for every example, and the output is "
            f"σ(c) = {seen(sigmoid(params[3]), 2):.2f} for all of them"
        )
    else:
        text += f", {_right(params, dataset)}"
    if awake:
        units = ["One hidden unit is", "Two hidden units are", "Three hidden units are"][awake - 1]
        text += f". {units} on for at least one example"
    if ended:
        text += ". The next step would leave the numbers that a computer can hold"
    return f"{text}."


def _right(params, dataset):
    X, y = np.array([x for x, _ in dataset]), np.array([y for _, y in dataset])
    if len(params) == 2:
        scores = X @ params[0] + params[1]
    else:
        W, b, v, c = params
        scores = np.maximum(X @ W.T + b, 0) @ v + c
    if np.all(np.abs(scores) < CERTAIN):
        return "P(y = +1 | x) = 1/2 for all examples"
    return f"{int(np.sum(y * scores > CERTAIN))} of {len(y)} examples right"


def _units_on(params, dataset):
    """Return how many hidden units some example switches on."""
    W, b = params[:2]
    return int(np.any([W @ x + b > 0 for x, _ in dataset], axis=0).sum())


# ---- what passes on of a gradient ---------------------------------------------------------------

ACTIVATIONS = ["sigmoid", "ReLU"]
DEAD = 0.01


def activation(function, x):
    """Return what the scene of an activation function shows at x, and its caption.

    Parameters
    ----------
    function : {"sigmoid", "ReLU"}
    x : float

    Returns
    -------
    state : dict
        Empty: the view draws the function itself.
    caption : str
    """
    given = InputNode(float(x), [])
    node = {"sigmoid": SigmoidNode, "ReLU": ReluNode}[function](given)
    node.compute_grad()
    sign = {"sigmoid": "σ", "ReLU": "ReLU"}[function]
    slope = float(given.grad)
    at = (
        f"{sign}({_short(x, 1)}) = {_short(node.value, 4)}, "
        f"and the derivative there is {_short(slope, 4)}."
    )
    if slope in (0, 1):
        passes = (
            "Nothing of a gradient passes on" if slope == 0 else "A gradient passes on unchanged"
        )
        return {}, f"{at} {passes}."
    share = "less than 1%" if slope < DEAD else f"{fixed(100 * slope, 0)}%"
    return {}, f"{at} Of a gradient that arrives, {share} passes on."


# ---- descent over two weights -------------------------------------------------------------------

SLOPE_EXAMPLES = [([2, 2], 1), ([1, 0], 1), ([1, 2], -1), ([0, -1], -1), ([0, 1], 1), ([-1, 1], -1)]
SLOPE_RATES = [0.03, 0.1, 0.3, 0.6, 1.0, 2.0]
SLOPE_START = [-3.5, 3.0]


def descent(learning_rate, step, examples=SLOPE_EXAMPLES, start=SLOPE_START):
    """Return what the scene of gradient descent shows after some steps, and its caption.

    The loss is that of logistic regression with two weights and no bias.

    Parameters
    ----------
    learning_rate : float
    step : int
    examples : list of (x, y), where x has shape (2,) and y is +1 or −1
    start : sequence of 2 float
        The weights at first.

    Returns
    -------
    state : dict
    caption : str
    """
    losses, w = _descend(learning_rate, step, examples, start)
    rises = int(sum(after > before + 1e-9 for before, after in zip(losses, losses[1:])))
    how = ""
    if step:
        steps = "step" if step == 1 else "steps"
        how = f" It rose in {rises} of {step} {steps}." if rises else " It fell in every step."
    state = {"examples": _examples(examples), "start": list(start)}
    return state, (
        f"Learning rate {learning_rate:g}, step {step}: "
        f"w = [{fixed(w[0], 2)}, {fixed(w[1], 2)}], loss {fixed(losses[-1], 3)}.{how}"
    )


def _descend(learning_rate, steps, examples, start):
    def loss_fn(w):
        order = []
        w = InputNode(w, order)
        terms = [
            ConstantMulNode(
                LogNode(
                    SigmoidNode(
                        ConstantMulNode(DotNode(w, InputNode(np.array(x, float), order)), y)
                    )
                ),
                -1,
            )
            for x, y in examples
        ]
        total = terms[0]
        for term in terms[1:]:
            total = AddNode(total, term)
        return [w], total

    params = [np.array(start, float)]
    losses = gradient_descent(loss_fn, params, learning_rate, steps)
    return losses, params[0]


def _short(x, digits):
    return fixed(x, digits).rstrip("0").rstrip(".")  # digits >= 1: there is a point


# ---- plots: the error of the differences --------------------------------------------------------


def difference_errors(epsilons, errors):
    """Return a plot of the error of the numerical gradient against ε: points, and a band of noise.

    Parameters
    ----------
    epsilons : sequence of float
        Powers of ten.
    errors : dict
        As returned by `hwlib.experiments.difference_errors`. Those that rounding has a part in are
        not in the plot.

    Returns
    -------
    state : dict
    caption : str
    """
    # on both axes exponents of ten: ε from 10⁻¹ to 10⁻¹⁵, its error from 10 to 10⁻¹²
    noise = [[k, seen(np.log10(expected_error("forward", 10.0**k)[1]), 2)] for k in (-4, -15)]
    marks = [
        mark("line", [[-8, -12], [-8, 0.6]], "faint", dash="3 4", width=1.5),
        mark("text", [-8, 1], "ink", text="the homework’s ε = 10⁻⁸", anchor="middle"),
        mark("band", [[k, level - 1, level + 1] for k, level in noise], "faint"),
        mark("line", noise, "ink", dash="7 4", width=1.2),
        mark("text", [-9, -9.7], "ink", text="rounding, about 10⁻¹⁶/ε:\nanywhere in the band",
             narrow={"at": [-8.3, -10.4], "text": "rounding,\nin the band"}),
    ]  # fmt: skip
    for difference, shape, color, name, at, narrow in (
        ("forward", "circle", "gradient", "forward: order ε", [-4.5, -2.6], [-3.4, -1.2]),
        ("central", "square", "value", "central: order ε²", [-1.2, -9.5], [-0.7, -10.2]),
    ):
        steps = [each for each in epsilons if follows_from_taylor(difference, each)]
        found = [errors[difference][list(epsilons).index(each)] for each in steps]
        exponents = [round(np.log10(each)) for each in steps]
        levels = seen(np.log10(found), 2)
        order = levels[0] - np.log10(expected_error(difference, steps[0])[0])
        ends = [exponents[0], -8 if difference == "forward" else -16 / 3]
        line = [
            [seen(k, 2), seen(np.log10(expected_error(difference, 10.0**k)[0]) + order, 2)]
            for k in ends
        ]
        marks += [
            mark("line", line, color, width=1.5),
            mark("points", [list(each) for each in zip(exponents, levels)], color, shape=shape,
                 size=4),
            mark("text", at, color, text=name,
                 narrow={"at": narrow, "text": name.replace(": ", ":\n")}),
        ]  # fmt: skip
    x = axis((-0.5, -15.5), {k: power(k) for k in range(-1, -16, -2)}, "step ε")
    y = axis((-12, 1.5), {k: power(k) for k in range(-12, 0, 3)} | {0: "1"}, "error")
    state = plot("Error of the numerical gradient against ε", [panel(x, y, marks)], height=290)
    return state, (
        "The error of the numerical gradient against the step ε. Points are measured: there the "
        "error follows from Taylor's series. In the gray band it is rounding, of the order of "
        "10⁻¹⁶/ε, and every machine finds another value. The forward difference is best near "
        "ε = 10⁻⁸, with an error of about 10⁻⁸; the central one near ε = 10⁻⁵, with about 10⁻¹⁰."
    )


# ---- plots: the forms of the sigmoid ------------------------------------------------------------

FORMS = {  # of σ(x), then of σ′(x): how it is written, its color, and the width of its line
    "stable": ("the book’s form", "value", 10),
    "e⁻ˣ": ("1 / (1 + e⁻ˣ)", "negative", 5),
    "eˣ": ("eˣ / (1 + eˣ)", "positive", 2),
    "u": ("u (1 − u)", "value", 6),
    "x": ("e⁻ˣ / (1 + e⁻ˣ)²", "negative", 2.5),
}
ZERO, NAN = -385, -425  # rows below the scale for what has no logarithm


def sigmoid_forms():
    """Return a plot of what the forms of the sigmoid and of its derivative give in floating point.

    Returns
    -------
    state : dict
    caption : str
    """
    grid = np.arange(-850, 851, 10)  # off by less than a line is wide, and off all noise near 1
    marks_at = {ZERO: "0", NAN: "nan"} | {-k: power(-k) for k in (300, 200, 100)} | {0: "1"}
    panels = []
    for name, forms in zip(("σ(x)", "σ′(x)"), experiments.sigmoid_forms(grid), strict=True):
        marks = [mark("band", [[-850, -450, -350], [850, -450, -350]], "faint")]
        for form, values in forms.items():
            _, color, width = FORMS[form]
            with np.errstate(divide="ignore"):
                exponents = np.log10(values)
            rows = np.where(values == 0, ZERO, np.where(np.isnan(values), NAN, exponents))
            jumps = np.flatnonzero(np.abs(np.diff(rows)) > 20) + 1  # a jump is no line
            for part in np.split(np.arange(len(grid)), jumps):
                line = _corners([[int(grid[i]), seen(rows[i], 0)] for i in part])
                marks.append(mark("line", line, color, width=width, opacity=0.6))
        x = axis((-850, 850), [-800, -400, 0, 400, 800], "x")
        key = [[FORMS[form][0], FORMS[form][1]] for form in forms]
        panels.append(panel(x, axis((-450, 25), marks_at, name), marks, key=key))
    faults = [_faults(form) for form in ("e⁻ˣ", "eˣ", "u", "x")]
    return plot("Forms of the sigmoid and of its derivative", panels), (
        "What each form gives, on a logarithmic scale; in the gray band what has no logarithm. "
        f"{'. '.join(faults)}."
    )


def _faults(form):
    """Return where a form gives 0 or nan instead of a number that a computer can hold."""
    said = []
    for x, way in ((-np.arange(746), "down"), (np.arange(746), "up")):
        tables = zip(experiments.sigmoid_forms(x), experiments.exact_log10(x), strict=True)
        values, exact = next((table[form], log) for table, log in tables if form in table)
        for name, wrong in (("0", values == 0), ("nan", np.isnan(values))):
            if (fails := wrong & (exact > -323)).any():
                said.append(f"{name} from {x[np.argmax(fails)]} {way}".replace("-", "−"))
    return f"{FORMS[form][0]} is {' and '.join(said)}"


def _corners(line):
    """Return a line without the points that lie on the way between their neighbors."""
    kept = line[:1]
    for before, here, after in zip(line, line[1:], line[2:]):
        if abs((after[1] - here[1]) - (here[1] - before[1])) > 1:
            kept.append(here)
    return kept + line[-1:] if len(line) > 1 else [line[0], line[0]]


# ---- plots: many starts of the network ----------------------------------------------------------


def many_starts(results):
    """Return where many starts of the XOR network end, and what became of their units.

    Parameters
    ----------
    results : dict
        A `ManyRuns` for each (scale, number of hidden units).

    Returns
    -------
    callable
        `compute(scale, hidden_units)` returns a state and a caption.
    """

    def compute(scale, hidden_units):
        runs = results[scale, hidden_units]
        return _starts_plot(runs), _starts_caption(runs, scale, hidden_units)

    return compute


def _starts_plot(runs):
    final = runs.losses[-1]
    found, n = outcomes(final), len(final)
    # Many runs end at one plateau, up to rounding: equal to six digits, the earlier start first.
    order = np.argsort(np.round(final, 6), kind="stable")
    dead = ~runs.on_after.any(axis=1)[order]
    at = [[i + 1, seen(final[each], 2)] for i, each in enumerate(order)]
    marks = [
        mark("points", [each for each, is_dead in zip(at, dead) if not is_dead], "value", size=2.5),
        mark("points", [each for each, is_dead in zip(at, dead) if is_dead], "negative",
             shape="cross", size=3),
    ]  # fmt: skip
    for name, mask in found.items():
        places = np.flatnonzero(mask[order])
        if len(places) and name != "elsewhere":
            middle = int(np.clip(places.mean() + 1, 8, n - 8))
            level = seen(PLATEAUS.get(name, 0.0), 2)
            marks.append(mark("text", [middle, level], "ink", text=str(len(places)), shift=[0, -9],
                              anchor="middle", strong=True))  # fmt: skip
    for height, shape, color, text in (
        (4.1, "circle", "value", "some unit on"),
        (3.65, "cross", "negative", "all units dead"),
    ):
        marks.append(mark("points", [[4, height]], color, shape=shape, size=4))
        marks.append(mark("text", [4, height], color, text=text, shift=[12, 4.5]))
    heights = {0.0: "0"} | {seen(level, 2): name for name, level in PLATEAUS.items()}
    x = axis((-3, n + 3), [1, n // 2, n], "starts, by final loss")
    left = panel(x, axis((-0.2, 4.4), heights, "final loss", grid=True), marks, share=0.62)

    counts = {"dead at the start": 0, "died in training": 0, "alive at the end": 0}
    counts = dict(zip(counts, _unit_counts(runs)))
    bars = []
    for i, (part, color) in enumerate(zip(counts.values(), ("negative", "negative", "value"))):
        share = seen(100 * part / sum(counts.values()), 1)
        bars.append(mark("bar", [0, share, i], color))
        bars.append(mark("text", [share, i], "ink", text=f"{part}", shift=[6, 4.5]))
    rows = {i: name.split(" ")[0] for i, name in enumerate(counts)}
    right = panel(axis((0, 125), [0, 50, 100], "% of units"), axis((2.6, -0.6), rows), bars,
                  share=0.38, height=120)  # fmt: skip
    return plot("Where many starts end", [left, right], height=230)


def _starts_caption(runs, scale, hidden_units):
    counts = {name: int(mask.sum()) for name, mask in outcomes(runs.losses[-1]).items()}
    solved, others = counts.pop("solved"), [f"{name} ({n})" for name, n in counts.items() if n]
    dead, died, alive = _unit_counts(runs)
    said = [
        f"{hidden_units} hidden units, scale {scale:g}: "
        f"{solved} of {runs.losses.shape[1]} starts solve XOR"
        + (f", half of them below loss 1 by step {half_way(runs)}." if solved else "."),
        f"The others end at {', '.join(others)}." if others else "",
        f"Of {fixed(dead + died + alive, 0)} units {dead} start dead and {died} die in training.",
    ]
    return " ".join(filter(None, said))


def _unit_counts(runs):
    """Return how many units are dead at the start, die in training, and are alive at the end."""
    dead = int((~runs.on_before).sum())
    alive = int(runs.on_after.sum())
    return dead, runs.on_before.size - dead - alive, alive
