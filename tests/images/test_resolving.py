"""From a name to an image: layouts, archives, indexes, and what is wrong with them."""

import json
import os
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingle.images import layers
from ingle.images.errors import ImageError, ImageInvalid, ImageMissing, ImageUnsupported
from ingle.images.images import Image
from ingle.images.references import parse
from ingle.images.resolving import resolve
from ingle.images.sources import open_source
from tests.images.building import (
    CONFIG,
    INDEX,
    MANIFEST,
    Entry,
    Layout,
    digest,
    docker_archive,
    oci_archive,
    tar,
)

LAYER = tar([Entry("hello", b"hello")])
RUN = {"Entrypoint": ["/bin/run"], "Cmd": ["a"], "WorkingDir": "/w", "Env": ["A=1", "B=x=y"]}
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "hello")


def found(uri: str, *allowed: Path, architecture: str = "x86_64") -> Image:
    return resolve(parse(uri), allowed, architecture)[0]


def test_a_layout_s_image_is_described_by_its_config(layout: Layout) -> None:
    descriptor = layout.image([LAYER], RUN)
    layout.tag(descriptor)
    image = found(f"oci:{layout.root}:latest", layout.root)
    assert image.digest == descriptor["digest"]
    assert (image.entry_point, image.command, image.folder) == (("/bin/run",), ("a",), "/w")
    assert image.environment == {"A": "1", "B": "x=y"}
    (layer,) = image.layers
    assert (layer.compression, layer.diff_id) == ("gzip", digest(LAYER))


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_the_media_type_says_how_a_layer_is_compressed(layout: Layout, compression: str) -> None:
    layout.tag(layout.image([LAYER], compression=compression))
    assert found(f"oci:{layout.root}", layout.root).layers[0].compression == compression


def test_a_tag_chooses_among_images(layout: Layout) -> None:
    one, two = layout.image([LAYER], {"Cmd": ["1"]}), layout.image([LAYER], {"Cmd": ["2"]})
    layout.tag(one, "v1")
    layout.tag(two, "latest")
    assert found(f"oci:{layout.root}:v1", layout.root).command == ("1",)
    assert found(f"oci:{layout.root}", layout.root).command == ("2",)
    assert found(f"oci:{layout.root}@{one['digest']}", layout.root).command == ("1",)
    assert found(f"{ECR}/hello:v1", layout.root.parent).command == ("1",)
    with pytest.raises(ImageMissing):
        found(f"oci:{layout.root}:v3", layout.root)
    with pytest.raises(ImageMissing):
        found(f"oci:{layout.root}@{digest(b'?')}", layout.root)


def test_an_index_of_several_platforms_gives_the_function_s(layout: Layout) -> None:
    entries = []
    for architecture in ("amd64", "arm64"):
        platform = {"os": "linux", "architecture": architecture}
        image = layout.image([LAYER], {"Cmd": [architecture]}, architecture=architecture)
        entries.append(image | {"platform": platform})
    unknown = {"os": "unknown", "architecture": "unknown"}
    attestation = layout.document({"what": "provenance"}, MANIFEST) | {"platform": unknown}
    index = layout.document({"manifests": [*entries, attestation]}, INDEX)
    layout.tag(index)
    assert found(f"oci:{layout.root}:latest", layout.root).command == ("amd64",)
    arm = found(f"oci:{layout.root}:latest", layout.root, architecture="arm64")
    assert arm.command == ("arm64",)
    assert arm.digest == entries[1]["digest"]
    # What it was resolved to is found again, though the layout's own index does not name it.
    pinned = f"oci:{layout.root}@{arm.digest}"
    assert found(pinned, layout.root, architecture="arm64") == arm


def test_an_image_for_another_platform_is_refused(layout: Layout) -> None:
    layout.tag(layout.image([LAYER], architecture="arm64"))
    with pytest.raises(ImageInvalid, match=r"it is for linux/arm64, and the function for"):
        found(f"oci:{layout.root}", layout.root)


