"""spin add: one more component in an application."""

import tomllib

import pytest

from conftest import fetch

MANIFEST = """\
spin_manifest_version = 2

# What a person wrote stays.
[application]
name = "app"

[variables]
kept = { default = "mine" }   # a comment
long = { default = '''
[variables]
''' }

[[trigger.http]]
route = "/..."
component = "one"

[component.one]
source = "one.wasm"


"""

TEMPLATE = """\
manifest_version = "1"
id = "redis"
[new_application]
supported = false
[add_component]
skip_files = ["spin.toml"]
[add_component.snippets]
application_trigger = "trigger.txt"
component = "component.txt"
variables = "variables.txt"
[add_component.conditions.has_trigger]
condition = { manifest_entry_exists = "application.trigger.redis" }
skip_files = ["first.txt"]
skip_parameters = ["address"]
skip_snippets = ["application_trigger"]
[parameters]
address = { type = "string", prompt = "Address", default = "redis://localhost" }
[outputs]
beside = { action = "create_dir", path = "shared", at = "manifest" }
inside = { action = "create_dir", path = "own" }
"""

FILES = {
    "metadata/spin-template.toml": TEMPLATE,
    "metadata/snippets/trigger.txt": '[application.trigger.redis]\naddress = "{{ address }}"\n',
    "metadata/snippets/component.txt": """\
[[trigger.redis]]
channel = "c"
component = "{{ project-name | kebab_case }}"

[component.{{ project-name | kebab_case }}]
source = "{{ output-path }}/app.wasm"
""",
    "metadata/snippets/variables.txt": """\
kept = { default = "theirs" }
# not taken
added = { required = true }
text = { default = '''
two lines''' }
""",
    "content/spin.toml": "not this one",
    "content/first.txt": "",
    "content/app.py": "# {{ project-name }}",
}


@pytest.fixture
def app(spin, tmp_path):
    """An application, with a template that has every kind of snippet installed."""
    for name, text in FILES.items():
        path = tmp_path / "source" / "templates" / "redis" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    done = spin("templates", "install", "--dir", tmp_path / "source")
    assert done.status == 0, done.err
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "spin.toml").write_text(MANIFEST)
    return folder


@pytest.fixture
def add(spin, app, tmp_path):
    def run(*words, cwd=app):
        done = spin("add", *words, cwd=cwd)
        assert (done.status, done.out, done.err) == (0, "", "")
        return (app / "spin.toml").read_text()

    return run


def test_text_of_the_manifest(add):
    """The manifest, an empty line, the snippet; nothing else changes."""
    text = add("-t", "http-py", "My-Orders", "-a", "-v", "http-path=/orders/...")
    assert text == MANIFEST.rstrip() + """

[[trigger.http]]
route = "/orders/..."
component = "my-orders"

[component.my-orders]
source = "My-Orders/app.wasm"
[component.my-orders.build]
command = "componentize-py -w spin-http componentize app -o app.wasm"
workdir = "My-Orders"
watch = ["*.py", "requirements.txt"]
"""


def test_files(add, app):
    add("-t", "http-py", "orders", "-a")
    assert sorted(path.name for path in (app / "orders").iterdir()) == [
        ".gitignore", "README.md", "app.py", "requirements.txt"]


def test_every_kind_of_snippet(add, app):
    text = add("-t", "redis", "two", "-a")
    assert text == MANIFEST.rstrip().replace("""
''' }
""", """
''' }
added = { required = true }
text = { default = '''
two lines''' }
""") + """

[[trigger.redis]]
channel = "c"
component = "two"

[component.two]
source = "two/app.wasm"

[application.trigger.redis]
address = "redis://localhost"
"""
    assert tomllib.loads(text)["variables"]["kept"] == {"default": "mine"}
    assert sorted(path.name for path in (app / "two").iterdir()) == ["app.py", "first.txt", "own"]
    assert (app / "shared").is_dir()


def test_conditions(add, app):
    """The second time the trigger is there, and neither it nor its address is wanted."""
    add("-t", "redis", "two", "-a")
    text = add("-t", "redis", "three", "-a")
    assert text.count("[application.trigger.redis]") == 1
    assert text.count("added = ") == 1
    assert [one["component"] for one in tomllib.loads(text)["trigger"]["redis"]] == ["two", "three"]
    assert sorted(path.name for path in (app / "three").iterdir()) == ["app.py", "own"]


def test_variables_without_a_table(add, app):
    start = MANIFEST.index("[variables]")
    end = MANIFEST.index("[[trigger.http]]")
    (app / "spin.toml").write_text(MANIFEST[:start] + MANIFEST[end:])
    text = add("-t", "redis", "two", "-a")
    assert set(tomllib.loads(text)["variables"]) == {"kept", "added", "text"}
    assert text.endswith("\n[variables]\nkept = { default = \"theirs\" }\nadded = "
                         "{ required = true }\ntext = { default = '''\ntwo lines''' }\n")


def test_places(add, app, tmp_path):
    """-o is from the manifest's folder, and so is what the manifest says of it."""
    text = add("-t", "http-py", "a", "-a", "-o", "deep/a", "-f", "app/spin.toml", cwd=tmp_path)
    assert 'source = "deep/a/app.wasm"' in text
    assert (app / "deep" / "a" / "app.py").exists()
    text = add("-t", "http-py", "b", "-a", "--init", "--allow-overwrite", "--no-vcs")
    assert 'source = "./app.wasm"' in text
    assert (app / "app.py").exists() and not (app / ".gitignore").exists()


def test_both_components_run(spin, tmp_path, up, python_ready):
    assert spin("new", "-t", "http-py", "app", "-a", "-v", "http-path=/one").status == 0
    folder = tmp_path / "app"
    done = spin("add", "-t", "http-py", "two", "-a", "-v", "http-path=/two/...", cwd=folder)
    assert done.status == 0, done.err
    app = folder / "two" / "app.py"
    app.write_text(app.read_text().replace("Hello", "Two"))
    done = spin("build", cwd=folder)
    assert done.status == 0, done.out + done.err
    application = up(folder)
    assert fetch(f"http://{application.address}/one") == b"Hello from Python!"
    assert fetch(f"http://{application.address}/two/x") == b"Two from Python!"
