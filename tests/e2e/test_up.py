"""spin up, with a guest written by hand (guest/guest.wat)."""

import re
import shutil
import signal
import socket

import pytest

from conftest import MANIFEST


def test_what_it_says(up, guest_app):
    app = up(guest_app)
    assert app.output() == (
        f"\nServing http://{app.address}\nAvailable Routes:\n"
        f"  hello: http://{app.address} (wildcard)\n"
    )
    assert app.stop() == 0
    assert app.errors() == 'Logging component stdio to ".spin/logs/"\n'


def test_routes_and_descriptions(up, guest_app):
    (guest_app / "spin.toml").write_text(
        MANIFEST.replace('route = "/..."', 'route = "/api/..."')
        + 'description = "says hello"\n'
        + "".join(
            f'[[trigger.http]]\nroute = {route}\ncomponent = "hello"\n'
            for route in ['"/here"', '"/"', '"/users/:id"', "{ private = true }"]
        )
    )
    app = up(guest_app)
    base = f"http://{app.address}"
    lines = app.output().split("Routes:\n")[1].splitlines()
    assert lines[::2] == [
        f"  hello: {base}/api (wildcard)",
        f"  hello: {base}/here",
        f"  hello: {base}",
        f"  hello: {base}/users/:id",
    ]
    assert set(lines[1::2]) == {"    says hello"}
    for path, status in [("/api", 200), ("/api/x", 200), ("/here", 200), ("/here/", 200),
                         ("/users/1", 200), ("/users", 404), ("/other", 404), ("/apix", 404)]:
        assert app.get(path).status == status, path


def test_duplicate_routes(up, guest_app):
    with open(guest_app / "spin.toml", "a") as manifest:
        manifest.write('[[trigger.http]]\nroute = "/..."\ncomponent = "hello"\n')
    app = up(guest_app)
    assert app.stop() == 0
    assert (
        "The following component routes are duplicates and will never be used:\n"
        "  hello: /... (duplicate of hello)\n"
    ) in app.errors()


def test_hello(up, guest_app):
    app = up(guest_app)
    assert app.get("/hello").body == b"hello"


def test_unknown_paths(up, guest_app):
    (guest_app / "spin.toml").write_text(MANIFEST.replace('"/..."', '"/only"'))
    r = up(guest_app).get("/other")
    assert (r.status, r.body, r.names()) == (404, b"", ["content-length", "date"])


def test_well_known_paths(up, guest_app):
    app = up(guest_app)
    r = app.get("/.well-known/spin/health")
    assert (r.status, r.body, r.names()) == (200, b"OK", ["content-length", "date"])
    r = app.get("/.well-known/spin/info")
    assert r["content-type"] == "application/json"
    assert r.body == b'{\n  "name": "test-app",\n  "version": "1.2.3"\n}'
    assert app.get("/.well-known/spin/other").status == 404


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_with_status_0(up, guest_app, number):
    app = up(guest_app)
    assert app.get("/hello").status == 200
    assert app.stop(number) == 0


TRAPS = {
    "/t": "the guest trapped: unreachable",
    "/o": "the guest trapped: out of bounds memory access",
    "/s": "the guest trapped: call stack exhausted",
    "/n": "guest failed to produce a response prior to returning",
    "/e": "the guest answered with an error",
    "/x": "the guest has ended itself before",
}


@pytest.mark.parametrize("options", [[], ["--interpret"]])
def test_traps_are_answered_and_told(up, guest_app, options):
    app = up(guest_app, "--check-rewind", *options)
    for path, message in TRAPS.items():
        with app.client() as client:
            r = client.get(path)
            assert (r.status, r.body, r.names()) == (500, b"", ["content-length", "date"])
            assert client.get("/hello").body == b"hello"
        app.wait_for(app.err, re.escape(f"component `hello`, GET {path}: {message}"))
    assert app.stop() == 0
    assert f"check-rewind: {2 * len(TRAPS)} requests, 0 left something behind" in app.errors()


