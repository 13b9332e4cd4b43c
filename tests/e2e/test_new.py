"""spin new."""

import importlib.util
import os
import subprocess
import sys
import tomllib

import pytest

from conftest import BIN, ROOT
from terminal import Terminal

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


def on_terminal(tmp_path, *words):
    env = {**os.environ, "SPIN_DATA_DIR": str(tmp_path / ".data")}
    return Terminal([BIN / "spin", *words], tmp_path, env)


def test_asks_on_a_terminal(tmp_path):
    """Template, name, description and path are asked for; an empty answer is the default."""
    terminal = on_terminal(tmp_path, "new", "--no-vcs")
    asked = terminal.answer("Number or name [1]: ", "http-py")
    assert asked.replace("\r", "") == (
        "Pick a template to start your application with:\n"
        "  1. http-py (HTTP request handler using Python)\n")
    terminal.answer("Enter a name for your new application: ", "asked")
    terminal.answer("Description: ", "what it does")
    terminal.answer("HTTP path [/...]: ", "")
    assert terminal.end()[:2] == (0, "")
    manifest = tomllib.loads((tmp_path / "asked" / "spin.toml").read_text())
    assert manifest["application"]["description"] == "what it does"
    assert manifest["trigger"]["http"][0]["route"] == "/..."


def test_asks_again(tmp_path):
    terminal = on_terminal(tmp_path, "new", "-t", "http-py", "--no-vcs")
    terminal.answer("Enter a name for your new application: ", "1st")
    terminal.wait_for("Name must be kebab-cased, and each segment must begin with a letter.")
    again = "Name is required. Try another application name (or Ctrl+C to exit): "
    terminal.answer(again, "")
    terminal.answer(again, "first")
    terminal.answer("Description: ", "")
    terminal.answer("HTTP path [/...]: ", "nowhere")
    terminal.wait_for("Invalid value: Input 'nowhere' does not match pattern '^/\\S*$'")
    terminal.answer("HTTP path [/...]: ", "/where")
    assert terminal.end()[0] == 0
    manifest = tomllib.loads((tmp_path / "first" / "spin.toml").read_text())
    assert manifest["trigger"]["http"][0]["route"] == "/where"


def test_asks_nothing_with_defaults(tmp_path):
    terminal = on_terminal(tmp_path, "new", "-t", "http-py", "first", "-a")
    assert terminal.end() == (0, "", "")


def test_end_of_input_makes_nothing(tmp_path):
    terminal = on_terminal(tmp_path, "new", "-t", "http-py", "first")
    terminal.wait_for("Description: ")
    terminal.type("\x04")
    status, _, said = terminal.end()
    assert status == 1
    assert "there is no answer to 'Description'" in said
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("answer, made", [("y", True), ("n", False), ("", False)])
def test_asks_before_it_overwrites(tmp_path, answer, made):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "app.py").write_text("mine")
    terminal = on_terminal(tmp_path, "new", "-t", "http-py", "a", "-a", "--no-vcs")
    terminal.answer(
        "Directory 'a' already contains other files. Generate into it anyway? [y/N]: ", answer)
    assert terminal.end()[0] == 0
    assert ((tmp_path / "a" / "app.py").read_text() != "mine") == made
    assert (tmp_path / "a" / "spin.toml").exists() == made


def test_a_single_template_with_the_tag_is_taken(spin, tmp_path):
    assert spin("new", "--tag", "PYTHON", "tagged", "-a").status == 0
    assert (tmp_path / "tagged" / "app.py").exists()


def test_notes_about_names(spin, tmp_path):
    done = spin("new", "http-py", "old", "-a")
    assert done.err == ("Using Spin 1 command syntax. The recommended syntax in Spin 2 is "
                        "'spin new old -t http-py'\n")
    done = spin("new", "-a", "--tag", "http", "http-py")
    assert done.err == ("This will create an application called http-py. If you meant to use the "
                        "http-py template, write '-t http-py'.\n")


TEMPLATE = """\
manifest_version = "1"
id = "every"
tags = ["test"]
[new_application]
skip_files = ["left-out.txt", "folder/left-out"]
skip_parameters = ["skipped"]
[parameters]
plain = { type = "string", prompt = "Plain", default = "p" }
chosen = { type = "string", prompt = "Chosen", allowed_values = ["red", "green"] }
skipped = { type = "string", prompt = "Skipped" }
[outputs]
data = { action = "create_dir", path = "data/{{ plain | kebab_case }}" }
"""

CONTENT = {
    "left-out.txt": "",
    "folder/left-out": "",
    "folder/kept.txt.tmpl": "{% for i in (1..3) %}{{ i }}{% endfor %} {{ chosen }}",
    "page.jsx": "style={{ color: 'red' }} {{ plain }}",
    "logo.png": b"\x89PNG {{ plain }} \xff\x00",
    "uses-partial.txt": "{% render 'hello.liquid', who: project-name %}",
    "author.txt": "{{ authors }}|{{ username }}|{{ output-path }}",
    ".tmpl": "kept as it is",
}


@pytest.fixture
def every(spin, tmp_path):
    """A template that uses what there is, installed."""
    template = tmp_path / "source" / "templates" / "every"
    files = {"metadata/spin-template.toml": TEMPLATE,
             "metadata/partials/hello.liquid": "Hello, {{ who }}!",
             **{f"content/{name}": text for name, text in CONTENT.items()}}
    for name, text in files.items():
        path = template / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (template / "content" / "run.sh").write_text("#!/bin/sh\n")
    (template / "content" / "run.sh").chmod(0o755)
    assert spin("templates", "install", "--dir", tmp_path / "source").status == 0
    return template


def test_everything_in_a_template(spin, tmp_path, every):
    env = {"GIT_AUTHOR_NAME": "A B", "GIT_AUTHOR_EMAIL": "a@b"}
    done = spin("new", "-t", "every", "made", "-v", "chosen=red", "-v", "plain=A b", "--no-vcs",
                env=env)
    assert (done.status, done.out, done.err) == (0, "", "")
    made = tmp_path / "made"
    found = {str(path.relative_to(made)): path.read_bytes()
             for path in made.rglob("*") if path.is_file()}
    assert found == {
        "folder/kept.txt": b"123 red",
        "page.jsx": CONTENT["page.jsx"].encode(),
        "logo.png": CONTENT["logo.png"],
        "uses-partial.txt": b"Hello, made!",
        "author.txt": b"A B <a@b>|A B|made",
        ".tmpl": b"kept as it is",
        "run.sh": b"#!/bin/sh\n",
    }
    assert (made / "data" / "a-b").is_dir()
    assert os.access(made / "run.sh", os.X_OK) and not os.access(made / "page.jsx", os.X_OK)


def test_a_parameter_without_default_is_asked_for_again(tmp_path, every):
    terminal = on_terminal(tmp_path, "new", "-t", "test", "made", "--no-vcs")
    terminal.answer("Number or name [1]: ", "7")
    terminal.answer("Number or name [1]: ", "1")
    terminal.answer("Plain [p]: ", "")
    terminal.answer("Chosen: ", "")
    terminal.answer("Chosen: ", "blue")
    terminal.wait_for("Invalid value: Input 'blue' is not one of the allowed values (red, green)")
    terminal.answer("Chosen: ", "green")
    assert terminal.end()[0] == 0
    assert (tmp_path / "made" / "folder" / "kept.txt").read_text() == "123 green"
