"""Outgoing requests: what a handler sends and gets, against servers that are really there."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from conftest import BIN, TIMEOUT
from peer import Peer, Silent, make_certificates, unused_port
from raw import Client

# Runs the code that it is sent; the answer is `result` as text.
PROBE = '''
import asyncio
from spin_sdk import http
from spin_sdk.http import Request, Response, poll_loop, send, send_async
from spin_sdk.http.poll_loop import PollLoop, Sink, Stream
from spin_sdk.wit.imports import monotonic_clock, outgoing_handler, poll
from spin_sdk.wit.imports.types import *
from spin_sdk.wit.types import Err, Ok


def get(url, **headers):
    return send(Request("GET", url, headers, None))


def error_of(call):
    try:
        return "no error: " + repr(call())
    except Err as error:
        return repr(error.value)


def outgoing(url, method=None, fields=()):
    scheme, _, rest = url.partition("://")
    authority, _, path = rest.partition("/")
    request = OutgoingRequest(Fields.from_list(list(fields)))
    request.set_method(method or Method_Get())
    request.set_scheme(Scheme_Http() if scheme == "http" else Scheme_Https())
    request.set_authority(authority)
    request.set_path_with_query("/" + path)
    return request


class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request):
        if request.uri == "/again":
            try:
                return get("/again")
            except Err as error:
                return Response(200, {}, repr(error.value).encode())
        if request.method == "GET":
            return Response(200, {}, repr((request.uri, request.headers["spin-path-info"])).encode())
        scope = {}
        exec(request.body.decode(), globals(), scope)
        return Response(200, {}, str(scope["result"]).encode())
'''

MANIFEST = """spin_manifest_version = 2

[application]
name = "probe"
version = "0.1.0"

[[trigger.http]]
route = "/..."
component = "probe"

[component.probe]
source = "app.wasm"
"""


@pytest.fixture(scope="module")
def probe_file(tmp_path_factory, python_ready):
    folder = tmp_path_factory.mktemp("probe")
    (folder / "app.py").write_text(PROBE)
    made = subprocess.run([BIN / "componentize-py", "-w", "spin-http", "componentize", "app", "-o", "app.wasm"],
                          cwd=folder, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    return folder / "app.wasm"


@pytest.fixture
def probe(tmp_path, probe_file, up):
    """Starts the application with these allowed hosts; returns a function that runs code in it."""

    def start(*hosts, more="", env=None, options=()):
        shutil.copy(probe_file, tmp_path / "app.wasm")
        allowed = f"allowed_outbound_hosts = {json.dumps(hosts)}\n"
        (tmp_path / "spin.toml").write_text(MANIFEST + allowed + more)
        app = up(tmp_path, "--threads", "2", "--check-rewind", *options, env=env)

        def run(code, path="/"):
            response = app.post(path, code.encode())
            assert response.status == 200, app.errors()
            return response.body.decode()

        run.app = app
        return run

    return start


@pytest.fixture
def peer():
    server = Peer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def tls_peer(certificates):
    server = Peer(certificates[1])
    yield server
    server.close()


def test_what_arrives(probe, peer):
    run = probe(peer.url)
    seen = json.loads(run(f"""
