#!/usr/bin/env python3
"""Builds the component from guest.wat with wasm-tools and runs it in wasi-serve, twice."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def build(tool, wit, folder):
    """guest.wat as a component for the world of world.wit."""
    world = os.path.join(folder, "wit")
    os.mkdir(world)
    shutil.copy(os.path.join(HERE, "world.wit"), world)
    deps = os.path.join(world, "deps")
    os.mkdir(deps)
    for name in ("cli", "clocks", "filesystem", "http", "io", "random", "sockets"):
        shutil.copy(os.path.join(wit, "deps", f"wasi-{name}-0.2.0.wit"), deps)
    core, out = os.path.join(folder, "core.wasm"), os.path.join(folder, "guest.wasm")
    subprocess.run([tool, "component", "embed", world, os.path.join(HERE, "guest.wat"), "-o", core],
                   check=True)
    subprocess.run([tool, "component", "new", core, "-o", out], check=True)
    return out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--serve", required=True)
    parser.add_argument("--wit", required=True)
    args = parser.parse_args()
    tool = os.environ.get("SPINDLE_WASM_TOOLS") or shutil.which("wasm-tools")
    if not tool:
        print("skipped: no wasm-tools")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        component = build(tool, args.wit, folder)
        rounds = os.environ.get("SPINDLE_TEST_ROUNDS", "200")
        return subprocess.run([args.serve, component, rounds]).returncode


if __name__ == "__main__":
    sys.exit(main())
