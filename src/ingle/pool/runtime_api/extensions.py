"""The Extensions API: processes that take part in a sandbox's life beside the runtime.

An *external* extension is an executable of `/opt/extensions`; whatever else registers is an
*internal* one, a thread of the runtime's own process.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
"""

import asyncio
import enum
import os
import signal
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import orjson

from ingle.http.errors import BodyIncomplete, BodyTooLarge
from ingle.http.exchange import Exchange
from ingle.pool.runtime_api import answers, limits
from ingle.pool.runtime_api.answers import Refused
from ingle.pool.runtime_api.facts import Facts
from ingle.pool.runtime_api.invocation import Invocation
from ingle.wire.http import Request, Response

INVOKE: Final = "INVOKE"
SHUTDOWN: Final = "SHUTDOWN"
_IDENTIFIER = "Lambda-Extension-Identifier"
_ERROR_TYPE = "Lambda-Extension-Function-Error-Type"
_INVALID_STATE = "Extension.InvalidExtensionState"


class State(enum.Enum):
    """Where an extension is; the values are AWS's names, which logs and error messages hold."""

    STARTED = "Started"
    REGISTERED = "Registered"
    READY = "Ready"
    RUNNING = "Running"
    INIT_ERROR = "InitError"
    EXIT_ERROR = "ExitError"
    EXITED = "Exited"
    LAUNCH_ERROR = "LaunchError"


