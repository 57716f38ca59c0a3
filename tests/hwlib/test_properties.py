"""What has to hold for any graph, any points, any examples, any sliders: Hypothesis makes them up.

A plain run takes the same examples each time. `--hypothesis-profile=search` takes many more, others
each time. The profiles stand in conftest.py.
"""

import itertools
import json
import math
from functools import partial
from typing import NamedTuple

import ipywidgets as widgets
import numpy as np
from bs4 import BeautifulSoup
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hwlib import backprop, kmeans
from hwlib import binary_em as em
from hwlib.explorer import Explorer, label
from hwlib.quick import backprop as quick_backprop
from hwlib.quick import binary_em as quick_em
from hwlib.quick import kmeans as quick_kmeans


def eighths(low, high):
    """Numbers from low to high that are read easily, and of which sums are exact."""
    return st.integers(8 * low, 8 * high).map(lambda n: n / 8)


# ---- backprop: the gradient of a graph is that of its function -----------------------------------


class Rule(NamedTuple):
    """A kind of node, of one operand or two."""

    make: object  # the class
    formula: object  # what it computes, of complex numbers too
    fits: object  # whether it can be made of these values
    operands: int = 1


def scalar(x):
    return x.ndim == 0


def anything(x):
    return True


def one_shape(x, y):
    return x.shape == y.shape


def power(p):
    def fits(x):  # off 0, where slopes have no bound; the same in LogNode's
        return scalar(x) and (x > 0.1 or x < -0.1 and p == int(p))

    return Rule(partial(backprop.PowerNode, power=p), lambda x: x**p, fits)


def times(a):
    return Rule(partial(backprop.ConstantMulNode, a=a), lambda x: a * x, anything)


ADD = Rule(backprop.AddNode, np.add, one_shape, 2)
DOT = Rule(backprop.DotNode, np.dot, lambda x, v: x.ndim == 1 and one_shape(x, v), 2)
MVMUL = Rule(backprop.MVMulNode, np.dot, lambda M, v: M.ndim == 2 and M.shape[1:] == v.shape, 2)
RULES = [
    ADD,
    DOT,
    MVMUL,
    Rule(backprop.MulNode, np.multiply, one_shape, 2),
    Rule(backprop.ReluNode, lambda x: x * (x.real > 0), anything),
    Rule(backprop.LogNode, np.log, lambda x: scalar(x) and x > 0.1),
    Rule(backprop.SigmoidNode, lambda x: 1 / (1 + np.exp(-x)), scalar),
    *map(times, (-3, 0, 0.5)),
    *map(power, (-2, -1, 0, 0.5, 1, 2, 3)),
]


class Graph(NamedTuple):
    inputs: list  # their values
    steps: list  # a rule and the numbers of its operands, for each node after the inputs
    outputs: list  # numbers of the nodes at which a backward pass begins once they are made


@st.composite
def graphs(draw):
    """Any operands fit for a rule, once, twice or never used; in the end the sum of all nodes."""
    values = [draw(arrays(float, s, elements=eighths(-2, 2)))[()] for s in SHAPES]
    steps = []

    def step(rule, *operands):
        steps.append((rule, operands))
        values.append(rule.formula(*(values[i] for i in operands)))
        return len(values) - 1

    for _ in range(draw(st.integers(1, 10))):
        # of moderate values, that slopes and rounding stay moderate too
        moderate = [i for i, value in enumerate(values) if np.abs(value).max() < 10]
        fitting = {
            rule: [
                operands
                for operands in itertools.product(moderate, repeat=rule.operands)
                if rule.fits(*(values[i] for i in operands))
            ]
            for rule in RULES
        }
        rule = draw(st.sampled_from([rule for rule in RULES if fitting[rule]]))
        step(rule, *draw(st.sampled_from(fitting[rule])))
    outputs = [i for i, value in enumerate(values) if scalar(value) and i >= len(SHAPES)]
    outputs = draw(st.lists(st.sampled_from(outputs), unique=True).map(sorted)) if outputs else []
    total = 0
    for i in range(len(values)):
        if values[i].ndim == 2:
            i = step(MVMUL, i, THREE)
        if values[i].ndim == 1:
            i = step(DOT, i, TWO if len(values[i]) == 2 else THREE)
        total = step(ADD, total, i)
    return Graph(values[: len(SHAPES)], steps, [*outputs, total])


