"""Answers requests to function URLs.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html,
https://docs.aws.amazon.com/lambda/latest/dg/config-rs-invoke-furls.html; the refusals are worded as
recordings of AWS's answers have them.
"""

import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

import orjson

from ingle.auth.authorizer import Authorizer
from ingle.auth.keys import Identity
from ingle.clock import Clock
from ingle.invoke.metrics import Metric, MetricSink
from ingle.invoke.streaming import StreamedInvocation, Streaming
from ingle.invoke.tracing import Tracer
from ingle.services.lambda_.invocations import Invocations, check_active
from ingle.services.lambda_.limits import INVOCATION
from ingle.services.lambda_.lookup import Target, target
from ingle.services.lambda_.model import Function
from ingle.services.lambda_.names import Reference
from ingle.services.lambda_.store import LambdaStore
from ingle.services.lambda_.urls import answers
from ingle.services.lambda_.urls.access import check_may_call
from ingle.services.lambda_.urls.addresses import Address, address_in
from ingle.services.lambda_.urls.answers import MalformedAnswer, UrlAnswer
from ingle.services.lambda_.urls.cors import is_preflight, preflight_headers, with_cors
from ingle.services.lambda_.urls.events import Call, event_of
from ingle.services.lambda_.urls.model import AWS_IAM, RESPONSE_STREAM, FunctionUrl
from ingle.wire.errors import RequestTooLarge, ServiceError
from ingle.wire.http import Request, Response, StreamCut, close_stream

if TYPE_CHECKING:
    from ingle.invoke.invoker import Invoker

_logger = logging.getLogger("ingle.lambda")

ReadBody = Callable[[int], Awaitable[bytes]]
"""Reads the body of a request, of at most so many bytes; raises a ServiceError."""
Authenticate = Callable[[Request], Awaitable[Identity]]
"""Finds out who signed a request; raises a ServiceError."""
RunDurable = Callable[[Target, bytes, str], Awaitable[tuple[bytes, bool]]]
"""Runs a durable function on an event, with a trace header; returns its answer, and whether it has
succeeded."""

_FORBIDDEN = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)
_ACCESS_DENIED = "AccessDeniedException"
_UNSIGNED = {"MissingAuthenticationTokenException", "InvalidRequest"}
"""Errors of requests with no signature, and of those signed for S3 without what S3 wants."""
_REQUEST_ID = "x-amzn-RequestId"
_RETRY_MEMBER = "retryAfterSeconds"


