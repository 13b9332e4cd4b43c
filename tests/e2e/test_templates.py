"""spin templates: install, list, upgrade, uninstall."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile

import pytest

from conftest import ROOT

SDK = "https://github.com/fermyon/spin-python-sdk"

# What the page shows.
INSTALLED = """\
Copying remote template source
Installing template http-py...
Installed 1 template(s)

+---------------------------------------------+
| Name      Description                       |
+=============================================+
| http-py   HTTP request handler using Python |
+---------------------------------------------+
"""

TWO = """\
Installing template http-py...
Installing template http-py-p2...
Installed 2 template(s)

+-------------------------------------------------------------------------------+
| Name         Description                                                      |
+===============================================================================+
| http-py      HTTP request handler using Python                                |
| http-py-p2   HTTP request handler using Python compatible with Spin 3.x hosts |
+-------------------------------------------------------------------------------+
"""

SKIPPED = """\
Copying remote template source
Installing template http-py...
Installed 0 template(s)

Skipped 1 template(s)

+--------------------------+
| Name      Reason skipped |
+==========================+
| http-py   Already exists |
+--------------------------+
"""

LIST = INSTALLED.split("\n\n")[1]


def git(folder, *words):
    identity = ["-c", "user.name=t", "-c", "user.email=t@t", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", "-C", folder, *identity, *words], check=True, capture_output=True)


def add_template(source, name, description=None, ident=None):
    """A copy of the built-in template under another name."""
    folder = source / "templates" / name
    shutil.copytree(ROOT / "templates" / "http-py", folder)
    manifest = folder / "metadata" / "spin-template.toml"
    text = manifest.read_text().replace('id = "http-py"', f'id = "{ident or name}"')
    if description:
        text = text.replace("HTTP request handler using Python", description)
    manifest.write_text(text)
    return folder


@pytest.fixture
def source(tmp_path):
    """A folder with one template."""
    folder = tmp_path / "source"
    add_template(folder, "http-py")
    return folder


@pytest.fixture
def repository(source):
    git(source.parent, "init", "-q", source)
    git(source, "add", ".")
    git(source, "commit", "-q", "-m", "one")
    return source


@pytest.fixture
def url(repository):
    return f"file://{repository}"


@pytest.fixture
def store(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def templates(spin, store):
    def run(*words, status=0, env=None):
        done = spin("templates", *words, env={"SPIN_DATA_DIR": str(store), **(env or {})})
        assert done.status == status, done.out + done.err
        return done

    return run


@pytest.fixture
def new(spin, store, tmp_path):
    def run(name, *words):
        done = spin("new", name, "-a", "--no-vcs", *words, env={"SPIN_DATA_DIR": str(store)})
        assert done.status == 0, done.err
        return tmp_path / name

    return run


def folder_of(store, ident):
    return store / "templates" / f"{ident}_{hashlib.sha256(ident.encode()).hexdigest()}"


def test_spins_python_http_request_handler_template(templates, url, store):
    """The page's command and its output, from a repository that can be reached."""
    assert templates("install", "--git", url, "--update").out == INSTALLED
    folder = folder_of(store, "http-py")
    assert (folder / ".install.toml").read_text() == f'git = "{url}"\n'
    assert (folder / "content" / "app.py").read_bytes() == \
        (ROOT / "templates/http-py/content/app.py").read_bytes()
    assert templates("install", "--git", url, "--update").out == INSTALLED
    assert sorted(os.listdir(store / "templates")) == [".lock", folder.name]


def test_a_second_run_skips(templates, url):
    templates("install", "--git", url)
    assert templates("install", "--git", url).out == SKIPPED


def test_two_templates(templates, source):
    add_template(source, "p2", "HTTP request handler using Python compatible with Spin 3.x hosts",
                 "http-py-p2")
    assert templates("install", "--dir", source).out == TWO
    assert templates("list").out == TWO.split("\n\n")[1]


def test_one_new_one_skipped(templates, source):
    templates("install", "--dir", source)
    add_template(source, "other", "O")
    out = templates("install", "--dir", source).out
    assert "Installed 1 template(s)\n\n+---" in out
    assert "| other   O           |" in out
    assert out.endswith(SKIPPED.split("Installed 0 template(s)\n")[1])


@pytest.mark.parametrize("address", [SDK, SDK + ".git", "spinframework/spin-python-sdk",
                                     "git@github.com:fermyon/spin-python-sdk.git"])
def test_no_network(templates, store, address):
    """The repository of the Python SDK cannot be reached: git is told to go by a dead proxy."""
    env = {"https_proxy": "http://127.0.0.1:1", "GIT_SSH_COMMAND": "false"}
    done = templates("install", "--git", address, "--update", env=env)
    assert done.out == INSTALLED
    full = address if ":" in address else f"https://github.com/{address}"
    assert done.err.startswith(f"{full} cannot be reached: installing the templates that are built "
                               "into spin instead (")
    assert done.err.count("\n") == 1
    assert (folder_of(store, "http-py") / ".install.toml").read_text() == f'git = "{full}"\n'


