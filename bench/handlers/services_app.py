import time
from itertools import cycle

from spin_sdk import http, key_value, redis
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


def timed(count, work):
    work()
    begin = time.perf_counter_ns()
    for _ in range(count):
        work()
    return (time.perf_counter_ns() - begin) / count / 1000


def key_value_get(count, key):
    """Microseconds a get of 100 bytes takes."""
    with key_value.open_default() as store:
        store.set(key, bytes(100))
        return timed(count, lambda: store.get(key))


def key_value_set(count, key):
    """Microseconds a set of 100 bytes takes, until they are on the disk."""
    values = cycle((bytes(100), b"1" * 100))  # SQLite does not write what is there already
    with key_value.open_default() as store:
        return timed(count, lambda: store.set(key, next(values)))


WHAT = {"outbound": outbound, "redis-get": redis_get, "key-value-get": key_value_get,
        "key-value-set": key_value_set}


class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request):
        what, _, argument = request.uri[1:].partition("?")
        if what == "wait":
            return Response(send(Request("GET", argument, {}, None)).status, {}, b"waited")
        count, _, argument = argument.partition(",")
        return Response(200, {}, str(WHAT[what](int(count), argument)).encode())
