"""The way of a request: which service, who calls, which operation, and the answer."""

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl

import orjson

from ingle.auth import cors
from ingle.auth.authorizer import Authorizer
from ingle.auth.explaining import ROUTES as EXPLAINED
from ingle.auth.explaining import Explanations
from ingle.auth.keys import Identity
from ingle.auth.sigv4 import Verifier, is_addressed_locally, is_local, is_signed
from ingle.http.errors import BodyIncomplete, BodyTooLarge
from ingle.iam.principal import ANONYMOUS
from ingle.limits import max_body
from ingle.wire.binding import BoundOperation, bind
from ingle.wire.errors import (
    NotImplementedByIngle,
    RequestTooLarge,
    Serialization,
    ServiceError,
    UnknownOperation,
)
from ingle.wire.http import Request, Response
from ingle.wire.protocol import Operation, ServiceProtocol
from ingle.wire.routing import find_service, is_form
from ingle.wire.service import CallContext, Service
from ingle.wire.uploads import Plain, Upload

_logger = logging.getLogger("ingle.gateway")

PREFIX = "/_ingle/"
"""Ingle's own routes; no AWS service has a path that begins like this."""

ReadBody = Callable[[int], Awaitable[bytes]]
"""Reads a request's body of at most so many bytes; raises BodyTooLarge, BodyIncomplete."""


class Body(Protocol):
    """A request's body, which is read when it is known how long it may be."""

    def __call__(self, limit: int) -> Awaitable[bytes]:
        """Read all of it; raises BodyTooLarge, BodyIncomplete."""
        ...

    def pieces(self, limit: int) -> AsyncIterator[bytes]:
        """Read it as it comes; raises BodyTooLarge, BodyIncomplete."""
        ...


class Buckets(Protocol):
    """What S3 does besides its operations."""

    def serves(self, request: Request) -> bool:
        """Say whether a request, of which nothing else tells a service, is to a bucket."""
        ...

    def check_exists(self, params: Mapping[str, Any]) -> None:
        """Refuse a request of nobody in particular to a bucket that is not there."""
        ...

    def find_website(self, request: Request) -> Any:
        """Say which website a request is to; None where it is to none."""
        ...

    async def answer_website(self, request: Request, address: Any) -> Response:
        """Answer a request to what `find_website` found."""
        ...

    def preflight(self, request: Request) -> Response:
        """Answer what a browser asks before it sends a request to a bucket."""
        ...

    async def post_form(
        self,
        request: Request,
        pieces: AsyncIterator[bytes],
        identify: Callable[[Request, Mapping[str, str]], Identity],
        request_id: str,
    ) -> Response:
        """Store what a form posts to a bucket; raises ServiceErrors."""
        ...

    def add_cors_headers(self, request: Request, response: Response) -> None:
        """Let the page that sent a request to a bucket read the answer, if the bucket allows it."""
        ...


class Forwarder(Protocol):
    """Calls a service that is elsewhere."""

    async def forward(self, request: Request, region: str, upload: Upload | None) -> Response:
        """Send a request there, and return the answer; raises ServiceErrors."""
        ...


class FunctionUrls(Protocol):
    """What serves function URLs, which speak no protocol of AWS's."""

    def find(self, request: Request) -> Any:
        """Say which function URL a request is to; None where it is to none."""
        ...

    async def answer(
        self,
        request: Request,
        address: Any,
        read_body: ReadBody,
        authenticate: Callable[[Request], Awaitable[Identity]],
    ) -> Response:
        """Answer a request to what `find` found."""
        ...


class Accounts(Protocol):
    """What keeps the accounts of this server."""

    def list(self) -> list[Mapping[str, Any]]:
        """Describe them."""
        ...

    async def create(self, account_id: str | None, name: str) -> Mapping[str, Any]:
        """Make one, with any number where none is given; describe it."""
        ...

    def check_may_manage(self, identity: Identity) -> None:
        """Refuse all but the server's own root user."""
        ...


class Skills(Protocol):
    """What answers the requests of Alexa skills."""

    async def answer(
        self,
        request: Request,
        function: str,
        read_body: ReadBody,
        authenticate: Callable[[Request], Awaitable[Identity]],
    ) -> Response:
        """Answer a request that is to be run by this function."""
        ...


class Report(NamedTuple):
    """Something of its own that Ingle tells, at a route of its own.

    Attributes:
        action: what the caller must be allowed to do.
        answer: makes the answer, JSON, for an account, a region and a query; what it raises is a
            ServiceError.
    """

    action: str
    answer: Callable[[str, str, Mapping[str, str]], Awaitable[Mapping[str, Any]]]


