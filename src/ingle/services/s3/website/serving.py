"""Answers requests to websites.

Sources: https://docs.aws.amazon.com/AmazonS3/latest/userguide/IndexDocumentSupport.html,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/CustomErrorDocSupport.html
"""

import http
import logging
import uuid
from collections.abc import Mapping
from html import escape
from typing import Any
from urllib.parse import quote

from ingle.auth.authorizer import Authorizer
from ingle.auth.keys import Identity
from ingle.iam.principal import ANONYMOUS
from ingle.services.s3.errors import MethodNotAllowed, NoConfiguration
from ingle.services.s3.model import Bucket
from ingle.services.s3.objects import Objects
from ingle.services.s3.store import BucketStore
from ingle.services.s3.versions import VersionStore
from ingle.services.s3.website.configuring import CODE, LACKS
from ingle.services.s3.website.routing import Address, redirect_all, redirect_of
from ingle.wire.errors import ServiceError
from ingle.wire.http import Request, Response, close_stream
from ingle.wire.protocol import ServiceProtocol
from ingle.wire.service import CallContext

_logger = logging.getLogger(__name__)

_HTML = ("Content-Type", "text/html; charset=utf-8")
_READ = {"GET": "GetObject", "HEAD": "HeadObject"}
_SANDBOX = "sandbox allow-scripts allow-forms allow-popups allow-modals allow-downloads"
_REDIRECT = "WebsiteRedirectLocation"


