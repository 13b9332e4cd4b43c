"""The generic binding of Python to functions of the host."""

import pytest

SETUP = """
from spin_sdk.wit.imports import monotonic_clock, outgoing_handler, poll, types
from spin_sdk.wit.imports.types import *
from spin_sdk.wit.types import Err, Ok, Some

def error_of(action):
    try:
        return action()
    except Exception as error:
        return f"{type(error).__name__}: {error}" if not isinstance(error, Err) else repr(error)

"""


@pytest.mark.parametrize("expression, expected", [
    ("Fields.from_list([('a', b'1'), ('b', b'2')]).entries()", [("a", b"1"), ("b", b"2")]),
    ("Fields.from_list((('a', bytearray(b'1')), ['b', memoryview(b'2')])).entries()", [("a", b"1"), ("b", b"2")]),
    ("Fields().has('a')", False),
    ("OutgoingRequest(Fields()).path_with_query()", None),
    ("[OutgoingRequest(Fields()).set_path_with_query('/x?y'), OutgoingRequest(Fields()).set_scheme(None)]", [None, None]),
    ("OutgoingResponse(Fields()).status_code()", 200),
    ("monotonic_clock.now() > 0 and type(monotonic_clock.now()) is int", True),
    ("poll.poll([monotonic_clock.subscribe_duration(0)])", [0]),
    ("monotonic_clock.subscribe_duration(10 ** 18).ready()", False),
])
def test_calls(guest, expression, expected):
    assert guest.run(f"{SETUP}result = {expression}") == expected


def test_variants_go_both_ways(guest):
    assert guest.run(f"""{SETUP}
request = OutgoingRequest(Fields())
result = [repr(request.method())]
for method in (Method_Delete(), Method_Other("BREW")):
    request.set_method(method)
    result.append(repr(request.method()))
request.set_scheme(Scheme_Other("gopher"))
result.append(repr(request.scheme()))
""") == ["Method_Get()", "Method_Delete()", "Method_Other(value='BREW')", "Scheme_Other(value='gopher')"]


@pytest.mark.parametrize("expression, expected", [
    ("Fields.from_list([('a b', b'')])", "Err(value=HeaderError_InvalidSyntax())"),
    ("Fields().append('a', 'text')", "TypeError: fields.append: value must be bytes, not str"),
    ("Fields().append(1, b'')", "TypeError: fields.append: name must be a str, not int"),
    ("Fields().append('\\ud800', b'')", "ValueError: fields.append: name must be a str without surrogates"),
    ("Fields.from_list('ab')", "TypeError: fields.from-list: entries must be a list, not str"),
    ("Fields.from_list([('a',)])", "TypeError: fields.from-list: entries must be a tuple of 2"),
    ("OutgoingResponse(Fields()).set_status_code(70000)",
     "OverflowError: outgoing-response.set-status-code: status_code must be from 0 to 65535"),
    ("OutgoingResponse(Fields()).set_status_code(-1)",
     "OverflowError: outgoing-response.set-status-code: status_code must be from 0 to 65535"),
    ("OutgoingResponse(Fields()).set_status_code('1')",
     "TypeError: outgoing-response.set-status-code: status_code must be an int, not str"),
    ("OutgoingRequest(Fields()).set_method('GET')",
     "TypeError: outgoing-request.set-method: method must be one of the variant's cases, not str"),
    ("monotonic_clock.subscribe_duration(2 ** 64)",
     "OverflowError: subscribe-duration: when must be from 0 to 18446744073709551615"),
])
def test_errors_say_what_is_wrong(guest, expression, expected):
    assert guest.run(f"{SETUP}result = error_of(lambda: {expression})") == expected


def test_a_resource_that_is_given_away_cannot_be_used(guest):
    assert guest.run(f"""{SETUP}
fields = Fields()
OutgoingResponse(fields)
result = [fields.handle, error_of(lambda: fields.entries())]
with Fields() as other:
    pass
result += [other.handle, error_of(lambda: other.entries())]
""") == [None, "ValueError: fields.entries: self: this Fields has been closed or given away"] * 2


def test_a_failing_call_leaves_the_argument_usable(guest):
    assert guest.run(f"""{SETUP}
import spin_sdk.wit.imports.types as types
request = OutgoingRequest(Fields())
error_of(lambda: outgoing_handler.handle(request, "wrong"))
result = repr(request.method())
""") == "Method_Get()"


def test_denied_requests_raise_the_hosts_error(guest):
    assert guest.run(f"""{SETUP}
from spin_sdk import http
result = error_of(lambda: http.send(http.Request("GET", "http://127.0.0.1:1/", {{}}, None)))
""") == "Err(value=ErrorCode_HttpRequestDenied())"


def test_handles_are_dropped_with_their_objects(guest):
    assert guest.run(f"""{SETUP}
for _ in range(100000):
    Fields()
result = "done"
""") == "done"


def test_modules_that_were_left_out_say_so(guest):
    assert guest.run(f"""{SETUP}
import importlib
result = error_of(lambda: importlib.import_module("spin_sdk.wit.imports.key_value"))
""") == ("ImportError: 'fermyon:spin/key-value@2.0.0' was left out of this component, because no import statement "
         "named its module when it was built: write one at the top of the application and build again")


def test_functions_that_the_world_does_not_import_say_so(guest):
    assert guest.run(f"""{SETUP}
import _spindle
result = error_of(lambda: _spindle.import_func("a:b/c@1.0.0", "f", (), None)())
""") == "RuntimeError: a:b/c@1.0.0#f is not imported by this component"


@pytest.mark.parametrize("body", [b"", b"abc", b"x" * 3_000_000])
def test_bodies_are_streamed(streaming, body):
    status, _, found = streaming.ask("/echo", body)
    assert (status, found) == (200, body), streaming.messages()


def test_timers_run(streaming):
    assert 0.1 <= float(streaming.ask("/sleep")[2]) < 60


def test_the_base_class_can_be_called(streaming):
    status, headers, body = streaming.ask("/inherited", b"body")
    assert (status, headers["x-method"], body) == (200, "POST", b"<body>"), streaming.messages()
