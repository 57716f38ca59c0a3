"""The way out of Jupyter Book: plain Sphinx gives the same site, byte for byte."""

import copied
from test_pages import SITE


def files(site):
    """Return {name: content} of a built site, without what Sphinx keeps for its next build."""
    return {
        file.relative_to(site).as_posix(): file.read_bytes()
        for file in site.rglob("*")
        if file.is_file() and file.name != ".buildinfo"  # hashes of settings
    }


def test_plain_sphinx_gives_the_same_site(tmp_path):
    root = copied.copy(tmp_path)
    copied.run(root, "jupyter-book", "config", "sphinx", ".")
    copied.run(root, "sphinx-build", "-n", "-W", "--keep-going", "-d", "trees", ".", "site")
    plain, built = files(root / "site"), files(SITE)
    assert len(built) > 100 and "notebooks/1_backprop.html" in built
    assert sorted(plain) == sorted(built)
    assert [name for name in built if plain[name] != built[name]] == []
