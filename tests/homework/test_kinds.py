"""Kinds of submissions on the course's own starter, and on ours: points by hand, and by the grader.

Right code gets all of its points, whatever it is named and written like. Wrong code loses those
that a person would take off. `python tests/homework/test_kinds.py` prints the table.
"""

import json
import re
import sys
import textwrap
from pathlib import Path

import course_starter
import pytest

from homework import starter, tasks
from homework.gradescope.__main__ import results
from homework.grading import classroom, report
from homework.grading.grading import grade
from homework.grading.sandbox import Sandbox

SEED = 7
RIGHT, WRONG = {}, {}


def changed(*changes):
    """Return the course's files with pieces of text replaced, each there once."""
    files = dict(course_starter.FILES)
    for old, new in changes:
        (name,) = [name for name, text in files.items() if old in text]
        assert files[name].count(old) == 1, old
        files[name] = files[name].replace(old, new)
    return files


def right(name, *changes, note=""):
    RIGHT[name] = (changed(*changes), note)


def wrong(name, lost, said, *changes):
    """Enter a wrong submission, what it loses in each task by hand, and what is said."""
    WRONG[name] = (changed(*changes), lost, said)


right("as handed out and finished")

NUMERICAL = course_starter.BACKPROP[
    course_starter.BACKPROP.index("    a_grad_numerical = np.zeros(2)") :
    course_starter.BACKPROP.index('    print("a:", a.grad')
]  # fmt: skip
PRINTS = course_starter.BACKPROP[
    course_starter.BACKPROP.index('    print("a:", a.grad') :
    course_starter.BACKPROP.index("\n\ndef gradient_check_2")
]  # fmt: skip
right("numerical gradients by other names", (NUMERICAL, NUMERICAL.replace("_grad_numerical", "2")),
      (PRINTS, "    print(a2, b2, c2)\n"))  # fmt: skip
right("numerical gradients in a dictionary", (NUMERICAL, '''\
    slopes = {}
    tests = {"a": a_test, "b": b_test, "c": c_test}
    for name in tests:
        slopes[name] = []
        for i in range(2):
            moved = {key: value.copy() for key, value in tests.items()}
            moved[name][i] += EPSILON
            f = compute_f(*moved.values())[1].value
            slopes[name].append((f - output_node.value) / EPSILON)
'''), (PRINTS, "    print(slopes)\n"))  # fmt: skip
right("numerical gradients in rows of an array", (NUMERICAL, '''\
    tests = np.array([a_test, b_test, c_test])
    table = np.zeros((3, 2))
    for i in range(3):
        for j in range(2):
            up, down = tests.copy(), tests.copy()
            up[i, j] += EPSILON
            down[i, j] -= EPSILON
            table[i, j] = (compute_f(*up)[1].value - compute_f(*down)[1].value) / (2 * EPSILON)
'''), (PRINTS, "    print(table)\n"))  # fmt: skip
right("a helper that returns the gradient, printed at once", (NUMERICAL, '''\
    def measured(position):
        tests = [a_test, b_test, c_test]
        result = np.zeros(2)
        for i in range(2):
            moved = [x.astype(float) for x in tests]
            moved[position][i] += EPSILON
            result[i] = (compute_f(*moved)[1].value - output_node.value) / EPSILON
        return result

'''), (PRINTS, "    print(measured(0) - a.grad, measured(1) - b.grad, measured(2) - c.grad)\n"))  # fmt: skip
right("moved in place and put back", (NUMERICAL, '''\
    a_num, b_num, c_num = [], [], []
    for x, numbers in ((a_test, a_num), (b_test, b_num), (c_test, c_num)):
        for i in range(2):
            x[i] += EPSILON
            numbers.append((compute_f(a_test, b_test, c_test)[1].value - output_node.value) / EPSILON)
            x[i] -= EPSILON
'''), (PRINTS, "    print(a_num, b_num, c_num)\n"))  # fmt: skip
right(
    "divided by np.array([EPSILON])",
    ("a_grad_numerical[i] = (moved.value - output_node.value) / EPSILON",
     "a_grad_numerical[i] = (moved.value - output_node.value) / np.array([EPSILON])"),
    note="array of one entry",
)  # fmt: skip
right(
    "names that numpy 2 removed",
    ("EPSILON = 1e-8\n", "EPSILON = np.float_(1e-8)\nWORST = -np.Inf\n"),
    note="np.float_ is gone",
)  # fmt: skip
right("a longdouble loss", ("loss = np.sum((X - mu[z]) ** 2)", "loss = np.sum(np.longdouble(X - mu[z]) ** 2)"))  # fmt: skip
right("a float32 loss", ("loss = np.sum((X - mu[z]) ** 2)", "loss = np.float32(np.sum((X - mu[z]) ** 2))"))  # fmt: skip
right("tqdm and scikit-learn are imported",
      ("from scipy.special", "from sklearn.metrics import pairwise_distances\nfrom tqdm import tqdm\nfrom scipy.special"),
      ("for t in range(num_iters)", "for t in tqdm(range(num_iters))"))  # fmt: skip