_ALIVE = frozenset({State.REGISTERED, State.READY, State.RUNNING})


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a sandbox is of no more use, because of one of its extensions.

    Attributes:
        kind: AWS's error type, for instance `Extension.Crash`.
        message: how, in AWS's words, without the request's id.
    """

    kind: str
    message: str


class Extension:
    """One extension of one sandbox.

    Attributes:
        name: the file's name, or what an internal one calls itself.
        identifier: what it shows with every request after it has registered.
        external: whether it is a process of its own.
        state: where it is.
        events: what it has subscribed to, in its own order.
        error_type: what it, or the platform, says went wrong; or "".
    """

    def __init__(self, name: str, *, external: bool) -> None:
        self.name = name
        self.identifier = str(uuid.uuid4())
        self.external = external
        self.state = State.STARTED
        self.events: tuple[str, ...] = ()
        self.error_type = ""
        self._event: Response | None = None
        self._turn: asyncio.Future[bool] | None = None

    @property
    def waiting(self) -> bool:
        """Whether a request of it waits for an event."""
        return self._turn is not None

    def give(self, event: dict[str, object]) -> None:
        """Hand it an event, now or when it asks."""
        self._event = answers.json(
            200, event, ("Lambda-Extension-Event-Identifier", str(uuid.uuid4()))
        )
        self.wake(True)

    async def wait(self, body: Exchange) -> Response:
        """Return the next event."""
        while self._event is None:
            self._turn = asyncio.get_running_loop().create_future()
            body.on_gone = lambda: self.wake(False)
            if not await self._turn:
                return answers.GONE
        event, self._event = self._event, None
        self.state = State.RUNNING
        return event

    def wake(self, there_is_one: bool) -> None:
        """End the wait, if there is one."""
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.set_result(there_is_one)


class Extensions:
    """All extensions of one sandbox.

    Args:
        names: of the executables that the launcher starts.
        facts: what registering tells.
        on_change: called when one may have become ready, or left.

    Attributes:
        open: whether an extension may still register.
        fatal: the type of the first error that one reported: `Extension.InitError`,
            `Extension.ExitError` or "".
    """

    def __init__(self, names: Iterable[str], facts: Facts, on_change: Callable[[], None]) -> None:
        self.open = True
        self.fatal = ""
        self._facts = facts
        self._on_change = on_change
        self._by_name = {name: Extension(name, external=True) for name in names}
        self._by_identifier: dict[str, Extension] = {}
        self._invoked: set[str] = set()
        self._leaving: set[str] = set()

    def __iter__(self) -> Iterator[Extension]:
        """Go through them in the order in which they came."""
        return iter(self._by_name.values())

    @property
    def registered(self) -> bool:
        """Whether all external ones have registered, so that the runtime may start."""
        return all(each.state is not State.STARTED for each in self)

    @property
    def ready(self) -> bool:
        """Whether all wait for their first event."""
        return all(each.state is State.READY for each in self)

    @property
    def invoked(self) -> bool:
        """Whether one still works on the last invocation."""
        return bool(self._invoked)

    @property
    def left(self) -> bool:
        """Whether all that were told to shut down have done so."""
        return not self._leaving

    def invoke(self, invocation: Invocation) -> None:
        """Send the INVOKE event to those that want it."""
        event: dict[str, object] = {
            "eventType": INVOKE,
            "deadlineMs": invocation.deadline_ms,
            "requestId": invocation.request_id,
            "invokedFunctionArn": invocation.arn,
        }
        tracing = invocation.tracing()
        if tracing is not None:
            event["tracing"] = tracing
        subscribed = [each for each in self if INVOKE in each.events and each.state in _ALIVE]
        self._invoked = {each.name for each in subscribed}
        for each in subscribed:
            each.give(event)

    def shut_down(self, reason: str, deadline_ms: int) -> None:
        """Send the SHUTDOWN event to the external ones that want it."""
        event: dict[str, object] = {
            "eventType": SHUTDOWN,
            "deadlineMs": deadline_ms,
            "shutdownReason": reason,
        }
        self._invoked.clear()
        told = [each for each in self if SHUTDOWN in each.events and each.state in _ALIVE]
        self._leaving = {each.name for each in told}
        for each in told:
            each.give(event)

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return bool(self._by_name)

    @property
    def any_external(self) -> bool:
        """Whether one is a process of its own."""
        return any(each.external for each in self)

    @property
    def any_internal(self) -> bool:
        """Whether one is a thread of the runtime."""
        return any(not each.external for each in self)

    def exited(self, name: str, status: int) -> Failure:
        """Note that an external one's process ended; return what that means before a shutdown."""
        extension = self._by_name[name]
        if extension.state not in (State.INIT_ERROR, State.EXIT_ERROR):
            extension.state = State.EXITED
        extension.wake(False)
        self._done(extension)
        return Failure(self.fatal or "Extension.Crash", _ending(status))

    def not_launched(self, name: str, kind: str, message: str) -> Failure:
        """Note that an external one's process could not be started; return what that means."""
        extension = self._by_name[name]
        extension.state = State.LAUNCH_ERROR
        extension.error_type = kind
        return Failure("Extension.LaunchError", message)

    def close(self) -> None:
        """Answer those that wait."""
        for each in self:
            each.wake(False)

    def find(self, request: Request) -> Extension:
        """Return the extension that a request comes from; raise Refused."""
        told = request.headers.get(_IDENTIFIER.lower(), "")
        if not told:
            kind = "Extension.MissingExtensionIdentifier"
            raise Refused(403, kind, f"Missing {_IDENTIFIER} header")
        try:
            identifier = str(uuid.UUID(told))
        except ValueError:
            kind = "Extension.InvalidExtensionIdentifier"
            raise Refused(403, kind, f"Invalid {_IDENTIFIER}") from None
        extension = self._by_identifier.get(identifier)
        if extension is None:
            kind = "Extension.UnknownExtensionIdentifier"
            raise Refused(403, kind, f"Unknown extension {identifier}")
        return extension

    async def register(self, request: Request, body: Exchange) -> Response:
        """POST /extension/register."""
        name = request.headers.get("lambda-extension-name", "")
        if not name:
            raise Refused(403, "Extension.InvalidExtensionName", "Empty extension name")
        events = _events(await _read(body))
        extension = self._by_name.get(name)
        external = extension is not None and extension.external
        for event in events:
            if event == SHUTDOWN and not external:
                reason = "ShutdownEventNotSupportedForInternalExtension"
            elif event not in (INVOKE, SHUTDOWN):
                reason = "ErrorInvalidEventType"
            else:
                continue
            raise Refused(403, "Extension.InvalidEventType", f"{event}: {reason}")
        if extension is None:
            extension = self._internal(name)
        elif not external:
            raise Refused(403, _INVALID_STATE, "Extension with this name already registered")
        elif extension.state is not State.STARTED:
            raise _not_allowed(extension, State.REGISTERED, name)
        extension.state = State.REGISTERED
        extension.events = tuple(dict.fromkeys(events))
        self._by_identifier[extension.identifier] = extension
        told = {
            "functionVersion": self._facts.version,
            "functionName": self._facts.name,
            "handler": self._facts.handler,
        }
        features = request.headers.get("lambda-extension-accept-feature", "").split(",")
        if "accountId" in [feature.strip() for feature in features]:
            told["accountId"] = self._facts.account_id
        self._on_change()
        return answers.json(200, told, (_IDENTIFIER, extension.identifier))

    async def next(self, request: Request, body: Exchange) -> Response:
        """GET /extension/event/next."""
        extension = self.find(request)
        # One that has hung up while it waited may ask again.
        if extension.state not in _ALIVE or extension.waiting:
            raise _not_allowed(extension, State.READY, extension.identifier)
        if extension.state is not State.READY:
            extension.state = State.READY
            self._done(extension)
        return await extension.wait(body)

    async def init_error(self, request: Request, body: Exchange) -> Response:
        """POST /extension/init/error."""
        allowed = (State.REGISTERED, State.INIT_ERROR)
        return await self._failed(request, body, State.INIT_ERROR, State.INIT_ERROR, allowed)

    async def exit_error(self, request: Request, body: Exchange) -> Response:
        """POST /extension/exit/error."""
        allowed = (*_ALIVE, State.EXIT_ERROR)
        return await self._failed(request, body, State.EXIT_ERROR, State.EXITED, allowed)

    async def _failed(
        self,
        request: Request,
        body: Exchange,
        state: State,
        named: State,
        allowed: tuple[State, ...],
    ) -> Response:
        extension = self.find(request)
        kind = request.headers.get(_ERROR_TYPE.lower(), "")
        if not kind:
            raise Refused(403, "Extension.MissingHeader", f"{_ERROR_TYPE} not found")
        if extension.state not in allowed:
            raise _not_allowed(extension, named, extension.identifier)
        await _read(body)
        if extension.state is not state:  # only the first error counts
            extension.state = state
            extension.error_type = kind
            self.fatal = self.fatal or f"Extension.{state.value}"
        return answers.accepted()

    def _internal(self, name: str) -> Extension:
        if not self.open:
            message = "Extension registration closed already"
            raise Refused(403, "Extension.RegistrationClosed", message)
        if len(self._by_name) >= limits.MAX_EXTENSIONS:
            message = f"Extension limit ({limits.MAX_EXTENSIONS}) reached"
            raise Refused(403, "Extension.TooManyExtensions", message)
        extension = self._by_name[name] = Extension(name, external=False)
        return extension

    def _done(self, extension: Extension) -> None:
        self._invoked.discard(extension.name)
        self._leaving.discard(extension.name)
        self._on_change()


