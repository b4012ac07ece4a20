"""From a reference to the image that it names, by way of indexes, manifest and config.

Sources: https://github.com/opencontainers/image-spec/blob/main/image-layout.md and its neighbours,
and for archives of Docker's
https://github.com/moby/moby/blob/master/image/spec/v1.2.md#combined-image-json--filesystem-changeset-format.
"""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ingle.images.documents import Document, read
from ingle.images.errors import ImageInvalid, ImageMissing, ImageUnsupported
from ingle.images.images import Image, Layer
from ingle.images.limits import IMAGE
from ingle.images.references import Reference
from ingle.images.sources import Source, find, is_dockers, open_source

_TYPES: Mapping[str, Any] = tomllib.loads(
    Path(__file__).with_name("media_types.toml").read_text("utf-8")
)
_PLATFORMS = {"x86_64": "amd64", "arm64": "arm64"}
_NAME = "org.opencontainers.image.ref.name"
_FULL_NAME = "io.containerd.image.name"
_MOST_NESTED = 4
_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_LATEST = "latest"


def resolve(reference: Reference, allowed: Sequence[Path], architecture: str) -> tuple[Image, Path]:
    """Find an image and read what it is; blocks.

    Args:
        reference: its name.
        allowed: the folders that may be read.
        architecture: which of several to take, `x86_64` or `arm64`.

    Returns:
        The image, and the folder or archive that it is in. Its layers were not looked at.

    Raises:
        ImageError: there is none that can be taken in.
    """
    try:
        path = find(reference, allowed)
    except OSError as error:
        raise _unreadable(error) from error
    return resolve_in(path, reference, architecture), path


def resolve_in(path: Path, reference: Reference, architecture: str) -> Image:
    """Read what an image is, as `resolve` does, of which it is known where it is; blocks.

    Raises:
        ImageError: it cannot be taken in.
    """
    try:
        source = open_source(reference, path)
        try:
            if is_dockers(reference, source):
                return _of_docker(source, reference, architecture)
            return _of_layout(source, reference, architecture)
        finally:
            source.close()
    except OSError as error:
        raise _unreadable(error) from error


def _unreadable(error: OSError) -> ImageInvalid:
    return ImageInvalid(f"it cannot be read: {error.strerror}")


def _of_layout(source: Source, reference: Reference, architecture: str) -> Image:
    try:
        index, _ = read(source, "index.json")
    except ImageMissing as error:
        raise ImageInvalid("it is no OCI image layout: it has no index.json") from error
    entries = _named(index.get("manifests").items(), reference)
    nested = 0
    while True:
        chosen = _chosen(entries, architecture)
        digest, kind = chosen.get("digest").digest(), chosen.get("mediaType").text("")
        size = chosen.get("size")
        document, _ = read(source, _blob(digest), digest, None if size.missing else size.size())
        kind = kind or document.get("mediaType").text("")
        if kind not in _TYPES["index"]:
            break
        nested += 1
        if nested > _MOST_NESTED:
            raise ImageInvalid("its indexes are nested too deep")
        entries = document.get("manifests").items()
    if kind not in _TYPES["manifest"]:
        raise ImageUnsupported(f"a manifest is {kind or 'of no media type'}")
    return _of_manifest(source, document, digest, architecture)


def _named(entries: list[Document], reference: Reference) -> list[Document]:
    """Return the entries of a layout's index that a reference is about."""
    if reference.digest is not None:
        found = [each for each in entries if each.get("digest").text() == reference.digest]
        if not found:
            # Perhaps one of a nested index, which is as good: a digest names just one blob.
            return [_bare(reference.digest)]
        return found[:1]
    if reference.tag is not None:
        found = [each for each in entries if _is_called(each, reference.tag)]
        if not found:
            raise ImageMissing
        return found
    if len(entries) > 1:
        return [each for each in entries if _is_called(each, _LATEST)] or entries
    return entries


def _bare(digest: str) -> Document:
    return Document({"digest": digest}, digest)


def _is_called(entry: Document, tag: str) -> bool:
    annotations = entry.get("annotations")
    if annotations.missing:
        return False
    name, full = annotations.get(_NAME).text(""), annotations.get(_FULL_NAME).text("")
    return tag in (name, full) or full.endswith(f":{tag}") or name.endswith(f":{tag}")


def _chosen(entries: list[Document], architecture: str) -> Document:
    """Return the one entry of an index that is for Linux and this architecture."""
    if len(entries) == 1:
        return entries[0]
    if not entries:
        raise ImageMissing
    wanted = _PLATFORMS[architecture]
    fitting = []
    for each in entries:
        platform = each.get("platform")
        if platform.missing:
            continue
        if (platform.get("os").text(), platform.get("architecture").text()) == ("linux", wanted):
            fitting.append(each)
    if not fitting:
        raise ImageInvalid(f"it holds no image for linux/{wanted}")
    if len({each.get("digest").text() for each in fitting}) > 1:
        raise ImageInvalid(f"it holds several images for linux/{wanted}; name one by its tag")
    return fitting[0]