r = send(Request("POST", "{peer.url}/a/b;c?d=e#f", {{"X-One": "1", "x-empty": ""}}, b"body"))
result = r.body.decode()
"""))
    assert (seen["method"], seen["path"], seen["body"]) == ("POST", "/a/b;c?d=e", "body")
    assert seen["headers"] == [["host", f"localhost:{peer.port}"], ["x-one", "1"], ["x-empty", ""],
                               ["content-length", "4"]]


def test_what_comes_back(probe, peer):
    run = probe(peer.url)
    assert run(f'r = get("{peer.url}/twice"); result = r.status, r.headers.get("x-twice"), '
               '"connection" in r.headers, r.body') == "(200, 'two', False, b'')"
    assert run(f'r = get("{peer.url}/early"); result = r.status, "x-early" in r.headers, '
               'r.headers["x-late"], r.body') == "(200, False, '1', b'late')"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "FOO"])
def test_methods(probe, peer, method):
    run = probe(peer.url)
    seen = json.loads(run(f'result = send(Request("{method}", "{peer.url}/x", {{}}, b"b")).body.decode()'))
    assert (seen["method"], seen["body"]) == (method, "b")


def test_head_has_no_body(probe, peer):
    run = probe(peer.url)
    assert run(f'r = send(Request("HEAD", "{peer.url}/length", {{}}, None)); '
               'result = r.headers["content-length"], r.body') == "('1', b'')"


@pytest.mark.parametrize("arguments, error", [
    ("1, URL, {}, None", "TypeError('Request.method must be a str, not int')"),
    ("'A B', URL, {}, None", "Err(value=None)"),
    ("'GET', URL, [], None", "TypeError('Request.headers must be a mapping, not list')"),
    ("'GET', URL, {'a': 1}, None", "TypeError('Request.headers: a value must be a str, not int')"),
    ("'GET', URL, {'a b': '1'}, None", "Err(value=HeaderError_InvalidSyntax())"),
    ("'GET', URL, {'host': 'x'}, None", "Err(value=HeaderError_Forbidden())"),
    ("'GET', URL, {str(i): '' for i in range(4097)}, None", "ValueError('Request.headers: more than 4096 headers')"),
    ("'POST', URL, {}, 'text'", "TypeError('Request.body must be bytes or None, not str')"),
])
def test_requests_that_are_none(probe, peer, arguments, error):
    run = probe(peer.url)
    assert run(f"""
URL = "{peer.url}/"
try:
    result = send(Request({arguments}))
except Exception as caught:
    result = repr(caught)
""") == error
    assert peer.connections == 0


def test_headers_are_any_mapping_and_any_number(probe, peer):
    run = probe(peer.url)
    seen = json.loads(run(f"""
from types import MappingProxyType
headers = MappingProxyType({{f"x-{{i}}": "\u00e9" for i in range(40)}})
result = send(Request("GET", "{peer.url}/", headers, None)).body.decode()
"""))
    assert len([name for name, _ in seen["headers"] if name.startswith("x-")]) == 40
    assert ["x-39", "\u00c3\u00a9"] in seen["headers"]


@pytest.mark.parametrize("sent, answer", [
    (b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabcdef", "b'abc'"),
    (b"HTTP/1.1 204 No Content\r\ncontent-length: 3\r\n\r\n", "b''"),
    (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "b''"),
    (b"HTTP/1.1 200 OK\r\n\r\nto the end", "b'to the end'"),
    (b"HTTP/1.1 200 OK\r\nx: \xff\r\n\r\n", "UnicodeDecodeError"),
])
def test_how_responses_end(probe, peer, sent, answer):
    run = probe(peer.url)
    assert run(f"""
try:
    result = send(Request("POST", "{peer.url}/raw", {{}}, {sent!r})).body
except UnicodeDecodeError as error:
    result = type(error).__name__
""") == answer


def test_redirects_are_not_followed_and_nothing_is_decompressed(probe, peer):
    run = probe(peer.url)
    assert run(f'r = get("{peer.url}/redirect"); result = r.status, r.headers["location"]') == "(302, '/echo')"
    assert run(f'r = get("{peer.url}/gzip"); result = r.headers["content-encoding"], r.body[:2]') == (
        r"('gzip', b'\x1f\x8b')")


def test_proxies_of_the_environment_are_ignored(probe, peer):
    run = probe(peer.url, env={"http_proxy": "http://127.0.0.1:1", "all_proxy": "http://127.0.0.1:1"})
    assert run(f'result = get("{peer.url}/length").status') == "200"


def test_large_bodies_both_ways(probe, peer):
    run = probe(peer.url)
    assert run(f'result = send(Request("POST", "{peer.url}/length", {{}}, bytes(5_000_000))).body') == "b'5000000'"
    assert run(f'import hashlib; result = hashlib.sha256(get("{peer.url}/big?8").body).hexdigest()') == (
        hashlib.sha256(bytes(range(256)) * 4096 * 8).hexdigest())


def test_a_body_is_streamed_up(probe, peer):
    run = probe(peer.url)
    assert run(f"""
async def main():
    request = outgoing("{peer.url}/length", Method_Post())
    sink = Sink(request.body())
    async def upload():
        for _ in range(30):
            await sink.send(bytes(100_000))
        sink.close()
    response, _ = await asyncio.gather(poll_loop.send(request), upload())
    return await Stream(response.consume()).next()
