"""fermyon:spin/redis and spin_sdk.redis, against a real server."""

import os
import re
import threading

import pytest

from conftest import BIN
from services import free_port

# Evaluates what is posted, with a connection to the address of a header as `db`.
APP = """
from spin_sdk import http, redis
from spin_sdk.http import Request, Response
from spin_sdk.redis import RedisParameter_Binary as B, RedisParameter_Int64 as I
from spin_sdk.wit.types import Err

def run(request):
    address = request.headers.get("address")
    names = {"redis": redis, "B": B, "I": I, "address": address}
    if not address or request.headers.get("by-hand"):
        return eval(request.body, names)
    with redis.open(address) as db:
        return eval(request.body, {**names, "db": db})

class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        try:
            answer = run(request)
        except Err as e:
            answer = e
        return Response(200, {"content-type": "text/plain"}, repr(answer).encode())
"""


def allow(*hosts):
    listed = ", ".join(f'"{host}"' for host in hosts)
    return {"replace": [("[component.hello]\n",
                         f"[component.hello]\nallowed_outbound_hosts = [{listed}]\n")]}


class Client:
    def __init__(self, app, server):
        self.app, self.server = app, server

    def __call__(self, code, address=None, head=""):
        address = address or self.server.address
        with self.app.client() as client:
            client.socket.settimeout(60)  # a sanitizer copies 128 MiB slowly
            client.send(f"POST / HTTP/1.1\r\nHost: test\r\nContent-Length: {len(code.encode())}\r\n"
                        f"Address: {address}\r\n{head}\r\n{code}".encode())
            answer = client.response()
        assert answer.status == 200, self.app.errors()
        return answer.body.decode()


@pytest.fixture
def ask(up, python_app, redis_server):
    """Asks the application to evaluate an expression."""
    server = redis_server()
    return Client(up(python_app(APP, **allow("redis://127.0.0.1:*"))), server)


LISTING = '''
from spin_sdk import http, redis, variables
from spin_sdk.http import Request, Response

class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        with redis.open(variables.get("redis_address")) as db:
            db.set("foo", b"bar")
            value = db.get("foo")
            db.del_( ["testIncr"])
            db.incr("testIncr")
            db.sadd("testSets", ["hello", "world"])
            content = db.smembers("testSets")
            db.srem("testSets", ["hello"])
            assert value == b"bar", f"expected \\"bar\\", got \\"{str(value, 'utf-8')}\\""

        return Response(200,
                    {"content-type": "text/plain"},
                    bytes(f"Executed outbound Redis commands: {request.uri}", "utf-8"))
'''

PAGE_MANIFEST = '''spin_manifest_version = 2

[application]
name = "hello-world"
version = "0.1.0"
authors = ["Your Name <your-name@example.com>"]
description = ""

[[trigger.http]]
route = "/..."
component = "hello-world"

[component.hello-world]
id = "hello-world"
source = "app.wasm"
variables = { redis_address = "redis://127.0.0.1:6379" }
allowed_outbound_hosts = ["redis://127.0.0.1:6379"]
[component.hello-world.build]
command = "spin py2wasm app -o app.wasm"
'''


def build_page(folder, spin, manifest):
    folder.mkdir()
    (folder / "app.py").write_text(LISTING)
    (folder / "spin.toml").write_text(manifest)
    built = spin("build", cwd=folder, env={"PATH": f"{BIN}:{os.environ['PATH']}"})
    assert built.status == 0, built.err
    return folder


def test_an_outbound_redis_example(up, spin, tmp_path, python_ready, redis_server):
    """The page's listing, with `del_` and the closed string, and its manifest with another port."""
    server = redis_server()
    app = up(build_page(tmp_path / "page", spin, PAGE_MANIFEST.replace("6379", str(server.port))))
    for _ in range(3):
        answer = app.get("/hello")
        assert answer.body == b"Executed outbound Redis commands: /hello", app.errors()
        assert (answer.status, answer["content-length"]) == (200, "40")
        assert answer["content-type"] == "text/plain"
        assert server.cli("get", "foo") == "bar"
        assert server.cli("get", "testIncr") == "1"
        assert server.cli("smembers", "testSets") == "world"


def test_an_outbound_redis_example_refused(up, spin, tmp_path, python_ready, redis_server):
    """The same without `allowed_outbound_hosts`."""
    server = redis_server()
    manifest = re.sub("allowed_outbound_hosts.*\n", "", PAGE_MANIFEST).replace("6379", str(server.port))
    app = up(build_page(tmp_path / "page", spin, manifest))
    answer = app.get("/hello")
    assert (answer.status, answer.body) == (500, b"")
    app.wait_for(app.err, r"Err: |Err\(")
    assert "Error_InvalidAddress()" in app.errors()
    assert f"'allowed_outbound_hosts = [\"redis://127.0.0.1:{server.port}\"]'" in app.errors()
    assert server.cli("dbsize") == "0"


