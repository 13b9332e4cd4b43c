"""The handler for Spin's SDK: ours and, unchanged, upstream's."""

from spin_sdk.http import IncomingHandler, Request, Response
from work import HELLO, items


class IncomingHandler(IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        if request.uri.endswith("/hello"):
            return Response(200, {"content-type": "text/plain"}, HELLO)
        return Response(200, {"content-type": "application/json"}, items(request.body))
