"""Layers on the disk, and root file systems put together of them."""

import io
import json
import os
import stat
import tarfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingle.images import entries, layers, rootfs
from ingle.images.errors import ImageError, ImageInvalid
from ingle.images.limits import IMAGE
from ingle.images.references import parse
from ingle.images.resolving import resolve
from ingle.images.sources import Layout as LayoutSource
from tests.images.building import Entry, Layout, folder, hard_link, link, tar

BUDGET = IMAGE.image_bytes
WHITEOUT, OPAQUE = ".wh.", ".wh..wh..opq"


def unpacked(
    place: Path, *archives: bytes, compression: str = "gzip", budget: int = BUDGET
) -> Path:
    """The root file system of an image of these layers."""
    layout = Layout(place / "image")
    layout.tag(layout.image(archives, compression=compression))
    image, _ = resolve(parse(f"oci:{layout.root}"), [place], "x86_64")
    source = LayoutSource(layout.root.resolve())
    folders = []
    for number, layer in enumerate(image.layers):
        target = place / f"layer{number}"
        target.mkdir()
        layers.unpack(source, layer, target, budget)
        folders.append(target)
    root = place / "root"
    root.mkdir()
    rootfs.build(folders, root)
    return root


def listing(root: Path) -> set[str]:
    """What is in a root, besides the ground that every one has."""
    ground = {"proc", "dev", "tmp", "mnt", "etc", "etc/hosts", "etc/resolv.conf"}
    return {str(each.relative_to(root)) for each in root.rglob("*")} - ground


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_layers_of_every_compression_are_laid_over_one_another(
    tmp_path: Path, compression: str
) -> None:
    root = unpacked(
        tmp_path,
        tar([Entry("a/one", b"1"), Entry("a/two", b"2")]),
        tar([Entry("a/two", b"zwei"), Entry("b", b"3", 0o755)]),
        compression=compression,
    )
    assert listing(root) == {"a", "a/one", "a/two", "b"}
    assert (root / "a/one").read_bytes() == b"1"
    assert (root / "a/two").read_bytes() == b"zwei"


def test_permissions_and_times_are_kept_and_no_file_gives_rights(tmp_path: Path) -> None:
    root = unpacked(
        tmp_path,
        tar(
            [
                folder("secret", 0o700),
                folder("sticky", 0o1777),
                Entry("program", b"x", 0o6755, mtime=1_234_567_890),
                Entry("private", b"x", 0o600, owner=1000),
            ]
        ),
    )
    modes = {
        name: stat.S_IMODE((root / name).stat().st_mode)
        for name in ("secret", "sticky", "program", "private")
    }
    assert modes == {"secret": 0o700, "sticky": 0o777, "program": 0o755, "private": 0o600}
    assert (root / "program").stat().st_mtime == 1_234_567_890
    assert (root / "private").stat().st_uid == os.geteuid()
    assert stat.S_IMODE(root.stat().st_mode) == 0o755


def test_files_are_shared_by_the_images_that_have_their_layer(tmp_path: Path) -> None:
    root = unpacked(tmp_path, tar([Entry("a", b"1")]))
    other = tmp_path / "other"
    other.mkdir()
    rootfs.build([tmp_path / "layer0"], other)
    assert (root / "a").stat().st_ino == (other / "a").stat().st_ino


def test_whiteouts_hide_what_is_below(tmp_path: Path) -> None:
    root = unpacked(
        tmp_path,
        tar([Entry("a/one"), Entry("a/two"), Entry("b/deep/er"), Entry("c")]),
        tar([Entry(f"a/{WHITEOUT}one"), Entry(f"{WHITEOUT}b"), Entry(f"{WHITEOUT}nothing")]),
    )
    assert listing(root) == {"a", "a/two", "c"}


def test_an_opaque_folder_hides_all_that_is_below_and_nothing_of_its_own(tmp_path: Path) -> None:
    root = unpacked(
        tmp_path,
        tar([Entry("a/one"), Entry("a/two"), Entry("b")]),
        tar([Entry("a/three"), Entry(f"a/{OPAQUE}"), Entry("a/four")]),
    )
    assert listing(root) == {"a", "a/three", "a/four", "b"}


def test_a_whiteout_is_about_what_is_below_only(tmp_path: Path) -> None:
    root = unpacked(tmp_path, tar([Entry("a", b"1")]), tar([Entry("a", b"2"), Entry(".wh.a")]))
    assert (root / "a").read_bytes() == b"2"