SHAPES = [(), (), (2,), (3,), (2, 3)]
TWO, THREE = 2, 3  # the vectors among them


def evaluate(inputs, steps):
    """The values of all nodes, in numpy alone."""
    values = list(inputs)
    for rule, operands in steps:
        values.append(rule.formula(*(values[i] for i in operands)))
    return values


def slopes(inputs, steps):
    """The derivatives of all nodes' values, for each number in each input.

    For an analytic f, Im f(x + ih) / h is f'(x) up to O(h²): nothing cancels, so h may be so small
    that h² is nothing beside 1. Where ReLU bends, at 0, it takes the left side's slope, as we do.
    """
    h = 1e-30
    for i, x in enumerate(inputs):
        for index in np.ndindex(x.shape):
            moved = np.array(x, dtype=complex)
            moved[index] += h * 1j
            yield [y.imag / h for y in evaluate([*inputs[:i], moved[()], *inputs[i + 1 :]], steps)]


@given(graphs())
def test_any_graph_has_the_gradient_of_its_function(graph):
    inputs, steps, outputs = graph
    values, derivatives = evaluate(inputs, steps), list(slopes(inputs, steps))
    topo_order = []
    nodes = [backprop.InputNode(x, topo_order) for x in inputs]
    for rule, operands in steps:
        nodes.append(rule.make(*(nodes[i] for i in operands)))
        number = len(nodes) - 1
        # sums of some ten products of numbers below 1e3
        np.testing.assert_allclose(nodes[-1].value, values[number], rtol=1e-12, atol=1e-12)
        if number in outputs:
            nodes[-1].compute_grad()
            gradient = np.concatenate([np.ravel(node.grad) for node in nodes[: len(inputs)]])
            expected = np.array([at[number] for at in derivatives])
            # each number is a sum along paths, whose parts may cancel: rounding is measured by
            # the largest slopes on the way
            largest = max(np.abs(node.grad).max() for node in nodes)
            np.testing.assert_allclose(gradient, expected, rtol=1e-9, atol=1e-9 * largest)
    assert topo_order == nodes


def test_every_class_of_nodes_has_a_rule():
    made = {getattr(rule.make, "func", rule.make) for rule in RULES}
    classes = {each for each in vars(backprop).values() if isinstance(each, type)}
    nodes = {each for each in classes if issubclass(each, backprop.Node)}
    assert made == nodes - {backprop.Node, backprop.InputNode}


# ---- k-means -------------------------------------------------------------------------------------


@st.composite
def clusterings(draw):
    """Points, centroids to start from, and how often each point occurs."""
    n, d, k = draw(st.integers(1, 10)), draw(st.integers(1, 3)), draw(st.integers(1, 4))
    points = arrays(float, (n, d), elements=st.integers(-30, 30))
    starts = arrays(float, (k, d), elements=st.integers(-30, 30))
    return draw(points), draw(starts), draw(arrays(int, n, elements=st.integers(1, 4)))


def squares(X, centroids):
    """The squared distances of points from centroids, shape (n, k)."""
    return ((X[:, np.newaxis] - centroids) ** 2).sum(axis=2)


def is_decided(X, history):
    """Whether each point always had one nearest centroid, so that rounding decides nothing."""
    # the squares are below 1e4, and so known to 1e-11
    nearest_two = (np.sort(squares(X, result.centroids), axis=1)[:, :2] for result in history)
    return all((np.diff(two) > 1e-9).all() for two in nearest_two)


@given(clusterings())
def test_each_step_of_k_means_is_its_definition_and_the_loss_never_rises(case):
    X, starts, weights = case
    history = list(quick_kmeans.iterate(X, starts, weights))
    np.testing.assert_array_equal(history[0].centroids, starts)
    for z, mu, loss in history:
        distances = squares(X, mu)
        own = distances[np.arange(len(X)), z]
        assert (own <= distances.min(axis=1) + 1e-9).all()  # see is_decided
        # sums of thirty squares
        np.testing.assert_allclose(loss, own @ weights, rtol=1e-12, atol=1e-12)
    for before, after in itertools.pairwise(history):
        assert after.loss <= before.loss * (1 + 1e-12)
        for c in range(len(starts)):
            mine = before.assignments == c
            mean = np.average(X[mine], 0, weights[mine]) if mine.any() else before.centroids[c]
            # numbers below 30, and some dozen additions of such
            np.testing.assert_allclose(after.centroids[c], mean, rtol=0, atol=1e-11)
    partitions = [result.assignments.tolist() for result in history]
    assert partitions[-1] == partitions[-2]
    assert all(one != other for one, other in itertools.pairwise(partitions[:-1]))


