"""Redis servers.

    from spin_sdk import redis

    with redis.open("redis://127.0.0.1:6379") as db:
        db.set("greeting", b"hello")
        assert db.get("greeting") == b"hello"

The manifest must allow the server: `allowed_outbound_hosts = ["redis://127.0.0.1:6379"]`.

All failures raise `spin_sdk.wit.types.Err`, whose `value` says which one it is: `Error_InvalidAddress` (no address of a
Redis server, or one that the manifest does not allow), `Error_TooManyConnections`, `Error_TypeError` (`sadd` to a key that
holds something else than a set), or `Error_Other` with the server's own text or the reason why it could not be reached.
"""

from spin_sdk.wit.imports.redis import (
    Connection,
    Error,
    Error_InvalidAddress,
    Error_Other,
    Error_TooManyConnections,
    Error_TypeError,
    RedisParameter,
    RedisParameter_Binary,
    RedisParameter_Int64,
    RedisResult,
    RedisResult_Binary,
    RedisResult_Int64,
    RedisResult_Nil,
    RedisResult_Status,
)

__all__ = [
    "Connection",
    "Error",
    "Error_InvalidAddress",
    "Error_Other",
    "Error_TooManyConnections",
    "Error_TypeError",
    "RedisParameter",
    "RedisParameter_Binary",
    "RedisParameter_Int64",
    "RedisResult",
    "RedisResult_Binary",
    "RedisResult_Int64",
    "RedisResult_Nil",
    "RedisResult_Status",
    "open",
]


def open(connection_string: str) -> Connection:
    """Connects to a Redis server.

    `connection_string` is `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]`; the port is 6379 unless it is given, the
    database 0, and user and password may hold `%XX`. The connection ends with the `with` statement that it is used in, or
    with the request. Nothing that was done on it (transactions, subscriptions, a selected database) reaches another one.

    Raises `spin_sdk.wit.types.Err`: `Error_InvalidAddress` when this is no such address or the component's
    `allowed_outbound_hosts` does not have it, `Error_TooManyConnections`, or `Error_Other` with the reason why there is no
    connection: nobody listens, the password is wrong.
    """
    return Connection.open(connection_string)
