#!/usr/bin/env python3
"""
What services cost a handler, against the same work done in C with the service's own library, on
this machine in one run; rounds are interleaved and the median counts.

    services.py [--rounds N]

A row of the table is a subclass of Row.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import threading
import time

import common

sys.path.insert(0, os.path.join(common.ROOT, "tests", "e2e"))
from services import RedisServer

TOOLS = os.path.join(common.BUILD, "tools")
AT_ONCE = 200

MANIFEST = """spin_manifest_version = 2
[application]
name = "services"
version = "0.1.0"
[[trigger.http]]
route = "/..."
component = "services"
[component.services]
source = "app.wasm"
allowed_outbound_hosts = ["http://127.0.0.1:*", "redis://127.0.0.1:*"]
key_value_stores = ["default"]
[component.services.build]
command = "componentize-py -w spin-http componentize app -o app.wasm"
"""

NGINX = """daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr;
events {{ worker_connections 1024; }}
http {{
    access_log off; keepalive_requests 1000000000;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    server {{
        listen 127.0.0.1:{port};
        location / {{ default_type text/plain; return 200 "Hello from a server!"; }}
    }}
}}
"""


class Row:
    """Something that is measured: ours against another's, or against a constant."""

    name = ""
    unit = "us"
    most = 0.0  # the aim: ours is at most so many times theirs

    def start(self):
        """What the row needs of its own: servers."""

    def ours(self, app):
        raise NotImplementedError

    def theirs(self):
        raise NotImplementedError

    def stop(self):
        """Whatever happened before."""


def measured_by(program, *words):
    result = subprocess.run([os.path.join(TOOLS, program), *words], check=True,
                            stdout=subprocess.PIPE, text=True)
    return float(result.stdout)


def pin(pid, cores):
    """All threads of a process."""
    for thread in os.listdir(f"/proc/{pid}/task"):
        os.sched_setaffinity(int(thread), cores)


class SharedCore(Row):
    """
    Server and client share a core: between two, waking the other takes longer than all the rest,
    and how long is the scheduler's mood.
    """

    cores = os.sched_getaffinity(0)
    one = {min(cores)}
    server = None

    def pin_server(self):
        for pid in self.server.processes():
            pin(pid, self.one)

    def ours(self, app):
        pin(app.process.pid, self.one)
        try:
            return self.ask(app)
        finally:
            pin(app.process.pid, self.cores)

    def theirs(self):
        pin(os.getpid(), self.one)  # the program inherits it
        try:
            return measured_by(*self.program())
        finally:
            pin(os.getpid(), self.cores)

    def ask(self, app):
        raise NotImplementedError

    def program(self):
        """Words of the program that does the same in C and prints microseconds."""
        raise NotImplementedError

    def stop(self):
        if self.server:
            self.server.stop()


class OutboundGet(SharedCore):
    """One GET after another, on a connection that is warm."""

    name = "outbound GET, to libcurl in C"
    most = 1.3
    count = 2000

    def start(self):
        folder = common.clean_folder("services-nginx")
        port = common.free_port()
        with open(os.path.join(folder, "nginx.conf"), "w", encoding="utf-8") as file:
            file.write(NGINX.format(folder=folder, port=port))
        program = os.path.join(common.BUILD, "peers", "nginx", "usr", "sbin", "nginx")
        self.server = common.Server(
            "nginx for services", [program, "-p", folder, "-e", "stderr", "-c", "nginx.conf"],
            port, folder)
        self.server.wait()
        self.pin_server()

    def ask(self, app):
        status, body = common.ask(
            app.port, f"/outbound?{self.count},http://127.0.0.1:{self.server.port}/")
        assert status == 200, body
        return float(body)

    def program(self):
        return "spindle-bench-outbound", f"http://127.0.0.1:{self.server.port}/", str(self.count)


