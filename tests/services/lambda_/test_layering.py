"""Merging is compared with what happens to a real folder when archives are extracted into it."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ingle.services.lambda_ import unpacking
from ingle.services.lambda_.archive import BadPackage
from ingle.services.lambda_.limits import PACKAGE
from tests.services.lambda_.zips import file, link, zipped_entries

NAMES = st.sampled_from("abc")
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
CONTENTS = st.binary(max_size=3)
TARGETS = st.lists(st.sampled_from(["a", "b", ".."]), min_size=1, max_size=3).map("/".join)
LAYER = st.dictionaries(PATHS, CONTENTS | TARGETS, min_size=1, max_size=6)


def packed(layer: dict[str, bytes | str]) -> bytes:
    """Zip a layer up, in which text is a link's target and bytes are a file's content."""
    return zipped_entries(
        *(
            link(path, content) if isinstance(content, str) else file(path, content)
            for path, content in layer.items()
        )
    )


def tree(root: Path) -> dict[str, bytes | str | None]:
    """What is in a folder: bytes for files, text for links, None for folders."""
    found: dict[str, bytes | str | None] = {}
    for path in root.rglob("*"):
        name = str(path.relative_to(root))
        if path.is_symlink():
            found[name] = str(path.readlink())
        else:
            found[name] = None if path.is_dir() else path.read_bytes()
    return found


def laid_over(lower: Path, upper: Path) -> None:
    """Copy a folder over another one, which is what merging is."""
    for source in upper.iterdir():
        target = lower / source.name
        if source.is_dir() and not source.is_symlink():
            if target.is_symlink() or target.is_file():
                target.unlink()
            target.mkdir(exist_ok=True)
            laid_over(target, source)
            continue
        if target.is_dir() and not target.is_symlink():
            shutil.rmtree(target)
        target.unlink(missing_ok=True)
        if source.is_symlink():
            target.symlink_to(source.readlink())
        else:
            target.write_bytes(source.read_bytes())


@given(st.lists(LAYER, min_size=1, max_size=4))
def test_the_last_layer_wins_and_folders_are_merged(
    layers: list[dict[str, bytes | str]],
) -> None:
    contents = []
    with tempfile.TemporaryDirectory() as scratch:
        expected = Path(scratch) / "expected"
        expected.mkdir()
        for number, layer in enumerate(layers):
            content = packed(layer)
            alone = Path(scratch) / str(number)
            try:
                unpacking.unpack(content, alone, PACKAGE)
            except BadPackage:  # this one would not have been published
                continue
            contents.append(content)
            laid_over(expected, alone)
        merged = Path(scratch) / "merged"
        try:
            unpacking.unpack_layers(contents, merged, PACKAGE)
        except BadPackage:  # a link of one led out by way of another
            assert len(contents) > 1
            assert not merged.exists()
            return
        assert tree(merged) == tree(expected)
        for path in merged.rglob("*"):
            assert path.resolve(strict=False).is_relative_to(merged.resolve())
        assert not [path for path in Path(scratch).iterdir() if path.name.startswith(".")]
