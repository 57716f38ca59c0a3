"""How well two ways to divide the same examples into clusters agree."""

import numpy as np


def adjusted_rand_index(first, second):
    """Return how well two divisions of the same examples into clusters agree, a float.

    1 means the same clusters, whatever their names; 0 is what chance gives on average for clusters
    of these sizes. Source: Hubert & Arabie, Journal of Classification 2 (1985), 193-218.

    Parameters
    ----------
    first, second : (n,) sequences of labels, n >= 2; only which of them are equal counts

    Examples
    --------
    >>> adjusted_rand_index([0, 0, 1, 1], ["b", "b", "a", "a"])
    1.0
    >>> adjusted_rand_index([0, 0, 1, 1], [0, 0, 0, 0])
    0.0
    """
    if np.ndim(first) != 1 or np.shape(first) != np.shape(second) or np.size(first) < 2:
        shapes = f"{np.shape(first)} and {np.shape(second)}"
        raise ValueError(f"first and second have shapes {shapes}; expected (n,) twice, n >= 2")
    labels = [np.unique(each, return_inverse=True)[1] for each in (first, second)]
    table = np.zeros([each.max() + 1 for each in labels])
    np.add.at(table, tuple(labels), 1)
    together, in_first, in_second = (
        np.sum(sizes * (sizes - 1) / 2) for sizes in (table, table.sum(axis=1), table.sum(axis=0))
    )
    by_chance = in_first * in_second / (len(first) * (len(first) - 1) / 2)
    most = (in_first + in_second) / 2
    # both sides zero: one cluster twice, or n clusters twice, which is perfect agreement
    return float((together - by_chance) / (most - by_chance)) if most > by_chance else 1.0
