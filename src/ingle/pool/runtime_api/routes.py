"""From a request's path to what answers it."""

from collections.abc import Awaitable, Callable

from ingle.http.exchange import Exchange
from ingle.pool.runtime_api.answers import Refused
from ingle.pool.runtime_api.extensions import Extensions
from ingle.pool.runtime_api.runtime import Runtime
from ingle.pool.runtime_api.subscription import Api
from ingle.pool.runtime_api.telemetry import Telemetry
from ingle.wire.http import Request, Response

Action = Callable[[Request, Exchange], Awaitable[Response]]

_RUNTIME = "/2018-06-01/runtime/"
_EXTENSION = "/2020-01-01/extension/"
_SUBSCRIPTIONS = {"/2022-07-01/telemetry": Api.TELEMETRY, "/2020-08-15/logs": Api.LOGS}


class Routes:
    """Finds what answers a request, and writes what is refused in AWS's form.

    Args:
        runtime: the runtime's half, or None where the runtime is managed and speaks frames.
        extensions: the Extensions API.
        telemetry: the Telemetry and Logs APIs.
    """

    def __init__(
        self, runtime: Runtime | None, extensions: Extensions, telemetry: Telemetry
    ) -> None:
        self._runtime = runtime
        self._extensions = extensions
        self._telemetry = telemetry
        self._fixed: dict[str, tuple[str, Action]] = {
            f"{_EXTENSION}register": ("POST", extensions.register),
            f"{_EXTENSION}event/next": ("GET", extensions.next),
            f"{_EXTENSION}init/error": ("POST", extensions.init_error),
            f"{_EXTENSION}exit/error": ("POST", extensions.exit_error),
            **{path: ("PUT", self._subscribe(api)) for path, api in _SUBSCRIPTIONS.items()},
        }
        if runtime is not None:
            self._fixed |= {
                f"{_RUNTIME}invocation/next": ("GET", lambda _, body: runtime.next(body)),
                f"{_RUNTIME}init/error": ("POST", runtime.init_error),
                f"{_RUNTIME}restore/next": ("GET", lambda _, body: runtime.restore_next(body)),
                f"{_RUNTIME}restore/error": ("POST", runtime.restore_error),
            }

    async def answer(self, request: Request, body: Exchange) -> Response:
        """Answer a request."""
        try:
            method, action = self._find(request.path)
            if request.method != method:
                message = f"{request.method} is not allowed here, only {method}."
                raise Refused(405, "MethodNotAllowed", message)
            return await action(request, body)
        except Refused as refused:
            return refused.response()

    def _find(self, path: str) -> tuple[str, Action]:
        found = self._fixed.get(path) or self._fixed.get(path.rstrip("/"))
        if found is not None:
            return found
        runtime = self._runtime
        if runtime is not None and path.startswith(_RUNTIME):
            parts = path[len(_RUNTIME) :].split("/")
            if len(parts) == 3 and parts[0] == "invocation":
                identity = parts[1]
                if parts[2] == "response":
                    return "POST", lambda request, body: runtime.response(identity, request, body)
                if parts[2] == "error":
                    return "POST", lambda request, body: runtime.error(identity, request, body)
        raise Refused(404, "ResourceNotFound", f"There is nothing at {path}.")

    def _subscribe(self, api: Api) -> Action:
        async def subscribe(request: Request, body: Exchange) -> Response:
            extension = self._extensions.find(request)
            return await self._telemetry.subscribe(extension.name, api, body)

        return subscribe
