"""What S3 does besides its operations: it answers browsers by the rules of each bucket."""

import re
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import unquote

from ingle.services.s3 import cors
from ingle.services.s3.errors import MethodNotAllowed
from ingle.services.s3.forms import Forms, Identify
from ingle.services.s3.model import Bucket
from ingle.services.s3.names import may_be_bucket
from ingle.services.s3.store import BucketStore
from ingle.services.s3.website.routing import Address, address_of
from ingle.services.s3.website.serving import Websites
from ingle.wire.buckets import target_of
from ingle.wire.errors import ServiceError
from ingle.wire.http import Request, Response
from ingle.wire.protocol import ServiceProtocol

_API_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
"""How paths of other services begin."""


class ForBrowsers:
    """Knows the rules of buckets.

    Args:
        store: where they are kept.
        forms: takes forms.
        websites: serves those.
    """

    def __init__(self, store: BucketStore, forms: Forms, websites: Websites) -> None:
        self._websites = websites
        self._store = store
        self._forms = forms

    def serves(self, request: Request) -> bool:
        """Say whether a request, of which nothing else tells a service, is to a bucket.

        Also where there is none of that name, if a bucket could have it.
        """
        name = _first(target_of(request))
        is_likely = may_be_bucket(name) and not _API_VERSION.fullmatch(name)
        return is_likely or self._store.get(name) is not None

    def check_exists(self, params: Mapping[str, Any]) -> None:
        """Refuse a request of nobody in particular to a bucket that is not there.

        Names of buckets are no secret, so that it need not be asked who may know.

        Raises:
            NoSuchBucket: there is none of that name.
        """
        name = params.get("Bucket")
        if name is not None:
            self._store.existing(name)

    def find_website(self, request: Request) -> Address | None:
        """Say which website a request is to; None where it is to none."""
        return address_of(request)

    async def answer_website(self, request: Request, address: Address) -> Response:
        """Answer a request to a website."""
        return await self._websites.answer(request, address)

    def preflight(self, request: Request) -> Response:
        """Answer what a browser asks before it sends a request."""
        bucket = self._bucket(request)
        try:
            return cors.preflight(request, bucket)
        except ServiceError as error:
            return ServiceProtocol.load("s3").serialize_error(error, str(uuid.uuid4()))

    def add_cors_headers(self, request: Request, response: Response) -> None:
        """Let the page that sent a request read the answer, if the bucket allows it."""
        response.headers += cors.headers_for(request, self._bucket(request))

    async def post_form(
        self,
        request: Request,
        pieces: AsyncIterator[bytes],
        identify: Identify,
        request_id: str,
    ) -> Response:
        """Store what a form posts to a bucket; raises ServiceErrors."""
        request.target = target_of(request)
        if request.target.count("/") > 1 and not request.target.endswith("/"):
            raise MethodNotAllowed(Method="POST", ResourceType="OBJECT")
        name = _first(request.target)
        return await self._forms.post(request, name, pieces, identify, request_id)

    def _bucket(self, request: Request) -> Bucket | None:
        request.target = target_of(request)
        return self._store.get(_first(request.target))


def _first(path: str) -> str:
    return unquote(path[1:].partition("/")[0])
