"""What the measurements share: starting servers, asking them, reading what they used."""

import http.client
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build")
WORK = os.path.join(BUILD, "bench")
HANDLERS = os.path.join(ROOT, "bench", "handlers")
SPIN = os.path.join(BUILD, "bin", "spin")
PATIENCE = 90  # seconds for a server's first answer; wasmtime compiles first

MANIFEST = """spin_manifest_version = 2

[application]
name = "bench"
version = "0.1.0"

[[trigger.http]]
route = "/..."
component = "bench"

[component.bench]
source = "app.wasm"
[component.bench.build]
command = "componentize-py -w spin-http componentize app -o app.wasm"
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def clean_folder(name):
    folder = os.path.join(WORK, name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return folder


def environment(**more):
    """With our programs first on PATH."""
    path = os.path.join(BUILD, "bin") + os.pathsep + os.environ["PATH"]
    return {**os.environ, "PATH": path, **more}


def run(*words, cwd, env=None):
    result = subprocess.run(words, cwd=cwd, env=env, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, check=False)
    if result.returncode:
        sys.exit(f"bench: '{' '.join(words)}' failed:\n{result.stdout}")


def make_spin_app(name, files, manifest=MANIFEST):
    """An application of ours under build/bench: {file name: source path or text}."""
    folder = clean_folder(name)
    for target, source in files.items():
        with open(os.path.join(folder, target), "w", encoding="utf-8") as file:
            if os.path.exists(source):
                with open(source, encoding="utf-8") as original:
                    source = original.read()
            file.write(source)
    with open(os.path.join(folder, "spin.toml"), "w", encoding="utf-8") as file:
        file.write(manifest)
    run(SPIN, "build", cwd=folder, env=environment())
    return folder


def ask(port, path, body=None, timeout=60):
    """One request on a new connection: (status, body)."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("POST" if body else "GET", path, body=body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


class Server:
    """A server in a process group of its own, with its output in a file."""

    def __init__(self, name, words, port, cwd, env=None):
        self.name, self.port, self.folder = name, port, cwd
        self.log = os.path.join(WORK, f"{name.replace(' ', '-')}.log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(words, cwd=cwd, env=env or environment(), stdout=log,
                                            stderr=log, stdin=subprocess.DEVNULL,
                                            start_new_session=True)

    def wait(self, path="/hello"):
        """Until it answers 200. Returns the seconds since this was called."""
        begin = time.monotonic()
        while time.monotonic() - begin < PATIENCE:
            if self.process.poll() is not None:
                break
            try:
                if ask(self.port, path)[0] == 200:
                    return time.monotonic() - begin
            except OSError:
                time.sleep(0.002)
        self.stop()
        with open(self.log, encoding="utf-8", errors="replace") as log:
            sys.exit(f"bench: {self.name} does not answer:\n{log.read()[-3000:]}")

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def processes(self):
        """Its process and all that descend from it."""
        parents = {}
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    with open(f"/proc/{name}/stat", encoding="utf-8") as file:
                        parents[int(name)] = int(file.read().rsplit(")", 1)[1].split()[1])
                except OSError:
                    pass
        found = [self.process.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found

    def cpu_ns(self):
        """CPU time of all its threads, by the scheduler's count."""
        total = 0
        for pid in self.processes():
            try:
                for task in os.listdir(f"/proc/{pid}/task"):
                    with open(f"/proc/{pid}/task/{task}/schedstat", encoding="utf-8") as file:
                        total += int(file.read().split()[0])
            except OSError:
                pass
        return total

    def resident_kib(self):
        total = 0
        for pid in self.processes():
            try:
                with open(f"/proc/{pid}/status", encoding="utf-8") as file:
                    total += sum(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
            except OSError:
                pass
        return total


def spin_up(folder, *options, name="spindle"):
    port = free_port()
    words = [SPIN, "up", "--quiet", "--listen", f"127.0.0.1:{port}", *options]
    return Server(name, words, port, folder)


def machine():
    """One line about where this ran."""
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return f"{model}, {os.cpu_count()} cores, Linux {os.uname().release}"


def table(header, rows):
    """Markdown, which is readable on the screen too."""
    cells = [header, *rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |"
             for row in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines) + "\n"


median = statistics.median
