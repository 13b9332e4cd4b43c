"""What a manifest may say, and the options of `spin up` that choose from it."""

import json
import shutil

import pytest

HEAD = """spin_manifest_version = 2
[application]
name = "test-app"
"""


@pytest.fixture
def application(tmp_path, guests):
    """Writes a manifest beside two copies of the hand-written guest."""
    for name in ["one.wasm", "two.wasm"]:
        shutil.copy(guests.guest(), tmp_path / name)

    def write(text):
        (tmp_path / "spin.toml").write_text(HEAD + text)
        return tmp_path

    return write


def routes(app):
    return app.output().split("Routes:\n")[1]


TWO = """
[[trigger.http]]
route = "/h1/..."
component = "one"
[[trigger.http]]
route = "/h2"
component = "two"
[component.one]
source = "one.wasm"
description = "the first"
[component.two]
source = "two.wasm"
"""


def test_several_components(up, application):
    app = up(application(TWO))
    assert routes(app) == (
        f"  one: http://{app.address}/h1 (wildcard)\n    the first\n  two: http://{app.address}/h2\n"
    )
    assert [app.get(path).status for path in ["/h1/x", "/h2", "/h2/x"]] == [200, 200, 404]


@pytest.mark.parametrize("chosen, answers", [(["one"], [200, 404]), (["two"], [404, 200]), (["one", "two"], [200, 200])])
def test_component_id(up, application, chosen, answers):
    app = up(application(TWO), *[word for name in chosen for word in ("-c", name)])
    assert [app.get(path).status for path in ["/h1/x", "/h2"]] == answers
    assert routes(app).count("http://") == len(chosen)


def test_a_component_that_is_not_chosen_may_be_missing(up, application):
    folder = application(TWO)
    (folder / "two.wasm").unlink()
    assert up(folder, "--component-id", "one").get("/h1").status == 200


def test_format_json(spin, up, application):
    app = up_json(up, application(TWO + '[[trigger.http]]\nroute = { private = true }\ncomponent = "one"\n'))
    start = json.loads(app.output())
    assert start == {
        "base_url": f"http://{app.address}",
        "routes": [
            {"id": "one", "route": "/h1", "wildcard": True, "description": "the first"},
            {"id": "two", "route": "/h2", "wildcard": False},
        ],
    }


def up_json(up, folder):
    return up(folder, "--format", "json", pattern=r'"base_url": "http://(\S+)"(?s:.*)\n}\n')


def test_inline_components(up, application):
    app = up(application("""
[[trigger.http]]
route = "/h1"
component = { source = "one.wasm", description = "inline" }
[[trigger.http]]
id = "second"
route = "/h2"
[trigger.http.component]
source = "two.wasm"
"""))
    assert routes(app) == (
        f"  inline-component1: http://{app.address}/h1\n    inline\n"
        f"  second-component: http://{app.address}/h2\n"
    )
    assert [app.get(path).body for path in ["/h1", "/h2"]] == [b"hello", b"hello"]


def test_static_responses(up, application):
    app = up(application("""
[[trigger.http]]
id = "gone"
route = "/gone/..."
static_response = { status_code = 410, headers = { Content-Type = "text/plain", x-a = "b" }, body = "no longer\\n" }
[[trigger.http]]
route = "/old"
static_response = { status_code = 302, headers = { location = "/new" } }
[[trigger.http]]
route = "/empty"
static_response = {}
"""))
    assert routes(app).splitlines()[:2] == [
        f"  gone: http://{app.address}/gone (wildcard)", f"  http-trigger1: http://{app.address}/old"
    ]
    r = app.get("/gone/x")
    assert (r.status, r.body) == (410, b"no longer\n")
    assert r.names() == ["content-type", "x-a", "content-length", "date"]
    r = app.get("/old")
    assert (r.status, r.body, r["location"], r["content-length"]) == (302, b"", "/new", "0")
    assert app.get("/empty").status == 200
    assert app.post("/gone", b"body").status == 410
    assert app.get("/gone/x").body == b"no longer\n"


