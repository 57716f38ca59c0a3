"""Numbers for the scenes of the chapter on backpropagation."""

from functools import cache

import numpy as np

from hwlib.backprop import (
    AddNode,
    ConstantMulNode,
    DotNode,
    InputNode,
    LogNode,
    MulNode,
    MVMulNode,
    ReluNode,
    SigmoidNode,
)
from hwlib.scene import seen

# ---- a formula as a graph -----------------------------------------------------------------------

FORMULAS = {  # as one types it: (values of its inputs, how its graph is built)
    "log(a@b) - 3*sigmoid(a@c)": (
        {"a": [3, 2], "b": [-2, 7], "c": [1, -4]},
        lambda a, b, c: AddNode(
            LogNode(DotNode(a, b)), ConstantMulNode(SigmoidNode(DotNode(a, c)), -3)
        ),
    ),
    "v @ relu(M@v)": (
        {"M": [[2, -1], [0, 3]], "v": [1, -3]},
        lambda M, v: DotNode(v, ReluNode(MVMulNode(M, v))),
    ),
    "(x1 + x2)*x2": (
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
    inputs, captions = _walk(formula)
    return {"formula": formula, "inputs": inputs}, captions[min(step, len(captions)) - 1]


@cache
def _walk(formula):
    """Return a formula's inputs and a caption for each step."""
    inputs, build = FORMULAS[formula]
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
            names.append(_name(node, [(child, names[nodes.index(child)]) for child in node.children]))
            article = "an" if isinstance(node, AddNode) else "a"
            text = f"{article} {type(node).__name__} computes {names[-1]} = {value(node.value)}"
        captions.append(f"Step {step}, forward: {text}.")
    for node in nodes:
        node.zero_grad()
    output.grad = np.float64(1.0)
    captions.append(
        f"Step {len(nodes) + 1}, backward: "
        "the gradient of the output with respect to itself is 1."
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
    return inputs, captions


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