class Websites:
    """All websites.

    Args:
        store: where buckets are kept.
        versions: knows which objects there are.
        objects: reads them.
        authorizer: says which of them everybody may read.
    """

    def __init__(
        self,
        store: BucketStore,
        versions: VersionStore,
        objects: Objects,
        authorizer: Authorizer,
    ) -> None:
        self._store = store
        self._versions = versions
        self._objects = objects
        self._authorizer = authorizer
        self._protocol = ServiceProtocol.load("s3")

    async def answer(self, request: Request, address: Address) -> Response:
        """Answer a request with an object, a page that says what is wrong, or a redirection."""
        response = await self._answer(request, address)
        if address.base != "/":
            # What a bucket shows has nothing to do with what else is at this address.
            response.headers.append(("Content-Security-Policy", _SANDBOX))
        return response

    async def _answer(self, request: Request, address: Address) -> Response:
        request_id = str(uuid.uuid4())
        configuration: Mapping[str, Any] = {}
        bucket: Bucket | None = None
        try:
            if request.method not in _READ:
                raise MethodNotAllowed(Method=request.method, ResourceType="OBJECT")
            bucket = self._store.existing(address.bucket)
            found: Mapping[str, Any] | None = bucket.settings.get("website")
            if found is None:
                raise NoConfiguration(CODE, LACKS, bucket.name)
            configuration = found
            return await self._page(request, request_id, bucket, configuration, address)
        except ServiceError as error:
            failure = error
        except Exception:
            _logger.exception("request %s to the website %s failed", request_id, address.bucket)
            failure = ServiceError("We encountered an internal error.", status=500)
        status = failure.http_status or 500
        if status < 400:  # not modified
            return Response(status, [*failure.headers.items()])
        redirection = redirect_of(configuration, address, request, status)
        if redirection is not None:
            return _redirection(*redirection)
        document = configuration.get("ErrorDocument", {}).get("Key")
        second: ServiceError | None = None
        if document is not None and bucket is not None:
            try:
                page = await self._read(request, request_id, bucket, document, whole=True)
            except ServiceError as error:
                second = error
            else:
                page.status = status
                return page
        body = _error_page(failure, status, request_id, second)
        return Response(status, [_HTML, ("x-amz-request-id", request_id)], body)

    async def _page(
        self,
        request: Request,
        request_id: str,
        bucket: Bucket,
        configuration: Mapping[str, Any],
        address: Address,
    ) -> Response:
        everything = configuration.get("RedirectAllRequestsTo")
        if everything is not None:
            return _redirection(301, redirect_all(everything, address, request))
        if not address.base:
            return _redirection(302, f"{request.path}/")
        redirection = redirect_of(configuration, address, request, None)
        if redirection is not None:
            return _redirection(*redirection)
        suffix, key = configuration["IndexDocument"]["Suffix"], address.key
        if not key or key.endswith("/"):
            return await self._read(request, request_id, bucket, key + suffix)
        try:
            return await self._read(request, request_id, bucket, key)
        except ServiceError as error:
            # Who may not list a bucket is told of what is not there that it is forbidden.
            is_lacking = error.http_status in (403, 404)
            if is_lacking and await self._is_folder(request, bucket, key, suffix):
                return _redirection(302, f"{address.base}{quote(key)}/")
            raise

    async def _is_folder(self, request: Request, bucket: Bucket, key: str, suffix: str) -> bool:
        """Say whether a key is no object, but has an index below it that everybody may read."""
        index = f"{key}/{suffix}"
        try:
            self._authorizer.require_of(
                _everybody(bucket), request, "s3:GetObject", f"{bucket.arn}/{index}"
            )
        except ServiceError:
            return False
        return not await self._there(bucket, key) and await self._there(bucket, index)

    async def _there(self, bucket: Bucket, key: str) -> bool:
        found = await self._versions.find(bucket, key)
        return found is not None and not found.is_marker

    async def _read(
        self,
        request: Request,
        request_id: str,
        bucket: Bucket,
        key: str,
        *,
        whole: bool = False,
    ) -> Response:
        """Answer with an object, as GetObject and HeadObject do, as far as everybody may read it.

        Args:
            request: what was asked.
            request_id: its id.
            bucket: where the object is.
            key: the object's.
            whole: whether it is read whatever conditions the request has.
        """
        headers = {"host": request.host} if whole else request.headers
        path = f"/{bucket.name}/{quote(key)}"
        inner = Request(
            request.method, path, "", headers, client=request.client, scheme=request.scheme
        )
        identity = _everybody(bucket)
        operation = self._protocol.operation(_READ[request.method])
        params = operation.parse(inner)
        self._authorizer.check(identity, inner, operation, params, request_id)
        context = CallContext(
            request_id,
            identity.account_id,
            identity.region,
            identity.principal_arn,
            inner,
            f"{request.scheme}://{request.host}",
            identity=identity,
        )
        method = self._objects.get if request.method == "GET" else self._objects.head
        answer = await method(context, params)
        response = operation.serialize(answer, request_id)
        target = answer.get(_REDIRECT)
        if target is None or whole:
            return response
        if not isinstance(response.body, bytes):
            await close_stream(response.body)
        return _redirection(301, target)


def _everybody(bucket: Bucket) -> Identity:
    return Identity("", ANONYMOUS, bucket.region, "s3")


def _redirection(status: int, location: str) -> Response:
    return Response(status, [("Location", location)])


def _error_page(
    failure: ServiceError, status: int, request_id: str, second: ServiceError | None
) -> bytes:
    title = f"{status} {http.HTTPStatus(status).phrase}"
    lines = [
        "<html>",
        f"<head><title>{title}</title></head>",
        "<body>",
        f"<h1>{title}</h1>",
        *_list(failure, {"RequestId": request_id}),
    ]
    if second is not None:
        lines.append(
            "<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>"
        )
        lines += _list(second, {})
    lines += ["<hr/>", "</body>", "</html>", ""]
    return "\n".join(lines).encode()


def _list(failure: ServiceError, more: Mapping[str, Any]) -> list[str]:
    told = {"Code": failure.error_code, "Message": failure.message, **failure.members, **more}
    items = (f"<li>{escape(name)}: {escape(str(value))}</li>" for name, value in told.items())
    return ["<ul>", *items, "</ul>"]
