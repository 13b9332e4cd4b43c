#!/usr/bin/env python3
"""
What a developer waits for and what a server holds: time of `spin build`, time from `spin up` to the
first answer, size of app.wasm, resident memory after 10,000 requests and with 64 handlers asleep.
"""

import concurrent.futures
import os
import subprocess
import sys
import time

import common

TIMES = 10
REQUESTS = 10_000
SLEEPERS = 64

SLEEPING_APP = '''import time
from spin_sdk.http import IncomingHandler, Request, Response


class IncomingHandler(IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        if request.uri.endswith("/sleep"):
            time.sleep(4)
        return Response(200, {}, b"awake")
'''


def build_seconds(folder):
    begin = time.monotonic()
    common.run(common.SPIN, "build", cwd=folder, env=common.environment())
    return time.monotonic() - begin


def start_seconds(folder):
    begin = time.monotonic()
    server = common.spin_up(folder)
    try:
        server.wait()
        return time.monotonic() - begin
    finally:
        server.stop()


def resident_after_requests(folder):
    server = common.spin_up(folder)
    try:
        server.wait()
        subprocess.run(["wrk", "-t1", "-c16", "-d1s", f"http://127.0.0.1:{server.port}/hello"],
                       stdout=subprocess.DEVNULL, check=True)
        done = 0
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for status, _ in pool.map(lambda _: common.ask(server.port, "/hello"), range(REQUESTS)):
                done += status == 200
        if done != REQUESTS:
            sys.exit(f"bench: {REQUESTS - done} of {REQUESTS} requests failed")
        return server.resident_kib() / 1024
    finally:
        server.stop()


def resident_with_sleepers(server, count):
    """MiB while `count` handlers are asleep: the largest that was seen before they woke."""
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        asleep = [pool.submit(common.ask, server.port, "/sleep") for _ in range(count)]
        most = 0
        while not all(answer.done() for answer in asleep):
            most = max(most, server.resident_kib())
            time.sleep(0.05)
        if any(answer.result()[0] != 200 for answer in asleep):
            sys.exit("bench: a sleeping handler failed")
    return most / 1024


def growth_per_sleeper(folder):
    server = common.spin_up(folder)
    try:
        server.wait()
        one = resident_with_sleepers(server, 1)
        return (resident_with_sleepers(server, SLEEPERS) - one) / (SLEEPERS - 1)
    finally:
        server.stop()


def hot_pages(folder):
    """Pages that a rewind copies back after a hello, and the time of a request without a server."""
    program = os.path.join(common.BUILD, "tools", "spindle-bench-request")
    words = [program, os.path.join(folder, "app.wasm"), "/hello"]
    said = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    return int(said[1]), float(said[0])


def main():
    os.makedirs(common.WORK, exist_ok=True)
    files = {"app.py": f"{common.HANDLERS}/spin_app.py", "work.py": f"{common.HANDLERS}/work.py"}
    folder = common.make_spin_app("hello", files)
    start_seconds(folder)  # warms the page cache
    pages, microseconds = hot_pages(folder)
    measured = [
        ("spin build, median of 10", "s", 1.0, common.median(
            build_seconds(folder) for _ in range(TIMES))),
        ("spin up to first answer, median of 10", "s", 0.15, common.median(
            start_seconds(folder) for _ in range(TIMES))),
        ("size of app.wasm", "MB", 20, os.path.getsize(os.path.join(folder, "app.wasm")) / 1e6),
        (f"VmRSS after {REQUESTS:,} requests", "MiB", 60, resident_after_requests(folder)),
        ("growth for each sleeping handler", "MiB", 2, growth_per_sleeper(
            common.make_spin_app("sleeping", {"app.py": SLEEPING_APP}))),
    ]
    measured.append(("hot pages of hello", "pages", 20, pages))
    rows = [[what, f"{value:.3g} {unit}", f"at most {most} {unit}",
             "met" if value <= most else "NOT MET"] for what, unit, most, value in measured]
    print("## Building, starting, memory\n\n" + common.table(["", "measured", "aim", ""], rows)
          + f"\nA hello without the server takes {microseconds:.2f} us, its rewind included.\n")


if __name__ == "__main__":
    main()
