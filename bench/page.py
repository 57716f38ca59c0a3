"""Measure how soon a page computes, beside JupyterLite and beside a bare worker.

    make bench-page        builds what it compares with in _build/bench-page, and measures

All three run the same Pyodide, with the same files, from the same server, in the same Chromium:

ours        a chapter of the built book; a cell of it, edited, is run
JupyterLite its REPL with its own Pyodide kernel, told in its address what to run
bare        a page with nothing but a worker, which loads the wheels as they come

Each is opened in turns, several times, in a browser that has seen nothing (cold) and once more in
the same browser (warm). Seconds count from the opening of the page to the result on it: the least
of all rounds, since a busy machine only ever adds. Bytes are those that the server sent.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import zipfile
from contextlib import contextmanager
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import time

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT))
from book_extensions import runtime
from tools import browser
from tools.browser import find
from tools.browser.server import Compressing

SITE, FOLDER = ROOT / "_build" / "html", ROOT / "_build" / "bench-page"
PAGE = "notebooks/1_backprop.html"
NUMBER = "import numpy as np\nprint(int(np.arange(1000).sum()))"  # 499500
PLOT = (
    "import matplotlib.pyplot as plt\nimport numpy as np\nplt.plot(np.arange(10) ** 2)\nplt.show()"
)
# JupyterLite's kernel needs these besides what it brings; all are pure Python.
WHEELS = (
    "ipython==9.18.1 decorator==5.3.1 jedi==0.20.1 parso==0.8.7 matplotlib-inline==0.2.2 "
    "prompt-toolkit==3.0.53 wcwidth==0.2.13 pygments==2.21.0 stack-data==0.6.3 executing==2.3.0 "
    "asttokens==3.0.2 pure-eval==0.2.4 traitlets==5.16.1 typing-extensions==4.16.0 "
    "ipython-pygments-lexers==1.1.1 comm==0.2.3 micropip==0.11.1"
).split()
INFO = {"abi_version": "2026_0", "arch": "wasm32", "platform": "emscripten_5_0_3"}
ELSEWHERE = {"sys_platform": "emscripten", "platform_system": "Emscripten", "extra": ""}


# ---- what it compares with ----------------------------------------------------------------------


def lock(folder):
    """Return Pyodide's list of packages, for the wheels in a folder."""
    wheels = {parse_wheel_filename(path.name)[0]: path for path in folder.glob("*.whl")}
    packages = {}
    for name, path in sorted(wheels.items()):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            metadata = next(each for each in names if each.endswith(".dist-info/METADATA"))
            text = archive.read(metadata).decode()
        needs = [Requirement(each) for each in re.findall(r"^Requires-Dist: (.*)$", text, re.M)]
        needs = [n for n in needs if not n.marker or n.marker.evaluate(ELSEWHERE)]
        tops = {each.split("/")[0].removesuffix(".py") for each in names}
        packages[name] = {
            "name": name,
            "version": str(parse_wheel_filename(path.name)[1]),
            "file_name": path.name,
            "install_dir": "site",
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "package_type": "package",
            "imports": sorted(top for top in tops if top.isidentifier()),
            "depends": [n for n in (canonicalize_name(need.name) for need in needs) if n in wheels],
            "unvendored_tests": False,
        }
    return {"info": INFO | {"python": "3.14.0"}, "packages": packages}


def jupyterlite(python, files, wheels, folder):
    """Build JupyterLite with its Pyodide kernel and the book's own Pyodide into a folder."""
    with tempfile.TemporaryDirectory() as source:
        shutil.copytree(wheels, Path(source, "pypi"))
        command = [Path(python).absolute().with_name("jupyter-lite"), "build", "--lite-dir", source]
        command += ["--output-dir", folder, "--apps", "repl", "--no-sourcemaps"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=source)
    if done.returncode:
        sys.exit(f"jupyter lite build failed:\n{done.stderr[-2000:]}")
    static = folder / "static" / "pyodide"
    shutil.copytree(files, static, dirs_exist_ok=True)
    shutil.copy(next(wheels.glob("micropip-*.whl")), static)
    static.joinpath("pyodide-lock.json").write_text(json.dumps(lock(static)))
    path = folder / "jupyter-lite.json"
    config = json.loads(path.read_text())
    settings = config["jupyter-config-data"].setdefault("litePluginSettings", {})
    kernel = settings.setdefault("@jupyterlite/pyodide-kernel-extension:kernel", {})
    kernel["pyodideUrl"] = "./static/pyodide/pyodide.mjs"
    path.write_text(json.dumps(config))