def test_hard_links_are_one_file_also_across_layers(tmp_path: Path) -> None:
    root = unpacked(
        tmp_path,
        tar([Entry("a", b"1"), hard_link("b", "a")]),
        tar([hard_link("c/d", "/a"), link("l", "a"), hard_link("m", "l")]),
    )
    assert len({(root / name).stat().st_ino for name in ("a", "b", "c/d")}) == 1
    assert (root / "m").readlink() == Path("a")


def test_links_are_kept_as_they_are_and_paths_go_through_them_within_the_image(
    tmp_path: Path,
) -> None:
    root = unpacked(
        tmp_path,
        tar([folder("usr/lib"), link("lib", "usr/lib"), link("up", "../../../usr")]),
        tar([Entry("lib/one"), Entry("up/two"), link("deep/er", "/usr"), Entry("deep/er/three")]),
    )
    assert (root / "lib").readlink() == Path("usr/lib")
    assert {"usr/lib/one", "usr/two", "usr/three"} <= listing(root)


def test_a_folder_of_a_layer_s_own_replaces_a_link_and_a_file(tmp_path: Path) -> None:
    root = unpacked(
        tmp_path,
        tar([link("a", "nowhere"), Entry("b"), folder("c"), Entry("c/d")]),
        tar([folder("a"), Entry("a/x"), Entry("b/y"), Entry("c")]),
    )
    assert listing(root) == {"a", "a/x", "b", "b/y", "c"}
    assert (root / "c").is_file()


@pytest.mark.parametrize(
    "hostile",
    [
        Entry("../escape"),
        Entry("a/../../escape"),
        hard_link("a", "../../../etc/passwd"),
        hard_link("a", "/etc/passwd"),
        hard_link("a", "nothing"),
        Entry(".wh."),
        Entry(".wh..."),
        Entry("/".join("d" * 129)),
        Entry("n" * 256),
        Entry("p/" * 20 + "n" * 200 + ("/" + "q" * 250) * 12),
        link("a", ""),
        link("a", "t" * 3001),
    ],
)
def test_hostile_entries_are_refused(tmp_path: Path, hostile: Entry) -> None:
    with pytest.raises(ImageError):
        unpacked(tmp_path, tar([Entry("fine"), hostile]))
    assert not (tmp_path.parent / "escape").exists()


