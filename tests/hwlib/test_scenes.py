"""Scenes: the views work out what Python computes, and what Python computes is hwlib's."""

import base64
import io
import itertools
import json
import random
import re
from functools import cache, partial

import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from hwlib import backprop, datasets, kmeans, views
from hwlib import binary_em as em
from hwlib.compression import compress_image, rgb_pixels
from hwlib.explorer import Explorer, typeset
from hwlib.picture_files import read_picture
from hwlib.scenes import backprop as nets
from hwlib.scenes import binary_em as mixtures
from hwlib.scenes import kmeans as clusters
from hwlib.scenes import seen

X = datasets.plane_points()


@pytest.fixture(scope="module")
def run():
    """A function that evaluates JavaScript with all views at hand."""
    with views.running() as evaluate:
        yield evaluate


def steps():
    return Explorer(
        "steps", clusters.steps(X), view="plane", k=range(1, 11), seed=range(10), step=range(42)
    )


def logreg():
    axes = {"dataset": ["simple", "XOR"], "learning_rate": nets.RATES, "step": nets.STEPS}
    return Explorer("logreg", nets.logistic_regression, view="training", **axes)


def network():
    axes = {"learning_rate": nets.NETWORK_RATES, "step": nets.NETWORK_STEPS}
    return Explorer("network", nets.network, view="training", **axes)


def graph():
    formulas = list(nets.FORMULAS)
    return Explorer("graph", nets.graph, view="graph", formula=formulas, step=range(1, 36))


def ends():
    axes = {"k": range(1, 11), "seed": range(10), "init": clusters.STARTS}
    return Explorer("ends", clusters.ends(X), view="choosing", **axes)


def tosses():
    return np.random.RandomState(5).binomial(1, 0.6, size=(30, 6))


def bound():
    axes = {"begin": [0.2, 0.55], "step": range(10)}
    return Explorer("bound", mixtures.bound(tosses()), view="bound", **axes)


PICTURES = datasets.binary_digits(120)
STARTS = {k: em.initial_parameters(PICTURES.X, k, 3)[1].round(2) for k in (2, 5)}


def digits():
    axes = {"k": list(STARTS), "assignments": ["soft", "hard"], "step": range(31)}
    return Explorer("digits", mixtures.digits(PICTURES, STARTS), view="digits", **axes)


RATINGS = datasets.pathologists()
PUBLISHED = {2: "-317.2568", 3: "-293.705"}


@cache
def fit(k, seed=0):
    return em.fit(RATINGS.X, k, seed, weights=RATINGS.counts, tol=1e-11)


def ratings():
    compute = mixtures.ratings(RATINGS, {k: fit(k) for k in (1, 2, 3)}, PUBLISHED)
    return Explorer("ratings", compute, view="ratings", k=[1, 2, 3])


def labels():
    compute = mixtures.labels(RATINGS, {seed: fit(3, seed) for seed in range(5)})
    return Explorer("labels", compute, view="ratings", seed=range(5))


def weights():
    return Explorer("weights", mixtures.weighted_mean(10), view="weights", ones=range(11))


GENOMES = datasets.simulated_genomes(n=20, d=100, rng=1)


def sites():
    counts = [1, 5, 20, 100]
    return Explorer("sites", mixtures.sites(GENOMES, counts), view="genomes", sites=counts)


def snps():
    pairs = [*itertools.product((0.1, 0.3), (10, 100))]
    second = {pair: np.linspace(0, pair[0], 20) for pair in pairs}
    found, ceiling = {pair: pair[0] * pair[1] / 30 for pair in pairs}, dict.fromkeys(pairs, 0.95)
    compute = mixtures.snps(GENOMES.labels, second, found, ceiling)
    return Explorer("snps", compute, view="genomes", F_ST=[0.1, 0.3], sites=[10, 100])


def activation():
    axes = {"function": nets.ACTIVATIONS, "x": range(-8, 9)}
    return Explorer("activation", nets.activation, view="activation", **axes)


def descent():
    axes = {"learning_rate": nets.SLOPE_RATES, "step": [*range(11), 20, 30, 50]}
    return Explorer("descent", nets.descent, view="descent", **axes)


def photograph():
    picture = datasets.photograph()
    compute = clusters.photograph(picture, {k: compress_image(picture, k) for k in (2, 8)})
    return Explorer("photo", compute, view="photograph", start={"k": 8}, k=[2, 8])


def bowl():
    compute = partial(nets.descent, examples=backprop.XOR_DATASET, start=[2, -1])
    axes = {"learning_rate": [0.3, 1.0, 2.0, 3.0], "step": [*range(11), 20, 50]}
    return Explorer("bowl", compute, view="descent", **axes)


ALL = [steps, logreg, network, graph, ends, bound, digits, ratings, labels, weights]
ALL += [activation, descent, photograph, bowl]


def test_the_graph_of_the_mixture_names_what_its_view_draws():
    state, caption = mixtures.mixture()
    assert state == {} and {"Zᵢ", "Xᵢⱼ", "π", "W"} <= set(re.findall(r"[ZXWπ][ᵢⱼ]*", caption))
    texts = views.module("mixture")
    assert all(f'"{name}"' in texts for name in ("π", "W"))


def test_halves_go_up_whatever_the_last_bit():
    for half in (0.5, 2.5, 1234.5):
        for near in (half, np.nextafter(half, 0), np.nextafter(half, 9999)):
            assert seen(near, 0) == half + 0.5
    assert seen([[-0.0, 0.004], [1.0, 2.0]], 2) == [[0.0, 0.0], [1.0, 2.0]]
    assert str(seen(-0.001, 2)) == "0.0"