class OutboundAtOnce(Row):
    """So many requests at once, each waiting for a server that takes a second to answer."""

    name = f"{AT_ONCE} requests at once, each waiting 1 s, to 1 s"
    unit = "s"
    most = 1.5
    loop = None

    def start(self):
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        server = self.run(asyncio.start_server(self.answer_slowly, "127.0.0.1", 0,
                                               backlog=2 * AT_ONCE))
        self.port = server.sockets[0].getsockname()[1]

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    @staticmethod
    async def answer_slowly(reader, writer):
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                await asyncio.sleep(1)
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nslow")
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        writer.close()

    async def ask_all(self, port):
        async def ask(reader, writer):
            writer.write(f"GET /wait?http://127.0.0.1:{self.port}/ HTTP/1.1\r\n"
                         "host: bench\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            writer.close()

        connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(AT_ONCE)]
        begin = time.monotonic()
        await asyncio.gather(*(ask(*connection) for connection in connections))
        return time.monotonic() - begin

    def ours(self, app):
        return self.run(self.ask_all(app.port))

    def theirs(self):
        return 1.0

    @staticmethod
    async def cancel_all():
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def stop(self):
        if self.loop:
            self.run(self.cancel_all())
            self.loop.call_soon_threadsafe(self.loop.stop)


class RedisGet(SharedCore):
    """One get after another, on one connection."""

    name = "Redis get, to hiredis in C"
    most = 1.3
    count = 10000

    def start(self):
        self.server = RedisServer(common.clean_folder("services-redis"))
        self.server.cli("set", "key", "x" * 100)
        pin(self.server.process.pid, self.one)

    def ask(self, app):
        status, body = common.ask(app.port, f"/redis-get?{self.count},{self.server.address}")
        assert status == 200, body
        return float(body)

    def program(self):
        return "spindle-bench-redis-get", str(self.server.port), str(self.count)


class KeyValue(Row):
    """One operation after another on the default store, a file."""

    operation = ""
    count = 0
    file = None

    def ours(self, app):
        self.file = os.path.join(app.folder, ".spin", "sqlite_key_value.db")
        status, body = common.ask(app.port, f"/key-value-{self.operation}?{self.count},key")
        assert status == 200, body
        return float(body)

    def theirs(self):
        return measured_by("spindle-bench-key-value", self.file, self.operation, str(self.count))


class KeyValueGet(KeyValue):
    name = "key-value get, to the statement in C"
    most = 4.0
    operation = "get"
    count = 20000


class KeyValueSet(KeyValue):
    name = "key-value set, to the statement in C"
    most = 1.3
    operation = "set"
    count = 100


ROWS = [OutboundGet, OutboundAtOnce, RedisGet, KeyValueGet, KeyValueSet]


def make_app():
    return common.make_spin_app(
        "services", {"app.py": f"{common.HANDLERS}/services_app.py"}, MANIFEST)


def measure(rows, app, rounds):
    samples = {row: ([], []) for row in rows}
    for number in range(rounds + 1):  # the first warms up
        print(f"round {number} of {rounds}", file=sys.stderr, flush=True)
        for row, (ours, theirs) in samples.items():
            found = row.ours(app), row.theirs()
            if number:
                ours.append(found[0])
                theirs.append(found[1])
    return {row: (common.median(ours), common.median(theirs))
            for row, (ours, theirs) in samples.items()}


def report(results, rounds):
    lines = []
    for row, (ours, theirs) in results.items():
        ratio = ours / theirs
        lines.append([row.name, f"{ours:.2f} {row.unit}", f"{theirs:.2f} {row.unit}",
                      f"{ratio:.2f}x", f"{row.most}x", "met" if ratio <= row.most else "NOT MET"])
    return (f"## Services\n\nMedian of {rounds} interleaved rounds.\n\n"
            + common.table(["what", "in a handler", "to", "ratio", "at most", ""], lines))


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options = options.parse_args()
    os.makedirs(common.WORK, exist_ok=True)
    rows = [row() for row in ROWS]
    app = None
    try:
        app = common.spin_up(make_app(), name="services")
        for row in rows:
            row.start()
        app.wait("/.well-known/spin/health")
        results = measure(rows, app, options.rounds)
    finally:
        for row in rows:
            row.stop()
        if app:
            app.stop()
    print(report(results, options.rounds))


if __name__ == "__main__":
    main()
