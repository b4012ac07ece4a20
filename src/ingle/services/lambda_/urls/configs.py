"""The operations on the configurations of function URLs.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html,
https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunctionUrlConfig.html.
"""

import secrets
import string
from dataclasses import replace
from typing import Any

from ingle.clock import Clock
from ingle.services import paging
from ingle.services.lambda_.errors import (
    InvalidParameterValue,
    NoSuchResource,
    ResourceConflict,
    ResourceNotFound,
)
from ingle.services.lambda_.limits import LISTING
from ingle.services.lambda_.model import FunctionKey
from ingle.services.lambda_.names import Reference, resolve
from ingle.services.lambda_.store import LambdaStore
from ingle.services.lambda_.tenants import check_not_isolated
from ingle.services.lambda_.urls.addresses import url_for
from ingle.services.lambda_.urls.cors import checked
from ingle.services.lambda_.urls.model import FunctionUrl
from ingle.services.locks import KeyedLocks
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_ID_CHARACTERS = string.ascii_lowercase + string.digits
_ID_LENGTH = 32


class UrlConfigs:
    """The operations on function URLs.

    A function has one for itself, which invokes `$LATEST`, and one for each alias. The id never
    changes.

    Args:
        store: where they are kept.
        changing: the lock of each function.
        clock: tells when one was modified.
    """

    def __init__(self, store: LambdaStore, changing: KeyedLocks[FunctionKey], clock: Clock) -> None:
        self._store = store
        self._changing = changing
        self._clock = clock

    async def create(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make one."""
        reference = _reference(context, request, "lambda:CreateFunctionUrlConfig")
        cors = checked(request.get("Cors"))
        async with self._changing(reference.key):
            self._check_invocable(reference)
            self._check_shared(reference)
            if self._find(reference) is not None:
                raise ResourceConflict(
                    f"Failed to create function url config for [functionArn = {reference.arn}]. "
                    "Error message:  FunctionUrlConfig exists for this Lambda function"
                )
            now = self._now_us()
            url = FunctionUrl(
                key=reference.key,
                qualifier=reference.qualifier or "",
                url_id="".join(secrets.choice(_ID_CHARACTERS) for _ in range(_ID_LENGTH)),
                auth_type=request["AuthType"],
                cors=cors,
                invoke_mode=request.get("InvokeMode"),
                created_us=now,
                modified_us=now,
            )
            await self._store.urls.put(url)
        answer = _described(url, context)
        del answer["LastModifiedTime"]
        return answer

    async def get(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Describe one."""
        reference = _reference(context, request, "lambda:GetFunctionUrlConfig")
        return _described(self._existing(reference), context)

    async def update(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Change what the request names."""
        reference = _reference(context, request, "lambda:UpdateFunctionUrlConfig")
        changes: dict[str, Any] = {}
        if "AuthType" in request:
            changes["auth_type"] = request["AuthType"]
        if "InvokeMode" in request:
            changes["invoke_mode"] = request["InvokeMode"]
        if "Cors" in request:
            changes["cors"] = checked(request["Cors"])
        async with self._changing(reference.key):
            self._check_invocable(reference)
            url = replace(self._existing(reference), modified_us=self._now_us(), **changes)
            await self._store.urls.put(url)
        return _described(url, context)

    async def delete(self, context: CallContext, request: ServiceInput) -> None:
        """Delete one; its id is not used again."""
        reference = _reference(context, request, "lambda:DeleteFunctionUrlConfig")
        async with self._changing(reference.key):
            url = self._existing(reference)
            await self._store.urls.remove(url.key, url.qualifier)

    async def list(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List those of a function and its aliases, at most 50 a page."""
        reference = _reference(context, request, "lambda:ListFunctionUrlConfigs")
        self._check_invocable(replace(reference, qualifier=None))
        size = min(request.get("MaxItems", LISTING.page), LISTING.page)
        try:
            page, marker = paging.page(
                self._store.urls.list(reference.key),
                lambda each: f":{each.qualifier}",
                request.get("Marker") or None,
                size,
            )
        except paging.BadToken as error:
            raise InvalidParameterValue(
                "Marker is not one that ListFunctionUrlConfigs answered."
            ) from error
        answer: ServiceOutput = {"FunctionUrlConfigs": [_described(each, context) for each in page]}
        if marker is not None:
            answer["NextMarker"] = marker
        return answer

    def _check_invocable(self, reference: Reference) -> None:
        key, qualifier = reference.key, reference.qualifier
        if self._store.get(key) is None or (
            qualifier and self._store.aliases.get(key, qualifier) is None
        ):
            raise ResourceNotFound("Function does not exist")

    def _check_shared(self, reference: Reference) -> None:
        function = self._store.get(reference.key)
        if function is not None:
            check_not_isolated(function, "Function URL")

    def _find(self, reference: Reference) -> FunctionUrl | None:
        return self._store.urls.get(reference.key, reference.qualifier or "")

    def _existing(self, reference: Reference) -> FunctionUrl:
        url = self._find(reference)
        if url is None:
            raise NoSuchResource
        return url

    def _now_us(self) -> int:
        return int(self._clock.time() * 1_000_000)


def _reference(context: CallContext, request: ServiceInput, action: str) -> Reference:
    return resolve(request["FunctionName"], context, action, request.get("Qualifier"))


def _described(url: FunctionUrl, context: CallContext) -> ServiceOutput:
    """Describe one, with the URL that the one who asks can use."""
    return {
        "FunctionUrl": url_for(url, context.endpoint),
        "FunctionArn": url.arn,
        "AuthType": url.auth_type,
        "Cors": url.cors,
        "CreationTime": url.created,
        "LastModifiedTime": url.modified,
        "InvokeMode": url.invoke_mode,
    }
