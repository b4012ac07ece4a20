"""The errors of the X-Ray API, by AWS's codes.

Source: https://docs.aws.amazon.com/xray/latest/api/API_GetTraceSummaries.html#API_GetTraceSummaries_Errors.
"""

from ingle.wire.errors import ServiceError


class InvalidRequest(ServiceError):
    """A parameter is missing or not one that the operation takes."""

    code = "InvalidRequestException"
    status = 400
