"""Implements what worlds of one's own export."""

import wit_world
from counters import Counter
from wit_world import exports
from wit_world.exports import counters
from wit_world.types import Err


class WitWorld(wit_world.WitWorld):
    def greet(self, name):
        return f"Hello, {name}!"


def echo(self, *values):
    return values[0] if len(values) == 1 else values


class Echoes:
    """No class of the protocol: what has the functions is enough."""

    echo_bool = echo_s8 = echo_u8 = echo_s16 = echo_s64 = echo_u64 = echo_f32 = echo_f64 = echo
    echo_char = echo_string = echo_bytes = echo_lists = echo_option = echo
    echo_shape = echo_size = echo_marks = echo_many = echo

    def echo_result(self, value):
        if isinstance(value, Err):
            raise value
        return value.value

    def fail(self, value):
        if value == "bug":
            raise ValueError(value)
        if value:
            raise Err(value)


class Counters(exports.Counters):
    def make_pair(self, start):
        return counters.Pair(Counter(start), Counter(start + 1))

    def take_pair(self, p):
        return p.a.n + p.b.n

    def alive(self):
        return Counter.alive