class Requests(Protocol):
    """What takes note of requests."""

    def note(
        self, service: str, operation: str, status: int, seconds: float, request_id: str, who: str
    ) -> None:
        """Take note of an answer; it returns at once."""
        ...


class _Call:
    """What became known of a request on its way."""

    __slots__ = ("operation", "principal_arn", "request_id", "service")

    def __init__(self) -> None:
        self.request_id = str(uuid.uuid4())
        self.service = self.operation = self.principal_arn = ""


class Gateway:
    """Answers requests with the services that it is given.

    Args:
        services: by botocore's names.
        verifier: checks signatures.
        authorizer: says who may do what.
        packages: the file of a code package by its sha256, or None.
        health: what `/_ingle/health` answers.
        metrics: what `/_ingle/metrics` answers, in Prometheus's text format.
        function_urls: serves those.
        buckets: knows the rules that buckets have for browsers, and which there are.
        region: the one that a request without a signature is for.
        accounts: keeps those of this server.
        pages: answers what services let anybody fetch, without a signature.
        skills: answers the requests of Alexa skills.
        requests: takes note of what was asked and answered.
        elsewhere: calls the services that are elsewhere, by botocore's names.
        reports: what else Ingle tells, by the route.
    """

    def __init__(
        self,
        services: Mapping[str, Service],
        verifier: Verifier,
        authorizer: Authorizer,
        packages: Callable[[str], Path | None],
        health: Callable[[], Mapping[str, Any]],
        metrics: Callable[[], bytes],
        function_urls: FunctionUrls,
        buckets: Buckets,
        region: str,
        accounts: Accounts,
        pages: Callable[[Request], Awaitable[Response | None]],
        skills: Skills,
        requests: Requests,
        elsewhere: Mapping[str, Forwarder],
        reports: Mapping[str, Report],
    ) -> None:
        self._services = services
        self._elsewhere = elsewhere
        self._verifier = verifier
        self._authorizer = authorizer
        self._explanations = Explanations(authorizer)
        self._packages = packages
        self._health = health
        self._metrics = metrics
        self._function_urls = function_urls
        self._buckets = buckets
        self._region = region
        self._accounts = accounts
        self._pages = pages
        self._skills = skills
        self._requests = requests
        self._reports = reports
        self._protocols = {name: ServiceProtocol.load(name) for name in {*services, *elsewhere}}

    async def handle(self, request: Request, read_body: Body) -> Response:
        """Answer one request; every error becomes an answer."""
        address = self._function_urls.find(request)
        if address is not None:
            return await self._function_url(request, address, read_body)
        if request.method == "OPTIONS" and "access-control-request-method" in request.headers:
            if self._is_to_bucket(request):
                return self._buckets.preflight(request)
            answer = cors.preflight(request)
            if answer is not None:
                return answer
        site = self._buckets.find_website(request)
        if site is not None:
            response = await self._buckets.answer_website(request, site)
        elif request.path.startswith(PREFIX):
            response = await self._own_route(request, read_body)
        elif request.method == "GET" and "authorization" not in request.headers:
            response = await self._page(request) or await self._call(request, read_body)
        else:
            response = await self._call(request, read_body)
        if "origin" in request.headers:
            if self._is_to_bucket(request):
                self._buckets.add_cors_headers(request, response)
            else:
                cors.add_headers(request, response)
        return response

    async def _page(self, request: Request) -> Response | None:
        try:
            return await self._pages(request)
        except Exception:
            _logger.exception("the page %s failed", request.path)
            return Response(500, _JSON, b"Internal Server Error")

    async def _call(self, request: Request, read_body: Body) -> Response:
        call = _Call()
        began = perf_counter()
        response = await self._answer(call, request, read_body)
        self._requests.note(
            call.service,
            call.operation,
            response.status,
            perf_counter() - began,
            call.request_id,
            call.principal_arn,
        )
        return response

    async def _answer(self, call: "_Call", request: Request, read_body: Body) -> Response:
        request_id = call.request_id
        upload: Upload | None = None
        protocol: ServiceProtocol | None = None
        operation: Operation | None = None
        try:
            protocol = await self._protocol(request, read_body)
            call.service = protocol.name
            forwarder = self._elsewhere.get(protocol.name)
            if forwarder is None and protocol.name == _BUCKETS and _is_post_form(request):
                pieces = _pieces(read_body, max_body(_BUCKETS, "PutObject"))
                return await self._buckets.post_form(request, pieces, self._signer, request_id)
            if request.body:  # read already, to find the service
                operation = protocol.route(request)
            elif protocol.routes_by_body(request):
                request.body = await _read(read_body, max_body(protocol.name, ""), protocol.name)
                operation = protocol.route(request)
            else:
                operation = protocol.route(request)
                if operation.upload is None:
                    limit = max_body(protocol.name, operation.name)
                    request.body = await _read(read_body, limit, _spoken(operation.name))
            call.operation = operation.name
            if operation.upload is None:
                identity = await self._identify(request, operation, protocol)
            else:
                identity, upload = self._receive(request, read_body, operation, protocol)
            if forwarder is not None:
                params = operation.read(request)
                self._authorizer.check(identity, request, operation, params, request_id)
                return await forwarder.forward(request, identity.region, upload)
            method, decides = self._method(operation)
            # A call is authorised before it is refused because Ingle lacks what it is for.
            lacking = isinstance(method, NotImplementedByIngle)
            params = operation.read(request) if lacking else operation.parse(request)
            if protocol.name == _BUCKETS and not identity.access_key_id:
                self._buckets.check_exists(params)
            if not (decides or operation.model.unsigned):
                self._authorizer.check(identity, request, operation, params, request_id)
            if isinstance(method, NotImplementedByIngle):
                raise method
            call.principal_arn = identity.principal_arn
            if upload is not None and operation.upload is not None:
                params[operation.upload] = upload
            context = CallContext(
                request_id,
                identity.account_id,
                identity.region,
                identity.principal_arn,
                request,
                f"{request.scheme}://{request.host}",
                identity=identity,
            )
            response = operation.serialize(await method(context, params), request_id)
            if context.trace:
                response.headers.append((_TRACE, context.trace))
            return response
        except ServiceError as error:
            failure = error
        except BodyIncomplete as error:
            failure = _incomplete(error)
        except asyncio.CancelledError:
            raise
        except Exception:
            _logger.exception(
                "request %s failed in %s",
                request_id,
                operation.name if operation else "the gateway",
            )
            failure = ServiceError(
                f"Ingle failed to answer request {request_id}; its log says why.",
                code="ServiceException" if protocol is not None else "InternalFailure",
                status=500,
            )
        if protocol is None:
            return _bare_error(failure, request_id)
        return protocol.serialize_error(failure, request_id, operation, request)

    def _method(self, operation: Operation) -> tuple[BoundOperation | NotImplementedByIngle, bool]:
        """Find what answers an operation, and whether it decides itself who may call it."""
        service = self._services.get(operation.service)
        if service is None:
            lack = NotImplementedByIngle(
                f"The service {operation.service}, so also its operation {operation.name}, is not "
                "implemented by Ingle yet"
            )
            return lack, False
        try:
            return bind(service, operation), operation.name in service.decides
        except NotImplementedByIngle as lack:
            return lack, False

    async def _identify(
        self, request: Request, operation: Operation, protocol: ServiceProtocol
    ) -> Identity:
        """Find out who calls; nobody in particular where the operation is not signed."""
        if self._is_anonymous(request, operation, protocol):
            return Identity("", ANONYMOUS, self._region, protocol.signing_name)
        return await self._verifier.authenticate(request)

    def _signer(self, request: Request, fields: Mapping[str, str]) -> Identity:
        """Find out who signed the policy of a form; nobody in particular if it has none."""
        if "policy" not in fields:
            return Identity("", ANONYMOUS, self._region, _BUCKETS)
        return self._verifier.verify_form(request, fields)

    @staticmethod
    def _is_anonymous(request: Request, operation: Operation, protocol: ServiceProtocol) -> bool:
        return operation.model.unsigned or (protocol.takes_unsigned and not is_signed(request))

    def _receive(
        self, request: Request, body: Body, operation: Operation, protocol: ServiceProtocol
    ) -> tuple[Identity, Upload]:
        """Find out who calls, before the body is there; it is the operation's to be read."""
        if self._is_anonymous(request, operation, protocol):
            identity = Identity("", ANONYMOUS, self._region, protocol.signing_name)
            payload = None
        else:
            identity, payload = self._verifier.verify_head(request)
        length = request.headers.get("content-length", "")
        pieces = _pieces(body, max_body(protocol.name, operation.name))
        known = int(length) if length.isdigit() and len(length) < _DIGITS else None
        return identity, Upload(pieces, payload or Plain(), known)

    def _is_to_bucket(self, request: Request) -> bool:
        return _BUCKETS not in self._elsewhere and self._find_service(request) == _BUCKETS

    def _find_service(self, request: Request) -> str | None:
        name = find_service(request)
        if name is None and _BUCKETS in self._elsewhere:
            # Which buckets are there is not known; a signature of no service is S3's older one.
            return _BUCKETS if is_signed(request) else None
        return _BUCKETS if name is None and self._buckets.serves(request) else name

    async def _protocol(self, request: Request, read_body: ReadBody) -> ServiceProtocol:
        name = self._find_service(request)
        if name is None and is_form(request):
            # Nobody signed it, as STS's tokens of identity providers; the form tells its service.
            request.body = await _read(read_body, max_body("", ""), "unsigned")
            name = find_service(request)
        if name is None:
            raise UnknownOperation("The request names no AWS service that Ingle knows.")
        protocol = self._protocols.get(name)
        if protocol is None:  # a service that Ingle does not have says so in its own protocol
            protocol = await asyncio.to_thread(ServiceProtocol.load, name)
        return protocol

    async def _own_route(self, request: Request, read_body: ReadBody) -> Response:
        route = request.path[len(PREFIX) :]
        if request.method in ("GET", "HEAD") and route == "health":
            return Response(200, _JSON, orjson.dumps(self._health()))
        if request.method == "GET" and route == "metrics":
            return await self._measurements(request, read_body)
        if request.method in ("GET", "POST") and route == "accounts":
            return await self._answer_accounts(request, read_body)
        if request.method == "GET" and route.startswith("packages/"):
            return await self._package(request, route.removeprefix("packages/"), read_body)
        if request.method == "POST" and route.startswith(_SKILLS):
            return await self._skill(request, route.removeprefix(_SKILLS), read_body)
        if request.method == "GET" and route in EXPLAINED:
            return await self._explain(request, read_body, route)
        if request.method == "GET" and route in self._reports:
            return await self._report(request, read_body, self._reports[route])
        return _bare_error(UnknownOperation(f"There is nothing at {request.path}."), "")

    async def _skill(self, request: Request, function: str, read_body: ReadBody) -> Response:
        try:
            return await self._skills.answer(
                request, function, _reading(read_body), self._verifier.authenticate
            )
        except Exception:
            _logger.exception("a skill's request %s failed", request.path)
            return Response(500, _JSON, b"Internal Server Error")

    async def _function_url(self, request: Request, address: Any, read_body: ReadBody) -> Response:
        try:
            return await self._function_urls.answer(
                request, address, _reading(read_body), self._verifier.authenticate
            )
        except Exception:
            _logger.exception("a request to the function URL %s failed", request.path)
            return Response(500, _JSON, b"Internal Server Error")

    async def _measurements(self, request: Request, read_body: ReadBody) -> Response:
        """Whoever is on this machine may see them without a signature, but no sandbox."""
        refusal = None
        if not (is_local(request) and is_addressed_locally(request)):
            refusal = await self._check(request, read_body, "lambda:GetAccountSettings")
        return refusal or Response(200, _TEXT, self._metrics())

    async def _answer_accounts(self, request: Request, read_body: ReadBody) -> Response:
        """List the accounts of this server, or make one."""
        try:
            request.body = await _read(read_body, _MAX_ACCOUNT_BYTES, "CreateAccount")
            self._accounts.check_may_manage(await self._verifier.authenticate(request))
            if request.method == "GET":
                return Response(200, _JSON, orjson.dumps({"Accounts": self._accounts.list()}))
            account_id, name = _wanted_account(request.body)
            made = await self._accounts.create(account_id, name)
            return Response(200, _JSON, orjson.dumps(made))
        except BodyIncomplete as error:
            return _bare_error(_incomplete(error), "")
        except ServiceError as error:
            return _bare_error(error, "")

    async def _check(self, request: Request, read_body: ReadBody, action: str) -> Response | None:
        """Refuse a GET of Ingle's own whose caller may not do this."""

        def answer(identity: Identity) -> None:
            self._authorizer.require_of(identity, request, action, "*")

        return await self._own_answer(request, read_body, answer)

    async def _explain(self, request: Request, read_body: ReadBody, route: str) -> Response:
        """Tell why calls were allowed or denied, or would be."""
        found: list[Mapping[str, Any]] = []

        def answer(identity: Identity) -> None:
            query = dict(parse_qsl(request.query, keep_blank_values=True))
            found.append(self._explanations.answer(route, query, identity, request))

        refusal = await self._own_answer(request, read_body, answer)
        return refusal or Response(200, _JSON, orjson.dumps(found[0]))

    async def _report(self, request: Request, read_body: ReadBody, report: Report) -> Response:
        """Tell what only Ingle tells."""
        callers: list[Identity] = []

        def check(identity: Identity) -> None:
            self._authorizer.require_of(identity, request, report.action, "*")
            callers.append(identity)

        refusal = await self._own_answer(request, read_body, check)
        if refusal is not None:
            return refusal
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        [caller] = callers
        try:
            answer = await report.answer(caller.account_id, caller.region, query)
            return Response(200, _JSON, orjson.dumps(answer))
        except ServiceError as error:
            return _bare_error(error, "")

    async def _own_answer(
        self, request: Request, read_body: ReadBody, answer: Callable[[Identity], None]
    ) -> Response | None:
        """Find out who asks, and hand them on; return what is wrong, if something is."""
        try:
            request.body = await read_body(0)
            answer(await self._verifier.authenticate(request))
        except BodyTooLarge:
            return _bare_error(RequestTooLarge("A GET has no body."), "")
        except BodyIncomplete as error:
            return _bare_error(ServiceError(str(error), status=408), "")
        except ServiceError as error:
            return _bare_error(error, "")
        return None

    async def _package(self, request: Request, digest: str, read_body: ReadBody) -> Response:
        refusal = await self._check(request, read_body, "lambda:GetFunction")
        if refusal is not None:
            return refusal
        path = self._packages(digest)
        if path is None:
            return _bare_error(
                ServiceError(f"There is no package {digest}.", code="NoSuchKey", status=404), ""
            )
        content = await asyncio.to_thread(path.read_bytes)
        return Response(200, [("content-type", "application/zip")], content)


