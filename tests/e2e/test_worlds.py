"""Worlds of one's own, in both directions: what Python imports and what it exports.

Two components, both of them in Python, are composed into one: the first calls what the second implements.
"""

import os
import shutil
import subprocess
import textwrap

import pytest

from conftest import BIN, ROOT

LIBRARY = BIN.parent / "lib" / "spindle"
HERE = ROOT / "tests" / "e2e" / "worlds"
TOOLS = ROOT / "build" / "venv" / "tests" / "bin"


def program(name):
    found = os.environ.get(f"SPINDLE_{name.upper().replace('-', '_')}") or shutil.which(name)
    return found or (str(TOOLS / name) if (TOOLS / name).exists() else None)


WASM_TOOLS, WASMTIME = program("wasm-tools"), program("wasmtime")

pytestmark = [
    pytest.mark.skipif(not (LIBRARY / "python.wasm").exists(), reason="python.wasm is not built"),
    pytest.mark.skipif(not WASM_TOOLS, reason="no wasm-tools"),
]
needs_wasmtime = pytest.mark.skipif(not WASMTIME, reason="no wasmtime")


def run(*words, cwd=None):
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    return subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def wit(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wit")
    shutil.copy(HERE / "world.wit", folder)
    (folder / "deps").mkdir()
    for path in (LIBRARY / "wit" / "deps").glob("wasi-*-0.2.0.wit"):
        shutil.copy(path, folder / "deps")
    return folder


def build(wit, folder, world, *options, app="app"):
    return run(BIN / "componentize-py", "-d", wit, "-w", world, "componentize", app, "-o", f"{world}.wasm", *options,
               cwd=folder)


def component(wit, folder, world, *options, app="app"):
    result = build(wit, folder, world, *options, app=app)
    assert (result.returncode, result.stderr) == (0, ""), result.stderr
    path = folder / f"{world}.wasm"
    assert run(WASM_TOOLS, "validate", path).returncode == 0
    return path


def write(folder, **modules):
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(text))


@pytest.fixture(scope="session")
def implementation(wit, tmp_path_factory):
    folder = tmp_path_factory.mktemp("impl")
    shutil.copytree(HERE / "impl", folder, dirs_exist_ok=True)
    return component(wit, folder, "impl")


def wit_of(path):
    return run(WASM_TOOLS, "component", "wit", path).stdout


def test_only_what_the_world_has_is_imported_and_exported(implementation):
    text = wit_of(implementation)
    assert "export test:art/echoes@1.0.0;" in text
    assert "export test:art/counters@1.0.0;" in text
    assert "export greet: func(name: string) -> string;" in text
    assert "wasi:http" not in text


@pytest.fixture(scope="session")
def composed(wit, implementation, tmp_path_factory):
    folder = tmp_path_factory.mktemp("user")
    shutil.copytree(HERE / "user", folder, dirs_exist_ok=True)
    caller = component(wit, folder, "user")
    result = run(WASM_TOOLS, "compose", caller, "-d", implementation, "-o", folder / "both.wasm")
    assert result.returncode == 0, result.stderr
    return folder / "both.wasm"


def test_python_calls_python(composed, up, tmp_path):
    """Every type both ways, results, and resources, whose objects go when their handles do."""
    shutil.copy(composed, tmp_path / "app.wasm")
    (tmp_path / "spin.toml").write_text(
        'spin_manifest_version = 2\n[application]\nname = "both"\nversion = "0.1.0"\n'
        '[[trigger.http]]\nroute = "/..."\ncomponent = "both"\n[component.both]\nsource = "app.wasm"\n')
    app = up(tmp_path)
    for _ in range(3):
        answer = app.get("/")
        assert (answer.status, answer.body) == (200, b"done")
    assert app.get("/bug").status == 500
    assert app.get("/").body == b"done"


def invoke(path, call):
    return run(WASMTIME, "run", "--allow-precompiled", "--invoke", call, path)


def precompiled(path):
    output = path.with_suffix(".cwasm")
    if not output.exists():
        result = run(WASMTIME, "compile", path, "-o", output)
        assert result.returncode == 0, result.stderr
    return output


@needs_wasmtime
@pytest.mark.parametrize("call, answer", [
    ('greet("you")', '"Hello, you!"'),
    ("echo-shape(circle(({x: 1, y: -2}, 1.5)))", "circle(({x: 1, y: -2}, 1.5))"),
    ("echo-option(some(none))", "some(none)"),
    ("echo-result(err(3))", "err(3)"),
    ('fail("no")', 'err("no")'),
    ("echo-marks({a, c})", "{a, c}"),
])
def test_wasmtime_calls_python(implementation, call, answer):
    result = invoke(precompiled(implementation), call)
    assert (result.returncode, result.stdout.strip()) == (0, answer), result.stderr