BARE = """<!doctype html><meta charset="utf-8"><title>Bare</title><pre></pre><img hidden>
<script src="start.js"></script>"""
BARE_START = """const worker = new Worker("worker.mjs", { type: "module" });
worker.onmessage = ({ data }) => {
  document.querySelector("pre").textContent = data.text;
  const image = document.querySelector("img");
  if (data.png) Object.assign(image, { src: data.png, hidden: false });
};
worker.postMessage(location.hash.slice(1));"""
BARE_WORKER = """import { loadPyodide } from "./pyodide.mjs";
onmessage = (event) => run(event).catch((error) => postMessage({ text: String(error) }));
async function run({ data }) {
  const python = await loadPyodide({ indexURL: new URL("./", location).href,
    packages: [data === "plot" ? "matplotlib" : "numpy"], env: { MPLBACKEND: "AGG" } });
  let text = "";
  python.setStdout({ batched: (line) => { text += line; } });
  const code = { number: %s, plot: %s + `
import base64, io
file = io.BytesIO()
plt.savefig(file, dpi=144)
"data:image/png;base64," + base64.b64encode(file.getvalue()).decode()` }[data];
  const png = await python.runPythonAsync(code);
  postMessage({ text, png: data === "plot" && png });
}"""


def bare(files, folder):
    """Write a page that has nothing but a worker, and the wheels as they come."""
    shutil.copytree(files, folder)
    folder.joinpath("pyodide-lock.json").write_text(json.dumps(lock(folder)))
    folder.joinpath("index.html").write_text(BARE)
    folder.joinpath("start.js").write_text(BARE_START)
    # plt.show() draws nothing here
    code = BARE_WORKER % (json.dumps(NUMBER), json.dumps(PLOT.replace("plt.show()", "")))
    folder.joinpath("worker.mjs").write_text(code)


def prepare(python):
    """Build what ours is compared with, if it is not there."""
    files, aside = runtime.get(), FOLDER.with_name(".bench-page.new")
    made = json.dumps([WHEELS, BARE, BARE_START, BARE_WORKER, NUMBER, PLOT])
    if FOLDER.joinpath("made").exists() and FOLDER.joinpath("made").read_text() == made:
        return
    for folder in (aside, FOLDER):
        shutil.rmtree(folder, ignore_errors=True)
    print("building JupyterLite and the bare page", file=sys.stderr, flush=True)
    wheels = aside / "wheels"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", wheels]
    command += ["--only-binary", ":all:", "--python-version", "3.14", "--platform", "any"]
    subprocess.run([*command, *WHEELS], check=True)
    jupyterlite(python, files, wheels, aside / "lite")
    bare(files, aside / "bare")
    aside.joinpath("made").write_text(made)
    aside.rename(FOLDER)


# No other address is found. (Routes of Playwright would switch the browser's cache off.)
ALONE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"

# ---- the server and the visits ------------------------------------------------------------------


class Counting(Compressing):
    """Serves as a site does, lets a browser keep files, and counts the bytes that it sends."""

    sent = 0

    def end_headers(self):
        """Let the browser keep what it has for as long as a bench lasts."""
        self.send_header("Cache-Control", "max-age=3600")
        super().end_headers()

    def copyfile(self, source, outputfile):
        """Send a body, and count it."""
        body = source.read()
        Counting.sent += len(body)
        outputfile.write(body)


