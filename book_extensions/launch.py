"""A small Sphinx extension: buttons that start a notebook elsewhere, where the book knows how.

Only when BOOK_REPOSITORY has the repository's address, a chapter has a menu with Binder, and with
a JupyterHub if BOOK_JUPYTERHUB has its address (nbgitpuller brings the repository there). The
notebooks that the pages hand out then know from where to install the book's package. Without it
there is no menu, so no dead button. Colab has none: it opens notebooks from GitHub only, and those
do not know the address.
"""

import os
import re
from pathlib import Path

from sphinx.errors import ConfigError

BRANCH = "main"
# What stands in the first code cell of every notebook, as JSON has it.
UNKNOWN = r"SOURCE = \"\""


def address(environ=os.environ):
    """Return the address of the book's repository, or "" if it is not known.

    Raises
    ------
    ValueError
        If BOOK_REPOSITORY is set and no such address.
    """
    given = environ.get("BOOK_REPOSITORY", "").strip()
    if not given:
        return ""
    found = re.fullmatch(r"(https://[\w.-]+/[\w.-]+/[\w.-]+?)(\.git)?/?", given)
    if not found:
        raise ValueError(
            f"BOOK_REPOSITORY is {given!r}; expected https://HOST/OWNER/NAME, as of GitHub"
        )
    return found[1]


def know(notebook, source):
    """Return the text of a notebook whose first code cell knows from where pip installs hwlib.

    Parameters
    ----------
    notebook : str
        The file's text; it must have the place for `source`.
    source : str
        As pip has it: "git+https://..." or the address of a file.
    """
    if notebook.count(UNKNOWN) != 1:
        raise ValueError(f"the notebook has not one line with {UNKNOWN!r}")
    return notebook.replace(UNKNOWN, UNKNOWN[:-2] + source + UNKNOWN[-2:])


def hub(environ=os.environ):
    """Return the address of the course's JupyterHub, or "" if there is none."""
    given = environ.get("BOOK_JUPYTERHUB", "").strip().rstrip("/")
    if given and not re.fullmatch(r"https://[\w.-]+(:\d+)?(/[\w./-]+)?", given):
        raise ValueError(f"BOOK_JUPYTERHUB is {given!r}; expected https://HOST")
    return given


def configure(app, config):
    """Tell the theme where the repository is, which makes the buttons."""
    try:
        where, jupyterhub = address(), hub()
    except ValueError as error:
        raise ConfigError(str(error)) from None
    if not where:
        return
    config.html_theme_options |= {
        "repository_url": where,
        "repository_branch": BRANCH,
        "launch_buttons": {
            "notebook_interface": "jupyterlab",
            "binderhub_url": "https://mybinder.org",
            "jupyterhub_url": jupyterhub,
        },
    }


def tell(app, exception):
    """Write the address into the notebooks that the pages hand out."""
    where = address()
    if exception or app.builder.format != "html" or not where:
        return
    for path in sorted(Path(app.outdir, "_sources", "notebooks").glob("*.ipynb")):
        text = know(path.read_text(encoding="utf-8"), f"git+{where}")
        path.write_text(text, encoding="utf-8")


def setup(app):
    """Register with Sphinx."""
    app.connect("config-inited", configure)
    app.connect("build-finished", tell)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