@pytest.mark.parametrize("text", ["F_ST = 0.1", "W_{21} < a_b_c & Z_i", "log_likelihood", "x_1"])
def test_captions_are_set_alike_in_both_languages(run, text):
    trees = f"kit.typeset({json.dumps(text)}).map(kit.markup).join('')"
    assert run(trees).replace("&#60;", "&lt;").replace("&#38;", "&amp;") == typeset(text)


@pytest.mark.parametrize("x", [0, -0.004, 2.5, 1234.565, 99999.995, -8.5])
def test_numbers_are_rounded_alike_in_both_languages(run, x):
    assert run(f"kit.rounded({x}, 2)") == seen(x, 2)
    assert run(f"kit.fixed({x}, 2)") == f"{seen(x, 2):,.2f}".replace("-", "−")


@pytest.mark.parametrize("make", ALL)
def test_a_scene_is_small_and_its_start_a_picture(make):
    page = make().to_html()
    assert len(page.encode()) < 250_000
    assert page.count("</svg>") >= 1 and "NaN" not in page and "undefined" not in page


# ---- k-means --------------------------------------------------------------------------------


def test_the_view_runs_k_means_as_hwlib_does(run):
    # from each start at each k, step by step: losses and how many points moved
    scene = steps()
    for k, seed in itertools.product(range(1, 11), range(10)):
        state, _ = scene.frame(k=k, seed=seed)
        said = run(f"""(() => {{
            const {{ points, starts }} = {json.dumps(state)};
            const {{ run, caption }} = explorerViews.plane;
            const steps = run(points, starts[{seed}].map((row) => points[row]));
            return steps.map((_, t) => caption(steps, t, {{ k: {k}, seed: {seed} }}));
        }})()""")
        assert said == [scene.frame(k=k, seed=seed, step=t)[1] for t in range(len(said))]
        assert scene.frame(k=k, seed=seed, step=41)[1] == said[-1]


def test_starts_are_those_of_the_homework():
    state, _ = steps().frame(k=4, seed=3)
    rows = np.random.RandomState(3).choice(np.arange(500), 4, replace=False)
    assert state["starts"][3] == rows.tolist()
    assert np.allclose(np.array(state["points"])[rows], kmeans.initial_centroids(X, 4, rng=3))


def test_points_of_the_readers_own_are_clustered_as_the_books_are(run):
    # decimal commas and tiny numbers: places and losses keep their digits
    rng = np.random.RandomState(0)
    own = rng.normal(size=(40, 2)) * 1e-3
    text = "x;y\n" + "\n".join(f"{x:.7f};{y:.7f}".replace(".", ",") for x, y in own)
    compute = clusters.steps(X)
    state, first = compute(3, 2, 0, file=("mine.csv", text.encode()))
    assert state["about"].startswith("mine.csv: 40 points. Its columns are separated by semi")
    assert state["about"].endswith("x, y. The file stays on this device.")
    np.testing.assert_allclose(state["points"], own, atol=1e-7)  # a ten-thousandth of 0.005
    said = run(f"""(() => {{
        const {{ points, starts, digits }} = {json.dumps(state)};
        const {{ run, caption }} = explorerViews.plane;
        const steps = run(points, starts[2].map((row) => points[row]));
        return steps.map((_, t) => caption(steps, t, {{ k: 3, seed: 2 }}, false, digits));
    }})()""")
    file = ("mine.csv", text.encode())
    assert said == [compute(3, 2, t, file=file)[1] for t in range(len(said))]
    assert said[0] == first and "loss 0.0000" in first and "Converged" in said[-1]
    loss = kmeans.kmeans(np.array(state["points"]), 3, rng=2).loss
    assert f"loss {loss:.{state['digits']}f}." in said[-1]
    assert compute(3, 2, 0)[0]["points"] != state["points"]  # without a file, the book's


def test_many_points_are_thinned_and_it_is_said():
    text = "\n".join(f"{i}\t{i % 7}" for i in range(4001))
    state, _ = clusters.steps(X)(2, 0, 0, file=("many.tsv", text.encode()))
    assert len(state["points"]) == 1334 and state["points"][1] == [3.0, 3.0]
    assert state["about"].startswith("many.tsv: 1,334 of 4,001 points, evenly chosen.")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"1\t2\n3\tx\n", "a.tsv: line 2, column 3: 'x' is not a number"),
        (b"1\t2\t3\n", "a.tsv: it has 3 columns; expected 2, x and y"),
        (b"1\n2\n", "a.tsv: it has 1 column; expected 2, x and y"),
        (b"", "a.tsv: it is empty; expected a point on each line"),
        (b"1\t2\n3\t4\n", "k is 3; expected an integer from 1 to 2"),
    ],
)
def test_what_is_no_table_of_points_is_refused(content, message):
    with pytest.raises(ValueError) as caught:
        clusters.steps(X)(3, 0, 0, file=("a.tsv", content))
    assert str(caught.value) == message


@pytest.mark.parametrize("seed", range(5))
def test_the_view_clusters_any_points(run, seed):
    # ties, equal points, clusters that run empty
    rng = np.random.RandomState(seed)
    points = rng.randint(0, 4, size=(20, 2)).astype(float)
    start = rng.randint(0, 6, size=(5, 2)).astype(float)
    found = run(f"explorerViews.plane.run({points.tolist()}, {start.tolist()})")
    for step, result in zip(found, kmeans.iterate(points, start), strict=True):
        assert step["z"] == result.assignments.tolist()
        np.testing.assert_allclose(step["centroids"], result.centroids, atol=1e-12)
        assert step["loss"] == pytest.approx(result.loss, abs=1e-9)  # sums of 20 small numbers