right("data.tsv is read at import", ('def kmeans(X, k):', 'DATA = np.loadtxt("data.tsv", delimiter="\\t")\nassert DATA.shape == (500, 2)\n\n\ndef kmeans(X, k):'))  # fmt: skip
DRAW = "mu = X[np.random.choice(np.arange(N), k, replace=False), :]"
right("k-means takes a generator", ("def kmeans(X, k):", "def kmeans(X, k, rng):"), (DRAW, DRAW.replace("np.random.", "rng.")),
      ("kmeans(X, options.k)", "kmeans(X, options.k, np.random.default_rng(0))"),
      ("kmeans(pixels.reshape(-1, 3), options.k)", "kmeans(pixels.reshape(-1, 3), options.k, np.random.default_rng(0))"))  # fmt: skip
right(
    "k-means with a thousand rounds at most", ("    while True:\n", "    for _ in range(1000):\n")
)
right("distances by scipy", ("import argparse\nimport sys\n\nimport matplotlib.pyplot as plt\nimport numpy as np\nfrom PIL",
      "import argparse\nimport sys\n\nimport matplotlib.pyplot as plt\nimport numpy as np\nfrom scipy.spatial.distance import cdist\nfrom PIL"),
      ("distances = np.sum(X**2, axis=1)[:, None] + np.sum(mu**2, axis=1) - 2 * X @ mu.T", "distances = cdist(X, mu)"))  # fmt: skip

NEAREST = "new_z = np.argmin(distances, axis=1)"
right("nearest centroids by scikit-learn", (NEAREST, """\
from sklearn.metrics import pairwise_distances_argmin
        new_z = pairwise_distances_argmin(X, mu)"""))  # fmt: skip

