"""`files`: a component sees these, read-only, and nothing else."""

import json
import os

import pytest

HANDLER = """
import json
import os
from spin_sdk import http
from spin_sdk.http import Request, Response

OWN = ("/python", "/bundled", "/0")  # what is embedded in every component


def tree():
    return sorted(
        os.path.join(where, name)
        for where, _, names in os.walk("/")
        for name in names
        if not where.startswith(OWN)
    )


class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        try:
            if request.uri == "/tree":
                answer = tree()
            elif request.method == "PUT":
                with open(request.uri, "wb") as file:
                    file.write(request.body)
                answer = "written"
            elif request.method == "DELETE":
                os.unlink(request.uri)
                answer = "deleted"
            else:
                with open(request.uri) as file:
                    answer = file.read()
        except OSError as error:
            answer = type(error).__name__
        return Response(200, {}, json.dumps(answer).encode())
"""


@pytest.fixture(scope="module")
def built(module_app):
    folder = module_app(HANDLER)
    for name, text in [
        ("data/a.txt", "a"), ("data/b.bin", "b"), ("data/deep/c.txt", "c"), ("data/.hidden", "h"),
        ("secret.txt", "s"), ("one", "1"),
    ]:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    os.symlink("../secret.txt", folder / "data" / "link.txt")
    os.symlink("deep", folder / "data" / "linked")
    return folder


@pytest.fixture
def serve(built, up):
    """Starts the application with `files` and other lines of its component."""
    manifest = (built / "spin.toml").read_text()

    def start(lines, *arguments):
        (built / "spin.toml").write_text(manifest.replace('source = "app.wasm"\n', 'source = "app.wasm"\n' + lines))
        return up(built, *arguments)

    yield start
    (built / "spin.toml").write_text(manifest)


def ask(app, path, method="GET", body=b""):
    with app.client() as client:
        client.send(f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        return json.loads(client.response().body)


@pytest.mark.parametrize(
    "lines, expected",
    [
        ("", []),
        ('files = ["data/*.txt"]', ["/data/a.txt", "/data/link.txt"]),
        ('files = ["data/**/*.txt"]', ["/data/a.txt", "/data/deep/c.txt", "/data/link.txt"]),
        ('files = ["one", "data/[ab].*"]', ["/data/a.txt", "/data/b.bin", "/one"]),
        ('files = ["data/**/*"]\nexclude_files = ["*.txt"]', ["/data/.hidden", "/data/b.bin"]),
        ('files = ["data/**/*"]\nexclude_files = ["data/deep/*", "data/l*"]',
         ["/data/.hidden", "/data/a.txt", "/data/b.bin"]),
        ('files = [{ source = "data", destination = "/x/y" }]\nexclude_files = ["data/[!a]*"]', ["/x/y/a.txt"]),
        ('files = [{ source = "data/deep", destination = "/" }]', ["/c.txt"]),
        ('files = [{ source = "one", destination = "/two" }]', ["/two"]),
        ('files = ["data"]\nexclude_files = ["data/[!a]*"]', ["/data/data/a.txt"]),
        ('files = ["none/*"]', []),
    ],
)
def test_what_a_component_sees(serve, lines, expected):
    assert ask(serve(lines + "\n"), "/tree") == expected


def test_contents_and_what_is_refused(serve, built):
    app = serve('files = ["data/a.txt", "data/link.txt"]\n')
    assert ask(app, "/data/a.txt") == "a"
    assert ask(app, "/data/link.txt") == "s"
    for path in ["/secret.txt", "/data/b.bin", "/etc/passwd", "/../secret.txt", "/data/../../secret.txt"]:
        assert ask(app, path) == "FileNotFoundError", path
    for method, path in [("PUT", "/data/a.txt"), ("PUT", "/new"), ("DELETE", "/data/a.txt")]:
        assert ask(app, path, method, b"x") in ("PermissionError", "OSError"), (method, path)
    assert (built / "data" / "a.txt").read_text() == "a"


def test_nothing_of_a_request_is_left(serve):
    """Open files and what was read are gone when the next request comes, byte for byte."""
    app = serve('files = ["data/*"]\n', "--check-rewind")
    for _ in range(20):
        assert ask(app, "/data/a.txt") == "a"
        assert ask(app, "/none") == "FileNotFoundError"
        assert len(ask(app, "/tree")) == 4
    assert app.stop() == 0
    assert "check-rewind: 60 requests, 0 left something behind" in app.errors()


def test_transient_write(serve, built):
    app = serve('files = ["data/a.txt"]\n', "--allow-transient-write")
    assert ask(app, "/data/a.txt", "PUT", b"changed") == "written"
    assert ask(app, "/new", "PUT", b"new") == "written"
    assert ask(app, "/data/a.txt") == "changed"
    assert (built / "data" / "a.txt").read_text() == "a"
    assert not (built / "new").exists()


def test_copies_are_removed(serve, built, tmp_path):
    app = serve('files = ["data/a.txt"]\n', "--temp", tmp_path / "here")
    assert ask(app, "/data/a.txt") == "a"
    (copy,) = (tmp_path / "here").glob("spinup-*")
    assert (copy / "assets" / "hello" / "data" / "a.txt").read_text() == "a"
    (built / "data" / "a.txt").write_text("edited")
    assert ask(app, "/data/a.txt") == "a"
    (built / "data" / "a.txt").write_text("a")
    app.stop()
    assert list((tmp_path / "here").iterdir()) == []


def test_direct_mounts(serve, built):
    app = serve(
        'files = ["data", { source = "data/deep", destination = "/d" }]\n', "--direct-mounts"
    )
    assert ask(app, "/data/a.txt") == "a"
    assert ask(app, "/d/c.txt") == "c"
    (built / "data" / "new.txt").write_text("new")
    assert ask(app, "/data/new.txt") == "new"
    assert ask(app, "/secret.txt") == "FileNotFoundError"
    assert ask(app, "/data/link.txt") != "s"
    assert ask(app, "/data/a.txt", "PUT", b"x") in ("PermissionError", "OSError")
    (built / "data" / "new.txt").unlink()


def test_warnings(serve):
    app = serve('files = ["**/*"]\n')
    assert '"**/*" shows the component everything in the application\'s folder' in app.errors()
    app = serve('files = ["data"]\n')
    assert "the files of \"data\" are found at /data/data: write \"data/**/*\"" in app.errors()
