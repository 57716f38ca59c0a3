"""What the explorers of the chapters need computed: numbers and captions, no pictures."""

import numpy as np


def seen(x, digits):
    """Return numbers rounded to what is seen, as lists: the same on every machine.

    What lies half way between two goes up, even where the last bit of a processor's result is
    missing for that.

    Examples
    --------
    >>> seen([0.125, 0.125 - 1e-12, -0.0001], 2)
    [0.13, 0.13, 0.0]
    >>> seen(3, 1)
    3.0
    """
    scaled = np.floor(np.asarray(x, dtype=float) * 10**digits + 0.5 + 1e-6)
    return (scaled / 10**digits + 0.0).tolist()


def fixed(x, digits=2):
    """Return a number as it is read, with a true minus sign and commas; as `fixed` of kit.js.

    Examples
    --------
    >>> fixed(-1234.5)
    '−1,234.50'
    """
    return f"{seen(x, digits):,.{digits}f}".replace("-", "−")


def listed(words):
    """Return words as a list in a sentence.

    Examples
    --------
    >>> listed(["2", "4", "8"])
    '2, 4 and 8'
    """
    *others, last = words
    return f"{', '.join(others)} and {last}"
