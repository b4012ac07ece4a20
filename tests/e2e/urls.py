"""Function URLs, called by hand: their host names are not for every resolver."""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from tests.e2e.server import Server


class Reply:
    """What a function URL answered.

    Attributes:
        status: the status code.
        headers: values by lower-case name; repeated ones are joined with ", ".
        cookies: the values of all Set-Cookie headers.
        body: the bytes.
    """

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.cookies = response.headers.get_all("set-cookie", [])
        self.headers = {
            name.lower(): ", ".join(response.headers.get_all(name, [])) for name in response.headers
        }
        self.body = response.read()

    @property
    def json(self) -> Any:
        """The body's value."""
        return json.loads(self.body)

    @property
    def error(self) -> tuple[int, str | None, Any]:
        """Status, error type and value of an error."""
        return self.status, self.headers.get("x-amzn-errortype"), self.json


def connection(server: Server) -> http.client.HTTPConnection:
    """Open a connection to a server, whatever the host's name will be."""
    return http.client.HTTPConnection(*server.address, timeout=60)


def request(
    server: Server,
    url: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Reply:
    """Send one request to a URL of this server."""
    made = connection(server)
    try:
        _send(made, url, method, body, headers)
        return Reply(made.getresponse())
    finally:
        made.close()


def _send(
    made: http.client.HTTPConnection,
    url: str,
    method: str,
    body: bytes | None,
    headers: dict[str, str] | None,
) -> None:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    made.request(method, target, body, {"Host": parts.netloc, **(headers or {})})


def begin(
    server: Server, url: str, headers: dict[str, str] | None = None
) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    """Begin a GET whose answer is read while it comes; both results are to be closed."""
    made = connection(server)
    _send(made, url, "GET", None, headers)
    return made, made.getresponse()


def allow(client: Any, name: str, auth_type: str = "NONE", **settings: Any) -> None:
    """Give everybody both permissions that a function URL needs."""
    client.add_permission(
        FunctionName=name,
        StatementId="url",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        FunctionUrlAuthType=auth_type,
        **settings,
    )
    client.add_permission(
        FunctionName=name,
        StatementId="invoke",
        Action="lambda:InvokeFunction",
        Principal="*",
        InvokedViaFunctionUrl=True,
        **settings,
    )


def publish(client: Any, name: str, **config: Any) -> str:
    """Give a function a URL that everybody may call, and return it."""
    config.setdefault("AuthType", "NONE")
    url: str = client.create_function_url_config(FunctionName=name, **config)["FunctionUrl"]
    allow(client, name)
    return url
