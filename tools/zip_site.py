"""Pack the built book for a memory stick: python tools/zip_site.py SITE ARCHIVE

Unpacked anywhere, index.html opens the book, with no server and no network. The same book gives the
same bytes.
"""

import os
import sys
import zipfile
from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest date that a zip can hold, for every file


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
    archive.parent.mkdir(parents=True, exist_ok=True)
    aside = archive.with_name(f".{archive.name}.new")  # under its own name it is always whole
    try:
        with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as packed:
            for file in sorted(path for path in site.rglob("*") if path.is_file()):
                info = zipfile.ZipInfo(f"{archive.stem}/{file.relative_to(site).as_posix()}", EPOCH)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = 0o644 << 16
                packed.writestr(info, file.read_bytes())
        os.replace(aside, archive)
    finally:
        aside.unlink(missing_ok=True)


if __name__ == "__main__":
    try:
        zip_site(*sys.argv[1:])
    except (OSError, ValueError) as error:
        sys.exit(f"Not packed: {error}")
    print(f"Unpack {sys.argv[2]} anywhere and open index.html")
