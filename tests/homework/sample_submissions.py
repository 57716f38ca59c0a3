"""A bank of whole submissions: right ones in several styles, and ones with one mistake each.

The mistakes are made in a solution of its own style, in the manner of lecture code, so that the
bank does not hang on how the book's modules are written.
"""

from homework import starter

LECTURE_BACKPROP = '''\
"""Backpropagation, by a student."""
import sys
import numpy as np

EPSILON = 1e-8


def sigmoid(z):
    if z >= 0:
        return 1 / (1 + np.exp(-z))
    return np.exp(z) / (1 + np.exp(z))


class Node:
    def __init__(self, *children):
        self.children = children
        self.topo_order = children[0].topo_order
        self.value = self.forward(*[child.value for child in children])
        self.grad = np.zeros_like(self.value)[()]
        self.topo_order.append(self)


class InputNode(Node):
    def __init__(self, value, topo_order):
        self.value = np.array(value, dtype=float)[()]
        self.grad = np.zeros_like(self.value)[()]
        self.topo_order = topo_order
        topo_order.append(self)

    def backward(self):
        pass


class AddNode(Node):
    def forward(self, a, b):
        return a + b

    def backward(self):
        self.children[0].grad += self.grad
        self.children[1].grad += self.grad


class ConstantMulNode(Node):
    def __init__(self, n, c):
        self.c = c
        super().__init__(n)

    def forward(self, x):
        return self.c * x

    def backward(self):
        self.children[0].grad += self.c * self.grad


class ReluNode(Node):
    def forward(self, x):
        return np.maximum(x, 0.0)

    def backward(self):
        self.children[0].grad += self.grad * (self.children[0].value > 0)


class LogNode(Node):
    def forward(self, x):
        return np.log(x)

    def backward(self):
        x = self.children[0]
        x.grad += self.grad / x.value


class SigmoidNode(Node):
    def forward(self, x):
        return sigmoid(x)

    def backward(self):
        x, u = self.children[0], self.value
        x.grad += self.grad * u * (1 - u)


class DotNode(Node):
    def forward(self, x, v):
        return np.dot(x, v)

    def backward(self):
        x, v = self.children
        x.grad += self.grad * v.value  # dot, x
        v.grad += self.grad * x.value  # dot, v


class MVMulNode(Node):
    def forward(self, M, v):
        return M @ v

    def backward(self):
        M, v = self.children
        M.grad += np.outer(self.grad, v.value)
        v.grad += M.value.T @ self.grad


def run_backward(output):
    for node in output.topo_order:
        node.grad = np.zeros_like(node.value)[()]
    output.grad = np.float64(1.0)
    for node in reversed(output.topo_order):
        node.backward()


def numerical(f, xs):
    xs = [np.array(x, dtype=float) for x in xs]
    start, slopes = f(*xs), []
    for x in xs:
        slope = np.zeros_like(x)
        for index in np.ndindex(x.shape):
            old = x[index]
            x[index] = old + EPSILON
            slope[index] = (f(*xs) - start) / EPSILON
            x[index] = old
        slopes.append(slope)
    return slopes


def check(build, xs, slopes=numerical):
    nodes, output = build(*xs)
    run_backward(output)
    backward = [node.grad for node in nodes]
    numbers = slopes(lambda *ys: build(*ys)[1].value, xs)
    worst = max(np.abs(a - b).max() for a, b in zip(backward, numbers))
    return output.value, backward, numbers, worst


def gradient_check_1(a=(3, 2), b=(-2, 7), c=(1, -4)):
    def build(a, b, c):
        order = []
        a, b, c = InputNode(a, order), InputNode(b, order), InputNode(c, order)
        first = LogNode(DotNode(a, b))
        second = ConstantMulNode(SigmoidNode(DotNode(a, c)), -3)
        return [a, b, c], AddNode(first, second)

    return check(build, [a, b, c])


def gradient_check_2(M=((2, -1), (0, 3)), v=(1, -3)):
    def build(M, v):
        order = []
        M, v = InputNode(M, order), InputNode(v, order)
        return [M, v], DotNode(v, ReluNode(MVMulNode(M, v)))

    return check(build, [M, v])


def make_logistic_regression(dataset):
    def compute_loss(w, b):
        order = []
        w, b = InputNode(w, order), InputNode(b, order)
        total = InputNode(0.0, order)
        for x, y in dataset:
            score = AddNode(DotNode(w, InputNode(x, order)), b)
            term = LogNode(SigmoidNode(ConstantMulNode(score, y)))
            total = AddNode(total, term)
        return [w, b], ConstantMulNode(total, -1)

    return compute_loss


def make_neural_network(dataset):
    def compute_loss(W, b, v, c):
        topo = []
        W, b = InputNode(W, topo), InputNode(b, topo)
        v, c = InputNode(v, topo), InputNode(c, topo)
        total = InputNode(0.0, topo)
        for x, y in dataset:
            hidden = ReluNode(AddNode(MVMulNode(W, InputNode(x, topo)), b))
            out = AddNode(DotNode(v, hidden), c)
            total = AddNode(total, LogNode(SigmoidNode(ConstantMulNode(out, y))))
        return [W, b, v, c], ConstantMulNode(total, -1.0)

    return compute_loss


def gradient_descent(loss_fn, params, lr, num_iters):
    for _ in range(num_iters):
        nodes, loss = loss_fn(*params)
        run_backward(loss)
        for i in range(len(params)):
            params[i] = params[i] - lr * nodes[i].grad


if __name__ == "__main__":
    print(gradient_check_1() if sys.argv[1] == "grad_check_1" else gradient_check_2())
'''

