"""Where the code of functions and layers comes from: the request itself, or an object in S3.

Source: https://docs.aws.amazon.com/lambda/latest/api/API_FunctionCode.html
"""

from collections.abc import Mapping
from typing import Any

from ingle.services.lambda_.errors import InvalidParameterValue, LambdaError
from ingle.services.lambda_.limits import PACKAGE
from ingle.services.lambda_.objects import Objects
from ingle.services.lambda_.settings import zip_file
from ingle.wire.errors import ServiceError
from ingle.wire.service import CallContext

_OF_OBJECT = ("S3Bucket", "S3Key", "S3ObjectVersion")


class ObjectRefused(LambdaError):
    """The caller may not read the object that the code is in."""

    code = "AccessDeniedException"
    status = 403


class CodeSources:
    """Fetches zip files.

    Args:
        objects: reads those that are in S3.
    """

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    async def zip_file(
        self,
        context: CallContext,
        source: Mapping[str, Any],
        operation: str,
        path: str = "",
        what: str = "function",
    ) -> bytes:
        """Return the zip file of a function or a layer.

        Args:
            context: the call, whose caller must be allowed to read what is in S3.
            source: the structure that says where the package is.
            operation: the request's, for its error.
            path: what stands before the structure's members in an error, for instance `Code.`.
            what: whose zip file it is, `function` or `layer`.

        Raises:
            InvalidParameterValue: nothing, or too much, says where it is; or it is not there.
            ObjectRefused: the caller may not read it.
            RequestTooLarge: it is over 50 MB, and in the request.
        """
        if not any(source.get(member) for member in _OF_OBJECT):
            return zip_file(source, operation, path, what)
        if source.get("ZipFile") is not None:
            raise InvalidParameterValue(
                "Please do not provide other FunctionCode parameters when providing a ZipFile."
            )
        bucket, key = source.get("S3Bucket"), source.get("S3Key")
        if not bucket or not key:
            raise InvalidParameterValue(f"Please provide a source for {what} code.")
        return await self._fetched(context, bucket, key, source.get("S3ObjectVersion"))

    async def _fetched(
        self, context: CallContext, bucket: str, key: str, version_id: str | None
    ) -> bytes:
        try:
            return await self._objects.read(
                context, bucket, key, version_id, PACKAGE.unzipped_bytes
            )
        except ServiceError as error:
            if error.error_code == "EntityTooLarge":
                raise InvalidParameterValue(
                    f"Unzipped size must be smaller than {PACKAGE.unzipped_bytes} bytes"
                ) from error
            raise object_refusal(error, bucket, key) from error


def object_refusal(error: ServiceError, bucket: str, key: str) -> LambdaError:
    """Say in AWS's words why an object in S3 could not be read."""
    code = error.error_code
    if code == "AccessDenied":
        return ObjectRefused(
            "Your access has been denied by S3, please make sure your request credentials "
            f"have permission to GetObject for {bucket}/{key}. S3 Error Code: {code}. "
            f"S3 Error Message: {error.message}"
        )
    return InvalidParameterValue(
        f"Error occurred while GetObject. S3 Error Code: {code}. S3 Error Message: {error.message}"
    )
