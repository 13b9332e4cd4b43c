"""Servers of others that tests talk to, each on a free port, in a folder of its own, ended with the test."""

import http.server
import json
import shutil
import socket
import subprocess
import threading

TIMEOUT = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class RedisServer:
    """
    Debian's redis-server. The package redis-tools holds the same program under another name, and no
    service: what it is called with decides what it is.
    """

    def __init__(self, folder, *options):
        self.folder, self.options = folder, options
        self.port = free_port()
        self.start()

    @property
    def address(self):
        return f"redis://127.0.0.1:{self.port}"

    def start(self):
        program = shutil.which("redis-server") or shutil.which("redis-check-rdb")
        words = ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                 "--dir", str(self.folder), "--daemonize", "no", *self.options]
        self.process = subprocess.Popen(words, executable=program, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, text=True)
        said = []
        for line in self.process.stdout:
            said.append(line)
            if "Ready to accept connections" in line:
                return
        raise AssertionError("redis-server did not start: " + "".join(said))

    def cli(self, *words):
        done = subprocess.run(["redis-cli", "-p", str(self.port), *words], capture_output=True,
                              text=True, timeout=TIMEOUT, check=True)
        return done.stdout.rstrip("\n")

    def clients(self):
        """The connections that there are beside redis-cli's own: id -> facts."""
        found = {}
        for line in self.cli("client", "list").splitlines():
            facts = dict(word.split("=", 1) for word in line.split())
            if facts["cmd"] != "client|list":
                found[facts["id"]] = facts
        return found

    def stop(self):
        self.process.terminate()
        self.process.stdout.read()
        self.process.stdout.close()
        self.process.wait(TIMEOUT)


class LlmServer:
    """A service with models that speaks Spin's protocol and OpenAI's; `answer` replaces all answers."""

    TOKEN = "bearer secret"

    def __init__(self):
        self.asked = []   # (path, body) of each request
        self.answer = None  # or (status, bytes)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.asked.append((self.path, json.loads(body)))
                status, answer = outer.answer or outer.reply(self, json.loads(body))
                self.send_response(status)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                try:
                    self.wfile.write(answer)
                except OSError:
                    self.close_connection = True  # the client has had enough

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def reply(self, request, body):
        if request.headers["authorization"] != self.TOKEN:
            return 401, b'{"error": {"message": "who are you?"}}'
        if request.headers["content-type"] != "application/json":
            return 415, b'{"error": {"message": "not JSON"}}'
        answers = {"/infer": self.infer, "/embed": self.embed,
                   "/v1/chat/completions": self.complete, "/v1/embeddings": self.embeddings}
        if request.path not in answers:
            return 404, b"no such path"
        if body["model"] == "absent":
            return 404, b'{"error": {"message": "no model `absent`", "code": "model_not_found"}}'
        return 200, json.dumps(answers[request.path](body)).encode()

    @staticmethod
    def say(prompt):
        return f"You said: {prompt}"

    @staticmethod
    def vector(text):
        return [len(text), 0.5, -0.25]

    def infer(self, body):
        return {"text": self.say(body["prompt"]),
                "usage": {"promptTokenCount": 3, "generatedTokenCount": body["options"]["maxTokens"]}}

    def embed(self, body):
        return {"embeddings": [self.vector(text) for text in body["input"]],
                "usage": {"promptTokenCount": len(body["input"])}}

    def complete(self, body):
        message = {"role": "assistant", "content": self.say(body["messages"][0]["content"])}
        return {"id": "x", "object": "chat.completion", "choices": [{"index": 0, "message": message}],
                "usage": {"prompt_tokens": 3, "completion_tokens": body["max_completion_tokens"],
                          "total_tokens": 0}}

    def embeddings(self, body):
        return {"object": "list", "usage": {"prompt_tokens": len(body["input"]), "total_tokens": 0},
                "data": [{"object": "embedding", "index": i, "embedding": self.vector(text)}
                         for i, text in enumerate(body["input"])]}

    def stop(self):
        self.server.shutdown()
        self.thread.join(TIMEOUT)
        self.server.server_close()
