"""A list of things to do, in a SQLite database."""

import json

from spin_sdk import http, sqlite
from spin_sdk.http import Request, Response
from spin_sdk.sqlite import Value_Integer, Value_Text


class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        with sqlite.open_default() as db:
            if request.method == "POST":
                text = (request.body or b"").decode()
                db.execute("INSERT INTO todos (text) VALUES (?)", [Value_Text(text)])
                return Response(201, {}, None)
            if request.method == "DELETE":
                done = int(request.uri.removeprefix("/"))
                db.execute("DELETE FROM todos WHERE id = ?", [Value_Integer(done)])
                return Response(204, {}, None)
            result = db.execute("SELECT id, text FROM todos ORDER BY id", [])
        todos = []
        for row in result.rows:
            number, what = row.values
            assert isinstance(number, Value_Integer) and isinstance(what, Value_Text)
            todos.append({"id": number.value, "text": what.value})
        return Response(200, {"content-type": "application/json"}, json.dumps(todos).encode())