@given(clusterings(), st.randoms(use_true_random=False))
def test_order_of_points_and_centroids_only_renames_clusters(case, random):
    X, starts, weights = case
    history = list(quick_kmeans.iterate(X, starts, weights))
    assume(is_decided(X, history))
    rows, order = (random.sample(range(len(each)), len(each)) for each in (X, starts))
    shuffled = list(quick_kmeans.iterate(X[rows], starts[order], weights[rows]))
    for one, other in zip(history, shuffled, strict=True):
        np.testing.assert_array_equal(one.assignments[rows], np.take(order, other.assignments))
        # order of a few dozen additions
        np.testing.assert_allclose(one.centroids[order], other.centroids, rtol=0, atol=1e-11)
        np.testing.assert_allclose(one.loss, other.loss, rtol=1e-12, atol=1e-12)


@given(clusterings())
def test_weights_of_points_are_repetition(case):
    X, starts, weights = case
    history = list(quick_kmeans.iterate(X, starts, weights))
    assume(is_decided(X, history))
    repeated = list(kmeans.iterate(np.repeat(X, weights, axis=0), starts))
    for one, other in zip(history, repeated, strict=True):
        np.testing.assert_array_equal(np.repeat(one.assignments, weights), other.assignments)
        # order of a few dozen additions
        np.testing.assert_allclose(one.centroids, other.centroids, rtol=0, atol=1e-11)
        np.testing.assert_allclose(one.loss, other.loss, rtol=1e-12, atol=1e-12)


@given(clusterings())
def test_of_equally_near_centroids_the_first_is_taken(case):
    X, starts, _ = case
    # between whole numbers nothing is rounded
    np.testing.assert_array_equal(kmeans.assign(X, starts), squares(X, starts).argmin(axis=1))


@given(st.data(), st.integers(-140, 140))
def test_a_nearest_centroid_is_found_at_any_size(data, exponent):
    d, k = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 4))
    centroids = data.draw(arrays(float, (k, d), elements=st.floats(-1, 1)))
    # points near the middle between two of them, where float32 cannot tell
    c = st.integers(0, k - 1)
    places = data.draw(st.lists(st.tuples(c, c, st.integers(1, 12)), min_size=1, max_size=10))
    X = np.array(
        [
            (0.5 + 10.0**-digits) * centroids[near] + (0.5 - 10.0**-digits) * centroids[far]
            for near, far, digits in places
        ]
    )
    z = kmeans.assign(X * 10.0**exponent, centroids * 10.0**exponent)
    distances = squares(X, centroids)
    # what is compared is a sum of at most six products of numbers up to 2: some dozen units in
    # the last place of 4 each
    assert (distances[np.arange(len(X)), z] <= distances.min(axis=1) + 1e-13).all()


# ---- EM ------------------------------------------------------------------------------------------


@st.composite
def mixtures(draw):
    """Examples and how often each occurs, π, W with zeros and ones, and α."""
    n, d, k = draw(st.integers(1, 8)), draw(st.integers(1, 4)), draw(st.integers(1, 3))
    X = draw(arrays(int, (n, d), elements=st.integers(0, 1)))
    weights = draw(arrays(int, n, elements=st.integers(0, 3)).filter(np.any))
    pi = draw(arrays(float, k, elements=st.integers(0, 8)).filter(np.any))
    W = draw(arrays(float, (k, d), elements=eighths(0, 1)))
    return X, pi / pi.sum(), W, weights, draw(st.sampled_from([1, 1.5]))


def joint_probabilities(X, pi, W):
    """P(X_i = x_i, Z_i = c) as plain products, shape (n, k)."""
    return pi * np.where(X[:, np.newaxis] == 1, W, 1 - W).prod(axis=2)


