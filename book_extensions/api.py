"""A small Sphinx extension: what the page of the modules (book/api.md) leaves out.

numpydoc and autodoc write the docstrings of `hwlib` on it. A field of a NamedTuple has none but
"Alias for field number 0": the class says what its fields are. hwlib is imported from this tree,
installed or not.
"""

import inspect

import numpydoc


def skip(app, what, name, member, has_no_docs, options):
    """Tell autodoc to leave fields of NamedTuples out; None leaves the choice to it."""
    return (inspect.getdoc(member) or "").startswith("Alias for field number") or None


def setup(app):
    """Register with Sphinx."""
    app.setup_extension(numpydoc.__name__)
    app.connect("autodoc-skip-member", skip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
