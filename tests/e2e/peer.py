"""A server that requests are sent to: what it answers, and what it has seen."""

import gzip
import json
import re
import socket
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TIMEOUT = 60


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        with self.server.changed:
            self.server.connections += 1

    def log_message(self, *_):
        pass

    def any(self):
        path = self.path.split("?")[0]
        if path == "/refuse":
            self.reply(b"too much", 413)
            self.close_connection = True
        self.body = self.read_body()
        getattr(self, "do" + re.sub("[/.-]", "_", path), self.do_echo)()

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_FOO = any

    def read_body(self):
        if self.headers.get("transfer-encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def reply(self, body, status=200, **headers):
        self.send_response(status)
        for name, value in {"content-length": len(body), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def do_echo(self):
        seen = {"method": self.command, "path": self.path, "body": self.body.decode(),
                "headers": [[name.lower(), value] for name, value in self.headers.items()]}
        self.reply(json.dumps(seen).encode(), content_type="application/json")

    def do_length(self):
        self.reply(str(len(self.body)).encode())

    def do_redirect(self):
        self.reply(b"elsewhere", 302, location="/echo")

    def do_early(self):
        """Interim responses come before the final one."""
        self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nx-early: 1\r\n\r\n")
        self.reply(b"late", x_late="1")

    def do_refuse(self):
        """Has been answered already."""

    def do_animals_json(self):
        self.reply(b'{"timestamp":1684299253331,"fact":"Reindeer grow new antlers every year"}')

    def do_gzip(self):
        self.reply(gzip.compress(b"text"), content_encoding="gzip")

    def do_twice(self):
        self.send_response(200)
        self.send_header("X-Twice", "one")
        self.send_header("X-Twice", "two")
        self.send_header("Connection", "keep-alive")
        self.send_header("content-length", "0")
        self.end_headers()

    def do_big(self):
        self.reply(bytes(range(256)) * 4096 * int(self.path.split("?")[1]))

    def do_parts(self):
        """The second part is sent when somebody asks for /release."""
        self.send_response(200)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self.chunk(b"one")
        assert self.server.released.wait(TIMEOUT)
        self.chunk(b"two")
        self.wfile.write(b"0\r\n\r\n")

    def do_release(self):
        self.server.released.set()
        self.reply(b"released")

    def do_together(self):
        """Answers when as many as asked for are here at once."""
        count = int(self.path.split("?")[1])
        with self.server.changed:
            self.server.waiting += 1
            self.server.changed.notify_all()
            assert self.server.changed.wait_for(lambda: self.server.waiting >= count, TIMEOUT)
        self.reply(b"together")

    def do_never(self):
        self.server.released.wait(TIMEOUT)
        self.close_connection = True

    def do_stall(self):
        """A head and half of a body."""
        self.send_response(200)
        self.send_header("content-length", "6")
        self.end_headers()
        self.wfile.write(b"abc")
        self.do_never()

    def do_raw(self):
        """The bytes of the request's body as the response, then the connection ends."""
        self.wfile.write(self.body)
        self.close_connection = True

    def do_huge_head(self):
        self.send_response(200)
        for number in range(20):
            self.send_header(f"x-{number}", "v" * 30000)
        self.end_headers()


class Peer(ThreadingHTTPServer):
    """On a free port of 127.0.0.1; with a certificate (a file with a key) it speaks TLS."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, certificate=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.changed = threading.Condition()
        self.released = threading.Event()
        self.connections = self.waiting = 0
        self.port = self.server_address[1]
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = f"{'https' if certificate else 'http'}://localhost:{self.port}"
        self.thread = threading.Thread(target=self.serve_forever, args=(0.02,))
        self.thread.start()

    def handle_error(self, request, client_address):
        """A client that goes away, or does not trust the certificate, is what some tests want."""

    def close(self):
        self.released.set()
        self.shutdown()
        self.thread.join()
        self.server_close()


class Silent:
    """A port that takes connections and says nothing."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def close(self):
        self.socket.close()


def unused_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def make_certificates(folder):
    """An authority of the tests' own, and what it has signed: (authority, certificate with key)."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-days", "2", "-subj", "/CN=authority of a test", "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr")
    (folder / "names").write_text("subjectAltName=DNS:localhost\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "server.pem")
    both = folder / "both.pem"
    both.write_text((folder / "server.pem").read_text() + (folder / "server.key").read_text())
    return folder / "ca.pem", both