wrong("numerical: that of backprop plus 1e-9", {"1h": 3}, "only backward()", (NUMERICAL, '''\
    a_grad_numerical = a.grad + 1e-9
    b_grad_numerical = b.grad + 1e-9
    c_grad_numerical = c.grad + 1e-9
'''))  # fmt: skip
wrong("numerical: that of backprop", {"1h": 3}, "to the last bit", (NUMERICAL, '''\
    a_grad_numerical, b_grad_numerical, c_grad_numerical = a.grad, b.grad, c.grad
'''))  # fmt: skip
wrong("numerical: backprop at moved inputs", {"1h": 3}, "only backward()", (NUMERICAL, '''\
    def moved(position):
        inputs = [a_test, b_test, c_test]
        inputs[position] = inputs[position] + EPSILON
        nodes, output = compute_f(*inputs)
        output.compute_grad()
        return nodes[position].grad

    a_grad_numerical, b_grad_numerical, c_grad_numerical = moved(0), moved(1), moved(2)
'''))  # fmt: skip
wrong("numerical: the formula", {"1h": 3}, "another f", (NUMERICAL, '''\
    s = sigmoid(a_test @ c_test)
    a_grad_numerical = b_test / (a_test @ b_test) - 3 * s * (1 - s) * c_test
    b_grad_numerical = a_test / (a_test @ b_test)
    c_grad_numerical = -3 * s * (1 - s) * a_test
'''))  # fmt: skip
wrong("numerical: left at zero", {"1h": 3}, "zero", (NUMERICAL, NUMERICAL[: NUMERICAL.index("    for i")]))  # fmt: skip
ROUNDS = "    while True:\n"
wrong("k-means: six rounds", {"2a": 2}, "stopped too early", (ROUNDS, "    for _ in range(6):\n"))
wrong("k-means: fifteen rounds", {"2a": 2}, "stopped too early", (ROUNDS, "    for _ in range(15):\n"))  # fmt: skip
BODY = course_starter.KMEANS[course_starter.KMEANS.index("    N, D = X.shape") : course_starter.KMEANS.index("    return z, mu, loss")]  # fmt: skip
wrong("k-means: scipy's kmeans2", {"2a": 10}, "kmeans calls scipy.cluster.vq.kmeans2, which does the task", (BODY, '''\
    from scipy.cluster.vq import kmeans2
    mu, z = kmeans2(X, k, iter=100, minit="points")
    loss = np.sum((X - mu[z]) ** 2)
'''))  # fmt: skip
wrong("k-means: scikit-learn's KMeans", {"2a": 10}, "kmeans calls sklearn.cluster.KMeans, which does the task", (BODY, '''\
    from sklearn.cluster import KMeans
    model = KMeans(k, n_init=1).fit(X)
    z, mu, loss = model.labels_, model.cluster_centers_, model.inertia_
'''))  # fmt: skip
wrong("k-means: a loop inside map", {"2a": 2}, "loop over the examples",
      (NEAREST, "rows = distances.tolist()\n        new_z = np.array(list(map(list.index, rows, map(min, rows))))"))  # fmt: skip
wrong("k-means: a loop inside sum", {"2a": 2}, "loop over the examples",
      ("loss = np.sum((X - mu[z]) ** 2)", "loss = sum(((X - mu[z]) ** 2).sum(axis=1))"))  # fmt: skip
wrong("k-means: a loop inside apply_along_axis", {"2a": 2}, "apply_along_axis",
      (NEAREST, "new_z = np.apply_along_axis(np.argmin, 1, distances)"))  # fmt: skip
wrong("k-means: a loop hidden from the trace", {"2a": 2}, "runs its loops", (NEAREST, '''\
sys._getframe().f_trace_lines = False
        new_z = np.zeros(N, dtype=int)
        for i in range(N):
            new_z[i] = distances[i].argmin()'''))  # fmt: skip
wrong("k-means: a comprehension", {"2a": 2}, "loop over the examples",
      (NEAREST, "new_z = np.array([np.argmin(row) for row in distances])"))  # fmt: skip
wrong("nodes: = for += in LogNode", {"1b": 1}, "replaced",
      ("self.n.grad += self.grad / self.n.value", "self.n.grad = self.grad / self.n.value"))  # fmt: skip
wrong("descent: uphill", {"1i": 2}, "climbs", ("params[i] - lr", "params[i] + lr"))
wrong("network: no hidden bias", {"1n": 3}, "bias b",
      ("ReluNode(AddNode(MVMulNode(W, InputNode(x, topo_order)), b))", "ReluNode(MVMulNode(W, InputNode(x, topo_order)))"))  # fmt: skip


# ------------------------------------------------------------------------------ on our starter

OURS = {f"{name}.py": starter.solution(name) for name in starter.FILES}


def rewritten(code, file="backprop.py"):
    """Return our starter's files, finished, with functions defined anew at the end of one."""
    return {**OURS, file: OURS[file] + textwrap.dedent(code)}


MEASURED = """
    def measured(f, inputs, epsilon):
        inputs, gradients = [np.array(x, dtype=float) for x in inputs], []
        for x in inputs:
            gradients.append(np.zeros(x.shape))
            for index in np.ndindex(x.shape):
                before = f(*inputs)
                x[index] += epsilon
                gradients[-1][index] = (f(*inputs) - before) / epsilon
                x[index] -= epsilon
        return gradients

    def numerical_gradient(f, inputs, epsilon=EPSILON):
        {}
    """


