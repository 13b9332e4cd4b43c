"""
The SDK against the one on PyPI (3.4.1): whoever uses that finds here the same names, takes the same
parameters in the same order, and the same fields.

Read as syntax trees: neither SDK can be imported outside of a component.
"""

import ast
import asyncio
import os
from pathlib import Path

import pytest

# These come later (postgres, mysql and mqtt servers).
LATER = {"postgres.py", "mysql.py", "mqtt.py"}
IMPORTS = "spin_sdk.wit.imports"


@pytest.fixture(scope="module")
def upstream():
    venv = Path(os.environ.get("SPINDLE_UPSTREAM_VENV", "absent"))
    found = sorted(venv.glob("lib/python*/site-packages/spin_sdk"))
    if not found:
        pytest.skip("no spin-sdk of PyPI (SPINDLE_UPSTREAM_VENV)")
    return found[0]


class Module:
    """What a module offers: names, functions, and classes with their functions and fields."""

    def __init__(self, path):
        self.names, self.functions, self.classes = set(), {}, {}
        for node in ast.parse(path.read_text()).body:
            self.add(node)

    def add(self, node):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self.functions[node.name] = node
            self.names.add(node.name)
        elif isinstance(node, ast.ClassDef):
            self.classes[node.name] = node
            self.names.add(node.name)
        elif isinstance(node, ast.ImportFrom):
            # Modules, the standard library and what is renamed are for the module's own use.
            own = node.module and node.module.startswith("spin_sdk.") and node.module != IMPORTS
            if own:
                self.names |= {alias.name for alias in node.names if not alias.asname}
        elif isinstance(node, ast.Assign):
            self.names |= {name.id for name in node.targets if isinstance(name, ast.Name)}
        elif isinstance(node, ast.AnnAssign):
            self.names.add(node.target.id)
        elif isinstance(node, (ast.Try, ast.If)):
            for part in node.body:
                self.add(part)


def members(node):
    functions, fields, cases = {}, [], []
    for part in node.body:
        if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef)):
            functions[part.name] = part
        elif isinstance(part, ast.AnnAssign):
            fields.append(part.target.id)
        elif isinstance(part, ast.Assign):
            cases += [name.id for name in part.targets]
    return functions, fields, cases


def accepts(theirs, ours):
    """Why a call that fits theirs would not fit ours; None if it would."""
    wanted = [a.arg for a in theirs.args.posonlyargs + theirs.args.args]
    given = [a.arg for a in ours.args.posonlyargs + ours.args.args]
    if given[: len(wanted)] != wanted:
        return f"({', '.join(wanted)}) became ({', '.join(given)})"
    required = len(given) - len(ours.args.defaults)
    if required > len(wanted):
        return f"needs {', '.join(given[len(wanted):required])} besides"
    if required > len(wanted) - len(theirs.args.defaults):
        return "has lost a default"
    if isinstance(theirs, ast.AsyncFunctionDef) != isinstance(ours, ast.AsyncFunctionDef):
        return "is async on one side only"
    return None


def compare_class(where, theirs, ours):
    their_functions, their_fields, their_cases = members(theirs)
    functions, fields, cases = members(ours)
    is_event_loop = any("AbstractEventLoop" in ast.unparse(base) for base in theirs.bases)
    for name, function in their_functions.items():
        if name.startswith("_") and not name.startswith("__"):
            continue
        if is_event_loop and hasattr(asyncio.AbstractEventLoop, name):
            continue  # asyncio says what it takes, and has those that neither offers
        if name not in functions:
            yield f"{where}.{name} is missing"
        elif why := accepts(function, functions[name]):
            yield f"{where}.{name} {why}"
    if fields[: len(their_fields)] != their_fields:
        yield f"{where}: fields {their_fields} became {fields}"
    if not set(their_cases) <= set(cases):
        yield f"{where}: {sorted(set(their_cases) - set(cases))} are missing"


def compare(where, theirs, ours):
    for name in sorted(theirs.names - ours.names):
        if not name.startswith("_"):
            yield f"{where}.{name} is missing"
    for name, function in theirs.functions.items():
        if name in ours.functions and (why := accepts(function, ours.functions[name])):
            yield f"{where}.{name} {why}"
    for name, node in theirs.classes.items():
        if name in ours.classes:
            yield from compare_class(f"{where}.{name}", node, ours.classes[name])


def modules(folder):
    return sorted(p.relative_to(folder) for p in folder.rglob("*.py") if p.name not in LATER or
                  p.parent != folder)


def test_the_sdk_of_pypi_is_a_part_of_ours(upstream, sdk):
    ours = sdk / "spin_sdk"
    faults = []
    for path in modules(upstream):
        if not (ours / path).exists():
            faults.append(f"{path} is missing")
            continue
        where = str(path.with_suffix("")).replace("/", ".").removesuffix(".__init__")
        faults += compare(where, Module(upstream / path), Module(ours / path))
    assert not faults, "\n".join(faults)


def test_a_difference_is_found(tmp_path):
    """The comparison itself: each kind of loss is told."""
    theirs, ours = tmp_path / "theirs.py", tmp_path / "ours.py"
    theirs.write_text(
        "import os\nfrom spin_sdk.wit.types import Err\nX = 1\ndef f(a, b=1): ...\ndef g(a): ...\n"
        "class C:\n    a: int\n    b: int\n    def m(self, x): ...\n    def n(self): ...\n")
    ours.write_text(
        "def f(a, b): ...\ndef g(a, more): ...\n"
        "class C:\n    b: int\n    a: int\n    def m(self, y): ...\n")
    assert list(compare("m", Module(theirs), Module(ours))) == [
        "m.Err is missing",
        "m.X is missing",
        "m.f has lost a default",
        "m.g needs more besides",
        "m.C.m (self, x) became (self, y)",
        "m.C.n is missing",
        "m.C: fields ['a', 'b'] became ['b', 'a']",
    ]
