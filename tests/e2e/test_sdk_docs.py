"""The SDK's reference: every public name is documented, and `make docs` writes pages for all."""

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import BIN, ROOT

# Runs in a Python of its own, which finds the SDK as an application does. Prints what has no
# docstring of its own: in each module that is not generated, the names of __all__ or those that are
# defined there, and the public members of classes, which may inherit theirs.
FIND = """
import dataclasses, enum, importlib, inspect, json, pkgutil, sys
import spin_sdk

def modules():
    yield spin_sdk
    for found in pkgutil.walk_packages(spin_sdk.__path__, "spin_sdk."):
        parts = found.name.split(".")
        if parts[1] != "wit" and not any(part.startswith("_") for part in parts):
            yield importlib.import_module(found.name)

def public(module):
    names = getattr(module, "__all__", None)
    for name, value in vars(module).items():
        if names is not None and name not in names or name.startswith("_"):
            continue
        is_ours = getattr(value, "__module__", None) == module.__name__
        if (names is not None or is_ours) and (inspect.isclass(value) or inspect.isroutine(value)):
            yield name, value

def is_generated(owner, text):
    return dataclasses.is_dataclass(owner) and text.startswith(owner.__name__ + "(")

def undocumented(name, value):
    text = vars(value).get("__doc__") if inspect.isclass(value) else value.__doc__
    if not (text or "").strip() or inspect.isclass(value) and is_generated(value, text):
        yield name
    if not inspect.isclass(value):
        return
    for member, inner in vars(value).items():
        is_member = inspect.isroutine(getattr(value, member)) or isinstance(inner, property)
        if not member.startswith("_") and is_member and not inspect.getdoc(getattr(value, member)):
            yield f"{name}.{member}"

found, missing = [], []
for module in modules():
    found.append(module.__name__)
    if not (module.__doc__ or "").strip():
        missing.append(module.__name__)
    for name, value in public(module):
        missing += [f"{module.__name__}.{one}" for one in undocumented(name, value)]
json.dump({"modules": found, "missing": missing}, sys.stdout)
"""


def find(folder):
    done = subprocess.run([sys.executable, "-c", FIND], capture_output=True, text=True, check=True,
                          env={**os.environ, "PYTHONPATH": str(folder)})
    return json.loads(done.stdout)


def test_every_public_name_is_documented(sdk):
    found = find(sdk)
    sources = {str(path.relative_to(ROOT / "sdk/python").with_suffix("")).replace("/", ".")
               .removesuffix(".__init__") for path in (ROOT / "sdk/python/spin_sdk").rglob("*.py")}
    assert set(found["modules"]) == {name for name in sources if "._" not in name}
    assert found["missing"] == []


def test_the_finder_finds(tmp_path):
    """What it must not miss."""
    package = tmp_path / "spin_sdk"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "named.py").write_text('''"""Documented."""
from dataclasses import dataclass
__all__ = ["function", "Data", "Plain"]

def function(): ...
def other(): ...

@dataclass
class Data:
    field: int

class Plain:
    """Documented."""
    def method(self): ...
    @property
    def value(self): ...
    @classmethod
    def make(cls): ...
    def _private(self): ...

class Derived(Plain): ...
''')
    assert find(tmp_path) == {
        "modules": ["spin_sdk", "spin_sdk.named"],
        "missing": ["spin_sdk", *(f"spin_sdk.named.{name}" for name in (
            "function", "Data", "Plain.method", "Plain.value", "Plain.make"))],
    }


def test_make_docs(sdk, tmp_path):
    if not (ROOT / "build/venv/docs/bin/python").exists():
        pytest.skip("no pdoc: tools/bootstrap venv docs")
    subprocess.run([ROOT / "tools/docs", tmp_path / "docs"], check=True,
                   env={**os.environ, "SPINDLE_BIN": str(BIN)})
    pages = {str(path.relative_to(tmp_path / "docs").with_suffix("")).replace("/", ".")
             for path in (tmp_path / "docs").rglob("*.html")}
    assert set(find(sdk)["modules"]) <= pages
    text = (tmp_path / "docs/spin_sdk/http.html").read_text()
    assert "IncomingHandler" in text and "bodies" in text.lower()