def measured(last):
    """Return our starter's files with a numerical gradient that ends in `last`."""
    return rewritten(MEASURED.format(last))


RIGHT["ours: as handed out and finished"] = (OURS, "")
RIGHT["ours: numerical gradients in an array of objects"] = (
    measured("return np.array(measured(f, inputs, epsilon), dtype=object)"),
    "their checks found nothing: gradient_check_2(M, v) stopped with",  # in 1m numpy makes no array of a matrix and a vector
)  # fmt: skip
BY_ITSELF = """
    def gradient_check_1(a=(3, 2), b=(-2, 7), c=(1, -4), epsilon=EPSILON):
        def build(a, b, c):
            topo_order = []
            a, b, c = inputs = [InputNode(x, topo_order) for x in (a, b, c)]
            return inputs, LogNode(DotNode(a, b)) + (-3) * SigmoidNode(DotNode(a, c))

        inputs, gradients = [np.array(x, dtype=float) for x in (a, b, c)], []
        nodes, output = build(*inputs)
        output.compute_grad()
        backprop = [node.grad for node in nodes]
        for x in inputs:
            gradients.append(np.zeros(2))
            for i in range(2):
                x[i] += epsilon
                gradients[-1][i] = (build(*inputs)[1].value - output.value) / epsilon
                x[i] -= epsilon
        largest = max(abs(g - n).max() for g, n in zip(backprop, gradients))
        return GradientCheck(output.value, backprop, gradients, largest, output)

    def numerical_gradient(f, inputs, epsilon=EPSILON):
        {}
    """
for last in ('raise NotImplementedError("task 1h: write numerical_gradient")', "pass"):
    RIGHT[f"ours: gradient_check_1 measures by itself, {last[:5]}"] = (
        rewritten(BY_ITSELF.format(last)), "their checks found nothing: ",
    )  # fmt: skip
WRONG["ours: gradient_check_1 measures by itself, and wrongly"] = (
    rewritten(BY_ITSELF.format("pass").replace("x[i] -= epsilon", "pass")), {"1h": 3}, "not put back"
)  # fmt: skip
WRONG["ours: gradient_check_1 measures by itself, numerical_gradient does wrongly"] = (
    rewritten(BY_ITSELF.format("return [2 * np.array(x) for x in inputs]")), {"1h": 3},
    "gradient of a vector",
)  # fmt: skip
NAIVE = MEASURED.replace("np.array(x, dtype=float)", "np.array(x)")
NAIVE = NAIVE.format("return measured(f, inputs, epsilon)")
RIGHT["ours: gradient_check_1 and 2 make arrays of floats"] = (
    {
        **OURS,
        "backprop.py": OURS["backprop.py"]
        .replace("build_graph, [a, b, c]", "build_graph, [np.array(x, float) for x in (a, b, c)]")
        .replace("build_graph, [M, v]", "build_graph, [np.array(x, float) for x in (M, v)]")
        + textwrap.dedent(NAIVE),
    }, "",
)  # fmt: skip
WRONG["ours: numerical_gradient moves entries of integer arrays"] = (
    rewritten(NAIVE), {"1h": 3}, "wrong for integer inputs, such as the task's own. An array of",
)  # fmt: skip
WRONG["ours: numerical gradients in arrays of integers"] = (
    rewritten(NAIVE.replace("[np.array(x) for", "[np.array(x, dtype=float) for").replace(
        "np.zeros(x.shape)", "np.zeros(x.shape, dtype=np.array(given[len(gradients)]).dtype)"
    ).replace("    inputs, gradients", "    given = inputs\n        inputs, gradients")),
    {"1h": 3}, "wrong for integer inputs",
)  # fmt: skip
WRONG["ours: numerical_gradient adds to tuples"] = (
    rewritten(NAIVE.replace("[np.array(x) for", "[np.array(x + 0.0) for")), {"1h": 3},
    "tuples of integers: make arrays of them with dtype=float",
)  # fmt: skip
CHECK_2 = """
    def gradient_check_2(M=((2, -1), (0, 3)), v=(1, -3), epsilon=EPSILON):
        def build(M, v):
            topo_order = []
            M, v = inputs = [InputNode(x, topo_order) for x in (M, v)]
            return inputs, DotNode(v, ReluNode(MVMulNode(M, v)))

        M, v = np.array(M, {dtype}), np.array(v, {dtype})
        nodes, output = build(M, v)
        output.compute_grad()
        by_M, by_v = np.zeros(M.shape), np.zeros(v.shape)
        for x, gradient in ((M, by_M), (v, by_v)):
            for i in np.ndindex(x.shape):
                x[i] += epsilon
                gradient[i] = (build(M, v)[1].value - output.value) / epsilon
                x[i] -= epsilon
        print(output.value, [node.grad for node in nodes], by_M, by_v)
    """
