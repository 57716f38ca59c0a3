"""Where the book's repository is, for the notebooks and buttons that need to know.

    BOOK_REPOSITORY=https://github.com/OWNER/NAME python tools/repository.py REMOTE BRANCH

pushes the notebooks with that address in them to a branch of a git remote (for Colab, which takes
notebooks from GitHub only). Uses nothing but Python's own library and git.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
# What stands in the first code cell of every notebook, as JSON has it.
UNKNOWN = r"SOURCE = \"\""


def address(environ=os.environ):
    """Return the address of the book's repository, or "" if it is not known.

    Raises
    ------
    ValueError
        If BOOK_REPOSITORY is set and no such address.
    """
    given = environ.get("BOOK_REPOSITORY", "").strip()
    if not given:
        return ""
    found = re.fullmatch(r"(https://[\w.-]+/[\w.-]+/[\w.-]+?)(\.git)?/?", given)
    if not found:
        raise ValueError(
            f"BOOK_REPOSITORY is {given!r}; expected https://HOST/OWNER/NAME, as of GitHub"
        )
    return found[1]


def know(notebook, source):
    """Return the text of a notebook whose first code cell knows from where pip installs hwlib.

    Parameters
    ----------
    notebook : str
        The file's text; it must have the place for `source`.
    source : str
        As pip has it: "git+https://..." or the address of a file.
    """
    if notebook.count(UNKNOWN) != 1:
        raise ValueError(f"the notebook has not one line with {UNKNOWN!r}")
    return notebook.replace(UNKNOWN, UNKNOWN[:-2] + source + UNKNOWN[-2:])


def git(*words, text=None):
    """Run git in the repository; return what it prints."""
    command = ["git", "-C", str(ROOT), *words]
    done = subprocess.run(
        command, input=text, stdout=subprocess.PIPE, check=True, text=True, encoding="utf-8"
    )
    return done.stdout.strip()


def push(remote, branch, source):
    """Make `branch` at `remote` one commit with the notebooks, which know `source`; return its id.

    The same notebooks give the same commit. Neither the checkout nor its branches change.
    """
    entries = []
    for path in sorted(ROOT.joinpath("notebooks").glob("*.ipynb")):
        text = know(path.read_text(encoding="utf-8"), source)
        blob = git("hash-object", "-w", "--stdin", text=text)
        entries.append(f"100644 blob {blob}\t{path.name}")
    folder = git("mktree", text="\n".join(entries))
    tree = git("mktree", text=f"040000 tree {folder}\tnotebooks")
    date = git("log", "-1", "--format=%cI")
    message = "The notebooks, knowing where their package is: made from the main branch"
    who = ["-c", "user.name=book", "-c", "user.email=book@localhost"]
    os.environ |= {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    commit = git(*who, "commit-tree", tree, "-m", message)
    git("push", "--quiet", "--force", remote, f"{commit}:refs/heads/{branch}")
    return commit


def main(remote, branch):
    """Push the branch; return the exit status."""
    try:
        where = address()
        if not where:
            raise ValueError("BOOK_REPOSITORY is not set; expected https://HOST/OWNER/NAME")
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{remote} {branch}: {push(remote, branch, f'git+{where}')}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
