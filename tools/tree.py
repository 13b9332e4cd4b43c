"""The source tree, for the checks in this folder."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# What is ours. Build folders, caches and whatever else lies about are not looked at.
FOLDERS = ["cli", "src", "guest", "sdk", "wit", "templates", "examples", "tests", "fuzz", "bench",
           "docs", "tools", ".ci"]
SKIPPED = {"__pycache__", ".spin", "build", "node_modules"}
GIT = ".git"  # a file in a worktree


def files(folders=FOLDERS, endings=("",), top_level=False):
    """Paths relative to the root, sorted."""
    found = []
    if top_level:
        found += [name for name in os.listdir(ROOT) if name != GIT
                  and os.path.isfile(os.path.join(ROOT, name)) and name.endswith(tuple(endings))]
    for folder in folders:
        for where, inner, names in os.walk(os.path.join(ROOT, folder)):
            inner[:] = [name for name in inner if name not in SKIPPED]
            found += [os.path.relpath(os.path.join(where, name), ROOT)
                      for name in names if name.endswith(tuple(endings))]
    return sorted(found)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def finish(what, checked, faults):
    """Prints the faults and exits as a test does."""
    for fault in faults:
        print(fault)
    print(f"{what}: {checked} files, {len(faults)} faults")
    sys.exit(1 if faults else 0)