def test_the_example(up, example, redis_server):
    server = redis_server("--user", "ada", "on", ">lovelace", "~*", "+@all")
    folder = example("outbound-redis")
    for login in ("", "ada:lovelace@"):
        app = up(folder, "--variable", f"redis_host=127.0.0.1:{server.port}",
                 env={"SPIN_VARIABLE_REDIS_LOGIN": login})
        assert app.get("/hello").body == b"Executed outbound Redis commands: /hello", app.errors()
        app.wait_for(app.err, r"testSets: \['world'\]")
        assert server.cli("get", "foo") == "bar"
        assert 3500 < int(server.cli("ttl", "foo")) <= 3600


def test_every_function(ask):
    assert ask("db.get('absent')") == "None"
    assert ask("db.set('a', bytes(range(256)))") == "None"
    assert ask("db.get('a') == bytes(range(256))") == "True"
    assert ask("db.set('empty', b''), db.get('empty')") == "(None, b'')"
    assert ask("[db.incr('n') for _ in range(3)]") == "[1, 2, 3]"
    assert ask("db.sadd('s', ['x', 'y', 'x'])") == "2"
    assert ask("sorted(db.smembers('s'))") == "['x', 'y']"
    assert ask("db.smembers('absent')") == "[]"
    assert ask("db.srem('s', ['x', 'z'])") == "1"
    assert ask("db.del_(['a', 's', 'absent'])") == "2"
    assert ask("db.publish('channel', b'hi')") == "None"
    assert ask.server.cli("get", "n") == "3"


def test_published_messages_arrive(ask):
    subscriber = threading.Event()
    heard = []

    def listen():
        import socket
        with socket.create_connection(("127.0.0.1", ask.server.port), timeout=60) as s:
            s.sendall(b"SUBSCRIBE channel\r\n")
            while len(heard) < 2:
                heard.append(s.recv(1000))
                subscriber.set()

    thread = threading.Thread(target=listen)
    thread.start()
    subscriber.wait(60)
    assert ask("db.publish('channel', b'\\x00hi')") == "None"
    thread.join(60)
    assert heard[1].endswith(b"$3\r\n\x00hi\r\n")


def test_execute(ask):
    assert ask("db.execute('set', [B(b'message'), B(b'Eureka!')])") == "[RedisResult_Status(value='OK')]"
    assert ask("db.execute('append', [B(b'message'), B(b\" I've got it!\")])") == (
        "[RedisResult_Int64(value=20)]")
    assert ask("db.execute('get', [B(b'message')])") == (
        "[RedisResult_Binary(value=b\"Eureka! I've got it!\")]")
    assert ask("db.execute('GET', [B(b'absent')])") == "[RedisResult_Nil()]"
    assert ask("db.execute('rpush', [B(b'l'), I(1), I(-2), B(b'x')])") == "[RedisResult_Int64(value=3)]"
    assert ask("db.execute('lrange', [B(b'l'), I(0), I(-1)])") == (
        "[RedisResult_Binary(value=b'1'), RedisResult_Binary(value=b'-2'), "
        "RedisResult_Binary(value=b'x')]")
    assert ask("db.execute('lrange', [B(b'absent'), I(0), I(-1)])") == "[]"
    nested = "return {1, {'two', {3}}, false}"
    assert ask(f"db.execute('eval', [B(b\"{nested}\"), I(0)])") == (
        "[RedisResult_Int64(value=1), RedisResult_Binary(value=b'two'), "
        "RedisResult_Int64(value=3), RedisResult_Nil()]")


def test_errors_of_the_server(ask):
    ask("db.set('text', b'x')")
    wrong = "Operation against a key holding the wrong kind of value"
    assert ask("db.sadd('text', ['a'])") == "Err(value=Error_TypeError())"
    assert ask("db.smembers('text')") == f"Err(value=Error_Other(value='WRONGTYPE {wrong}'))"
    assert ask("db.incr('text')") == (
        "Err(value=Error_Other(value='ERR value is not an integer or out of range'))")
    assert 'Error_Other(value="ERR wrong number of arguments for' in ask("db.del_([])")
    assert "ERR unknown command 'nonsense'" in ask("db.execute('nonsense', [])")
    # The connection can still be used.
    assert ask("[db.execute('eval', [B(b'return 1'), I(0)]), db.get('text')][1]") == "b'x'"


