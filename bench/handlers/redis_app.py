"""Times gets of a Redis key: /ADDRESS/COUNT answers nanoseconds for each."""

import time

from spin_sdk import http, redis
from spin_sdk.http import Request, Response


class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        address, count = request.uri[1:].rsplit("/", 1)
        with redis.open(f"redis://{address}") as db:
            for _ in range(100):
                db.get("key")
            begin = time.perf_counter_ns()
            for _ in range(int(count)):
                db.get("key")
            each = (time.perf_counter_ns() - begin) // int(count)
        return Response(200, {}, b"%d" % each)
