import dataclasses
import os
import stat
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingle.services.lambda_ import unpacking
from ingle.services.lambda_.archive import BadPackage
from ingle.services.lambda_.limits import PACKAGE
from tests.services.lambda_.zips import entry, file, link, zipped, zipped_entries

CORRUPT = "Could not unzip uploaded file. Please check your file, then try to upload again."


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def unpacked(content: bytes, tmp_path: Path, **limits: int) -> Path:
    target = tmp_path / "package"
    unpacking.unpack(content, target, dataclasses.replace(PACKAGE, **limits))
    return target


def refused(content: bytes, tmp_path: Path, **limits: int) -> str:
    with pytest.raises(BadPackage) as caught:
        unpacked(content, tmp_path, **limits)
    assert names_in(tmp_path) == []
    assert caught.value.error_code == "InvalidParameterValueException"
    with pytest.raises(BadPackage) as checked:
        unpacking.check(content, dataclasses.replace(PACKAGE, **limits))
    assert checked.value.message == caught.value.message
    return caught.value.message


def test_files_and_folders_are_unpacked_readable_for_everybody(tmp_path: Path) -> None:
    content = zipped_entries(
        (entry("app.py", permissions=0o600), b"one"),
        (entry("bin/tool", permissions=0o700), b"two"),
        (entry("empty/", stat.S_IFDIR, 0o700), b""),
    )
    previous = os.umask(0o077)
    try:
        root = unpacked(content, tmp_path)
    finally:
        os.umask(previous)
    modes = {
        str(path.relative_to(root)): stat.S_IMODE(path.stat().st_mode) for path in root.rglob("*")
    }
    assert modes == {"app.py": 0o644, "bin": 0o755, "bin/tool": 0o755, "empty": 0o755}
    assert stat.S_IMODE(root.stat().st_mode) == 0o755
    assert (root / "app.py").read_bytes() == b"one"
    assert names_in(tmp_path) == ["package"]


@pytest.mark.parametrize(
    "content",
    [b"not a zip", b"PK\x03\x04 torn", zipped({"app.py": "x" * 100})[:-30]],
    ids=["text", "a torn beginning", "without its end"],
)
def test_what_is_no_zip_is_refused(content: bytes, tmp_path: Path) -> None:
    assert refused(content, tmp_path).startswith(CORRUPT)


def test_a_file_whose_bytes_are_damaged_is_refused(tmp_path: Path) -> None:
    content = bytearray(zipped_entries((entry("app.py"), os.urandom(400))))
    content[200] ^= 0xFF
    assert "app.py" in refused(bytes(content), tmp_path)


@pytest.mark.parametrize("content", [b"", zipped({}), zipped_entries((entry("a/b/"), b""))])
def test_a_package_without_files_is_refused(content: bytes, tmp_path: Path) -> None:
    assert refused(content, tmp_path) == "Uploaded file must be a non-empty zip"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("../evil.py", "points outside"),
        ("a/../../evil.py", "points outside"),
        ("a/..", "points outside"),
        ("/etc/cron.d/evil", "absolute"),
        ("//evil", "absolute"),
        (".", "has the name"),
        ("a/" * 200 + "b", "too long or too deep"),
        ("a" * 256, "too long or too deep"),
    ],
)
def test_a_path_that_leaves_the_package_is_refused(name: str, why: str, tmp_path: Path) -> None:
    assert why in refused(zipped_entries(file("app.py"), file(name)), tmp_path)


def test_the_backslashes_of_an_archive_from_windows_are_separators(tmp_path: Path) -> None:
    root = unpacked(zipped_entries((entry("lib\\app.py", system=0), b"x")), tmp_path)
    assert (root / "lib" / "app.py").exists()


def test_the_backslashes_of_an_archive_from_windows_do_not_lead_outside(tmp_path: Path) -> None:
    content = zipped_entries((entry("..\\evil.py", system=0), b"x"))
    assert "points outside" in refused(content, tmp_path)


@pytest.mark.parametrize("kind", [stat.S_IFBLK, stat.S_IFCHR, stat.S_IFIFO, stat.S_IFSOCK])
def test_a_device_file_is_refused(kind: int, tmp_path: Path) -> None:
    message = refused(zipped_entries((entry("dev", kind), b"")), tmp_path)
    assert "neither a file nor a folder nor a link" in message


def test_an_encrypted_entry_is_refused(tmp_path: Path) -> None:
    content = bytearray(zipped({"app.py": "x"}))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    assert "is encrypted" in refused(bytes(content), tmp_path)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_method_other_than_deflate_is_refused(method: int, tmp_path: Path) -> None:
    info = entry("app.py")
    info.compress_type = method
    assert "other than deflate" in refused(zipped_entries((info, b"x")), tmp_path)


