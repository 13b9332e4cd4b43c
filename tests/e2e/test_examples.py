"""examples/: each directory runs as its README says."""


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
