"""The way out of Jupyter Book: plain Sphinx gives the same site, byte for byte."""

import book_copy
from test_pages import SITE


def files(site):
    """Return {name: content} of a built site, without what Sphinx keeps for its next build."""
    return {
        file.relative_to(site).as_posix(): file.read_bytes()
        for file in site.rglob("*")
        if file.is_file() and file.name != ".buildinfo"  # hashes of settings
    }


def test_plain_sphinx_gives_the_same_site(tmp_path):
    root = book_copy.copy(tmp_path)
    book_copy.run(root, "jupyter-book", "config", "sphinx", ".")
    book_copy.run(root, "sphinx-build", "-n", "-W", "--keep-going", "-d", "trees", ".", "site")
    plain, built = files(root / "site"), files(SITE)
    assert len(built) > 100 and "notebooks/1_backprop.html" in built
    assert sorted(plain) == sorted(built)
    assert [name for name in built if plain[name] != built[name]] == []
