"""The nouns of functions whose code is a container image."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

CREATING, CREATING_REASON = "Creating", "The function is being created."
"""Why something is `Pending` or `InProgress`."""

IN_PROGRESS, SUCCESSFUL = "InProgress", "Successful"
"""With `Failed`, how the last update of a function goes;
https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html"""

ROOT_PREFIX, LAYER_PREFIX = "image-", "layer-"
"""What the names of folders with images' root file systems, and with their layers, begin with."""


@dataclass(frozen=True, slots=True)
class FunctionImage:
    """The container image that is a function's code, as it was taken in.

    Attributes:
        uri: what the request named.
        resolved_uri: the same with the image's digest.
        digest: the image's, `sha256:` and 64 hex digits.
        diff_ids: of its layers, the lowest first.
        entry_point: ENTRYPOINT.
        command: CMD.
        folder: WORKDIR, "" where there is none.
        environment: ENV.
    """

    uri: str
    resolved_uri: str
    digest: str
    diff_ids: tuple[str, ...]
    entry_point: tuple[str, ...]
    command: tuple[str, ...]
    folder: str
    environment: Mapping[str, str] = field(repr=False)

    @property
    def sha256(self) -> str:
        """The digest alone: 64 hex digits."""
        return self.digest.removeprefix("sha256:")

    @property
    def root(self) -> str:
        """The name of the folder with its root file system, which depends on its layers only."""
        ids = "\n".join(self.diff_ids)
        return f"{ROOT_PREFIX}{hashlib.sha256(ids.encode('ascii')).hexdigest()}"

    def uses(self) -> set[str]:
        """List what it needs on disk, by the names under which that is kept."""
        return {self.sha256, self.root, *map(layer_folder, self.diff_ids)}


@dataclass(frozen=True, slots=True)
class ImageOverrides:
    """What a function sets in place of its image's own settings; None is not set.

    Attributes:
        entry_point: in place of ENTRYPOINT.
        command: in place of CMD.
        folder: in place of WORKDIR.
    """

    entry_point: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    folder: str | None = None


NO_OVERRIDES = ImageOverrides()


@dataclass(frozen=True, slots=True)
class ImageUpdate:
    """An image that is to become a function's code, or that could not.

    Attributes:
        image: it.
        architecture: what the function's is to become.
        status: `InProgress` or `Failed`.
        reason: why it failed.
        reason_code: the same, as AWS's code.
    """

    image: FunctionImage
    architecture: str
    status: str = IN_PROGRESS
    reason: str = CREATING_REASON
    reason_code: str = CREATING


def layer_folder(diff_id: str) -> str:
    """Name the folder in which a layer of an image is unpacked."""
    return f"{LAYER_PREFIX}{diff_id.removeprefix('sha256:')}"