def steps(X, pi, W, weights, alpha, count=6, module=em):
    return list(itertools.islice(module.iterate(X, pi, W, weights, alpha), count))


def log(x):
    return math.log(x) if x > 0 else -math.inf


@given(mixtures())
def test_the_e_step_is_bayes_rule_and_the_likelihood_a_product(case):
    X, pi, W, weights, _ = case
    joint = joint_probabilities(X, pi, W)
    for row, r in zip(joint, em.e_step(X, pi, W), strict=True):
        # four factors, and their logarithms
        np.testing.assert_allclose(r, row / row.sum() if row.any() else pi, rtol=1e-12)
    product = sum(w * log(p) for w, p in zip(weights, joint.sum(axis=1)) if w)
    # logarithms of roundings: absolute, since the sum may be near 0
    np.testing.assert_allclose(em.log_likelihood(X, pi, W, weights), product, atol=1e-12)


@given(mixtures())
def test_em_never_lowers_the_log_likelihood(case):
    X, _, _, weights, alpha = case
    iterations = steps(*case)
    for pi, W, r, _ in iterations:
        assert min(pi.min(), W.min(), r.min()) >= 0 and W.max() <= 1
        # three numbers, each rounded a few times
        np.testing.assert_allclose([pi.sum(), *r.sum(axis=1)], 1, rtol=1e-12)
    for before, after in itertools.pairwise(iterations):
        N = weights @ before.responsibilities
        ones = (weights * X.T) @ before.responsibilities
        np.testing.assert_allclose(after.pi, N / weights.sum(), rtol=1e-12)
        # a cluster with nothing in it has 1/2
        total = np.where(N + alpha > 1, N + 2 * (alpha - 1), 2)
        W = np.where(N + alpha > 1, ones + alpha - 1, 1) / total
        np.testing.assert_allclose(after.W, W.T, rtol=1e-12, atol=1e-12)
        # a sum of some twenty logarithms
        assert after.log_likelihood >= before.log_likelihood - 1e-12 * weights.sum()


@given(mixtures(), st.randoms(use_true_random=False), st.booleans())
def test_orders_and_the_names_of_clusters_and_bits_do_not_matter(case, random, swap):
    X, pi, W, weights, alpha = case
    rows, entries, order = (random.sample(range(size), size) for size in (*X.shape, len(pi)))
    other = X[rows][:, entries], pi[order], W[order][:, entries], weights[rows], alpha
    if swap:
        other = 1 - other[0], other[1], 1 - other[2], *other[3:]
    for one, two in zip(steps(*case), steps(*other), strict=True):
        expected = one.W[order][:, entries]
        # roundings, which a step may double where clusters are alike
        same = partial(np.testing.assert_allclose, rtol=0, atol=1e-9)
        same(two.W, 1 - expected if swap else expected)
        same(two.pi, one.pi[order])
        # Where W is 1, it may be a bit less. This makes examples possible that are not; but a
        # cluster has such a W for lack of them, so their weight is 0.
        present = weights[rows] > 0
        r = one.responsibilities[rows][:, order]
        same(two.responsibilities[present], r[present])
        same(two.log_likelihood, one.log_likelihood)


@given(mixtures())
def test_weights_of_examples_are_repetition(case):
    X, pi, W, weights, alpha = case
    repeated = np.repeat(X, weights, axis=0), pi, W, None, alpha
    for one, two in zip(steps(*case), steps(*repeated), strict=True):
        same = partial(np.testing.assert_allclose, rtol=0, atol=1e-9)  # as above
        same(two.W, one.W)
        same(two.pi, one.pi)
        same(two.responsibilities, np.repeat(one.responsibilities, weights, axis=0))
        same(two.log_likelihood, one.log_likelihood)


# ---- quick code is equal to the code that is read ------------------------------------------------


