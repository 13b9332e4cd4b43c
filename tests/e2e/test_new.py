"""spin new."""

import importlib.util
import os
import pty
import shutil
import subprocess
import sys
import tomllib

import pytest

from conftest import BIN, ROOT

FILES = [".gitignore", "README.md", "app.py", "requirements.txt", "spin.toml"]


def new(spin, *arguments, **options):
    done = spin("new", "-t", "http-py", *arguments, "--accept-defaults", **options)
    assert (done.status, done.out, done.err) == (0, "", "")


def test_five_files_and_a_repository(spin, tmp_path):
    new(spin, "hello-world", env={"GIT_CEILING_DIRECTORIES": str(tmp_path.parent)})
    folder = tmp_path / "hello-world"
    assert sorted(os.listdir(folder)) == sorted([*FILES, ".git"])
    assert (folder / "requirements.txt").read_text() == "spin-sdk == 3.4.1\ncomponentize-py == 0.17.2\n"
    assert (folder / ".gitignore").read_text() == "__pycache__\n*.wasm\n.spin"
    assert "Hello from Python!" in (folder / "app.py").read_text()
    assert "class IncomingHandler(http.IncomingHandler):" in (folder / "app.py").read_text()


def test_manifest(spin, tmp_path):
    env = {"GIT_AUTHOR_NAME": "A B", "GIT_AUTHOR_EMAIL": "a@b"}
    new(spin, "hello-world", "--no-vcs", env=env)
    manifest = tomllib.loads((tmp_path / "hello-world" / "spin.toml").read_text())
    assert manifest["application"] == {
        "authors": ["A B <a@b>"],
        "description": "",
        "name": "hello-world",
        "version": "0.1.0",
    }
    assert manifest["trigger"]["http"] == [{"route": "/...", "component": "hello-world"}]
    assert manifest["component"]["hello-world"] == {
        "source": "app.wasm",
        "build": {
            "command": "componentize-py -w spin-http componentize app -o app.wasm",
            "watch": ["*.py", "requirements.txt"],
        },
    }


def test_no_vcs(spin, tmp_path):
    new(spin, "a", "--no-vcs")
    assert sorted(os.listdir(tmp_path / "a")) == sorted(set(FILES) - {".gitignore"})


def test_no_repository_inside_of_one(spin, tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    new(spin, "a")
    assert not (tmp_path / "a" / ".git").exists()


def test_values(spin, tmp_path):
    description = 'with "quotes" and \\'
    new(spin, "Mixed-Name", "-v", "http-path=/api/...", "-v", f"project-description={description}")
    manifest = tomllib.loads((tmp_path / "Mixed-Name" / "spin.toml").read_text())
    assert manifest["application"]["description"] == description
    assert manifest["application"]["name"] == "Mixed-Name"
    assert manifest["trigger"]["http"] == [{"route": "/api/...", "component": "mixed-name"}]


def test_values_file_and_option(spin, tmp_path):
    (tmp_path / "v.toml").write_text('http-path = "/file"\nproject-description = "from file"\n')
    new(spin, "a", "--values-file", "v.toml", "-v", "http-path=/option")
    manifest = tomllib.loads((tmp_path / "a" / "spin.toml").read_text())
    assert manifest["trigger"]["http"][0]["route"] == "/option"
    assert manifest["application"]["description"] == "from file"


def test_output_and_init(spin, tmp_path):
    new(spin, "a", "--output", "deep/er")
    assert (tmp_path / "deep" / "er" / "spin.toml").exists()
    (tmp_path / "here").mkdir()
    new(spin, "a", "--init", cwd=tmp_path / "here")
    assert (tmp_path / "here" / "spin.toml").exists()


def test_order_of_spin_1(spin, tmp_path):
    assert spin("new", "http-py", "old", "-a").status == 0
    assert (tmp_path / "old" / "spin.toml").exists()


def test_only_into_an_empty_folder(spin, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "file").write_text("")
    done = spin("new", "-t", "http-py", "a", "-a")
    assert done.status == 1
    assert "Can't generate into a as it already contains other files" in done.err
    assert not (tmp_path / "a" / "spin.toml").exists()
    assert spin("new", "-t", "http-py", "a", "-a", "--allow-overwrite").status == 0


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["-t", "http-py", "123"], "Each segment of the name must start with a letter."),
        (["-t", "http-py", "a-1"], "'1' does not start with a letter"),
        (["-t", "nothing", "a"], "Template nothing not found; there is http-py"),
        (["a"], "no template given; add `-t http-py`"),
        (["-t", "http-py"], "no name given"),
        (["-t", "http-py", "a", "-v", "http-path=x"], "Input 'x' does not match pattern '^/\\S*$'"),
        (["-t", "http-py", "a", "-v", "x"], "'x' is not of the form NAME=VALUE"),
        (["-t", "http-py", "a", "-v", "x=1"], "- Template does not contain a parameter named 'x'"),
        (["-t", "http-py", "a", "--init", "-o", "b"], "exclude each other"),
    ],
)
def test_wrong(spin, tmp_path, arguments, message):
    done = spin("new", *arguments, "-a")
    assert done.status != 0
    assert message in done.err
    assert os.listdir(tmp_path) == []


@pytest.fixture
def sdk(tmp_path_factory):
    """The SDK as an application sees it: our package, and the modules made of its world."""
    folder = tmp_path_factory.mktemp("sdk")
    shutil.copytree(ROOT / "sdk" / "python" / "spin_sdk", folder / "spin_sdk")
    world = ["-w", "spin-all", "--world-module", "spin_sdk.wit"]
    subprocess.run([BIN / "componentize-py", *world, "bindings", folder], check=True)
    return folder


def test_passes_mypy_strict(spin, tmp_path, sdk):
    if not importlib.util.find_spec("mypy"):
        pytest.skip("no mypy")
    new(spin, "hello")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "app.py"],
        cwd=tmp_path / "hello",
        env={**os.environ, "MYPYPATH": str(sdk)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_asks_on_a_terminal(tmp_path):
    """Name, description and path are asked for; an empty answer is the default."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [BIN / "spin", "new", "-t", "http-py", "--no-vcs"],
        cwd=tmp_path,
        stdin=terminal,
        stderr=terminal,
        stdout=subprocess.PIPE,
    )
    os.close(terminal)
    said = b""
    for prompt, answer in [
        (b"Enter a name for your new application: ", b"asked\n"),
        (b"Description: ", b"what it does\n"),
        (b"HTTP path [/...]: ", b"\n"),
    ]:
        while prompt not in said:
            said += os.read(controller, 1000)
        os.write(controller, answer)
    assert process.wait(timeout=60) == 0
    process.stdout.close()
    os.close(controller)
    manifest = tomllib.loads((tmp_path / "asked" / "spin.toml").read_text())
    assert manifest["application"]["description"] == "what it does"
    assert manifest["trigger"]["http"][0]["route"] == "/..."
