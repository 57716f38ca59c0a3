"""What each page of the site costs and scores, beside a stock book of the same content.

    make site-report                                    all pages, about half an hour
    make site-report PAGES="notebooks/2_kmeans book/index"

Writes one table to standard output and to dist/site-report.md. Both books are served here, by a
server that compresses, and measured in the same run: by Lighthouse, with its default throttling (a
slow phone), and by axe. Of three runs of Lighthouse the one with the median performance counts: a
machine that is busy for a moment costs a page some points. Lighthouse comes through npx, or is the
program that LIGHTHOUSE names.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from itertools import chain
from pathlib import Path

import yaml
from axe_playwright_python.sync_playwright import Axe

from hwlib.commands import run_command
from tools import browser
from tools.browser import find
from tools.browser.server import serving

ROOT = Path(__file__).parent.parent

SITE = ROOT / "_build" / "html"
LIGHTHOUSE = ["npx", "--yes", "lighthouse@12.8.2"]
SCORES = ["performance", "accessibility", "best-practices", "seo"]
RUNS = 3
MEASURES = [
    "performance / accessibility / best practices / SEO",
    "compressed kB",
    "axe violations, light and dark",
    "requests",
]

# The extensions that read what the pages hold; all else is as Jupyter Book has it.
STOCK = {
    "title": "Stock",
    "only_build_toc_files": True,
    "execute": {"execute_notebooks": "off"},
    "parse": {"myst_enable_extensions": ["amsmath", "colon_fence", "deflist", "dollarmath"]},
    "bibtex_bibfiles": ["book/references.bib"],
    "sphinx": {
        "extra_extensions": ["sphinx_exercise"],
        "local_extensions": {
            "book_extensions.stored": "."
        },  # repeats stored outputs on other pages
        "config": {"nb_mime_priority_overrides": [["html", "text/html", 0]]},
    },
}


def build_stock(folder):
    """Build the same pages with Jupyter Book's defaults, in `folder`; return the site's folder."""
    for name in ("book", "notebooks"):
        ignored = shutil.ignore_patterns("templates", "*.js", "*.css")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    shutil.copytree(ROOT / "book_extensions", folder / "book_extensions")
    shutil.copy(ROOT / "_toc.yml", folder)
    (folder / "_config.yml").write_text(yaml.safe_dump(STOCK))
    static = folder / "_static"  # what is here is put on every page
    static.mkdir()
    shutil.copy(ROOT / "hwlib" / "explorer.css", static)
    command = [Path(sys.executable).with_name("jupyter-book"), "build", folder]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    site = folder / "_build" / "html"
    if not (site / "book" / "index.html").exists():
        raise RuntimeError("the stock book was not built:\n" + done.stdout + done.stderr)
    return site


def lighthouse(address, folder):
    """Return Lighthouse's report on an address."""
    out = folder / "lighthouse.json"
    out.unlink(missing_ok=True)
    program = [os.environ["LIGHTHOUSE"]] if "LIGHTHOUSE" in os.environ else LIGHTHOUSE
    command = [
        *program,
        address,
        "--quiet",
        "--output=json",
        f"--output-path={out}",
        "--chrome-flags=" + " ".join(["--headless=new", *browser.ARGUMENTS]),
    ]
    environment = os.environ | {"CHROME_PATH": find.find("chromium")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if not out.exists():
        raise RuntimeError(f"Lighthouse failed on {address}:\n{done.stdout}{done.stderr}")
    return json.loads(out.read_text(encoding="utf-8"))


def performance(report):
    """Return the first of a report's scores; 0 where Lighthouse could not tell."""
    return report["categories"]["performance"]["score"] or 0


def measure(chromium, address, folder):
    """Return what is measured of a page, as text, in the order of MEASURES."""
    report = sorted((lighthouse(address, folder) for _ in range(RUNS)), key=performance)[RUNS // 2]
    scores = [report["categories"][name]["score"] for name in SCORES]
    audits = report["audits"]
    weight = audits["total-byte-weight"]["numericValue"] / 1000
    requests = [
        each
        for each in audits["network-requests"]["details"]["items"]
        if not each["url"].startswith("data:")
    ]
    violations = set()
    for theme in ("light", "dark"):
        context = chromium.new_context(color_scheme=theme, viewport={"width": 1280, "height": 900})
        tab = context.new_page()
        tab.goto(address)
        found = Axe().run(tab).response["violations"]
        violations |= {
            (each["id"], *map(str, node["target"])) for each in found for node in each["nodes"]
        }
        context.close()
    rules = len({rule for rule, *_ in violations})
    return [
        " / ".join("–" if score is None else f"{100 * score:.0f}" for score in scores),
        f"{weight:,.0f}",
        f"{len(violations)} of {rules} kinds" if violations else "0",
        str(len(requests)),
    ]


def main():
    """Measure the pages that are asked for; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("pages", nargs="*", help="such as book/index; all, if none is named")
    names = parser.parse_args().pages
    known = [
        path.relative_to(SITE).with_suffix("").as_posix()
        for folder in ("book", "notebooks")
        for path in sorted((SITE / folder).glob("*.html"))
    ]
    if unknown := set(names) - set(known):
        parser.error(f"no such page: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    titles = ["page", *chain.from_iterable((name, "stock") for name in MEASURES)]
    rows = [titles, ["---"] * len(titles)]
    with tempfile.TemporaryDirectory() as temporary, browser.chromium() as chromium:
        folder = Path(temporary)
        print("building the stock book", file=sys.stderr)
        (folder / "stock").mkdir()
        stock = build_stock(folder / "stock")
        with serving(SITE) as ours, serving(stock) as theirs:
            for page in names or known:
                books = [measure(chromium, f"{at}{page}.html", folder) for at in (ours, theirs)]
                rows.append([page, *chain.from_iterable(zip(*books))])
                print(" | ".join(rows[-1]), file=sys.stderr)
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    (ROOT / "dist").mkdir(exist_ok=True)
    (ROOT / "dist" / "site-report.md").write_text(table, encoding="utf-8")
    print(table, end="")
    return 0


if __name__ == "__main__":
    run_command(main)
