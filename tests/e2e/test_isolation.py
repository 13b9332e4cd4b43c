"""No request sees what another one did. `--check-rewind` compares every byte after each request."""

import json
import os
import random
import re
import shutil
from pathlib import Path

import pytest

LONG = bool(os.environ.get("SPINDLE_LONG"))
MIXED_REQUESTS = 10_000 if LONG else 500
TIMEOUTS = 1_000 if LONG else 50


@pytest.fixture
def isolation(tmp_path, spin, python_ready):
    folder = tmp_path / "isolation"
    shutil.copytree(Path(__file__).parent / "apps" / "isolation", folder)
    built = spin("build", cwd=folder)
    assert built.status == 0, built.err
    return folder


@pytest.fixture
def checked(up, isolation):
    """One thread, so that requests meet the same instance; every rewind is compared."""
    app = up(isolation, "--threads", "1", "--check-rewind", "--quiet")
    yield app
    assert_nothing_was_left_behind(app)


def assert_nothing_was_left_behind(app):
    assert app.stop() == 0
    report = re.search(r"check-rewind: (\d+) requests, (\d+) left something", app.errors())
    assert int(report[1]) > 0 and report[2] == "0", app.errors()


def resident_kib(app):
    status = Path(f"/proc/{app.process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


FRESH = {
    "counter": 0, "seen": [], "cache": {}, "lru": 0, "default": 0, "mode": "fresh",
    "attribute": False, "patched": False, "environment": "", "module": False, "path": False,
    "builtin": False,
}


def test_nothing_survives_a_request(checked):
    for _ in range(20):
        response = checked.get("/traces")
        assert response.status == 200
        assert json.loads(response.body) == FRESH


def test_randomness_differs_and_clocks_move(checked):
    answers = [json.loads(checked.get("/random").body) for _ in range(20)]
    for source in ("random", "own", "uuid4", "urandom"):
        assert len({answer[source] for answer in answers}) == len(answers), source
    for clock in ("time", "monotonic"):
        readings = [answer[clock] for answer in answers]
        assert readings == sorted(set(readings)), clock


def test_a_late_import_reads_its_file(checked):
    for _ in range(3):
        response = checked.get("/late")
        assert response.status == 200, checked.errors()
        assert json.loads(response.body) == {"answer": 42, "value": 1}


def go_away_in_the_middle_of_the_body(app):
    with app.client() as client:
        client.send("POST /success HTTP/1.1\r\nHost: test\r\nContent-Length: 5000000\r\n\r\n")
        client.send(b"x" * 1_500_000)


def test_mixed_requests_leave_the_image_as_it_was(up, isolation):
    app = up(isolation, "--threads", "1", "--check-rewind", "--request-timeout", "2s", "--quiet")
    expected = {
        "/traces": 200, "/success": 200, "/random": 200, "/late": 200, "/exception": 500,
        "/exit": 500, "/recursion": 500, "/memory": 200, "gone": None, "/loop": 504,
    }
    weights = {"/memory": 0.3, "/loop": 0.02, "/late": 0.5}
    paths = list(expected)
    choose = random.Random(3)
    for _ in range(MIXED_REQUESTS):
        path = choose.choices(paths, [weights.get(path, 1) for path in paths])[0]
        if path == "gone":
            go_away_in_the_middle_of_the_body(app)
            continue
        if path == "/success":
            response = app.post(path, b"y" * choose.randrange(100_000))
        else:
            response = app.get(path)
        assert response.status == expected[path], (path, app.errors())
        if response.status != 200:
            assert response.body == b""
    assert json.loads(app.get("/traces").body) == FRESH
    assert_nothing_was_left_behind(app)


def test_endless_loops_are_stopped_without_a_leak(up, isolation):
    app = up(isolation, "--threads", "1", "--request-timeout", "50ms", "--quiet")
    assert app.get("/loop").status == 504
    before = resident_kib(app)
    for _ in range(TIMEOUTS):
        assert app.get("/loop").status == 504
    assert app.post("/success", b"").status == 200
    assert resident_kib(app) < before + 8 * 1024


@pytest.mark.skipif(not LONG, reason="takes 35 s: make test-long")
def test_a_sleep_longer_than_the_default_timeout_answers(up, isolation):
    app = up(isolation, "--quiet")
    with app.client() as client:
        client.socket.settimeout(60)
        assert client.get("/sleep?35").status == 200


def test_a_sleep_longer_than_the_timeout_answers(up, isolation):
    app = up(isolation, "--request-timeout", "100ms", "--quiet")
    assert app.get("/sleep?0.3").status == 200
