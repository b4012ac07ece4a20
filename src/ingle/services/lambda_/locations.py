"""Where the zip files of packages can be fetched."""

from collections.abc import Callable

from ingle.services.lambda_.model import Package
from ingle.wire.service import CallContext

PACKAGES_PATH = "/_ingle/packages/"
"""Where the server serves the zip files of packages: this, and the sha256 in hexadecimal."""

Presign = Callable[[str, int], str]
"""Signs a URL for GET. Takes the whole URL and for how many seconds it is to be valid."""

_VALID_S = 600


class Locations:
    """Makes URLs of packages.

    Args:
        presign: signs one.
    """

    def __init__(self, presign: Presign) -> None:
        self._presign = presign

    def of(self, package: Package, context: CallContext) -> str:
        """Return a URL that gives a package for ten minutes, by the caller's way to Ingle."""
        return self._presign(f"{context.endpoint}{PACKAGES_PATH}{package.sha256}", _VALID_S)
