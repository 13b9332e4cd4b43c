#!/usr/bin/env python3
"""Compares the translator with the interpreter on generated modules.

`wasm-tools smith` makes valid modules from bytes; the bytes come from the module's number, so that
each run has the same ones. $SPINDLE_LONG asks for many more. A module that cannot be instantiated or
runs out of stack counts as skipped.
"""

import argparse
import os
import pathlib
import random
import shutil
import subprocess
import sys

SKIPPED = 77
TIERS = ["native", "native-nogs"]
INPUT_BYTES = 6000
MODULES, MODULES_LONG = 40, 1000
OFF = ["exceptions", "gc", "memory64", "relaxed-simd", "simd", "tail-call", "threads",
       "custom-page-sizes", "wide-arithmetic", "shared-everything-threads", "compact-imports",
       "custom-descriptors"]
SMITH = ["--ensure-termination", "--fuel", "10000", "--canonicalize-nans", "true", "--export-everything", "true",
         "--max-imports", "0", "--min-imports", "0", "--min-funcs", "4", "--max-memories", "2",
         "--max-memory32-bytes", "1048576", "--max-table-elements", "1000",
         "--allow-start-export", "false", "--extended-const-enabled", "true",
         "--max-instructions", "400"]


def make(wasm_tools, folder, number):
    path = folder / f"{number}.wasm"
    if not path.exists():
        seed = random.Random(number).randbytes(INPUT_BYTES)
        command = [wasm_tools, "smith", *SMITH, "-o", path]
        for feature in OFF:
            command += [f"--{feature}-enabled", "false"]
        subprocess.run(command, input=seed, check=True)
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runner", required=True)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int)
    args = parser.parse_args()
    wasm_tools = os.environ.get("SPINDLE_WASM_TOOLS") or shutil.which("wasm-tools")
    if not wasm_tools:
        print("no wasm-tools (set SPINDLE_WASM_TOOLS)\n0 passed, 0 failed, 1 skipped")
        return SKIPPED
    count = args.count or (MODULES_LONG if os.environ.get("SPINDLE_LONG") else MODULES)
    folder = args.work / "modules"
    folder.mkdir(parents=True, exist_ok=True)
    cache = args.work / "code"
    cache.mkdir(mode=0o700, exist_ok=True)
    modules = [make(wasm_tools, folder, args.first + i) for i in range(count)]
    totals = {"equal": 0, "different": 0, "undecided": 0}
    for tier in TIERS:
        command = [args.runner, "--generated", "--tier", tier, "--cache", cache]
        if subprocess.run(command + ["--compile"] + modules).returncode != 0:
            print("the modules could not be compiled\n0 passed, 1 failed, 0 skipped")
            return 1
        for module in modules:
            done = subprocess.run(command + [module], capture_output=True, text=True)
            verdict = done.stdout.rstrip("\n").partition("\t")[2] or "different"
            totals[verdict.partition(":")[0]] += 1
            if verdict.startswith("different"):
                print(f"{tier}: {module}: {verdict}, status {done.returncode}\n{done.stderr}")
    print(f"{totals['equal']} passed, {totals['different']} failed, "
          f"{totals['undecided']} skipped")
    return 1 if totals["different"] else 0


if __name__ == "__main__":
    sys.exit(main())
