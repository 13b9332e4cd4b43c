"""componentize-py as a program: its command line, what it finds, what it writes."""

import filecmp
import importlib
import inspect
import os
import pathlib
import re
import shutil
import subprocess
import sys
import textwrap

import pytest

BIN = pathlib.Path(os.environ.get("SPINDLE_BIN", "build/bin"))
PROGRAM = BIN / "componentize-py"
LIBRARY = BIN.parent / "lib" / "spindle"
WASM_TOOLS = os.environ.get("SPINDLE_WASM_TOOLS") or shutil.which("wasm-tools")
MORE = "\n\nFor more information, try '--help'.\n"

needs_interpreter = pytest.mark.skipif(
    not (LIBRARY / "python.wasm").exists(), reason="python.wasm is not built"
)
needs_wasm_tools = pytest.mark.skipif(not WASM_TOOLS, reason="no wasm-tools")

HELLO = """
from spin_sdk.http import IncomingHandler, Request, Response

class IncomingHandler(IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        return Response(200, {"content-type": "text/plain"}, b"Hello from Python!")
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder of its own; no virtual environment and no pipenv are to be seen."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    return tmp_path


def run(*arguments, **options):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, **options)


def build(app, *arguments, output="app.wasm", **options):
    return run("-w", "spin-http", "componentize", app, "-o", output, *arguments, **options)


def write(folder, **modules):
    for name, text in modules.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(text))


# ---------------------------------------------------------------------------- command line


def test_version_and_help_go_to_standard_output():
    version = run("--version")
    assert version.stdout.startswith("componentize-py 0.17.2 (spindle ")
    assert version.returncode == 0
    for arguments in (["--help"], ["help"], ["componentize", "-h"], ["help", "bindings"]):
        result = run(*arguments)
        assert result.returncode == 0
        assert "Usage: componentize-py" in result.stdout


WRONG = [
    ([], "Usage: componentize-py [OPTIONS] <COMMAND>"),
    (["build"], "error: unrecognized subcommand 'build'"),
    (["--nonsense"], "error: unexpected argument '--nonsense' found"),
    (["-x"], "error: unexpected argument '-x' found"),
    (["componentize", "-w", "x", "app"], "error: unexpected argument '-w' found"),
    (["componentize"], "  <APP_NAME>\n\nUsage: componentize-py componentize [OPTIONS] <APP_NAME>"),
    (["componentize", "a", "b"], "error: unexpected argument 'b' found"),
    (["componentize", "app", "-o"], "error: a value is required for '--output <OUTPUT>'"),
    (["-w", "a", "-w", "b", "componentize", "app"], "cannot be used multiple times"),
    (["--quiet=yes", "componentize", "app"], "error: unexpected value 'yes' for '--quiet'"),
    (["bindings"], "  <OUTPUT_DIR>\n"),
    (
        ["componentize", "-m", "x", "app"],
        "error: invalid value 'x' for '--module-worlds <MODULE_WORLDS>': "
        "expected string of form `<key>=<value>`; got `x`",
    ),
]


@pytest.mark.parametrize("arguments, message", WRONG, ids=lambda value: str(value)[:40])
def test_wrong_command_lines_exit_with_2(arguments, message):
    result = run(*arguments)
    assert result.returncode == 2
    assert message in result.stderr
    assert result.stdout == ""


# ---------------------------------------------------------------------------- worlds


def test_without_wit_the_message_is_the_classic_one(folder):
    result = run("bindings", "out")
    assert result.returncode == 1
    assert result.stderr == (
        "Error: no WIT files found; please specify the directory or file containing the WIT world "
        "you wish to target\n\nCaused by:\n"
        '   0: failed to read file "wit"\n'
        "   1: No such file or directory (os error 2)\n"
    )


def test_a_world_that_is_not_there_is_named(folder):
    result = run("-w", "no-such-world", "bindings", "out")
    assert result.returncode == 1
    assert "World `no-such-world` not found in package `fermyon:spin@2.0.0`" in result.stderr


def test_errors_in_wit_have_a_position(folder):
    (folder / "bad.wit").write_text("package a:b;\nworld w {\n  import x y;\n}\n")
    result = run("-d", "bad.wit", "-w", "w", "bindings", "out")
    assert result.returncode == 1
    assert "bad.wit:3:12: expected `;`, found identifier `y`" in result.stderr


# ---------------------------------------------------------------------------- bindings


def fresh_import(monkeypatch, root, name):
    monkeypatch.syspath_prepend(str(root))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    for loaded in [m for m in sys.modules if m.split(".")[0] == name.split(".")[0]]:
        monkeypatch.delitem(sys.modules, loaded)
    return importlib.import_module(name)


WORLD = """
package test:art@1.0.0;

