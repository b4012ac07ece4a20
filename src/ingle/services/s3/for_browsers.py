"""What S3 does besides its operations: it answers browsers by the rules of each bucket."""

import uuid
from collections.abc import AsyncIterator
from urllib.parse import unquote

from ingle.services.s3 import cors
from ingle.services.s3.forms import Forms, Identify
from ingle.services.s3.model import Bucket
from ingle.services.s3.store import BucketStore
from ingle.wire.buckets import target_of
from ingle.wire.errors import ServiceError
from ingle.wire.http import Request, Response
from ingle.wire.protocol import ServiceProtocol


class ForBrowsers:
    """Knows the rules of buckets.

    Args:
        store: where they are kept.
        forms: takes forms.
    """

    def __init__(self, store: BucketStore, forms: Forms) -> None:
        self._store = store
        self._forms = forms

    def serves(self, request: Request) -> bool:
        """Say whether a request is to a bucket that there is, by its host name or its path."""
        return self._store.get(_first(target_of(request))) is not None

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
        name = _first(request.target)
        return await self._forms.post(request, name, pieces, identify, request_id)

    def _bucket(self, request: Request) -> Bucket | None:
        request.target = target_of(request)
        return self._store.get(_first(request.target))


def _first(path: str) -> str:
    return unquote(path[1:].partition("/")[0])
