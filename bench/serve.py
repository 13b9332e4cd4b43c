#!/usr/bin/env python3
"""
Requests a second and CPU time a request, ours and others', on this machine in one run: rounds are
interleaved, so that what else the machine does hits all alike, and the median counts.

    serve.py [--rounds N] [--seconds S] [--without NAME]...
"""

import argparse
import collections
import os
import re
import subprocess
import sys

import common

sys.path.insert(0, common.HANDLERS)
import work  # noqa: E402

VENV = os.path.join(common.BUILD, "venv")
BODY = b'{"name": "item", "price": 1.25}'
WORKLOADS = ["hello", "json"]
CONNECTIONS = [1, 16]

# (workload, peer, least ratio) at 16 connections
AIMS = [("hello", "granian", 1.8), ("hello", "wasmtime serve", 300),
        ("json", "granian", 1.0), ("json", "wasmtime serve", 60)]

NGINX = """daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr;
events {{ worker_connections 256; }}
http {{
    access_log off; keepalive_requests 1000000000;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    server {{
        listen 127.0.0.1:{port};
        location / {{ default_type text/plain; return 200 "Hello from Python!"; }}
    }}
}}
"""


def start_ours():
    folder = common.make_spin_app("ours", {
        "app.py": f"{common.HANDLERS}/spin_app.py", "work.py": f"{common.HANDLERS}/work.py"})
    return common.spin_up(folder, "--threads", "1")


def trim_world(sdk):
    """
    Leaves in the SDK's world what `wasmtime serve` offers: it has no key-value store and so on,
    and refuses a component that imports one, used or not.
    """
    path = os.path.join(sdk, "wit", "spin.wit")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(re.sub(r"world spin-imports \{.*?\n\}",
                          "world spin-imports {\n  import wasi:http/outgoing-handler@0.2.0;\n}",
                          text, flags=re.DOTALL))


def start_wasmtime():
    """The same application, built by the upstream tools."""
    folder = common.clean_folder("upstream")
    venv = os.path.join(common.WORK, "upstream-venv")
    if not os.path.exists(os.path.join(venv, "trimmed")):
        common.run("cp", "-r", os.path.join(VENV, "upstream"), venv, cwd=common.WORK)
        for where, _, names in os.walk(venv):
            if os.path.basename(where) == "wit" and "spin.wit" in names:
                trim_world(os.path.dirname(where))
        open(os.path.join(venv, "trimmed"), "w", encoding="utf-8").close()
    for source, target in (("spin_app.py", "app.py"), ("work.py", "work.py")):
        common.run("cp", os.path.join(common.HANDLERS, source), os.path.join(folder, target),
                   cwd=folder)
    common.run(os.path.join(venv, "bin", "python"), os.path.join(venv, "bin", "componentize-py"),
               "-w", "spin-http", "componentize", "app", "-o", "app.wasm", cwd=folder,
               env={**os.environ, "VIRTUAL_ENV": venv,
                    "PATH": os.path.join(venv, "bin") + os.pathsep + os.environ["PATH"]})
    port = common.free_port()
    return common.Server("wasmtime serve",
                         [os.path.join(VENV, "tests", "bin", "wasmtime"), "serve", "-S", "cli",
                          "--addr", f"127.0.0.1:{port}", "app.wasm"], port, folder)


def start_granian():
    port = common.free_port()
    return common.Server("granian", [
        os.path.join(VENV, "bench", "bin", "granian"), "--interface", "asgi", "--workers", "1",
        "--host", "127.0.0.1", "--port", str(port), "--no-ws", "--log-level", "error",
        "asgi_app:app"], port, common.HANDLERS)


def start_uvicorn():
    port = common.free_port()
    return common.Server("uvicorn", [
        os.path.join(VENV, "bench", "bin", "uvicorn"), "--workers", "1", "--loop", "uvloop",
        "--http", "httptools", "--no-access-log", "--log-level", "error", "--host", "127.0.0.1",
        "--port", str(port), "asgi_app:app"], port, common.HANDLERS)


