"""spin build: which commands run, where, with which PATH, and what is said."""

import os

import pytest

from conftest import BIN

HEAD = """spin_manifest_version = 2
[application]
name = "a"
[[trigger.http]]
route = "/..."
component = "one"
"""


def write(folder, *components):
    text = HEAD
    for name, build in components:
        text += f'[component.{name}]\nsource = "x.wasm"\n'
        if build:
            text += f"[component.{name}.build]\n{build}\n"
    (folder / "spin.toml").write_text(text)


def test_output(spin, tmp_path):
    write(tmp_path, ("one", 'command = "echo from the child"'), ("two", 'command = "echo 2"'))
    done = spin("build")
    assert (done.status, done.err) == (0, "")
    assert done.out == (
        "Building component one with `echo from the child`\n"
        "from the child\n"
        "Building component two with `echo 2`\n"
        "2\n"
        "Finished building all Spin components\n"
    )


def test_workdir_and_several_commands(spin, tmp_path):
    (tmp_path / "sub").mkdir()
    write(tmp_path, ("one", 'command = ["pwd", "echo b"]\nworkdir = "sub"'))
    done = spin("build")
    assert done.status == 0
    assert done.out == (
        "Building component one (2 commands)\n"
        "Running build step 1/2 for component one with 'pwd'\n"
        'Working directory: "./sub"\n'
        f"{tmp_path}/sub\n"
        "Running build step 2/2 for component one with 'echo b'\n"
        "b\n"
        "Finished building all Spin components\n"
    )


def test_from_elsewhere(spin, tmp_path):
    (tmp_path / "app" / "deep").mkdir(parents=True)
    write(tmp_path / "app", ("one", 'command = "pwd"'))
    assert f"{tmp_path}/app\n" in spin("build", "-f", "app").out
    assert f"{tmp_path}/app\n" in spin("build", "-f", "app/spin.toml").out
    done = spin("build", cwd=tmp_path / "app" / "deep")
    assert done.err == (
        "No 'spin.toml' in current directory. Using 'spin.toml' from parent directory "
        "(../spin.toml)\n"
    )
    assert f"{tmp_path}/app\n" in done.out


@pytest.mark.parametrize("command, status", [("exit 3", "Exited(3)"), ("kill -9 $$", "Signaled(9)")])
def test_a_failing_command_stops_the_build(spin, tmp_path, command, status):
    write(tmp_path, ("one", f'command = "{command}"'), ("two", 'command = "echo never"'))
    done = spin("build")
    assert done.status == 1
    assert f"Error: Build command for component one failed with status {status}" in done.err
    assert "never" not in done.out
    assert "Finished" not in done.out


def test_chosen_components(spin, tmp_path):
    write(tmp_path, ("one", 'command = "echo 1"'), ("two", 'command = "echo 2"'))
    assert "Building component one" not in spin("build", "-c", "two").out
    done = spin("build", "-c", "three", "-c", "four")
    assert (done.status, done.err) == (1, "Error: Unknown component(s) three, four\n")


def test_nothing_to_build(spin, tmp_path):
    write(tmp_path, ("one", None))
    done = spin("build")
    assert done.status == 0
    assert done.out.startswith("None of the components have a build command.\n")


def test_our_own_programs_come_first(spin, tmp_path):
    """As in an active virtual environment that has the upstream pair."""
    other = tmp_path / "venv" / "bin"
    other.mkdir(parents=True)
    fake = other / "componentize-py"
    fake.write_text("#!/bin/sh\necho upstream\n")
    fake.chmod(0o755)
    write(tmp_path, ("one", 'command = "command -v spin; echo $PATH; echo $VIRTUAL_ENV"'))
    env = {"PATH": f"{other}:{os.environ['PATH']}", "VIRTUAL_ENV": str(tmp_path / "venv")}
    lines = spin("build", env=env).out.splitlines()
    assert lines[1] == str(BIN / "spin")
    assert lines[2].split(":")[:2] == [str(BIN), str(other)]
    assert lines[3] == env["VIRTUAL_ENV"]


def test_errors_that_do_not_matter_for_building(spin, tmp_path):
    write(tmp_path, ("one", 'command = "echo built"'))
    with open(tmp_path / "spin.toml", "a") as manifest:
        manifest.write('[component.two]\nsource = "y"\nfile = ["z"]\n')
    done = spin("build")
    assert done.status == 0
    assert "built\n" in done.out
    assert "Warning: The manifest has errors not related to the Wasm component build." in done.err
    assert "spin.toml:13:1: unknown field `file` in [component.two]; did you mean `files`?" in done.err


def test_errors_that_do(spin, tmp_path):
    write(tmp_path, ("one", 'comand = "x"'))
    done = spin("build")
    assert done.status == 1
    assert "did you mean `command`?" in done.err


def test_build_and_up(spin, tmp_path):
    write(tmp_path, ("one", 'command = "echo built"'))
    done = spin("build", "--up", "--listen", "127.0.0.1:0")
    assert done.status == 1
    assert "built\n" in done.out
    assert "there is no file 'x.wasm'; run `spin build` first" in done.err
    done = spin("build", "--up", "--listem", "x")
    assert "unexpected argument '--listem'; did you mean '--listen'?" in done.err


def test_py2wasm(spin, up, python_app, tmp_path):
    """Manifests of an earlier SDK have this build command, as the page does."""
    command = 'command = "componentize-py -w spin-http componentize app -o app.wasm"'
    source = (
        "from spin_sdk import http\nfrom spin_sdk.http import Response\nimport text\n\n"
        "class IncomingHandler(http.IncomingHandler):\n"
        "    def handle_request(self, request):\n        return Response(200, {}, text.ANSWER)\n"
    )
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "text.py").write_text("ANSWER = b'from py2wasm'\n")
    new = f'command = "spin py2wasm -p .:{tmp_path}/more app -o app.wasm"'
    folder = python_app(source, replace=[(command, new)])
    done = spin("build", cwd=folder)
    assert done.status == 0
    assert (
        "Warning: `spin py2wasm` is deprecated: write `componentize-py -w spin-http componentize app -o app.wasm` "
        "as the build command\n"
    ) in done.err
    assert up(folder).get("/").body == b"from py2wasm"
    done = spin("py2wasm", "none", cwd=folder)
    assert done.status != 0
    assert not (folder / "index.wasm").exists()
