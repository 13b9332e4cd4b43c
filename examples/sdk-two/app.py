"""Names of version 2 of the SDK: cases of variants without an underscore."""

from spin_sdk import sqlite
from spin_sdk.http import IncomingHandler as Handler
from spin_sdk.http import Request, Response
from spin_sdk.sqlite import ValueInteger


class IncomingHandler(Handler):
    def handle_request(self, request: Request) -> Response:
        with sqlite.open_default() as db:
            result = db.execute("SELECT ? + 1", [ValueInteger(41)])
        answer = result.rows[0].values[0]
        text = str(answer.value) if isinstance(answer, ValueInteger) else "?"
        return Response(200, {"content-type": "text/plain"}, bytes(text, "utf-8"))
