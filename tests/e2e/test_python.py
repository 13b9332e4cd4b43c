"""Applications in Python, from source to answers."""

import os
import re
import threading
import tomllib

import pytest

HEAD = """
from spin_sdk import http
from spin_sdk.http import Request, Response

"""

ONE = (
    HEAD
    + """
class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request: Request) -> Response:
"""
)


def handler(body, before=""):
    lines = "".join(f"        {line}\n" for line in body.strip().splitlines())
    return before + ONE + lines


def ok(expression):
    return f'return Response(200, {{"content-type": "text/plain"}}, bytes(str(({expression})), "utf-8"))'


def test_structure_of_a_python_component(spin, tmp_path, python_ready):
    """What `spin new` makes is what the page shows, and builds."""
    done = spin("new", "-t", "http-py", "hello-world", "--accept-defaults")
    assert (done.status, done.out, done.err) == (0, "", "")
    folder = tmp_path / "hello-world"
    assert {"app.py", "spin.toml", "requirements.txt"} <= set(os.listdir(folder))
    manifest = tomllib.loads((folder / "spin.toml").read_text())
    assert manifest["spin_manifest_version"] == 2
    assert (manifest["application"]["name"], manifest["application"]["version"]) == (
        "hello-world",
        "0.1.0",
    )
    assert manifest["trigger"]["http"] == [{"route": "/...", "component": "hello-world"}]
    component = manifest["component"]["hello-world"]
    assert component["source"] == "app.wasm"
    assert component["build"]["command"] == (
        "componentize-py -w spin-http componentize app -o app.wasm"
    )
    assert spin("build", cwd=folder).status == 0


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
[component.hello-world.build]
command = "componentize-py -w spin-http componentize app -o app.wasm"
"""

PAGE_FIRST = """from spin_sdk import http
from spin_sdk.http import Request, Response

class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        return Response(
            200,
            {"content-type": "text/plain"},
            bytes("Hello from the Python SDK!", "utf-8")
        )
"""


def test_a_simple_http_components_example(up, spin, tmp_path, python_ready):
    """The first handler and the manifest as the page prints them; the length is the true one."""
    (tmp_path / "spin.toml").write_text(PAGE_MANIFEST)
    (tmp_path / "app.py").write_text(PAGE_FIRST)
    assert spin("build").status == 0
    r = up(tmp_path).get("/hello")
    assert (r.status, r.body) == (200, b"Hello from the Python SDK!")
    assert (r["content-type"], r["content-length"]) == ("text/plain", "26")


def test_building_and_running_the_application(up, python_app, spin, tmp_path):
    """spin new, build, up, curl, as the page has it."""
    spin("new", "-t", "http-py", "first", "--accept-defaults")
    source = (tmp_path / "first" / "app.py").read_text()
    app = up(python_app(source))
    r = app.get("/hello")
    assert (r.status, r.body) == (200, b"Hello from Python!")
    assert r.names() == ["content-type", "content-length", "date"]
    assert (r["content-type"], r["content-length"]) == ("text/plain", "18")


PAGE = (
    "import json\n"
    + ONE
    + """        # Access the request.method
        if request.method == 'POST':
            # Read the request.body as a string
            json_str = request.body.decode('utf-8')
            # Create a JSON object representation of the request.body
            json_object = json.loads(json_str)
            # Access a value in the JSON object
            name = json_object['name']
            # Print the variable to console logs
            print(name)
            # Print the type of the variable to console logs
            print(type(name))
            # Print the available methods of the variable to the console logs
            print(dir(name))
        return Response(200,
                    {"content-type": "text/plain"},
                    bytes(f"Practicing reading the request object", "utf-8"))