LECTURE_KMEANS = '''\
"""k-means, by a student."""
import numpy as np


def distances(X, mu):
    return (X ** 2).sum(axis=1)[:, None] + (mu ** 2).sum(axis=1) - 2 * X @ mu.T


def kmeans(X, k, rng_seed=0):
    X = np.asarray(X, dtype=float)
    rng = np.random.RandomState(rng_seed)
    mu = X[rng.choice(np.arange(len(X)), k, replace=False)]
    z = None
    while True:
        new = np.argmin(distances(X, mu), axis=1)
        if z is not None and np.array_equal(new, z):
            break
        z = new
        for c in range(k):
            mine = X[z == c]
            if len(mine) > 0:
                mu[c] = mine.mean(axis=0)
    loss = ((X - mu[z]) ** 2).sum()
    return z, mu, loss
'''

LECTURE = {"backprop.py": LECTURE_BACKPROP, "kmeans.py": LECTURE_KMEANS}

EXPIT = (
    LECTURE_BACKPROP.replace("import numpy as np\n", "import numpy as np\nfrom scipy.special import expit\n")
    .replace("return sigmoid(x)", "return expit(x)")
    .replace("class LogNode(Node):", '''\
class Unary(Node):
    """A helper: a node of one child, with its local derivative."""

    def backward(self):
        child = self.children[0]
        child.grad = child.grad + self.grad * self.slope(child.value, self.value)


class NegLogSigmoidNode(Unary):
    def forward(self, x):
        return np.logaddexp(0.0, -x)

    def slope(self, x, u):
        return -expit(-x)


class LogNode(Node):''')
    .replace("term = LogNode(SigmoidNode(ConstantMulNode(score, y)))",
             "term = NegLogSigmoidNode(ConstantMulNode(score, y))")
    .replace("return [w, b], ConstantMulNode(total, -1)\n", "return [w, b], total\n")
)  # fmt: skip

