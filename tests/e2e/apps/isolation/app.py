"""Every way in which one request might leave something behind for the next one."""

import functools
import json
import os
import random
import sys
import time
import uuid

from spin_sdk import http
from spin_sdk.http import Request, Response

counter = 0
seen: list[str] = []
cache: dict[str, int] = {}
own_generator = random.Random(42)
original_dumps = json.dumps


class Settings:
    mode = "fresh"


@functools.lru_cache
def square(n: int) -> int:
    return n * n


def mutable_default(item: str, items: list[str] = []) -> list[str]:
    items.append(item)
    return items


def traces() -> dict[str, object]:
    """What this instance looks like before this request has touched anything."""
    return {
        "counter": counter,
        "seen": list(seen),
        "cache": dict(cache),
        "lru": square.cache_info().currsize,
        "default": len(mutable_default("x")) - 1,
        "mode": Settings.mode,
        "attribute": hasattr(Request, "left_behind"),
        "patched": json.dumps is not original_dumps,
        "environment": os.environ.get("LEFT_BEHIND", ""),
        "module": "late_module" in sys.modules,
        "path": "/left/behind" in sys.path,
        "builtin": hasattr(__builtins__, "left_behind")
        if not isinstance(__builtins__, dict)
        else "left_behind" in __builtins__,
    }


def leave_traces() -> None:
    global counter
    counter += 1
    seen.append("request")
    cache["request"] = 1
    square(counter)
    Settings.mode = "used"
    setattr(Request, "left_behind", True)
    json.dumps = lambda *args, **keywords: "patched"  # type: ignore[assignment]
    os.environ["LEFT_BEHIND"] = "yes"
    sys.path.append("/left/behind")
    if isinstance(__builtins__, dict):
        __builtins__["left_behind"] = True
    else:
        setattr(__builtins__, "left_behind", True)
    import late_module

    late_module.touched = True


def randomness() -> dict[str, object]:
    return {
        "random": random.random(),
        "own": own_generator.random(),
        "uuid4": str(uuid.uuid4()),
        "urandom": os.urandom(16).hex(),
        "time": time.time_ns(),
        "monotonic": time.monotonic_ns(),
    }


def recurse(n: int) -> int:
    return n + recurse(n + 1)


def late() -> dict[str, object]:
    import late_module
    import colorsys  # named nowhere else: its file must be in the component

    return {"answer": late_module.answer(), "value": colorsys.rgb_to_hsv(0, 0, 1)[2]}


class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        path, _, query = request.uri.partition("?")
        result: object = None
        if path == "/traces":
            result = traces()
            leave_traces()
            return self.answer(original_dumps(result))
        if path == "/random":
            result = randomness()
        elif path == "/late":
            result = late()
        elif path == "/success":
            result = {"length": len(request.body or b"")}
        elif path == "/exception":
            raise ValueError("on purpose")
        elif path == "/exit":
            sys.exit(3)
        elif path == "/recursion":
            result = recurse(0)
        elif path == "/memory":
            block = bytearray(200 * 1024 * 1024)
            block[::4096] = b"x" * len(block[::4096])
            result = len(block)
        elif path == "/loop":
            while True:
                pass
        elif path == "/sleep":
            time.sleep(float(query or "1"))
            result = "slept"
        else:
            return Response(404, {}, None)
        return self.answer(json.dumps(result))

    def answer(self, text: str) -> Response:
        return Response(200, {"content-type": "application/json"}, text.encode())
