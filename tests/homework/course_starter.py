"""A finished solution on an interface like that of a course's public starter.

It differs from the book's starter in ways that right code must not pay for: nodes with a
constructor each, gradient checks that print and return nothing and have fixed sizes, a training
loop that needs one step at least, k-means on numpy's global generator.
"""

BACKPROP = '''\
"""Backpropagation homework."""
import argparse
import sys

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import expit as sigmoid

EPSILON = 1e-8
SIMPLE_DATASET = [
    (np.array([2.0, 2.0]), 1), (np.array([1.0, 0.0]), 1),
    (np.array([1.0, 2.0]), -1), (np.array([0.0, -1.0]), -1),
]
XOR_DATASET = [
    (np.array([0.0, 0.0]), -1), (np.array([1.0, 1.0]), -1),
    (np.array([1.0, 0.0]), 1), (np.array([0.0, 1.0]), 1),
]


class Node:
    def __init__(self):
        self.value = None
        self.grad = None
        self.topo_order = None

    def backward(self):
        raise NotImplementedError

    def compute_grad(self):
        self.grad = np.float64(1)
        for node in self.topo_order[::-1]:
            node.backward()


class InputNode(Node):
    def __init__(self, value, topo_order):
        self.topo_order = topo_order
        self.topo_order.append(self)
        self.value = np.float64(value) if np.isscalar(value) else np.array(value)
        self.grad = np.zeros_like(self.value)

    def backward(self):
        pass


class AddNode(Node):
    def __init__(self, n1, n2):
        self.n1, self.n2 = n1, n2
        self.topo_order = n1.topo_order
        self.topo_order.append(self)
        self.value = n1.value + n2.value
        self.grad = np.zeros_like(self.value)

    def backward(self):
        self.n1.grad += self.grad
        self.n2.grad += self.grad


class MulNode(Node):
    def __init__(self, n1, n2):
        self.n1, self.n2 = n1, n2
        self.topo_order = n1.topo_order
        self.topo_order.append(self)
        self.value = n1.value * n2.value
        self.grad = np.float64(0)

    def backward(self):
        self.n1.grad += self.grad * self.n2.value
        self.n2.grad += self.grad * self.n1.value


class ConstantMulNode(Node):
    def __init__(self, n, c):
        self.n, self.c = n, c
        self.topo_order = n.topo_order
        self.topo_order.append(self)
        self.value = n.value * c
        self.grad = np.float64(0)

    def backward(self):
        self.n.grad += self.grad * self.c


class PowerNode(Node):
    def __init__(self, n, power):
        self.n, self.power = n, power
        self.topo_order = n.topo_order
        self.topo_order.append(self)
        self.value = n.value ** power
        self.grad = np.float64(0)

    def backward(self):
        self.n.grad += self.grad * self.power * self.n.value ** (self.power - 1)


class ReluNode(Node):
    def __init__(self, n):
        self.n = n
        self.topo_order = n.topo_order
        self.topo_order.append(self)
        self.value = np.maximum(n.value, 0)
        self.grad = np.zeros_like(self.value)

    def backward(self):
        self.n.grad += self.grad * (self.n.value > 0)


class LogNode(Node):
    def __init__(self, n):
        self.n = n
        self.topo_order = n.topo_order
        self.topo_order.append(self)
        self.value = np.log(n.value)
        self.grad = np.float64(0)

    def backward(self):
        self.n.grad += self.grad / self.n.value


class SigmoidNode(Node):
    def __init__(self, n):
        self.n = n
        self.topo_order = n.topo_order
        self.topo_order.append(self)
        self.value = sigmoid(n.value)
        self.grad = np.float64(0)

    def backward(self):
        self.n.grad += self.grad * self.value * (1 - self.value)


class DotNode(Node):
    def __init__(self, n1, n2):
        self.n1, self.n2 = n1, n2
        self.topo_order = n1.topo_order
        self.topo_order.append(self)
        self.value = np.dot(n1.value, n2.value)
        self.grad = np.float64(0)

    def backward(self):
        self.n1.grad += self.grad * self.n2.value
        self.n2.grad += self.grad * self.n1.value


class MVMulNode(Node):
    def __init__(self, M, v):
        self.M, self.v = M, v
        self.topo_order = M.topo_order
        self.topo_order.append(self)
        self.value = M.value @ v.value
        self.grad = np.zeros_like(self.value)

    def backward(self):
        self.M.grad += np.outer(self.grad, self.v.value)
        self.v.grad += self.M.value.T @ self.grad


def gradient_check_1(a_test, b_test, c_test):
    def compute_f(a_value, b_value, c_value):
        topo_order = []
        a = InputNode(a_value, topo_order)
        b = InputNode(b_value, topo_order)
        c = InputNode(c_value, topo_order)
        f = AddNode(LogNode(DotNode(a, b)), ConstantMulNode(SigmoidNode(DotNode(a, c)), -3))
        return (a, b, c), f

    input_nodes, output_node = compute_f(a_test, b_test, c_test)
    a, b, c = input_nodes
    output_node.compute_grad()
    print(f"f(a, b, c) = {output_node.value}")
    a_grad_numerical = np.zeros(2)
    b_grad_numerical = np.zeros(2)
    c_grad_numerical = np.zeros(2)
    for i in range(2):
        step = np.zeros(2)
        step[i] = EPSILON
        _, moved = compute_f(a_test + step, b_test, c_test)
        a_grad_numerical[i] = (moved.value - output_node.value) / EPSILON
        _, moved = compute_f(a_test, b_test + step, c_test)
        b_grad_numerical[i] = (moved.value - output_node.value) / EPSILON
        _, moved = compute_f(a_test, b_test, c_test + step)
        c_grad_numerical[i] = (moved.value - output_node.value) / EPSILON
    print("a:", a.grad, a_grad_numerical)
    print("b:", b.grad, b_grad_numerical)
    print("c:", c.grad, c_grad_numerical)


def gradient_check_2(M_test, v_test):
    def compute_f(M_value, v_value):
        topo_order = []
        M = InputNode(M_value, topo_order)
        v = InputNode(v_value, topo_order)
        return (M, v), DotNode(v, ReluNode(MVMulNode(M, v)))

    input_nodes, output_node = compute_f(M_test, v_test)
    M, v = input_nodes
    output_node.compute_grad()
    print(f"f(M, v) = {output_node.value}")
    M_grad_numerical = np.zeros((2, 2))
    v_grad_numerical = np.zeros(2)
    for i in range(2):
        for j in range(2):
            moved = M_test.copy()
            moved[i, j] += EPSILON
            M_grad_numerical[i, j] = (compute_f(moved, v_test)[1].value - output_node.value) / EPSILON
        moved = v_test.copy()
        moved[i] += EPSILON
        v_grad_numerical[i] = (compute_f(M_test, moved)[1].value - output_node.value) / EPSILON
    print("M:", np.max(np.abs(M.grad - M_grad_numerical)))
    print("v:", np.max(np.abs(v.grad - v_grad_numerical)))


def make_logistic_regression(dataset):
    def compute_loss(w_value, b_value):
        topo_order = []
        w = InputNode(w_value, topo_order)
        b = InputNode(b_value, topo_order)
        total_loss = InputNode(np.float64(0), topo_order)
        for x, y in dataset:
            score = AddNode(DotNode(w, InputNode(x, topo_order)), b)
            term = LogNode(SigmoidNode(ConstantMulNode(score, y)))
            total_loss = AddNode(total_loss, ConstantMulNode(term, -1))
        return (w, b), total_loss

    return compute_loss


def make_neural_network(dataset):
    def compute_loss(W_value, b_value, v_value, c_value):
        topo_order = []
        W, b = InputNode(W_value, topo_order), InputNode(b_value, topo_order)
        v, c = InputNode(v_value, topo_order), InputNode(c_value, topo_order)
        total_loss = InputNode(np.float64(0), topo_order)
        for x, y in dataset:
            hidden = ReluNode(AddNode(MVMulNode(W, InputNode(x, topo_order)), b))
            score = AddNode(DotNode(v, hidden), c)
            term = LogNode(SigmoidNode(ConstantMulNode(score, y)))
            total_loss = AddNode(total_loss, ConstantMulNode(term, -1))
        return (W, b, v, c), total_loss

    return compute_loss


def gradient_descent(f, params, lr, num_iters):
    for t in range(num_iters):
        param_nodes, loss = f(*params)
        loss.compute_grad()
        for i, node in enumerate(param_nodes):
            params[i] = params[i] - lr * node.grad
        if t % 100 == 0:
            print(f"iteration {t}: loss {loss.value}")
    print(f"final loss {loss.value}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["grad_check_1", "grad_check_2"])
    if parser.parse_args().command == "grad_check_1":
        gradient_check_1(np.array([3.0, 2.0]), np.array([-2.0, 7.0]), np.array([1.0, -4.0]))
    else:
        gradient_check_2(np.array([[2.0, -1.0], [0.0, 3.0]]), np.array([1.0, -3.0]))
    plt.close("all")


if __name__ == "__main__":
    sys.exit(main())
'''