result = PollLoop().run_until_complete(main())
""") == "b'3000000'"


def test_a_response_is_spliced_into_a_request(probe, peer):
    run = probe(peer.url)
    assert run(f"""
future = outgoing_handler.handle(outgoing("{peer.url}/big?8"), None)
future.subscribe().block()
source = future.get().value.value.consume()
request = outgoing("{peer.url}/length", Method_Post())
body = request.body()
answer = outgoing_handler.handle(request, None)
nothing = 0
with source.stream() as down, body.write() as up:
    try:
        while nothing < 100:
            nothing += up.blocking_splice(down, 1 << 20) == 0
    except Err as error:
        assert repr(error.value) == "StreamError_Closed()"
OutgoingBody.finish(body, None)
answer.subscribe().block()
with answer.get().value.value.consume().stream() as stream:
    result = nothing, stream.blocking_read(100)
""") == f"(0, b'{8 << 20}')"


def test_a_body_is_streamed_down_while_another_request_goes_out(probe, peer):
    run = probe(peer.url)
    assert run(f"""
async def main():
    response = await poll_loop.send(outgoing("{peer.url}/parts"))
    stream = Stream(response.consume())
    parts = [await stream.next()]
    parts.append((await send_async(Request("GET", "{peer.url}/release", {{}}, None))).body)
    while part := await stream.next():
        parts.append(part)
    return parts
result = PollLoop().run_until_complete(main())
""") == "[b'one', b'released', b'two']"


def test_requests_of_one_handler_run_at_once(probe, peer):
    run = probe(peer.url)
    assert run(f"""
async def main():
    request = Request("GET", "{peer.url}/together?10", {{}}, None)
    return {{r.body for r in await asyncio.gather(*(send_async(request) for _ in range(10)))}}
result = PollLoop().run_until_complete(main())
""") == "{b'together'}"


def test_waiting_handlers_do_not_keep_others_waiting(probe, peer):
    """All of these are waiting in a handler at the same time, with two threads that run."""
    run = probe(peer.url)
    answers = []

    def ask():
        answers.append(run(f'result = get("{peer.url}/together?60").body'))

    threads = [threading.Thread(target=ask) for _ in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["b'together'"] * 60


def test_a_connection_is_used_again_by_the_next_request(probe, peer):
    run = probe(peer.url)
    for _ in range(5):
        assert run(f'result = get("{peer.url}/length").body') == "b'0'"
    assert peer.connections == 1


def test_a_connection_with_something_unread_is_not_used_again(probe, peer):
    run = probe(peer.url)
    run(f"""
async def main():
    response = await poll_loop.send(outgoing("{peer.url}/big?8"))
    return response.status()
result = PollLoop().run_until_complete(main())
""")
    assert run(f'result = get("{peer.url}/length").body') == "b'0'"
    assert peer.connections == 2


def test_a_timer_beside_a_response(probe, peer):
    run = probe(peer.url)
    assert run(f"""
future = outgoing_handler.handle(outgoing("{peer.url}/never"), None)
ready = future.subscribe()
result = poll.poll([ready, monotonic_clock.subscribe_duration(1_000_000)]), future.get()
""") == "([1], None)"


OPTIONS = """
options = RequestOptions()
options.{setter}(30_000_000)
future = outgoing_handler.handle(outgoing("{url}"), options)
future.subscribe().block()
outcome = future.get()
"""


def test_time_limits(probe, peer):
    silent = Silent()
    run = probe(peer.url, "https://localhost:*")
    try:
        code = OPTIONS.format(setter="set_first_byte_timeout", url=f"{peer.url}/never")
        assert run(code + "result = outcome") == "Ok(value=Err(value=ErrorCode_ConnectionReadTimeout()))"
        code = OPTIONS.format(setter="set_connect_timeout", url=f"https://localhost:{silent.port}/")
        assert run(code + "result = outcome") == "Ok(value=Err(value=ErrorCode_ConnectionTimeout()))"
        code = OPTIONS.format(setter="set_between_bytes_timeout", url=f"{peer.url}/stall")
        assert run(code + """
stream = outcome.value.value.consume().stream()
result = [stream.blocking_read(10)]
try:
    stream.blocking_read(10)
