"""Runs one of the programs: /name/repeats answers nanoseconds."""

from spin_sdk.http import IncomingHandler, Request, Response
from programs import best_of


class IncomingHandler(IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        name, repeats = request.uri.split("/")[-2:]
        if name == "" or repeats == "hello":
            return Response(200, {}, b"ready")
        return Response(200, {}, str(best_of(name, int(repeats))).encode())
