from spin_sdk import http, redis, variables
from spin_sdk.http import Request, Response
from spin_sdk.redis import RedisParameter_Binary, RedisParameter_Int64


class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        with redis.open(variables.get("redis_address")) as db:
            db.set("foo", b"bar")
            value = db.get("foo")
            assert value == b"bar", f'expected "bar", got "{value!r}"'

            db.del_(["testIncr"])
            db.incr("testIncr")

            db.sadd("testSets", ["hello", "world"])
            db.srem("testSets", ["hello"])
            print("testSets:", db.smembers("testSets"))

            # What has no method of its own.
            db.execute("expire", [RedisParameter_Binary(b"foo"), RedisParameter_Int64(3600)])

        return Response(
            200,
            {"content-type": "text/plain"},
            bytes(f"Executed outbound Redis commands: {request.uri}", "utf-8"),
        )