interface shapes {
  /// How it looks.
  variant look { plain, %none, tinted(u32) }
  record shape { %global: string, look: look, parts: option<option<u8>> }
  enum size { small, extra-large }
  flags marks { old, %class }
  resource canvas {
    constructor(size: size);
    /// Draws \\ and "quotes".
    draw: func(%from: shape) -> result<_, string>;
    %open: static func(name: string) -> canvas;
    share: func(with-canvas: borrow<canvas>) -> tuple<s64, list<u8>>;
  }
  %import: func(data: list<f32>) -> result<bool>;
}

world painter {
  import shapes;
  import log: func(message: string);
  export paint: interface {
    use shapes.{canvas};
    run: func(on: canvas) -> result<u8, string>;
  }
  export stop: func();
}
"""


@pytest.fixture
def painter(folder, monkeypatch):
    (folder / "world.wit").write_text(WORLD)
    result = run("-d", "world.wit", "-w", "painter", "bindings", "out")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    return fresh_import(monkeypatch, folder / "out", "wit_world")


def test_names_are_escaped_and_variants_have_both_spellings(painter):
    shapes = importlib.import_module("wit_world.imports.shapes")
    assert shapes.LookPlain is shapes.Look_Plain
    assert shapes.Look_Tinted(3).value == 3
    assert shapes.LookNone is shapes.Look_None_
    assert [field for field in shapes.Shape.__dataclass_fields__] == ["global_", "look", "parts"]
    assert [size.value for size in shapes.Size] == [0, 1]
    assert shapes.Marks.CLASS.value == 2
    assert list(inspect.signature(shapes.Canvas.draw).parameters) == ["self", "from_"]
    assert inspect.ismethod(shapes.Canvas.open)
    assert "Draws \\ and \"quotes\"." in shapes.Canvas.draw.__doc__
    assert "Raises: `wit_world.types.Err(str)`" in shapes.Canvas.draw.__doc__
    assert callable(shapes.import_)


def test_functions_of_the_host_cannot_be_called_outside(painter):
    with pytest.raises(NotImplementedError, match="log is there inside a component only"):
        painter.log("x")


def test_exports_are_protocols(painter):
    exports = importlib.import_module("wit_world.exports")

    class Paint(exports.Paint):
        pass

    class WitWorld(painter.WitWorld):
        def stop(self):
            return 1

    with pytest.raises(TypeError, match="abstract"):
        Paint()
    assert WitWorld().stop() == 1


def test_interface_names_can_be_chosen(folder):
    (folder / "world.wit").write_text(WORLD)
    key = "test:art/shapes@1.0.0"
    run("-d", "world.wit", "-w", "painter", "--import-interface-name", f"{key}=my-shapes",
        "--world-module", "a.b", "bindings", "out")
    assert (folder / "out/a/b/imports/my_shapes.py").exists()
    run("-d", "world.wit", "-w", "painter", "--full-names", "bindings", "full")
    assert (folder / "full/wit_world/imports/test_art_shapes_1_0_0.py").exists()


def test_modules_of_the_spin_world_have_all_their_names(folder, monkeypatch):
    assert run("-w", "spin-all", "--world-module", "sdk.wit", "bindings", "out").returncode == 0
    (folder / "out/sdk/__init__.py").touch()
    fresh_import(monkeypatch, folder / "out", "sdk.wit")
    for name in (
        "atomics batch error fermyon_spin_sqlite key_value llm monotonic_clock mqtt mysql "
        "outgoing_handler poll postgres rdbms_types redis redis_types spin_postgres_postgres "
        "spin_postgres_postgres_4_0_0 spin_sqlite_sqlite sqlite streams types variables "
        "wasi_config_store wasi_keyvalue_store"
    ).split():
        importlib.import_module(f"sdk.wit.imports.{name}")
    types = importlib.import_module("sdk.wit.imports.types")
    assert types.MethodGet is types.Method_Get
    assert types.ErrorCode_HttpRequestDenied() == types.ErrorCodeHttpRequestDenied()


# ---------------------------------------------------------------------------- building


@needs_interpreter
def test_success_says_so_in_one_line(folder):
    write(folder, app=HELLO)
    result = build("app")
    assert (result.returncode, result.stdout, result.stderr) == (
        0, "Component built successfully\n", "")
    quiet = run("-q", "-w", "spin-http", "componentize", "app")
    assert (quiet.returncode, quiet.stdout) == (0, "")
    assert (folder / "index.wasm").stat().st_size <= 20_000_000


@needs_interpreter
@needs_wasm_tools
def test_the_component_is_valid(folder):
    write(folder, app=HELLO)
    build("app")
    subprocess.run([WASM_TOOLS, "validate", "app.wasm"], check=True)
    text = subprocess.run([WASM_TOOLS, "component", "wit", "app.wasm"], check=True,
                          capture_output=True, text=True).stdout
    assert "export wasi:http/incoming-handler@0.2.0;" in text


@needs_interpreter
def test_the_same_inputs_give_the_same_bytes(folder):
    (folder / "src").mkdir()
    (folder / "out").mkdir()
    write(folder / "src", app=HELLO + "\nimport random, time\nNOW = time.time(), random.random()\n")
    for name, options in ("1", []), ("2", []), ("3", ["--hash-seed", "7"]):
        build("app", "-p", "src", *options, output=f"out/{name}.wasm")
    assert filecmp.cmp("out/1.wasm", "out/2.wasm", shallow=False)
    assert not filecmp.cmp("out/1.wasm", "out/3.wasm", shallow=False)


@needs_interpreter
@pytest.mark.parametrize(
    "text, message",
    [
        ("import nothing_like_it", "ModuleNotFoundError: No module named 'nothing_like_it'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def f(:", "SyntaxError: "),
        ("print('shown before')\nraise ValueError('no')", "shown before"),
        ("x = 1", "AttributeError"),
        ("import sys\nsys.exit(3)", "SystemExit"),
    ],
)
def test_a_failing_import_prints_the_traceback_and_keeps_the_old_file(folder, text, message):
    write(folder, app=text)
    (folder / "app.wasm").write_text("old")
    result = build("app")
    assert result.returncode == 1
    assert message in result.stderr
    assert result.stdout == ""
    assert (folder / "app.wasm").read_text() == "old"
    assert sorted(os.listdir(folder)) == ["app.py", "app.wasm"]


MISTAKES = [
    ("def f(db):\n    db.del(['testIncr'])\n",
     "app.py:2: 'del' is a keyword of Python: write .del_(...) for the function of that name"),
    ('def f(v):\n    assert v == b"bar", f"expected \\"bar\\", got \\"{str(v)}\\"\n',
     "app.py:2: the string that begins in line 2 has no closing quote: add it"),
    ('x = """\nmore\n', "app.py:1: the string that begins in line 1 has no closing quote: add it"),
]


