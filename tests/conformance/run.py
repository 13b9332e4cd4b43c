#!/usr/bin/env python3
"""Runs the component model's test suite in one tier and judges it by the ledger.

Each .wast file of $SPINDLE_SUITES/component-model is converted with `wasm-tools json-from-wast` into
the work folder and run by component-runner in a process of its own. What is compared: values; that
calls that must trap do; that what must be refused is refused, and not for a feature that we lack.
The texts of traps and refusals are shown by --verbose, not compared.

With --mutate ROUNDS no assertion is run; the runner tries broken components instead.

ledger.txt names the assertions that do not hold, each with its reason. Any other failure fails; so
does an entry whose assertion holds now.
"""

import argparse
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77
SCRIPT_SECONDS = 300


def skip(reason):
    print(f"{reason}\n0 passed, 0 failed, 1 skipped")
    sys.exit(SKIPPED)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runner", required=True)
    parser.add_argument("--tier", default="interpreter")
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--ledger", default=HERE / "ledger.txt", type=pathlib.Path)
    parser.add_argument("--mutate", type=int, metavar="ROUNDS")
    parser.add_argument("--update", action="store_true", help="write the ledger instead")
    parser.add_argument("--verbose", action="store_true", help="show every outcome")
    parser.add_argument("names", nargs="*", help="only these files, as values/strings")
    return parser.parse_args()


def suite(names):
    root = pathlib.Path(os.environ.get("SPINDLE_SUITES", HERE.parents[2] / "shared/suites"))
    root /= "component-model"
    files = {str(f.relative_to(root).with_suffix("")): f for f in sorted(root.rglob("*.wast"))}
    if not files:
        skip(f"no test suite in {root} (set SPINDLE_SUITES)")
    return {name: f for name, f in files.items() if not names or name in names}


def convert(wasm_tools, name, wast, work):
    """Returns the path of the script, made anew if the source is newer."""
    folder = work / name.replace("/", "-")
    script = folder / "script.json"
    if script.exists() and script.stat().st_mtime > wast.stat().st_mtime:
        return script
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    unfinished = folder / "unfinished"
    subprocess.run(
        [wasm_tools, "json-from-wast", "-o", unfinished, "--wasm-dir", folder, wast], check=True
    )
    unfinished.rename(script)
    return script


def run_script(command, script):
    """A list of (outcome, line, explanation)."""
    try:
        done = subprocess.run(
            command + [script], capture_output=True, text=True, errors="replace",
            timeout=SCRIPT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return [("fail", "0", f"no end after {SCRIPT_SECONDS} s")]
    outcomes = [tuple(line.split("\t", 2)) for line in done.stdout.splitlines()]
    if done.returncode != 0:
        outcomes.append(("fail", "0", f"the runner ended with {done.returncode}\n{done.stderr}"))
    return outcomes


def mutate(runner, rounds, scripts):
    """Broken components; only a crash fails."""
    passed = failed = mutants = 0
    rounds *= 20 if os.environ.get("SPINDLE_LONG") else 1
    for script in scripts:
        done = subprocess.run([runner, "--mutate", str(rounds), script], capture_output=True,
                              text=True, errors="replace")
        if done.returncode == 0:
            passed += 1
            mutants += sum(int(n) for n in done.stdout.rstrip("\n").split("\t")[1:])
        else:
            failed += 1
            print(f"{script}: the runner ended with {done.returncode}\n{done.stderr}")
    print(f"{mutants} broken components\n{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


def read_ledger(path):
    lines = path.read_text().splitlines() if path.exists() else []
    entries = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {(name, line): reason for name, line, reason in entries}


def write_ledger(path, found):
    with path.open("w") as out:
        out.write("# Assertions of the component model's suite that do not hold: file, line, why.\n")
        out.write("# What is compared: run.py. The same in both tiers.\n")
        for (name, line), reason in sorted(found.items(), key=lambda e: (e[0][0], int(e[0][1]))):
            out.write(f"{name}\t{line}\t{reason}\n")


def main():
    args = arguments()
    files = suite(args.names)
    wasm_tools = os.environ.get("SPINDLE_WASM_TOOLS") or shutil.which("wasm-tools")
    if not wasm_tools:
        skip("no wasm-tools (set SPINDLE_WASM_TOOLS)")
    scripts = {n: convert(wasm_tools, n, f, args.work / "scripts") for n, f in files.items()}
    if args.mutate:
        return mutate(args.runner, args.mutate, scripts.values())
    command = [args.runner, "--tier", args.tier]
    if args.tier == "native":
        cache = args.work / "code"
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        command += ["--cache", cache]
        if subprocess.run(command + ["--compile"] + list(scripts.values())).returncode != 0:
            print("the modules could not be compiled\n0 passed, 1 failed, 0 skipped")
            return 1

    ledger = read_ledger(args.ledger)
    found = {}
    passed = failed = skipped = 0
    for name, script in scripts.items():
        for outcome, line, text in run_script(command, script):
            key = (name, line)
            if args.verbose:
                print(f"{outcome}: {name}.wast:{line}: {text}")
            if outcome == "pass":
                passed += 1
                continue
            found[key] = text
            if key in ledger:
                skipped += 1
            else:
                failed += 1
                print(f"{outcome}: {name}.wast:{line}: {text}")
    if args.update:
        write_ledger(args.ledger, {**found, **{k: ledger[k] for k in found if k in ledger}})
    for name, line in ledger:
        if name in files and (name, line) not in found:
            failed += 1
            print(f"stale ledger entry: {name}.wast:{line}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