def test_a_body_that_is_not_finished_is_cut(up, guest_app):
    app = up(guest_app)
    assert not app.get("/u").complete
    assert app.get("/hello").status == 200


def test_endless_loops_are_stopped(up, guest_app):
    app = up(guest_app, "--request-timeout", "20ms", "--check-rewind", "--threads", "1")
    for _ in range(20):
        r = app.get("/l")
        assert (r.status, r.body) == (504, b"")
    assert app.get("/hello").status == 200
    app.wait_for(app.err, r"GET /l: stopped: it has used more than the CPU time of a request \(0\.02 s")
    assert app.stop() == 0


def test_every_request_is_new(up, guest_app):
    app = up(guest_app, "--check-rewind", "--threads", "1")
    for _ in range(50):
        assert app.get("/count").body == b"11"
        assert app.get("/grow").body == b"hello"
    assert app.stop() == 0
    assert "check-rewind: 100 requests, 0 left something behind" in app.errors()


def test_output_goes_to_files_and_stderr(up, guest_app):
    app = up(guest_app)
    app.get("/print")
    app.wait_for(app.err, "to stderr\n")
    app.wait_for(app.err, "to stdout\n")
    logs = guest_app / ".spin" / "logs"
    assert (logs / "hello_stdout.txt").read_text() == "to stdout\n"
    assert (logs / "hello_stderr.txt").read_text() == "to stderr\n"
    app.stop()
    app = up(guest_app, "--quiet")
    app.get("/print")
    assert (logs / "hello_stdout.txt").read_text() == "to stdout\n" * 2
    app.stop()
    assert "to std" not in app.errors()
    app = up(guest_app, "--truncate-logs")
    assert (logs / "hello_stdout.txt").read_text() == ""


def test_log_folder(up, guest_app, tmp_path):
    app = up(guest_app, "--log-dir", "other/logs")
    app.wait_for(app.err, 'Logging component stdio to "other/logs/"\n')
    app.get("/print")
    assert (guest_app / "other" / "logs" / "hello_stdout.txt").read_text() == "to stdout\n"
    app.stop()
    app = up(guest_app, "--log-dir", "", "--quiet")
    app.get("/print")
    app.wait_for(app.err, "to stdout\n")
    assert "Logging" not in app.errors()
    assert not (guest_app / ".spin").exists()


def test_from_elsewhere(up, guest_app, tmp_path):
    app = up("/", "-f", str(guest_app))
    assert app.get("/hello").status == 200
    assert (guest_app / ".spin" / "logs" / "hello_stdout.txt").exists()


def test_port_in_use(spin, up, guest_app):
    app = up(guest_app)
    done = spin("up", "--listen", app.address)
    assert done.status == 1
    assert done.err.endswith(
        f"Error: {app.address} is already in use. To have Spin search for a free port, use the "
        "--find-free-port option.\n"
    )
    other = up(guest_app, "--find-free-port", listen=app.address)
    assert other.address != app.address
    assert other.get("/hello").status == 200


@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1", "127.0.0.1:99999", ":3000"])
def test_wrong_addresses(spin, guest_app, address):
    done = spin("up", "--listen", address)
    assert done.status == 2
    assert f"'{address}' is not an address to listen on" in done.err


def test_localhost_is_ipv4(up, guest_app):
    app = up(guest_app, listen="localhost:0")
    assert app.address.startswith("127.0.0.1:")


def test_ipv6(up, guest_app):
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6")
    app = up(guest_app, listen="[::1]:0")
    assert app.address.startswith("[::1]:")


def test_missing_component_file(spin, guest_app):
    (guest_app / "app.wasm").unlink()
    done = spin("up")
    assert done.status == 1
    assert "spin.toml:12:10: there is no file 'app.wasm'; `source` must name" in done.err
    with open(guest_app / "spin.toml", "a") as manifest:
        manifest.write('build = { command = "true" }\n')
    assert "run `spin build` first, or `spin up --build`" in spin("up").err


