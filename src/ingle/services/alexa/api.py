"""Skill requests over HTTP: `POST /_ingle/alexa/<function>`.

What Alexa has signed is run as Alexa; what somebody sends from the desk, who signs as for any call
of AWS's, is run in the same way where they may invoke the function themselves. In both cases the
function's policy decides whether the skill may.
Sources: https://developer.amazon.com/en-US/docs/alexa/custom-skills/request-and-response-json-reference.html
https://developer.amazon.com/en-US/docs/alexa/custom-skills/host-a-custom-skill-as-an-aws-lambda-function.html
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote

import orjson

from ingle.auth.authorizer import Authorizer
from ingle.auth.keys import Identity
from ingle.clock import Clock
from ingle.services.alexa.errors import BadSkillRequest, SkillFailed
from ingle.wire.errors import ServiceError
from ingle.wire.http import Request, Response

if TYPE_CHECKING:
    from ingle.services.alexa.verifying import SkillVerifier

PRINCIPALS = ("alexa-appkit.amazon.com", "alexa-appkit.amazonaws.com")
"""Whom functions' policies may name: the principal that AWS documents, and what it would be called
if it were like all others."""
REQUEST_BYTES = 256 * 1024
_INVOKE = "lambda:InvokeFunction"
_JSON = [("content-type", "application/json;charset=UTF-8")]


class Functions(Protocol):
    """`for_services` of the Lambda service is this."""

    async def invoke_for_skill(
        self, services: Sequence[str], token: str, function_arn: str, payload: bytes
    ) -> Any:
        """Run a function for a skill; return its `payload` and `function_error`."""
        ...


class Skills:
    """Runs functions for skills.

    Args:
        functions: run.
        authorizer: decides who may send from the desk.
        make_verifier: makes what knows what Alexa has sent. What that takes is loaded then, when
            the first such request has come.
        account_id: whose a function is that is named without its account.
        region: and where.
    """

    def __init__(
        self,
        functions: Functions,
        authorizer: Authorizer,
        make_verifier: "Callable[[], SkillVerifier]",
        account_id: str,
        region: str,
    ) -> None:
        self._functions = functions
        self._authorizer = authorizer
        self._make_verifier = make_verifier
        self._verifier: SkillVerifier | None = None
        self._account_id = account_id
        self._region = region

    async def answer(
        self,
        request: Request,
        function: str,
        read_body: Callable[[int], Awaitable[bytes]],
        authenticate: Callable[[Request], Awaitable[Identity]],
    ) -> Response:
        """Answer a request; every error of the caller's becomes an answer.

        Args:
            request: the request, its body not read yet.
            function: a name or an ARN, percent-encoded, with a qualifier if there is one.
            read_body: reads so many bytes at most; raises a ServiceError.
            authenticate: finds out who has signed; raises a ServiceError.
        """
        try:
            return Response(200, _JSON, await self._run(request, function, read_body, authenticate))
        except ServiceError as error:
            told = {"__type": error.error_code, "message": error.message}
            return Response(error.http_status or 400, _JSON, orjson.dumps(told))

    async def _run(
        self,
        request: Request,
        function: str,
        read_body: Callable[[int], Awaitable[bytes]],
        authenticate: Callable[[Request], Awaitable[Identity]],
    ) -> bytes:
        request.body = await read_body(REQUEST_BYTES)
        arn = self._arn(unquote(function))
        if "authorization" in request.headers:
            identity = await authenticate(request)
            self._authorizer.require_of(identity, request, _INVOKE, arn)
            event = _event(request.body)
        else:
            event = _event(request.body)
            if self._verifier is None:
                self._verifier = await asyncio.to_thread(self._make_verifier)
            await self._verifier.verify(request, event)
        skill = _skill(event)
        result = await self._functions.invoke_for_skill(PRINCIPALS, skill, arn, request.body)
        if result.function_error is not None:
            raise SkillFailed(_failure(result.payload))
        payload: bytes = result.payload
        return payload

    def _arn(self, function: str) -> str:
        if function.startswith("arn:"):
            return function
        return f"arn:aws:lambda:{self._region}:{self._account_id}:function:{function}"


def _event(body: bytes) -> Mapping[str, Any]:
    try:
        event = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadSkillRequest(f"The request is not JSON: {error}") from error
    if not isinstance(event, dict) or not isinstance(event.get("request"), dict):
        raise BadSkillRequest("The request of a skill is a JSON object with a member `request`.")
    return event


def _skill(event: Mapping[str, Any]) -> str:
    """Read the skill's id, which requests without a session have in their context only."""
    for path in (("context", "System", "application"), ("session", "application")):
        found: Any = event
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        if isinstance(found, dict) and isinstance(found.get("applicationId"), str):
            skill: str = found["applicationId"]
            return skill
    raise BadSkillRequest(
        "The request does not say which skill it is of: applicationId is missing."
    )


def _failure(payload: bytes) -> str:
    try:
        told = orjson.loads(payload)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict):
        return "The function failed."
    parts = (told.get("errorType"), told.get("errorMessage"))
    return "The function failed: " + ": ".join(str(each) for each in parts if each)


def skill_verifier(clock: Clock) -> "SkillVerifier":
    """Make what verifies what Alexa has signed; loading it takes a tenth of a second."""
    from ingle.services.alexa.certificates import Certificates
    from ingle.services.alexa.verifying import SkillVerifier

    return SkillVerifier(Certificates(clock), clock)
