"""
What people get wrong: each row of bad_inputs/*.toml is a command with a fault, its exact message
and its exit status. One file an area; a file is found by itself.

    [common.files]                 # optional: written for every row of the file
    "spin.toml" = "..."

    [[row]]
    name = "..."                   # unique in the file
    command = ["up"]               # of `spin`, run in an empty folder that holds the files
    program = "spin"               # or "componentize-py"
    files = {"a/b.txt" = "..."}    # more files, or others in place of the common ones
    hex_files = {"x.wasm" = "00"}  # the same for bytes
    absent = ["spin.toml"]         # common files that are left out
    edit = ["spin.toml", "OLD", "NEW"]   # OLD stands once in the file; several edits: a list of lists
    before = [["build"]]           # commands that must succeed first; a word "program:NAME" in
                                   # front starts another program (sh, git, tar, componentize-py)
    env = {NAME = "value"}
    status = 1                     # exact; the default is 1
    error = "Error: ..."           # standard error, exact but for white space at the end
    out = ""                       # standard output, likewise
    line = "..."                   # in place of `out`: a line that is one of standard output's
    leaves = ["app.wasm"]          # files that may be new or changed afterwards

`{dir}` in commands, files, environment and texts is the folder. Templates are stored below it. In
every row nothing that was there may change, and nothing may be left behind but what `leaves` names
and the folder `.spin`.
"""

import os
import subprocess
import tomllib
from pathlib import Path

import pytest

from conftest import BIN, TIMEOUT

FOLDER = Path(__file__).parent / "bad_inputs"
KEYS = {"name", "command", "program", "files", "hex_files", "absent", "edit", "before", "env",
        "status", "error", "out", "line", "leaves"}
OURS = ("spin", "componentize-py")


def rows():
    for path in sorted(FOLDER.glob("*.toml")):
        document = tomllib.loads(path.read_text())
        assert set(document) <= {"common", "row"}, path
        common = document.get("common", {}).get("files", {})
        for row in document["row"]:
            assert set(row) <= KEYS, (path, set(row) - KEYS)
            yield path.stem, common, row


ROWS = list(rows())


def program(name):
    return str(BIN / name) if name in OURS else name


def edited(row, files):
    edits = row.get("edit", [])
    for path, old, new in [edits] if edits and isinstance(edits[0], str) else edits:
        assert files[path].count(old) == 1, f"'{old}' does not stand once in {path}"
        files[path] = files[path].replace(old, new)
    return files


class Folder:
    def __init__(self, path, row):
        self.path = path
        self.env = {"PATH": os.environ["PATH"], "HOME": str(path / "home"), "LC_ALL": "C.UTF-8",
                    "SPIN_DATA_DIR": str(path / "data"), "XDG_CACHE_HOME": str(path / "cache"),
                    "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", ""),
                    **{name: self.text(value) for name, value in row.get("env", {}).items()}}

    def text(self, text):
        return text.replace("{dir}", str(self.path))

    def write(self, files, hex_files):
        for name, text in files.items():
            self.write_one(name, self.text(text).encode())
        for name, digits in hex_files.items():
            self.write_one(name, bytes.fromhex(digits))

    def write_one(self, name, contents):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents)

    def run(self, words, name="spin"):
        if words and words[0].startswith("program:"):
            name, words = words[0].removeprefix("program:"), words[1:]
        return subprocess.run([program(name), *map(self.text, words)], cwd=self.path, env=self.env,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=TIMEOUT)

    def contents(self):
        """Path -> bytes, or None for a folder; without what programs keep for themselves."""
        found = {}
        for where, folders, names in os.walk(self.path):
            here = Path(where).relative_to(self.path)
            folders[:] = [name for name in folders if name not in (".spin", ".git", "cache", "home")]
            for name in [*folders, *names]:
                path = Path(where) / name
                found[str(here / name)] = path.read_bytes() if path.is_file() else None
        return found


@pytest.mark.parametrize("common, row", [(common, row) for _, common, row in ROWS],
                         ids=[f"{area}: {row['name']}" for area, _, row in ROWS])
def test_bad_input(tmp_path, common, row):
    folder = Folder(tmp_path, row)
    files = {name: text for name, text in common.items() if name not in row.get("absent", [])}
    folder.write(edited(row, {**files, **row.get("files", {})}), row.get("hex_files", {}))
    for words in row.get("before", []):
        done = folder.run(words)
        assert done.returncode == 0, done.stdout + done.stderr
    before = folder.contents()
    done = folder.run(row["command"], row.get("program", "spin"))
    assert done.stderr.rstrip() == folder.text(row["error"]).rstrip()
    if "line" in row:
        assert row["line"] in done.stdout.splitlines()
    else:
        assert done.stdout.rstrip() == folder.text(row.get("out", "")).rstrip()
    assert done.returncode == row.get("status", 1)
    after = folder.contents()
    changed = {name for name in {*before, *after} if before.get(name, 0) != after.get(name, 0)}
    assert changed - set(row.get("leaves", [])) == set()


def test_names_are_unique():
    names = [(area, row["name"]) for area, _, row in ROWS]
    assert len(names) == len(set(names))
