"""Compiling the AWS SDKs ahead; that sandboxes use it is shown in tests/e2e/test_nodejs_sdk.py."""

import json

import pytest

from ingle.runtimes.making import MakingError
from ingle.runtimes.nodejs import compiled
from ingle.runtimes.nodejs.compiled import GROWTHS, compile_ahead

LIBRARY = "let made = 0;\nexports.ThingClient = class { constructor() { made += 1; } };\n"


@pytest.fixture
def packages(tmp_path):
    """SDKs of a single package."""
    folder = tmp_path / "sdk-1" / "node_modules"
    package = folder / "@aws-sdk" / "client-thing"
    package.mkdir(parents=True)
    package.joinpath("index.js").write_text(LIBRARY)
    folder.parent.joinpath("package.json").write_text(
        json.dumps({"dependencies": {"@aws-sdk/client-thing": "1.0.0"}})
    )
    return folder


def shown(folder):
    return sorted(path.name for path in folder.glob("*.compiled") if path.is_symlink())


async def test_there_is_code_for_each_growth_of_the_heap(node, packages, tmp_path):
    await compile_ahead(node, packages)
    names = [f"sdk-1-v{node.version}-{growth}.compiled" for growth in GROWTHS]
    assert shown(tmp_path) == sorted(names)
    content = (tmp_path / names[0]).read_bytes()
    length = int.from_bytes(content[:4], "little")
    index = json.loads(content[4 : 4 + length])
    [(name, (start, size))] = index.items()
    assert name == "node_modules/@aws-sdk/client-thing/index.js"
    assert (start, size) == (0, len(content) - 4 - length)


async def test_it_is_done_once_and_that_of_a_former_release_is_removed(node, packages, tmp_path):
    for growth in GROWTHS:
        (tmp_path / f"sdk-0-v{node.version}-{growth}-abc.compiled").touch()
    others = tmp_path / "sdk-0-v11.0.0-50-abc.compiled"
    others.touch()
    await compile_ahead(node, packages)
    files = {path: path.lstat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(files) == 2 * len(GROWTHS) + len([packages.parent, others])
    await compile_ahead(node, packages)
    assert {path.resolve() for path in tmp_path.iterdir()} == {path.resolve() for path in files}


async def test_what_this_node_js_cannot_load_is_left_out(node, packages, tmp_path):
    newer = packages / "newer"
    newer.mkdir()
    (newer / "index.js").write_text("this is of a later age;")
    listed = {"dependencies": {"newer": "1.0.0", "@aws-sdk/client-thing": "1.0.0"}}
    packages.parent.joinpath("package.json").write_text(json.dumps(listed))
    await compile_ahead(node, packages)
    assert len(shown(tmp_path)) == len(GROWTHS)


async def test_a_failure_is_told_in_one_line(node, packages, tmp_path):
    (packages / "@aws-sdk" / "client-thing" / "index.js").write_text("throw new Error('no\\nuse')")
    with pytest.raises(MakingError, match="Error: no use"):
        await compile_ahead(node, packages)
    assert list(tmp_path.iterdir()) == [packages.parent]


async def test_what_takes_too_long_is_ended(node, packages, tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "_TIMEOUT_S", 0.5)
    (packages / "@aws-sdk" / "client-thing" / "index.js").write_text("for (;;) {}")
    with pytest.raises(MakingError, match="it took too long"):
        await compile_ahead(node, packages)
    assert list(tmp_path.iterdir()) == [packages.parent]