def test_a_file_that_is_no_component(spin, guest_app):
    (guest_app / "app.wasm").write_bytes(b"not wasm")
    done = spin("up")
    assert done.status == 1
    assert "Error: Failed to load component `hello`" in done.err
    assert "spin.toml:12:10: `app.wasm` cannot be loaded: malformed component" in done.err


def test_an_interface_that_is_not_there(spin, guest_app, guests):
    shutil.copy(guests.needs_mysql(), guest_app / "app.wasm")
    done = spin("up")
    assert done.status == 1
    assert (
        "spin.toml:12:10: component `hello` imports `fermyon:spin/mysql@2.0.0`, which is not "
        "supported yet\n"
    ) in done.err


def test_components_without_a_trigger_are_left_alone(up, guest_app):
    with open(guest_app / "spin.toml", "a") as manifest:
        manifest.write('[component.unused]\nsource = "nowhere.wasm"\n')
    assert up(guest_app).get("/hello").status == 200


def test_build_first(up, guest_app):
    (guest_app / "app.wasm").rename(guest_app / "made.wasm")
    with open(guest_app / "spin.toml", "a") as manifest:
        manifest.write('build = { command = "cp made.wasm app.wasm" }\n')
    app = up(guest_app, "--build")
    assert app.get("/hello").body == b"hello"
    assert app.output().startswith("Building component hello with `cp made.wasm app.wasm`\n")


@pytest.mark.parametrize("value", ["x", "5 s", "-1", "1h"])
def test_wrong_times(spin, guest_app, value):
    done = spin("up", f"--request-timeout={value}")
    assert done.status == 2
    assert f"'{value}' is not a time" in done.err


def test_wrong_environment(spin, guest_app):
    done = spin("up", "--env", "X")
    assert done.status == 2
    assert "Environment variable must be of the form `key=value`" in done.err


def test_many_at_once(up, guest_app):
    app = up(guest_app, "--threads", "2", "--check-rewind")
    clients = [app.client() for _ in range(40)]
    for _ in range(5):
        for client in clients:
            client.send("GET /count HTTP/1.1\r\nHost: h\r\n\r\n")
        for client in clients:
            assert client.response().body == b"11"
    for client in clients:
        client.close()
    assert app.stop() == 0
    assert "check-rewind: 200 requests, 0 left something behind" in app.errors()


def test_clients_that_go_away(up, guest_app):
    app = up(guest_app, "--check-rewind", "--request-timeout", "50ms")
    for path in ["/hello", "/l", "/u"]:
        for _ in range(10):
            client = app.client()
            client.send(f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n")
            client.close()
    assert app.get("/count").body == b"11"
    assert app.stop() == 0


def test_native_code_is_made_in_the_background(up, guest_app, guests, tmp_path):
    shutil.copy(guests.large(), guest_app / "app.wasm")
    env = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    app = up(guest_app, "--check-rewind", env=env, interpreted=True)
    assert app.get("/count").body == b"11"
    app.wait_for(app.err, "Component `hello` runs as native code now.\n")
    for _ in range(10):
        assert app.get("/count").body == b"11"
    assert app.get("/t").status == 500
    assert app.stop() == 0
    assert "check-rewind: 12 requests, 0 left something behind" in app.errors()
    app = up(guest_app, env=env)
    assert app.get("/count").body == b"11"


def test_ending_while_code_is_made(up, guest_app, guests, tmp_path):
    shutil.copy(guests.large(), guest_app / "app.wasm")
    app = up(guest_app, env={"XDG_CACHE_HOME": str(tmp_path / "cache")}, interpreted=True)
    assert app.get("/count").body == b"11"
    assert app.stop() == 0


def test_memory_of_an_instance_is_limited(up, guest_app):
    app = up(guest_app, "--max-instance-memory", str(4 << 20))
    assert app.get("/grow").status == 500
    app.wait_for(app.err, "GET /grow: the guest trapped: out of bounds memory access")
    assert app.get("/hello").status == 200


def test_address_from_the_environment(spin, up, guest_app):
    app = up(guest_app)
    done = spin("up", env={"SPIN_HTTP_LISTEN_ADDR": app.address})
    assert f"Error: {app.address} is already in use." in done.err