@needs_interpreter
@pytest.mark.parametrize("text, hint", MISTAKES, ids=["keyword", "f-string", "triple"])
def test_frequent_mistakes_have_a_hint(folder, text, hint):
    (folder / "app.py").write_text(text)
    result = build("app")
    assert result.returncode == 1
    assert "SyntaxError: " in result.stderr
    assert hint in result.stderr.splitlines()
    (folder / "app.py").write_text("import helper\n")
    (folder / "helper.py").write_text(text)
    assert hint.replace("app.py", "helper.py") in build("app").stderr


DATA_APP = HELLO.replace('b"Hello from Python!"', "found()") + """
import importlib.resources
import os

def found():
    here = os.path.dirname(__file__)
    with open(os.path.join(here, "top.json")) as file:
        top = file.read()
    inner = importlib.resources.files("package").joinpath("data/text.txt").read_text()
    installed = importlib.resources.files("installed").joinpath("blob.bin").read_bytes()
    return repr([top, inner, installed, sorted(os.listdir(here))]).encode()
"""


@needs_interpreter
def test_files_beside_modules_are_there_at_run_time(folder, up):
    packages = folder / "venv/lib/python3.99/site-packages"
    for path in ("package/data", packages / "installed", packages / "other", packages / "installed-1.0.dist-info"):
        (folder / path).mkdir(parents=True)
    (folder / "venv/pyvenv.cfg").touch()
    write(folder, app="import installed\n" + DATA_APP)
    (folder / "top.json").write_text("{}")
    (folder / "package/__init__.py").touch()
    (folder / "package/data/text.txt").write_text("inner")
    write(packages / "installed", __init__="")
    (packages / "installed/blob.bin").write_bytes(b"\0\xff")
    for name in ("key.pem", "old.wasm", "requirements.txt", ".env", "native.so"):
        (folder / name).write_text("not for the component")
    with open(folder / "large.bin", "wb") as file:
        file.truncate(17 << 20)
    assert build("app", env={**os.environ, "VIRTUAL_ENV": str(folder / "venv")}).returncode == 0
    (folder / "spin.toml").write_text(
        'spin_manifest_version = 2\n[application]\nname = "data"\nversion = "0.1.0"\n'
        '[[trigger.http]]\nroute = "/..."\ncomponent = "data"\n[component.data]\nsource = "app.wasm"\n')
    answer = up(folder).get("/")
    assert answer.status == 200
    assert eval(answer.body) == ["{}", "inner", b"\0\xff", ["app.py", "package", "top.json"]]


