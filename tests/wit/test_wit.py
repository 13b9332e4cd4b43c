"""The resolver's output equals that of wasm-tools; malformed texts give the exact message."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
WIT_JSON = os.environ.get("SPINDLE_WIT_JSON", "wit-json")
WASM_TOOLS = os.environ.get("SPINDLE_WASM_TOOLS") or shutil.which("wasm-tools")
MALFORMED = HERE / "malformed"

needs_wasm_tools = pytest.mark.skipif(not WASM_TOOLS, reason="no wasm-tools")


def ours(path, *features):
    return subprocess.run([WIT_JSON, str(path), *features], capture_output=True, text=True)


def theirs(path, *features):
    options = [option for feature in features for option in ("--features", feature)]
    command = [WASM_TOOLS, "component", "wit", "--json", *options, str(path)]
    return subprocess.run(command, capture_output=True, text=True)


def expected_errors():
    lines = (MALFORMED / "expected.txt").read_text().splitlines()
    return {line.split(":", 1)[0]: line for line in lines}


def equal_cases():
    cases = [pytest.param(ROOT / "wit", (), id="all-packages")]
    for path in sorted((HERE / "valid").iterdir()):
        cases.append(pytest.param(path, (), id=path.name))
        cases.append(pytest.param(path, ("preview",), id=path.name + "+preview"))
    return cases


@needs_wasm_tools
@pytest.mark.parametrize("path, features", equal_cases())
def test_output_equals_wasm_tools(path, features):
    result = ours(path, *features)
    assert result.returncode == 0, result.stderr
    assert result.stdout == theirs(path, *features).stdout


@needs_wasm_tools
@pytest.mark.parametrize("path", sorted((ROOT / "wit" / "deps").iterdir()), ids=lambda p: p.name)
def test_each_package_is_valid_in_itself(path, tmp_path):
    """A package with everything else as its dependencies: no order of files matters."""
    deps = tmp_path / "deps"
    deps.mkdir()
    shutil.copy(path, tmp_path)
    for other in (ROOT / "wit" / "deps").iterdir():
        if other != path:
            shutil.copy(other, deps)
    main = deps / "spin"
    main.mkdir()
    for file in (ROOT / "wit").glob("*.wit"):
        shutil.copy(file, main)
    assert ours(tmp_path).stdout == theirs(tmp_path).stdout != ""


@pytest.mark.parametrize("name", sorted(p.name for p in MALFORMED.glob("*.wit")))
def test_malformed_text_is_refused_with_its_position(name):
    result = ours(MALFORMED / name)
    assert result.returncode == 1
    assert result.stderr.replace(str(MALFORMED) + "/", "") == expected_errors()[name] + "\n"


@needs_wasm_tools
@pytest.mark.parametrize("name", sorted(p.name for p in MALFORMED.glob("*.wit")))
def test_position_agrees_with_wasm_tools(name):
    position = re.search(r"\.wit:(\d+:\d+)", theirs(MALFORMED / name).stderr)
    assert position, "wasm-tools accepts it or gives no position"
    assert expected_errors()[name].startswith(f"{name}:{position[1]}: ")


def test_every_malformed_text_has_an_expectation():
    names = {p.name for p in MALFORMED.glob("*.wit")}
    assert names == set(expected_errors())
    assert len(names) >= 40