except Err as error:
    result.append(http_error_code(error.value.value))
""") == "[b'abc', ErrorCode_ConnectionReadTimeout()]"
    finally:
        silent.close()


def test_why_there_is_no_response(probe, peer):
    run = probe("http://*:*")
    port = unused_port()

    def error(url):
        return run(f'result = error_of(lambda: get("{url}"))')

    assert error(f"http://localhost:{port}/") == "ErrorCode_ConnectionRefused()"
    assert error("http://nowhere.invalid/").startswith("ErrorCode_DnsError(")
    assert error(f"{peer.url}/huge-head").startswith("ErrorCode_HttpResponseHeaderSectionSize(")
    assert run(f'result = error_of(lambda: send(Request("CONNECT", "{peer.url}/", {{}}, None)))') == (
        "ErrorCode_HttpRequestMethodInvalid()")


@pytest.mark.parametrize("sent, error", [
    (b"", "ErrorCode_ConnectionTerminated()"),
    (b"HTTP/1.1 200", "ErrorCode_ConnectionTerminated()"),
    (b"no HTTP at all\r\n\r\n", "ErrorCode_HttpProtocolError()"),
    (b"HTTP/1.1 200 OK\r\nbad name: 1\r\n\r\n", "ErrorCode_HttpProtocolError()"),
    (b"HTTP/1.1 200 OK\r\nname\r\n\r\n", "ErrorCode_HttpProtocolError()"),
    (b"HTTP/1.1 200 OK\r\nname: a\0b\r\n\r\n", "ErrorCode_HttpProtocolError()"),
    (b"HTTP/1.1 200 OK\r\nname: a\rb\r\n\r\n", "ErrorCode_HttpProtocolError()"),
    (b"HTTP/1.1 100 Continue\r\n\r\n", "ErrorCode_ConnectionTerminated()"),
])
def test_broken_heads(probe, peer, sent, error):
    run = probe(peer.url)
    assert run(f'result = error_of(lambda: send(Request("POST", "{peer.url}/raw", {{}}, {sent!r})))') == error


@pytest.mark.parametrize("sent", [
    b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc",
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n",
])
def test_broken_bodies(probe, peer, sent):
    run = probe(peer.url)
    result = run(f'result = error_of(lambda: send(Request("POST", "{peer.url}/raw", {{}}, {sent!r})))')
    assert result.startswith("StreamError_LastOperationFailed("), result


def test_an_error_says_why_when_its_request_is_long_gone(probe, peer):
    run = probe(peer.url)
    assert run(f"""
def fail():
    request = outgoing("{peer.url}/raw", Method_Post())
    body = request.body()
    future = outgoing_handler.handle(request, None)
    with body.write() as stream:
        stream.blocking_write_and_flush(b"HTTP/1.1 200 OK\\r\\ncontent-length: 10\\r\\n\\r\\nabc")
    OutgoingBody.finish(body, None)
    future.subscribe().block()
    response = future.get().value.value
    incoming = response.consume()
    with incoming.stream() as stream:
        try:
            while True:
                stream.blocking_read(100)
        except Err as error:
            return error.value.value
error = fail()
get("{peer.url}/echo")
result = error.to_debug_string()
""") == "transfer closed with 7 bytes remaining to read"


def test_a_length_without_a_body_is_not_sent(probe, peer):
    run = probe(peer.url)
    seen = json.loads(run(f"""
future = outgoing_handler.handle(outgoing("{peer.url}/echo", fields=[("content-length", b"20")]), None)
future.subscribe().block()
with future.get().value.value.consume().stream() as stream:
    result = stream.blocking_read(10000).decode()
"""))
    assert "content-length" not in dict(seen["headers"])
    assert run(f'result = get("{peer.url}/length").status') == "200"
    assert peer.connections == 1


def test_an_answer_before_the_body_was_read(probe, peer):
    run = probe(peer.url)
    assert run(f'r = send(Request("POST", "{peer.url}/refuse", {{}}, bytes(5_000_000))); '
               'result = r.status, r.body') == "(413, b'too much')"


def test_a_body_that_is_given_up(probe, peer):
    run = probe(peer.url)
    assert run(f"""
