// Runs Pyodide once, in Node, and packs what pages import, compiled and pruned:
//   node bundle.mjs FILES OUT   writes numbers.zip, pictures.zip, more.zip and LICENSES.txt into OUT
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

import numpy
SITE = os.path.dirname(os.path.dirname(numpy.__file__))
NEVER = ("/tests/", "/testing/tests", "/f2py/", "/distutils/", "/_core/lib/", "/include/",
         "/sample_data/", "/images/", "/pdfcorefonts/", "/fonts/afm", "/backends/web_backend/",
         "/backends/qt_editor/", "/_pyinstaller/", "/typing/")
FONTS = {"DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans-Oblique.ttf", "DejaVuSansDisplay.ttf",
         "cmex10.ttf", "cmmi10.ttf", "cmr10.ttf", "cmsy10.ttf"}

LATER = {"DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf", "DejaVuSerif.ttf",
         "DejaVuSerif-Bold.ttf", "STIXGeneral.ttf", "STIXGeneralBol.ttf"}


def wanted(name):
    path = "/" + name
    if any(part in path for part in NEVER) or name.endswith((".pyi", ".a", ".h", ".pxd", ".pyx")):
        return False
    return not name.endswith(".ttf") or os.path.basename(name) in FONTS | LATER


def pack(target, names, more=()):
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(names):
            content = open(f"{SITE}/{name}", "rb").read()
            if name.endswith(".py"):
                mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
                py_compile.compile(f"{SITE}/{name}", cfile="/tmp/x.pyc", dfile=name, doraise=True,
                                   invalidation_mode=mode)
                name, content = name + "c", open("/tmp/x.pyc", "rb").read()
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
        for name, content in more:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


def below(*folders):
    found = []
    for folder in folders:
        for at, _, names in os.walk(f"{SITE}/{folder}"):
            if "__pycache__" not in at:
                found += [os.path.relpath(f"{at}/{name}", SITE) for name in names]
    return [name for name in found if wanted(name)]


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

# what few need: more fonts, and the rest of the packages
pack("/out/more.zip", later)

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
