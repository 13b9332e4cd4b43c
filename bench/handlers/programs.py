"""Small programs that each lean on one part of the interpreter. They measure themselves."""

import json
import re
import time


def loop():
    total = 0
    for i in range(1_000_000):
        total += i * i
    return total


def calls(n=24):
    return n if n < 2 else calls(n - 1) + calls(n - 2)


class Counter:
    def __init__(self, value):
        self.value = value

    def next(self):
        return self.value + 1


def objects():
    counters = [Counter(i) for i in range(100_000)]
    return sum(counter.next() for counter in counters)


DOCUMENT = {"numbers": list(range(50)), "inner": {"text": "hello" * 5, "pair": [1.5, 2.5]},
            "nothing": None}


def documents():
    for _ in range(3000):
        json.loads(json.dumps(DOCUMENT))


def strings():
    parts = []
    for i in range(100_000):
        parts.append(f"{i}:{i * 2}")
    return len(",".join(parts).split(","))


def dictionaries():
    seen = {}
    for i in range(200_000):
        seen[i % 1000] = seen.get(i % 1000, 0) + 1
    return len(seen)


ADDRESS = re.compile(r"(\w+)@(\w+)\.com")
TEXT = "foo@bar.com baz qux@quux.com " * 20


def patterns():
    for _ in range(300):
        ADDRESS.findall(TEXT)


def numbers():
    positions = [0.1 * i for i in range(50)]
    energy = 0.0
    for _ in range(60):
        for i in range(50):
            for j in range(i):
                distance = positions[i] - positions[j]
                energy += 1.0 / (distance * distance + 0.01)
    return energy


PROGRAMS = {program.__name__: program for program in
            (loop, calls, objects, documents, strings, dictionaries, patterns, numbers)}


def best_of(name, repeats):
    """Nanoseconds."""
    program = PROGRAMS[name]
    times = []
    for _ in range(repeats):
        begin = time.perf_counter_ns()
        program()
        times.append(time.perf_counter_ns() - begin)
    return min(times)