KMEANS = '''\
"""k-means homework."""
import argparse
import sys

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image


def kmeans(X, k):
    N, D = X.shape
    z = np.zeros(N, dtype=int)
    mu = X[np.random.choice(np.arange(N), k, replace=False), :]
    while True:
        distances = np.sum(X**2, axis=1)[:, None] + np.sum(mu**2, axis=1) - 2 * X @ mu.T
        new_z = np.argmin(distances, axis=1)
        if np.array_equal(new_z, z):
            break
        z = new_z
        for c in range(k):
            if np.any(z == c):
                mu[c] = np.mean(X[z == c], axis=0)
    loss = np.sum((X - mu[z]) ** 2)
    return z, mu, loss


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=["basic", "image"])
    parser.add_argument("-k", type=int, default=2)
    parser.add_argument("--rng-seed", type=int, default=0)
    options = parser.parse_args()
    np.random.seed(options.rng_seed)
    if options.mode == "basic":
        X = np.loadtxt("data.tsv", delimiter="\\t")
        print(kmeans(X, options.k)[2])
    else:
        pixels = np.array(Image.open("original.png").convert("RGB"), dtype=np.float32)
        print(kmeans(pixels.reshape(-1, 3), options.k)[2])
    plt.close("all")


if __name__ == "__main__":
    sys.exit(main())
'''

FILES = {"backprop.py": BACKPROP, "kmeans.py": KMEANS}