RIGHT["ours: gradient_check_2 measures by itself"] = (
    rewritten(CHECK_2.format(dtype="np.float64")), "",
)  # fmt: skip
WRONG["ours: gradient_check_2 measures at integer arrays"] = (
    rewritten(CHECK_2.format(dtype="None")), {"1m": 3}, "wrong for integer inputs",
)  # fmt: skip
DESCENT = """
    def gradient_descent(loss_fn, params, lr, num_iters):
        losses = []
        for _ in range(num_iters):
            nodes, loss = loss_fn(*params)
            loss.compute_grad()
            losses.append(loss.value)
            for i, node in enumerate(nodes):
                params[i] = params[i] - lr * node.grad
        losses.append(loss_fn(*params)[1].value)
        return losses
    """
RIGHT["ours: a logarithm that is never infinite"] = (
    {**OURS, "backprop.py": OURS["backprop.py"].replace("np.log(n.value)", "np.log(n.value + 1e-10)")},
    "though their checks found nothing: The loss is wrong: ",
)  # fmt: skip
LOSSES = "gradient_descent should also return the list of the losses"
RIGHT["ours: another gradient_descent"] = rewritten(DESCENT), ""
for last in ("", "return losses[0]", "return losses[:1]", "return losses[:-1]", "return params"):
    RIGHT[f"ours: gradient_descent ends in {last!r}"] = (
        rewritten(DESCENT.replace("return losses", last)), LOSSES,
    )  # fmt: skip
for last in ("params[i] = params[i] - lr * node.grad", "params[i] -= lr * node.grad"):
    for call, said in (
        ("loss.backward()", "Its backward() does that one node only."),
        ("loss.grad = np.float64(1.0); loss.backward()", "Its backward() does that one node only."),
        ("[node.backward() for node in reversed(loss.topo_order)]", "begins with the gradient 1"),
        ("pass", "must come first"),
    ):
        WRONG[f"ours: {call} for loss.compute_grad(), {last[:12]}"] = (
            rewritten(DESCENT.replace("loss.compute_grad()", call).replace(
                "params[i] = params[i] - lr * node.grad", last)), {"1i": 2}, said,
        )  # fmt: skip
WRONG["ours: update is unwritten"] = (
    rewritten(
        """
        def update(*given):
            raise NotImplementedError("task 2a: write update")
        """,
        "kmeans.py",
    ),
    {"2a": 10}, "update is not written yet",
)  # fmt: skip
ROWS = """
    def kmeans(X, k, rng=0):
        X = np.asarray(X, dtype=float)
        centroids = initial_centroids(X, k, rng)
        assignments = None
        while True:
            d = np.zeros((k, len(X)))
            for c in range(k):
                d[c] = ((X - centroids[c]) ** 2).sum(axis=1)
            table = np.zeros((k, 1))
            for c in range(k):
                table[c] = d[c, :1]
            new = d.argmin(axis=0)
            if assignments is not None and (new == assignments).all():
                return new, centroids, d.min(axis=0).sum()
            assignments = new
            for c in range(k):
                if (new == c).any():
                    centroids[c] = X[new == c].mean(axis=0)
    """
START = """
def initial_centroids(X, k, rng=0, init="random"):
    return np.array({start}, dtype=float)
"""
for start in ("X[:k]", "X[np.random.default_rng(1).choice(len(X), k)]"):
    RIGHT[f"ours: starts at {start}"] = (
        rewritten(START.format(start=start), "kmeans.py"),
        "does not begin at the centroids that rng draws",
    )
