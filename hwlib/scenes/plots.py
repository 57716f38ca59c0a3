"""What the view `plot` draws: a panel is two axes and a list of marks."""

from hwlib.explorer import label as as_read


def axis(domain, at, name="", log=False, grid=False):
    """Return an axis.

    Parameters
    ----------
    domain : (float, float)
        Its ends. The first may be the larger one.
    at : sequence of float, or dict
        Where ticks are; as a dictionary, with what is written there.
    name : str
    log, grid : bool
        Whether it is logarithmic, and whether lines lead from its ticks across the panel.

    Examples
    --------
    >>> axis((-5, 5), [-5, 0])["at"]
    [[-5, '−5'], [0, '0']]
    """
    texts = at if isinstance(at, dict) else {x: as_read(x).replace("-", "−") for x in at}
    made = {"domain": list(domain), "at": [[x, text] for x, text in texts.items()], "label": name}
    return made | ({"log": True} if log else {}) | ({"grid": True} if grid else {})


def mark(kind, at, color, **more):
    """Return a mark.

    Parameters
    ----------
    kind : {"points", "line", "band", "bar", "ring", "text"}
    at : list
        Where it is: of points and lines [[x, y], ...], of a band [[x, low, high], ...], of a bar
        [from, to, y], of a ring or a text [x, y].
    color : str
        By meaning: "ink", "value", "c1", ...
    **more
        What else the view knows of this kind; in `narrow` what is different in a narrow picture.
    """
    return {"type": kind, "at": at, "color": color} | more


def panel(x, y, marks, **more):
    """Return a panel. More are its `title`, its `share` of the width, its `key`, and `square`; its
    `height` where panels stand below each other."""
    return {"x": x, "y": y, "marks": marks} | more


def plot(label, panels, **more):
    """Return a state for the view `plot`.

    Parameters
    ----------
    label : str
        What the picture shows, for those who do not see it.
    panels : list
    **more
        The `height` of its panels in pixels, and whether they have a `shared` y axis.
    """
    return {"label": label, "panels": panels} | more


def power(exponent):
    """Return a power of ten with a raised exponent.

    Examples
    --------
    >>> power(-12)
    '10⁻¹²'
    """
    return "10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