LOOPS_BACKPROP = (
    LECTURE_BACKPROP.replace("        return np.dot(x, v)\n", "        return sum(a * b for a, b in zip(x, v))\n")
    .replace("        M.grad += np.outer(self.grad, v.value)\n        v.grad += M.value.T @ self.grad\n", '''\
        for i in range(len(self.grad)):
            for j in range(len(v.value)):
                M.grad[i][j] += self.grad[i] * v.value[j]
                v.grad[j] += self.grad[i] * M.value[i][j]
''')
    .replace("            slope[index] = (f(*xs) - start) / EPSILON\n", '''\
            above = f(*xs)
            x[index] = old - EPSILON
            slope[index] = (above - f(*xs)) / (2 * EPSILON)
''')
    .replace("            params[i] = params[i] - lr * nodes[i].grad\n", "            params[i] -= lr * nodes[i].grad\n")
)  # fmt: skip

CLUSTER_LOOPS = '''\
import numpy as np


class Cluster:
    """One cluster: its centroid and its members."""

    def __init__(self, centre):
        self.centre = centre

    def squared_distances(self, X):
        return ((X - self.centre) ** 2).sum(axis=1)

    def move(self, members):
        if len(members):
            self.centre = members.mean(axis=0)


def kmeans(X, k):
    X = X.astype(np.float64)
    clusters = [Cluster(X[i]) for i in np.random.choice(len(X), k, replace=False)]
    assignments = np.full(len(X), -1)
    for iteration in range(10_000):
        table = np.stack([cluster.squared_distances(X) for cluster in clusters], axis=1)
        nearest = table.argmin(axis=1)
        if (nearest == assignments).all():
            break
        assignments = nearest
        for c, cluster in enumerate(clusters):
            cluster.move(X[assignments == c])
    return assignments, np.array([each.centre for each in clusters]), float(table.min(axis=1).sum())
'''

BOOK = {f"{name}.py": starter.solution(name) for name in starter.FILES}

RIGHT = {
    "right: the book's own": BOOK,
    "right: as in a lecture": LECTURE,
    "right: `scipy.special.expit`, helper classes": {**LECTURE, "backprop.py": EXPIT},
    "right: loops, a class for a cluster": {
        "backprop.py": LOOPS_BACKPROP, "kmeans.py": CLUSTER_LOOPS,
    },
}  # fmt: skip

MISTAKES = []


def mistake(name, task, *changes):
    """Enter a mistake: pieces of the solution's text, each there once, and what stands instead."""
    files = dict(LECTURE)
    file = "kmeans.py" if task == "2a" else "backprop.py"
    for old, new in changes:
        assert files[file].count(old) == 1, (name, old)
        files[file] = files[file].replace(old, new)
    MISTAKES.append((name, task, files))


LOG = "x.grad += self.grad / x.value"
mistake("log: = for +=", "1b", (LOG, "x.grad = self.grad / x.value"))
mistake("log: without g", "1b", (LOG, "x.grad += 1 / x.value"))
mistake("log: times x", "1b", (LOG, "x.grad += self.grad * x.value"))
mistake("log: to base 2", "1b", ("return np.log(x)", "return np.log2(x)"))
mistake("log: by u", "1b", (LOG, "x.grad += self.grad / self.value"))

SIGMOID = "x.grad += self.grad * u * (1 - u)"
mistake("sigmoid: = for +=", "1e", (SIGMOID, "x.grad = self.grad * u * (1 - u)"))
mistake(
    "sigmoid: derivative in x", "1e", (SIGMOID, "x.grad += self.grad * x.value * (1 - x.value)")
)
mistake("sigmoid: lacks a factor", "1e", (SIGMOID, "x.grad += self.grad * (1 - u)"))
mistake("sigmoid: overflows", "1e", ("return sigmoid(x)", "return 1 / (1 + np.exp(-x))"))

DOT_X = "x.grad += self.grad * v.value  # dot, x"
DOT_V = "v.grad += self.grad * x.value  # dot, v"
mistake("dot: = for +=", "1g", (DOT_X, DOT_X.replace("+=", "=")), (DOT_V, DOT_V.replace("+=", "=")))
mistake("dot: each its own value", "1g", (DOT_X, "x.grad += self.grad * x.value"),
        (DOT_V, "v.grad += self.grad * v.value"))  # fmt: skip
