"""Asks the component `clock`, which only its neighbours reach."""

from spin_sdk import http
from spin_sdk.http import Request, Response, send


class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        answer = send(Request("GET", "http://clock.spin.internal/year", {}, None))
        text = f"The year is {str(answer.body or b'', 'utf-8')}."
        return Response(200, {"content-type": "text/plain"}, bytes(text, "utf-8"))
