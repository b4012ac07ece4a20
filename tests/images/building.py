"""Builds container images with plain Python: layers, and around them OCI layouts and archives."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OCI = "application/vnd.oci.image"
INDEX = f"{OCI}.index.v1+json"
MANIFEST = f"{OCI}.manifest.v1+json"
CONFIG = f"{OCI}.config.v1+json"
TAR = f"{OCI}.layer.v1.tar"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Entry:
    """An entry of a layer: a file where nothing else is said."""

    name: str
    content: bytes = b""
    mode: int = 0o644
    kind: bytes = tarfile.REGTYPE
    target: str = ""
    numbers: tuple[int, int] = (0, 0)
    mtime: int = 1_700_000_000
    owner: int = 0


def folder(name: str, mode: int = 0o755) -> Entry:
    return Entry(name, mode=mode, kind=tarfile.DIRTYPE)


def link(name: str, target: str) -> Entry:
    return Entry(name, kind=tarfile.SYMTYPE, target=target)


def hard_link(name: str, target: str) -> Entry:
    return Entry(name, kind=tarfile.LNKTYPE, target=target)


def program(name: str, text: str | bytes) -> Entry:
    return Entry(name, text.encode() if isinstance(text, str) else text, 0o755)


def tar(entries: Iterable[Entry]) -> bytes:
    """A layer's archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for each in entries:
            info = tarfile.TarInfo(each.name)
            info.mode, info.type, info.linkname = each.mode, each.kind, each.target
            info.devmajor, info.devminor = each.numbers
            info.mtime, info.uid = each.mtime, each.owner
            info.size = len(each.content) if each.kind == tarfile.REGTYPE else 0
            archive.addfile(info, io.BytesIO(each.content))
    return buffer.getvalue()


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def compressed(archive: bytes, how: str) -> bytes:
    if how == "gzip":
        return gzip.compress(archive, 1, mtime=0)
    if how == "zstd":
        from backports import zstd

        return zstd.compress(archive)
    return archive


class Layout:
    """An OCI image layout that is being written."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "blobs/sha256").mkdir(parents=True, exist_ok=True)
        (root / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        self.manifests: list[dict[str, Any]] = []

    def blob(self, content: bytes) -> dict[str, Any]:
        """Put a blob in; return the beginning of its descriptor."""
        name = digest(content)
        (self.root / "blobs" / name.replace(":", "/")).write_bytes(content)
        return {"digest": name, "size": len(content)}

    def document(self, value: Any, media_type: str) -> dict[str, Any]:
        return self.blob(json.dumps(value).encode()) | {"mediaType": media_type}

    def image(
        self,
        layers: Iterable[bytes],
        config: Mapping[str, Any] | None = None,
        *,
        architecture: str = "amd64",
        compression: str = "gzip",
        **overrides: Any,
    ) -> dict[str, Any]:
        """Put an image in, of the archives of its layers; return its manifest's descriptor."""
        layers = list(layers)
        suffix = "" if compression == "none" else f"+{compression}"
        described = self.document(
            {
                "os": "linux",
                "architecture": architecture,
                "config": config or {},
                "rootfs": {"type": "layers", "diff_ids": [digest(each) for each in layers]},
            }
            | overrides,
            CONFIG,
        )
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": described,
            "layers": [
                self.blob(compressed(each, compression)) | {"mediaType": TAR + suffix}
                for each in layers
            ],
        }
        return self.document(manifest, MANIFEST)

    def tag(self, descriptor: dict[str, Any], name: str | None = "latest", **more: Any) -> None:
        """Have an image in the index, under this name."""
        annotations = {"org.opencontainers.image.ref.name": name} if name else {}
        self.manifests.append({**descriptor, "annotations": annotations, **more})
        self.save()

    def save(self) -> None:
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": self.manifests}
        (self.root / "index.json").write_text(json.dumps(index))


def oci_archive(layout: Path, target: Path) -> Path:
    """A layout as one tar archive."""
    with tarfile.open(target, "w") as archive:
        for each in sorted(layout.rglob("*")):
            archive.add(each, str(each.relative_to(layout)), recursive=False)
    return target


def docker_archive(
    target: Path,
    layers: Iterable[bytes],
    config: Mapping[str, Any],
    tags: Iterable[str] = (),
    *,
    linked: bool = False,
    compression: str = "none",
) -> str:
    """An archive as `docker save` makes it; return the image's id."""
    layers = list(layers)
    described = json.dumps(
        {
            "os": "linux",
            "architecture": "amd64",
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [digest(each) for each in layers]},
        }
    ).encode()
    identity = digest(described)
    name = identity.removeprefix("sha256:") + ".json"
    names = [f"layer{number}/layer.tar" for number in range(len(layers))]
    with tarfile.open(target, "w") as archive:

        def add(path: str, content: bytes) -> None:
            info = tarfile.TarInfo(path)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))

        for path, content in zip(names, layers, strict=True):
            add(path, compressed(content, compression))
        if linked:
            info = tarfile.TarInfo("again/layer.tar")
            info.type, info.linkname = tarfile.SYMTYPE, "../layer0/layer.tar"
            archive.addfile(info)
            names[0] = "again/layer.tar"
        add(name, described)
        entry = {"Config": name, "RepoTags": list(tags), "Layers": names}
        add("manifest.json", json.dumps([entry]).encode())
    return identity
