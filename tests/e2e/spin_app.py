"""An application of tests/e2e/apps, built and served by our own programs, as a user would."""

import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

APPS = Path(__file__).parent / "apps"


def program(name):
    return str(Path(os.environ["SPINDLE_BIN"]) / name)


def python_is_built():
    return (Path(os.environ["SPINDLE_BIN"]).parent / "lib/spindle/python.wasm").exists()


def copy_app(name, folder):
    target = Path(folder) / name
    shutil.copytree(APPS / name, target)
    return target


def build(folder, **options):
    return subprocess.run([program("spin"), "build"], cwd=folder, text=True, capture_output=True,
                          timeout=300, **options)


class RunningApp:
    """`spin up` in a folder, on a free port."""

    def __init__(self, folder, *flags):
        self.folder = Path(folder)
        self.stderr_path = self.folder / "spin-up.stderr"
        with open(self.stderr_path, "wb") as stderr:
            self.process = subprocess.Popen(
                [program("spin"), "up", "--listen", "127.0.0.1:0", *flags], cwd=folder,
                stdout=subprocess.PIPE, stderr=stderr, text=True)
        self.address = self.read_address()

    def read_address(self):
        watchdog = threading.Timer(60, self.process.kill)
        watchdog.start()
        try:
            for line in self.process.stdout:
                found = re.match(r"Serving http://(\S+)", line)
                if found:
                    return found[1]
        finally:
            watchdog.cancel()
        raise AssertionError(f"spin up did not serve: {self.stderr()}")

    def stderr(self):
        return self.stderr_path.read_text(errors="replace")

    def log(self, component, stream):
        return (self.folder / f".spin/logs/{component}_{stream}.txt").read_text()

    def resident_kib(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])

    def stop(self):
        self.process.terminate()
        try:
            status = self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self.process.stdout.close()
        return status