@needs_interpreter
def test_too_much_data_is_refused_by_name(folder):
    write(folder, app=HELLO)
    (folder / "images").mkdir()
    for number in range(5):
        with open(folder / f"images/{number}.raw", "wb") as file:
            file.truncate((15 << 20) + number)
    result = build("app")
    assert result.returncode == 1
    assert "there are more than 64 MiB of files beside the modules, '/0/images/4.raw' is the largest" in result.stderr


SDK_2 = HELLO + """
from spin_sdk.wit.imports.types import MethodGet, MethodPost, Method_Get, SchemeHttps
from spin_sdk.wit.types import Err

assert MethodGet is Method_Get
"""

SDK_2_SERVICES = SDK_2 + """
from spin_sdk.wit.imports.llm import ErrorInvalidInput, Error_InvalidInput
from spin_sdk.wit.imports.sqlite import ValueInteger, ValueText, Value_Integer
from spin_sdk.wit.imports.variables import ErrorUndefined

assert ValueInteger(7) == Value_Integer(7)
assert ErrorInvalidInput is Error_InvalidInput
assert repr(ValueText("x")) == "Value_Text(value='x')"
"""


@needs_interpreter
def test_applications_for_the_sdk_2(folder, up):
    """Names of cases without an underscore, and the versions that were pinned then."""
    (folder / "requirements.txt").write_text("spin-sdk == 2.0.0\ncomponentize-py == 0.12.0\n")
    write(folder, app=SDK_2, services=SDK_2_SERVICES)
    for name in "services", "app":
        result = build(name)
        assert (result.returncode, result.stderr) == (0, "")
        (folder / "services.py").unlink(missing_ok=True)
    (folder / "spin.toml").write_text(
        'spin_manifest_version = 2\n[application]\nname = "old"\nversion = "0.1.0"\n'
        '[[trigger.http]]\nroute = "/..."\ncomponent = "old"\n[component.old]\nsource = "app.wasm"\n')
    assert up(folder).get("/").body == b"Hello from Python!"


