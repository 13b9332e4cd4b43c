"""spin_sdk.sqlite and spin:sqlite: what a component is granted, what is kept, what is refused."""

import json
import re
import sqlite3
import threading

import pytest

# Runs what is posted; `db` is a connection to the default database, `q` its answer's plain values.
APP = """
from spin_sdk import http, sqlite
from spin_sdk.http import Request, Response
from spin_sdk.sqlite import Value_Blob, Value_Integer, Value_Null, Value_Real, Value_Text
from spin_sdk.wit.types import Err

def run(code):
    names = dict(globals())
    if b"q(" in code or b"db." in code:
        db = sqlite.open_default()
        def q(statement, *values, db=db):
            result = db.execute(statement, list(values))
            return [tuple(getattr(v, "value", None) for v in row.values) for row in result.rows]
        names.update(db=db, q=q)
    exec(b"answer = " + code, names)
    return names["answer"]

class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        try:
            answer = run(request.body)
        except Err as e:
            answer = e
        return Response(200, {"content-type": "text/plain"}, repr(answer).encode())
"""

DENIED = "Err(value=Error_AccessDenied())"


def io(text):
    return f"Err(value=Error_Io(value={text!r}))"


def grant(*labels):
    listed = ", ".join(f'"{label}"' for label in labels)
    return {"replace": [("[component.hello]\n", f"[component.hello]\nsqlite_databases = [{listed}]\n")]}


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
    return folder / ".spin" / "sqlite_db.db"


def test_storing_data_in_sqlite(up, example):
    folder = example("sqlite")
    app = up(folder, "--sqlite", "@schema.sql")
    assert app.post("/", b"water the plants").status == 201
    assert app.post("/", "schlüssel'; DROP TABLE todos; --".encode()).status == 201
    assert json.loads(app.get("/").body) == [
        {"id": 1, "text": "water the plants"}, {"id": 2, "text": "schlüssel'; DROP TABLE todos; --"}]
    app.stop()
    app = up(folder, "--sqlite", "DELETE FROM todos WHERE id = 2", "--sqlite", "@schema.sql:default")
    assert json.loads(app.get("/").body) == [{"id": 1, "text": "water the plants"}]
    with app.client() as client:
        client.send("DELETE /1 HTTP/1.1\r\nHost: test\r\n\r\n")
        assert client.response().status == 204
    assert json.loads(app.get("/").body) == []


def test_storing_data_in_sqlite_without_a_grant(up, example):
    folder = example("sqlite")
    manifest = folder / "spin.toml"
    manifest.write_text(manifest.read_text().replace('sqlite_databases = ["default"]\n', ""))
    app = up(folder)
    assert app.get("/").status == 500
    app.wait_for(app.err, r"Error_AccessDenied")
    assert not database(folder).exists()


def test_every_type_both_ways(up, folder):
    ask = asker(up(folder))
    ask("q('CREATE TABLE t (i, r, x, b, n)')")
    values = ("Value_Integer(-2**63), Value_Real(1e300), Value_Text('tür\\0'), "
              "Value_Blob(bytes(range(256))), Value_Null()")
    assert ask(f"q('INSERT INTO t VALUES (?, ?, ?, ?4, ?)', {values})") == "[]"
    assert ask(f"db.execute('SELECT * FROM t', []).rows[0].values == [{values}]") == "True"
    assert ask("db.execute('SELECT i AS a, r FROM t', []).columns") == "['a', 'r']"
    assert ask("q('SELECT typeof(i), typeof(r), typeof(x), typeof(b), typeof(n) FROM t')") == (
        "[('integer', 'real', 'text', 'blob', 'null')]")
    assert ask("q('SELECT ?, ?', Value_Text(''), Value_Blob(b''))") == "[('', b'')]"
    assert ask("sqlite.ValueText is Value_Text") == "True"


def test_the_interface_of_version_3(up, python_app):
    app = up(python_app("""
from spin_sdk import http
from spin_sdk.http import Request, Response
from spin_sdk.wit.imports import spin_sqlite_sqlite as v3

class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        with v3.Connection.open("default") as db:
            counts = [(db.last_insert_rowid(), db.changes())]
            for statement in ("CREATE TABLE IF NOT EXISTS t (x)", "INSERT INTO t VALUES (1), (2)"):
                db.execute(statement, [])
                counts.append((db.last_insert_rowid(), db.changes()))
            sum = db.execute("SELECT sum(x) FROM t WHERE x < ?", [v3.Value_Integer(9)]).rows[0].values
        return Response(200, {}, repr((counts, sum)).encode())
""", **grant("default")))
    assert app.get("/").body == b"([(0, 0), (0, 0), (2, 2)], [Value_Integer(value=3)])"
    assert app.get("/").body == b"([(0, 0), (0, 0), (4, 2)], [Value_Integer(value=6)])"


