"""Which files of the search path a component carries, so that handlers can import and read them."""

import pytest

from conftest import componentize, serve

APP = """
import os
from spin_sdk import http

class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request):
        if request.uri == "/late":
            import own.late
            from used import part
            import chosen
            return http.Response(200, {}, f"{own.late.X} {part.X} {chosen.X}".encode())
        found = [os.path.join(folder, name) for root in ("/0", "/1")
                 for folder, _, names in os.walk(root) for name in names]
        return http.Response(200, {}, repr(sorted(found)).encode())
"""

FILES = {
    "app.py": APP,
    "own/__init__.py": "",
    "own/late.py": "X = 'own'\n",
    "own/data.txt": "not Python",
    ".hidden/x.py": "",
    "__pycache__/x.py": "",
    "venv/pyvenv.cfg": "",
    "venv/lib/x.py": "",
    "installed/used-1.0.dist-info/METADATA": "",
    "installed/used/__init__.py": "import helper\n",
    "installed/used/part.py": "X = 'used'\n",
    "installed/used/table.csv": "",
    "installed/used/native.so": "",
    "installed/helper.py": "",
    "installed/chosen.py": "X = 'chosen'\n",
    "installed/unused/__init__.py": "",
    "installed/unused/table.csv": "",
}


@pytest.fixture(scope="module")
def embedded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("embedded")
    for name, text in FILES.items():
        path = folder / "root" / name
        if name.startswith("installed"):
            path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    yield from serve(folder / "root", "-p", ".", "-p", "../installed")


def test_imports_in_handlers_find_their_files(embedded):
    status, _, body = embedded.ask("/late")
    assert (status, body) == (200, b"own used chosen"), embedded.messages()


def test_only_what_can_be_imported_or_read_is_embedded(embedded):
    assert eval(embedded.ask("/")[2]) == [
        "/0/app.py", "/0/own/__init__.py", "/0/own/data.txt", "/0/own/late.py",
        "/1/chosen.py", "/1/helper.py", "/1/used/__init__.py", "/1/used/part.py", "/1/used/table.csv"]


def test_a_failing_warm_up_fails_the_build(tmp_path):
    (tmp_path / "app.py").write_text("from spin_sdk.http import IncomingHandler\ndef warm_up(): 1 / 0\n")
    built = componentize(tmp_path)
    assert built.returncode == 1
    assert "in warm_up" in built.stdout + built.stderr and "ZeroDivisionError" in built.stdout + built.stderr
    assert not (tmp_path / "app.wasm").exists()


def test_leftovers_of_building_and_serving_do_not_matter(tmp_path):
    (tmp_path / "app.py").write_text("from spin_sdk.http import IncomingHandler\n")
    assert componentize(tmp_path).returncode == 0
    first = (tmp_path / "app.wasm").read_bytes()
    for leftover in (".spin/logs", "__pycache__"):
        (tmp_path / leftover).mkdir(parents=True)
    assert componentize(tmp_path).returncode == 0
    assert (tmp_path / "app.wasm").read_bytes() == first