def start_nginx():
    folder = common.clean_folder("nginx")
    port = common.free_port()
    with open(os.path.join(folder, "nginx.conf"), "w", encoding="utf-8") as file:
        file.write(NGINX.format(folder=folder, port=port))
    program = os.path.join(common.BUILD, "peers", "nginx", "usr", "sbin", "nginx")
    return common.Server("nginx", [program, "-p", folder, "-e", "stderr", "-c", "nginx.conf"],
                         port, folder)


PEERS = {"spindle": start_ours, "wasmtime serve": start_wasmtime, "granian": start_granian,
         "uvicorn": start_uvicorn, "nginx": start_nginx}
CONSTANT = {"nginx"}  # answers the same always: has no JSON workload


def check(server):
    """Before anything is measured: do they all answer the same?"""
    answers = [(common.ask(server.port, "/hello"), work.HELLO)]
    if server.name not in CONSTANT:
        answers.append((common.ask(server.port, "/json", BODY), work.items(BODY)))
    for (status, body), expected in answers:
        if status != 200 or body != expected:
            sys.exit(f"bench: {server.name} answers {status} {body[:200]!r}")


Sample = collections.namedtuple("Sample", "rate cpu_us")


def measure(server, workload, connections, seconds):
    script = ["-s", f"{common.HANDLERS}/post.lua"] if workload == "json" else []
    before = server.cpu_ns()
    output = subprocess.run(
        ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", *script,
         f"http://127.0.0.1:{server.port}/{workload}"],
        stdout=subprocess.PIPE, text=True, check=True).stdout
    used = server.cpu_ns() - before
    if "Non-2xx" in output or "Socket errors" in output:
        sys.exit(f"bench: {server.name}, {workload}:\n{output}")
    requests = int(re.search(r"(\d+) requests in", output)[1])
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1])
    return Sample(rate, used / requests / 1000)


def cells(servers):
    return [(server, workload, connections)
            for workload in WORKLOADS for connections in CONNECTIONS for server in servers
            if workload == "hello" or server.name not in CONSTANT]


def run_rounds(servers, rounds, seconds):
    samples = collections.defaultdict(list)
    for server, workload, connections in cells(servers):
        measure(server, workload, connections, 1)  # warms it up
    for number in range(1, rounds + 1):
        print(f"round {number} of {rounds}", file=sys.stderr, flush=True)
        for server, workload, connections in cells(servers):
            sample = measure(server, workload, connections, seconds)
            samples[server.name, workload, connections].append(sample)
    return {cell: Sample(common.median(s.rate for s in found),
                         common.median(s.cpu_us for s in found))
            for cell, found in samples.items()}


def report(results, servers, rounds, seconds):
    header = ["req/s (CPU us a request)"] + [f"{workload}, {connections} conn."
                                             for workload in WORKLOADS
                                             for connections in CONNECTIONS]
    rows = []
    for server in servers:
        row = [server.name]
        for workload in WORKLOADS:
            for connections in CONNECTIONS:
                found = results.get((server.name, workload, connections))
                row.append(f"{found.rate:,.0f} ({found.cpu_us:,.1f})" if found else "")
        rows.append(row)
    text = (f"## Serving\n\nMedian of {rounds} interleaved rounds of {seconds} s; one server "
            "thread or worker, wrk -t1.\n\n" + common.table(header, rows))
    lines = []
    for workload, peer, least in AIMS:
        ours, theirs = (results.get((name, workload, 16)) for name in ("spindle", peer))
        if ours and theirs:
            ratio = ours.rate / theirs.rate
            lines.append([f"{workload}, 16 connections, to {peer}", f"{ratio:.2f}x",
                          f"{least}x", "met" if ratio >= least else "NOT MET"])
    if lines:
        text += "\n" + common.table(["ratio", "measured", "aim", ""], lines)
    return text


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=2)
    options.add_argument("--without", action="append", default=[], choices=list(PEERS))
    options = options.parse_args()
    os.makedirs(common.WORK, exist_ok=True)
    servers = []
    try:
        for name, start in PEERS.items():
            if name not in options.without:
                print(f"starting {name}", file=sys.stderr, flush=True)
                servers.append(start())
        for server in servers:
            server.wait()
            check(server)
        results = run_rounds(servers, options.rounds, options.seconds)
    finally:
        for server in servers:
            server.stop()
    print(report(results, servers, options.rounds, options.seconds))


if __name__ == "__main__":
    main()
