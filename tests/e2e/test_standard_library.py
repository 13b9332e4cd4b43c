"""upstream_modules.txt names each module that a component of componentize-py 0.17 can import."""

import json
from pathlib import Path

NAMES = Path(__file__).with_name("upstream_modules.txt").read_text().split()

# Each path has a program; the answer is its variable `result` as JSON. Imports run in the request.
APP = """
import importlib
import json

from spin_sdk.http import IncomingHandler as Base, Response

SOURCES = {sources!r}


class IncomingHandler(Base):
    def handle_request(self, request):
        names = {{}}
        exec(SOURCES[request.uri.split("?")[0]], names)
        return Response(200, {{}}, json.dumps(names["result"]).encode())
"""

IMPORT_ALL = f"""
import importlib, warnings
warnings.simplefilter("ignore")
result = {{}}
for name in {NAMES!r}:
    try:
        importlib.import_module(name)
    except BaseException as failure:
        result[name] = repr(failure)
"""

WHERE = """
import aifc, audioop, cgi, crypt, telnetlib, uu
result = [module.__file__ for module in (aifc, audioop, cgi, crypt, telnetlib, uu)]
"""

SOUND = """
import aifc, io, sunau
result = []
for module in aifc, sunau:
    file = io.BytesIO()
    file.close = lambda: None
    with module.open(file, "wb") as writer:
        writer.setparams((1, 2, 8000, 0, b"ulaw" if module is aifc else "ULAW", b""))
        writer.writeframes(bytes.fromhex("010203047fff8001"))
    file.seek(0)
    with module.open(file, "rb") as reader:
        result.append([reader.getnframes(), reader.getframerate(), reader.readframes(4).hex()])
"""

# The hash is that of the specification of SHA-crypt.
OTHERS = """
import cgi, crypt, imghdr, io, uu, xdrlib
packer, encoded, decoded = xdrlib.Packer(), io.BytesIO(), io.BytesIO()
packer.pack_string(b"abc")
uu.encode(io.BytesIO(b"some text"), encoded, "name", 0o644)
uu.decode(io.BytesIO(encoded.getvalue()), decoded)
result = [
    cgi.parse_header('text/html; charset="utf-8"'),
    crypt.crypt("Hello world!", "$6$saltstring"),
    [method.name for method in crypt.methods],
    imghdr.what(None, b"GIF89a"),
    decoded.getvalue().decode(),
    packer.get_buffer().hex(),
]
"""


def test_what_upstream_has_can_be_imported_and_used_in_a_handler(python_app, up):
    sources = {"/all": IMPORT_ALL, "/where": WHERE, "/sound": SOUND, "/others": OTHERS}
    server = up(python_app(APP.format(sources=sources)))

    def answer(path):
        response = server.get(path)
        assert response.status == 200, server.errors()
        return json.loads(response.body)

    assert len(NAMES) == 247
    assert answer("/all") == {}
    assert {path.rsplit("/python/", 1)[0] for path in answer("/where")} == {""}
    assert answer("/sound") == [[4, 8000, "0c021c047cff8c01"]] * 2
    assert answer("/others") == [
        ["text/html", {"charset": "utf-8"}],
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJu"
        "esI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
        ["SHA512", "SHA256", "BLOWFISH", "MD5", "CRYPT"],
        "gif",
        "some text",
        "0000000361626300",
    ]