request = outgoing("{peer.url}/length", Method_Post(), [("content-length", b"5")])
with request.body() as body:
    future = outgoing_handler.handle(request, None)
future.subscribe().block()
result = future.get(), future.get()
""") == "(Ok(value=Err(value=ErrorCode_ConnectionTerminated())), Err(value=None))"


def test_a_wrong_length_is_an_error(probe, peer):
    run = probe(peer.url)
    for length in 2, 9:
        assert run(f'result = error_of(lambda: send(Request("POST", "{peer.url}/length", '
                   f'{{"content-length": "{length}"}}, b"12345")))').startswith("ErrorCode_HttpRequestBodySize(")


def test_https_with_an_authority_of_ones_own(probe, tls_peer, certificates):
    authority, _ = certificates
    run = probe(tls_peer.url, env={"SSL_CERT_FILE": str(authority)})
    for _ in range(3):
        assert run(f'result = get("{tls_peer.url}/length").body') == "b'0'"
    assert tls_peer.connections == 1


def test_https_with_a_folder_of_authorities(probe, tls_peer, certificates, tmp_path):
    folder = tmp_path / "authorities"
    folder.mkdir()
    shutil.copy(certificates[0], folder / "ca.pem")
    subprocess.run(["openssl", "rehash", folder], check=True)
    run = probe(tls_peer.url, env={"SSL_CERT_DIR": str(folder)})
    assert run(f'result = get("{tls_peer.url}/length").body') == "b'0'"


def test_https_with_an_unknown_authority_is_refused(probe, tls_peer):
    run = probe(tls_peer.url)
    assert run(f'result = error_of(lambda: get("{tls_peer.url}/"))') == "ErrorCode_TlsCertificateError()"


def test_https_under_another_name_is_refused(probe, tls_peer, certificates):
    url = f"https://127.0.0.1:{tls_peer.port}"
    run = probe(url, env={"SSL_CERT_FILE": str(certificates[0])})
    assert run(f'result = error_of(lambda: get("{url}/"))') == "ErrorCode_TlsCertificateError()"


def test_https_to_a_server_without_it(probe, peer):
    url = f"https://localhost:{peer.port}"
    run = probe(url)
    assert run(f'result = error_of(lambda: get("{url}/"))') == "ErrorCode_TlsProtocolError()"


@pytest.mark.parametrize("allowed", [
    "http://localhost:{port}", "http://localhost:*", "*://localhost:{port}", "http://*:{port}", "*://*:*",
    "http://localhost:{port}/", "http://LOCALHOST:{port}",
])
def test_allowed(probe, peer, allowed):
    run = probe(allowed.format(port=peer.port))
    assert run(f'result = get("{peer.url}/length").status') == "200"


@pytest.mark.parametrize("allowed", [
    (), ("https://localhost:{port}",), ("http://localhost",), ("http://127.0.0.1:{port}",),
    ("http://*.localhost:{port}",), ("http://localhost:1..{port}",), ("http://self", "http://*.spin.internal"),
])
def test_denied(probe, peer, allowed):
    run = probe(*(host.format(port=peer.port) for host in allowed))
    assert run(f'result = error_of(lambda: get("{peer.url}/"))') == "ErrorCode_HttpRequestDenied()"
    run.app.wait_for(run.app.err,
                     f"Warning: A component tried to make an outbound network connection to disallowed "
                     f"destination '{peer.url}'\\.\n"
                     f"To allow this request, add 'allowed_outbound_hosts = \\[\"{peer.url}\"\\]' to the "
                     f"manifest component section\\.\n")
    assert peer.connections == 0


def test_a_denial_that_is_not_caught(probe, peer):
    run = probe()
    assert run.app.post("/", f'get("{peer.url}/x")'.encode()).status == 500
    run.app.wait_for(run.app.err, r"spin_sdk\.wit\.types\.Err: ErrorCode_HttpRequestDenied\(\)\n"
                     f'HttpError::DestinationNotAllowed: add allowed_outbound_hosts = \\["{peer.url}"\\] '
                     'to component "probe"\n')


def test_an_error_is_what_it_is_upstream(probe):
    run = probe()
    assert run("""
error = None
try:
    get("http://localhost:1/")
except Err as caught:
    error = caught