"""
)


def test_a_simple_http_components_example_reading_the_request(up, python_app):
    folder = python_app(PAGE)
    app = up(folder, "--check-rewind")
    assert app.get("/").body == b"Practicing reading the request object"
    assert app.post("/", b'{"name": "Ada"}').status == 200
    log = (folder / ".spin" / "logs" / "hello_stdout.txt").read_text().splitlines()
    assert log[:2] == ["Ada", "<class 'str'>"]
    assert "'capitalize'" in log[2]
    for body in [b"not json", b"{}", b"\xff"]:
        r = app.post("/", body)
        assert (r.status, r.body) == (500, b"")
    app.wait_for(app.err, r"Traceback \(most recent call last\):\n(?s:.*)JSONDecodeError")
    assert "KeyError: 'name'" in (folder / ".spin" / "logs" / "hello_stderr.txt").read_text()
    assert app.post("/", b'{"name": 1}').status == 200
    assert app.stop() == 0
    assert "check-rewind: 6 requests, 0 left something behind" in app.errors()


def test_what_a_request_looks_like(up, python_app):
    source = handler(
        ok('[request.method, request.uri, request.body, sorted(request.headers.items())]')
    )
    app = up(
        python_app(source, replace=[('route = "/..."', 'route = "/base/:User_Id/..."')]),
    )
    with app.client() as client:
        client.send(
            "PUT /base/42/x/y?key=value HTTP/1.1\r\nHost: example.com\r\nX-Own: 1\r\n"
            "Spin-Path-Info: forged\r\nspin-other: forged\r\nContent-Length: 4\r\n\r\nbody"
        )
        method, uri, body, headers = eval(client.response().body)
    assert (method, uri, body) == ("PUT", "/base/42/x/y?key=value", b"body")
    headers = dict(headers)
    assert re.fullmatch(r"127\.0\.0\.1:\d+", headers.pop("spin-client-addr"))
    assert headers == {
        "content-length": "4",
        "x-own": "1",
        "spin-path-info": "/x/y",
        "spin-full-url": "http://example.com/base/42/x/y?key=value",
        "spin-matched-route": "/base/:User_Id/...",
        "spin-base-path": "/",
        "spin-raw-component-route": "/base/:User_Id/...",
        "spin-component-route": "/base/:User_Id",
        "spin-path-match-user-id": "42",
    }


def test_methods(up, python_app):
    app = up(python_app(handler(ok("request.method"))))
    for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]:
        with app.client() as client:
            client.send(f"{method} / HTTP/1.1\r\nHost: h\r\n\r\n")
            assert client.response().body.decode() == method
    with app.client() as client:
        client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert client.response(head=True)["content-length"] == "4"


@pytest.mark.parametrize("size", [0, 1, 65535, 1 << 20, 5_000_000])
def test_bodies_both_ways(up, python_app, size, request):
    app = request.getfixturevalue("shared_echo")
    body = bytes(i * 7 % 256 for i in range(size))
    r = app.post("/", body)
    assert r.complete and r.body == body


@pytest.fixture
def shared_echo(up, python_app):
    return up(python_app(handler('return Response(200, {"x-a": "1"}, request.body)')), "--check-rewind")


def test_environment(up, python_app):
    source = handler(ok('__import__("os").environ.get("A"), __import__("os").environ.get("B"), "PATH" in __import__("os").environ'))
    add = '[component.hello.environment]\nA = "manifest"\nB = "manifest"\n'
    app = up(python_app(source, add=add), "--env", "B=option")
    assert app.get("/").body == b"('manifest', 'option', False)"


SLEEPING = (
    """
import time
"""
    + ONE
    + """        what = request.uri.split("?")[0]
        if what == "/sleep":
            time.sleep(0.2)
        return Response(200, {}, b"fine")
"""
)


@pytest.fixture
def sleeping(python_app):
    return python_app(SLEEPING)


def test_handlers_that_sleep_do_not_hold_others_up(up, sleeping):
    app = up(sleeping, "--threads", "1")
    clients = [app.client() for _ in range(64)]
    for client in clients:
        client.send("GET /sleep HTTP/1.1\r\nHost: h\r\n\r\n")
    assert app.get("/").body == b"fine"
    for client in clients:
        assert client.response().body == b"fine"
        client.close()


def test_many_clients_at_once(up, sleeping):
    app = up(sleeping, "--threads", "2", "--check-rewind")
    failures = []

    def work():
        with app.client() as client:
            for _ in range(50):
                if client.get("/").body != b"fine":
                    failures.append(1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert app.stop() == 0
    assert "check-rewind: 400 requests, 0 left something behind" in app.errors()


def test_hello_writes_few_pages(up, python_app):
    app = up(python_app(handler(ok('"Hello"'))), "--check-rewind", "--threads", "1")
    for _ in range(50):
        assert app.get("/").status == 200
    assert app.stop() == 0
    match = re.search(r"(\d+) hot pages at the end", app.errors())
    assert 0 < int(match[1]) <= 20


def test_outgoing_requests_are_denied(up, python_app):
    source = handler(
        """
try:
    send(Request("GET", "https://example.com/x", {}, None))
except Exception as e:
    return Response(200, {}, bytes(str(type(e)) + str(e), "utf-8"))
return Response(500, {}, b"it went out")
""",
        before="from spin_sdk.http import send\n",
    )
    app = up(python_app(source))
    assert app.get("/").status == 200
    app.wait_for(
        app.err,
        r"A component tried to make an (outbound network connection|HTTP request)? ?to disallowed "
        r"destination '?https://example\.com",
    )
    app.wait_for(app.err, r'allowed_outbound_hosts = \["https://example\.com"\]')


def test_a_rebuilt_component_is_served_after_a_restart(up, python_app, spin):
    folder = python_app(handler(ok('"one"')))
    app = up(folder)
    assert app.get("/").body == b"one"
    (folder / "app.py").write_text(handler(ok('"two"')))
    assert spin("build", cwd=folder).status == 0
    assert app.get("/").body == b"one", "the running application keeps the file that it has"
    app.stop()
    assert up(folder).get("/").body == b"two"


def test_our_build_wins_in_an_active_environment(spin, python_ready, tmp_path):
    """With another componentize-py first on PATH the component is still made by ours."""
    other = tmp_path / "venv" / "bin"
    other.mkdir(parents=True)
    fake = other / "componentize-py"
    fake.write_text("#!/bin/sh\necho upstream; exit 1\n")
    fake.chmod(0o755)
    assert spin("new", "-t", "http-py", "hello", "--accept-defaults").status == 0
    env = {"PATH": f"{other}:{os.environ['PATH']}", "VIRTUAL_ENV": str(tmp_path / "venv")}
    done = spin("build", cwd=tmp_path / "hello", env=env)
    assert done.status == 0, done.err
    assert "Component built successfully" in done.out + done.err
