"""The adjusted Rand index against scikit-learn's and against pairs counted by hand."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from hwlib.agreement import adjusted_rand_index

# Two orders of adding the same few hundred terms differ by some units in the last place (2e-16).
ROUND_OFF = 1e-12


@pytest.mark.parametrize("seed", range(20))
def test_the_adjusted_rand_index_is_scikit_learns(seed):
    rng = np.random.RandomState(seed)
    n, k = rng.randint(2, 40), rng.randint(1, 6)
    first = rng.randint(k, size=n)
    second = np.where(rng.uniform(size=n) < 0.3, rng.randint(k + 1, size=n), first)
    expected = adjusted_rand_score(first, second)
    # a quotient of small differences: some units in the last place of numbers below 1000
    assert adjusted_rand_index(first, second) == pytest.approx(expected, abs=ROUND_OFF)
    assert adjusted_rand_index(second, first) == pytest.approx(expected, abs=ROUND_OFF)


def test_the_adjusted_rand_index_in_a_case_worked_by_hand():
    # Pairs together: {01}, {23} and {01}, {02}, {12}; both: {01}. Of 6 pairs 2 · 3 / 6 = 1 by
    # chance, and (2 + 3) / 2 at most: (1 - 1) / (2.5 - 1) = 0.
    assert adjusted_rand_index([0, 0, 1, 1], [5, 5, 5, 7]) == 0


@pytest.mark.parametrize(
    "first, second, index",
    [
        ([0, 0, 1, 1], [9, 9, 4, 4], 1),
        (list("aab"), [True, True, False], 1),
        ([3, 3, 3], [1, 1, 1], 1),
        ([0, 1, 2], [7, 5, 6], 1),
        ([0, 0, 0], [0, 1, 2], 0),
        ([0, 0, 1, 1], [0, 1, 0, 1], -0.5),
    ],
)
def test_the_adjusted_rand_index_knows_no_names(first, second, index):
    assert adjusted_rand_index(first, second) == pytest.approx(index, abs=ROUND_OFF)
    assert adjusted_rand_score(first, second) == pytest.approx(index, abs=ROUND_OFF)


@pytest.mark.parametrize(
    "first, second, shapes",
    [
        ([0, 1], [0, 1, 1], r"\(2,\) and \(3,\)"),
        ([0], [0], r"\(1,\) and \(1,\)"),
        (3, 3, r"\(\) and \(\)"),
        ([[0]], [[0]], r"\(1, 1\) and \(1, 1\)"),
    ],
)
def test_the_adjusted_rand_index_wants_two_lists_of_labels(first, second, shapes):
    message = rf"first and second have shapes {shapes}; expected \(n,\) twice, n >= 2"
    with pytest.raises(ValueError, match=message):
        adjusted_rand_index(first, second)
