import time

from spin_sdk import http, redis
from spin_sdk.http import Request, Response, send


def outbound(count, url):
    """Microseconds a GET takes, with the whole response."""
    request = Request("GET", url, {}, None)
    for _ in range(100):
        send(request)
    begin = time.perf_counter_ns()
    for _ in range(count):
        send(request)
    return (time.perf_counter_ns() - begin) / count / 1000


def redis_get(count, address):
    """Microseconds a get takes."""
    with redis.open(address) as db:
        for _ in range(100):
            db.get("key")
        begin = time.perf_counter_ns()
        for _ in range(count):
            db.get("key")
        return (time.perf_counter_ns() - begin) / count / 1000


WHAT = {"outbound": outbound, "redis-get": redis_get}


class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request):
        what, _, argument = request.uri[1:].partition("?")
        if what == "wait":
            return Response(send(Request("GET", argument, {}, None)).status, {}, b"waited")
        count, _, argument = argument.partition(",")
        return Response(200, {}, str(WHAT[what](int(count), argument)).encode())
