"""Compiles modules for the guest; runs under the interpreter that guest/cpython/build.sh made for this machine.

    python compile.py OUT NAMES PREFIX=DIR...

NAMES is a file with a module name on each line. What these import, directly or not, is compiled: for each module below
a DIR a file with its bytecode is written to OUT, at the guest's path (PREFIX and the path below DIR). The
bytecode is of the kind that is never compared with its source.
"""

import importlib
import importlib.util
import pathlib
import sys
from importlib import _bootstrap_external


def imported_files(names):
    """Source files of the modules that are loaded once all the names are imported."""
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:
            # The interpreter of this machine has no _spindle, for one; its own file is compiled all the same.
            spec = importlib.util.find_spec(name)
            if spec is None or spec.origin is None:
                sys.exit(f"compile.py: {name}: {error}")
            yield pathlib.Path(spec.origin)
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if path and path.endswith(".py"):
            yield pathlib.Path(path)


def compile_file(path, guest_path, out):
    source = path.read_bytes()
    code = compile(source, "/" + guest_path, "exec", dont_inherit=True, optimize=0)
    bytecode = _bootstrap_external._code_to_hash_pyc(code, importlib.util.source_hash(source), False)
    cached = out / importlib.util.cache_from_source(guest_path)
    cached.parent.mkdir(parents=True, exist_ok=True)
    cached.write_bytes(bytecode)


def main(out, names, *trees):
    out = pathlib.Path(out)
    roots = []
    for tree in trees:
        prefix, _, directory = tree.partition("=")
        roots.append((prefix, pathlib.Path(directory).resolve()))
        sys.path.append(str(roots[-1][1]))
    names = [line for line in pathlib.Path(names).read_text().split("\n") if line and line[0] != "#"]
    for path in sorted(set(imported_files(names))):
        for prefix, root in roots:
            if path.is_relative_to(root):
                compile_file(path, f"{prefix}/{path.relative_to(root)}", out)
                break


main(*sys.argv[1:])
