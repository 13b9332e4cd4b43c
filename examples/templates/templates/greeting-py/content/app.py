from spin_sdk import http
from spin_sdk.http import Request, Response

GREETING = "{{ greeting }}"


class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        name = request.uri.rsplit("/", 1)[1]
        text = f"{GREETING}, {name}{% if loud == "yes" %}!{% endif %}"
        return Response(200, {"content-type": "text/plain"}, text.encode())