@given(graphs(), st.integers(1, 3))
def test_quick_steps_of_descent_are_those_of_the_nodes(graph, trained):
    inputs, rules, _ = graph
    # the last of the inputs are data: numbers that stay as they are
    start, data = inputs[:trained], inputs[trained:]

    def loss_fn(*params):
        topo_order = []
        nodes = [backprop.InputNode(x, topo_order) for x in (*params, *data)]
        for rule, operands in rules:
            nodes.append(rule.make(*(nodes[i] for i in operands)))
        return nodes[:trained], nodes[-1]

    params, expected = list(start), list(start)
    # steps so short that no value leaves where its rules can be made
    history = quick_backprop.replayed(loss_fn, params, 1e-9, 2)
    assert history is not None
    losses = backprop.gradient_descent(loss_fn, expected, 1e-9, 2)
    nodes, loss = loss_fn(*start)
    loss.compute_grad()
    # each number is a sum, whose parts may cancel: rounding is measured by the largest on the way
    slope = max(np.abs(node.grad).max() for node in loss.topo_order)
    value = max(np.abs(node.value).max() for node in loss.topo_order)
    np.testing.assert_allclose(history, losses, rtol=1e-12, atol=1e-12 * value)
    for one, other in zip(params, expected):
        np.testing.assert_allclose(one, other, rtol=1e-15, atol=1e-17 * slope)
    replay = quick_backprop.Replay(nodes, loss)
    replay.descend(1e-300, 1)  # a step that moves nothing, after which its gradients can be read
    for group, node in zip(replay.param_groups, nodes):
        np.testing.assert_allclose(group.grad[0], node.grad, rtol=1e-9, atol=1e-9 * slope)


@given(clusterings())
def test_quick_k_means_takes_the_same_steps(case):
    X, starts, weights = case
    repeated = np.repeat(X, weights, axis=0)
    # whole numbers: sums are exact, so the two agree to the last bit, and in every tie
    for one, other, weighted in zip(
        kmeans.iterate(repeated, starts),
        quick_kmeans.iterate(repeated, starts),
        quick_kmeans.iterate(X, starts, weights),
        strict=True,
    ):
        np.testing.assert_array_equal(other.assignments, np.repeat(weighted.assignments, weights))
        np.testing.assert_array_equal(other.centroids, weighted.centroids)
        np.testing.assert_array_equal(one.assignments, other.assignments)
        np.testing.assert_array_equal(one.centroids, other.centroids)
        np.testing.assert_allclose(one.loss, other.loss, rtol=1e-12, atol=1e-12)  # thirty squares


@given(st.data(), st.integers(-140, 140), st.sampled_from([0, 1, 1e3, 1e8]))
def test_quick_assign_decides_as_assign_does(data, exponent, far):
    n, d, k = (data.draw(st.integers(1, most)) for most in (10, 9, 5))
    near = st.floats(-1, 1) | st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0])
    centroids = data.draw(arrays(float, (k, d), elements=near)) + far
    X = data.draw(arrays(float, (n, d), elements=near)) + far
    # points halfway between two centroids too, where the last bit decides
    c = st.integers(0, k - 1)
    pairs = data.draw(st.lists(st.tuples(c, c), max_size=5))
    X = np.concatenate([X, *[[(centroids[a] + centroids[b]) / 2] for a, b in pairs]])
    X, centroids = X * 10.0**exponent, centroids * 10.0**exponent
    np.testing.assert_array_equal(kmeans.assign(X, centroids), quick_kmeans.assign(X, centroids))


@given(clusterings(), st.sampled_from([0.1, 1e-9, 3e7]))
def test_quick_k_means_ends_at_the_same_clusters(case, scale):
    X, starts, _ = case
    assume(is_decided(X, list(kmeans.iterate(X, starts))))
    X, starts = X * scale, starts * scale  # no longer whole numbers: sums are rounded
    history = list(kmeans.iterate(X, starts))
    # a few dozen additions of numbers below 30
    close = partial(np.testing.assert_allclose, rtol=1e-12, atol=1e-12 * 30 * scale)
    for one, other in zip(history, quick_kmeans.iterate(X, starts), strict=True):
        np.testing.assert_array_equal(one.assignments, other.assignments)
        close(one.centroids, other.centroids)
        close(np.sqrt(one.loss), np.sqrt(other.loss))
    z = history[-1].assignments
    close(*(each.update(X, z, starts) for each in (kmeans, quick_kmeans)))
    both = [each.reconstruction_error(X, z, starts) for each in (kmeans, quick_kmeans)]
    np.testing.assert_allclose(*both, rtol=1e-12)


