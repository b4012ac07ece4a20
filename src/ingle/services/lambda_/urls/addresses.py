"""Where function URLs are: by a host name of their own, and by a path for who cannot resolve it.

The first form is `http://<id>.lambda-url.<region>.localhost:<port>/`. Browsers and curl resolve
every name under `localhost` to this machine; libraries that ask the system's resolver often do not.
The second form is `http://<any name of Ingle>:<port>/_ingle/url/<id>/`.
"""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from ingle.services.lambda_.urls.model import FunctionUrl
from ingle.wire.http import Request

URL_PATH = "/_ingle/url/"
"""What the second form's path begins with; the id follows."""
_HOST = re.compile(r"([a-z0-9]+)\.lambda-url\.([a-z0-9-]+)\.[^:]+(?::\d+)?", re.IGNORECASE)
_INFIX = ".lambda-url."
_LOCALHOST = "localhost"


@dataclass(frozen=True, slots=True)
class Address:
    """What a request to a function URL says of it.

    Attributes:
        url_id: the id.
        region: the region in the host name; None in the second form.
        path: what the function is to see as the path, as it was sent; begins with a slash.
    """

    url_id: str
    region: str | None
    path: str

    def suits(self, url: FunctionUrl) -> bool:
        """Whether it is the address of this function URL, which has its id."""
        return self.region is None or self.region == url.region


def address_in(request: Request) -> Address | None:
    """Read the address out of a request; None where it is of no function URL."""
    if request.path.startswith(URL_PATH):
        url_id, slash, rest = request.path[len(URL_PATH) :].partition("/")
        return Address(url_id.lower(), None, slash + rest or "/")
    host = request.host
    match = _HOST.fullmatch(host) if _INFIX in host else None
    if match is None:
        return None
    url_id, region = match.groups()
    return Address(url_id.lower(), region.lower(), request.path or "/")


def host_name(url: FunctionUrl) -> str:
    """Name the host of a function URL's first form."""
    return f"{url.url_id}{_INFIX}{url.region}.{_LOCALHOST}"


def url_for(url: FunctionUrl, endpoint: str) -> str:
    """Make the URL that the one who asks can use.

    Args:
        url: the function URL.
        endpoint: how the one who asks reached Ingle, scheme and authority. Who came by another
            name than this machine's own gets the second form: what is under `localhost` would be
            another machine for them.
    """
    parts = urlsplit(endpoint)
    if not _is_local(parts.hostname or ""):
        return f"{endpoint}{URL_PATH}{url.url_id}/"
    port = f":{parts.port}" if parts.port is not None else ""
    return f"{parts.scheme}://{host_name(url)}{port}/"


def _is_local(host: str) -> bool:
    if host == _LOCALHOST or host.endswith(f".{_LOCALHOST}"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
