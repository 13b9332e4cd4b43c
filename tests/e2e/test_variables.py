"""Variables: from the manifest, the command line, the environment and providers to a handler."""

import json

import pytest

HANDLER = """
from spin_sdk import http, variables
from spin_sdk.http import Request, Response
from spin_sdk.wit.types import Err


class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        name = request.uri[1:]
        try:
            answer = variables.get(name)
        except Err as error:
            return Response(404, {}, repr(error.value).encode())
        return Response(200, {}, answer.encode())
"""

TABLES = """
[variables]
name = { default = "world" }
token = { required = true, secret = true }

[component.hello.variables]
greeting = "hello {{ name }}"
token = "{{token}}"
plain = "{ as } it is"
"""


@pytest.fixture(scope="module")
def built(module_app):
    return module_app(HANDLER, TABLES)


def get(app, name):
    answer = app.get("/" + name)
    assert answer.status == 200, answer.body
    return answer.body.decode()


def test_what_a_component_sees(up, built):
    app = up(built, "--variable", "token=secret")
    assert get(app, "greeting") == "hello world"
    assert get(app, "token") == "secret"
    assert get(app, "plain") == "{ as } it is"


def test_what_a_component_does_not_see(up, built):
    """Variables of the application are its own only where its table says so."""
    app = up(built, "--variable", "token=secret")
    for name, error in [
        ("name", "Error_Undefined(value='no variable for \"hello\".\"name\"')"),
        ("Greeting", "Error_InvalidName(value='\"Greeting\": invalid character \\'G\\'. Variable names may "
                     "contain only lower-case letters, numbers, and underscores.')"),
    ]:
        answer = app.get("/" + name)
        assert (answer.status, answer.body.decode()) == (404, error)


def test_a_component_without_variables(up, module_app):
    folder = module_app(HANDLER, '[variables]\nname = { default = "world" }\n')
    answer = up(folder).get("/name")
    assert answer.body.decode() == "Error_Undefined(value='no variable for component \"hello\"')"


def test_the_command_line(up, built, tmp_path):
    (tmp_path / "text").write_text("from a file")
    (tmp_path / "v.json").write_text(json.dumps({"name": "json", "token": "t"}))
    (tmp_path / "v.toml").write_text('name = "toml"\n')
    rows = [
        (["name=first", "name=last", "token="], "hello last"),
        ([f"@{tmp_path}/v.json"], "hello json"),
        ([f"@{tmp_path}/v.json", f"@{tmp_path}/v.toml"], "hello toml"),
        ([f"@{tmp_path}/v.json", f"name=@{tmp_path}/text"], "hello from a file"),
    ]
    for given, expected in rows:
        app = up(built, *[word for value in given for word in ("--variable", value)])
        assert get(app, "greeting") == expected


def test_the_environment_and_dotenv(up, built):
    dotenv = built / ".env"
    dotenv.write_text("# what stays out of the manifest\nSPIN_VARIABLE_TOKEN='from .env'\nSPIN_VARIABLE_NAME=dotenv\n")
    try:
        app = up(built, env={"SPIN_VARIABLE_NAME": "environment"})
        assert get(app, "greeting") == "hello environment"
        assert get(app, "token") == "from .env"
        app = up(built, "--variable", "name=option", env={"SPIN_VARIABLE_NAME": "environment"})
        assert get(app, "greeting") == "hello option"
    finally:
        dotenv.unlink()


def test_providers(up, built, tmp_path):
    config = tmp_path / "runtime.toml"
    config.write_text(
        '[[variables_provider]]\ntype = "static"\nvalues = { token = "static" }\n'
        '[[variables_provider]]\ntype = "env"\nprefix = "MINE"\n'
    )
    app = up(built, "--runtime-config-file", config, env={"MINE_NAME": "mine", "MINE_TOKEN": "other"})
    assert get(app, "greeting") == "hello mine"
    assert get(app, "token") == "static"


def test_decode_without_a_call(up, module_app):
    """The page's listing calls nothing after `.decode`: the error says what `get` returns."""
    folder = module_app(
        HANDLER.replace("variables.get(name)", 'variables.get("greeting").decode'),
        '[component.hello.variables]\ngreeting = "hello"\n',
    )
    app = up(folder)
    assert app.get("/").status == 500
    app.wait_for(app.err, r"AttributeError: variables.get returns str, which is decoded already: leave out '.decode'")


def test_values_are_str(up, module_app):
    folder = module_app(
        HANDLER.replace("answer.encode()", "repr((answer == 'hello', isinstance(answer, str), answer + '!')).encode()"),
        '[component.hello.variables]\ngreeting = "hello"\n',
    )
    assert get(up(folder), "greeting") == "(True, True, 'hello!')"


def test_the_config_store_of_wasi(up, module_app):
    source = HANDLER.replace("from spin_sdk import http, variables", "from spin_sdk import http") \
        .replace("from spin_sdk.wit.types import Err", "from spin_sdk.wit.imports import wasi_config_store as store\nfrom spin_sdk.wit.types import Err") \
        .replace("variables.get(name)", "repr((store.get(name), sorted(store.get_all())))")
    folder = module_app(source, '[component.hello.variables]\none = "1"\ntwo = "2"\n')
    app = up(folder)
    assert get(app, "one") == "('1', [('one', '1'), ('two', '2')])"
    assert get(app, "None") == "(None, [('one', '1'), ('two', '2')])"
