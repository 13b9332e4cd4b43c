"""The HTTP/1.1 server without a guest (echo_server.c): what is right on the wire, what is refused."""

import socket
import threading

import pytest


def test_a_response_has_guest_fields_then_length_then_date(server):
    r = server.get("/status?200")
    assert (r.status, r.body) == (200, b"body")
    assert r.names() == ["content-type", "content-length", "date"]


def test_the_guests_length_stays_where_it_put_it(server):
    assert server.get("/hello").names() == ["content-type", "content-length", "date"]


def test_date_is_an_imf_fixdate(server):
    from email.utils import parsedate_to_datetime

    date = server.get("/hello")["date"]
    assert date.endswith(" GMT")
    assert parsedate_to_datetime(date).year >= 2024


def test_keep_alive(server):
    with server.client() as c:
        for _ in range(3):
            assert c.get("/hello").body == b"Hello from Python!"


def test_pipelining_keeps_the_order(server):
    with server.client() as c:
        c.send("".join(f"GET /show{i} HTTP/1.1\r\nHost: h\r\n\r\n" for i in range(200)))
        for i in range(200):
            assert c.response().body.startswith(f"GET /show{i} ".encode())


def test_pipelined_bodies(server):
    with server.client() as c:
        c.send(
            "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
            "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            "2\r\nde\r\n1;x=y\r\nf\r\n0\r\nTrailer: t\r\n\r\n"
            "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n"
        )
        assert [c.response().body for _ in range(3)] == [b"abc", b"def", b"Hello from Python!"]


def test_a_request_byte_by_byte(server):
    text = (
        b"POST /echo HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5\r\nhello\r\n0\r\n\r\n"
    )
    with server.client() as c:
        for i in range(len(text)):
            c.send(text[i : i + 1])
        assert c.response().body == b"hello"


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_head_in_two_pieces(server, cut):
    text = b"GET /show HTTP/1.1\r\nHost: example.com\r\nX-Name: value\r\n\r\n"
    with server.client() as c:
        c.send(text[:cut])
        c.send(text[cut:])
        assert b"host=example.com\nx-name=value\n" in c.response().body


def test_field_names_are_lower_case_and_values_trimmed(server):
    with server.client() as c:
        body = c.get("/show", "X-MiXed: \t Value \t \r\nX-Empty:\r\n").body
    assert b"x-mixed=Value\nx-empty=\n" in body


def test_head_gets_a_length_and_no_body(server):
    with server.client() as c:
        c.send("HEAD /hello HTTP/1.1\r\nHost: h\r\n\r\nHEAD /status?200 HTTP/1.1\r\nHost: h\r\n\r\n")
        assert c.response(head=True)["content-length"] == "18"
        assert c.response(head=True)["content-length"] == "4"
        assert c.get("/hello").body == b"Hello from Python!"


@pytest.mark.parametrize("status", [204, 304])
def test_statuses_without_a_body(server, status):
    with server.client() as c:
        r = c.get(f"/status?{status}")
        assert r.status == status
        assert "content-length" not in r.names()
        assert c.get("/hello").body == b"Hello from Python!"


def test_connection_close(server):
    with server.client() as c:
        r = c.get("/hello", "Connection: close\r\n")
        assert r["connection"] == "close"
        assert c.ended()