@given(clusterings(), st.integers(0, 99), st.sampled_from(["random", "k-means++"]))
def test_quick_starts_and_restarts_are_the_same(case, seed, init):
    X, starts, _ = case
    k = min(len(starts), len(X))
    draws = [each.initial_centroids(X, k, seed, init) for each in (kmeans, quick_kmeans)]
    np.testing.assert_array_equal(*draws)
    ends = [each.kmeans(X, k, seed, 3, init) for each in (kmeans, quick_kmeans)]
    # whole numbers: the same runs; of two that end equally low, rounding may choose
    np.testing.assert_allclose(ends[0].loss, ends[1].loss, rtol=1e-12, atol=1e-12)


@given(mixtures())
def test_quick_em_takes_the_same_steps(case):
    X, pi, W, weights, alpha = case
    for one, other in zip(steps(*case), steps(*case, module=quick_em), strict=True):
        for this, that in zip(one, other):
            # roundings, which a step may double where clusters are alike
            np.testing.assert_allclose(this, that, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(em.e_step(X, pi, W), quick_em.e_step(X, pi, W), rtol=1e-12)
    r = em.e_step(X, pi, W)
    for one, other in zip(em.m_step(X, r, weights, alpha), quick_em.m_step(X, r, weights, alpha)):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-15)
    for name, more in {"log_likelihood": (), "expected_complete_log_likelihood": (r,)}.items():
        both = [getattr(each, name)(X, *more, pi, W, weights) for each in (em, quick_em)]
        np.testing.assert_allclose(*both, rtol=1e-12, atol=1e-12)
    both = [each.initial_parameters(X, 2, 0, weights)[1] for each in (em, quick_em)]
    np.testing.assert_allclose(*both, rtol=1e-14)


# ---- explorers -----------------------------------------------------------------------------------

# What HTML, JSON or a script takes for its own, and any characters but those that HTML has not.
TEXT = st.lists(
    st.sampled_from(["</script>", "<!--", "&lt;", '"', "'", "\\n", "\u2028", " "])
    | st.characters(exclude_categories=["C"])
).map("".join)
VALUES = st.lists(
    st.integers() | st.floats(allow_nan=False) | TEXT, min_size=1, max_size=3, unique=True
)


@given(st.dictionaries(st.sampled_from(["k", "step", "learning_rate"]), VALUES), TEXT, st.data())
def test_each_position_of_the_sliders_has_its_frame_in_both_lives(axes, words, data):
    def compute(**values):
        at = [axes[axis].index(value) for axis, value in values.items()]
        return {"at": at, words: 1}, f"{at} {words}"

    start = {axis: data.draw(st.sampled_from(values)) for axis, values in axes.items()}
    explorer = Explorer("any", compute, "mixture", start, **axes)  # a view that needs no numbers
    positions = list(itertools.product(*axes.values()))

    page = BeautifulSoup(explorer.to_html(), "html.parser")
    begin, *more = [json.loads(script.string) for script in page.find_all("script")]
    assert (begin["shared"] | begin["state"]) == compute(**start)[0] and begin["values"] == start
    for axis, values in axes.items():
        control, at = page.find(id=f"any-{axis}"), values.index(start[axis])
        labels = json.loads(control["data-values"])
        assert labels == [label(value) for value in values]
        if control.name == "fieldset":
            radios = control.find_all("input")
            assert [each["value"] for each in radios] == labels
            assert [each.has_attr("checked") for each in radios].index(True) == at
            continue
        assert (int(control["value"]), int(control["max"])) == (at, len(values) - 1)
        assert control["aria-valuetext"] == control.find_next("output").text == labels[at]
    if axes:
        frames = []
        for frame in more[0]["frames"]:
            frames.append(frame or frames[-1])  # 0: as the one before it
        shown = [(begin["shared"] | more[0]["states"][i], caption) for i, caption in frames]
        assert shown == [compute(**dict(zip(axes, values))) for values in positions]

    *controls, view = explorer.children
    controls = [each for each in controls if not isinstance(each, widgets.Play)]
    assert [control.value for control in controls] == list(start.values())
    values = data.draw(st.sampled_from(positions))
    for control, value in zip(controls, values):
        control.value = value
    assert (view.state, view.caption) == compute(**dict(zip(axes, values)))
