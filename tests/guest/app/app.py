"""Runs what a test sends: the body is Python, the answer is the repr of its `result`."""

import os
import random
import re

from spin_sdk import http
from spin_sdk.http import Request, Response

OPEN_FILE = open(__file__)
GENERATOR = random.Random(7)
GENERATOR.gauss(0, 1)
WARMED = []


def warm_up() -> None:
    WARMED.append("warm")


def never_called() -> None:
    import tomllib  # noqa: F401 (is to be imported while the component is built)

    re.match(r"(\d+)-(\w+)", "1-a", re.I | re.A)


class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        if request.uri == "/run":
            names = {"request": request, "app": globals()}
            exec(request.body or b"", names)
            return Response(200, {}, repr(names["result"]).encode())
        if request.uri == "/answer":
            names = {}
            exec(request.body or b"", names)
            return names["answer"]
        return Response(404, {"content-type": "text/plain"}, os.fsencode(request.uri))