error.anything = 1
result = repr(error), str(error), error == Err(ErrorCode_HttpRequestDenied()), error == Err(1)
""") == ("(\"Err(value=ErrorCode_HttpRequestDenied())\", 'ErrorCode_HttpRequestDenied()', True, False)"
         .replace('"', "'"))


def test_hosts_from_variables(probe, peer):
    run = probe("http://{{ host }}", more=f"""
[variables]
host = {{ default = "localhost:{peer.port}" }}
""")
    assert run(f'result = get("{peer.url}/length").status') == "200"
    assert run('result = error_of(lambda: get("http://localhost:1/"))') == "ErrorCode_HttpRequestDenied()"


def test_blocked_networks(probe, peer, tmp_path):
    config = tmp_path / "runtime.toml"
    config.write_text('[outbound_networking]\nblock_networks = ["private"]\n')
    run = probe("*://*:*", options=("--runtime-config-file", str(config)))
    assert run(f'result = error_of(lambda: get("{peer.url}/"))') == "ErrorCode_DestinationIpProhibited()"
    assert peer.connections == 0


def test_pooling_can_be_turned_off(probe, peer, tmp_path):
    config = tmp_path / "runtime.toml"
    config.write_text("[outbound_http]\nconnection_pooling = false\n")
    run = probe(peer.url, options=("--runtime-config-file", str(config)))
    for _ in range(3):
        assert run(f'result = get("{peer.url}/length").status') == "200"
    assert peer.connections == 3


@pytest.mark.parametrize("url", [
    "http://user@localhost:{port}/", "http://localhost:{port}x/", "http://local%68ost:{port}/", "http://:{port}@x/",
    "ftp://localhost:{port}/",
])
def test_urls_that_are_none(probe, peer, url):
    run = probe("*://localhost:*")
    result = run(f'result = error_of(lambda: get("{url.format(port=peer.port)}"))')
    assert result in ("ErrorCode_HttpRequestDenied()", "ErrorCode_HttpProtocolError()", "None"), result
    assert peer.connections == 0


# Requests that stay in the process.

OTHER = """
[[trigger.http]]
route = { private = true }
component = "other-one"

[component.other-one]
source = "app.wasm"
"""


def test_a_request_to_the_application_itself(probe):
    run = probe("http://self")
    assert run('result = get("/some/path?q").body.decode()') == "('/some/path?q', '/some/path')"


def test_a_request_to_itself_needs_permission(probe):
    run = probe("http://localhost:*")
    assert run('result = error_of(lambda: get("/x"))') == "ErrorCode_HttpRequestDenied()"
    run.app.wait_for(run.app.err, "Warning: A component tried to make an HTTP request to its own app but it does "
                                  "not have permission\\.")


def test_service_chaining(probe):
    run = probe("http://other-one.spin.internal", more=OTHER)
    assert run('result = get("http://other-one.spin.internal/a?b").body.decode()') == "('/a?b', '/a')"
    assert run('result = error_of(lambda: get("http://probe.spin.internal/"))') == "ErrorCode_HttpRequestDenied()"


def test_service_chaining_to_any(probe):
    run = probe("http://*.spin.internal", more=OTHER)
    assert run('result = get("http://other-one.spin.internal/a").body.decode()') == "('/a', '/a')"
    assert run('result = error_of(lambda: get("http://nobody.spin.internal/"))').startswith("ErrorCode_DnsError(")


def test_chained_bodies_and_statuses(probe):
    run = probe("http://*.spin.internal", more=OTHER)
    assert run("""
code = "result = 'x' * 3_000_000"
r = send(Request("POST", "http://other-one.spin.internal/", {}, code.encode()))
bad = send(Request("POST", "http://other-one.spin.internal/", {}, b"1 / 0"))
result = r.status, len(r.body), bad.status, bad.body
""") == "(200, 3000000, 500, b'')"


def test_a_request_to_itself_that_is_too_large(probe):
    run = probe("http://self")
    assert run("""
result = []
for count in range(10_000, 100_000, 10_000):
    request = outgoing("http://self.alt/", fields=[("a", b"")] * count)
    answer = outgoing_handler.handle(request, None).get().value
    result.append(answer.value.status() if isinstance(answer, Ok) else repr(answer.value))
