"""The way of a request: which service, who calls, which operation, and the answer."""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter
from typing import Any

from ingle.auth import cors
from ingle.auth.authorizer import Authorizer
from ingle.auth.keys import Identity
from ingle.auth.sigv4 import Verifier, is_signed
from ingle.gateway.bare import JSON, bare_error
from ingle.gateway.bodies import incomplete, pieces_of, read_whole, reading
from ingle.gateway.neighbours import Body, Buckets, Forwarder, FunctionUrls, ReadBody, Requests
from ingle.gateway.own_routes import PREFIX, OwnRoutes
from ingle.http.errors import BodyIncomplete
from ingle.iam.principal import ANONYMOUS
from ingle.limits import max_body
from ingle.wire.binding import BoundOperation, bind
from ingle.wire.errors import (
    NotImplementedByIngle,
    ServiceError,
    UnknownOperation,
)
from ingle.wire.http import Request, Response
from ingle.wire.protocol import Operation, ServiceProtocol
from ingle.wire.routing import find_service, is_form
from ingle.wire.service import CallContext, Service
from ingle.wire.uploads import Plain, Upload

_logger = logging.getLogger("ingle.gateway")


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
        own: answers what is asked of Ingle itself.
        function_urls: serves those.
        buckets: knows the rules that buckets have for browsers, and which there are.
        region: the one that a request without a signature is for.
        pages: answers what services let anybody fetch, without a signature.
        requests: takes note of what was asked and answered.
        elsewhere: calls the services that are elsewhere, by botocore's names.
    """

    def __init__(
        self,
        services: Mapping[str, Service],
        verifier: Verifier,
        authorizer: Authorizer,
        own: OwnRoutes,
        function_urls: FunctionUrls,
        buckets: Buckets,
        region: str,
        pages: Callable[[Request], Awaitable[Response | None]],
        requests: Requests,
        elsewhere: Mapping[str, Forwarder],
    ) -> None:
        self._services = services
        self._elsewhere = elsewhere
        self._verifier = verifier
        self._authorizer = authorizer
        self._own = own
        self._function_urls = function_urls
        self._buckets = buckets
        self._region = region
        self._pages = pages
        self._requests = requests
        self._protocols = {name: ServiceProtocol.load(name) for name in {*services, *elsewhere}}

    async def handle(self, request: Request, read_body: Body) -> Response:
        """Answer one request; every error becomes an answer."""
        address = self._function_urls.find(request)
        if address is not None:
            return await self._function_url(request, address, read_body)
        if request.method == "OPTIONS":
            if self._is_to_bucket(request):
                return self._buckets.preflight(request)
            answer = cors.preflight(request)
            if answer is not None:
                return answer
        site = self._buckets.find_website(request)
        if site is not None:
            response = await self._buckets.answer_website(request, site)
        elif request.path.startswith(PREFIX):
            response = await self._own.answer(request, read_body)
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
            return Response(500, JSON, b"Internal Server Error")

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
                pieces = pieces_of(read_body, max_body(_BUCKETS, "PutObject"))
                return await self._buckets.post_form(request, pieces, self._signer, request_id)
            if request.body:  # read already, to find the service
                operation = protocol.route(request)
            elif protocol.routes_by_body(request):
                request.body = await read_whole(
                    read_body, max_body(protocol.name, ""), protocol.name
                )
                operation = protocol.route(request)
            else:
                operation = protocol.route(request)
                if operation.upload is None:
                    limit = max_body(protocol.name, operation.name)
                    request.body = await read_whole(read_body, limit, _spoken(operation.name))
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
            failure = incomplete(error)
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
            return bare_error(failure, request_id)
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
        pieces = pieces_of(body, max_body(protocol.name, operation.name))
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
            request.body = await read_whole(read_body, max_body("", ""), "unsigned")
            name = find_service(request)
        if name is None:
            raise UnknownOperation("The request names no AWS service that Ingle knows.")
        protocol = self._protocols.get(name)
        if protocol is None:  # a service that Ingle does not have says so in its own protocol
            protocol = await asyncio.to_thread(ServiceProtocol.load, name)
        return protocol

    async def _function_url(self, request: Request, address: Any, read_body: ReadBody) -> Response:
        try:
            return await self._function_urls.answer(
                request, address, reading(read_body), self._verifier.authenticate
            )
        except Exception:
            _logger.exception("a request to the function URL %s failed", request.path)
            return Response(500, JSON, b"Internal Server Error")


_TRACE = "X-Amzn-Trace-Id"
_BUCKETS = "s3"
_DIGITS = 16
"""A length of more is none."""
_INVOCATIONS = frozenset({"Invoke", "InvokeWithResponseStream"})


def _is_post_form(request: Request) -> bool:
    kind = request.headers.get("content-type", "")
    return request.method == "POST" and kind.lower().startswith("multipart/form-data")


def _spoken(operation: str) -> str:
    """The operation's name in AWS's messages, which call every Invoke InvokeFunction."""
    return "InvokeFunction" if operation in _INVOCATIONS else operation
