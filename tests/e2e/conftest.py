import os
import re
import select
import shutil
import signal
import subprocess
import threading
import urllib.request
from pathlib import Path

import pytest

from raw import Client
from services import LlmServer, RedisServer

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("SPINDLE_BIN", ROOT / "build" / "bin")).resolve()
TIMEOUT = 60


class Server:
    def __init__(self, process, address):
        self.process = process
        self.address = address

    def client(self):
        return Client(self.address)

    def get(self, path, head=""):
        with self.client() as client:
            return client.get(path, head)

    def post(self, path, body, head=""):
        with self.client() as client:
            length = f"Content-Length: {len(body)}\r\n"
            client.send(f"POST {path} HTTP/1.1\r\nHost: test\r\n{length}{head}\r\n".encode() + body)
            return client.response()


def stop(process, number=signal.SIGTERM):
    if process.poll() is None:
        process.send_signal(number)
    try:
        return process.wait(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


@pytest.fixture
def echo_server():
    """Starts the server without a guest; options as keyword arguments."""
    program = os.environ["SPINDLE_ECHO_SERVER"]
    running = []

    def start(**options):
        arguments = [f"{name}={value}" for name, value in options.items()]
        process = subprocess.Popen([program, *arguments], stdout=subprocess.PIPE, text=True)
        running.append(process)
        ready, _, _ = select.select([process.stdout], [], [], TIMEOUT)
        assert ready, "the server said nothing"
        return Server(process, process.stdout.readline().strip())

    yield start
    for process in running:
        assert stop(process) == 0
        process.stdout.close()


@pytest.fixture
def server(echo_server):
    return echo_server(threads=2)


@pytest.fixture(scope="session")
def sdk(tmp_path_factory):
    """The SDK as an application sees it: our package, and the modules made of its world."""
    folder = tmp_path_factory.mktemp("sdk")
    shutil.copytree(ROOT / "sdk" / "python" / "spin_sdk", folder / "spin_sdk")
    world = ["-w", "spin-all", "--world-module", "spin_sdk.wit"]
    subprocess.run([BIN / "componentize-py", *world, "bindings", folder], check=True)
    return folder


class Result:
    def __init__(self, done):
        self.status = done.returncode
        self.out = done.stdout
        self.err = done.stderr


@pytest.fixture
def spin(tmp_path):
    """Runs `spin` to its end, in tmp_path or the folder given. No templates are installed."""

    def run(*arguments, cwd=tmp_path, env=None):
        done = subprocess.run(
            [BIN / "spin", *map(str, arguments)],
            cwd=cwd,
            env={**os.environ, "SPIN_DATA_DIR": str(tmp_path / ".data"), **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
        )
        return Result(done)

    return run


class Application(Server):
    """A running `spin up`; what it prints is collected as it comes."""

    def __init__(self, process):
        super().__init__(process, None)
        self.must_be_native = False
        self.out, self.err = [], []
        self.changed = threading.Condition()
        self.readers = [
            threading.Thread(target=self.read, args=(process.stdout, self.out)),
            threading.Thread(target=self.read, args=(process.stderr, self.err)),
        ]
        for reader in self.readers:
            reader.start()

    def read(self, stream, lines):
        for line in stream:
            with self.changed:
                lines.append(line)
                self.changed.notify_all()
        with self.changed:
            lines.append(None)
            self.changed.notify_all()

    def wait_for(self, lines, pattern):
        """Waits until the text matches, and returns the match; fails when the stream ends before."""

        def found():
            text = "".join(line for line in lines if line)
            return re.search(pattern, text) or lines[-1:] == [None]

        with self.changed:
            match = self.changed.wait_for(found, timeout=TIMEOUT)
        assert match and match is not True, (pattern, self.out, self.err)
        return match

    def output(self):
        return "".join(line for line in self.out if line)

    def errors(self):
        return "".join(line for line in self.err if line)

    def stop(self, number=signal.SIGTERM):
        status = stop(self.process, number)
        for reader in self.readers:
            reader.join()
        self.process.stdout.close()
        self.process.stderr.close()
        return status


@pytest.fixture
def up():
    """Starts `spin up` on a free port in a folder; stops it at the end."""
    running = []

    serving = r"Serving http://(\S+)\n(?s:.*)Routes:\n"

    def start(folder, *arguments, env=None, listen="127.0.0.1:0", interpreted=False, pattern=serving):
        process = subprocess.Popen(
            [BIN / "spin", "up", "--listen", listen, *arguments],
            cwd=folder,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        application = Application(process)
        running.append(application)
        match = application.wait_for(application.out, pattern)
        application.address = match[1]
        if interpreted:
            application.wait_for(application.err, "there is no native code")
        else:
            running[-1].must_be_native = True
        return application

    yield start
    for application in running:
        application.stop()
        if application.must_be_native:
            assert "there is no native code" not in application.errors()


@pytest.fixture(scope="session")
def wasm_tools():
    program = os.environ.get("SPINDLE_WASM_TOOLS") or shutil.which("wasm-tools")
    if not program:
        pytest.skip("no wasm-tools (SPINDLE_WASM_TOOLS)")
    return program


class Components:
    """The components of tests/e2e/guest, made when they are first asked for."""

    def __init__(self, folder, wasm_tools):
        self.folder, self.wasm_tools = folder, wasm_tools
        self.source = Path(__file__).parent / "guest"
        self.wit = folder / "wit"
        shutil.copytree(ROOT / "wit" / "deps", self.wit / "deps")
        shutil.copy(ROOT / "wit" / "spin.wit", self.wit / "deps" / "fermyon-spin-2.0.0.wit")
        shutil.copy(self.source / "world.wit", self.wit)

    def make(self, name, text, world):
        source, core = self.folder / f"{name}.wat", self.folder / f"{name}.core.wasm"
        component = self.folder / f"{name}.wasm"
        source.write_text(text)
        embed = ["component", "embed", self.wit, "--world", world, source, "-o", core]
        subprocess.run([self.wasm_tools, *embed], check=True)
        subprocess.run([self.wasm_tools, "component", "new", core, "-o", component], check=True)
        return component

    def text(self, name):
        return (self.source / f"{name}.wat").read_text()

    def guest(self):
        return self.make("guest", self.text("guest"), "guest")

    def needs_mysql(self):
        return self.make("needs_mysql", self.text("needs_mysql"), "needs-mysql")

    def large(self):
        """The guest with so much code that interpreting it is not good enough."""
        step = "(local.set 0 (i32.xor (i32.mul (local.get 0) (i32.const {})) (i32.const {})))\n"
        padding = "".join(step.format(i * 7919, i * 104729) for i in range(3000))
        function = f"(func $padding (param i32) (result i32) {padding} (local.get 0))"
        text = self.text("guest").rstrip()
        end = text.rindex(")))))") + 4
        return self.make("large", text[:end] + function + ")", "guest")


@pytest.fixture(scope="session")
def guests(tmp_path_factory, wasm_tools):
    return Components(tmp_path_factory.mktemp("guests"), wasm_tools)


MANIFEST = """spin_manifest_version = 2

[application]
name = "test-app"
version = "1.2.3"

[[trigger.http]]
route = "/..."
component = "hello"

[component.hello]
source = "app.wasm"
"""


@pytest.fixture
def guest_app(tmp_path, guests):
    """A folder with an application of the hand-written guest."""
    (tmp_path / "spin.toml").write_text(MANIFEST)
    shutil.copy(guests.guest(), tmp_path / "app.wasm")
    return tmp_path


@pytest.fixture(scope="session")
def python_ready():
    if not (BIN.parent / "lib" / "spindle" / "python.wasm").exists():
        pytest.skip("no python.wasm beside the programs")


@pytest.fixture
def python_app(tmp_path, spin, python_ready):
    """Builds an application from the text of app.py; returns its folder."""

    def make(source, **manifest):
        made = spin("new", "-t", "http-py", "hello", "--accept-defaults", "--no-vcs")
        assert made.status == 0, made.err
        folder = tmp_path / "hello"
        (folder / "app.py").write_text(source)
        text = (folder / "spin.toml").read_text()
        for old, new in manifest.get("replace", []):
            assert old in text
            text = text.replace(old, new)
        (folder / "spin.toml").write_text(text + manifest.get("add", ""))
        built = spin("build", cwd=folder)
        assert built.status == 0, built.err + built.out
        return folder

    return make


@pytest.fixture
def redis_server(tmp_path_factory):
    """Starts Redis servers, with options of redis-server."""
    if not shutil.which("redis-cli"):
        pytest.skip("no Redis (Debian package redis-tools)")
    running = []

    def start(*options):
        running.append(RedisServer(tmp_path_factory.mktemp("redis"), *options))
        return running[-1]

    yield start
    for server in running:
        server.stop()


@pytest.fixture
def llm_server():
    server = LlmServer()
    yield server
    server.stop()


@pytest.fixture
def example(tmp_path, spin, python_ready):
    """Builds a copy of an example of ours; returns its folder."""

    def make(name):
        folder = tmp_path / name
        shutil.copytree(ROOT / "examples" / name, folder)
        built = spin("build", cwd=folder)
        assert built.status == 0, built.err + built.out
        return folder

    return make


@pytest.fixture(scope="module")
def module_app(tmp_path_factory, python_ready):
    """Builds an application `hello` once for a module's tests; returns its folder."""

    def make(source, add=""):
        where = tmp_path_factory.mktemp("app")
        folder = where / "hello"
        new = [BIN / "spin", "new", "-t", "http-py", "hello", "--accept-defaults", "--no-vcs"]
        subprocess.run(new, cwd=where, check=True, capture_output=True)
        (folder / "app.py").write_text(source)
        with open(folder / "spin.toml", "a") as manifest:
            manifest.write("\n" + add)
        built = subprocess.run([BIN / "spin", "build"], cwd=folder, capture_output=True, text=True)
        assert built.returncode == 0, built.stderr + built.stdout
        return folder

    return make


@pytest.fixture(scope="session")
def sdk(tmp_path_factory):
    """The SDK as an application sees it: our package, and the modules made of its world."""
    folder = tmp_path_factory.mktemp("sdk")
    shutil.copytree(ROOT / "sdk" / "python" / "spin_sdk", folder / "spin_sdk")
    world = ["-w", "spin-all", "--world-module", "spin_sdk.wit"]
    subprocess.run([BIN / "componentize-py", *world, "bindings", folder], check=True)
    return folder


def fetch(url):
    with urllib.request.urlopen(url, timeout=TIMEOUT) as response:
        return response.read()
