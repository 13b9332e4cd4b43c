"""Calls everything that the other component exports."""

import math

from spin_sdk.http import IncomingHandler, Request, Response
from wit_world.imports import counters as c
from wit_world.imports import echoes as e
from wit_world.imports import types as t
from wit_world.types import Err, Ok, Some


def check(function, *values):
    for value in values:
        got = function(value)
        assert got == value and type(got) is type(value), (function.__name__, value, got)


def error_of(action):
    try:
        action()
    except Err as error:
        return error.value
    return None


def values():
    check(e.echo_bool, True, False)
    check(e.echo_s8, -128, 127, 0)
    check(e.echo_u8, 0, 255)
    check(e.echo_s16, -32768, 32767)
    check(e.echo_s64, -(2**63), 2**63 - 1)
    check(e.echo_u64, 0, 2**64 - 1)
    check(e.echo_f32, 0.5, -1.25, math.inf)
    check(e.echo_f64, 0.1, 1e300)
    assert math.isnan(e.echo_f64(math.nan))
    check(e.echo_char, "a", "\U0001f600")
    check(e.echo_string, "", "\u00e9", "x" * 100000)
    check(e.echo_bytes, b"", b"\0\xff", b"y" * 200000)
    check(e.echo_lists, [], [[]], [["a", ""], ["\u00e9"]])
    check(e.echo_option, None, Some(None), Some(7))
    check(e.echo_size, t.Size.SMALL, t.Size.EXTRA_LARGE)
    check(e.echo_marks, t.Marks(0), t.Marks.A | t.Marks.C)
    point = t.Point(-1, 2)
    check(e.echo_shape, t.Shape_None_(), t.Shape_Dot(point), t.Shape_Circle((point, 1.5)), t.Shape_Many([point, point]))
    many = (1, -2, 3, -4, 5, -6, 7, -8, 0.5, 0.1, "k", True, "m", b"n", point, t.Size.SMALL)
    assert e.echo_many(*many) == many


def results():
    assert error_of(lambda: e.fail("no")) == "no"
    assert e.fail("") is None
    assert e.echo_result(Ok("fine")) == "fine"
    assert error_of(lambda: e.echo_result(Err(7))) == 7


def resources():
    a = c.Counter(5)
    assert a.add(2) == 7
    b = a.clone()
    b.add(1)
    assert c.Counter.total([a, b]) == 15
    pair = c.make_pair(10)
    assert pair.b.add(0) == 11
    assert c.alive() == 4
    with b:
        pass
    assert c.take_pair(pair) == 21
    assert pair.a.handle is None
    for _ in range(2000):
        c.Counter(1).clone()
    assert c.alive() == 1


class IncomingHandler(IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        if request.uri.endswith("/bug"):
            e.fail("bug")
        values()
        results()
        resources()
        return Response(200, {}, b"done")