result = sorted(set(result), key=str)
""") == "[200, 431, 'ErrorCode_HttpRequestHeaderSectionSize(value=None)']"


def test_a_chain_without_end_is_cut(probe):
    run = probe("http://self")
    assert run.app.get("/again").body == b"ErrorCode_LoopDetected()"


# The page.

LISTING = """
from spin_sdk import http
from spin_sdk.http import Request, Response, send

class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        resp = send(Request("GET", "https://random-data-api.fermyon.app/animals/json", {}, None))

        return  Response(200,
                    {"content-type": "text/plain"},
                    bytes(f"Here is an animal fact: {str(resp.body, 'utf-8')}", "utf-8"))

"""

PAGE_MANIFEST = """spin_manifest_version = 2

[application]
name = "hello-world"
version = "0.1.0"
authors = ["Your Name <your-name@example.com>"]
description = ""

[[trigger.http]]
route = "/..."
component = "hello-world"

[component.hello-world]
source = "app.wasm"
allowed_outbound_hosts = ["https://random-data-api.fermyon.app"]
[component.hello-world.build]
command = "spin py2wasm app -o app.wasm"
"""

FACT = b'Here is an animal fact: {"timestamp":1684299253331,"fact":"Reindeer grow new antlers every year"}'


def build_page(folder, spin, server, manifest):
    """With the address of a server that is there in place of the page's."""
    def here(text):
        return text.replace("https://random-data-api.fermyon.app", server)

    folder.mkdir()
    (folder / "app.py").write_text(here(LISTING))
    (folder / "spin.toml").write_text(here(manifest))
    built = spin("build", cwd=folder, env={"PATH": f"{BIN}:{os.environ['PATH']}"})
    assert built.status == 0, built.err
    return folder


def test_an_outbound_http_example(up, spin, tmp_path, python_ready, tls_peer, certificates):
    folder = build_page(tmp_path / "page", spin, tls_peer.url, PAGE_MANIFEST)
    app = up(folder, env={"SSL_CERT_FILE": str(certificates[0])})
    answer = app.get("/hello")
    assert (answer.status, answer.body) == (200, FACT), app.errors()
    assert (answer["content-type"], answer["content-length"]) == ("text/plain", str(len(FACT)))


def test_an_outbound_http_example_refused(up, spin, tmp_path, python_ready, tls_peer):
    """Without any additional configuration."""
    manifest = re.sub("allowed_outbound_hosts.*\n", "", PAGE_MANIFEST)
    app = up(build_page(tmp_path / "page", spin, tls_peer.url, manifest))
    answer = app.get("/hello")
    assert (answer.status, answer.body) == (500, b"")
    app.wait_for(app.err, "HttpError::DestinationNotAllowed: add allowed_outbound_hosts = "
                          f'\\["{tls_peer.url}"\\] to component "hello-world"')
    app.wait_for(app.err, "To allow this request, add 'allowed_outbound_hosts")
    assert tls_peer.connections == 0


def test_the_example(up, example, peer):
    folder = example("outbound-http")
    app = up(folder, "--variable", f"facts_host={peer.url}", "--env", f"FACTS_URL={peer.url}/animals/json")
    assert app.get("/hello").body == FACT, app.errors()


def test_the_example_refused(up, example, peer):
    app = up(example("outbound-http"), "--env", f"FACTS_URL={peer.url}/animals/json")
    assert app.get("/hello").status == 500
    app.wait_for(app.err, 'HttpError::DestinationNotAllowed: .* to component "outbound-http"')


def test_the_example_under_another_runtime(example, peer):
    folder = example("outbound-http")
    port = unused_port()
    process = subprocess.Popen(
        [Path(sys.executable).parent / "wasmtime", "serve", "-S", "cli", "--addr", f"127.0.0.1:{port}",
         "--env", f"FACTS_URL={peer.url}/animals/json", "app.wasm"],
        cwd=folder, stderr=subprocess.PIPE, text=True)
    watchdog = threading.Timer(5 * TIMEOUT, process.kill)
    watchdog.start()
    try:
        for line in process.stderr:
            if "Serving HTTP" in line:
                break
        with Client(f"127.0.0.1:{port}") as client:
            assert client.get("/hello").body == FACT
    finally:
        watchdog.cancel()
        process.kill()
        process.communicate()
