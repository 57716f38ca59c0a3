"""Pack the built book for a memory stick: python -m tools.zip_site SITE ARCHIVE

Unpacked anywhere, index.html opens the book, with no server and no network. Cells run in its pages
once serve.py, which lies beside it, has been started. The same book gives the same bytes.
"""

import sys
from pathlib import Path

from homework.starter import write_zip
from hwlib.commands import atomic_write


def zip_site(site, archive):
    """Write all files of a folder into a zip, below one folder of the zip's own name.

    Parameters
    ----------
    site, archive : str or Path

    Raises
    ------
    ValueError
        If there is no built book.
    """
    site, archive = Path(site), Path(archive)
    if not site.joinpath("index.html").is_file():
        raise ValueError(f"site: {site} has no index.html; build the book first")
    files = sorted(path for path in site.rglob("*") if path.is_file())
    names = [f"{archive.stem}/{file.relative_to(site).as_posix()}" for file in files]
    with atomic_write(archive) as aside:
        contents = {name: file.read_bytes() for name, file in zip(names, files)}
        serve = Path(__file__).with_name("serve.py").read_bytes()
        write_zip(aside, contents | {f"{archive.stem}/serve.py": serve})


if __name__ == "__main__":
    try:
        zip_site(*sys.argv[1:])
    except (OSError, ValueError) as error:
        sys.exit(f"Not packed: {error}")
    print(f"Unpack {sys.argv[2]} anywhere and open index.html; for cells that run: python serve.py")
