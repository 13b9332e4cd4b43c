import hmac

from spin_sdk import http, variables
from spin_sdk.http import Request, Response


class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given, f"Bearer {variables.get('token')}"):
            return Response(401, {"www-authenticate": "Bearer"}, None)
        return Response(200, {"content-type": "text/plain"}, variables.get("message").encode())