def test_ends_are_those_of_kmeans():
    scene = ends()
    for k, seed, init in [(2, 0, "random"), (4, 4, "random"), (7, 3, "k-means++")]:
        end = kmeans.kmeans(X, k, rng=seed, init=init)
        state, caption = scene.frame(k=k, seed=seed, init=init)
        assert state["losses"][init][seed][k - 1] == pytest.approx(end.loss, abs=0.005)
        assert f"loss {end.loss:,.2f}." in caption
        # three decimals of the centroids leave each point where it is
        z = kmeans.assign(np.array(state["points"]), np.array(state["centroids"]))
        assert (z == end.assignments).all()
    assert state["best"][1] == pytest.approx(4384.30, abs=0.01)


# ---- the photograph -------------------------------------------------------------------------


def array(values):
    return f"Uint8Array.from({np.ravel(values).tolist()})"


def test_a_photograph_in_k_colors_is_that_of_compress_image():
    picture, scene = datasets.photograph(), photograph()
    for k in (2, 8):
        compressed = compress_image(picture, k)
        state, caption = scene.frame(k=k)
        palette = np.reshape(compressed.image.getpalette(), (-1, 3)).tolist()
        counts = np.bincount(np.asarray(compressed.image).ravel())
        assert sorted(state["colors"]) == sorted(palette)
        assert state["shares"] == sorted(state["shares"], reverse=True)
        for each, share in zip(state["colors"], state["shares"]):
            assert share == pytest.approx(counts[palette.index(each)] / 135_000, abs=1e-5)
        off = np.sqrt(compressed.loss / (3 * 135_000))
        assert caption.startswith(f"k = {k}: loss {compressed.loss / 1e6:.1f} million,")
        assert f"typically off by {off:.0f} of 255 levels" in caption
    # how many bits a pixel takes is what task 2e asks
    assert not any("bit" in scene.frame(k=k)[1] for k in scene.axes["k"])


def test_the_photograph_is_shown_at_half_its_size(run):
    state, _ = photograph().frame()
    shown = np.frombuffer(base64.b64decode(state["photo"]), np.uint8).reshape(225, 150, 3)
    assert state["size"] == [150, 225]
    pixels = rgb_pixels(datasets.photograph()).astype(float)
    squares = [pixels[i::2, j::2] for i in (0, 1) for j in (0, 1)]
    assert np.abs(np.mean(squares, axis=0) - shown).max() <= 0.5
    assert run(f"explorerViews.photograph.decode({json.dumps(state['photo'])}).length") == 101_250


def palette(run, pixels, k, seed=1):
    made = run(
        f"(({{drawn, lloyd, palette}}, pixels) => "
        f"palette(pixels, lloyd(pixels, drawn(pixels, {k}, {seed}))))"
        f"(explorerViews.photograph, {array(pixels)})"
    )
    return made["colors"], made["shares"]


@pytest.mark.parametrize("seed", range(1, 6))
def test_ones_own_picture_of_few_colors_loses_nothing(run, seed):
    # as a drawing has them: one color nearly everywhere, and one in 16 of 14,000 pixels
    colors = [[255, 255, 255], [0, 0, 128], [200, 200, 200], [0, 128, 0], [255, 0, 0]]
    counts = [10_000, 2_000, 1_000, 984, 16]
    pixels = np.repeat(colors, counts, axis=0)
    for k in (5, 8, 64):
        assert palette(run, pixels, k, seed) == (colors, [count / 14_000 for count in counts])
    assert palette(run, pixels[:7], 4) == ([[255, 255, 255]], [1])


def test_ones_own_picture_starts_from_colors_far_apart(run):
    # 8 tight groups far apart, one of them 100 times as frequent: k-means++ sees each
    middles = np.array([[r, g, b] for r in (40, 200) for g in (40, 200) for b in (40, 200)])
    rng = np.random.RandomState(0)
    groups = np.append(np.zeros(7000, int), np.repeat(np.arange(1, 8), 70))
    pixels = middles[groups] + rng.randint(-3, 4, (len(groups), 3))
    found, _ = palette(run, pixels, 8)
    distances = np.abs(np.array(found)[:, np.newaxis] - middles).max(axis=2)
    assert distances.min(axis=0).max() <= 3


SENTENCES = [
    b"",
    b"%PDF-1.7\n...",
    b"%!PS-Adobe-3.0 EPSF-3.0",
    b"\xef\xbb\xbf<svg/>",
    b"<?xml version='1.0'?><!-- x --><svg/>",
    b"\n<!DOCTYPE html><title>x</title>",
    b"<html><body><svg/></body></html>",
]


@pytest.mark.parametrize("content", SENTENCES)
def test_what_is_no_picture_gets_pythons_sentence(run, content):
    with pytest.raises(ValueError) as caught:
        read_picture(content)
    assert run(f"explorerViews.photograph.named({array(list(content))})") == str(caught.value)


@pytest.mark.parametrize("brand", ["heic", "heix", "hevc", "heim", "heis", "hevm", "hevs", "mif1"])
def test_a_heic_photo_is_named(run, brand):
    content = b"\0\0\0\x18ftyp" + brand.encode() + bytes(20)
    said = run(f"explorerViews.photograph.named({array(list(content))})")
    assert said.startswith("it is a HEIC photo, which this browser cannot read. On a phone, share")
    said = run(f"explorerViews.photograph.named({array(list(b'text'))})")
    assert said.startswith("it is not a picture that this browser can read")