def test_nothing_is_written_through_links_that_lead_out(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    root = unpacked(
        tmp_path,
        tar([link("a", str(outside)), link("b", "../" * 30 + str(outside)[1:]), link("c", "/")]),
        tar([Entry("a/x"), Entry("b/y"), Entry("c/z"), Entry(f"a/{OPAQUE}")]),
        tar([Entry("a/x2"), hard_link("d", f"{str(outside)[1:]}/x")][:1]),
    )
    assert list(outside.iterdir()) == []
    assert (root / "z").exists()


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices_and_pipes_are_left_out(tmp_path: Path, kind: bytes) -> None:
    root = unpacked(
        tmp_path, tar([Entry("a"), Entry("sda", mode=0o666, kind=kind, numbers=(8, 0))])
    )
    assert listing(root) == {"a"}


def test_the_ground_is_plain_whatever_the_image_has_there(tmp_path: Path) -> None:
    root = unpacked(
        tmp_path,
        tar(
            [
                link("proc", "/etc"),
                link("dev", "../../../dev"),
                Entry("tmp", b"a file"),
                link("etc", "usr/etc"),
                Entry("usr/etc/passwd", b"me"),
                link("usr/etc/resolv.conf", "/run/systemd/resolve/stub-resolv.conf"),
                folder("usr/etc/hosts"),
            ]
        ),
    )
    for name in ("proc", "dev", "tmp", "mnt", "etc"):
        assert not (root / name).is_symlink()
        assert (root / name).is_dir()
    for name in ("hosts", "resolv.conf"):
        assert (root / "etc" / name).read_bytes() == b""
        assert not (root / "etc" / name).is_symlink()
    assert (root / "etc/passwd").read_bytes() == b"me"


def test_what_a_layer_holds_is_verified(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.tag(layout.image([tar([Entry("a", b"x" * 100_000)])], compression="none"))
    image, _ = resolve(parse(f"oci:{tmp_path}"), [tmp_path], "x86_64")
    (layer,) = image.layers
    blob = tmp_path / layer.name
    good = blob.read_bytes()
    wrong = [
        good[:600] + b"y" + good[601:],
        good + b"\0",
        good[:-1],
        good[:700],
        b"",
        b"nonsense" * 100,
    ]
    for number, content in enumerate(wrong):
        blob.write_bytes(content)
        target = tmp_path / f"target{number}"
        target.mkdir()
        with pytest.raises(ImageInvalid):
            layers.unpack(LayoutSource(tmp_path.resolve()), layer, target, BUDGET)
    blob.write_bytes(good)
    again = tmp_path / "again"
    again.mkdir()
    other = replace(layer, diff_id="sha256:" + "0" * 64)
    with pytest.raises(ImageInvalid, match="the archive in a layer has the digest"):
        layers.unpack(LayoutSource(tmp_path.resolve()), other, again, BUDGET)


def test_compressed_data_that_is_damaged_is_refused(tmp_path: Path) -> None:
    for compression in ("gzip", "zstd"):
        place = tmp_path / compression
        place.mkdir()
        layout = Layout(place)
        layout.tag(layout.image([tar([Entry("a", os.urandom(5000))])], compression=compression))
        image, _ = resolve(parse(f"oci:{place}"), [place], "x86_64")
        blob = place / image.layers[0].name
        blob.write_bytes(blob.read_bytes()[:3000].ljust(image.layers[0].size or 0, b"?"))
        target = place / "target"
        target.mkdir()
        with pytest.raises(ImageInvalid, match="is damaged"):
            layers.unpack(LayoutSource(place.resolve()), image.layers[0], target, BUDGET)


def test_what_unpacks_to_more_than_it_may_is_refused_early(tmp_path: Path) -> None:
    with pytest.raises(ImageInvalid, match="larger than"):
        unpacked(tmp_path, tar([Entry("zeros", bytes(2_000_000))]), budget=1_000_000)
    written = sum(each.stat().st_size for each in (tmp_path / "layer0").rglob("*"))
    assert written < 1_200_000


def test_what_is_behind_an_archive_s_end_counts_too(tmp_path: Path) -> None:
    with pytest.raises(ImageInvalid, match="larger than"):
        unpacked(tmp_path, tar([Entry("a")]) + bytes(3_000_000), budget=2_000_000)


def test_a_sparse_file_counts_with_its_whole_length(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("hole")
        info.size = 0
        info.pax_headers = {
            "GNU.sparse.major": "0",
            "GNU.sparse.minor": "1",
            "GNU.sparse.map": "0,0",
            "GNU.sparse.size": str(1 << 50),
        }
        archive.addfile(info)
    with pytest.raises(ImageInvalid, match=r"larger than|damaged"):
        unpacked(tmp_path, buffer.getvalue())


NAMES = st.sampled_from(["a", "b", "..", ".", "", ".wh.a", OPAQUE, "etc", "proc", "tmp"])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
ENTRIES = st.builds(
    Entry,
    name=PATHS,
    kind=st.sampled_from([tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE]),
    target=PATHS.map(lambda path: f"/{path}") | PATHS,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(ENTRIES, max_size=6), min_size=1, max_size=3))
def test_no_image_writes_outside_of_its_root(
    tmp_path_factory: pytest.TempPathFactory, contents: Sequence[Sequence[Entry]]
) -> None:
    place = tmp_path_factory.mktemp("any")
    sentinel = place / "sentinel"
    sentinel.write_bytes(b"mine")
    before = {*place.parent.iterdir()}
    try:
        root = unpacked(place, *(tar(each) for each in contents))
    except ImageError:
        root = None
    assert sentinel.read_bytes() == b"mine"
    assert {*place.parent.iterdir()} == before
    if root is not None:
        for name in ("proc", "dev", "tmp", "mnt", "etc"):
            assert (root / name).is_dir()
            assert not (root / name).is_symlink()
    inside = {each.name for each in place.iterdir()}
    assert all(name.startswith(("image", "layer", "root", "sentinel")) for name in inside)


def test_the_extensions_of_an_image_are_found_within_it(tmp_path: Path) -> None:
    for number, (archive, place) in enumerate(
        [
            (tar([Entry("opt/extensions/one")]), "opt/extensions"),
            (tar([link("opt", "/usr/opt"), Entry("usr/opt/extensions/one")]), "usr/opt/extensions"),
            (tar([link("opt", "../../usr"), folder("usr/extensions")]), "usr/extensions"),
            (tar([link("opt", "/nothing")]), None),
            (tar([link("opt", "opt")]), None),
            (tar([Entry("opt")]), None),
        ]
    ):
        here = tmp_path / str(number)
        here.mkdir()
        root = unpacked(here, archive)
        expected = None if place is None else root / place
        assert rootfs.extensions_folder(root) == expected


def test_a_layer_s_list_is_one_line_an_entry(tmp_path: Path) -> None:
    unpacked(tmp_path, tar([folder("a"), Entry("a/b", b"x"), link("c", "a")]))
    kinds = [each.kind for each in entries.load(tmp_path / "layer0")]
    assert kinds == [entries.FOLDER, entries.FILE, entries.LINK]
    lines = (tmp_path / "layer0/index").read_text().splitlines()
    assert all(json.loads(line) for line in lines)
