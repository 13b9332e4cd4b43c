"""guest/python/audioop.py against CPython's module of this name.

RESULTS are digests of what Python 3.12's returns or raises; where this Python still has it, it is
asked too.
"""

import hashlib
import importlib.util
import random
import warnings
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "guest" / "python" / "audioop.py"
WIDTHS = (1, 2, 3, 4)
OF_FRAGMENT_AND_WIDTH = """max minmax avg rms cross avgpp maxpp reverse byteswap
    lin2ulaw ulaw2lin lin2alaw alaw2lin""".split()


def load():
    spec = importlib.util.spec_from_file_location("spindle_audioop", SOURCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fragments():
    """Noise, quiet noise, silence, extremes, nothing, and a length that suits few widths."""
    chance = random.Random(8000)
    noise = chance.randbytes(240)
    levels = (chance.randrange(-300, 300) for _ in range(60))
    quiet = b"".join(level.to_bytes(4, "little", signed=True) for level in levels)
    extremes = bytes.fromhex("00000080ffffff7f") * 6
    return [noise, quiet, bytes(24), extremes, b"", noise[:49]]


def calls():
    """Function names and arguments."""
    factors = (0, 1, -1, 0.5, 1.7, -3.25)
    for data in fragments():
        for width in (*WIDTHS, 0, 5):
            for name in OF_FRAGMENT_AND_WIDTH:
                yield name, (data, width)
            for index in (0, 3, -1, 1000):
                yield "getsample", (data, width, index)
            for factor in factors:
                yield "mul", (data, width, factor)
                yield "tomono", (data, width, factor, 0.5)
                yield "tostereo", (data, width, factor, 0.75)
            for other in fragments():
                yield "add", (data, other, width)
            for amount in (0, 1, 127, -1, 1 << 20):
                yield "bias", (data, width, amount)
            for new_width in (*WIDTHS, 7):
                yield "lin2lin", (data, width, new_width)
            for state in (None, (0, 0), (-1234, 40), (0, 89), (40000, 1), [0, 0]):
                yield "lin2adpcm", (data, width, state)
                yield "adpcm2lin", (data, width, state)
            for channels in (1, 2, 0):
                pairs = tuple((100 * i, -7 * i) for i in range(channels))
                for rates in ((8000, 44100), (44100, 8000), (3, 2), (7, 7), (0, 1)):
                    yield "ratecv", (data, width, channels, *rates, None)
                    yield "ratecv", (data, width, channels, *rates, (-1, pairs), 3, 2)
                yield "ratecv", (data, width, channels, 1, 2, (-1, ((0, 0),) * 5))
                yield "ratecv", (data, width, channels, 1, 2, None, 0, 1)
        for part in (data[:2], data[20:40], data, data[:3]):
            yield "findfit", (data, part)
            yield "findfactor", (data, part)
        for length in (0, 1, 10, 10000, -1):
            yield "findmax", (data, length)


def outcome(module, name, arguments):
    try:
        return repr(getattr(module, name)(*arguments))
    except module.error as failure:
        return f"error: {failure}"
    except Exception as failure:
        return type(failure).__name__


def digests(module):
    found = {}
    for name, arguments in calls():
        digest = found.setdefault(name, hashlib.sha256())
        digest.update(outcome(module, name, arguments).encode() + b"\n")
    return {name: digest.hexdigest()[:16] for name, digest in found.items()}


RESULTS = {
    "add": "55070d46c518566e",
    "adpcm2lin": "d170a80cb66db013",
    "alaw2lin": "f11d4684e6dec8d1",
    "avg": "2639b9cb63545e10",
    "avgpp": "fe7253a6a54c5463",
    "bias": "183dd65e7da3866f",
    "byteswap": "f15858127a32c20e",
    "cross": "721a5e2204e5b401",
    "findfactor": "1a389a9b50902066",
    "findfit": "6a86d139ecf8f464",
    "findmax": "af586213157dc72e",
    "getsample": "edcbbee9118df668",
    "lin2adpcm": "bcde055a391b1b87",
    "lin2alaw": "378dd94b65c35cf2",
    "lin2lin": "e1d21a40892b9521",
    "lin2ulaw": "ef6144d8d7c91d9e",
    "max": "3c1086030973e412",
    "maxpp": "3a48f8b74ae0354c",
    "minmax": "5a95ee0d6f0121bb",
    "mul": "7c441195aaa30f1d",
    "ratecv": "c53259f06a53aafc",
    "reverse": "ca542a1942587125",
    "rms": "f5135a5faa01958e",
    "tomono": "7830f13de4cf497c",
    "tostereo": "a32c0c578febfe5b",
    "ulaw2lin": "4210ab13d5942700",
}


def test_results_are_those_of_python_3_12():
    assert digests(load()) == RESULTS


def test_results_are_those_of_this_python():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        audioop = pytest.importorskip("audioop")
    module = load()
    assert {name for name in dir(audioop) if name[0] != "_"} <= set(dir(module))
    for name, arguments in calls():
        expected = outcome(audioop, name, arguments)
        assert outcome(module, name, arguments) == expected, (name, arguments)