def test_values_of_megabytes(ask):
    assert ask("db.set('large', b'x' * 8_000_000)") == "None"
    assert ask("len(db.get('large'))") == "8000000"
    assert ask("[len(db.get('large')) for _ in range(40)] == [8_000_000] * 40") == "True"


def test_a_value_beyond_the_limit_is_an_error(ask):
    ask.server.cli("setrange", "large", str(130 * 1024 * 1024), "x")
    assert ask("db.get('large')") == (
        "Err(value=Error_Other(value='query result exceeds limit of 134217728 bytes'))")
    assert ask("db.get('absent')") == "None"


@pytest.mark.parametrize("address", [
    "redis://localhost:6379", "redis://127.0.0.2:6379", "redis://example.com", "", "127.0.0.1:6379",
    "http://127.0.0.1:6379", "redis://127.0.0.1:port", "redis://", "redis://127.0.0.1:6379/x",
])
def test_addresses_that_are_refused(ask, address):
    code = f"redis.open({address!r})"
    assert ask(code, head="By-Hand: 1\r\n") == "Err(value=Error_InvalidAddress())"
    ask.app.wait_for(ask.app.err, "Warning: ")


def test_an_address_that_is_not_allowed(up, python_app, redis_server):
    """Refused, and says how to allow it; nothing reaches the server."""
    server = redis_server()
    app = up(python_app(APP, **allow("redis://127.0.0.1:1", "http://*:*")))
    ask = Client(app, server)
    assert ask("db.get('a')") == "Err(value=Error_InvalidAddress())"
    text = f"redis://127.0.0.1:{server.port}"
    app.wait_for(app.err, re.escape(
        "Warning: A component tried to make an outbound network connection to disallowed "
        f"destination '{text}'.\nTo allow this request, add 'allowed_outbound_hosts = "
        f"[\"{text}\"]' to the manifest component section.\n"))
    assert server.clients() == {}


def test_nothing_is_allowed_without_the_key(up, python_app, redis_server):
    server = redis_server()
    ask = Client(up(python_app(APP)), server)
    assert ask("db.get('a')") == "Err(value=Error_InvalidAddress())"


def test_tls_is_refused_by_name(ask):
    assert ask("redis.open('rediss://127.0.0.1')", head="By-Hand: 1\r\n") == (
        "Err(value=Error_Other(value=\"connections to Redis over TLS ('rediss://') are not supported "
        "yet: use 'redis://'\"))")


def test_nobody_listens(ask):
    port = free_port()
    assert ask("0", f"redis://127.0.0.1:{port}") == (
        f"Err(value=Error_Other(value=\"cannot connect to '127.0.0.1:{port}': refused: "
        "Connection refused\"))")


def test_users_passwords_and_databases(up, python_app, redis_server):
    server = redis_server("--requirepass", "se:cr@t", "--user", "ada", "on", ">lovelace", "~*", "+@all")
    app = up(python_app(APP, **allow("redis://127.0.0.1:*")))
    ask = Client(app, server)
    host = f"127.0.0.1:{server.port}"
    assert "NOAUTH" in ask("db.get('a')")
    assert ask("db.set('a', b'zero')", f"redis://:se:cr@t@{host}") == "None"
    assert ask("db.set('a', b'three')", f"redis://:se%3acr%40t@{host}/3") == "None"
    assert ask("db.get('a')", f"redis://ada:lovelace@{host}") == "b'zero'"
    assert ask("db.get('a')", f"redis://ada:lovelace@{host}/3") == "b'three'"
    assert "WRONGPASS" in ask("db.get('a')", f"redis://ada:wrong@{host}")
    assert "DB index is out of range" in ask("0", f"redis://ada:lovelace@{host}/9999")
    for secret in ("se:cr@t", "lovelace", "wrong"):
        assert secret not in app.errors()


def test_the_runtime_config(up, python_app, redis_server, tmp_path):
    server = redis_server()
    folder = python_app(APP, **allow("redis://127.0.0.1:*"))
    config = tmp_path / "runtime.toml"
    config.write_text("[outbound_redis]\nmax_connections = 2\n")
    ask = Client(up(folder, "--runtime-config-file", str(config)), server)
    code = "len([redis.open(address) for _ in range({})])"
    assert ask(code.format(2), head="By-Hand: 1\r\n") == "2"
    assert ask(code.format(3), head="By-Hand: 1\r\n") == "Err(value=Error_TooManyConnections())"
    before = server.clients()
    config.write_text('[outbound_networking]\nblock_networks = ["10.0.0.0/8", "private"]\n')
    ask = Client(up(folder, "--runtime-config-file", str(config)), server)
    assert ask("db.get('a')") == (
        "Err(value=Error_Other(value=\"'127.0.0.1' is in a blocked network (block_networks of the "
        "runtime configuration)\"))")
    assert server.clients().keys() == before.keys()


