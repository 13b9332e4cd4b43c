import json
from pathlib import Path

from spin_sdk import http
from spin_sdk.http import Request, Response

PUBLIC = Path("/public")


class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        name = request.uri.partition("?")[0].lstrip("/") or "index.html"
        try:
            page = (PUBLIC / Path(name).name).read_text()
        except OSError:
            return Response(404, {"content-type": "text/plain"}, b"no such page\n")
        site = json.loads(Path("/data/site.json").read_text())
        return Response(200, {"content-type": "text/html"}, page.format(**site).encode())
