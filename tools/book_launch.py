"""A small Sphinx extension: buttons that start a notebook elsewhere, where the book knows how.

Only when BOOK_REPOSITORY has the repository's address (tools/repository.py), a chapter has a menu
with Binder, with Colab if the repository is on GitHub, and with a JupyterHub if BOOK_JUPYTERHUB has
its address (nbgitpuller brings the repository there). The notebooks that the pages hand out then
know from where to install the book's package. Without it there is no menu, so no dead button.
"""

import os
import re
from pathlib import Path

import repository
from sphinx.errors import ConfigError

BRANCH = "main"
COLAB_BRANCH = "colab"  # where `make colab` puts notebooks that know the address


def hub(environ=os.environ):
    """Return the address of the course's JupyterHub, or "" if there is none."""
    given = environ.get("BOOK_JUPYTERHUB", "").strip().rstrip("/")
    if given and not re.fullmatch(r"https://[\w.-]+(:\d+)?(/[\w./-]+)?", given):
        raise ValueError(f"BOOK_JUPYTERHUB is {given!r}; expected https://HOST")
    return given


def configure(app, config):
    """Tell the theme where the repository is, which makes the buttons."""
    try:
        where, jupyterhub = repository.address(), hub()
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
            "colab_url": "https://colab.research.google.com" if "//github.com/" in where else "",
        },
    }


def mend(app, pagename, templatename, context, doctree):
    """Let Colab open the notebook that knows the address."""
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", []):
            if button["text"] == "Colab":
                blob = f"/blob/{BRANCH}/", f"/blob/{COLAB_BRANCH}/"
                button["url"] = button["url"].replace(*blob, 1)


def tell(app, exception):
    """Write the address into the notebooks that the pages hand out."""
    where = repository.address()
    if exception or app.builder.format != "html" or not where:
        return
    for path in sorted(Path(app.outdir, "_sources", "notebooks").glob("*.ipynb")):
        text = repository.know(path.read_text(encoding="utf-8"), f"git+{where}")
        path.write_text(text, encoding="utf-8")


def setup(app):
    """Register with Sphinx."""
    app.connect("config-inited", configure)
    app.connect("html-page-context", mend, priority=800)  # after the theme, before book_light
    app.connect("build-finished", tell)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