mistake("dot: one side only", "1g", (DOT_V, "pass"))
mistake("dot: entry by entry", "1g", ("return np.dot(x, v)", "return x * v"))
mistake("dot: without g", "1g", (DOT_X, "x.grad += v.value"), (DOT_V, "v.grad += x.value"))

CHECK_1 = "second = ConstantMulNode(SigmoidNode(DotNode(a, c)), -3)"
mistake("check 1: + 3σ", "1h", (CHECK_1, CHECK_1.replace("-3", "3")))
mistake("check 1: b and c swapped", "1h", ("first = LogNode(DotNode(a, b))", "first = LogNode(DotNode(a, c))"),
        (CHECK_1, CHECK_1.replace("a, c", "a, b")))  # fmt: skip
mistake("check 1: the numerical gradient is a copy", "1h", (
    "return check(build, [a, b, c])",
    "value, g, numbers, worst = check(build, [a, b, c])\n    return value, g, [x.copy() for x in g], 0.0",
))  # fmt: skip
mistake("check 1: all coordinates at once", "1h", (
    "return check(build, [a, b, c])",
    '''def slopes(f, xs):
        start = f(*xs)
        result = []
        for i, x in enumerate(xs):
            moved = [np.array(y, dtype=float) for y in xs]
            moved[i] = moved[i] + EPSILON
            result.append(np.full(len(x), (f(*moved) - start) / EPSILON))
        return result

    return check(build, [a, b, c], slopes)''',
))  # fmt: skip
mistake("check 1: not divided by ε", "1h", (
    "return check(build, [a, b, c])",
    "return check(build, [a, b, c], lambda f, xs: [EPSILON * g for g in numerical(f, xs)])",
))  # fmt: skip

SCORE = "score = AddNode(DotNode(w, InputNode(x, order)), b)"
TERM = "term = LogNode(SigmoidNode(ConstantMulNode(score, y)))"
STEP = "params[i] = params[i] - lr * nodes[i].grad"
LOGISTIC_END = "return [w, b], ConstantMulNode(total, -1)\n"
mistake("logistic: no bias", "1i", (SCORE, "score = DotNode(w, InputNode(x, order))"))
mistake("logistic: no label", "1i", (TERM, "term = LogNode(SigmoidNode(score))"))
mistake(
    "logistic: the mean",
    "1i",
    (LOGISTIC_END, "return [w, b], ConstantMulNode(total, -1 / len(dataset))\n"),
)
mistake("logistic: wrong sign", "1i", (LOGISTIC_END, "return [w, b], total\n"))
mistake("logistic: the last example only", "1i", ("total = AddNode(total, term)", "total = term"))
mistake("logistic: one graph for all calls", "1i", (
    "    def compute_loss(w, b):\n        order = []\n", "    order = []\n\n    def compute_loss(w, b):\n",
))  # fmt: skip
mistake("descent: uphill", "1i", (STEP, STEP.replace("- lr", "+ lr")))
mistake(
    "descent: one step too few",
    "1i",
    ("for _ in range(num_iters):", "for _ in range(1, num_iters):"),
)
mistake("descent: without the rate", "1i", (STEP, "params[i] = params[i] - nodes[i].grad"))
mistake("descent: a list of its own", "1i", (
    "    for _ in range(num_iters):\n", "    params = list(params)\n    for _ in range(num_iters):\n",
))  # fmt: skip
mistake("descent: the first gradient for all steps", "1i", (
    "    for _ in range(num_iters):\n        nodes, loss = loss_fn(*params)\n        run_backward(loss)\n",
    "    nodes, loss = loss_fn(*params)\n    run_backward(loss)\n    for _ in range(num_iters):\n",
))  # fmt: skip

OUTER = "M.grad += np.outer(self.grad, v.value)"
TIMES = "v.grad += M.value.T @ self.grad"
mistake("matrix: outer product transposed", "1l", (OUTER, "M.grad += np.outer(v.value, self.grad)"))
mistake(
    "matrix: = for +=", "1l", (OUTER, OUTER.replace("+=", "=")), (TIMES, TIMES.replace("+=", "="))
)
mistake("matrix: no transposition", "1l", (TIMES, "v.grad += M.value @ self.grad"))
mistake("matrix: broadcast for outer", "1l", (OUTER, "M.grad += self.grad * v.value"))

