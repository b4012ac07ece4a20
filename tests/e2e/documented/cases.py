"""What a case is, and the codes of the errors that most operations have."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from tests.e2e.documented.stage import Stage

INVALID = "InvalidParameterValueException"
MISSING = "ResourceNotFoundException"
CONFLICT = "ResourceConflictException"
STALE = "PreconditionFailedException"
TOO_LONG = "PolicyLengthExceededException"


class Case(NamedTuple):
    """A call that must be refused.

    Attributes:
        operation: which, as AWS names it.
        error: the code that AWS documents.
        members: makes the call's members, and before that all that the error needs.
    """

    operation: str
    error: str
    members: Callable[[Stage], dict[str, Any]]


def each(operations: str, error: str, members: Callable[[Stage], dict[str, Any]]) -> list[Case]:
    """Make the same case of several operations, whose names stand in one text."""
    return [Case(operation, error, members) for operation in operations.split()]


def provoke(stage: Stage, case: Case) -> None:
    """Make the call, and check that it is refused with the code and the status of the model."""
    members = case.members(stage)
    with pytest.raises(ClientError) as caught:
        getattr(stage.client, xform_name(case.operation))(**members)
    stage.trace = ""
    response: Any = caught.value.response
    shapes = stage.client.meta.service_model.operation_model(case.operation).error_shapes
    [shape] = [shape for shape in shapes if shape.name == case.error]
    error = response["Error"]
    assert (case.operation, error["Code"]) == (case.operation, case.error), error["Message"]
    assert error["Message"]
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    assert status == shape.metadata["error"]["httpStatusCode"]