@pytest.mark.parametrize(
    "entries",
    [
        [file("a"), file("a")],
        [file("a"), file("./a")],
        [file("a"), file("a/b")],
        [file("a/b"), file("a")],
        [link("a", "b"), file("a/x"), file("b/y")],
        [file("b/y"), link("a", "b"), link("a", "b")],
    ],
)
def test_two_entries_at_one_path_are_refused(
    entries: list[tuple[zipfile.ZipInfo, bytes]], tmp_path: Path
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns when it writes a duplicate
        content = zipped_entries(*entries)
    assert refused(content, tmp_path).startswith(CORRUPT)


@pytest.mark.parametrize(
    ("path", "target"),
    [("current", "v1/app.py"), ("v1/up", "../app.py"), ("dangling", "nowhere"), ("root", ".")],
)
def test_a_link_that_stays_inside_is_kept(path: str, target: str, tmp_path: Path) -> None:
    root = unpacked(zipped_entries(file("app.py"), file("v1/app.py"), link(path, target)), tmp_path)
    assert str((root / path).readlink()) == target


@pytest.mark.parametrize(
    "links",
    [
        [link("l", "/etc/passwd")],
        [link("l", "..")],
        [link("d/l", "../../x")],
        [link("d/l", "missing/../../../x")],
        # Each alone looks as if it stayed inside.
        [link("p/q", ".."), link("l", "p/q/../x")],
        [link("l", "p/../m"), link("m", "n"), link("n", "../x")],
    ],
)
def test_a_link_that_leads_outside_is_refused(
    links: list[tuple[zipfile.ZipInfo, bytes]], tmp_path: Path
) -> None:
    content = zipped_entries(file("app.py"), file("d/x"), file("p/x"), *links)
    assert "points outside of the package" in refused(content, tmp_path)


def test_links_in_a_circle_are_refused(tmp_path: Path) -> None:
    content = zipped_entries(file("app.py"), link("a", "b"), link("b", "a"))
    assert "in a circle" in refused(content, tmp_path)


def test_links_that_multiply_one_another_are_given_up_on(tmp_path: Path) -> None:
    links = [link(f"l{n}", "/".join([f"l{n + 1}", "."] * 2)) for n in range(30)]
    content = zipped_entries(file("app.py"), *links)
    assert "too often" in refused(content, tmp_path, link_steps=100)


@pytest.mark.parametrize("target", ["", "a\0b"])
def test_a_link_without_a_valid_target_is_refused(target: str, tmp_path: Path) -> None:
    message = refused(zipped_entries(file("app.py"), link("l", target)), tmp_path)
    assert "no valid target" in message


def test_a_package_that_unpacks_past_the_limit_is_refused(tmp_path: Path) -> None:
    content = zipped({"zeros": bytes(2000)})
    message = refused(content, tmp_path, unzipped_bytes=2000)
    assert message == "Unzipped size must be smaller than 2000 bytes"


def test_a_package_just_below_the_limit_is_taken(tmp_path: Path) -> None:
    root = unpacked(zipped({"zeros": bytes(1999)}), tmp_path, unzipped_bytes=2000)
    assert (root / "zeros").stat().st_size == 1999


def test_a_header_that_understates_the_size_does_not_get_past_the_limit(tmp_path: Path) -> None:
    content = bytearray(zipped({"zeros": bytes(5_000_000)}))
    central = content.index(b"PK\x01\x02")
    content[central + 24 : central + 28] = (10).to_bytes(4, "little")
    assert refused(bytes(content), tmp_path, unzipped_bytes=1000).startswith(
        (CORRUPT, "Unzipped size")
    )


def test_a_header_that_overstates_the_size_is_refused(tmp_path: Path) -> None:
    content = bytearray(zipped({"app.py": b"x" * 50}))
    central = content.index(b"PK\x01\x02")
    content[central + 24 : central + 28] = (60).to_bytes(4, "little")
    assert refused(bytes(content), tmp_path).startswith(CORRUPT)


def test_an_archive_with_too_many_entries_is_refused(tmp_path: Path) -> None:
    content = zipped({str(number): "" for number in range(11)})
    assert "more than 10 entries" in refused(content, tmp_path, entries=10)


NAMES = st.text(alphabet="ab./\\\0é", min_size=1, max_size=8)
KINDS = st.sampled_from([0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK, stat.S_IFIFO])
ENTRIES = st.lists(st.tuples(NAMES, KINDS, st.sampled_from([0, 3]), NAMES), max_size=6)


@settings(max_examples=150)
@given(ENTRIES)
def test_no_archive_at_all_writes_or_points_outside(
    tmp_path_factory: pytest.TempPathFactory, entries: list[tuple[str, int, int, str]]
) -> None:
    folder = tmp_path_factory.mktemp("hostile")
    target = folder / "code" / "package"
    target.parent.mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        content = zipped_entries(
            *((entry(name, kind, 0o644, system), to.encode()) for name, kind, system, to in entries)
        )
    try:
        unpacking.unpack(content, target, PACKAGE)
    except BadPackage:
        assert names_in(target.parent) == []
    else:
        assert names_in(target.parent) == ["package"]
        for path in target.rglob("*"):
            assert os.path.realpath(path).startswith(str(target.resolve()))
    assert names_in(folder) == ["code"]


@settings(max_examples=150)
@given(st.data())
def test_a_damaged_archive_is_refused_or_read_and_never_anything_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(zipped({"app.py": b"print(1)" * 20, "lib/x.py": b"y"}))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    folder = tmp_path_factory.mktemp("damaged")
    try:
        unpacking.unpack(bytes(content), folder / "package", PACKAGE)
    except BadPackage:
        assert names_in(folder) == []
