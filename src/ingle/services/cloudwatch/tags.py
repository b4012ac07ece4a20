"""Tags of what CloudWatch has.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_TagResource.html
"""

import re

from ingle.services.cloudwatch.dashboards import Dashboards
from ingle.services.cloudwatch.errors import (
    DashboardNotFound,
    InvalidParameterValue,
    ResourceNotFound,
)
from ingle.services.cloudwatch.limits import DASHBOARD
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_DASHBOARD = re.compile(r"arn:aws:cloudwatch:[a-z0-9-]*:(\d{12}):dashboard/(.+)", re.ASCII)
_RESERVED = "aws:"


class Tags:
    """The tags of dashboards, by their ARNs.

    Args:
        dashboards: has them.
    """

    def __init__(self, dashboards: Dashboards) -> None:
        self._dashboards = dashboards

    async def list(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell the tags of something."""
        arn = request["ResourceARN"]
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

        arn = request["ResourceARN"]
        try:
            await self._dashboards.change_tags(*_dashboard(context, arn), change)
        except DashboardNotFound as error:
            raise ResourceNotFound(arn) from error

    async def remove(self, context: CallContext, request: ServiceInput) -> None:
        """Take tags away."""
        gone, arn = set(request["TagKeys"]), request["ResourceARN"]
        try:
            await self._dashboards.change_tags(
                *_dashboard(context, arn),
                lambda tags: {key: value for key, value in tags.items() if key not in gone},
            )
        except DashboardNotFound as error:
            raise ResourceNotFound(arn) from error


def _dashboard(context: CallContext, arn: str) -> tuple[str, str]:
    """The account and name of a dashboard; raises ResourceNotFound."""
    match = _DASHBOARD.fullmatch(arn)
    if match is None or match[1] != context.account_id:
        raise ResourceNotFound(arn)
    return match[1], match[2]