def test_archives_are_read_as_folders_are(layout: Layout, tmp_path: Path) -> None:
    layout.tag(layout.image([LAYER], RUN))
    archive = oci_archive(layout.root, tmp_path / "archive.tar")
    image = found(f"oci-archive:{archive}:latest", tmp_path)
    assert image == found(f"oci:{layout.root}", tmp_path)
    assert image == found(f"{ECR}/archive:latest", tmp_path)


@pytest.mark.parametrize("linked", [False, True])
def test_archives_of_docker_save_are_read(tmp_path: Path, linked: bool) -> None:
    archive = tmp_path / "saved.tar"
    identity = docker_archive(archive, [LAYER], RUN, ["hello:v1"], linked=linked)
    for uri in (
        f"docker-archive:{archive}",
        f"docker-archive:{archive}:hello:v1",
        f"docker-archive:{archive}:docker.io/library/hello:v1",
        f"docker-archive:{archive}@{identity}",
        f"{ECR}/saved:v1",
    ):
        image = found(uri, tmp_path)
        assert (image.digest, image.entry_point) == (identity, ("/bin/run",))
        assert (image.layers[0].compression, image.layers[0].diff_id) == ("none", digest(LAYER))
    with pytest.raises(ImageMissing):
        found(f"docker-archive:{archive}:hello:v2", tmp_path)


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_layers_in_archives_of_docker_save_may_be_compressed(
    tmp_path: Path, compression: str
) -> None:
    archive = tmp_path / "saved.tar"
    docker_archive(archive, [LAYER], RUN, compression=compression)
    reference = parse(f"docker-archive:{archive}")
    image, path = resolve(reference, [tmp_path], "x86_64")
    (layer,) = image.layers
    assert (layer.compression, layer.diff_id) == (compression, digest(LAYER))
    target = tmp_path / "target"
    target.mkdir()
    source = open_source(reference, path)
    (target / "x").mkdir()
    layers.unpack(source, layer, target, 1_000_000)
    with pytest.raises(ImageInvalid, match="should have sha256:0"):
        layers.unpack(source, replace(layer, diff_id="sha256:" + "0" * 64), target / "x", 1_000_000)
    source.close()


def test_only_folders_that_the_operator_named_are_read(layout: Layout, tmp_path: Path) -> None:
    layout.tag(layout.image([LAYER]))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with pytest.raises(ImageInvalid, match="none of the folders that this server may read"):
        found(f"oci:{layout.root}", elsewhere)
    with pytest.raises(ImageInvalid, match="start it with --images"):
        found(f"oci:{layout.root}")
    # Whether there is something, one is not told.
    with pytest.raises(ImageInvalid, match="none of the folders"):
        found("oci:/nothing/there", elsewhere)


def test_links_out_of_the_operator_s_folders_are_not_followed(tmp_path: Path) -> None:
    secret = Layout(tmp_path / "secret")
    secret.tag(secret.image([LAYER]))
    allowed = tmp_path / "allowed"
    allowed.mkdir()
    (allowed / "hello").symlink_to(secret.root)
    with pytest.raises(ImageInvalid, match="none of the folders"):
        found(f"oci:{allowed}/hello", allowed)
    own = Layout(allowed / "own")
    (own.root / "index.json").symlink_to(secret.root / "index.json")
    with pytest.raises(ImageInvalid, match=r"index\.json leads out of its folder"):
        found(f"oci:{own.root}", allowed)


def test_a_pipe_in_a_layout_keeps_nobody_waiting(layout: Layout) -> None:
    os.mkfifo(layout.root / "index.json")
    with pytest.raises(ImageInvalid, match="not a regular file"):
        found(f"oci:{layout.root}", layout.root)


def changed(layout: Layout, descriptor: dict[str, Any], **members: Any) -> dict[str, Any]:
    """A manifest with other members, in the layout."""
    path = layout.root / "blobs" / descriptor["digest"].replace(":", "/")
    return layout.document(json.loads(path.read_bytes()) | members, MANIFEST)


def test_a_manifest_that_was_changed_is_noticed(layout: Layout) -> None:
    descriptor = layout.image([LAYER])
    layout.tag(descriptor)
    path = layout.root / "blobs" / descriptor["digest"].replace(":", "/")
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ImageInvalid, match=r"has the digest sha256:.*, and should have sha256:"):
        found(f"oci:{layout.root}", layout.root)