RIGHT["ours: a row of one entry is assigned"] = rewritten(ROWS, "kmeans.py"), ""
RIGHT["ours: an array of one entry for an entry"] = (
    rewritten(ROWS.replace("table[c] =", "table[c, 0] ="), "kmeans.py"), "array of one entry",
)  # fmt: skip
WRONG["ours: numerical_gradient never ends"] = (
    measured("while True: pass"), {"1h": 3}, "numerical_gradient(f, inputs) does not finish",
)  # fmt: skip
WRONG["ours: no return in numerical_gradient"] = (
    measured("measured(f, inputs, epsilon)"), {"1h": 3},
    "numerical_gradient returns nothing: it must return a list with one gradient for each input.",
)  # fmt: skip
WRONG["ours: nothing in numerical_gradient"] = (measured("pass"), {"1h": 3}, "returns nothing")
WRONG["ours: numerical_gradient is unwritten"] = (
    measured('raise NotImplementedError("task 1h: write numerical_gradient")'), {"1h": 3},
    "not written yet",
)  # fmt: skip
WRONG["ours: numerical_gradient yields"] = (
    measured("yield from measured(f, inputs, epsilon)"), {"1h": 3},
    "numerical_gradient returns a Python generator: it must return a list",
)  # fmt: skip
WRONG["ours: numerical_gradient maps"] = (
    measured("return map(np.array, measured(f, inputs, epsilon))"), {"1h": 3},
    "numerical_gradient returns a Python map: it must return a list",
)  # fmt: skip


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox() as sandbox:
        yield sandbox


def graded(folder, files, sandbox, labels=None):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return grade(folder, SEED, sandbox=sandbox, labels=labels)


@pytest.mark.parametrize("name", RIGHT)
def test_right_code_gets_its_points(tmp_path, sandbox, name):
    files, note = RIGHT[name]
    result = graded(tmp_path, files, sandbox)
    lost = {label: v.messages for label, v in result.verdicts.items() if not v.passed}
    assert not lost
    notes = [each for v in result.verdicts.values() for each in v.notes] + result.notes
    assert any(note in each for each in notes) if note or not name.startswith("ours") else not notes
    assert name.startswith("ours") or not any(LOSSES in each for each in notes)


@pytest.mark.parametrize("name", WRONG)
def test_wrong_code_loses_its_points(tmp_path, sandbox, name):
    files, lost, said = WRONG[name]
    result = graded(tmp_path, files, sandbox)
    taken = {k: v.out_of - v.points for k, v in result.verdicts.items() if v.points < v.out_of}
    messages = {label: v.messages for label, v in result.verdicts.items() if v.messages}
    assert taken == lost, messages
    assert said in " ".join(text for label in lost for text in messages[label])


@pytest.mark.parametrize(
    "code, label, said",
    [
        (
            MEASURED.format("return measured(f, inputs, 1e-4)"),
            "1h",
            r"The numerical gradient of a is only nearly right: \[-0.2699\d{4}, 0.9547\d{4}\], "
            r"expected \[-0.2699\d{4}, 0.9547\d{4}\]. Is ε = 1e-8, and is it the same in the step "
            r"and below the line\?",
        ),
        (
            DESCENT.replace("range(num_iters)", "range(1000)"),
            "1i",
            r"gradient_descent computes the loss far too often. Does its loop end\? Does it run "
            r"num_iters times\?",
        ),
        (
            """
            make = make_neural_network
            def make_neural_network(dataset):
                return lambda *params: make(dataset)(*params)[1]
            """,
            "1n",
            r"compute_loss does not return a pair; expected \(\[W, b, v, c\], loss\), the "
            r"parameters' nodes in a list and then the loss node.",
        ),
    ],
)
def test_one_cause_is_said_in_one_message(tmp_path, sandbox, code, label, said):
    (verdict,) = graded(tmp_path, rewritten(code), sandbox, [label]).verdicts.values()
    (message,) = verdict.messages
    assert re.fullmatch(said, message), message