@pytest.mark.parametrize("n", range(8))
def test_bytes_come_back(run, n):
    content = bytes(255 - 31 * i for i in range(n))
    text = base64.b64encode(content).decode("ascii")
    assert run(f"[...explorerViews.photograph.decode({json.dumps(text)})]") == list(content)


@pytest.mark.parametrize(("width", "k"), [(1, 2), (3, 16), (5, 17), (4, 64), (3, None), (5, None)])
def test_a_bitmap_is_the_picture(run, width, k):
    rng = np.random.RandomState(0)
    colors = rng.randint(0, 256, size=(k or 2, 3))
    levels = rng.randint(0, k or 256, size=(4, width) if k else (4, width, 3))
    palette = json.dumps(colors.tolist()) if k else "null"
    source = run(f"explorerViews.photograph.bitmap([{width}, 4], {array(levels)}, {palette})")
    head, data = source.split(",")
    assert head == "data:image/bmp;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        np.testing.assert_array_equal(
            np.asarray(image.convert("RGB")), colors[levels] if k else levels
        )


@pytest.mark.parametrize("seed", range(5))
def test_the_view_clusters_colors_as_hwlib_does(run, seed):
    # few levels: ties, equal pixels, clusters that run empty
    rng = np.random.RandomState(seed)
    pixels, start = rng.randint(0, 4, size=(60, 3)), rng.randint(0, 6, size=(5, 3))
    colors = run(f"explorerViews.photograph.lloyd({array(pixels)}, {start.tolist()})")
    *_, end = kmeans.iterate(pixels, start)
    np.testing.assert_allclose(colors, end.centroids, atol=1e-12)  # sums of 60 whole numbers
    z = run(f"[...explorerViews.photograph.nearest({array(pixels)}, {json.dumps(colors)})]")
    assert z == kmeans.assign(pixels, colors).tolist()


# ---- hidden space ---------------------------------------------------------------------------


@pytest.mark.parametrize("step", [0, 40, 100, 500, 1000])
def test_two_hidden_units_tell_the_score_where_the_view_says_so(run, step):
    params = list(backprop.initial_neural_network())
    loss_fn = backprop.make_neural_network(backprop.XOR_DATASET)
    backprop.gradient_descent(loss_fn, params, 0.1, step)
    W, b, v, c = params
    X = np.array([x for x, _ in backprop.XOR_DATASET])
    examples = [[float(x[0]), float(x[1]), int(y)] for x, y in backprop.XOR_DATASET]
    given = json.dumps([np.asarray(each).tolist() for each in params])
    found = run(f"explorerViews.training.plane({given}, {examples})")
    hidden = np.maximum(X @ W.T + b, 0)
    np.testing.assert_allclose(found["at"], hidden[:, found["pair"]], atol=1e-12)
    scores = hidden @ v + c
    told = np.array(found["at"]) @ found["weights"] + c
    # the view calls it whole if each of the other units has less than a twentieth left to say
    assert found["whole"] == (step >= 40)
    if found["whole"]:
        assert np.abs(told - scores).max() < 0.05 * np.abs(scores).max()
    if step >= 500:  # one line separates what none does in the plane of the examples
        assert (np.sign(told) == [y for _, y in backprop.XOR_DATASET]).all()


# ---- graphs ---------------------------------------------------------------------------------


def test_steps_through_a_graph_are_those_of_the_nodes(run):
    for name, (formula, inputs, _) in nets.FORMULAS.items():
        said = run(f"""(() => {{
            const {{ parse, inner, backward, caption }} = explorerViews.graph;
            const nodes = parse({json.dumps(formula)}, {json.dumps(inputs)}), n = nodes.length;
            return [...Array(n + 1 + inner(nodes).length).keys()].map((i) => {{
                const fired = inner(nodes).slice(0, Math.max(0, i - n));
                const {{ grads, passed }} = backward(nodes, fired);
                const active = i < n ? i : i === n ? n - 1 : fired.at(-1);
                return caption(nodes, i + 1, grads, passed, active);
            }});
        }})()""")
        assert said == [nets.graph(name, step)[1] for step in range(1, len(said) + 1)]
        assert nets.graph(name, 99)[1] == said[-1]


def random_formula(rng, names, depth):
    """Return a formula as one types it, and its graph of hwlib's nodes as a function."""
    if depth == 0:
        name = rng.choice(names)
        return name, lambda nodes: nodes[name]
    kind = rng.choice(["+", "-", "*", "constant", "log", "sigmoid", "relu"])
    text, one = random_formula(rng, names, depth - 1)
    if kind in "+-*":
        more, other = random_formula(rng, names, rng.randrange(depth))
        if kind == "-":
            minus = lambda nodes: backprop.ConstantMulNode(other(nodes), -1)  # noqa: E731
            return f"({text} - ({more}))", lambda n: backprop.AddNode(one(n), minus(n))
        make = {"+": backprop.AddNode, "*": backprop.MulNode}[kind]
        return f"({text}) {kind} ({more})", lambda nodes: make(one(nodes), other(nodes))
    if kind == "constant":
        a = rng.choice([2, 0.5, 3])
        return f"{a}*({text})", lambda nodes: backprop.ConstantMulNode(one(nodes), a)
    node = {"log": backprop.LogNode, "sigmoid": backprop.SigmoidNode, "relu": backprop.ReluNode}
    # a logarithm of what is positive
    inside = "sigmoid" if kind == "log" else None
    if inside:
        return f"log(sigmoid({text}))", lambda n: backprop.LogNode(backprop.SigmoidNode(one(n)))
    return f"{kind}({text})", lambda nodes: node[kind](one(nodes))


