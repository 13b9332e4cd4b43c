"""What the runtime does around an application: preparation, sealing, files, answers."""

import pytest


def test_what_imports_inside_functions_name_is_loaded(guest):
    assert guest.run("import sys; result = 'tomllib' in sys.modules") is True


def test_patterns_are_compiled_beforehand(guest):
    assert guest.run(r"""
import re
result = any(key[1] == r"(\d+)-(\w+)" for key in re._cache2)
""") is True


def test_warm_up_has_been_called_once(guest):
    assert guest.run("result = app['WARMED']") == ["warm"]


def test_the_preparation_leaves_no_module(guest):
    assert guest.run("import sys; result = '_spindle_prepare' in sys.modules") is False


def test_objects_of_the_build_are_immortal(guest):
    assert guest.run("""
import sys
values = [app, app["IncomingHandler"], app["GENERATOR"], sys.modules, "handle_request"]
result = len({sys.getrefcount(value) for value in values})
""") == 1


def test_a_generator_of_the_build_is_new_and_can_be_seeded(guest):
    source = """
import random
first = app["GENERATOR"].random(), app["GENERATOR"].gauss(0, 1), random.random()
random.seed(1)
result = first, random.random()
"""
    first, second = guest.run(source), guest.run(source)
    assert all(a != b for a, b in zip(first[0], second[0]))
    assert first[1] == second[1] == 0.13436424411240122


def test_the_state_of_a_stale_generator_can_be_taken(guest):
    assert guest.run("""
generator = app["GENERATOR"]
state = generator.getstate()
numbers = [generator.random() for _ in range(1000)]
generator.setstate(state)
result = numbers == [generator.random() for _ in range(1000)] and len(set(numbers)) > 990
""") is True


def test_a_file_left_open_at_import_is_closed_for_good(guest):
    assert guest.run("""
import errno
result = []
for _ in range(2):
    try:
        app["OPEN_FILE"].read()
    except OSError as error:
        result.append(errno.errorcode[error.errno])
    other = open("/python/json/__init__.py")  # has another number
""") == ["EBADF", "EBADF"]


def test_embedded_files_can_be_read_only(guest):
    assert guest.run("""
import errno, os
result = []
for action in (
    lambda: open("/python/json/__init__.py", "a"),
    lambda: os.unlink("/python/json/__init__.py"),
    lambda: open("/python/json"),
    lambda: open("/python/nothing"),
    lambda: os.listdir("/python/json/__init__.py"),
    lambda: os.mkdir("/new"),
    lambda: open(b"/\\xff"),
):
    try:
        action()
        result.append("done")
    except OSError as error:
        result.append(errno.errorcode[error.errno])
""") == ["EROFS", "EROFS", "EISDIR", "ENOENT", "ENOTDIR", "ENOENT", "EILSEQ"]


def test_embedded_directories(guest):
    names, size, seeked = guest.run("""
import os
path = "/python/json/decoder.py"
with open(path, "rb") as file:
    file.seek(-5, 2)
    seeked = len(file.read()), file.tell() == os.stat(path).st_size
result = sorted(os.listdir("/python/json")), os.stat(path).st_size > 1000, seeked
""")
    assert names == ["__init__.py", "__pycache__", "decoder.py", "encoder.py", "scanner.py", "tool.py"]
    assert size and seeked == (5, True)


def test_there_are_no_arguments(guest):
    assert guest.run("import sys; result = sys.argv") == []


ANSWERS = "from spin_sdk.http import Response\nanswer = "


@pytest.mark.parametrize("answer, status, headers, body", [
    ("Response(200, {}, None)", 200, {"content-length": "0"}, b""),
    ("Response(201, {'x-a': 'b'}, b'ok')", 201, {"content-length": "2", "x-a": "b"}, b"ok"),
    ("Response(200, {'Content-Length': '2'}, b'ok')", 200, {"content-length": "2"}, b"ok"),
    ("Response(200, {}, bytearray(b'ok'))", 200, {"content-length": "2"}, b"ok"),
    ("Response(200, __import__('types').MappingProxyType({'x-a': 'b'}), b'')", 200, {"x-a": "b"}, b""),
    ("Response(200, {f'x-{i}': '1' for i in range(60)}, b'')", 200, {"x-59": "1"}, b""),
    ("Response(200, {}, b'x' * 3000000)", 200, {"content-length": "3000000"}, b"x" * 3000000),
])
def test_answers(guest, answer, status, headers, body):
    found_status, found_headers, found_body = guest.ask("/answer", (ANSWERS + answer).encode())
    assert (found_status, found_body) == (status, body), guest.messages()
    lower = {name.lower(): value for name, value in found_headers.items()}
    assert headers.items() <= lower.items()


@pytest.mark.parametrize("answer, message", [
    ("'text'", "TypeError: handle_request must return a spin_sdk.http.Response, not str"),
    ("None", "TypeError: handle_request must return a spin_sdk.http.Response, not NoneType"),
    ("Response('200', {}, b'')", "TypeError: Response.status must be an int, not str"),
    ("Response(99, {}, b'')", "ValueError: Response.status must be from 100 to 999"),
    ("Response(200, {'a': 1}, b'')", "TypeError: Response.headers: a value must be a str, not int"),
    ("Response(200, {1: 'a'}, b'')", "TypeError: Response.headers: a name must be a str, not int"),
    ("Response(200, [], b'')", "TypeError: Response.headers must be a mapping, not list"),
    ("Response(200, {'a b': 'c'}, b'')", "ValueError: Response.headers: a name or value is not valid"),
    ("Response(200, {}, 'text')", "TypeError: Response.body must be bytes or None, not str"),
    ("1 / 0", "ZeroDivisionError: division by zero"),
    ("__import__('sys').exit(3)", "SystemExit: 3"),
])
def test_wrong_answers_are_500_and_say_why(guest, answer, message):
    status, _, body = guest.ask("/answer", (ANSWERS + answer).encode())
    assert (status, body) == (500, b"")
    assert message in guest.messages()


def test_requests_arrive_as_they_were_sent(guest):
    status, _, body = guest.ask("/run", b"result = request.method, request.uri, request.headers['x-a'], request.body[:6]",
                                **{"X-A": "b c"})
    assert status == 200
    assert eval(body) == ("POST", "/run", "b c", b"result")


def test_large_bodies(guest):
    source = b"result = len(request.body)\n#" + b"x" * 2_500_000
    assert guest.ask("/run", source)[2] == str(len(source)).encode()