def test_http_10(server):
    with server.client() as c:
        c.send("GET /show HTTP/1.0\r\n\r\n")
        assert c.response()["connection"] == "close"
        assert c.ended()
    with server.client() as c:
        c.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert c.response()["connection"] == "keep-alive"
        c.send("GET /pieces HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        r = c.response()
        assert (r.body, "transfer-encoding" in r.names()) == (b"onetwo", False)


def test_absolute_target(server):
    with server.client() as c:
        c.send("GET http://example.com:81/show?q HTTP/1.1\r\nHost: example.com:81\r\n\r\n")
        assert c.response().body.startswith(b"GET /show?q example.com:81 ")
        c.send("GET http://example.com HTTP/1.1\r\nHost: example.com\r\n\r\n")
        assert c.response().body.startswith(b"GET / example.com ")
        c.send("GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n")
        assert c.response().status == 400


def test_chunked_when_the_guest_flushes(server):
    r = server.get("/pieces")
    assert (r.body, r.complete, r["transfer-encoding"]) == (b"onetwo", True, "chunked")


def test_hop_by_hop_fields_of_the_guest_are_dropped(server):
    r = server.get("/fields")
    assert r.status == 201
    assert r.fields == [
        ("x-first", "1"),
        ("x-first", "2"),
        ("date", "long ago"),
        ("content-length", "0"),
    ]


def test_nothing_sent_becomes_500_and_the_connection_lives(server):
    with server.client() as c:
        for path in ["/ignore", "/half", "/toomuch"]:
            r = c.get(path)
            assert (r.status, r.body, r.names()) == (500, b"", ["content-length", "date"])
        assert c.get("/hello").status == 200


@pytest.mark.parametrize("path", ["/half?1", "/pieces?1", "/reject?1"])
def test_a_response_that_has_begun_is_cut(server, path):
    with server.client() as c:
        assert not c.get(path).complete
        assert c.ended()


def test_reject_replaces_what_was_not_sent(server):
    r = server.get("/reject")
    assert (r.status, r.body, r.names()) == (504, b"", ["content-length", "date"])


REFUSED = {
    "no host": ("GET / HTTP/1.1\r\n\r\n", 400),
    "two hosts": ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    "empty host": ("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
    "host with a path": ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    "host with user": ("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400),
    "nonsense": ("hello\r\n\r\n", 400),
    "tls": ("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n", 400),
    "no version": ("GET /\r\nHost: a\r\n\r\n", 400),
    "bad version": ("GET / HTTP/1.1x\r\nHost: a\r\n\r\n", 505),
    "http 2": ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    "http 2 preface": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "http 0.9": ("GET / HTTP/0.9\r\nHost: a\r\n\r\n", 400),
    "connect": ("CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 501),
    "relative target": ("GET abc HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "target not utf-8": ("GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "asterisk": ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "space in name": ("GET / HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n\r\n", 400),
    "space before colon": ("GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n", 400),
    "no name": ("GET / HTTP/1.1\r\nHost: a\r\n: 1\r\n\r\n", 400),
    "no colon": ("GET / HTTP/1.1\r\nHost: a\r\nabc\r\n\r\n", 400),
    "nul in value": ("GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 400),
    "control in value": ("GET / HTTP/1.1\r\nHost: a\r\nX: a\x01b\r\n\r\n", 400),
    "cr in value": ("GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400),
    "folded line": ("GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400),
    "folded empty line": ("GET / HTTP/1.1\r\nHost: a\r\nX:\r\n b\r\n\r\n", 400),
    "fold after request line": ("GET / HTTP/1.1\r\n Host: a\r\nHost: a\r\n\r\n", 400),
    "bare lf": ("GET / HTTP/1.1\nHost: a\n\n", 400),
    "bare lf between fields": ("GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400),
    "bare lf at the end": ("GET / HTTP/1.1\r\nHost: a\r\nX: b\n\r\n", 400),
    "lengths differ": ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    "length twice": ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400),
    "length list": ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx", 400),
    "length signed": ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx", 400),
    "length negative": ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\nx", 400),
    "length hex": ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x1\r\n\r\nx", 400),
    "length empty": ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\nx", 400),
    "length with space": ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1 1\r\n\r\nx", 400),
    "length overflows": ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551617\r\n\r\nx", 400),
    "length and chunked": ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "chunked and length": ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n", 400),
    "chunked twice": ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "identity after chunked": ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n", 400),
    "chunked not last": ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400),
    "gzip then chunked": ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    "unknown coding": ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400),
    "vertical tab coding": ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", 400),
    "chunked in 1.0": ("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "chunk size not hex": ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    "chunk size signed": ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\nx\r\n0\r\n\r\n", 400),
    "chunk size prefixed": ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n", 400),
    "chunk size overflows": ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000001\r\nx\r\n", 400),
    "chunk too long": ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n", 400),
    "chunk size bare lf": ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n", 400),
    "chunk end bare lf": ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\n0\r\n\r\n", 400),
    "extension bare lf": ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;a\nx\r\n0\r\n\r\n", 400),
    "trailer bare lf": ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\n\r\n", 400),
    "expectation": ("POST / HTTP/1.1\r\nHost: a\r\nExpect: pony\r\nContent-Length: 1\r\n\r\nx", 417),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(server, name):
    text, status = REFUSED[name]
    with server.client() as c:
        c.send(text)
        r = c.response()
        assert (r.status, r.body, r["connection"], r["content-length"]) == (status, b"", "close", "0")
        c.socket.shutdown(socket.SHUT_WR)
        assert c.ended()


ACCEPTED = {
    "blank lines before": "\r\n\r\nGET /show HTTP/1.1\r\nHost: a\r\n\r\n",
    "obs-text": "GET /show HTTP/1.1\r\nHost: a\r\nX: \xe9\r\n\r\n",
    "options asterisk": "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    "upgrade ignored": "GET /show HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
    "upgrade with body": "POST /show HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nxy",
    "host with port": "GET /show HTTP/1.1\r\nHost: [::1]:3000\r\n\r\n",
    "coding in capitals": "POST /show HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(server, name):
    with server.client() as c:
        c.send(ACCEPTED[name])
        assert c.response().status == 200
        assert c.get("/hello").status == 200


def test_head_too_long(echo_server):
    server = echo_server(max_head_bytes=2000)
    assert server.get("/hello", "X: " + "a" * 1900 + "\r\n").status == 200
    assert server.get("/hello", "X: " + "a" * 2000 + "\r\n").status == 431
    assert server.get("/" + "a" * 3000).status == 414


def test_endless_head(echo_server):
    with echo_server(max_head_bytes=2000).client() as c:
        c.send("GET / HTTP/1.1\r\nHost: a\r\nX: " + "a" * 5000)
        assert c.response().status == 431


def test_too_many_fields(echo_server):
    server = echo_server(max_fields=10)
    assert server.get("/hello", "".join(f"x{i}: 1\r\n" for i in range(9))).status == 200
    assert server.get("/hello", "".join(f"x{i}: 1\r\n" for i in range(10))).status == 431


def post(client, path, body, head=""):
    head = f"POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body)}\r\n{head}\r\n"
    client.send(head.encode() + body)
    return client.response()


def test_body_too_large(echo_server):
    server = echo_server(max_body_bytes=1000)
    with server.client() as c:
        assert post(c, "/count", b"x" * 1000).body == b"1000"
        assert post(c, "/count", b"x" * 1001).status == 413


def test_chunked_body_too_large(echo_server):
    server = echo_server(max_body_bytes=1000)
    with server.client() as c:
        c.send("POST /count HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        c.send(b"3e8\r\n" + b"x" * 1000 + b"\r\n1\r\nx\r\n0\r\n\r\n")
        assert c.response().status == 413


def test_streamed_body_too_large(echo_server):
    server = echo_server(max_body_bytes=300000, body_ahead_bytes=1000)
    with server.client() as c:
        c.send("POST /count HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        c.send(b"493e0\r\n" + b"x" * 300000 + b"\r\n1\r\nx\r\n0\r\n\r\n")
        assert c.response().status == 413


@pytest.mark.parametrize("size", [0, 1, 70000, 1 << 20, (1 << 20) + 1, 5_000_000])
@pytest.mark.parametrize("ahead", [1 << 20, 1000])
def test_bodies_ahead_and_streamed(echo_server, size, ahead):
    server = echo_server(body_ahead_bytes=ahead)
    with server.client() as c:
        assert post(c, "/count", b"x" * size).body == str(size).encode()
        assert c.get("/hello").status == 200


@pytest.mark.parametrize("ahead", [1 << 20, 1000])
def test_chunked_bodies_ahead_and_streamed(echo_server, ahead):
    server = echo_server(body_ahead_bytes=ahead, threads=1)
    pieces = [bytes([65 + i % 26]) * (1 + i * 37 % 5000) for i in range(400)]
    with server.client() as c:
        c.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")

        def upload():
            for piece in pieces:
                c.send(b"%x\r\n%s\r\n" % (len(piece), piece))
            c.send(b"0\r\n\r\nGET /hello HTTP/1.1\r\nHost: h\r\n\r\n")

        sender = threading.Thread(target=upload)
        sender.start()
        assert c.response().body == b"".join(pieces)
        sender.join()
        assert c.response().body == b"Hello from Python!"


def test_endless_trailers(echo_server):
    with echo_server(max_head_bytes=2000).client() as c:
        c.send("POST /count HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
        c.send("".join(f"x{i}: {'a' * 50}\r\n" for i in range(100)))
        assert c.response().status == 431


@pytest.mark.parametrize("ahead", [1 << 20, 1])
def test_expect_continue(echo_server, ahead):
    with echo_server(body_ahead_bytes=ahead).client() as c:
        c.send("POST /count HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        assert c.response().status == 100
        c.send("hello")
        assert c.response().body == b"5"


def test_expect_continue_is_not_sent_when_the_body_is_here(server):
    with server.client() as c:
        assert post(c, "/count", b"hello", "Expect: 100-continue\r\n").body == b"5"


def test_expect_continue_of_a_refused_body(echo_server):
    with echo_server(max_body_bytes=10).client() as c:
        c.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 50\r\nExpect: 100-continue\r\n\r\n")
        assert c.response().status == 413


def test_body_that_nobody_reads(echo_server):
    """The response arrives, though the client is still sending."""
    server = echo_server(body_ahead_bytes=1000)
    with server.client() as c:
        c.send("POST /hello HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n")
        assert c.response().body == b"Hello from Python!"
        c.send(b"x" * 3000000)
        c.socket.shutdown(socket.SHUT_WR)
        assert c.ended()


def test_large_responses(server):
    with server.client() as c:
        for size in [65536, 65537, 1 << 20, 10_000_000]:
            r = c.get(f"/big?{size}")
            assert (len(r.body), r.complete) == (size, True)
        assert c.get("/hello").status == 200


def test_client_that_shuts_its_side_down_still_gets_its_answer(server):
    with server.client() as c:
        c.send("GET /sleep?50 HTTP/1.1\r\nHost: h\r\n\r\n")
        c.socket.shutdown(socket.SHUT_WR)
        assert c.response().body == b"slept"
        assert c.ended()


def test_slow_client_costs_no_thread(echo_server):
    """Responses within the queue: with one thread and no spare one, others are still served."""
    server = echo_server(threads=1, max_threads=1, queue_bytes=8 << 20)
    slow = []
    for _ in range(4):
        c = server.client()
        c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 131072)
        c.send("GET /big?8000000 HTTP/1.1\r\nHost: h\r\n\r\n")
        slow.append(c)
    for _ in range(20):
        assert server.get("/hello").status == 200
    for c in slow:
        assert len(c.response().body) == 8000000
        c.close()


def test_slow_upload_costs_no_thread(echo_server):
    server = echo_server(threads=1, max_threads=1)
    slow = []
    for _ in range(4):
        c = server.client()
        c.send("POST /count HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n12345")
        slow.append(c)
    assert server.get("/hello").status == 200
    for c in slow:
        c.send("67890")
        assert c.response().body == b"10"
        c.close()


def test_blocked_handlers_are_replaced(echo_server):
    """With one thread that may run, 30 handlers wait at the same time."""
    import time

    server = echo_server(threads=1)
    clients = [server.client() for _ in range(30)]
    start = time.monotonic()
    for c in clients:
        c.send("GET /sleep?1000 HTTP/1.1\r\nHost: h\r\n\r\n")
    assert server.get("/hello").status == 200
    for c in clients:
        assert c.response().body == b"slept"
        c.close()
    assert time.monotonic() - start < 20, "one after the other it would have taken 30 s"


def test_beyond_max_threads_connections_wait(echo_server):
    server = echo_server(threads=1, max_threads=2)
    clients = [server.client() for _ in range(6)]
    for c in clients:
        c.send("GET /sleep?100 HTTP/1.1\r\nHost: h\r\n\r\n")
    for c in clients:
        assert c.response().body == b"slept"
        c.close()


def test_streams_have_a_cap(echo_server):
    server = echo_server(threads=1, max_streams=1, queue_bytes=1000, write_ms=60000)
    with server.client() as first, server.client() as second:
        for c in (first, second):
            c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 131072)
        first.send("GET /big?20000000 HTTP/1.1\r\nHost: h\r\n\r\n")
        assert first.line() == "HTTP/1.1 200 OK"
        assert server.get("/sleep?1").status == 200
        second.send("GET /big?20000000 HTTP/1.1\r\nHost: h\r\n\r\n")
        r = second.response()
        assert not r.complete


@pytest.mark.parametrize(
    "sent, status",
    [
        ("GET / HTTP/1.1\r\nHost", 408),
        ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n12", 408),
    ],
)
def test_read_time_limit(echo_server, sent, status):
    with echo_server(read_ms=100).client() as c:
        c.send(sent)
        assert c.response().status == status
        c.socket.shutdown(socket.SHUT_WR)
        assert c.ended()


def test_read_time_limit_of_a_streamed_body(echo_server):
    with echo_server(read_ms=100, body_ahead_bytes=1).client() as c:
        c.send("POST /count HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n12")
        assert c.response().status == 500


def test_idle_connections_are_closed(echo_server):
    server = echo_server(idle_ms=100)
    with server.client() as fresh, server.client() as used:
        assert used.get("/hello").status == 200
        assert fresh.ended()
        assert used.ended()


def test_write_time_limit(echo_server):
    server = echo_server(write_ms=100, queue_bytes=32 << 20)
    with server.client() as c:
        c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 131072)
        c.send("GET /big?30000000 HTTP/1.1\r\nHost: h\r\n\r\n")
        assert server.get("/sleep?600").status == 200
        assert not c.response().complete


def test_connections_beyond_the_limit_wait_for_a_place(echo_server):
    server = echo_server(max_connections=2)
    first, second, third = server.client(), server.client(), server.client()
    assert first.get("/hello").status == 200
    assert second.get("/hello").status == 200
    third.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n")
    first.close()
    assert third.response().status == 200
    second.close()
    third.close()


def test_clients_that_go_away(server):
    for text in [
        "GET /hel",
        "POST /count HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n123",
        "GET /big?50000000 HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST /count HTTP/1.1\r\nHost: h\r\nContent-Length: 5000000\r\n\r\n123",
    ]:
        for _ in range(20):
            c = server.client()
            c.send(text)
            c.close()
    assert server.get("/hello").status == 200


def test_many_connections_at_once(echo_server):
    server = echo_server(threads=2)
    clients = [server.client() for _ in range(300)]
    for _ in range(3):
        for c in clients:
            c.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\n")
        for c in clients:
            assert c.response().body == b"Hello from Python!"
    for c in clients:
        c.close()


def test_stop_waits_for_running_exchanges(echo_server):
    server = echo_server(threads=1)
    with server.client() as c:
        c.send("GET /sleep?500 HTTP/1.1\r\nHost: h\r\n\r\n")
        assert server.get("/hello").status == 200
        server.process.terminate()
        assert c.response().body == b"slept"
    assert server.process.wait(timeout=20) == 0


def test_memory_for_slow_readers_is_bounded(echo_server):
    """Of three clients that do not read, the last one is more than there is room for."""
    server = echo_server(threads=1, queue_bytes=16 << 20, max_held_bytes=20 << 20)
    slow = [server.client() for _ in range(3)]
    for c in slow:
        c.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 131072)
        c.send("GET /big?14000000 HTTP/1.1\r\nHost: h\r\n\r\n")
        assert c.line() == "HTTP/1.1 200 OK"
        assert server.get("/hello").status == 200
    complete = []
    for c in slow:
        c.buffer[:0] = b"HTTP/1.1 200 OK\r\n"
        complete.append(c.response().complete)
        c.close()
    assert complete[0] and not complete[2]
    assert len(server.get("/big?14000000").body) == 14000000


def test_memory_for_slow_senders_is_bounded(echo_server):
    server = echo_server(threads=1, max_held_bytes=3 << 20)
    slow = [server.client() for _ in range(4)]
    for c in slow:
        c.send(b"POST /count HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 900000)
        assert server.get("/hello").status == 200
    answered = 0
    for c in slow:
        try:
            c.send(b"x" * 100000)
            answered += c.response().body == b"1000000"
        except (EOFError, OSError):
            pass
        c.close()
    assert 1 <= answered < 4
    assert server.post("/count", b"x" * 1000000).body == b"1000000"


def random_request(random, number):
    """The bytes of a request and the body of its answer."""
    body = bytes(random.randrange(256) for _ in range(random.choice([0, 1, 100, 5000])))
    kind = random.choice(["get", "length", "chunked"])
    filler = "".join(f"X-{i}: {'v' * random.randrange(60)}\r\n" for i in range(random.randrange(5)))
    if kind == "get":
        return f"GET /hello?{number} HTTP/1.1\r\nHost: h\r\n{filler}\r\n".encode(), b"Hello from Python!"
    head = f"POST /echo HTTP/1.1\r\nHost: h\r\n{filler}"
    if kind == "length":
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body, body
    text = f"{head}Transfer-Encoding: chunked\r\n\r\n".encode()
    at = 0
    while at < len(body):
        size = random.randrange(1, 2000)
        piece = body[at : at + size]
        text += b"%x\r\n%s\r\n" % (len(piece), piece)
        at += size
    return text + b"0\r\n\r\n", body


@pytest.mark.parametrize("seed", range(10))
def test_pieces_of_any_size(echo_server, seed):
    """However the bytes of a pipeline are cut, the answers are the same."""
    from random import Random

    random = Random(seed)
    server = echo_server(threads=1 + seed % 2, body_ahead_bytes=[1 << 20, 500][seed % 2])
    requests = [random_request(random, i) for i in range(60)]
    text = b"".join(request for request, _ in requests)
    with server.client() as c:

        def send():
            at = 0
            while at < len(text):
                size = random.choice([1, 7, 100, 1460, 20000])
                c.send(text[at : at + size])
                at += size

        sender = threading.Thread(target=send)
        sender.start()
        for _, body in requests:
            assert c.response().body == body
        sender.join()
