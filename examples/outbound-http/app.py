import os

from spin_sdk import http
from spin_sdk.http import Request, Response, send

FACTS = "https://random-data-api.fermyon.app/animals/json"


class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        url = os.environ.get("FACTS_URL", FACTS)
        resp = send(Request("GET", url, {}, None))

        return Response(200,
                    {"content-type": "text/plain"},
                    bytes(f"Here is an animal fact: {str(resp.body or b'', 'utf-8')}", "utf-8"))