_TRACE = "X-Amzn-Trace-Id"
_SKILLS = "alexa/"
_JSON = [("content-type", "application/json")]
_MAX_ACCOUNT_BYTES = 4096
_TEXT = [("content-type", "text/plain; version=0.0.4; charset=utf-8")]
_BUCKETS = "s3"
_DIGITS = 16
"""A length of more is none."""
_INVOCATIONS = frozenset({"Invoke", "InvokeWithResponseStream"})


async def _read(read_body: ReadBody, limit: int, operation: str) -> bytes:
    try:
        return await read_body(limit)
    except BodyTooLarge as error:
        raise RequestTooLarge(
            f"Request must be smaller than {limit} bytes for the {operation} operation"
        ) from error


def _reading(read_body: ReadBody) -> ReadBody:
    """Read the body of what runs a function; what is wrong with it is a ServiceError."""

    async def read(limit: int) -> bytes:
        try:
            return await _read(read_body, limit, "InvokeFunction")
        except BodyIncomplete as error:
            raise _incomplete(error) from error

    return read


def _is_post_form(request: Request) -> bool:
    kind = request.headers.get("content-type", "")
    return request.method == "POST" and kind.lower().startswith("multipart/form-data")


async def _pieces(body: Body, limit: int) -> AsyncIterator[bytes]:
    """Read a body as it comes, with what can go wrong in S3's words."""
    try:
        async for piece in body.pieces(limit):
            yield piece
    except BodyTooLarge as error:
        raise ServiceError(
            "Your proposed upload exceeds the maximum allowed size", code="EntityTooLarge"
        ) from error
    except BodyIncomplete as error:
        raise ServiceError(
            "Your socket connection to the server was not read from or written to within the "
            "timeout period. Idle connections will be closed.",
            code="RequestTimeout",
            status=400,
        ) from error


def _wanted_account(body: bytes) -> tuple[str | None, str]:
    """Read the number and the name of an account out of a request."""
    try:
        wanted = orjson.loads(body)
        account_id, name = wanted.get("AccountId"), wanted.get("Name", "")
    except (orjson.JSONDecodeError, AttributeError):
        raise Serialization("The body is not a JSON object.") from None
    if not isinstance(account_id, str | None) or not isinstance(name, str):
        raise Serialization("AccountId and Name are strings.")
    return account_id, name


def _incomplete(error: BodyIncomplete) -> ServiceError:
    return ServiceError(str(error), code="RequestTimeoutException", status=408)


def _spoken(operation: str) -> str:
    """The operation's name in AWS's messages, which call every Invoke InvokeFunction."""
    return "InvokeFunction" if operation in _INVOCATIONS else operation


def _bare_error(error: ServiceError, request_id: str) -> Response:
    """An error for a request of which not even the protocol is known."""
    headers = [
        *_JSON,
        ("x-amzn-errortype", error.error_code),
        *([("x-amzn-requestid", request_id)] if request_id else []),
    ]
    body = orjson.dumps({"__type": error.error_code, "message": error.message})
    return Response(error.http_status or 400, headers, body)