@contextmanager
def serving(folder):
    """Serve a folder while the block runs; give its address."""
    handler = partial(Counting, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


# Playwright's own waiting looks every half second. This looks at every frame, and says when.
SEEN = """(selector) => new Promise((done) => {
    const look = () => {
        const found = document.querySelector(selector);
        if (found?.checkVisibility() && found.complete !== false) {
            done([performance.timeOrigin + performance.now(), found.textContent]);
        } else requestAnimationFrame(look);
    };
    look();
})"""

# Types into the first cell of a page and runs it, as soon as the page's script is there.
RUN = """(code) => {
    const cell = document.querySelector('.cell[data-cell="increment-check"]');
    cell.querySelector("pre").click(); // the editor opens
    const area = cell.querySelector("textarea");
    area.value = code;
    area.dispatchEvent(new Event("input"));
    area.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true }));
}"""


def ours(tab, site, what, code):
    """Run code in a cell of the book; return where its result will be."""
    tab.goto(f"{site}{PAGE}", wait_until="domcontentloaded")
    tab.evaluate(RUN, code)
    return {"number": ".live-output pre", "plot": ".live-output img"}[what]


def lite(tab, site, what, code):
    """Run code in JupyterLite's REPL; return where its result will be."""
    query = urllib.parse.urlencode({"kernel": "python", "code": code, "execute": "1"})
    tab.goto(f"{site}repl/index.html?{query}", wait_until="domcontentloaded")
    return {"number": ".jp-OutputArea-output pre", "plot": ".jp-OutputArea-output img"}[what]


def worker(tab, site, what, code):
    """Open the bare page; return where its result will be."""
    tab.goto(f"{site}index.html#{what}", wait_until="domcontentloaded")
    return {"number": "pre:not(:empty)", "plot": "img:not([hidden])"}[what]


CONTENDERS = {
    "ours": (SITE, ours),
    "bare worker, wheels": (FOLDER / "bare", worker),
    "JupyterLite": (FOLDER / "lite", lite),
}


def visit(playwright, folder, opens, what, patience):
    """Open a page in a new browser, and again; return seconds and bytes of both, {"cold": ...}."""
    code, found = {"number": NUMBER, "plot": PLOT}[what], {}
    with serving(folder) as site, tempfile.TemporaryDirectory() as profile:
        for when in ("cold", "warm"):
            # closed between the two, as it is from one evening to the next
            context = playwright.chromium.launch_persistent_context(
                profile, executable_path=find.find("chromium"), args=[*browser.ARGUMENTS, ALONE]
            )
            context.set_default_timeout(patience * 1000)
            tab = context.new_page()
            Counting.sent, began = 0, time()
            ended, text = tab.evaluate(SEEN, opens(tab, site, what, code))
            if what == "number" and "499500" not in text:
                sys.exit(f"{opens.__name__} says {text!r} where 499500 is right")
            found[when] = (ended / 1000 - began, Counting.sent)
            tab.wait_for_timeout(1000)  # what is kept is written
            context.close()
    return found


# ---- the table ----------------------------------------------------------------------------------


def least(rounds):
    """Return the least seconds, and the bytes, of several visits."""
    return min(seconds for seconds, _ in rounds), min(sent for _, sent in rounds)


def table(measured):
    """Return the table: a row for each contender, seconds, megabytes, and ratios to ours."""
    columns = [(what, when) for what in ("number", "plot") for when in ("cold", "warm")]
    lines = ["| | " + " | ".join(f"first {what}, {when}" for what, when in columns) + " |"]
    lines += ["| :-- |" + " --: |" * len(columns)]
    own = measured["ours"]
    for name, rounds in measured.items():
        cells = []
        for column in columns:
            seconds, sent = least(rounds[column])
            cell = f"{seconds:.2f} s, {sent / 1e6:.1f} MB"
            if name != "ours":
                cell += f" (ours {least(own[column])[0] / seconds:.2f})"
            cells.append(cell)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main():
    """Measure all in turns; print the table, and write it where --write says."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="visits of each (5)")
    parser.add_argument("--patience", type=float, default=600, help="seconds that one may take")
    parser.add_argument("--lite", default=sys.executable, help="a Python that has JupyterLite")
    parser.add_argument("--write", type=Path, help="a file with the marks <!-- bench-page -->")
    chosen = parser.parse_args()
    if not (SITE / "_python").is_dir():
        sys.exit("the built book has no Python for its pages: see what `make book` says")
    prepare(chosen.lite)
    measured = {name: {} for name in CONTENDERS}
    with sync_playwright() as playwright:
        for turn in range(chosen.rounds):
            for what in ("number", "plot"):
                for name, (folder, opens) in CONTENDERS.items():
                    found = visit(playwright, folder, opens, what, chosen.patience)
                    for when, each in found.items():
                        measured[name].setdefault((what, when), []).append(each)
                    told = ", ".join(f"{when} {each[0]:.2f} s" for when, each in found.items())
                    print(f"round {turn + 1}: {name}, {what}: {told}", file=sys.stderr, flush=True)
    result = table(measured)
    print(result)
    print(f"\nLoad of the machine at the end: {os.getloadavg()[0]:.1f}", file=sys.stderr)
    if chosen.write:
        mark = "<!-- bench-page -->"
        before, _, after = chosen.write.read_text(encoding="utf-8").split(mark)
        text = f"{before}{mark}\n{result}\n{mark}{after}"
        chosen.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
