"""When functions get new versions of their runtimes.

Source: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html. On a machine of one's own
it is whoever runs the machine that updates interpreters, and there is one version of each. So the
mode is kept and told, and the only version that `Manual` can name is the one that there is.
"""

from typing import Any

from ingle.services.lambda_ import answers
from ingle.services.lambda_.errors import InvalidParameterValue
from ingle.services.lambda_.lookup import existing
from ingle.services.lambda_.model import Function, FunctionKey, RuntimeManagement
from ingle.services.lambda_.names import LATEST, is_alias_name, resolve
from ingle.services.lambda_.package_types import RUNTIME_MANAGEMENT, refuse_image
from ingle.services.lambda_.store import LambdaStore
from ingle.services.locks import KeyedLocks
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_AUTO, _MANUAL = "Auto", "Manual"


class RuntimeManagementConfigs:
    """The operations on runtime management.

    Args:
        store: where it is kept.
        changing: the lock of each function.
    """

    def __init__(self, store: LambdaStore, changing: KeyedLocks[FunctionKey]) -> None:
        self._store = store
        self._changing = changing

    async def put(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Say when a version gets a new version of its runtime."""
        mode, arn = request["UpdateRuntimeOn"], request.get("RuntimeVersionArn")
        if mode == _MANUAL and arn is None:
            raise InvalidParameterValue(
                "RuntimeVersionArn is required when UpdateRuntimeOn is Manual."
            )
        if mode != _MANUAL and arn is not None:
            raise InvalidParameterValue(
                f"RuntimeVersionArn is not allowed when UpdateRuntimeOn is {mode}."
            )
        function = self._function(context, request, "lambda:PutRuntimeManagementConfig")
        async with self._changing(function.key):
            function = self._function(context, request, "lambda:PutRuntimeManagementConfig")
            refuse_image(function, RUNTIME_MANAGEMENT)
            if arn not in (None, answers.runtime_version_arn(function)):
                raise InvalidParameterValue(
                    f"Runtime version {arn} is not on this machine, which has "
                    f"{answers.runtime_version_arn(function)}."
                )
            management = RuntimeManagement(
                key=function.key, qualifier=_qualifier(function), update_on=mode, version_arn=arn
            )
            await self._store.runtime_management.put(management)
        return _described(function, management)

    async def get(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell when a version gets a new version of its runtime."""
        function = self._function(context, request, "lambda:GetRuntimeManagementConfig")
        management = self._store.runtime_management.get(function.key, _qualifier(function))
        return _described(function, management)

    def _function(self, context: CallContext, request: ServiceInput, action: str) -> Function:
        reference = resolve(request["FunctionName"], context, action, request.get("Qualifier"))
        if reference.qualifier and is_alias_name(reference.qualifier):
            raise InvalidParameterValue(
                "The function resource provided must be $LATEST or a published version."
            )
        return existing(self._store, reference)


def _qualifier(function: Function) -> str:
    return "" if function.version == LATEST else function.version


def _described(function: Function, management: RuntimeManagement | None) -> dict[str, Any]:
    answer = {
        "FunctionArn": function.version_arn,
        "UpdateRuntimeOn": _AUTO if management is None else management.update_on,
    }
    if management is not None and management.version_arn is not None:
        answer["RuntimeVersionArn"] = management.version_arn
    return answer
