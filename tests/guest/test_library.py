"""The standard library inside a component: all of it is there, and works without a host's help."""

import pytest

# Extension modules that a WASI build of CPython does not have, and what is made of them alone.
ABSENT = {
    "_bz2", "_ctypes", "_curses", "_curses_panel", "_dbm", "_gdbm", "_hashlib", "_interpchannels",
    "_interpqueues", "_interpreters", "_lzma", "_multiprocessing", "_overlapped", "_posixshmem",
    "_posixsubprocess", "_scproxy", "_sqlite3", "_ssl", "_tkinter", "_uuid", "_winapi", "_wmi", "bz2",
    "ctypes", "curses", "fcntl", "grp", "lzma", "mmap", "msvcrt", "nt", "pty", "pwd", "readline",
    "resource", "sqlite3", "ssl", "syslog", "termios", "tty", "winreg", "winsound",
}
# Left out of the embedded files, or with effects.
NOT_FOR_COMPONENTS = {"antigravity", "ensurepip", "idlelib", "this", "tkinter", "turtle", "turtledemo"}


def test_every_module_can_be_imported_in_a_handler(guest):
    missing = guest.run(f"""
import importlib, sys
result = set()
for name in sorted(sys.stdlib_module_names - {NOT_FOR_COMPONENTS!r}):
    try:
        importlib.import_module(name)
    except ImportError:
        result.add(name)
""")
    assert missing == ABSENT


@pytest.mark.parametrize("source, expected", [
    ("import zlib; result = zlib.decompress(zlib.compress(b'abc' * 1000)) == b'abc' * 1000", True),
    ("import gzip; result = gzip.decompress(gzip.compress(b'x'))", b"x"),
    ("import zoneinfo; result = len(zoneinfo.available_timezones())", 0),
    ("import hashlib; result = hashlib.sha256(b'').hexdigest()[:8]", "e3b0c442"),
    ("import decimal; result = str(decimal.Decimal(1) / 7)", "0.1428571428571428571428571429"),
    ("import sysconfig; result = sysconfig.get_config_var('EXT_SUFFIX')", ".cpython-313-wasm32-wasi.so"),
    ("import locale; result = locale.getpreferredencoding()", "utf-8"),
    ("import json; result = json.loads('[1, {\"a\": null}]')", [1, {"a": None}]),
    ("import xml.etree.ElementTree as e; result = e.fromstring('<a><b/></a>')[0].tag", "b"),
])
def test_libraries(guest, source, expected):
    assert guest.run(source) == expected


def test_a_zip_archive_in_memory_can_be_read(guest):
    assert guest.run("""
import io, zipfile
data = io.BytesIO()
with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("m.py", "x = 5\\n" * 100)
result = len(zipfile.ZipFile(data).read("m.py"))
""") == 600


def test_tracebacks_show_the_source_of_the_library(guest):
    text = guest.run("""
import json, traceback
try:
    json.loads("{")
except ValueError:
    result = traceback.format_exc()
""")
    assert 'File "/python/json/decoder.py"' in text and "self.raw_decode(" in text


def test_sockets_are_those_of_a_host_that_grants_none(guest):
    assert guest.run("""
import socket
result = []
for action in (socket.socket, lambda: socket.getaddrinfo("localhost", 80)):
    try:
        action()
    except OSError as error:
        result.append(type(error).__name__)
""") == ["PermissionError", "gaierror"]


def test_sleeping_takes_its_time(guest):
    assert 0.05 <= guest.run("""
import time
begin = time.monotonic()
time.sleep(0.05)
result = time.monotonic() - begin
""")


def test_recursion_and_memory_have_limits(guest):
    assert guest.run("""
import json
result = []
for action in (lambda: json.loads("[" * 100000), lambda: bytearray((1 << 31) - 100)):
    try:
        action()
    except (RecursionError, MemoryError) as error:
        result.append(type(error).__name__)
""") == ["RecursionError", "MemoryError"]