async def _read(body: Exchange) -> bytes:
    try:
        return await body(limits.MAX_OTHER)
    except BodyTooLarge:
        message = f"Exceeded maximum allowed payload size ({limits.MAX_OTHER} bytes)."
        raise Refused(413, "RequestEntityTooLarge", message) from None
    except BodyIncomplete as error:
        raise Refused(400, "TruncatedHTTPRequest", str(error)) from None


def _events(body: bytes) -> list[str]:
    kind = "InvalidRequestFormat"
    if not body:
        raise Refused(403, kind, "unexpected end of JSON input")
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused(403, kind, str(error)) from None
    if not isinstance(told, dict):
        raise Refused(403, kind, "the request must be a JSON object")
    if told.get("configurationKeys"):
        message = "configurationKeys are deprecated; use environment variables instead"
        raise Refused(403, kind, message)
    events = told.get("events") or []
    if not isinstance(events, list) or not all(isinstance(event, str) for event in events):
        raise Refused(403, kind, "events must be an array of strings")
    return events


def _not_allowed(extension: Extension, target: State, named: str) -> Refused:
    return Refused(
        403,
        _INVALID_STATE,
        f"State transition from {extension.state.value} to {target.value} failed for extension "
        f"{named}. Error: State transition is not allowed",
    )


def _ending(status: int) -> str:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return f"signal: {(signal.strsignal(number) or str(number)).lower()}"
    code = os.WEXITSTATUS(status)
    return f"exit status {code}" if code else "exit code 0"
