"""
Seeds: what the tree and the official suites hold of each target's kind of input.

A source is a file or pattern of files. Of C and Python every string constant is a seed, of TOML the
text and every text in it, of WebAssembly text the modules, as wasm-tools makes them; anything else
is a seed as it is.
"""

import ast
import glob
import io
import itertools
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[1]
SUITES = os.environ.get("SPINDLE_SUITES") or ROOT.parent / "shared" / "suites"

MANIFESTS = ["examples/*/spin.toml", "tests/e2e/apps/*/spin.toml", "tests/e2e/bad_inputs/*.toml",
             "tests/unit/manifest/test_*.c"]
SOURCES = {
    "allowed_hosts": ["tests/unit/client/test_allowed_hosts.c", "tests/unit/client/test_network.c"],
    "archive": [],
    "canon": [],
    "component": [f"{SUITES}/component-model/*/*.wast"],
    "dotenv": ["tests/unit/manifest/test_dotenv.c", "tests/e2e/bad_inputs/variables.toml"],
    "expression": ["tests/unit/manifest/test_expression.c"],
    "glob": ["tests/unit/base/test_glob.c"],
    "host": [],
    "http_request": ["tests/e2e/test_http.py"],
    "liquid": ["tests/unit/template/test_liquid_*.c", "templates/*/content/*",
               "tests/e2e/bad_inputs/templates.toml"],
    "llm_answer": ["tests/unit/spin/test_llm_answers.c"],
    "manifest": MANIFESTS,
    "merge": ["tests/unit/template/test_merge.c"],
    "module": [f"{SUITES}/wasm-spec/*.wast", "tests/wasi/*.wat"],
    "pattern": ["tests/unit/template/test_pattern.c"],
    "redis_address": ["tests/unit/client/test_redis_address.c"],
    "redis_reply": ["tests/unit/client/test_redis_reply.c"],
    "router": ["tests/unit/http/test_router.c"],
    "runtime_config": ["examples/*/runtime-config.toml", "tests/e2e/bad_inputs/*.toml",
                       "tests/unit/manifest/test_runtime_config.c"],
    "template": ["templates/*/metadata/spin-template.toml", "tests/e2e/bad_inputs/templates.toml",
                 "tests/unit/template/test_template.c"],
    "wit": ["wit/*.wit", "wit/deps/*.wit", "tests/wit/*/*.wit", "tests/witc/*.wit",
            "tests/unit/wit/test_resolve.c"],
}
# Inputs of two parts: the constants by twos, with what is between them.
PAIRED = {"allowed_hosts": b"\n", "glob": b"\n", "merge": b"\0", "pattern": b"\n", "router": b"\n"}
LARGEST = 64 * 1024

C_STRINGS = re.compile(r'"(?:[^"\\\n]|\\.)*"(?:\s*"(?:[^"\\\n]|\\.)*")*')
C_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')


def strings_of_c(text):
    for strings in C_STRINGS.findall(text):
        whole = "".join(C_STRING.findall(strings))
        # What is not ASCII comes through as Latin-1, byte for byte.
        yield whole.encode().decode("unicode_escape").encode("latin-1", errors="replace")


def strings_of_python(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)):
            yield node.value if isinstance(node.value, bytes) else node.value.encode()


def strings_of_toml(value):
    if isinstance(value, str):
        yield value.encode()
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from strings_of_toml(inner)


def modules(path):
    tools = os.environ.get("SPINDLE_WASM_TOOLS") or shutil.which("wasm-tools") or \
        ROOT / "build/venv/tests/bin/wasm-tools"
    if not os.path.exists(tools):
        return
    with tempfile.TemporaryDirectory() as folder:
        if path.suffix == ".wat":
            words = [tools, "parse", path, "-o", f"{folder}/0.wasm"]
        else:
            words = [tools, "json-from-wast", path, "-o", f"{folder}/0.json", "--wasm-dir", folder]
        subprocess.run(words, check=False, capture_output=True)
        for module in pathlib.Path(folder).glob("*.wasm"):
            yield module.read_bytes()


def seeds_of_file(path):
    if path.suffix in (".wast", ".wat"):
        yield from modules(path)
        return
    raw = path.read_bytes()
    if path.suffix == ".c":
        yield from strings_of_c(raw.decode())
    elif path.suffix == ".py":
        yield from strings_of_python(raw.decode())
    else:
        yield raw
    if path.suffix == ".toml":
        try:
            yield from strings_of_toml(tomllib.loads(raw.decode()))
        except tomllib.TOMLDecodeError:
            pass


def archives():
    """The example of templates, in every format."""
    for mode in ("w", "w:gz", "w:bz2", "w:xz"):
        for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
            out = io.BytesIO()
            with tarfile.open(fileobj=out, mode=mode, format=form) as archive:
                archive.add(ROOT / "examples" / "templates" / "templates", ".")
            yield out.getvalue()


def of_target(target):
    """Bytes of each, in no order; some more than once."""
    found = list(archives()) if target == "archive" else []
    for source in SOURCES[target]:
        for path in sorted(glob.glob(str(ROOT / source))):
            if os.path.isfile(path):
                found += seeds_of_file(pathlib.Path(path))
    if target in PAIRED:
        pairs = list(itertools.pairwise(found))
        for first, second in pairs + [pair[::-1] for pair in pairs]:
            found.append(first + PAIRED[target] + second)
    if target == "liquid":
        found = [b"\0" + seed for seed in found]
    return [seed for seed in found if len(seed) <= LARGEST]
