// Runs Pyodide once, in Node, and packs what pages import, compiled and pruned:
//   node bundle.mjs FILES OUT   writes into OUT stdlib.zip, what Python itself starts with;
//                               numbers.zip, pictures.zip and more.zip; and LICENSES.txt
// The same files give the same bytes: names are sorted, and times are fixed.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [files, out] = process.argv.slice(2).map((each) => path.resolve(each));
const { loadPyodide } = await import(pathToFileURL(path.join(files, "pyodide.mjs")));
const info = { abi_version: "2026_0", arch: "wasm32", platform: "emscripten_5_0_3", python: "3.14.0" };
const python = await loadPyodide({ indexURL: files + "/", lockFileContents: { info, packages: {} } });
python.FS.mkdirTree("/out");
for (const wheel of fs.readdirSync(files).filter((name) => name.endsWith(".whl")).sort()) {
  python.unpackArchive(new Uint8Array(fs.readFileSync(path.join(files, wheel))), "wheel");
}
await python.runPythonAsync(`
import glob, io, os, py_compile, sys, zipfile

# the standard library; what is frozen into the interpreter is never read from there
STDLIB = "/lib/python314.zip"
FROZEN = {name for name, module in sys.modules.items()
          if getattr(getattr(module, "__spec__", None), "origin", "") == "frozen"}
# These come when a cell asks for them: modules and packages that cells hardly ever import. Parts
# of a package that stays would not be found later, so parts go only where they cannot run anyway.
SELDOM = set("""_pyio _pydatetime _pydecimal _pyrepl bdb cProfile cmd code compileall doctest email
    ensurepip fileinput ftplib http idlelib imaplib mailbox modulefinder multiprocessing optparse
    pdb pickletools poplib profile pstats pydoc pydoc_data runpy smtplib socketserver tabnanny
    tarfile trace turtle turtledemo tkinter venv wave wsgiref xmlrpc""".split())
CANNOT = ("asyncio/windows", "asyncio/proactor", "concurrent/futures/process",
          "concurrent/interpreters", "ctypes/_aix", "ctypes/macholib", "unittest/mock",
          "logging/handlers", "logging/config", "pyodide/console", "xml/dom", "xml/sax")
ENCODINGS = ("__init__ aliases utf_ ascii latin_1 cp1252 cp437 idna punycode unicode_escape "
             "raw_unicode_escape hex_codec base64_codec").split()

import numpy
SITE = os.path.dirname(os.path.dirname(numpy.__file__))
NEVER = ("/tests/", "/testing/tests", "/f2py/", "/distutils/", "/_core/lib/", "/include/",
         "/sample_data/", "/images/", "/pdfcorefonts/", "/fonts/afm", "/backends/web_backend/",
         "/backends/qt_editor/", "/_pyinstaller/", "/typing/")
FONTS = {"DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans-Oblique.ttf", "DejaVuSansDisplay.ttf",
         "cmex10.ttf", "cmmi10.ttf", "cmr10.ttf", "cmsy10.ttf"}
LIGHTER = {"DejaVuSans-Bold.ttf", "DejaVuSans-Oblique.ttf"}
LATER = {"DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf", "DejaVuSerif.ttf",
         "DejaVuSerif-Bold.ttf", "STIXGeneral.ttf", "STIXGeneralBol.ttf"}


def wanted(name):
    path = "/" + name
    if any(part in path for part in NEVER) or name.endswith((".pyi", ".a", ".h", ".pxd", ".pyx")):
        return False
    return not name.endswith(".ttf") or os.path.basename(name) in FONTS | LATER


def compiled(name, content, optimize=-1):
    with open("/tmp/x.py", "wb") as file:
        file.write(content)
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    py_compile.compile("/tmp/x.py", cfile="/tmp/x.pyc", dfile=name, doraise=True,
                       invalidation_mode=mode, optimize=optimize)
    with open("/tmp/x.pyc", "rb") as file:
        return name + "c", file.read()


def write(target, files):
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


def lighter(font):
    # What few labels use: Latin, Greek, Cyrillic, punctuation, arrows, operators and shapes stay.
    from fontTools import subset
    options = subset.Options(layout_features=["*"], legacy_kern=True, notdef_outline=True)
    loaded = subset.load_font(io.BytesIO(font), options)
    chooser = subset.Subsetter(options)
    chooser.populate(unicodes=[*range(0x20, 0x530), *range(0x1E00, 0x2300), *range(0x2500, 0x2600)])
    chooser.subset(loaded)
    file = io.BytesIO()
    loaded.save(file)
    return file.getvalue()


def packed(name):
    with open(f"{SITE}/{name}", "rb") as file:
        content = file.read()
    if name.endswith(".py"):
        return compiled(name, content)
    return name, lighter(content) if os.path.basename(name) in LIGHTER else content


def pack(target, names, more=()):
    files = [packed(name) for name in sorted(names)]
    write(target, [*files, *more])


def below(*folders):
    found = []
    for folder in folders:
        for at, _, names in os.walk(f"{SITE}/{folder}"):
            if "__pycache__" not in at:
                found += [os.path.relpath(f"{at}/{name}", SITE) for name in names]
    return [name for name in found if wanted(name)]


def seldom(name):
    top = name.partition("/")[0].removesuffix(".py")
    module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    if top in SELDOM or module in FROZEN or name.startswith(CANNOT):
        return True
    folder, _, rest = name.partition("/")
    return folder == "encodings" and not rest.startswith(tuple(ENCODINGS))


# numbers: what \`import numpy\` and its random numbers load, and all that runs of these folders
import numpy.random, numpy.linalg
loaded = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
numbers = {os.path.relpath(file, SITE) for file in loaded if file and file.startswith(SITE)}
numbers |= set(below("numpy/random", "numpy/linalg", "numpy/lib", "numpy/_core"))
numbers = {name for name in numbers if wanted(name) and "/_simd." not in name}
pack("/out/numbers.zip", numbers)

# pictures: what a plot imports, and the data of matplotlib
os.environ["MPLCONFIGDIR"] = "/tmp/matplotlib"
os.makedirs("/tmp/matplotlib", exist_ok=True)
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
import matplotlib.image, matplotlib.patches, matplotlib.collections, matplotlib.ticker
from PIL import Image, ImageDraw, ImageFont, ImageOps, ImageCms
figure, axes = plt.subplots()
axes.plot([1, 2, 3])
axes.set_title(r"$x^2$")
axes.imshow([[0, 1], [1, 0]])
figure.savefig(io.BytesIO())
figure.savefig(io.BytesIO(), format="webp")
for kind in ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP"):
    file = io.BytesIO()
    Image.new("RGB", (2, 2)).save(file, kind)
    Image.open(io.BytesIO(file.getvalue())).load()
import _ast_unparse, symtable  # and what else live_runner.py imports
loaded = {getattr(module, "__file__", None) for module in list(sys.modules.values())}
names = {os.path.relpath(file, SITE) for file in loaded if file and file.startswith(SITE)}
data = {name for name in below("matplotlib") if "/mpl-data/" in name}
names = {name for name in names | data if wanted(name)} - numbers
later = {name for name in names if os.path.basename(name) in LATER}
names -= later
later |= set(below("numpy", "matplotlib", "mpl_toolkits", "PIL", "dateutil", "kiwisolver",
                   "contourpy", "pyparsing", "packaging", "cycler")) - numbers - names
# fonts are found without looking at each of them
import json
from matplotlib import font_manager
cache = f"{SITE}/matplotlib/fontlist.json"  # where Pyodide's matplotlib looks for it
font_manager.json_dump(font_manager.fontManager, cache)
fonts = json.load(open(cache))
for key in ("ttflist", "afmlist"):
    fonts[key] = [f for f in fonts[key] if os.path.basename(f["fname"]) in FONTS]
names.discard("matplotlib/fontlist.json")
pack("/out/pictures.zip", names, [("matplotlib/fontlist.json", json.dumps(fonts, sort_keys=True))])

# The standard library. Reading its sources would take more than half of the time that Python needs
# to start: what is imported up to a plot is compiled, without its docstrings. Pyodide reads its own.
imported = {file.removeprefix(STDLIB + "/") for file in loaded if file and file.startswith(STDLIB)}
files, rest = [], []
with zipfile.ZipFile(STDLIB) as archive:
    for name in sorted(archive.namelist()):
        content = archive.read(name)
        if name in imported:
            own = name.startswith(("pyodide/", "_pyodide/"))
            files.append(compiled(name, content, -1 if own else 2))
        elif not name.endswith("/"):
            (rest if seldom(name) else files).append((name, content))
write("/out/stdlib.zip", files)

# what few need: more fonts, the rest of the packages, and of the standard library
pack("/out/more.zip", later, rest)

# licenses
text = []
for info in sorted(glob.glob(f"{SITE}/*.dist-info")):
    title = os.path.basename(info).removesuffix(".dist-info")
    found = sorted(glob.glob(f"{info}/**/*", recursive=True))
    own = [f for f in found if os.path.isfile(f) and "LICEN" in f.upper() or "COPYING" in f.upper()]
    own = [f for f in own if os.path.isfile(f)]
    body = "\\n".join(open(f, encoding="utf-8", errors="replace").read() for f in own)
    if not body:
        meta = open(f"{info}/METADATA", encoding="utf-8").read().splitlines()
        body = "\\n".join(line for line in meta if line.startswith(("License", "Home-page")))
    text.append(f"{'=' * 80}\\n{title}\\n{'=' * 80}\\n{body}")
head = ("What the pages of this book run in a browser, and its licenses.\\n\\n"
        "Pyodide: Mozilla Public License 2.0, https://github.com/pyodide/pyodide\\n"
        "CPython and its standard library: Python Software Foundation License 2,\\n"
        "https://docs.python.org/3/license.html\\n")
open("/out/LICENSES.txt", "w").write("\\n\\n".join([head, *text]) + "\\n")
`);
for (const name of python.FS.readdir("/out").filter((each) => !each.startsWith("."))) {
  fs.writeFileSync(path.join(out, name), python.FS.readFile("/out/" + name));
}
process.exit(0);
