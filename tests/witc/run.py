#!/usr/bin/env python3
"""Writes host and guest C for every interface under wit/, twice: both are the same, and compile."""

import argparse
import filecmp
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

WARNINGS = ["-Wall", "-Wextra", "-Wshadow", "-Wvla", "-Werror", "-Wstrict-prototypes",
            "-Wmissing-prototypes", "-Wold-style-definition"]


def run(*command):
    return subprocess.run(command, capture_output=True, text=True)


def write(witc, mode, wit, out, *interfaces):
    done = run(witc, mode, "-o", out, wit, *interfaces)
    if done.returncode:
        sys.exit(f"witc {mode} failed: {done.stderr}")


def names(folder):
    return sorted(os.path.relpath(os.path.join(at, name), folder)
                  for at, _, files in os.walk(folder) for name in files)


def compile_host(args, out, name):
    return run(args.cc, "-std=gnu11", "-D_GNU_SOURCE", *WARNINGS, "-fsyntax-only",
               f"-I{args.source}/src", f"-I{out}", os.path.join(out, name))


def compile_guest(args, out):
    """clang makes wasm without a C library; other compilers check the declarations' syntax."""
    target = ["--target=wasm32-unknown-unknown"] if "clang" in args.cc else ["-Wno-attributes"]
    return run(args.cc, *target, "-std=gnu11", "-ffreestanding", *WARNINGS, "-fsyntax-only",
               os.path.join(out, "guest_imports.c"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--witc", required=True)
    parser.add_argument("--cc", required=True)
    parser.add_argument("--source", required=True)
    args = parser.parse_args()
    wit = os.path.join(args.source, "wit")
    faults = []
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        for out in (first, second):
            write(args.witc, "host", wit, out)
            write(args.witc, "guest", wit, out)
        files = names(first)
        if files != names(second):
            faults.append("two runs wrote different files")
        faults += [f"two runs differ in {name}" for name in files
                   if not filecmp.cmp(os.path.join(first, name), os.path.join(second, name), False)]
        sources = [name for name in files if name.startswith("host/") and name.endswith(".c")]
        if len(sources) < 40:
            faults.append(f"only {len(sources)} interfaces were written")
        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(lambda name: compile_host(args, first, name), sources))
        results.append(compile_guest(args, first))
        faults += [result.stderr for result in results if result.returncode]
    wrong = run(args.witc, "names", wit, "wasi:io/nothing@0.2.0")
    if wrong.returncode != 1 or "no interface 'wasi:io/nothing@0.2.0'" not in wrong.stderr:
        faults.append("an unknown interface is not refused by name")
    print("\n".join(faults) or f"{len(sources)} interfaces: the same twice, and they compile")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
