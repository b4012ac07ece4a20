"""Container images as functions' code: finding them, and having them unpacked.

Source: https://docs.aws.amazon.com/lambda/latest/dg/images-create.html.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from ingle.images import intake, references, resolving, rootfs
from ingle.images.errors import ImageError, ImageInvalid, ImageMissing, ImageUnsupported
from ingle.images.images import Image, Layer
from ingle.images.limits import IMAGE
from ingle.images.streams import TOO_LARGE
from ingle.pool.spec import ImageRun
from ingle.runtimes.python.supervisor import extensions_in
from ingle.services.lambda_.code_sources import object_refusal
from ingle.services.lambda_.errors import InvalidParameterValue, ServiceFailure
from ingle.services.lambda_.image_model import FunctionImage, ImageOverrides, layer_folder
from ingle.services.lambda_.objects import Objects
from ingle.services.lambda_.packages import Packages
from ingle.wire.errors import ServiceError
from ingle.wire.service import CallContext

_FETCHED = "image.tar"


class ImageRefused(InvalidParameterValue):
    """An image cannot be a function's code."""


class Images:
    """Takes images in, each layer and each root file system once.

    Args:
        packages: keeps their folders.
        objects: reads those that are in S3.
        allowed: the folders that images may be read from.
        architecture: this machine's, as AWS names it.
    """

    def __init__(
        self, packages: Packages, objects: Objects, allowed: Sequence[Path], architecture: str
    ) -> None:
        self._packages = packages
        self._objects = objects
        self._allowed = allowed
        self._architecture = architecture

    async def find(self, context: CallContext, uri: str) -> FunctionImage:
        """Find an image and read what it is; its layers are not looked at.

        Args:
            context: the call, whose caller must be allowed to read what is in S3.
            uri: its name.

        Raises:
            ImageRefused: there is none, or none that Lambda takes.
            LambdaError: it is in S3, and the caller may not read it, or it is not there.
        """
        async with self._resolved(uri, context) as (reference, image, _):
            pass
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
        try:
            layers: list[Path] = []
            async with self._resolved(image.resolved_uri) as (reference, found, path):
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

    @asynccontextmanager
    async def _resolved(
        self, uri: str, context: CallContext | None = None
    ) -> AsyncIterator[tuple[references.Reference, Image, Path]]:
        """Find an image, and have it stay where it is found."""
        async with AsyncExitStack() as stack:
            try:
                reference = references.parse(uri)
                if reference.kind == references.S3:
                    path = await stack.enter_async_context(self._packages.scratch()) / _FETCHED
                    await self._fetch(context, reference, path)
                    image = await asyncio.to_thread(
                        resolving.resolve_in, path, reference, self._architecture
                    )
                else:
                    image, path = await asyncio.to_thread(
                        resolving.resolve, reference, self._allowed, self._architecture
                    )
            except ImageError as error:
                raise refusal(uri, error) from error
            yield reference, image, path

    async def _fetch(
        self, context: CallContext | None, reference: references.Reference, path: Path
    ) -> None:
        bucket, _, key = reference.path.partition("/")
        try:
            await self._objects.copy(context, bucket, key, path, IMAGE.image_bytes)
        except ServiceError as error:
            if error.error_code == "EntityTooLarge":
                raise ImageInvalid(TOO_LARGE) from error
            raise object_refusal(error, bucket, key) from error
        except OSError as error:
            raise ServiceFailure(f"The image could not be fetched: {error.strerror}") from error


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