# Between requests.


def test_connections_are_reused(ask):
    for _ in range(20):
        assert ask("db.incr('n') > 0") == "True"
    clients = ask.server.clients()
    assert len(clients) == 1
    assert int(next(iter(clients.values()))["id"]) < 10


def test_two_connections_of_one_request_are_two(ask):
    code = "[c.execute('client', [B(b'id')])[0].value for c in [redis.open(address) for _ in range(3)]]"
    assert len(set(eval(ask(code, head="By-Hand: 1\r\n")))) == 3


def test_a_request_has_at_most_64(ask):
    code = "len([redis.open(address) for _ in range({})])"
    assert ask(code.format(64), head="By-Hand: 1\r\n") == "64"
    assert ask(code.format(65), head="By-Hand: 1\r\n") == "Err(value=Error_TooManyConnections())"
    assert ask(code.format(64), head="By-Hand: 1\r\n") == "64"


def test_a_server_that_was_restarted(ask):
    assert ask("db.incr('n')") == "1"
    ask.server.stop()
    assert "Connection refused" in ask("db.incr('n')")
    ask.server.start()
    assert ask("db.incr('n')") == "1"


@pytest.mark.parametrize("leave", [
    "db.execute('select', [I(5)])",
    "db.execute('MULTI', [])",
    "[db.execute('watch', [B(b'a')]), db.execute('multi', [])]",
    "db.execute('subscribe', [B(b'channel')])",
    "db.execute('client', [B(b'setname'), B(b'mine')])",
    "db.execute('client', [B(b'no-evict'), B(b'on')])",
    "db.execute('monitor', [])",
    "db.execute('auth', [B(b'ada'), B(b'lovelace')])",
    "db.execute('hello', [I(2), B(b'auth'), B(b'ada'), B(b'lovelace')])",
    "db.execute('readonly', [])",
])
def test_no_state_of_a_connection_reaches_the_next_request(up, python_app, redis_server, leave):
    """In byte-compare mode, on one thread, so that the same instance and pool serve all."""
    server = redis_server("--user", "ada", "on", ">lovelace", "~*", "+@all")
    app = up(python_app(APP, **allow("redis://127.0.0.1:*")), "--threads", "1", "--check-rewind")
    ask = Client(app, server)
    state = ("(db.execute('client', [B(b'list'), B(b'id'), *[B(str(db.execute('client', [B(b'id')])"
             "[0].value).encode())]])[0].value.decode(), db.get('a'))")
    ask("db.set('a', b'zero')")
    ask(leave)
    assert ask("db.get('a')") == "b'zero'"
    facts, value = eval(ask(state))
    assert value == b"zero"
    facts = dict(word.split("=", 1) for word in facts.split())
    assert (facts["db"], facts["multi"], facts["sub"], facts["name"], facts["user"]) == (
        "0", "-1", "0", "", "default")
    assert facts["flags"] == "N"
    assert app.stop() == 0
    report = re.search(r"check-rewind: (\d+) requests, (\d+) left something", app.errors())
    assert int(report[1]) == 4 and report[2] == "0", app.errors()


def test_connections_that_are_left_open_end_with_the_request(ask):
    """Dropped by the rewind; in the middle of a transaction, or after an error."""
    ask("globals().update(db=redis.open(address)) or db.execute('multi', [])", head="By-Hand: 1\r\n")
    assert ask.server.clients() == {}
    ask("globals().update(db=redis.open(address)) or db.get('a')", head="By-Hand: 1\r\n")
    assert len(ask.server.clients()) == 1


def test_a_server_that_is_waited_for_keeps_nobody_else(up, python_app, redis_server):
    server = redis_server()
    app = up(python_app(APP, **allow("redis://127.0.0.1:*")), "--threads", "1")
    ask = Client(app, server)
    answers = []
    waiting = [threading.Thread(target=lambda: answers.append(
        ask("db.execute('blpop', [B(b'queue'), I(0)])[1].value"))) for _ in range(4)]
    for thread in waiting:
        thread.start()
    while len(server.clients()) < 4:
        assert ask("db.get('a')", f"{server.address}/1") == "None"
    for i in range(4):
        assert ask(f"db.execute('rpush', [B(b'queue'), I({i})])").startswith("[RedisResult_Int64")
    for thread in waiting:
        thread.join(60)
    assert sorted(answers) == ["b'0'", "b'1'", "b'2'", "b'3'"]
