"""spin watch: a saved file becomes the new answer; a build that fails leaves the old one."""

import os
import re
import signal
import subprocess

import pytest

from conftest import BIN, MANIFEST, Application

APP = """
from spin_sdk import http
from spin_sdk.http import Request, Response


class IncomingHandler(http.IncomingHandler):
    def handle_request(self, request: Request) -> Response:
        return Response(200, {}, b"one")
"""


class Watch(Application):
    def __init__(self, folder, arguments, env):
        super().__init__(
            subprocess.Popen(
                [BIN / "spin", "watch", *arguments, "--listen", "127.0.0.1:0"],
                cwd=folder,
                env={**os.environ, **env},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        self.served = 0

    def wait_for_start(self):
        """Waits until the application serves once more than before."""
        self.served += 1
        starts = rf"(?:Serving http://\S+\n(?s:.*?)){{{self.served - 1}}}Serving http://(\S+)\n(?s:.*?)Routes:\n"
        self.address = self.wait_for(self.out, starts)[1]

    def starts(self):
        return self.output().count("Serving http://")


@pytest.fixture
def watch():
    running = []

    def start(folder, *arguments, env=None):
        running.append(Watch(folder, arguments, env or {}))
        return running[-1]

    yield start
    for watching in running:
        assert watching.stop() == 0


def replace(path, old, new):
    """As editors save: a new file in place of the old one."""
    text = path.read_text()
    assert old in text
    new_file = path.with_name(path.name + ".new")
    new_file.write_text(text.replace(old, new))
    new_file.rename(path)


def test_a_saved_file_becomes_the_new_answer(watch, python_app):
    folder = python_app(APP)
    watching = watch(folder)
    watching.wait_for_start()
    assert watching.get("/").body == b"one"
    replace(folder / "app.py", "one", "two")
    watching.wait_for_start()
    assert watching.get("/").body == b"two"
    assert watching.starts() == 2
    (folder / "module.py").write_text("answer = b'three'\n")
    watching.wait_for_start()
    replace(folder / "app.py", 'b"two"', "answer")
    replace(folder / "app.py", "import http", "import http\nfrom module import answer")
    watching.wait_for_start()
    assert watching.get("/").body == b"three"


def test_a_build_that_fails_leaves_the_old_application(watch, python_app):
    folder = python_app(APP)
    watching = watch(folder)
    watching.wait_for_start()
    replace(folder / "app.py", "return Response", "retrn Response")
    watching.wait_for(watching.err, "The build has failed; the application runs on as it was\n")
    assert "app.py" in watching.errors()
    assert watching.get("/").body == b"one"
    replace(folder / "app.py", 'retrn Response(200, {}, b"one")', 'return Response(200, {}, b"right")')
    watching.wait_for_start()
    assert watching.get("/").body == b"right"
    assert watching.starts() == 2


def component(guest_app, build):
    (guest_app / "spin.toml").write_text(MANIFEST + build)
    return guest_app


def test_a_first_build_that_fails(watch, guest_app):
    folder = component(guest_app, '[component.hello.build]\ncommand = "sh build.sh"\nwatch = ["*.sh"]\n')
    (folder / "build.sh").write_text("exit 3\n")
    watching = watch(folder)
    watching.wait_for(watching.err, r"failed with status Exited\(3\)(?s:.*)waiting for a change\n")
    assert watching.output().count("Serving") == 0
    (folder / "build.sh").write_text("exit 0\n")
    watching.wait_for_start()
    assert watching.get("/hello").body == b"hello"


def test_a_change_begins_a_build_anew(watch, guest_app):
    """The build waits for a file that never comes; its change of the script ends it."""
    folder = component(guest_app, '[component.hello.build]\ncommand = "sh build.sh"\nwatch = ["*.sh"]\n')
    (folder / "build.sh").write_text("echo waits; while ! test -e never; do sleep 0.05; done\n")
    watching = watch(folder)
    watching.wait_for(watching.out, "waits\n")
    (folder / "build.sh").write_text("echo done\n")
    watching.wait_for_start()
    assert "done\n" in watching.output()


def test_what_restarts_without_a_build(watch, guest_app):
    folder = component(guest_app, 'files = ["data/*"]\n')
    (folder / "data").mkdir()
    watching = watch(folder, "--skip-build")
    watching.wait_for_start()
    (folder / "data" / "x").write_text("x")
    watching.wait_for_start()
    replace(folder / "spin.toml", "test-app", "other-app")
    watching.wait_for_start()
    assert b"other-app" in watching.get("/.well-known/spin/info").body
    assert "Building" not in watching.output()
    assert not re.search("None of the components", watching.output())


def test_build_without_watch_is_warned_of(watch, guest_app):
    watching = watch(component(guest_app, '[component.hello.build]\ncommand = "true"\n'))
    watching.wait_for_start()
    assert (
        "Warning: spin.toml:13:18: component `hello` has a build command, but no `watch`: changes of its "
        "source are not seen\n"
    ) in watching.errors()


def test_nothing_is_left_running(watch, guest_app):
    watching = watch(guest_app)
    watching.wait_for_start()
    assert watching.stop(signal.SIGINT) == 0
    with pytest.raises(OSError):
        watching.get("/hello")


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--debounce", "x"], "'x' is not a number of milliseconds up to 60000 (option --debounce)"),
        (["--profile", "x"], "'--profile' is not supported yet"),
    ],
)
def test_wrong_command_lines(spin, guest_app, arguments, message):
    done = spin("watch", *arguments, cwd=guest_app)
    assert message in done.err
    assert done.status != 0