@needs_wasmtime
def test_an_exception_is_shown_and_traps(implementation):
    result = invoke(precompiled(implementation), 'fail("bug")')
    assert result.returncode != 0
    assert "ValueError: bug" in result.stderr
    assert "Traceback (most recent call last):" in result.stderr


@needs_wasmtime
@pytest.mark.parametrize("argument, status", [("", 0), ("3", 1), ("0", 0)])
def test_a_program(wit, tmp_path, argument, status):
    write(tmp_path, app="""
        import sys
        from wit_world import exports

        class Run(exports.Run):
            def run(self):
                print("arguments:", sys.argv[1:])
                if sys.argv[1:]:
                    sys.exit(int(sys.argv[1]))
    """)
    compiled = precompiled(component(wit, tmp_path, "program"))
    result = run(WASMTIME, "run", "--allow-precompiled", compiled, *([argument] if argument else []))
    assert (result.returncode, result.stdout) == (status, f"arguments: {[argument] if argument else []}\n")


@needs_wasmtime
def test_without_wasi(wit, tmp_path):
    write(tmp_path, app="""
        import random

        class WitWorld:
            def greet(self, name):
                return f"{name} {random.random()}"
    """)
    path = component(wit, tmp_path, "bare", "--stub-wasi")
    assert "import" not in wit_of(path)
    first, second = (invoke(precompiled(path), 'greet("x")') for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout


def test_a_resource_that_is_imported_and_exported(wit, tmp_path):
    write(tmp_path, app="""
        from counters import Counter
        from wit_world import exports, imports
        from wit_world.exports import counters
        from wit_world.imports import counters as theirs

        assert counters.Counter is not theirs.Counter and counters.Pair is not theirs.Pair

        class Counters(exports.Counters):
            def make_pair(self, start): return counters.Pair(Counter(start), Counter(start))
            def take_pair(self, p): return theirs.take_pair(theirs.Pair(p.a.other, p.b.other))
            def alive(self): return theirs.alive()
    """, counters="""
        from wit_world.imports import counters as theirs

        class Counter:
            def __init__(self, start): self.other = theirs.Counter(start)
            def add(self, by): return self.other.add(by)
            @classmethod
            def total(cls, items): return theirs.Counter.total([item.other for item in items])
            def clone(self): return Counter(self.add(0))
    """)
    text = wit_of(component(wit, tmp_path, "proxy"))
    assert "import test:art/counters@1.0.0;" in text and "export test:art/counters@1.0.0;" in text


@pytest.mark.parametrize("modules, message", [
    ({"app": ""}, "has no attribute 'WitWorld'"),
    ({"app": ""}, "the world exports 'greet', which is implemented by class WitWorld of the application"),
    ({"app": "import wit_world\nclass WitWorld(wit_world.WitWorld): pass"}, "abstract"),
    ({"app": "class WitWorld: pass"}, "'WitWorld' object has no attribute 'greet'"),
    ({"app": (HERE / "impl/app.py").read_text().replace("from counters import Counter", "")},
     "the world exports 'test:art/counters@1.0.0', which is implemented by class Counter in a module counters.py"),
])
def test_what_the_application_lacks_is_named(wit, tmp_path, modules, message):
    write(tmp_path, **modules)
    result = build(wit, tmp_path, "impl")
    assert result.returncode == 1
    assert message in result.stderr


def test_classes_of_values_are_the_same_everywhere(wit, tmp_path):
    write(tmp_path, app="""
        import componentize_py_types
        import spin_sdk.wit.types
        import wit_world.types

        for name in "Err", "Ok", "Some":
            found = {getattr(module, name) for module in (
                componentize_py_types, spin_sdk.wit.types, wit_world.types)}
            assert len(found) == 1, found

        class WitWorld:
            def greet(self, name):
                return name
    """)
    component(wit, tmp_path, "bare")


# ---------------------------------------------------------------------------- packages with a world


def package(folder, name, toml='bindings = "wit"\nwit_directory = "wit"\n', text=""):
    """A package whose modules lie in its own folder `wit`, beside the WIT that they are made of."""
    (folder / name / "wit").mkdir(parents=True)
    (folder / name / "componentize-py.toml").write_text(toml)
    (folder / name / "wit" / "world.wit").write_text(textwrap.dedent(f"""
        package {name}:{name};
        interface {name}-calls {{
          record pair {{ a: u32, b: u32 }}
          {name}-sum: func(p: pair) -> u32;
        }}
        world {name}-world {{
          export {name}-calls;
        }}
    """).replace("_", "-"))
    (folder / name / "__init__.py").write_text(text)


def implementing(*names):
    return "".join(textwrap.dedent(f"""
        from {name}.wit import exports as {name}_exports

        class {name.title().replace("_", "")}Calls({name}_exports.{name.title().replace("_", "")}Calls):
            def {name}_sum(self, p):
                return p.a + p.b
    """) for name in names)


def with_worlds(folder, *options):
    return run(BIN / "componentize-py", *options, "componentize", "app", "-o", "app.wasm", cwd=folder)


def test_packages_bring_worlds(tmp_path):
    """More than two of them, and one that takes part only when -m says so."""
    names = ["one_sdk", "three_sdk", "two_sdk"]
    for name in names:
        package(tmp_path, name, text="" if name != "two_sdk" else "def late():\n    from .wit import exports\n")
    write(tmp_path, app=implementing(*names))
    options = [word for name in names for word in ("-m", f"{name}={name.replace('_', '-')}-world")]
    result = run(BIN / "componentize-py", "componentize", "app", *options, "-o", "app.wasm", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, ""), result.stderr
    assert run(WASM_TOOLS, "validate", tmp_path / "app.wasm").returncode == 0
    text = wit_of(tmp_path / "app.wasm")
    for name in ("one-sdk", "two-sdk", "three-sdk"):
        assert f"export {name}:{name}/{name}-calls;" in text


def test_a_package_has_the_world_of_the_command_line(tmp_path):
    package(tmp_path, "one_sdk")
    package(tmp_path, "other_sdk")
    write(tmp_path, app=implementing("one_sdk"))
    result = with_worlds(tmp_path, "-w", "one-sdk-world")
    assert (result.returncode, result.stderr) == (0, ""), result.stderr
    assert "other" not in wit_of(tmp_path / "app.wasm")


def test_a_package_beside_the_world_of_spin(tmp_path, up):
    package(tmp_path, "one_sdk")
    write(tmp_path, app=implementing("one_sdk") + textwrap.dedent("""
        from spin_sdk.http import IncomingHandler, Response

        class IncomingHandler(IncomingHandler):
            def handle_request(self, request):
                return Response(200, {}, b"both")
    """))
    result = run(BIN / "componentize-py", "-w", "spin-http", "componentize", "app", "-m", "one_sdk=one-sdk-world",
                 "-o", "app.wasm", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, ""), result.stderr
    text = wit_of(tmp_path / "app.wasm")
    assert "export wasi:http/incoming-handler@0.2.0;" in text and "export one-sdk:one-sdk/one-sdk-calls;" in text


@pytest.mark.parametrize("toml, option, message", [
    ("", "x=y", "no `componentize-py.toml` file found for module `x`"),
    ("", "one_sdk=w", "no `wit-directory` specified in `componentize-py.toml` for module `one_sdk`"),
    ('wit_directory = "wit"', "one_sdk=w", "World `w` not found in package `one-sdk:one-sdk`"),
    ('wit_directory = "../one_sdk/wit"', "one_sdk=w", "`wit_directory` must be a folder inside the package"),
    ('wit_directory = "/tmp"', "one_sdk=w", "one_sdk/componentize-py.toml:1:17: `wit_directory` must be"),
    ('bindings = "nowhere"', "one_sdk=w", "`bindings` must be a folder inside the package"),
    ("bindings = 1", "one_sdk=w", "`bindings` must be a folder inside the package"),
    ("bindings =", "one_sdk=w", "one_sdk/componentize-py.toml:1:"),
    ("import_interface_names = {a = 1}", "one_sdk=w", "`import_interface_names` must be a table of names"),
])
def test_wrong_packages(tmp_path, toml, option, message):
    package(tmp_path, "one_sdk", toml)
    write(tmp_path, app="")
    result = run(BIN / "componentize-py", "-w", "spin-http", "componentize", "app", "-m", option, cwd=tmp_path)
    assert result.returncode == 1
    assert message in result.stderr


def test_worlds_of_spin_that_answer_redis(tmp_path):
    write(tmp_path, app="""
        from spin_sdk.wit import exports

        class InboundRedis(exports.InboundRedis):
            def handle_message(self, payload: bytes) -> None:
                print(payload)
    """, both="""
        from app import InboundRedis
        from spin_sdk.http import IncomingHandler, Response

        class IncomingHandler(IncomingHandler):
            def handle_request(self, request):
                return Response(200, {}, b"")
    """)
    for world, name in ("spin-redis", "app"), ("spin-all", "both"):
        result = run(BIN / "componentize-py", "-w", world, "componentize", name, "-o", f"{world}.wasm", cwd=tmp_path)
        assert result.returncode == 0, result.stderr
        assert run(WASM_TOOLS, "validate", tmp_path / f"{world}.wasm").returncode == 0
        text = wit_of(tmp_path / f"{world}.wasm")
        assert "export fermyon:spin/inbound-redis;" in text
        assert ("export wasi:http/incoming-handler@0.2.0;" in text) == (world == "spin-all")
