"""The frames of an explorer leave the page for files of their own.

A script hands them to explorer.js when a slider is touched; the first one becomes a picture. A
scene that starts with much, like a photograph, gets that from a script which comes with its view.
(Scripts and pictures load from a disk too, where `fetch` is forbidden.)
"""

import base64
import hashlib
import json
import re

from hwlib import views

LARGE = 20_000  # characters of a scene's start: a page of text should not wait for more


def name_of(content):
    """Return a file name for these bytes, without its suffix: other bytes, another name."""
    return hashlib.sha256(content).hexdigest()[:16]


def take_frames_out(body, root, folder):
    """Take the pictures of a page's explorers out of it, into files.

    Parameters
    ----------
    body : str
        HTML with figures as hwlib/explorer.py writes them, with every frame inside.
    root : str
        How the page refers to the site's folder: "../" or "".
    folder : Path
        Where the files are written; root + "_frames/" on the page.

    Returns
    -------
    str
        The same figures, each with a first picture that is a file, and where there are sliders
        with `data-frames`, the address of the script that has all frames.
    """

    def write(content, suffix, kind="_frames", prefix=""):
        place = folder if kind == "_frames" else folder.with_name(kind)
        name = prefix + name_of(content) + suffix
        place.mkdir(parents=True, exist_ok=True)
        place.joinpath(name).write_bytes(content)
        return f"{root}{kind}/{name}"

    def scripts(text):
        """Name the scripts that draw a scene's figure."""
        if not (view := re.search(r'data-view="([^"]*)"', text)):
            return text
        addresses = [
            write(views.script(name).encode("utf-8"), ".js", "_views", f"{name}-")
            for name in ("kit", view[1])
        ]
        start = re.search(r'class="explorer-start">(.*?)</script>', text, re.DOTALL)[1]
        if len(start) > LARGE:
            name = re.search(r'id="([^"]*)"', text)[1]
            content = f"receiveStart({json.dumps(name)}, {start});\n".encode()
            addresses.append(write(content, ".js", "_starts"))
            text = text.replace(start, json.dumps({"values": json.loads(start)["values"]}))
        return text.replace("<figure ", f'<figure data-scripts="{" ".join(addresses)}" ', 1)

    def picture(match):
        return f'src="{write(base64.b64decode(match[1]), ".webp")}" loading="lazy"'

    def figure(match):
        text = match[0]
        data = re.search(r'<script type="application/json">(.*?)</script>\n', text, re.DOTALL)
        if data:
            name = re.search(r'id="([^"]*)"', text)[1]
            frames = f"receiveFrames({json.dumps(name)}, {data[1]});\n"
            text = text.replace(data[0], "")
            source = write(frames.encode("utf-8"), ".js")
            text = text.replace("<figure ", f'<figure data-frames="{source}" ', 1)
        return re.sub(r'src="data:image/webp;base64,([^"]*)"', picture, scripts(text))

    return re.sub(r'<figure class="explorer.*?</figure>', figure, body, flags=re.DOTALL)