def test_errors(up, folder):
    ask = asker(up(folder))
    assert ask("sqlite.open('secret')") == DENIED
    assert ask("q('SELECT * FROM absent')") == io("no such table: absent")
    assert ask("q('SELEC')") == io('near "SELEC": syntax error')
    assert ask("q('SELECT ?')") == io("Wrong number of parameters passed to query. Got 0, needed 1")
    assert ask("q('SELECT 1; SELECT 2'), q('-- nothing')") == "([(1,)], [])"
    ask("q('CREATE TABLE p (id INTEGER PRIMARY KEY)')")
    ask("q('CREATE TABLE c (p REFERENCES p(id))')")
    assert ask("q('INSERT INTO c VALUES (7)')") == io("FOREIGN KEY constraint failed")


def test_hostile_statements(up, folder):
    """The unit tests have more of them."""
    ask = asker(up(folder, "--request-timeout", "1s", "--threads", "1"))
    for statement in (f"ATTACH '{folder}/x.db' AS x", f"VACUUM INTO '{folder}/x.db'"):
        assert ask(f"q({statement!r})").startswith("Err(value=Error_Io(")
    assert not (folder / "x.db").exists()
    assert "not authorized" in ask("q(\"SELECT load_extension('x')\")")
    assert ask("q('SELECT 1')") == "[(1,)]"


def test_an_endless_statement_ends_with_the_requests_time(up, folder):
    app = up(folder, "--request-timeout", "200ms", "--threads", "1")
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    assert app.post("/", f"q({endless!r})".encode()).status == 504
    app.wait_for(app.err, "stopped: it has used more than the CPU time of a request")
    assert asker(app)("q('SELECT 1')") == "[(1,)]"


def nested_views(folder, count):
    """A view of a view of a view ...: each reads the one before through eight more selects."""
    database(folder).parent.mkdir(exist_ok=True)
    nested = "(SELECT * FROM " * 8 + "v{}" + ")" * 8
    with sqlite3.connect(database(folder)) as db:
        db.execute("CREATE TABLE v0 (x)")
        db.execute("PRAGMA writable_schema = ON")  # CREATE VIEW would look at all the others
        db.executemany("INSERT INTO sqlite_schema VALUES ('view', ?1, ?1, 0, ?2)", (
            (f"v{i}", f"CREATE VIEW v{i} AS SELECT * FROM {nested.format(i - 1)}")
            for i in range(1, count + 1)))


def test_views_nested_without_end_are_no_danger(up, folder):
    """SQLite resolves them by recursion, on the stack that the guest has left."""
    nested_views(folder, 4000)
    ask = asker(up(folder, "--threads", "1"))
    assert ask("q('SELECT * FROM v4000')") == io("out of memory")
    assert ask("q('SELECT * FROM v10')") == "[]"


def test_a_statement_that_is_prepared_for_ever_ends_with_the_requests_time(up, folder):
    nested_views(folder, 400)
    app = up(folder, "--threads", "1", "--request-timeout", "300ms")
    assert app.post("/", b"q('SELECT * FROM v400')").status == 504
    assert asker(app)("q('SELECT * FROM v10')") == "[]"


def test_deep_recursion_of_the_guest_and_a_statement(up, folder):
    """Whatever stack the guest has left, a statement ends in an answer or a trap."""
    app = up(folder, "--threads", "1")
    deep = ("(lambda f: f(f, 900))(lambda f, n: f(f, n - 1) if n else "
            "q('SELECT ' + '(' * 90 + '1' + ')' * 90 + ' + 1' * 900))")
    assert app.post("/", deep.encode()).status in (200, 500)
    assert asker(app)("q('SELECT 1')") == "[(1,)]"


def test_nothing_of_a_request_reaches_the_next(up, folder):
    app = up(folder, "--threads", "1", "--check-rewind", "--quiet")
    ask = asker(app)
    ask("q('CREATE TABLE t (x)')")
    leaving = [
        "[q('BEGIN'), q('INSERT INTO t VALUES (1)')]",
        "[q('BEGIN EXCLUSIVE'), q('INSERT INTO t VALUES (1)'), 1 // 0]",
        "q('CREATE TEMP TABLE mine (x)')",
        "q(\"ATTACH ':memory:' AS mine\")",
        "q('CREATE TEMP VIEW t AS SELECT 7 AS x')",
        "q('PRAGMA foreign_keys = OFF')",
        "q('PRAGMA synchronous = OFF')",
        "q('PRAGMA case_sensitive_like = ON')",
        "globals().update(kept=[sqlite.open_default() for _ in range(20)])",
        "[q('INSERT INTO t VALUES (1)'), q('DELETE FROM t')]",
    ]
    state = ("(q('SELECT count(*) FROM t'), q('PRAGMA foreign_keys'), q('PRAGMA synchronous'), "
             "q(\"SELECT 'A' LIKE 'a', last_insert_rowid(), changes(), total_changes()\"), "
             "q('SELECT count(*) FROM sqlite_temp_schema'), 'kept' in globals())")
    fresh = ask(state)
    assert fresh == "([(0,)], [(1,)], [(2,)], [(1, 0, 0, 0)], [(0,)], False)"
    for statement in leaving:
        app.post("/", statement.encode())
        assert ask(state) == fresh, statement
        assert ask("q('DETACH mine')") == io("no such database: mine")
    assert app.stop() == 0
    report = re.search(r"check-rewind: (\d+) requests, (\d+) left something", app.errors())
    assert int(report[1]) == 2 + 3 * len(leaving) and report[2] == "0", app.errors()