@needs_interpreter
def test_a_request_while_building_is_refused_by_name(folder):
    write(folder, app=HELLO + "\nfrom spin_sdk.http import send\n"
                              "send(Request('GET', 'http://localhost/', {}, None))\n")
    result = build("app")
    assert result.returncode == 1
    assert "wasi:http/outgoing-handler@0.2.0#handle" in result.stderr


def imports_of(component):
    text = subprocess.run([WASM_TOOLS, "component", "wit", component], check=True,
                          capture_output=True, text=True).stdout
    return set(re.findall(r"import ([^;]+);", text))


@needs_interpreter
@needs_wasm_tools
def test_only_interfaces_that_are_used_are_imported(folder):
    for name in "plain", "using":
        (folder / name).mkdir()
    write(folder / "plain", app=HELLO)
    write(folder / "using", helper="""
        def even_later():
            from spin_sdk.wit.imports.wasi_keyvalue_store import open
    """, app=HELLO + textwrap.dedent("""
        from spin_sdk.wit.imports.variables import get

        def later():
            from spin_sdk.wit.imports import key_value
            import helper
    """))
    for name in "plain", "using":
        result = build("app", "-p", name, output=f"{name}.wasm")
        assert (result.returncode, result.stderr) == (0, "")
        subprocess.run([WASM_TOOLS, "validate", f"{name}.wasm"], check=True)
    assert imports_of("using.wasm") - imports_of("plain.wasm") == {
        "fermyon:spin/variables@2.0.0", "fermyon:spin/key-value@2.0.0", "wasi:keyvalue/store@0.2.0-draft2"}
    assert not [name for name in imports_of("plain.wasm") if not name.startswith("wasi:")]


@needs_interpreter
def test_a_call_while_building_is_refused_by_name(folder):
    write(folder, app=HELLO + "\nfrom spin_sdk.wit.imports import variables\nvariables.get('x')\n")
    result = build("app")
    assert result.returncode == 1
    assert ("RuntimeError: fermyon:spin/variables@2.0.0#get cannot be called while the component is being built: "
            "call it in the handler") in result.stderr


@needs_interpreter
def test_folders_of_the_search_path(folder):
    (folder / "src").mkdir()
    (folder / "lib/deep").mkdir(parents=True)
    write(folder / "src", app="import helper\n" + HELLO)
    write(folder / "lib/deep", helper="")
    assert build("app", "-p", "src").returncode == 1
    result = build("app", "-p", "src", "-p", "lib/deep", "-p", "does-not-exist")
    assert (result.returncode, result.stderr) == (0, "")


@needs_interpreter
def test_site_packages_of_the_virtual_environment(folder):
    write(folder, app="import installed\n" + HELLO)
    packages = folder / "venv/lib/python3.99/site-packages"
    packages.mkdir(parents=True)
    write(packages, installed="")
    environment = {**os.environ, "VIRTUAL_ENV": str(folder / "venv")}
    assert build("app", env=environment).returncode == 0
    shutil.rmtree(packages)
    result = build("app", env=environment)
    assert result.returncode == 1
    assert f"warning: site-packages directory not found under {folder}/venv/lib" in result.stderr


