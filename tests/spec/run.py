#!/usr/bin/env python3
"""Runs the specification's test suite in one tier and judges it by the ledger.

Each .wast file of $SPINDLE_SUITES/wasm-spec is converted with `wasm-tools json-from-wast` into the
work folder, then run by spec-runner in a process of its own. ledger.txt names the files with
assertions that need a feature which is not there: file, number of such assertions, features,
separated by tabs. Any failure fails; so does an assertion that newly misses a feature, and an entry
that no longer holds.

With --mutate ROUNDS no assertion is run; the runner tries broken modules instead.
"""

import argparse
import concurrent.futures
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
    parser.add_argument("names", nargs="*", help="only these files, without .wast")
    return parser.parse_args()


def suite(names):
    root = pathlib.Path(os.environ.get("SPINDLE_SUITES", HERE.parents[2] / "shared/suites"))
    files = sorted((root / "wasm-spec").glob("*.wast"))
    if not files:
        skip(f"no test suite in {root}/wasm-spec (set SPINDLE_SUITES)")
    return [f for f in files if not names or f.stem in names]


def convert(wasm_tools, wast, work):
    """Returns the path of the script, made anew if the source is newer."""
    folder = work / wast.stem
    script = folder / f"{wast.stem}.json"
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
    """Returns the tally line's fields, or an explanation."""
    try:
        done = subprocess.run(
            command + [script], capture_output=True, text=True, errors="replace",
            timeout=SCRIPT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return None, f"{script.name}: no end after {SCRIPT_SECONDS} s\n"
    if done.returncode != 0:
        return None, f"{script.name}: the runner ended with {done.returncode}\n{done.stderr}"
    name, passed, failed, skipped, missing, features = done.stdout.rstrip("\n").split("\t")
    counts = dict(passed=int(passed), failed=int(failed), skipped=int(skipped))
    return dict(counts, missing=int(missing), features=features), done.stderr


def mutate(runner, rounds, scripts):
    """Broken modules, a process for each folder of them; only a crash fails."""
    passed = failed = mutants = 0
    rounds *= 20 if os.environ.get("SPINDLE_LONG") else 1
    command = [runner, "--mutate", str(rounds)]

    def run(script):
        return subprocess.run(command + [script], capture_output=True, text=True, errors="replace")

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for script, done in zip(scripts, pool.map(run, scripts)):
            if done.returncode == 0:
                passed += 1
                mutants += sum(int(n) for n in done.stdout.split("\t")[1:])
            else:
                failed += 1
                print(f"{script.name}: the runner ended with {done.returncode}\n{done.stderr}")
    print(f"{mutants} broken modules\n{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


def read_ledger(path):
    entries = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        if line and not line.startswith("#"):
            name, missing, features = line.split("\t")
            entries[name] = (int(missing), features)
    return entries


def write_ledger(path, found):
    with path.open("w") as out:
        out.write("# file, assertions that need a feature which is not there, features\n")
        for name, (missing, features) in sorted(found.items()):
            out.write(f"{name}\t{missing}\t{features}\n")


def compare(ledger, found, ran):
    """Lines that say how the ledger is wrong."""
    lines = []
    for name in sorted(ran):
        if ledger.get(name) == found.get(name):
            continue
        if name not in found:
            lines.append(f"stale ledger entry: {name} misses nothing any more")
        elif name not in ledger:
            lines.append(f"new: {name} misses {found[name][1]} ({found[name][0]} assertions)")
        else:
            lines.append(f"{name}: {found[name]} instead of the ledger's {ledger[name]}")
    return lines


def main():
    args = arguments()
    files = suite(args.names)
    wasm_tools = os.environ.get("SPINDLE_WASM_TOOLS") or shutil.which("wasm-tools")
    if not wasm_tools:
        skip("no wasm-tools (set SPINDLE_WASM_TOOLS)")
    scripts = [convert(wasm_tools, f, args.work / "scripts") for f in files]
    if args.mutate:
        return mutate(args.runner, args.mutate, scripts)
    command = [args.runner, "--tier", args.tier]
    if args.tier != "interpreter":
        cache = args.work / "code"
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        command += ["--cache", cache]
        if subprocess.run(command + ["--compile"] + scripts).returncode != 0:
            print("the modules could not be compiled\n0 passed, 1 failed, 0 skipped")
            return 1

    total = dict(passed=0, failed=0, skipped=0)
    found = {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        outcomes = pool.map(lambda script: run_script(command, script), scripts)
        for file, (tally, messages) in zip(files, outcomes):
            sys.stdout.write(messages)
            if tally is None:
                total["failed"] += 1
                continue
            for key in total:
                total[key] += tally[key]
            total["skipped"] += tally["missing"]
            if tally["features"]:
                found[file.name] = (tally["missing"], tally["features"])
    if args.update:
        write_ledger(args.ledger, found)
    wrong = compare(read_ledger(args.ledger), found, {f.name for f in files})
    print("".join(line + "\n" for line in wrong), end="")
    complete = len(files) - len(found)
    print(f"{complete} of {len(files)} files need no feature that is missing")
    print(f"{total['passed']} passed, {total['failed'] + len(wrong)} failed, "
          f"{total['skipped']} skipped")
    return 1 if total["failed"] or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