@pytest.mark.parametrize("seed", range(60))
def test_any_formula_has_the_value_and_gradients_of_hwlib(run, seed):
    rng = random.Random(seed)
    values = {name: round(rng.uniform(-2, 2), 1) for name in "xyz"}
    text, build = random_formula(rng, list(values), rng.randrange(1, 4))
    order = []
    nodes = {name: backprop.InputNode(value, order) for name, value in values.items()}
    output = build(nodes)
    output.compute_grad()
    found = run(f"""(() => {{
        const {{ parse, inner, backward }} = explorerViews.graph;
        const nodes = parse({json.dumps(text)}, {json.dumps(values)});
        const {{ grads }} = backward(nodes, inner(nodes));
        const inputs = nodes.map((node, i) => [node.key, grads[i]]).filter(([key]) => key);
        return {{ value: nodes.at(-1).value, grads: Object.fromEntries(inputs) }};
    }})()""")
    assert found["value"] == pytest.approx(float(output.value), rel=1e-12, abs=1e-12), text
    for name, grad in found["grads"].items():
        assert grad == pytest.approx(float(nodes[name].grad), rel=1e-9, abs=1e-12), (text, name)


@pytest.mark.parametrize(
    ("formula", "sentence"),
    [
        ("", "Type a formula."),
        ("log(x", "A bracket is not closed."),
        ("x +", "The formula ends too soon."),
        ("x ! y", '"!" is not expected here.'),
        ("sin(x)", 'There is no function "sin"; there are log, sigmoid and relu.'),
        ("x @ 3", "@ takes two vectors, or a matrix and a vector."),
        ("M @ v", "The result is a vector. A gradient needs a number: end with a dot product"),
        ("log(v + w) @ v", "log takes a number here, not a vector."),
        ("v @ v + v", "have different shapes."),
        ("+".join("abcdefghijklmnopqrs"), "That is too large to draw: at most 14 nodes."),
        ("constructor(x)", 'There is no function "constructor"'),
        ("constructor*toString", "fine"),  # names like any others
    ],
)
def test_a_formula_that_is_none_gets_a_sentence(run, formula, sentence):
    given = {"v": [1, 2], "w": [3, 4]}
    said = run(f"""(() => {{
        try {{ explorerViews.graph.parse({json.dumps(formula)}, {json.dumps(given)}); }}
        catch (error) {{ return error.message; }}
        return "fine";
    }})()""")
    assert sentence in str(said)


def test_assigning_loses_a_gradient(run):
    # y = (x1 + x2) x2 at (2, 3): dy/dx2 = x1 + 2 x2 = 8; with = in place of +=, one part is lost
    grads = [
        run(f"""(() => {{
            const {{ parse, inner, backward }} = explorerViews.graph;
            const nodes = parse("(x1 + x2)*x2", {{ x1: 2, x2: 3 }});
            return backward(nodes, inner(nodes), {replace}).grads.slice(0, 2);
        }})()""")
        for replace in ("false", "true")
    ]
    assert grads == [[3, 8], [3, 3]]


# ---- training -------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [logreg, network])
def test_the_view_trains_as_hwlib_does(run, make):
    scene = make()
    for values in itertools.product(*scene.axes.values()):
        values = dict(zip(scene.axes, values))
        state, caption = scene.frame(**values)
        head = caption.partition(", step")[0]
        said = run(f"""(() => {{
            const {{ train, caption }} = explorerViews.training, state = {json.dumps(state)};
            const {{ model, examples, start }} = state, step = {values["step"]};
            const run = train(model, examples, start, {values["learning_rate"]}, step);
            return caption(model, {json.dumps(head)}, run, examples, step);
        }})()""")
        assert said == caption


def test_losses_of_the_homework():
    assert "loss 0.0138, 4 of 4" in nets.logistic_regression("simple", 1.0, 1000)[1]
    assert "loss 2.7726, P(y = +1 | x) = 1/2" in nets.logistic_regression("XOR", 1.0, 1000)[1]
    assert "loss 0.0186, 4 of 4" in nets.network(0.1, 1000)[1]
    assert "the run ended at step 1" in nets.network(300.0, 1000)[1]
    assert "Every hidden unit is off" in nets.network(1.0, 1000)[1]


def test_the_chapter_says_when_all_four_points_are_right():
    # the answer to the chapter's first question, and what it says of learning rate 0.7
    right = [step for step in nets.NETWORK_STEPS if "4 of 4" in nets.network(0.1, step)[1]]
    assert right == [70, 100, 200, 500, 1000]
    assert "3 of 4" in nets.network(0.1, 50)[1]
    units = [nets.network(0.7, step)[1].rpartition(". ")[2] for step in (20, 21)]
    assert units == [
        "Three hidden units are on for at least one example.",
        "Two hidden units are on for at least one example.",
    ]


@pytest.mark.parametrize(("rate", "step"), [(0.1, 0), (0.1, 1000), (0.7, 21), (1.0, 1000)])
def test_bars_in_the_network_are_what_its_units_answer(run, rate, step):
    state, _ = nets.network(rate, step)
    params = backprop.initial_neural_network()
    loss_fn = backprop.make_neural_network(backprop.XOR_DATASET)
    backprop.gradient_descent(loss_fn, params, rate, step)
    W, b, v, c = params
    points = np.array([x for x, _ in backprop.XOR_DATASET])
    hidden = np.maximum(W @ points.T + b[:, None], 0)
    chances = backprop.sigmoid(v @ hidden + c)
    alive = hidden.any(axis=1)
    full = max(1, hidden.max())  # the answer that a full bar stands for
    answers = np.concatenate([*(hidden[alive] / full), chances])

    values = {"learning_rate": rate, "step": step}
    picture = run(f"explorerViews.training.still({json.dumps(state)}, {json.dumps(values)}, 690)")
    soup = BeautifulSoup(picture, "html.parser").select_one("g.network")
    bars = [float(bar["width"]) for bar in soup.select("rect[height='7']")]
    np.testing.assert_allclose(bars, 38 * answers, atol=0.051)  # drawn to a tenth of a pixel
    dead = [text for text in soup.select("text") if text.get_text() == "dead"]
    assert len(dead) == 3 - alive.sum()