def test_a_request_has_at_most_256_connections(up, folder):
    ask = asker(up(folder))
    code = "len([c.execute('SELECT 1', []) for c in [sqlite.open_default() for _ in range({})]])"
    assert ask(code.format(256)) == "256"
    assert ask(code.format(257)) == io("too many connections opened")
    assert ask(code.format(256)) == "256"


def test_clients_at_once_lose_nothing(up, folder):
    app = up(folder)
    ask = asker(app)
    ask("q('CREATE TABLE t (client, i)')")
    failed = []

    def write(client):
        for i in range(10):
            code = f"q('INSERT INTO t VALUES ({client}, {i})')"
            if i % 2:
                code = f"[q('BEGIN IMMEDIATE'), {code}, q('COMMIT')][2]"
            answer = ask(code)
            if answer != "[]":
                failed.append(answer)

    clients = [threading.Thread(target=write, args=(i,)) for i in range(8)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert failed == []
    assert ask("q('SELECT count(*), count(DISTINCT client * 100 + i) FROM t')") == "[(80, 80)]"


def test_in_memory_each_connection_is_empty(up, folder):
    app = up(folder, "--state-dir", "")
    ask = asker(app)
    assert ask("[q('CREATE TABLE t (x)'), q('INSERT INTO t VALUES (1)'), q('SELECT x FROM t')][2]") == "[(1,)]"
    assert ask("q('SELECT x FROM t')") == io("no such table: t")
    assert "Storing" not in app.errors()


def test_labels_of_the_runtime_config(up, python_app):
    folder = python_app(APP, **grant("default", "archive", "open"))
    (folder / "other").mkdir()
    (folder / "other" / "runtime.toml").write_text("""
[sqlite_database.archive]
type = "spin"
path = "data/archive.db"

[sqlite_database.open]
type = "spin"
path = "data/open.db"
allow_attach_file = true
""")
    (folder / "fill.sql").write_text("CREATE TABLE a (x); INSERT INTO a VALUES (1), (2);")
    app = up(folder, "--runtime-config-file", "other/runtime.toml", "--sqlite", "@fill.sql:archive",
             "--sqlite", "CREATE TABLE d (x)")
    assert 'Storing default SQLite data to ".spin/sqlite_db.db".\n' in app.errors()
    ask = asker(app)
    assert ask("q('SELECT sum(x) FROM a', db=sqlite.open('archive'))") == "[(3,)]"
    assert ask("q('SELECT sum(x) FROM a')") == io("no such table: a")
    assert ask("q('SELECT count(*) FROM d')") == "[(0,)]"
    attach = f"q(\"ATTACH '{folder}/data/archive.db' AS b\", db=sqlite.open('{{}}'))"
    assert ask(attach.format("open")) == "[]"
    assert ask(attach.format("archive")) == io("not authorized")
    app.stop()
    with sqlite3.connect(folder / "data" / "archive.db") as db:
        assert db.execute("SELECT count(*) FROM a").fetchone() == (2,)


def test_a_wait_for_a_lock_keeps_nobody_else(up, folder):
    """On one thread: while one request waits for another process, others are answered."""
    app = up(folder, "--threads", "1")
    ask = asker(app)
    ask("q('CREATE TABLE t (x)')")
    answers = []
    with sqlite3.connect(database(folder), isolation_level=None) as stranger:
        stranger.execute("BEGIN EXCLUSIVE")
        waiting = threading.Thread(
            target=lambda: answers.append(ask("[print('begun'), q('INSERT INTO t VALUES (1)')][1]")))
        waiting.start()
        app.wait_for(app.err, "begun")
        for _ in range(10):
            assert ask("1 + 1") == "2"
        assert answers == []
        stranger.execute("COMMIT")
    waiting.join()
    assert answers == ["[]"]


def test_a_lock_that_is_never_given_up(up, folder):
    app = up(folder)
    ask = asker(app)
    ask("q('CREATE TABLE t (x)')")
    with sqlite3.connect(database(folder), isolation_level=None) as stranger:
        stranger.execute("BEGIN EXCLUSIVE")
        assert ask("q('INSERT INTO t VALUES (1)')") == io("database is locked")
        stranger.execute("COMMIT")
    assert ask("q('INSERT INTO t VALUES (1)')") == "[]"
