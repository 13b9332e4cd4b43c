"""examples/: each directory runs as its README says."""

import importlib.util
import os
import re
import subprocess
import sys

import pytest

from conftest import ROOT

EXAMPLES = sorted(path.name for path in (ROOT / "examples").iterdir())


@pytest.mark.parametrize("name", EXAMPLES)
def test_is_complete(name):
    folder = ROOT / "examples" / name
    for file in ("README.md", "app.py", "requirements.txt", "spin.toml"):
        assert (folder / file).exists(), file
    assert "spin up" in (folder / "README.md").read_text()


def test_all_pass_mypy_strict(sdk):
    if not importlib.util.find_spec("mypy"):
        pytest.skip("no mypy")
    for name in EXAMPLES:
        done = subprocess.run(
            [sys.executable, "-m", "mypy", "--strict", "--cache-dir", sdk / "cache", "app.py"],
            cwd=ROOT / "examples" / name,
            env={**os.environ, "MYPYPATH": str(sdk)},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, name + ": " + done.stdout + done.stderr


def test_variables(example, up, spin):
    folder = example("variables")
    done = spin("up", cwd=folder)
    assert done.status == 1
    assert 'spin.toml:11:1: no provider resolved required variable(s): [Key("api_token")]' in done.err
    app = up(folder, "--variable", "api_token=secret", "--variable", "greeting=Hi")
    assert app.get("/").status == 401
    assert app.get("/", "Authorization: Bearer secret\r\n").body == b"Hi from a variable"


def test_files(example, up):
    app = up(example("files"))
    r = app.get("/?a")
    assert (r.status, r["content-type"]) == (200, "text/html")
    assert r.body == b"<!doctype html>\n<title>Files</title>\n<p>Written in 2026.</p>\n"
    for path in ["/new.draft.html", "/../data/site.json", "/none", "/../app.py"]:
        assert app.get(path).status == 404, path


def test_templates(example, up, spin):
    folder = example("templates")
    before = (folder / "spin.toml").read_text()
    assert spin("templates", "install", "--dir", ".", cwd=folder).status == 0
    refused = spin("new", "-t", "greeting-py", "x", "-a", cwd=folder)
    assert refused.status == 1
    assert "Template greeting-py doesn't support the 'new application' operation" in refused.err
    for name, values in [("good-morning", ["greeting=Good morning"]), ("Bye", ["loud=no"])]:
        words = [word for value in values for word in ("--value", value)]
        done = spin("add", "-t", "greeting-py", name, "-a", *words, cwd=folder)
        assert (done.status, done.out, done.err) == (0, "", "")
    assert (folder / "spin.toml").read_text().startswith(before)
    done = spin("build", cwd=folder)
    assert done.status == 0, done.out + done.err
    app = up(folder)
    assert app.get("/good-morning/Ada").body == b"Good morning, Ada!"
    assert app.get("/bye/Bob").body == b"Hello, Bob"
    assert b"nothing here yet" in app.get("/").body


def test_sdk_two(example, up):
    app = up(example("sdk-two"), "--check-rewind")
    assert app.get("/").body == b"42"


def test_several_components(example, up, spin):
    folder = example("several-components")
    app = up(folder)
    assert re.fullmatch(rb"The year is 20\d\d\.", app.get("/").body)
    r = app.get("/old")
    assert (r.status, r["location"]) == (308, "/")
    done = spin("build", "-c", "clock", cwd=folder)
    assert done.status == 0
    assert "Building component clock (2 commands)" in done.out
    assert "building the clock" in done.out and "page" not in done.out


def test_several_components_refused(example, up):
    folder = example("several-components")
    manifest = folder / "spin.toml"
    grant = 'allowed_outbound_hosts = ["http://clock.spin.internal"]\n'
    assert grant in manifest.read_text()
    manifest.write_text(manifest.read_text().replace(grant, ""))
    app = up(folder)
    assert app.get("/").status == 500
    app.wait_for(app.err, r"http://clock\.spin\.internal")
