"""A client that speaks bytes: tests decide what goes over the wire."""

import socket


class Response:
    def __init__(self, status, fields, body, complete):
        self.status = status
        self.fields = fields  # (name, value) in order
        self.body = body
        self.complete = complete  # the body came to its framed end

    def __getitem__(self, name):
        values = [value for key, value in self.fields if key == name]
        assert len(values) == 1, (name, self.fields)
        return values[0]

    def names(self):
        return [name for name, _ in self.fields]


class Client:
    def __init__(self, address, timeout=10):
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

    def get(self, path, head=""):
        self.send(f"GET {path} HTTP/1.1\r\nHost: test\r\n{head}\r\n")
        return self.response()

    def more(self):
        """False at the end of the stream."""
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            return False
        self.buffer += data
        return bool(data)

    def line(self):
        while b"\r\n" not in self.buffer:
            if not self.more():
                raise EOFError(bytes(self.buffer))
        return self.take(self.buffer.index(b"\r\n") + 2)[:-2].decode("latin-1")

    def take(self, count):
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def exactly(self, count):
        while len(self.buffer) < count:
            if not self.more():
                self.buffer.clear()
                return None
        return self.take(count)

    def chunks(self):
        body = bytearray()
        while True:
            try:
                size = int(self.line(), 16)
            except EOFError:
                return bytes(body), False
            data = self.exactly(size)
            if data is None:
                return bytes(body), False
            body += data
            if self.line() != "":
                raise AssertionError("no line end after a chunk")
            if size == 0:
                return bytes(body), True

    def response(self, head=False):
        version, status, *_ = self.line().split(" ")
        assert version == "HTTP/1.1"
        fields = []
        while line := self.line():
            name, value = line.split(":", 1)
            fields.append((name, value.strip()))
        names = dict(fields)
        status = int(status)
        if head or status in (204, 304) or status < 200:
            return Response(status, fields, b"", True)
        if "transfer-encoding" in names:
            body, complete = self.chunks()
        elif "content-length" in names:
            body = self.exactly(int(names["content-length"]))
            complete = body is not None
            body = body or b""
        else:
            while self.more():
                pass
            body, complete = self.take(len(self.buffer)), True
        return Response(status, fields, body, complete)

    def ended(self):
        """Waits for the end of the stream; whatever comes before it fails."""
        while self.more():
            pass
        return not self.buffer
