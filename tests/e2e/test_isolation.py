"""No request sees what another one did. `--check-rewind` compares every byte after each request."""

import json
import os
import random
import subprocess

import pytest

import spin_app
from raw import Client

pytestmark = pytest.mark.skipif(not spin_app.python_is_built(), reason="python.wasm is not built")

LONG = bool(os.environ.get("SPINDLE_LONG"))
MIXED_REQUESTS = 10_000 if LONG else 500
TIMEOUTS = 1_000 if LONG else 50


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = spin_app.copy_app("isolation", tmp_path_factory.mktemp("isolation"))
    built = spin_app.build(folder)
    assert built.returncode == 0, built.stderr
    return folder


def run(folder, *flags):
    running = spin_app.RunningApp(folder, *flags)
    yield running
    assert running.stop() == 0


@pytest.fixture
def checked(folder):
    """One thread, so that requests meet the same instance; every rewind is compared."""
    yield from run(folder, "--threads", "1", "--check-rewind", "--quiet")


@pytest.fixture
def quick_timeout(folder):
    yield from run(folder, "--threads", "1", "--request-timeout", "50ms", "--quiet")


@pytest.fixture
def plain(folder):
    yield from run(folder, "--quiet")


def get(running, path, body=None):
    with Client(running.address, timeout=60) as client:
        if body is None:
            return client.get(path)
        client.send(f"POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {len(body)}\r\n\r\n")
        client.send(body)
        return client.response()


FRESH = {
    "counter": 0, "seen": [], "cache": {}, "lru": 0, "default": 0, "mode": "fresh",
    "attribute": False, "patched": False, "environment": "", "module": False, "path": False,
    "builtin": False,
}


def test_nothing_survives_a_request(checked):
    for _ in range(20):
        response = get(checked, "/traces")
        assert response.status == 200
        assert json.loads(response.body) == FRESH


def test_randomness_differs_and_clocks_move(checked):
    answers = [json.loads(get(checked, "/random").body) for _ in range(20)]
    for source in ("random", "own", "uuid4", "urandom"):
        assert len({answer[source] for answer in answers}) == len(answers), source
    for clock in ("time", "monotonic"):
        readings = [answer[clock] for answer in answers]
        assert readings == sorted(set(readings)), clock


def test_a_late_import_reads_its_file(checked):
    for _ in range(3):
        response = get(checked, "/late")
        assert response.status == 200, checked.stderr()
        assert json.loads(response.body) == {"answer": 42, "value": 1}


def go_away_in_the_middle_of_the_body(running):
    with Client(running.address) as client:
        client.send("POST /success HTTP/1.1\r\nHost: test\r\nContent-Length: 5000000\r\n\r\n")
        client.send(b"x" * 1_500_000)


def test_mixed_requests_leave_the_image_as_it_was(folder):
    flags = ("--threads", "1", "--check-rewind", "--request-timeout", "2s", "--quiet")
    expected = {
        "/traces": 200, "/success": 200, "/random": 200, "/late": 200, "/exception": 500,
        "/exit": 500, "/recursion": 500, "/memory": 200, "gone": None, "/loop": 504,
    }
    weights = {"/memory": 0.3, "/loop": 0.02, "/late": 0.5}
    paths = list(expected)
    choose = random.Random(3)
    for running in run(folder, *flags):
        for _ in range(MIXED_REQUESTS):
            path = choose.choices(paths, [weights.get(path, 1) for path in paths])[0]
            if path == "gone":
                go_away_in_the_middle_of_the_body(running)
                continue
            response = get(running, path, b"y" * choose.randrange(100_000)
                           if path == "/success" else None)
            assert response.status == expected[path], (path, running.stderr())
            if response.status != 200:
                assert response.body == b""
        assert json.loads(get(running, "/traces").body) == FRESH
        assert running.process.poll() is None


def test_endless_loops_are_stopped_without_a_leak(quick_timeout):
    get(quick_timeout, "/loop")
    before = quick_timeout.resident_kib()
    for _ in range(TIMEOUTS):
        assert get(quick_timeout, "/loop").status == 504
    assert get(quick_timeout, "/success").status == 200
    assert quick_timeout.resident_kib() < before + 8 * 1024


@pytest.mark.skipif(not LONG, reason="takes 35 s: make test-long")
def test_sleeping_is_not_running(plain):
    assert get(plain, "/sleep?35").status == 200


def test_a_sleep_longer_than_the_timeout_answers(quick_timeout):
    assert get(quick_timeout, "/sleep?0.3").status == 200


TRAPS = {
    "unreachable": "unreachable",
    "out of bounds memory access": "(drop (i32.load (i32.const -8)))",
    "call stack exhausted": "(drop (call $deep (i64.const 1) (i64.const 2) (i64.const 3)"
                            " (i64.const 4)))",
    "uninitialized element": "(call_indirect (type $void) (i32.const 0))",
}


@pytest.mark.parametrize("message", TRAPS)
def test_a_trap_is_500_and_a_log_line(tmp_path, message):
    wasm_tools = os.environ.get("SPINDLE_WASM_TOOLS", "wasm-tools")
    text = (spin_app.APPS / "traps/trap.wat.in").read_text().replace("@BODY@", TRAPS[message])
    (tmp_path / "trap.wat").write_text(text)
    subprocess.run([wasm_tools, "parse", "trap.wat", "-o", "app.wasm"], cwd=tmp_path, check=True)
    (tmp_path / "spin.toml").write_text(
        'spin_manifest_version = 2\n[application]\nname = "trap"\n'
        '[[trigger.http]]\nroute = "/..."\ncomponent = "trap"\n'
        '[component.trap]\nsource = "app.wasm"\n')
    for running in run(tmp_path):
        for _ in range(3):
            response = get(running, "/")
            assert (response.status, response.body) == (500, b"")
        assert running.stderr().count(message) == 3
        assert get(running, "/.well-known/spin/health").status == 200