# ---- the bound ------------------------------------------------------------------------------


def test_the_view_climbs_the_bound_as_em_does(run):
    scene = bound()
    for begin, step in itertools.product(*scene.axes.values()):
        state, caption = scene.frame(begin=begin, step=step)
        counts = json.dumps(state["counts"])
        assert run(f"explorerViews.bound.caption({counts}, {begin}, {step})") == caption


def test_the_bound_is_below_and_touches(run):
    counts = np.bincount(tosses().sum(axis=1), minlength=7).tolist()
    for at, w in itertools.product(np.linspace(0.1, 0.9, 9), repeat=2):
        level, low = run(f"""(() => {{
            const {{ level, bound }} = explorerViews.bound.model({counts});
            const both = {{ level, bound }};
            return [both.level({w}), both.bound({w}, {at})];
        }})()""")
        assert low <= level + 1e-9
        assert (w != at) or low == pytest.approx(level, abs=1e-9)


# ---- EM on the digits -----------------------------------------------------------------------


def run_em(run, state, hard, get):
    """Run EM in the view from the start of a state, and get something of `X` and `steps`."""
    return run(f"""(() => {{
        const {{ bitsOf, run, judge, caption, arrange }} = explorerViews.digits;
        const state = {json.dumps(state)}, X = state.pictures.map(bitsOf), k = state.start.length;
        const W = state.start.map((row) => row.map((w) => w / 100));
        const steps = run(X, W.map(() => 1 / k), W, {json.dumps(hard)});
        return {get};
    }})()""")


@pytest.mark.parametrize(("k", "assignments"), [*itertools.product(STARTS, ["soft", "hard"])])
def test_the_view_does_em_as_hwlib_does(run, k, assignments):
    scene = digits()
    state, _ = scene.frame(k=k, assignments=assignments, step=0)
    assert run_em(run, state, False, "X") == PICTURES.X.tolist()
    hard = assignments == "hard"
    expected = mixtures.em_steps(PICTURES.X, STARTS[k], hard)
    found = run_em(run, state, hard, "steps.map(({ pi, W, r, level }) => [pi, W, r, level])")
    assert len(found) == len(expected) > 4
    for step, (pi, W, r, level) in zip(expected, found):
        # the same sums in another order: 1e-10 is far more than rounding, far less than is seen
        np.testing.assert_allclose(pi, step.pi, atol=1e-10)
        np.testing.assert_allclose(W, step.W, atol=1e-10)
        np.testing.assert_allclose(r, step.responsibilities, atol=1e-10)
        assert level == pytest.approx(step.log_likelihood, rel=1e-12)
    captions = run_em(
        run, state, hard, f"[...Array(31).keys()].map((t) => caption(steps, t, k, '{assignments}'))"
    )
    assert captions == [
        scene.frame(k=k, assignments=assignments, step=step)[1] for step in range(31)
    ]


def test_soft_steps_are_those_of_em_and_hard_ones_count_each_picture_once():
    W = STARTS[5]
    soft, hard = (mixtures.em_steps(PICTURES.X, W, each) for each in (False, True))
    for ours, step in zip(soft, em.iterate(PICTURES.X, np.full(5, 0.2), W)):
        np.testing.assert_array_equal(ours.W, step.W)
    assert set(np.concatenate([step.responsibilities.ravel() for step in hard])) == {0, 1}
    # cluster c is the mean of its pictures, as in k-means
    z = hard[3].responsibilities.argmax(axis=1)
    for c in set(z):
        np.testing.assert_allclose(hard[4].W[c], PICTURES.X[z == c].mean(axis=0), atol=1e-12)


def test_a_painted_picture_gets_the_responsibilities_of_an_e_step(run):
    painted = np.zeros(192, dtype=int)
    painted[[0, 40, 41, 52, 53, 64, 65, 76]] = 1  # the first where no picture has ink
    assert not PICTURES.X[:, 0].any()
    state, _ = digits().frame(k=5, assignments="soft", step=0)
    last = mixtures.em_steps(PICTURES.X, STARTS[5])[-1]
    expected = em.e_step([painted], last.pi, last.W.clip(0.01, 0.99))[0]
    found = run_em(run, state, False, f"judge({painted.tolist()}, steps.at(-1), false)")
    np.testing.assert_allclose(found, expected, atol=1e-9)
    assert np.abs(expected - last.pi).max() > 0.1  # an answer, where W alone gives the prior
    np.testing.assert_allclose(em.e_step([painted], last.pi, last.W)[0], last.pi)
    hard = run_em(run, state, False, f"judge({painted.tolist()}, steps.at(-1), true)")
    assert hard == np.eye(5)[expected.argmax()].tolist()


def test_a_picture_that_no_cluster_can_make_keeps_the_prior(run):
    X, pi, W = [[1, 0], [1, 1]], [0.25, 0.75], [[0, 0.5], [0, 0.5]]
    [first] = run(f"explorerViews.digits.run({X}, {pi}, {W}, false).slice(0, 1)")
    assert first["r"] == em.e_step(X, pi, W).tolist() == [[0.25, 0.75]] * 2
    assert first["level"] is None  # minus infinity, as JSON says it


