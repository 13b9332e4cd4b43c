"""spin_sdk.key_value and wasi:keyvalue: what a component is granted, what is kept, what is refused."""

import re
import sqlite3
import threading

import pytest

# Evaluates what is posted; `store` is the default store.
APP = """
from spin_sdk import http, key_value
from spin_sdk.http import Request, Response
from spin_sdk.wit.imports import atomics, batch, wasi_keyvalue_store
from spin_sdk.wit.types import Err

def run(code):
    names = {"key_value": key_value, "atomics": atomics, "batch": batch, "bucket": wasi_keyvalue_store.open}
    if b"store." not in code:
        return eval(code, names)
    with key_value.open_default() as store:
        return eval(code, {**names, "store": store})

class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        try:
            answer = run(request.body)
        except Err as e:
            answer = e
        return Response(200, {"content-type": "text/plain"}, repr(answer).encode())
"""

DENIED = "Err(value=Error_AccessDenied())"


def grant(*labels):
    listed = ", ".join(f'"{label}"' for label in labels)
    return {"replace": [("[component.hello]\n", f"[component.hello]\nkey_value_stores = [{listed}]\n")]}


def asker(app):
    def ask(code):
        answer = app.post("/", code.encode())
        assert answer.status == 200, app.errors()
        return answer.body.decode()

    return ask


@pytest.fixture
def folder(python_app):
    return python_app(APP, **grant("default"))


def database(folder):
    return folder / ".spin" / "sqlite_key_value.db"


def test_storing_data_in_the_spin_key_value_store(up, example):
    folder = example("key-value")
    app = up(folder)
    assert app.post("/bread", b"two loaves").status == 201
    assert app.get("/bread").body == b"two loaves"
    assert app.get("/").body == b"bread\n"
    assert app.get("/butter").status == 404
    app.stop()
    app = up(folder, "--key-value", "butter=none", "--key-value", "bread=a=b")
    assert app.get("/bread").body == b"a=b"
    assert app.get("/").body == b"bread\nbutter\n"
    with app.client() as client:
        client.send("DELETE /bread HTTP/1.1\r\nHost: test\r\n\r\n")
        assert client.response().status == 204
    assert app.get("/bread").status == 404


def test_storing_data_in_the_spin_key_value_store_without_a_grant(up, example):
    folder = example("key-value")
    manifest = folder / "spin.toml"
    manifest.write_text(manifest.read_text().replace('key_value_stores = ["default"]\n', ""))
    app = up(folder)
    assert app.post("/bread", b"two loaves").status == 500
    app.wait_for(app.err, r"Error_AccessDenied")
    assert not database(folder).exists()


def test_every_function(up, folder):
    ask = asker(up(folder))
    assert ask("store.get('a')") == "None"
    assert ask("store.set('a', bytes(range(256)))") == "None"
    assert ask("store.get('a') == bytes(range(256))") == "True"
    assert ask("store.set('ü/empty', b''), store.get('ü/empty')") == "(None, b'')"
    assert ask("store.exists('a'), store.exists('b')") == "(True, False)"
    assert ask("sorted(store.get_keys())") == "['a', 'ü/empty']"
    assert ask("store.delete('a'), store.delete('a'), store.get_keys()") == "(None, None, ['ü/empty'])"
    assert ask("key_value.open('secret')") == DENIED
    assert ask("bucket('secret')") == DENIED
    assert ask("key_value.ErrorOther is key_value.Error_Other") == "True"


def test_wasi_keyvalue(up, folder):
    ask = asker(up(folder))
    assert ask("[atomics.increment(bucket('default'), 'n', d) for d in (5, -2)]") == "[5, 3]"
    assert ask("store.get('n')") == repr((3).to_bytes(8, "little"))
    assert ask("batch.set_many(bucket('default'), [('x', b'1'), ('y', b'2')])") == "None"
    assert ask("batch.get_many(bucket('default'), ['x', 'z', 'y'])") == "[('x', b'1'), ('y', b'2')]"
    assert ask("batch.delete_many(bucket('default'), ['x', 'y']), store.get_keys()") == "(None, ['n'])"
    swap = ("(lambda cas: (cas.current(), store.set('n', b'other'), atomics.swap(cas, b'mine')))"
            "(atomics.Cas.new(bucket('default'), 'n'))")
    assert "CasError_CasFailed" in ask(swap)
    assert ask("store.get('n')") == "b'other'"
    assert ask("atomics.increment(bucket('default'), 'n', 1)").startswith("Err(value=Error_Other(")