class UrlServer:
    """Serves all function URLs.

    Args:
        store: where they are kept.
        authorizer: says who may call them.
        invocations: knows what the pool knows of functions.
        invoker: runs them.
        streaming: runs them too, for answers that are streamed.
        clock: tells when a request came.
        tracer: makes trace headers.
        run_durable: runs those that are durable, to their end.
        metrics: what takes measurements.
    """

    def __init__(
        self,
        store: LambdaStore,
        authorizer: Authorizer,
        invocations: Invocations,
        invoker: "Invoker",
        streaming: Streaming,
        clock: Clock,
        tracer: Tracer,
        run_durable: RunDurable,
        metrics: MetricSink,
    ) -> None:
        self._metrics = metrics
        self._run_durable = run_durable
        self._store = store
        self._authorizer = authorizer
        self._invocations = invocations
        self._invoker = invoker
        self._streaming = streaming
        self._clock = clock
        self._tracer = tracer

    def find(self, request: Request) -> Address | None:
        """Say which function URL a request is to; None where it is to none."""
        return address_in(request)

    async def answer(
        self, request: Request, address: Address, read_body: ReadBody, authenticate: Authenticate
    ) -> Response:
        """Answer a request to a function URL; every error of the caller's becomes an answer."""
        url = self._store.urls.find(address.url_id)
        request_id = str(uuid.uuid4())
        if url is None or not address.suits(url):
            return _refusal(403, _ACCESS_DENIED, {"Message": None}, request_id)
        if url.cors is not None and is_preflight(request):
            return Response(200, [*preflight_headers(url.cors, request), (_REQUEST_ID, request_id)])
        began = self._clock.monotonic()
        response = await self._answer(url, request, address, read_body, authenticate, request_id)
        self._measure(url, response.status, (self._clock.monotonic() - began) * 1000)
        return response

    async def _answer(
        self,
        url: FunctionUrl,
        request: Request,
        address: Address,
        read_body: ReadBody,
        authenticate: Authenticate,
        request_id: str,
    ) -> Response:
        try:
            caller = await self._admitted(url, request, read_body, authenticate, request_id)
            found = target(self._store, Reference(*url.key, url.qualifier or None))
            call = self._call(request, url, address, caller, request_id, found.function)
            response = await self._invoke(call, found)
        except ServiceError as error:
            response = _refused(error, request_id)
        except MalformedAnswer as problem:
            _logger.warning("%s answered what cannot be sent: %s", url.arn, problem)
            response = _failed(request_id)
        if url.cors is not None:
            response.headers = with_cors(url.cors, request, response.headers)
        return response

    def _measure(self, url: FunctionUrl, status: int, milliseconds: float) -> None:
        record, key, qualifier = self._metrics.record, url.key, url.qualifier or ""
        record(Metric.URL_REQUEST_COUNT, key, 1.0, qualifier)
        record(Metric.URL_REQUEST_LATENCY, key, milliseconds, qualifier)
        for metric, kind in ((Metric.URL_4XX_COUNT, 4), (Metric.URL_5XX_COUNT, 5)):
            record(metric, key, float(status // 100 == kind), qualifier)

    async def _admitted(
        self,
        url: FunctionUrl,
        request: Request,
        read_body: ReadBody,
        authenticate: Authenticate,
        request_id: str,
    ) -> Identity | None:
        """Read the request's body, and find out who calls; raise a ServiceError if it may not."""
        if url.auth_type != AWS_IAM:
            self._check(url, request, None, request_id)
            request.body = await read_body(INVOCATION.request_bytes)
            return None
        request.body = await read_body(INVOCATION.request_bytes)
        try:
            caller = await authenticate(request)
        except ServiceError as error:
            raise (_forbidden() if error.error_code in _UNSIGNED else error) from error
        if caller.service != "lambda" or caller.region != url.region:
            raise _forbidden()
        self._check(url, request, caller, request_id)
        return caller

    def _check(
        self, url: FunctionUrl, request: Request, caller: Identity | None, request_id: str
    ) -> None:
        try:
            check_may_call(self._authorizer, url, request, caller, request_id)
        except ServiceError as error:  # which tells more than function URLs do
            raise _forbidden() from error

    def _call(
        self,
        request: Request,
        url: FunctionUrl,
        address: Address,
        caller: Identity | None,
        request_id: str,
        function: Function,
    ) -> Call:
        sent = request.headers.get("x-amzn-trace-id", "")
        trace_id = self._tracer.header(sent, function.arn, request_id, function.tracing)
        return Call(request, url, address, caller, request_id, trace_id, self._clock.time())

    async def _invoke(self, call: Call, found: Target) -> Response:
        event = event_of(call)
        if len(event) > INVOCATION.request_bytes:
            raise RequestTooLarge(
                f"Request must be smaller than {INVOCATION.request_bytes} bytes for the "
                "InvokeFunction operation"
            )
        url = call.url
        function = found.function
        check_active(function)
        if function.is_durable:
            payload, succeeded = await self._run_durable(found, event, call.trace_id)
            if not succeeded:
                return _failed(call.request_id)
            answer = answers.buffered(payload)
            return Response(answer.status, _headers(call, answer), answer.body)
        spec = await self._invocations.spec(function)
        settings: dict[str, Any] = {
            "request_id": call.request_id,
            "invoked_arn": url.arn,
            "trace_id": call.trace_id,
        }
        if url.invoke_mode == RESPONSE_STREAM:
            return await _streamed(call, await self._streaming.invoke(spec, event, **settings))
        result = await self._invoker.invoke(spec, event, **settings)
        if result.function_error is not None:
            return _failed(call.request_id)
        answer = answers.buffered(result.payload)
        return Response(answer.status, _headers(call, answer), answer.body)


async def _streamed(call: Call, stream: StreamedInvocation) -> Response:
    """Make the response of what a function streams, once its first byte is here."""
    pieces = stream.pieces()
    try:
        if stream.content_type == answers.METADATA_TYPE:
            answer, failed = await _with_metadata(pieces, stream)
        else:
            answer, first = answers.streamed(stream.content_type), await anext(pieces, b"")
            answer.body = first
            failed = not first and await _has_failed(stream)
    except BaseException:
        await close_stream(pieces)
        raise
    if failed:
        return _failed(call.request_id)
    return Response(answer.status, _headers(call, answer), _body(answer.body, pieces, stream))


async def _with_metadata(
    pieces: AsyncIterator[bytes], stream: StreamedInvocation
) -> tuple[UrlAnswer, bool]:
    """Read a stream up to the end of its metadata; return the answer, or that it failed before."""
    head = b""
    async for piece in pieces:
        head += piece
        metadata, delimiter, body = head.partition(answers.DELIMITER)
        if delimiter:
            return answers.with_metadata(metadata, body), False
        if len(head) > answers.MOST_METADATA:
            raise MalformedAnswer("The metadata of the answer has no end.")
    if await _has_failed(stream):
        return UrlAnswer(502, [], b""), True
    raise MalformedAnswer("The answer ended before its metadata did.")


async def _has_failed(stream: StreamedInvocation) -> bool:
    return (await stream.result()).function_error is not None


async def _body(
    first: bytes, pieces: AsyncIterator[bytes], stream: StreamedInvocation
) -> AsyncIterator[bytes]:
    try:
        yield first
        async for piece in pieces:
            yield piece
    finally:
        await close_stream(pieces)
    if await _has_failed(stream):
        raise StreamCut


def _headers(call: Call, answer: UrlAnswer) -> list[tuple[str, str]]:
    return [
        *answer.headers,
        (_REQUEST_ID, call.request_id),
        ("X-Amzn-Trace-Id", call.trace_id),
    ]


def _forbidden() -> ServiceError:
    return ServiceError(_FORBIDDEN, code=_ACCESS_DENIED, status=403)


def _failed(request_id: str) -> Response:
    """The function failed; why, is in its log alone."""
    headers = [("content-type", "application/json"), (_REQUEST_ID, request_id)]
    return Response(502, headers, b"Internal Server Error")


def _refused(error: ServiceError, request_id: str) -> Response:
    """Answer an error, as the Lambda API words it."""
    members = dict(error.members)
    retry_after = members.pop(_RETRY_MEMBER, None)
    name = "Message" if error.error_code == _ACCESS_DENIED else "message"
    response = _refusal(
        error.http_status or 400, error.error_code, {**members, name: error.message}, request_id
    )
    if retry_after is not None:
        response.headers.append(("Retry-After", str(retry_after)))
    return response


def _refusal(status: int, code: str, members: dict[str, Any], request_id: str) -> Response:
    headers = [
        ("content-type", "application/json"),
        (_REQUEST_ID, request_id),
        ("x-amzn-ErrorType", code),
    ]
    return Response(status, headers, orjson.dumps(members))
