"""Tags of what CloudWatch has.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_TagResource.html
"""

import re
from collections.abc import Callable, Mapping

from ingle.services.cloudwatch.alarms.api import Alarms
from ingle.services.cloudwatch.dashboards import Dashboards
from ingle.services.cloudwatch.errors import (
    DashboardNotFound,
    InvalidParameterValue,
    ResourceNotFound,
)
from ingle.services.cloudwatch.limits import DASHBOARD
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_DASHBOARD = re.compile(r"arn:aws:cloudwatch:[a-z0-9-]*:(\d{12}):dashboard/(.+)", re.ASCII)
_ALARM = re.compile(r"arn:aws:cloudwatch:([a-z0-9-]+):(\d{12}):alarm:(.+)", re.ASCII | re.DOTALL)
_RESERVED = "aws:"
_Change = Callable[[dict[str, str]], dict[str, str]]


class Tags:
    """The tags of alarms and dashboards, by their ARNs.

    Args:
        dashboards: have some.
        alarms: have some.
    """

    def __init__(self, dashboards: Dashboards, alarms: Alarms) -> None:
        self._dashboards = dashboards
        self._alarms = alarms

    async def list(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell the tags of something."""
        arn = request["ResourceARN"]
        tags: Mapping[str, str]
        alarm = _alarm(context, arn)
        if alarm is not None:
            tags = self._alarms.tags(context, alarm, arn)
        else:
            try:
                tags = await self._dashboards.tags(*_dashboard(context, arn))
            except DashboardNotFound as error:
                raise ResourceNotFound(arn) from error
        return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}

    async def add(self, context: CallContext, request: ServiceInput) -> None:
        """Add tags, or give tags other values."""
        given = {each["Key"]: each["Value"] for each in request["Tags"]}
        for key in given:
            if key.lower().startswith(_RESERVED):
                raise InvalidParameterValue(f"The tag key {key} is reserved: it begins with aws:")

        def change(tags: dict[str, str]) -> dict[str, str]:
            changed = {**tags, **given}
            if len(changed) > DASHBOARD["tags"]:
                raise InvalidParameterValue(
                    f"A resource can have {DASHBOARD['tags']} tags at most."
                )
            return changed

        await self._change(context, request["ResourceARN"], change)

    async def remove(self, context: CallContext, request: ServiceInput) -> None:
        """Take tags away."""
        gone = set(request["TagKeys"])
        await self._change(
            context,
            request["ResourceARN"],
            lambda tags: {key: value for key, value in tags.items() if key not in gone},
        )

    async def _change(self, context: CallContext, arn: str, change: _Change) -> None:
        alarm = _alarm(context, arn)
        if alarm is not None:
            await self._alarms.change_tags(context, alarm, arn, change)
            return
        try:
            await self._dashboards.change_tags(*_dashboard(context, arn), change)
        except DashboardNotFound as error:
            raise ResourceNotFound(arn) from error


def _alarm(context: CallContext, arn: str) -> str | None:
    """The name of an alarm; None where the ARN is none of the caller's alarms."""
    match = _ALARM.fullmatch(arn)
    if match is None or (match[2], match[1]) != (context.account_id, context.region):
        return None
    return match[3]


def _dashboard(context: CallContext, arn: str) -> tuple[str, str]:
    """The account and name of a dashboard; raises ResourceNotFound."""
    match = _DASHBOARD.fullmatch(arn)
    if match is None or match[1] != context.account_id:
        raise ResourceNotFound(arn)
    return match[1], match[2]
