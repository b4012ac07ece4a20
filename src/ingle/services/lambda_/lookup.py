"""Finds the version of a function that a request means."""

from ingle.services.lambda_.model import Function
from ingle.services.lambda_.names import LATEST, Reference, resolve
from ingle.services.lambda_.store import LambdaStore
from ingle.wire.service import CallContext, ServiceInput


def find(
    store: LambdaStore, context: CallContext, request: ServiceInput, action: str
) -> tuple[Function, str | None]:
    """Find the version that the members FunctionName and Qualifier of a request mean.

    Returns:
        The version, `$LATEST` where the request names none, and the qualifier that it does name.

    Raises:
        ResourceNotFound: there is no such function or version.
        Validation, AccessDenied, InvalidParameterValue: as `names.resolve`.
    """
    reference = resolve(request["FunctionName"], context, action, request.get("Qualifier"))
    return existing(store, reference), reference.qualifier


def existing(store: LambdaStore, reference: Reference) -> Function:
    """Find the version that a reference means.

    Raises:
        ResourceNotFound: there is none.
    """
    function = store.version(reference.key, reference.qualifier or LATEST)
    if function is None:
        raise reference.not_found()
    return function
