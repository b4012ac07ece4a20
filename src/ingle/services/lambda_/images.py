"""Container images as functions' code: finding them, and having them unpacked.

Source: https://docs.aws.amazon.com/lambda/latest/dg/images-create.html.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from ingle.images import intake, references, resolving, rootfs
from ingle.images.errors import ImageError, ImageInvalid, ImageMissing, ImageUnsupported
from ingle.images.images import Image, Layer
from ingle.images.streams import TOO_LARGE
from ingle.pool.spec import ImageRun
from ingle.runtimes.python.supervisor import extensions_in
from ingle.services.lambda_.errors import InvalidParameterValue
from ingle.services.lambda_.image_model import FunctionImage, ImageOverrides, layer_folder
from ingle.services.lambda_.packages import Packages


class ImageRefused(InvalidParameterValue):
    """An image cannot be a function's code."""


class Images:
    """Takes images in, each layer and each root file system once.

    Args:
        packages: keeps their folders.
        allowed: the folders that images may be read from.
        architecture: this machine's, as AWS names it.
    """

    def __init__(self, packages: Packages, allowed: Sequence[Path], architecture: str) -> None:
        self._packages = packages
        self._allowed = allowed
        self._architecture = architecture

    async def find(self, uri: str) -> FunctionImage:
        """Find an image and read what it is; its layers are not looked at.

        Raises:
            ImageRefused: there is none, or none that Lambda takes.
        """
        reference, image, _ = await self._resolve(uri)
        return FunctionImage(
            uri=uri,
            resolved_uri=reference.pinned(image.digest),
            digest=image.digest,
            diff_ids=tuple(each.diff_id for each in image.layers),
            entry_point=image.entry_point,
            command=image.command,
            folder=image.folder,
            environment=image.environment,
        )

    def root(self, image: FunctionImage) -> Path | None:
        """Say where an image's root file system is, or None where it is not unpacked."""
        return self._packages.folder(image.root)

    async def ready(self, image: FunctionImage) -> Path:
        """Return an image's root file system; unpack the image if need be.

        Whoever calls this holds what the image uses.

        Raises:
            ImageRefused: the image is damaged, too large, or gone.
            ServiceFailure: it could not be written.
        """
        root = self.root(image)
        if root is not None:
            return root
        reference, found, path = await self._resolve(image.resolved_uri)
        try:
            layers: list[Path] = []
            for layer in found.layers:

                async def unpack(target: Path, layer: Layer = layer) -> None:
                    budget = await asyncio.to_thread(intake.budget_left, layers)
                    await intake.unpack_layer(reference, path, layer, target, budget)

                layers.append(
                    await self._packages.folder_ready(layer_folder(layer.diff_id), unpack)
                )
            if await asyncio.to_thread(intake.budget_left, layers) < 0:
                raise ImageInvalid(TOO_LARGE)
            return await self._packages.folder_ready(
                image.root, lambda target: intake.build_root(layers, target)
            )
        except ImageError as error:
            raise refusal(image.uri, error) from error

    async def extensions(self, root: Path) -> tuple[str, ...]:
        """List the external extensions in a root file system, in order."""

        def look() -> tuple[str, ...]:
            folder = rootfs.extensions_folder(root)
            return () if folder is None else tuple(extensions_in(str(folder)))

        return await asyncio.to_thread(look)

    async def _resolve(self, uri: str) -> tuple[references.Reference, Image, Path]:
        try:
            reference = references.parse(uri)
            image, path = await asyncio.to_thread(
                resolving.resolve, reference, self._allowed, self._architecture
            )
        except ImageError as error:
            raise refusal(uri, error) from error
        return reference, image, path


def run_of(image: FunctionImage, overrides: ImageOverrides) -> ImageRun:
    """Put an image's own settings together with a function's, each of which stands by itself."""
    entry_point = overrides.entry_point or image.entry_point
    command = overrides.command or image.command
    folder = overrides.folder or image.folder or "/"
    return ImageRun((*entry_point, *command), folder, image.environment)


def refusal(uri: str, error: ImageError) -> ImageRefused:
    """Say in AWS's words why an image is not taken, and after them more exactly."""
    if isinstance(error, ImageMissing):
        text = f"Source image {uri} does not exist. Provide a valid source image."
    elif isinstance(error, ImageUnsupported):
        text = (
            "The image manifest, config or layer media type for the source image "
            f"{uri} is not supported."
        )
    else:
        text = f"Source image {uri} is not valid. Provide a valid source image."
    return ImageRefused(f"{text} ({error.reason})" if error.reason else text)