def test_no_network_elsewhere(templates):
    env = {"https_proxy": "http://127.0.0.1:1"}
    done = templates("install", "--git", "https://github.com/other/templates", status=1, env=env)
    assert done.out == "Copying remote template source\n"
    assert done.err.startswith("Error: Failed to get template source\n\nCaused by:\n      "
                               "Error cloning Git repo https://github.com/other/templates: ")
    assert templates("list").out == LIST


def tagged(repository, name):
    """Another description at a tag or branch; the main branch keeps the old one."""
    git(repository, "checkout", "-q", "-b", "work")
    manifest = repository / "templates/http-py/metadata/spin-template.toml"
    manifest.write_text(manifest.read_text().replace("using Python", f"of {name}"))
    git(repository, "commit", "-q", "-a", "-m", "two")
    git(repository, "tag", name)
    git(repository, "checkout", "-q", "main")


def test_the_tag_of_this_version(templates, repository, url):
    tagged(repository, "spin/templates/v3.6")
    assert "HTTP request handler of spin/templates/v3.6" in templates("install", "--git", url).out
    out = templates("install", "--git", url, "--branch", "main", "--update").out
    assert out == INSTALLED


def test_other_tags_do_not_count(templates, repository, url):
    tagged(repository, "spin/templates/v2.0")
    assert templates("install", "--git", url).out == INSTALLED
    out = templates("install", "--git", url, "--branch", "work", "--upgrade").out
    assert "handler of spin/templates/v2.0" in out


def test_a_branch_that_is_not_there(templates, url):
    done = templates("install", "--git", url, "--branch", "none", status=1)
    assert "Remote branch none not found" in done.err


def test_update_removes_what_is_gone(templates, repository, url, tmp_path):
    add_template(repository, "gone")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "two")
    templates("install", "--git", url)
    add_template(tmp_path / "mine", "mine")
    templates("install", "--dir", tmp_path / "mine")
    git(repository, "rm", "-q", "-r", "templates/gone")
    git(repository, "commit", "-q", "-m", "three")
    assert "Removed" not in templates("install", "--git", url).out
    out = templates("install", "--git", url, "--update").out
    assert out == INSTALLED + """
Removed 1 templates no longer in repository

+------+
| Name |
+======+
| gone |
+------+
"""
    assert [one["id"] for one in json.loads(templates("list", "--format", "json").out)] == \
        ["http-py", "mine"]


def test_nothing_is_removed_when_one_cannot_be_read(templates, repository, url):
    add_template(repository, "fine")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "two")
    templates("install", "--git", url)
    (repository / "templates/fine/metadata/spin-template.toml").write_text("id = 1")
    git(repository, "commit", "-q", "-a", "-m", "three")
    out = templates("install", "--git", url, "--update").out
    assert "Removed" not in out
    assert "| fine   Template load error: fine/metadata/spin-template.toml:1:1: " in out
    assert "fine" in templates("list").out


def test_upgrade(templates, repository, url):
    templates("install", "--git", url)
    manifest = repository / "templates/http-py/metadata/spin-template.toml"
    manifest.write_text(manifest.read_text().replace("using Python", "upgraded"))
    git(repository, "commit", "-q", "-a", "-m", "two")
    out = templates("upgrade", "--all").out
    assert out.startswith(f"Upgrading templates from {url}...\nCopying remote template source\n"
                          "Installing template http-py...\nUpgraded 1 template(s)\n\n+---")
    assert "| http-py   HTTP request handler upgraded |" in out
    assert templates("upgrade", "--repo", "file:///other").out == "Upgraded 0 template(s)\n"
    shutil.rmtree(repository)
    done = templates("upgrade", "--repo", url, status=1)
    assert "Upgraded 0 template(s)\n\nErrors upgrading 1 repository\n\n+---" in done.out
    assert f"| {url}   Failed to get template source: Error cloning Git repo" in done.out


def test_uninstall(templates, source, store):
    add_template(source, "other")
    templates("install", "--dir", source)
    assert templates("uninstall", "other").out == ""
    assert templates("list").out == LIST
    templates("uninstall", "http-py")
    assert os.listdir(store / "templates") == [".lock"]
    assert templates("list").out == LIST  # the built-in one is back


def test_list(templates, source):
    assert templates("list").out == LIST
    assert templates("list", "--tag", "Python", "--tag", "http").out == LIST
    assert templates("list", "--tag", "rust").out == \
        "No templates matched 'rust' (1 templates skipped)\n"
    assert templates("list", "--verbose").out.splitlines()[1:4:2] == [
        "| Name      Description                         Installed from  |",
        "| http-py   HTTP request handler using Python   built into spin |",
    ]
    templates("install", "--dir", source)
    assert f"Python   {source} |" in templates("list", "--verbose").out
    assert json.loads(templates("list", "--format", "json").out) == [
        {"id": "http-py", "description": "HTTP request handler using Python"}
    ]


