"""Tells the year."""

import time

from spin_sdk import http
from spin_sdk.http import Request, Response


class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        year = time.strftime("%Y", time.gmtime())
        return Response(200, {"content-type": "text/plain"}, bytes(year, "utf-8"))