def test_every_picture_has_a_place_of_its_own(run):
    state, _ = digits().frame(k=5, assignments="soft", step=0)
    for step in range(3):
        r, z, placed = run_em(
            run,
            state,
            False,
            f"[steps[{step}].r, steps[{step}].z, arrange(steps[{step}], 25, 5)]",
        )
        r, z = np.array(r), np.array(z)
        torn = np.sort(r, axis=1)[:, -2] >= 0.05
        assert step > 0 or torn.any()
        ghosts = [place for place, twice in zip(placed["ghost"], torn) if twice]
        places = [(x, y) for x, y, _ in placed["main"] + ghosts]
        assert len(set(places)) == len(places)
        tops = [*placed["tops"], placed["rows"]]
        for c, (x, y, _) in zip(z, placed["main"]):
            assert 0 <= x < 25 and tops[c] <= y < tops[c + 1]
        assert [strength for *_, strength in placed["main"]] == r.max(axis=1).tolist()
        assert all(strength == 0 for *_, strength in np.array(placed["ghost"])[~torn])


def test_random_starts_differ_from_row_to_row_and_from_seed_to_seed(run):
    start = f"explorerViews.digits.randomStart({PICTURES.X.tolist()}, 5, "
    one, again, other = (run(f"{start}{seed})") for seed in (1, 1, 2))
    assert one == again != other
    W, mean = np.array(one["W"]), PICTURES.X.mean(axis=0)
    rest = 4 * (W - mean / 2)  # an example, and noise in [0, 1)
    distances = [np.abs(rest - x - 0.5).max(axis=1) for x in PICTURES.X]
    assert np.all(np.min(distances, axis=0) <= 0.5)
    assert len({tuple(row) for row in one["W"]}) == 5 and one["pi"] == [0.2] * 5


# ---- one entry of W, and the pathologists -----------------------------------------------------


def test_the_top_is_where_the_m_step_puts_it(run):
    scene = weights()
    for ones in range(11):
        caption = scene.frame(ones=ones)[1]
        assert run(f"explorerViews.weights.caption(10, {ones})") == caption
    assert scene.frame(ones=3)[1].endswith("w = 3/10 = 0.3, where this part of the ECLL is −6.109.")
    assert scene.frame(ones=0)[1].endswith("w = 0/10 = 0, where this part of the ECLL is 0.000.")


@pytest.mark.parametrize("seed", range(5))
def test_the_top_moves_with_the_weights(run, seed):
    rng = np.random.default_rng(seed)
    r, ones = rng.uniform(size=10).round(2), int(rng.integers(1, 10))
    x = (np.arange(10) < ones)[:, None].astype(float)
    top = run(f"explorerViews.weights.model({r.tolist()}, {ones}).top")
    # r of one cluster; the rest of each example belongs to another
    W = em.m_step(x, np.column_stack([r, 1 - r]))[1]
    assert top == pytest.approx(W[0, 0], abs=1e-12)
    w, step = 0.4, 1e-6
    part, pulls = (
        f"explorerViews.weights.model({r.tolist()}, {ones}).{f}" for f in ("part", "pulls")
    )
    up, down = run(f"{pulls}({w})")
    slope = (run(f"{part}({w + step})") - run(f"{part}({w - step})")) / (2 * step)
    assert up - down == pytest.approx(slope, abs=1e-4)  # the error of the difference is about 1e-9


def test_ratings_are_sorted_and_named(run):
    state, caption = ratings().frame(k=3)
    assert caption.startswith("k = 3: log-likelihood −293.7050 (published: −293.705). Shares π: 0.")
    assert "(no published value)" in ratings().frame(k=1)[1]
    sums = np.sum(state["W"], axis=1)
    assert np.all(np.diff(sums) > 0)
    np.testing.assert_allclose(sorted(state["pi"]), sorted(fit(3).pi), atol=0.51e-4)
    assert state["levels"] == [seen(fit(k).log_likelihoods[-1], 4) for k in (1, 2, 3)]


def test_the_view_judges_slides_as_an_e_step_does(run):
    state, _ = ratings().frame(k=3)
    pi, W = np.array(state["pi"]) / sum(state["pi"]), np.array(state["W"])
    slides = [*itertools.product([0, 1], repeat=7)]
    judge = f"(x) => explorerViews.ratings.judge(x, {json.dumps(state)})"
    found = np.array(run(f"{json.dumps(slides)}.map({judge})"))
    known = np.array([list(slide) in RATINGS.X.tolist() for slide in slides])
    # four decimals of W and π are stored; rows of the data stand in the order of `slides`
    expected = em.e_step(np.array(slides)[known], pi, W)
    np.testing.assert_allclose(found[known], expected, atol=1e-3)
    np.testing.assert_allclose(
        found[known], fit(3).responsibilities[:, np.argsort(fit(3).W.sum(axis=1))], atol=1e-3
    )
    expected = em.e_step(np.array(slides)[~known], pi, W.clip(0.01, 0.99))
    np.testing.assert_allclose(found[~known], expected, atol=1e-3)
    counts = RATINGS.counts.tolist()
    arguments = f"{RATINGS.X.tolist()}, {counts}, {pi.tolist()}, {W.tolist()}"
    level = run(f"explorerViews.ratings.level({arguments})")
    assert level == pytest.approx(em.log_likelihood(RATINGS.X, pi, W, counts), abs=1e-9)
    assert level == pytest.approx(-293.705, abs=0.02)  # with W and π of four decimals