def test_it_is_the_database_that_spin_makes(up, folder):
    app = up(folder)
    asker(app)("store.set('k', b'v')")
    assert 'Storing default key-value data to ".spin/sqlite_key_value.db".\n' in app.errors()
    app.stop()
    with sqlite3.connect(database(folder)) as db:
        assert db.execute("SELECT store, key, value FROM spin_key_value").fetchall() == [
            ("default", "k", b"v")]
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_nothing_is_said_or_made_without_a_grant(up, python_app):
    folder = python_app(APP)
    app = up(folder)
    assert asker(app)("key_value.open_default()") == DENIED
    assert "Storing" not in app.errors()
    assert not database(folder).exists()


def test_in_memory_without_a_state_folder(up, folder):
    app = up(folder, "--state-dir", "")
    ask = asker(app)
    assert ask("store.set('k', b'v')") == "None"
    assert ask("store.get('k')") == "b'v'"
    assert "Storing" not in app.errors()
    app.stop()
    assert not database(folder).exists()
    assert asker(up(folder, "--state-dir", ""))("store.get('k')") == "None"


def test_labels_of_the_runtime_config(up, python_app, redis_server):
    server = redis_server()
    folder = python_app(APP, **grant("default", "notes", "cache", "beside"))
    (folder / "config").mkdir()
    (folder / "config" / "runtime.toml").write_text(f"""
[key_value_store.notes]
type = "spin"
path = "stores/notes.db"

[key_value_store.beside]
type = "spin"

[key_value_store.cache]
type = "redis"
url = "{server.address}/2"
""")
    app = up(folder, "--runtime-config-file", "config/runtime.toml")
    ask = asker(app)
    for label in ("default", "notes", "cache", "beside"):
        assert ask(f"key_value.open('{label}').set('k', b'{label}')") == "None"
    for label in ("default", "notes", "cache", "beside"):
        assert ask(f"(lambda s: (s.get('k'), s.get_keys(), s.exists('k')))(key_value.open('{label}'))") == (
            f"(b'{label}', ['k'], True)")
    assert (folder / "config" / "stores" / "notes.db").exists()
    assert server.cli("-n", "2", "get", "k") == "cache"
    assert ask("[atomics.increment(bucket('cache'), 'n', d) for d in (5, -2)]") == "[5, 3]"
    assert ask("batch.set_many(bucket('cache'), [('x', b'1'), ('y', b'2')])") == "None"
    assert ask("batch.get_many(bucket('cache'), ['x', 'z', 'y'])") == "[('x', b'1'), ('y', b'2')]"
    assert ask("batch.delete_many(bucket('cache'), ['x', 'y', 'n'])") == "None"
    swap = ("(lambda cas: (key_value.open('cache').set('k', b'other'), atomics.swap(cas, b'mine')))"
            "(atomics.Cas.new(bucket('cache'), 'k'))")
    assert "CasError_CasFailed" in ask(swap)
    assert ask("atomics.swap(atomics.Cas.new(bucket('cache'), 'k'), b'mine')") == "None"
    assert server.cli("-n", "2", "get", "k") == "mine"
    server.process.terminate()
    server.process.wait()
    assert "Connection refused" in ask("key_value.open('cache').get('k')")
    assert ask("store.get('k')") == "b'default'"


def test_clients_at_once_lose_nothing(up, folder):
    app = up(folder)
    ask = asker(app)
    failed = []

    def write(client):
        for i in range(10):
            code = f"store.set('{client}-{i}', b'x'), atomics.increment(bucket('default'), 'n', 1)"
            if not ask(code).startswith("(None, "):
                failed.append(code)

    clients = [threading.Thread(target=write, args=(i,)) for i in range(8)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert failed == []
    assert ask("len(store.get_keys())") == "81"
    assert ask("atomics.increment(bucket('default'), 'n', 0)") == "80"


def test_the_file_is_removed_while_it_runs(up, folder):
    ask = asker(up(folder))
    ask("store.set('k', b'v')")
    database(folder).unlink()
    assert ask("store.get('k')") == "None"
    assert ask("store.set('k', b'w'), store.get('k')") == "(None, b'w')"


def test_no_handle_reaches_the_next_request(up, folder):
    app = up(folder, "--threads", "1", "--check-rewind", "--quiet")
    ask = asker(app)
    for i in range(20):
        assert ask(f"globals().update(kept=key_value.open_default()) or kept.set('k', b'{i}')") == "None"
        assert ask("'kept' in globals()") == "False"
        assert ask("[key_value.open_default() for _ in range(1000)][0].get('k')") == f"b'{i}'"
    assert app.stop() == 0
    report = re.search(r"check-rewind: (\d+) requests, (\d+) left something", app.errors())
    assert int(report[1]) == 60 and report[2] == "0", app.errors()
