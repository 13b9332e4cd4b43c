import os
import re
import shutil
import subprocess
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
BIN = Path(os.environ.get("SPINDLE_BIN", HERE.parents[1] / "build" / "bin")).resolve()
TIMEOUT = 300

MANIFEST = """spin_manifest_version = 2

[application]
name = "guest"
version = "0.1.0"

[[trigger.http]]
route = "/..."
component = "guest"

[component.guest]
source = "app.wasm"
"""


def componentize(folder, *arguments):
    if not (BIN.parent / "lib" / "spindle" / "python.wasm").exists():
        pytest.skip("no python.wasm beside the programs")
    return subprocess.run(
        [BIN / "componentize-py", "-w", "spin-http", "componentize", "app", "-o", "app.wasm", *arguments],
        cwd=folder, capture_output=True, text=True, timeout=TIMEOUT, check=False)


class Guest:
    """An application that is served; one thread, every rewind compared with the image."""

    def __init__(self, folder):
        self.folder = folder
        self.errors = open(folder / "errors.txt", "w+")
        self.process = subprocess.Popen(
            [BIN / "spin", "up", "--listen", "127.0.0.1:0", "--threads", "1", "--check-rewind",
             "--request-timeout", "200s"],
            cwd=folder, stdout=subprocess.PIPE, stderr=self.errors, text=True)
        self.address = self.read_address()

    def read_address(self):
        watchdog = threading.Timer(TIMEOUT, self.process.kill)
        watchdog.start()
        try:
            for line in self.process.stdout:
                if found := re.match(r"Serving (http://\S+)", line):
                    return found[1]
        finally:
            watchdog.cancel()
        raise AssertionError(self.messages())

    def ask(self, path, body=None, **headers):
        request = urllib.request.Request(self.address + path, data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
                return response.status, dict(response.headers), response.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()

    def run(self, source):
        """The `result` of Python that runs in a request."""
        status, _, body = self.ask("/run", source.encode())
        assert status == 200, self.messages()
        return eval(body)

    def messages(self):
        return (self.folder / "errors.txt").read_text(errors="replace")

    def stop(self):
        self.process.terminate()
        status = self.process.wait(timeout=60)
        self.process.stdout.close()
        self.errors.close()
        return status


def serve(folder, *arguments):
    (folder / "spin.toml").write_text(MANIFEST)
    built = componentize(folder, *arguments)
    assert built.returncode == 0, built.stdout + built.stderr
    guest = Guest(folder)
    yield guest
    assert guest.stop() == 0, guest.messages()


@pytest.fixture(scope="session")
def guest(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guest")
    shutil.copy(HERE / "app" / "app.py", folder)
    yield from serve(folder)


@pytest.fixture(scope="session")
def streaming(tmp_path_factory):
    folder = tmp_path_factory.mktemp("streaming")
    shutil.copy(HERE / "streaming" / "app.py", folder)
    yield from serve(folder)