def test_labels_say_which_cluster_is_which(run):
    scene = labels()
    orders = set()
    for seed in range(5):
        state, caption = scene.frame(seed=seed)
        orders.add(tuple(state["order"]))
        matched = np.array(state["W"])[state["order"]]
        np.testing.assert_allclose(matched, state["reference"]["W"], atol=2e-3)
        named = ", ".join(str(c + 1) for c in state["order"])
        assert caption.startswith(f"Seed {seed}: log-likelihood −293.7050. ")
        assert f"Clusters 1, 2, 3 of seed 0 are its clusters {named}." in caption
        assert caption.endswith("differ by less than 0.001.")
    assert len(orders) > 1
    other = fit(3)._replace(W=np.clip(fit(3).W - 0.25, 0, 1))
    changed = mixtures.labels(RATINGS, {0: fit(3), 7: other})(7)[1]
    assert changed.endswith("Once matched, entries of W differ by up to 0.250.")


def test_half_way_between_two_fits_is_their_average(run):
    one, other = (
        {"pi": [0.2, 0.8], "W": [[0, 1], [0.5, 0.2]]},
        {"pi": [0.6, 0.4], "W": [[1, 1], [0, 0.4]]},
    )
    found = run(f"explorerViews.ratings.mix({json.dumps(one)}, {json.dumps(other)}, 0.5)")
    np.testing.assert_allclose(found["pi"], [0.4, 0.6])
    np.testing.assert_allclose(found["W"], [[0.5, 1], [0.25, 0.3]])


# ---- genomes --------------------------------------------------------------------------------


def test_walks_of_log_odds_lead_to_the_responsibilities(run):
    for count in (1, 5, 20, 100):
        state, caption = sites().frame(sites=count)
        W = GENOMES.frequencies[:, :count]
        r = em.e_step(GENOMES.X[:, :count], [0.5, 0.5], W)
        shown = run(f"{state['odds']}.map(explorerViews.genomes.responsibility)")
        # log-odds have two decimals: a responsibility is off by a quarter of 0.005 at most
        np.testing.assert_allclose(shown, r[:, 1], atol=0.0013)
        walks = np.array(state["walks"])[:, state["at"].index(count)]
        np.testing.assert_allclose(walks, state["odds"], atol=0.056)  # one decimal
        own = r[np.arange(20), GENOMES.labels]
        assert caption == (
            f"Sites used: {count}. The responsibility of a genome's own population is above 0.99 "
            f"for {sum(own > 0.99)} of 20 genomes, and below 1/2 for {sum(own < 0.5)}."
        )
    assert state["at"][0] == 1 and state["at"][-1] == 100
    assert np.shape(state["walks"]) == (20, len(state["at"]))


def test_populations_found_are_drawn_by_drift_and_sites():
    state, caption = snps().frame(F_ST=0.3, sites=100)
    assert state["found"] == {"0.1": [0.03, 0.33], "0.3": [0.1, 1.0]}
    assert state["reachable"] == {"0.1": [0.95, 0.95], "0.3": [0.95, 0.95]}
    assert state["r"] == seen(np.linspace(0, 0.3, 20), 2) and state["all"] == [10, 100]
    assert caption == (
        "F_ST = 0.3, 100 sites: adjusted Rand index 1.00 from random starts, 0.95 with the true W."
    )


# ---- activation functions and descent ---------------------------------------------------------


def test_the_view_knows_values_and_derivatives_of_the_nodes(run):
    scene = activation()
    for function, x in itertools.product(*scene.axes.values()):
        said = run(f"explorerViews.activation.caption({json.dumps(function)}, {x})")
        assert said == scene.frame(function=function, x=x)[1]
    assert nets.activation("ReLU", -1)[1].endswith("Nothing of a gradient passes on.")
    assert "is 0.25. Of a gradient that arrives, 25% passes on." in nets.activation("sigmoid", 0)[1]


@pytest.mark.parametrize("make", [descent, bowl])
def test_the_view_descends_as_gradient_descent_does(run, make):
    scene = make()
    for rate, step in itertools.product(*scene.axes.values()):
        state, caption = scene.frame(learning_rate=rate, step=step)
        arguments = f"{json.dumps(state['examples'])}, {json.dumps(state['start'])}, {rate}, {step}"
        assert run(f"explorerViews.descent.caption({arguments})") == caption


@pytest.mark.parametrize("make, least", [(descent, 5), (bowl, 4)])
def test_a_line_of_equal_loss_bears_its_number(make, least):
    scene = make()
    texts = BeautifulSoup(scene.to_html(), "html.parser").find_all("text")
    at = {text.string: (float(text["x"]), float(text["y"])) for text in texts}
    (left, _), (right, _) = at["−8"], at["8"]
    bottom, top = (
        float(text["y"])
        for text in texts
        if text.string in ("−4", "4") and text.get("text-anchor") == "end"
    )
    numbers = [text for text in texts if "faint" in text.get("class", ())]
    assert len(numbers) >= least
    for text in numbers:
        w = [
            16 * (float(text["x"]) - left) / (right - left) - 8,
            8 * (float(text["y"]) - bottom) / (top - bottom) - 4,
        ]
        loss = sum(np.logaddexp(0, -y * np.dot(w, x)) for *x, y in scene.frame()[0]["examples"])
        # places are rounded to 0.1 pixel, 1/350 of a unit, in which the loss changes by 4 at most
        assert loss == pytest.approx(float(text.string), abs=0.01)


def test_one_rate_creeps_and_one_oscillates():
    scene = descent()
    assert scene.frame(learning_rate=0.03, step=50)[1].endswith("It fell in every step.")
    assert "It rose in " in scene.frame(learning_rate=2.0, step=50)[1]
