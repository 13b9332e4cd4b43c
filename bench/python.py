#!/usr/bin/env python3
"""
Our Python beside native CPython: the same source, the same compiler, -O2 and no profile feedback on
either side. Rounds are interleaved; the best of each counts; the geometric mean of the ratios is
the result.
"""

import math
import os
import subprocess
import sys

import common

sys.path.insert(0, common.HANDLERS)
import programs  # noqa: E402

AIM = 1.35
ROUNDS = 5
REPEATS = 3


def native_python():
    """Made by tools/bootstrap, kept in the user's cache."""
    result = subprocess.run([os.path.join(common.ROOT, "tools", "bootstrap"), "native-python"],
                            stdout=subprocess.PIPE, text=True, check=False)
    if result.returncode:
        sys.exit("bench: native CPython cannot be built")
    return result.stdout.strip().splitlines()[-1]


def native(python, name):
    code = f"from programs import best_of; print(best_of({name!r}, {REPEATS}))"
    return int(subprocess.run([python, "-c", code], cwd=common.HANDLERS, stdout=subprocess.PIPE,
                              check=True).stdout)


def ours(server, name):
    status, body = common.ask(server.port, f"/{name}/{REPEATS}")
    if status != 200:
        sys.exit(f"bench: program '{name}' answers {status}")
    return int(body)


def main():
    os.makedirs(common.WORK, exist_ok=True)
    python = native_python()
    folder = common.make_spin_app("programs", {
        "app.py": f"{common.HANDLERS}/programs_app.py",
        "programs.py": f"{common.HANDLERS}/programs.py"})
    best = {name: [math.inf, math.inf] for name in programs.PROGRAMS}
    server = common.spin_up(folder, "--threads", "1", "--request-timeout", "60s")
    try:
        server.wait()
        for _ in range(ROUNDS):
            for name, found in best.items():
                found[0] = min(found[0], ours(server, name))
                found[1] = min(found[1], native(python, name))
    finally:
        server.stop()
    rows = [[name, f"{mine / 1e6:.1f}", f"{theirs / 1e6:.1f}", f"{mine / theirs:.2f}"]
            for name, (mine, theirs) in best.items()]
    mean = math.exp(sum(math.log(mine / theirs) for mine, theirs in best.values()) / len(best))
    rows.append(["geometric mean", "", "", f"{mean:.3f}"])
    print(f"## Python\n\nMilliseconds, best of {ROUNDS * REPEATS}; native CPython is built from the "
          "same source by the same clang, -O2.\n\n"
          + common.table(["program", "spindle", "native", "ratio"], rows)
          + f"\nAim: at most {AIM}: {'met' if mean <= AIM else 'NOT MET'}\n")


if __name__ == "__main__":
    main()