def test_private_routes(up, application):
    app = up(application("""
[[trigger.http]]
route = { private = true }
component = "one"
[[trigger.http]]
route = "/h2"
component = "two"
[component.one]
source = "one.wasm"
[component.two]
source = "two.wasm"
"""))
    assert "one" not in routes(app)
    assert [app.get(path).status for path in ["/", "/h1", "/h2"]] == [404, 404, 200]


def test_the_id_of_the_page(up, application):
    """The page writes `id` inside a component's table."""
    app = up(application(TWO.replace("[component.two]", '[component.two]\nid = "two"')))
    assert app.get("/h2").status == 200
    assert (
        "Warning: spin.toml:15:1: `id` in [component.two] is not needed: the table's name says it\n" in app.errors()
    )


def test_hosts_without_schemes_are_warned_of(up, application):
    app = up(application(TWO.replace("[component.two]", '[component.two]\nallowed_http_hosts = ["example.com"]')))
    assert "`allowed_http_hosts` is deprecated: write `allowed_outbound_hosts`" in app.errors()


def test_a_component_without_a_manifest(up, application):
    folder = application(TWO)
    app = up(folder, "-f", "one.wasm")
    assert routes(app) == f"  one: http://{app.address} (wildcard)\n"
    assert app.get("/here").body == b"hello"
    assert app.get("/.well-known/spin/info").body == b'{\n  "name": "one"\n}'


def test_what_is_not_supported_does_not_disturb_a_build(spin, application):
    folder = application(TWO + """
[component.two.dependencies]
"a:b" = { path = "b.wasm" }
[component.two.profile.debug]
source = "debug.wasm"
[component.two.build]
command = "echo built"
""")
    done = spin("build", cwd=folder)
    assert (done.status, done.err) == (0, "")
    assert "built\n" in done.out
    done = spin("up", cwd=folder)
    assert done.status == 1
    assert "spin.toml:17:16: `dependencies` in [component.two] is not supported yet" in done.err


def test_inline_components_are_built(spin, application):
    done = spin("build", cwd=application("""
[[trigger.http]]
route = "/h1"
component = { source = "one.wasm", build = { command = "echo built" } }
"""))
    assert (done.status, done.err) == (0, "")
    assert "Building component inline-component1 with `echo built`\nbuilt\n" in done.out


@pytest.mark.parametrize("arguments, times", [([], 2), (["--follow", "two"], 1), (["--quiet"], 0)])
def test_follow(up, application, arguments, times):
    """The guest prints where a path begins with `p`."""
    folder = application(TWO.replace("/h1/...", "/p1").replace("/h2", "/p2"))
    app = up(folder, *arguments)
    for path in ["/p1", "/p2"]:
        assert app.get(path).status == 200
    assert app.stop() == 0
    logs = [(folder / ".spin" / "logs" / f"{name}_stdout.txt").read_text() for name in ["one", "two"]]
    assert logs[0] == logs[1] != ""
    assert app.errors().count(logs[0]) == times


def test_runtime_config(up, application):
    folder = application(TWO)
    (folder / "runtime.toml").write_text(
        f'state_dir = "{folder}/state"\nmax_instance_memory = 100000000\n'
        '[key_value_store.other]\ntype = "spin"\n[llm_compute]\ntype = "spin"\n'
    )
    app = up(folder, env={"RUNTIME_CONFIG_FILE": "runtime.toml"})
    assert app.get("/h1").status == 200
    assert app.errors().startswith(
        'Using runtime config [key_value_store.other: spin], [llm_compute: spin] from "runtime.toml"\n'
        f'Logging component stdio to "{folder}/state/logs/"\n'
    )
    app = up(folder, "--runtime-config-file", "runtime.toml", "--state-dir", "")
    assert app.get("/h1").status == 200
    assert "Logging" not in app.errors()


def test_version_1(up, application):
    folder = application("")
    (folder / "spin.toml").write_text("""spin_manifest_version = "1"
name = "old"
version = "1.0.0"
trigger = { type = "http", base = "/" }

[[component]]
id = "hello_world"
source = "one.wasm"
[component.trigger]
route = "/h1/..."
""")
    app = up(folder)
    assert routes(app) == f"  hello-world: http://{app.address}/h1 (wildcard)\n"
    assert app.get("/h1").body == b"hello"