def test_what_is_said_of_a_whole_file_is_said_once(tmp_path, sandbox):
    files = {
        "backprop.py": "def f(x): return x +\n" + OURS["backprop.py"],
        "kmeans.py": OURS["kmeans.py"].replace("np.zeros(", "np.Inf * 0 + np.zeros("),
    }
    result = graded(tmp_path, files, sandbox)
    kept = {**report.record(result), "name": ""}
    platform = json.dumps(results(result), ensure_ascii=False)
    for text in (report.text(kept), report.page(kept), platform, classroom.table([kept])):
        assert text.count("backprop.py is not valid Python") == 1, text
    for text in (report.text(kept), report.page(kept), platform):
        assert text.count("kmeans.py: np.Inf is gone since numpy 2") == 1, text


def test_a_note_names_the_earlier_tasks_that_lost_points(tmp_path, sandbox):
    files = changed(
        ("self.n.grad += self.grad / self.n.value", "self.n.grad += self.grad"),
        ("self.M.value.T @ self.grad", "self.M.value @ self.grad"),
    )
    verdicts = graded(tmp_path / "all", files, sandbox).verdicts
    notes = {
        label: [each for each in v.notes if "checks first" in each] for label, v in verdicts.items()
    }
    named = {label: note[0].rpartition("checks first ")[2] for label, note in notes.items() if note}
    assert named == {"1h": "(1b).", "1i": "(1b).", "1m": "(1l).", "1n": "(1b, 1l)."}
    # what lost points is unknown where not all of them are graded
    (verdict,) = graded(tmp_path / "one", files, sandbox, ["1i"]).verdicts.values()
    assert verdict.notes[0].endswith("checks first (1b, 1e, 1g).")


def notebook(*cells):
    """Return a notebook of code cells as a file's text."""
    made = [{"cell_type": "code", "source": cell.splitlines(True)} for cell in cells]
    return json.dumps({"cells": made, "nbformat": 4, "nbformat_minor": 5, "metadata": {}})


@pytest.mark.parametrize("names", [("backprop.ipynb", "kmeans.ipynb"), ("hw3 final.ipynb",)])
def test_notebooks_are_graded(tmp_path, sandbox, names):
    main = "if __name__ =="
    parts = [text.partition(main)[0] for text in course_starter.FILES.values()]
    cells = [
        ["%matplotlib inline\n" + part, "!pip list", "print(open('nothing.txt').read())"]
        for part in parts
    ]
    cells = cells if len(names) == 2 else [sum(cells, [])]
    files = {name: notebook(*cell) for name, cell in zip(names, cells)}
    result = graded(tmp_path, files, sandbox)
    assert result.points == 47, [v.messages for v in result.verdicts.values()]
    assert any("is a notebook" in note for note in result.notes)


@pytest.mark.parametrize(
    "code, words",
    [
        ("def f(x): return x +\n", "not valid Python"),
        ("type Point = tuple[float, float]\n", "not valid Python"),
        ("import torch_geometric\n", "torch_geometric"),
        ("1 / 0\n", "ZeroDivisionError"),
    ],
)
def test_versions_stand_in_what_is_said_of_loading(tmp_path, sandbox, code, words):
    if code.startswith("type") and sys.version_info >= (3, 12):
        code = "type = = 3\n"
    files = {"backprop.py": code + course_starter.BACKPROP}
    result = graded(tmp_path, files, sandbox, ["1b"])
    (said,) = result.verdicts["1b"].messages
    assert words in said and f"This is Python {sys.version.split()[0]} with numpy 2." in said


if __name__ == "__main__":
    import tempfile

    full = {task.label: task.out_of for task in tasks.code()}
    print("| submission | by hand | by the grader | what is said |\n|---|--:|--:|---|")
    with Sandbox() as one:
        for name, (files, *rest) in {**RIGHT, **WRONG}.items():
            hand = sum(full.values()) - (sum(rest[0].values()) if name in WRONG else 0)
            with tempfile.TemporaryDirectory() as folder:
                result = graded(Path(folder), files, one)
            said = [text for v in result.verdicts.values() for text in v.messages]
            print(f"| {name} | {hand} | {result.points} | {said[0] if said else ''} |")