def _of_manifest(source: Source, manifest: Document, digest: str, architecture: str) -> Image:
    described = manifest.get("config")
    kind = described.get("mediaType").text()
    if kind not in _TYPES["config"]:
        raise ImageUnsupported(f"the config is {kind}")
    name = described.get("digest").digest()
    config, _ = read(source, _blob(name), name, described.get("size").size())
    layers = []
    for each in manifest.get("layers").items():
        kind = each.get("mediaType").text()
        if kind not in _TYPES["layer"]:
            raise ImageUnsupported(f"a layer is {kind}")
        layer = each.get("digest").digest()
        layers.append((_blob(layer), layer, each.get("size").size(), _TYPES["layer"][kind]))
    return _image(digest, config, layers, architecture)


def _of_docker(source: Source, reference: Reference, architecture: str) -> Image:
    try:
        content, _ = read(source, "manifest.json")
    except ImageMissing as error:
        raise ImageInvalid("it is no archive of docker save: it has no manifest.json") from error
    found = []
    for each in content.items():
        name = _inner(each.get("Config"))
        config, digest = read(source, name)
        tags = [_short(tag) for tag in each.get("RepoTags").texts()]
        if reference.digest is not None:
            fits = digest == reference.digest
        else:
            fits = reference.tag is None or _is_tagged(tags, reference)
        if fits:
            found.append((each, config, digest))
    if not found:
        raise ImageMissing
    if len(found) > 1:
        raise ImageInvalid("it holds several images; name one by its tag")
    entry, config, digest = found[0]
    diff_ids = config.get("rootfs").get("diff_ids").items()
    names = [_inner(each) for each in entry.get("Layers").items()]
    if len(diff_ids) != len(names):
        raise ImageInvalid("its config and its manifest do not have the same number of layers")
    layers = [_layer_of_docker(source, *each) for each in zip(names, diff_ids, strict=True)]
    return _image(digest, config, layers, architecture)


def _layer_of_docker(
    source: Source, name: str, diff_id: Document
) -> tuple[str, str, int | None, str]:
    """Say how a layer is compressed, which nothing but itself tells."""
    with source.open(name) as file:
        start = file.read(4)
    for magic, compression in _MAGIC.items():
        if start.startswith(magic):
            return name, "", None, compression
    return name, diff_id.digest(), None, "none"


def _is_tagged(tags: list[str], reference: Reference) -> bool:
    tag = _short(reference.tag or "")
    if tag in tags:
        return True
    # In the form of ECR the tag stands alone, and the repository is the archive's name.
    return reference.tag is not None and any(each.endswith(f":{reference.tag}") for each in tags)


def _image(
    digest: str,
    config: Document,
    layers: Sequence[tuple[str, str, int | None, str]],
    architecture: str,
) -> Image:
    if not 1 <= len(layers) <= IMAGE.layers:
        raise ImageInvalid(f"it has {len(layers)} layers; it may have 1 to {IMAGE.layers}")
    diff_ids = [each.digest() for each in config.get("rootfs").get("diff_ids").items()]
    if len(diff_ids) != len(layers):
        raise ImageInvalid("its config and its manifest do not have the same number of layers")
    built = (config.get("os").text(), config.get("architecture").text())
    wanted = _PLATFORMS[architecture]
    if built != ("linux", wanted):
        raise ImageInvalid(f"it is for {'/'.join(built)}, and the function for linux/{wanted}")
    run = config.get("config")
    if run.missing:
        run = Document({}, "the config")
    return Image(
        digest=digest,
        layers=tuple(
            Layer(*layer, diff_id) for layer, diff_id in zip(layers, diff_ids, strict=True)
        ),
        entry_point=run.get("Entrypoint").texts(),
        command=run.get("Cmd").texts(),
        folder=run.get("WorkingDir").text(""),
        environment=_environment(run.get("Env").texts()),
    )


def _environment(pairs: Sequence[str]) -> dict[str, str]:
    variables = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not name or not separator or "\0" in pair:
            raise ImageInvalid("its config sets a variable that is none")
        variables[name] = value
    return variables


def _blob(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")


def _inner(name: Document) -> str:
    text = name.text()
    if text.startswith("/") or ".." in text.split("/"):
        raise ImageInvalid(f"{name.where} leads out of it")
    return text


def _short(tag: str) -> str:
    """Return a tag of Docker's without what it means anyway."""
    for prefix in ("docker.io/library/", "docker.io/", "localhost/"):
        tag = tag.removeprefix(prefix)
    return tag if ":" in tag.rpartition("/")[2] else f"{tag}:{_LATEST}"
