"""Images that other tools wrote, and what other tools make of images: skopeo and umoci."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from ingle.images import layers, rootfs
from ingle.images.images import Image
from ingle.images.references import parse
from ingle.images.resolving import resolve
from ingle.images.sources import open_source
from tests.images.building import Entry, Layout, folder, hard_link, link, tar

RUN = {"Entrypoint": ["/bin/run"], "Cmd": ["x"], "WorkingDir": "/w", "Env": ["A=1"]}
LAYERS = [
    tar(
        [
            folder("usr/lib", 0o755),
            folder("secret", 0o700),
            link("lib", "usr/lib"),
            Entry("usr/lib/one", b"1", 0o755),
            hard_link("usr/lib/uno", "usr/lib/one"),
            Entry("data/a", b"a"),
            Entry("data/b", b"b"),
            Entry("gone/x"),
            Entry("replaced", b"a file"),
            Entry("etc/hosts"),
            Entry("etc/resolv.conf"),
            *map(folder, ("proc", "dev", "tmp", "mnt")),
        ]
    ),
    tar(
        [
            Entry("data/.wh..wh..opq"),
            Entry("data/c", b"c"),
            Entry(".wh.gone"),
            folder("replaced"),
            Entry("replaced/inner", b"inner"),
            link("usr/lib/two", "one"),
        ]
    ),
]


def needs(tool: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(tool) is None, reason=f"{tool} is not installed")


def run(*command: object) -> None:
    subprocess.run([*map(str, command)], check=True, capture_output=True)


def taken_in(uri: str, allowed: Path, place: Path) -> tuple[Image, Path]:
    """Find an image and unpack it; return it and its root."""
    reference = parse(uri)
    image, path = resolve(reference, [allowed], "x86_64")
    source = open_source(reference, path)
    folders = []
    for number, layer in enumerate(image.layers):
        folders.append(place / f"layer{number}")
        folders[-1].mkdir(parents=True)
        layers.unpack(source, layer, folders[-1], 1 << 30)
    source.close()
    root = place / "root"
    root.mkdir()
    rootfs.build(folders, root)
    return image, root


def description(root: Path) -> dict[str, tuple[str, str]]:
    """What is in a root: kind and permissions, and content, target or names."""
    found = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        told = ""
        if path.is_symlink():
            told = str(path.readlink())
        elif path.is_file():
            told = f"{path.read_bytes()!r} {status.st_nlink > 1}"
        mode = "link" if path.is_symlink() else stat.filemode(status.st_mode)
        found[str(path.relative_to(root))] = (mode, told)
    return found


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "made")
    made.tag(made.image(LAYERS, RUN), "v1")
    return made


@needs("skopeo")
@pytest.mark.parametrize(
    ("target", "options"),
    [
        ("oci:{place}/copy:v1", []),
        ("oci:{place}/copy:v1", ["--dest-compress-format", "zstd"]),
        ("oci:{place}/copy:v1", ["--dest-decompress"]),
        ("oci-archive:{place}/copy.tar:v1", []),
        ("docker-archive:{place}/copy.tar:copy:v1", []),
    ],
    ids=["layout", "zstd", "plain", "archive", "docker"],
)
def test_what_skopeo_writes_is_read(
    layout: Layout, tmp_path: Path, target: str, options: list[str]
) -> None:
    uri = target.format(place=tmp_path)
    run("skopeo", "--insecure-policy", "copy", *options, f"oci:{layout.root}:v1", uri)
    image, root = taken_in(uri, tmp_path, tmp_path / "theirs")
    own, own_root = taken_in(f"oci:{layout.root}:v1", tmp_path, tmp_path / "own")
    assert (image.entry_point, image.command, image.folder) == (("/bin/run",), ("x",), "/w")
    assert image.environment == own.environment
    assert [each.diff_id for each in image.layers] == [each.diff_id for each in own.layers]
    assert description(root) == description(own_root)


@needs("umoci")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root unpacks with the owners")
def test_umoci_makes_the_same_root_of_the_same_layers(layout: Layout, tmp_path: Path) -> None:
    _, root = taken_in(f"oci:{layout.root}:v1", tmp_path, tmp_path / "own")
    run("umoci", "raw", "unpack", "--image", f"{layout.root}:v1", tmp_path / "theirs")
    ours, theirs = description(root), description(tmp_path / "theirs")
    # A layer that is kept for others has one more name for each of its files.
    nameless = {path: (mode, told.split("' ")[0]) for path, (mode, told) in ours.items()}
    assert nameless == {path: (m, told.split("' ")[0]) for path, (m, told) in theirs.items()}


@needs("umoci")
def test_what_umoci_writes_is_read(tmp_path: Path) -> None:
    place, content = tmp_path / "theirs", tmp_path / "content"
    content.mkdir()
    (content / "one").write_text("1")
    run("umoci", "init", "--layout", place)
    run("umoci", "new", "--image", f"{place}:v1")
    run("umoci", "config", "--image", f"{place}:v1", "--architecture", "amd64")
    run("umoci", "config", "--image", f"{place}:v1", "--os", "linux", "--config.cmd", "/bin/run")
    run("umoci", "insert", "--rootless", "--image", f"{place}:v1", content, "/data")
    run("umoci", "insert", "--rootless", "--image", f"{place}:v1", "--whiteout", "/data/two")
    image, root = taken_in(f"oci:{place}:v1", tmp_path, tmp_path / "own")
    assert (image.command, len(image.layers)) == (("/bin/run",), 2)
    assert (root / "data/one").read_text() == "1"