def test_list_names_what_is_broken(templates, source, store):
    templates("install", "--dir", source)
    folder = folder_of(store, "http-py")
    (folder / "metadata/spin-template.toml").write_text("manifest_version = 1")
    (store / "templates" / "left.stage").mkdir()
    assert templates("list").out == LIST + f"""
note: ignored invalid entry {folder.name} (Template load error: \
{folder}/metadata/spin-template.toml:1:20: `manifest_version` must be a string, not an integer)
"""


def test_where_the_store_is(spin, tmp_path, source):
    home = {"SPIN_DATA_DIR": "", "XDG_DATA_HOME": "", "HOME": str(tmp_path / "home")}
    for env, place in [
        (home, "home/.local/share/spin"),
        ({**home, "XDG_DATA_HOME": str(tmp_path / "xdg")}, "xdg/spin"),
        ({**home, "SPIN_DATA_DIR": str(tmp_path / "own")}, "own"),
    ]:
        assert spin("templates", "install", "--dir", source, env=env).status == 0
        assert folder_of(tmp_path / place, "http-py").is_dir()


def test_an_installed_template_is_used(templates, source, new):
    (source / "templates/http-py/content/app.py").write_text("# {{project-name | pascal_case}}\n")
    templates("install", "--dir", source)
    assert (new("my-app", "-t", "http-py") / "app.py").read_text() == "# MyApp\n"


# ---- archives ------------------------------------------------------------------------------------


def archive(path, entries, mode="w:gz"):
    """entries: name -> text, or a TarInfo for what is no file."""
    with tarfile.open(path, mode) as tar:
        for name, contents in entries.items():
            if isinstance(contents, tarfile.TarInfo):
                tar.addfile(contents)
                continue
            info = tarfile.TarInfo(name)
            info.size = len(contents)
            tar.addfile(info, io.BytesIO(contents.encode()))
    return path


MANIFEST = 'manifest_version = "1"\nid = "t"\ndescription = "D"\n'
MINIMAL = {
    "templates/t/metadata/spin-template.toml": MANIFEST,
    "templates/t/content/a.txt": "{{ project-name }}",
}


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
@pytest.mark.parametrize("wrapper", ["", "./", "repo-1.0/"])
def test_tar(templates, tmp_path, new, mode, wrapper):
    entries = {wrapper + name: text for name, text in MINIMAL.items()}
    entries[wrapper + "README.md"] = "not a template"
    path = archive(tmp_path / "t.tar", entries, mode)
    out = templates("install", "--tar", path).out
    assert out.startswith("Copying remote template source\nInstalling template t...\nInstalled 1")
    assert (new("made", "-t", "t") / "a.txt").read_text() == "made"


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize("name", ["../evil", "/evil", "templates/t/content/../../../../evil",
                                  "templates//evil"])
def test_tar_that_leaves_its_place(templates, tmp_path, name):
    path = archive(tmp_path / "t.tar", {**MINIMAL, name: "x"})
    done = templates("install", "--tar", path, status=1)
    assert f"'{path}' has an entry that leaves it: '{name}'" in done.err
    assert not (tmp_path / "evil").exists() and not os.path.exists("/evil")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_tar_with_links(templates, tmp_path, kind):
    name = "templates/t/content/link"
    path = archive(tmp_path / "t.tar", {**MINIMAL, name: link(name, "/etc/passwd", kind)})
    what = "special file" if kind == tarfile.FIFOTYPE else "link"
    assert (f"| t      Template load error: 't/content/link' is a {what}; a template holds plain "
            "files only |") in templates("install", "--tar", path).out


def test_tar_that_is_too_large(templates, tmp_path):
    """A hundred bytes that become 65 MiB."""
    path = tmp_path / "t.tar"
    with tarfile.open(path, "w:xz") as tar:
        info = tarfile.TarInfo("templates/t/content/zeros")
        info.size = 65 << 20
        tar.addfile(info, open("/dev/zero", "rb"))
    assert path.stat().st_size < 1 << 20
    done = templates("install", "--tar", path, status=1)
    assert f"'{path}' has more than 10000 files or 64 MiB" in done.err


def test_tar_that_is_cut(templates, tmp_path):
    path = archive(tmp_path / "t.tar", {**MINIMAL, "templates/t/content/b": "x" * 100000}, "w")
    path.write_bytes(path.read_bytes()[:50000])
    done = templates("install", "--tar", path, status=1)
    assert f"'{path}' is not a tar archive that can be read" in done.err


def test_dir_with_links(templates, source):
    (source / "templates/http-py/content/secret").symlink_to("/etc/passwd")
    out = templates("install", "--dir", source).out
    assert "'http-py/content/secret' is a link; a template holds plain files only" in out
