"""The source of a function as the notebooks show it."""

import pytest

from hwlib.notebook import source


def shown(*objects):
    return source(*objects).data


def one(x):
    """Return x.

    At length.
    """
    # why
    return x


class Two:
    """A class."""

    name = "two"

    def method(self):
        """Do it."""
        text = """not a docstring"""
        return text

    def nothing(self):
        """Do nothing."""

    def little(self):
        """Do little.

        At length.
        """


def test_docstrings_are_left_out_and_comments_stay():
    assert shown(one) == "```python\ndef one(x):\n    # why\n    return x\n```"


def test_methods_too_and_what_is_left_is_python():
    text = shown(Two)
    assert text == (
        "```python\n"
        "class Two:\n"
        '    name = "two"\n'
        "\n"
        "    def method(self):\n"
        '        text = """not a docstring"""\n'
        "        return text\n"
        "\n"
        "    def nothing(self):\n"
        "        pass\n"
        "\n"
        "    def little(self):\n"
        "        pass\n"
        "```"
    )


def test_methods_are_dedented():
    assert shown(Two.method).splitlines()[1] == "def method(self):"


def test_several_objects_stand_in_the_order_given():
    assert shown(Two.nothing, one) == (
        "```python\ndef nothing(self):\n    pass\n\ndef one(x):\n    # why\n    return x\n```"
    )


@pytest.mark.parametrize("thing", [3, "text"])
def test_what_has_no_source_is_refused(thing):
    with pytest.raises(TypeError):
        shown(thing)
