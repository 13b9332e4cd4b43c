"""A key-value store over HTTP: the path is the key."""

from spin_sdk import http, key_value
from spin_sdk.http import Request, Response


class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        key = request.uri.removeprefix("/")
        with key_value.open_default() as store:
            if request.method == "POST":
                store.set(key, request.body or b"")
                return Response(201, {}, None)
            if request.method == "DELETE":
                store.delete(key)
                return Response(204, {}, None)
            if not key:
                keys = "".join(f"{key}\n" for key in sorted(store.get_keys()))
                return Response(200, {"content-type": "text/plain"}, keys.encode())
            value = store.get(key)
        if value is None:
            return Response(404, {"content-type": "text/plain"}, b"no such key\n")
        return Response(200, {"content-type": "application/octet-stream"}, value)
