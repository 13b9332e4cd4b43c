"""spin itself: help, version, wrong command lines."""

import pytest


def test_version(spin):
    done = spin("--version")
    assert done.status == 0
    assert done.out.startswith("spin 3.6.0 (spindle ")


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["help"]])
def test_help_teaches(spin, arguments):
    done = spin(*arguments)
    assert done.status == 0
    for line in ["spin new -t http-py hello-world --accept-defaults", "spin build", "spin up"]:
        assert line in done.out


@pytest.mark.parametrize("command", ["new", "build", "up"])
def test_help_of_a_command(spin, command):
    assert spin(command, "--help").out == spin("help", command).out
    done = spin(command, "--help")
    assert done.status == 0
    assert f"Usage: spin {command}" in done.out
    assert "--check-rewind" not in done.out


def test_no_command_shows_help(spin):
    done = spin()
    assert done.status == 2
    assert "Usage: spin <COMMAND>" in done.out


WRONG = [
    (["bild"], 2, "Error: 'bild' is not a known Spin command. See spin --help."),
    (["bild"], 2, "\tbuild"),
    (["xyzzy"], 2, "Error: 'xyzzy' is not a known Spin command. See spin --help.\n"),
    (["deploy"], 2, "Error: the command 'deploy' is not supported yet"),
    (["up", "--listem", "x"], 2, "unexpected argument '--listem'; did you mean '--listen'?"),
    (["up", "--zzzzzzzzzz"], 2, "unexpected argument '--zzzzzzzzzz'; see spin up --help"),
    (["up", "-z"], 2, "unexpected argument '-z'"),
    (["up", "--listen"], 2, "'--listen' needs a value: ADDR"),
    (["up", "--quiet=1"], 2, "'--quiet' takes no value"),
    (["up", "--profile", "x"], 1, "'--profile' is not supported yet"),
    (["up", "extra"], 2, "unexpected argument 'extra'"),
    (["build", "--form", "x"], 2, "did you mean '--from'?"),
    (["up"], 1, "Default file 'spin.toml' not found. Run `spin up --from <APPLICATION>`"),
    (["build"], 1, '"spin.toml" not found'),
    (["up", "-f", "nowhere"], 1, "File or directory 'nowhere' not found. If you meant to load"),
    (["build", "-f", "nowhere"], 1, "No such file or directory 'nowhere'"),
    (["build", "-f", "."], 1, "Directory . does not contain a file named 'spin.toml'"),
]


@pytest.mark.parametrize("arguments, status, message", WRONG)
def test_wrong_command_lines(spin, arguments, status, message):
    done = spin(*arguments)
    assert done.status == status
    assert done.err.startswith("Error: ")
    assert message in done.err
    assert done.out == ""


def test_causes_are_shown_as_spin_shows_them(spin, tmp_path):
    (tmp_path / "spin.toml").write_text("spin_manifest_version = 5\n")
    done = spin("up")
    assert done.status == 1
    assert done.err.startswith(
        'Error: Failed to load manifest from "spin.toml"\n\nCaused by:\n'
        '      spin.toml:1:25: invalid manifest version: "5"\n'
    )


def test_no_colours_without_a_terminal(spin):
    assert "\033" not in spin("bild").err
