"""Make the notebooks' outputs and the site again and again, each time in other circumstances.

    python -m tools.reproducible [notebooks/N.ipynb ...]      (all and the site, if none is named)

Everything has to come out the same, byte for byte: twice in the same circumstances, with one and
two threads of BLAS, with other hash seeds, locales and time zones, and from a read-only tree.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from hwlib.commands import run_command

ROOT = Path(__file__).parent.parent
THREADS = ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"]
# threads, hash seed, time zone, locale; the first is what the others are compared with
CIRCUMSTANCES = {
    "one thread": ("1", "0", "UTC", "C.UTF-8"),
    "the same again": ("1", "0", "UTC", "C.UTF-8"),
    "two threads, German, in Nepal": ("2", "1", "Asia/Kathmandu", "de_DE.UTF-8"),
    "two threads, Turkish, read-only": ("2", "4711", "America/St_Johns", "tr_TR.UTF-8"),
}


def environment(threads, seed, zone, locale, tree, locales):
    """Return the environment of one run."""
    own = {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale, "LOCPATH": str(locales)}
    own |= dict.fromkeys(THREADS, threads)
    # a locale that is not UTF-8 by decree, and no byte code in the tree
    own |= {"PYTHONUTF8": "0", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(tree)}
    return {name: value for name, value in os.environ.items() if name != "BOOK_REPOSITORY"} | own


def make_locales(folder):
    """Compile the locales, so that none is silently taken for C where the system has none."""
    for name in {locale for *_, locale in CIRCUMSTANCES.values()}:
        language = name.partition(".")[0]
        command = ["localedef", "-i", "POSIX" if language == "C" else language, "-f", "UTF-8"]
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run([*command, folder / name], capture_output=True, text=True)
        if not folder.joinpath(name).exists():
            sys.exit(f"no locale {name}: {done.stderr.strip()} (Debian's package `locales` has it)")


def copy(folder):
    """Copy what git has of this checkout into a folder."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)


def guarded(command, tree, read_only):
    """Return the command; where the tree shall be read-only, one that runs it so."""
    if not read_only:
        return command
    subprocess.run(["chmod", "-R", "a-w", tree], check=True)
    if os.geteuid() != 0:
        return command
    # permissions do not bind root, a mount does
    mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", mount, str(tree), *command]


def digests(folder):
    """Return {name: digest} of all files in a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def run(name, notebooks, site, scratch):
    """Make the notebooks, and the site if asked, in one of the circumstances; return digests."""
    tree, out = scratch / "tree", scratch / "out"
    for folder in (tree, out):
        shutil.rmtree(folder, ignore_errors=True)
    copy(tree)
    out.joinpath("notebooks").mkdir(parents=True)
    env = environment(*CIRCUMSTANCES[name], tree, scratch / "locales")
    commands = [
        [sys.executable, "-m", "tools.reproducible", "--one", each, out / each]
        for each in notebooks
    ]
    if site:
        commands.append([sys.executable, "-m", "tools.build_book", out / "site"])
    for command in commands:
        guard = guarded([*map(str, command)], tree, "read-only" in name)
        done = subprocess.run(guard, cwd=tree, env=env, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{name}: {' '.join(map(str, command))} failed\n{done.stdout}{done.stderr}")
    return digests(out)


def one(notebook, target):
    """Run a notebook where it stands, and write it with its outputs to another place."""
    from tools import store_outputs

    store_outputs.write(store_outputs.run(Path(notebook).resolve()), Path(target))


def main(notebooks):
    """Compare all circumstances; return the exit status."""
    names = notebooks or sorted(p.relative_to(ROOT).as_posix() for p in ROOT.glob("notebooks/*"))
    names = [name for name in names if name.endswith(".ipynb")]
    first, failed = None, False
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        make_locales(scratch / "locales")
        for name in CIRCUMSTANCES:
            found = run(name, names, not notebooks, scratch)
            first = first or found
            wrong = sorted(n for n in first | found if first.get(n) != found.get(n))
            failed |= bool(wrong)
            told = f"{len(wrong)} differ: {', '.join(wrong[:9])}" if wrong else "all the same"
            print(f"{name}: {len(found)} files, {told}", flush=True)
    return int(failed)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(*sys.argv[2:])
    else:
        run_command(lambda: main(sys.argv[1:]))
