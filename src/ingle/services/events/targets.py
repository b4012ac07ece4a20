"""The operations on the targets of rules.

Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import orjson

from ingle.services.events.buses import paged
from ingle.services.events.errors import LimitExceeded, Validation
from ingle.services.events.limits import LIMITS
from ingle.services.events.model import BusKey
from ingle.services.events.names import bus_key, bus_of_arn
from ingle.services.events.rules import Rules
from ingle.services.events.shaping import is_path, unknown_variables
from ingle.services.events.store import EventsStore
from ingle.services.locks import KeyedLocks
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_INPUTS = ("Input", "InputPath", "InputTransformer")
_OTHERS = (
    "KinesisParameters",
    "RunCommandParameters",
    "EcsParameters",
    "BatchParameters",
    "RedshiftDataParameters",
    "SageMakerPipelineParameters",
    "AppSyncParameters",
)


class Targets:
    """The operations on targets.

    Args:
        store: where rules are kept.
        rules: finds them.
        has: says whether a service's resources can be targets.
        changing: the lock of each bus.
    """

    def __init__(
        self,
        store: EventsStore,
        rules: Rules,
        has: Callable[[str], bool],
        changing: KeyedLocks[BusKey],
    ) -> None:
        self._store = store
        self._rules = rules
        self._has = has
        self._changing = changing

    async def put(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Add targets to a rule, or change them."""
        bus = request.get("EventBusName")
        async with self._changing(bus_key(context, bus)):
            rule = self._rules.existing(context, bus, request["Rule"])
            targets = dict(rule.targets)
            for each in request["Targets"]:
                self._check(each)
                targets[each["Id"]] = each
            if len(targets) > LIMITS.targets:
                raise LimitExceeded("The requested resource exceeds the maximum number allowed.")
            await self._store.put_rule(replace(rule, targets=targets))
        return {"FailedEntryCount": 0, "FailedEntries": []}

    async def remove(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Remove targets from a rule."""
        bus = request.get("EventBusName")
        async with self._changing(bus_key(context, bus)):
            rule = self._rules.existing(context, bus, request["Rule"])
            failed = [
                {
                    "TargetId": each,
                    "ErrorCode": "ResourceNotFoundException",
                    "ErrorMessage": f"Rule {rule.key.name} has no target with the Id {each}.",
                }
                for each in request["Ids"]
                if each not in rule.targets
            ]
            targets = {
                name: each for name, each in rule.targets.items() if name not in request["Ids"]
            }
            await self._store.put_rule(replace(rule, targets=targets))
        return {"FailedEntryCount": len(failed), "FailedEntries": failed}

    def listed(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the targets of a rule by their ids."""
        rule = self._rules.existing(context, request.get("EventBusName"), request["Rule"])
        ids, token = paged(sorted(rule.targets), str, request)
        return {"Targets": [rule.targets[each] for each in ids], **token}

    def _check(self, target: Mapping[str, Any]) -> None:
        name, arn = target["Id"], target["Arn"]
        parts = arn.split(":", 5)
        if len(parts) < 6 or parts[0] != "arn" or not parts[2]:
            raise Validation(
                f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."
            )
        kind = parts[5].partition("/")[0] if parts[2] == "events" else ""
        calls = kind == "api-destination"
        if (
            parts[2] == "scheduler"
            or not self._has(parts[2])
            or (kind and not calls and bus_of_arn(arn) is None)
        ):
            raise Validation(
                f"Target {name} is not available in this version of Ingle: "
                f"{parts[2]}{f' {kind}' if kind else ''}. Choose a Lambda function, an SQS queue, "
                "an SNS topic, a log group, an event bus or an API destination."
            )
        if calls and not target.get("RoleArn"):
            raise Validation(f"RoleArn is required for target {arn}.")
        if target.get("HttpParameters") and not calls:
            raise Validation(f"Parameter HttpParameters is not valid for target {name}: {arn}.")
        for each in _OTHERS:
            if target.get(each):
                raise Validation(f"Parameter {each} is not valid for target {name}: {arn}.")
        _check_input(name, target)
        group = (target.get("SqsParameters") or {}).get("MessageGroupId")
        if parts[2] == "sqs" and arn.endswith(".fifo") and not group:
            raise Validation(f"Parameter(s) MessageGroupId must be specified for target: {name}.")
        if parts[2] == "sns" and arn.endswith(".fifo"):
            raise Validation(f"Target {name} is a FIFO topic, which rules do not publish to: {arn}")
        if parts[2] == "logs" and not parts[5].startswith("log-group:"):
            raise Validation(
                f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."
            )
        letters = (target.get("DeadLetterConfig") or {}).get("Arn")
        if letters and (not letters.startswith("arn:") or letters.split(":")[2] != "sqs"):
            raise Validation(
                f"Parameter DeadLetterConfig of target {name} is not valid. Reason: {letters} is "
                "no SQS queue."
            )


def _check_input(name: str, target: Mapping[str, Any]) -> None:
    if sum(each in target for each in _INPUTS) > 1:
        raise Validation(
            f"Only one of Input, InputPath, or InputTransformer must be provided for target {name}."
        )
    if "Input" in target:
        try:
            orjson.loads(target["Input"])
        except orjson.JSONDecodeError as error:
            raise Validation(f"JSON syntax error in input for target {name}") from error
    path = target.get("InputPath")
    if path and not is_path(path):
        raise Validation(f"Invalid InputPath for target {name}.")
    transformer = target.get("InputTransformer")
    if transformer is None:
        return
    paths = transformer.get("InputPathsMap") or {}
    for variable, each in paths.items():
        if variable.startswith("aws.") or not is_path(each):
            raise Validation(
                f"Invalid InputPathsMap for target {name} : {variable} is not valid: {each}"
            )
    for variable in unknown_variables(transformer["InputTemplate"], paths):
        raise Validation(
            f"Invalid InputTemplate for target {name} : the variable {variable} is not in "
            "InputPathsMap."
        )