CHECK_2 = "DotNode(v, ReluNode(MVMulNode(M, v)))"
mistake("check 2: no ReLU", "1m", (CHECK_2, "DotNode(v, MVMulNode(M, v))"))
mistake("check 2: ReLU of all", "1m", (CHECK_2, "ReluNode(DotNode(v, MVMulNode(M, v)))"))
mistake("check 2: M's slopes flattened", "1m", (
    "return check(build, [M, v])",
    "value, g, numbers, worst = check(build, [M, v])\n    return value, g, [numbers[0].ravel(), numbers[1]], worst",
))  # fmt: skip

HIDDEN = "hidden = ReluNode(AddNode(MVMulNode(W, InputNode(x, topo)), b))"
mistake("network: no ReLU", "1n", (HIDDEN, "hidden = AddNode(MVMulNode(W, InputNode(x, topo)), b)"))
mistake(
    "network: no hidden bias", "1n", (HIDDEN, "hidden = ReluNode(MVMulNode(W, InputNode(x, topo)))")
)
mistake(
    "network: no bias c", "1n", ("out = AddNode(DotNode(v, hidden), c)", "out = DotNode(v, hidden)")
)
mistake(
    "network: bias after the ReLU",
    "1n",
    (HIDDEN, "hidden = AddNode(ReluNode(MVMulNode(W, InputNode(x, topo))), b)"),
)
mistake("network: ReLU counts at 0", "1n", (
    HIDDEN, HIDDEN.replace("ReluNode(", "MyRelu("),
), ("def make_neural_network", '''class MyRelu(ReluNode):
    def backward(self):
        n = self.children[0]
        with np.errstate(all="ignore"):
            n.grad += self.grad * (self.value / n.value)


def make_neural_network'''))  # fmt: skip
mistake("network: nodes in another order", "1n", ("return [W, b, v, c],", "return [v, c, W, b],"))

LOSS = "loss = ((X - mu[z]) ** 2).sum()"
MEAN = "mu[c] = mine.mean(axis=0)"
NEW = "new = np.argmin(distances(X, mu), axis=1)"
mistake("k-means: argmin along the wrong axis", "2a", (NEW, NEW.replace("axis=1", "axis=0")))
mistake("k-means: mean over the wrong axis", "2a", (MEAN, "mu[c] = mine.mean()"))
mistake("k-means: empty cluster is NaN", "2a", ("            if len(mine) > 0:\n    ", ""))
mistake("k-means: the loss of the previous assignment", "2a", (
    "        z = new\n", "        z = new\n        loss = ((X - mu[z]) ** 2).sum()\n",
), (f"    {LOSS}\n    return", "    return"))  # fmt: skip
mistake("k-means: one round only", "2a", ("    while True:\n", "    for _ in range(2):\n"))
mistake(
    "k-means: loop over the examples",
    "2a",
    (NEW, "new = np.array([np.argmin(((x - mu) ** 2).sum(axis=1)) for x in X])"),
)
mistake("k-means: integer centroids", "2a", (MEAN, "mu[c] = mine.mean(axis=0).astype(int)"))
mistake(
    "k-means: distances for squares in the loss",
    "2a",
    (LOSS, "loss = np.linalg.norm(X - mu[z], axis=1).sum()"),
)
mistake(
    "k-means: changes X in place",
    "2a",
    ("X = np.asarray(X, dtype=float)", "X = np.asarray(X, dtype=float)\n    X -= X.mean(axis=0)"),
)
mistake(
    "k-means: never stops",
    "2a",
    ("if z is not None and np.array_equal(new, z):\n            break", "pass"),
)
mistake("k-means: order of the results", "2a", ("return z, mu, loss", "return mu, z, loss"))
