"""The errors of the CloudWatch API, by AWS's codes.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Operations.html.
"""

from collections.abc import Sequence

import orjson

from ingle.wire.errors import ServiceError


class InvalidParameterValue(ServiceError):
    """A parameter's value is not one that the operation takes."""

    code = "InvalidParameterValue"
    status = 400


class InvalidParameterCombination(ServiceError):
    """Parameters were used together that cannot be."""

    code = "InvalidParameterCombination"
    status = 400


class MissingParameter(ServiceError):
    """A parameter that is needed is not there."""

    code = "MissingParameter"
    status = 400


class ValidationFailed(ServiceError):
    """What was asked for is not well formed."""

    code = "ValidationError"
    status = 400


class InvalidNextToken(ServiceError):
    """The token is none that an answer held."""

    code = "InvalidNextToken"
    status = 400

    def __init__(self) -> None:
        super().__init__("The service cannot process the token.")


class DashboardNotFound(ServiceError):
    """There is no dashboard of that name."""

    code = "ResourceNotFound"
    status = 404

    def __init__(self, name: str) -> None:
        super().__init__(f"Dashboard {name} does not exist")


class DashboardInvalid(ServiceError):
    """A dashboard's body is not one.

    Args:
        messages: pairs of where it is wrong and what is.
    """

    code = "InvalidParameterInput"
    status = 400

    def __init__(self, messages: Sequence[tuple[str, str]]) -> None:
        super().__init__(
            f"The dashboard body is invalid, there are {len(messages)} validation errors:\n"
            + orjson.dumps(
                [{"dataPath": path, "message": message} for path, message in messages],
                option=orjson.OPT_INDENT_2,
            ).decode(),
            members={
                "dashboardValidationMessages": [
                    {"DataPath": path, "Message": message} for path, message in messages
                ]
            },
        )


class ResourceNotFound(ServiceError):
    """There is nothing with this ARN."""

    code = "ResourceNotFoundException"
    status = 404

    def __init__(self, arn: str) -> None:
        super().__init__(
            f"{arn} does not exist", members={"ResourceType": "arn", "ResourceId": arn}
        )


class InternalFault(ServiceError):
    """CloudWatch failed; the fault is not the caller's."""

    code = "InternalServiceError"
    status = 500


class AlarmNotFound(ServiceError):
    """There is no alarm of that name."""

    code = "ResourceNotFound"
    status = 404

    def __init__(self, name: str) -> None:
        super().__init__(f"Alarm {name} does not exist")


class InvalidFormat(ServiceError):
    """Something is no JSON that has to be."""

    code = "InvalidFormat"
    status = 400


class LimitExceeded(ServiceError):
    """There are as many as there may be."""

    code = "LimitExceeded"
    status = 400
