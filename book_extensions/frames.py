"""The frames of an explorer leave the page for files of their own.

A script hands them to explorer.js when a slider is touched. A view and the kit that it is made of
are scripts too, and so are the numbers of an explorer that starts with many, like a photograph's.
(Scripts load from a disk too, where `fetch` is forbidden.)
"""

import hashlib
import json
import re

from hwlib import views

LARGE = 20_000  # characters of an explorer's start: a page of text should not wait for more


def name_of(content):
    """Return a file name for these bytes, without its suffix: other bytes, another name."""
    return hashlib.sha256(content).hexdigest()[:16]


def write(folder, kind, name, script):
    """Write a script into the site; return its address, seen from the site's folder."""
    content = script.encode("utf-8")
    path = folder / kind / f"{name}{name_of(content)}.js"
    if not path.exists():  # its name says what is in it
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return f"{kind}/{path.name}"


def write_view(folder, name):
    """Write the script of a view, or of the kit; return its address likewise."""
    return write(folder, "_views", f"{name}-", views.script(name))


def take_frames_out(body, root, folder):
    """Take what a page's explorers show out of it, into files.

    Parameters
    ----------
    body : str
        HTML with figures as hwlib/explorer.py writes them, with every frame inside.
    root : str
        How the page refers to the site's folder: "../" or "".
    folder : Path
        The site's folder.

    Returns
    -------
    str
        The same figures, each with `data-scripts`, the addresses of the scripts that draw it, and
        where there are sliders with `data-frames`, the address of the one that has all frames.
    """

    def figure(match):
        text = match[0]
        name, view = (re.search(rf'{key}="([^"]*)"', text)[1] for key in ("id", "data-view"))
        scripts = [write_view(folder, each) for each in ("kit", view)]
        start = re.search(r'class="explorer-start">(.*?)</script>', text, re.DOTALL)[1]
        if len(start) > LARGE:
            call = f"receiveStart({json.dumps(name)}, {start});\n"
            scripts.append(write(folder, "_starts", "", call))
            text = text.replace(start, json.dumps({"values": json.loads(start)["values"]}))
        more = f'data-scripts="{" ".join(root + each for each in scripts)}"'
        if data := re.search(r'<script type="application/json">(.*?)</script>\n', text, re.DOTALL):
            call = f"receiveFrames({json.dumps(name)}, {data[1]});\n"
            text = text.replace(data[0], "")
            more = f'data-frames="{root}{write(folder, "_frames", "", call)}" {more}'
        return text.replace("<figure ", f"<figure {more} ", 1)

    return re.sub(r'<figure class="explorer.*?</figure>', figure, body, flags=re.DOTALL)
