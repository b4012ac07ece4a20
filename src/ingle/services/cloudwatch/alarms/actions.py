"""What alarms can do: notify topics, and run functions.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html
"""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.iam.principal import service_principal
from ingle.iam.request import Values
from ingle.services.cloudwatch.alarms import messages
from ingle.services.cloudwatch.alarms.model import ACTIONS, Alarm, Place, State
from ingle.services.cloudwatch.errors import ValidationFailed
from ingle.services.neighbours import Buses, Functions, Topics

_logger = logging.getLogger(__name__)

_ARN = re.compile(r"arn:aws[a-z-]*:([a-z0-9-]+):([a-z0-9-]*):([^:]*):(.+)", re.ASCII)
_FUNCTION = re.compile(r"function:[A-Za-z0-9_-]+(:[A-Za-z0-9$_-]+)?", re.ASCII)
_TOPIC = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_ACCOUNT = re.compile(r"\d{12}", re.ASCII)
_FIFO = ".fifo"
_LATER = {
    "automate": "EC2",
    "swf": "EC2",
    "autoscaling": "Auto Scaling",
    "ssm": "Systems Manager",
    "ssm-incidents": "Systems Manager Incident Manager",
    "aiops": "CloudWatch investigations",
}

_TELLS_TOPICS = service_principal("cloudwatch.amazonaws.com")
_RUNS_FUNCTIONS = service_principal("lambda.alarms.cloudwatch.amazonaws.com")


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Whom alarms tell."""

    functions: Functions
    topics: Topics
    buses: Buses

    async def act(
        self, connection: AsyncConnection, alarm: Alarm, before: State, arn: str
    ) -> tuple[Callable[[], None], str | None]:
        """Take an action within a transaction.

        Args:
            connection: the transaction's.
            alarm: as it is now.
            before: the state that it was in.
            arn: of the action.

        Returns:
            What is to be called once it is committed, and what was published on a topic.

        Raises:
            ServiceError: the action is not there, or does not let the alarm.
        """
        keys: dict[str, Values] = {
            "aws:sourcearn": (alarm.arn,),
            "aws:sourceaccount": (alarm.account_id,),
        }
        if arn.split(":")[2] == "lambda":
            event = messages.function_event(alarm, before)
            add = self.functions.add
            return await add(connection, _RUNS_FUNCTIONS, keys, arn, event), None
        # By which a topic's policy lets in whom it belongs to, as it does from the beginning.
        self.topics.check_may_publish(
            _TELLS_TOPICS, arn, {**keys, "aws:sourceowner": (alarm.account_id,)}
        )
        told = messages.notice(alarm, before)
        message = {"Message": told, "Subject": messages.subject(alarm)}
        return await self.topics.add(connection, arn, message), told

    async def tell_bus(
        self, connection: AsyncConnection, alarm: Alarm, entry: dict[str, Any]
    ) -> list[Callable[[], None]]:
        """Tell the default event bus of an alarm within a transaction; without a bus, nobody.

        Returns:
            What is to be called once it is committed.
        """
        bus = f"arn:aws:events:{alarm.region}:{alarm.account_id}:event-bus/default"
        try:
            return [await self.buses.add(connection, bus, entry)]
        except LookupError as error:
            _logger.warning("alarm %s cannot tell its bus: %s", alarm.arn, error)
            return []


def check(settings: Mapping[str, Any], place: Place) -> None:
    """Check that the actions of an alarm are some that Ingle can take.

    Raises:
        ValidationFailed: one is not.
    """
    for member in ACTIONS.values():
        for arn in settings.get(member, ()):
            _check(member, arn, place[1])


def _check(member: str, arn: str, region: str) -> None:
    match = _ARN.fullmatch(arn)
    if match is None:
        raise ValidationFailed(f"Invalid arn syntax: {arn}")
    service, _, _, rest = match.groups()
    if service in _LATER:
        raise ValidationFailed(
            f"The action {arn} of {member} is one of {_LATER[service]}, which this version of "
            "Ingle does not have. It takes topics of SNS and functions of Lambda."
        )
    if service not in ("sns", "lambda"):
        raise ValidationFailed(f"Invalid arn syntax: {arn}")
    if match[2] != region:
        raise ValidationFailed(f"Invalid region {match[2]} specified. Only {region} is supported.")
    if service == "sns" and rest.endswith(_FIFO):
        raise ValidationFailed(f"The action {arn} of {member} is a FIFO topic, which alarms lack.")
    if (
        _ACCOUNT.fullmatch(match[3]) is None
        or (_TOPIC if service == "sns" else _FUNCTION).fullmatch(rest) is None
    ):
        raise ValidationFailed(f"Invalid arn syntax: {arn}")