def test_sizes_are_verified(layout: Layout) -> None:
    layout.tag(layout.image([LAYER]) | {"size": 3})
    with pytest.raises(ImageInvalid, match=r"has \d+ bytes, and should have 3"):
        found(f"oci:{layout.root}", layout.root)


def test_what_cannot_be_read_is_unsupported(layout: Layout) -> None:
    descriptor = layout.image([LAYER])
    config = {"mediaType": "application/vnd.cncf.helm.config.v1+json"} | layout.blob(b"{}")
    layer = {"mediaType": "application/vnd.in-toto+json"} | layout.blob(LAYER)
    for unsupported in (
        changed(layout, descriptor, config=config),
        changed(layout, descriptor, layers=[layer]),
        descriptor | {"mediaType": "application/vnd.docker.distribution.manifest.v1+prettyjws"},
        {**descriptor, "digest": "sha512:" + "0" * 128},
    ):
        layout.manifests.clear()
        layout.tag(unsupported)
        with pytest.raises(ImageUnsupported):
            found(f"oci:{layout.root}", layout.root)


def test_malformed_documents_are_refused(layout: Layout) -> None:
    descriptor = layout.image([LAYER])
    config = {"mediaType": CONFIG}
    nested: Any = []
    for _ in range(2000):
        nested = [nested]
    for malformed in (
        layout.blob(b"not json") | {"mediaType": MANIFEST},
        layout.blob(b"[]") | {"mediaType": MANIFEST},
        layout.blob(b"[" * 100_000) | {"mediaType": MANIFEST},
        layout.blob(b" " * 4_194_305) | {"mediaType": MANIFEST},
        changed(layout, descriptor, layers={}),
        changed(layout, descriptor, layers=[]),
        changed(layout, descriptor, layers=None),
        changed(layout, descriptor, layers=["x"]),
        changed(layout, descriptor, config=config | layout.blob(b"{}")),
        changed(layout, descriptor, config=config | {"digest": "sha256:../x", "size": 1}),
        layout.image([LAYER], rootfs={"diff_ids": []}),
        layout.image([LAYER], rootfs={"diff_ids": [7]}),
        layout.image([LAYER], {"Env": ["novalue"]}),
        layout.image([LAYER], {"Entrypoint": "a string"}),
        layout.image([LAYER], {"Cmd": ["a\0b"]}),
        layout.image([LAYER], {"Cmd": ["\ud800"]}),
        layout.image([LAYER], {"WorkingDir": 7}),
        layout.image([LAYER], os="windows"),
        layout.image([LAYER] * 513),
    ):
        layout.manifests.clear()
        layout.tag(malformed)
        with pytest.raises(ImageError):
            found(f"oci:{layout.root}", layout.root)


def test_indexes_that_are_nested_without_end_are_refused(layout: Layout) -> None:
    descriptor = layout.image([LAYER])
    for _ in range(6):
        descriptor = layout.document({"manifests": [descriptor]}, INDEX)
    layout.tag(descriptor)
    with pytest.raises(ImageInvalid, match="nested too deep"):
        found(f"oci:{layout.root}", layout.root)


def test_what_is_no_layout_and_no_archive_is_refused(layout: Layout, tmp_path: Path) -> None:
    for uri, reason in (
        (f"oci:{layout.root}", "no OCI image layout"),
        (f"oci-archive:{layout.root}", "its path is no archive"),
    ):
        with pytest.raises(ImageInvalid, match=reason):
            found(uri, tmp_path)
    file = tmp_path / "file.tar"
    file.write_bytes(b"x" * 2000)
    for uri, reason in (
        (f"oci:{file}", "its path is no folder"),
        (f"oci-archive:{file}", "no tar archive"),
    ):
        with pytest.raises(ImageInvalid, match=reason):
            found(uri, tmp_path)
    with tarfile.open(file, "w:gz"):
        pass
    with pytest.raises(ImageUnsupported, match="compressed with gzip; uncompress it first"):
        found(f"docker-archive:{file}", tmp_path)
    with pytest.raises(ImageMissing):
        found(f"oci-archive:{tmp_path}/nothing.tar", tmp_path)
