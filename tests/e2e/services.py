"""Servers of others that tests talk to, each on a free port, in a folder of its own, ended with the test."""

import shutil
import socket
import subprocess

TIMEOUT = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RedisServer:
    """
    Debian's redis-server. The package redis-tools holds the same program under another name, and no
    service: what it is called with decides what it is.
    """

    def __init__(self, folder, *options):
        self.folder, self.options = folder, options
        self.port = free_port()
        self.start()

    @property
    def address(self):
        return f"redis://127.0.0.1:{self.port}"

    def start(self):
        program = shutil.which("redis-server") or shutil.which("redis-check-rdb")
        words = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                 "--dir", str(self.folder), "--daemonize", "no", *self.options]
        self.process = subprocess.Popen(words, executable=program, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, text=True)
        said = []
        for line in self.process.stdout:
            said.append(line)
            if "Ready to accept connections" in line:
                return
        raise AssertionError("redis-server did not start: " + "".join(said))

    def cli(self, *words):
        done = subprocess.run(["redis-cli", "-p", str(self.port), *words], capture_output=True,
                              text=True, timeout=TIMEOUT, check=True)
        return done.stdout.rstrip("\n")

    def clients(self):
        """The connections that there are beside redis-cli's own: id -> facts."""
        found = {}
        for line in self.cli("client", "list").splitlines():
            facts = dict(word.split("=", 1) for word in line.split())
            if facts["cmd"] != "client|list":
                found[facts["id"]] = facts
        return found

    def stop(self):
        self.process.terminate()
        self.process.stdout.read()
        self.process.stdout.close()
        self.process.wait(TIMEOUT)