@needs_interpreter
def test_an_installed_sdk_does_not_take_the_place_of_ours(folder):
    write(folder, app=HELLO)
    packages = folder / "venv/lib/python3.99/site-packages/spin_sdk"
    packages.mkdir(parents=True)
    (packages / "__init__.py").write_text("raise SystemError('the wrong one')\n")
    environment = {**os.environ, "VIRTUAL_ENV": str(folder / "venv")}
    assert build("app", env=environment).returncode == 0


@needs_interpreter
def test_folders_of_the_output_are_made(folder):
    write(folder, app=HELLO)
    assert build("app", output="deep/er/app.wasm").returncode == 0
    assert (folder / "deep/er/app.wasm").exists()


@needs_interpreter
def test_a_module_without_toml_has_no_world_of_its_own(folder):
    write(folder, app=HELLO)
    result = build("app", "-m", "other=spin-http")
    assert "no `componentize-py.toml` file found for module `other`" in result.stderr
    assert result.returncode == 1


@needs_interpreter
def test_a_world_of_ones_own_has_its_modules(folder):
    """Its functions are there to be imported, although no host has them."""
    write(folder, app=HELLO + "\nfrom wit_world.imports import maths\nADD = maths.add\n")
    (folder / "world.wit").write_text(
        "package a:b;\ninterface maths {\n  add: func(a: u32) -> u32;\n}\n"
        "world w {\n  import maths;\n}\n")
    result = run("-d", "world.wit", "-w", "w", "componentize", "app")
    assert (result.returncode, result.stderr) == (0, "")


def fake_program(folder, name, script):
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    (programs / name).write_text("#!/bin/sh\n" + script)
    (programs / name).chmod(0o755)
    return {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"}


@needs_interpreter
def test_site_packages_of_pipenv_then_of_python(folder):
    write(folder, app="import installed\n" + HELLO)
    packages = folder / "pipenv/lib/python3.99/site-packages"
    packages.mkdir(parents=True)
    write(packages, installed="")
    environment = fake_program(folder, "pipenv", f'[ "$1" = --venv ] && echo {folder}/pipenv\n')
    assert build("app", env=environment).returncode == 0
    fake_program(folder, "pipenv", "exit 1\n")
    environment = fake_program(folder, "python3", f"echo {folder}/nowhere; echo {packages}\n")
    assert build("app", env=environment).returncode == 0
    fake_program(folder, "python3", "exit 1\n")
    assert "No module named 'installed'" in build("app", env=environment).stderr


TYPED = """
from typing import Optional

from wit_world import log, exports
from wit_world.imports import shapes
from wit_world.imports.shapes import Canvas, Look_Tinted, Marks, Shape, Size
from wit_world.types import Err, Ok, Result, Some


class Paint(exports.Paint):
    def run(self, on: Canvas) -> int:
        with Canvas.open("x") as canvas:
            pair: tuple[int, bytes] = canvas.share(on)
        try:
            canvas.draw(Shape("name", Look_Tinted(1), Some(None)))
        except Err as error:
            log(str(error.value))
        answer: Result[bool, None] = Ok(shapes.import_([1.5]))
        look: shapes.Look = Look_Tinted(3)
        first: Optional[Canvas] = Canvas(Size.EXTRA_LARGE)
        print(answer, look, first, Marks.OLD | Marks.CLASS)
        return pair[0]
"""


def test_users_of_the_bindings_pass_mypy_strict(folder):
    if subprocess.run([sys.executable, "-m", "mypy", "--version"], capture_output=True).returncode:
        pytest.skip("no mypy")
    (folder / "world.wit").write_text(WORLD)
    run("-d", "world.wit", "-w", "painter", "bindings", ".")
    write(folder, app=TYPED)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", "cache", "-m", "app"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout
    (folder / "app.py").write_text(TYPED.replace("Size.EXTRA_LARGE", '"large"'))
    result = subprocess.run(command, capture_output=True, text=True)
    assert 'Argument 1 to "Canvas" has incompatible type "str"; expected "Size"' in result.stdout
