"""What decides who may use alarms: their tags.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Tagging.html
"""

import re
from collections.abc import Mapping

from ingle.iam.request import Values
from ingle.iam.resources import Resources
from ingle.services.cloudwatch.alarms.store import AlarmStore
from ingle.services.policies_and_tags import tag_keys

_ARN = re.compile(r"arn:aws:cloudwatch:([a-z0-9-]+):(\d{12}):alarm:(.+)", re.ASCII | re.DOTALL)


class AlarmResources(Resources):
    """Tells of alarms.

    Args:
        store: where they are kept.
    """

    def __init__(self, store: AlarmStore) -> None:
        self._store = store

    @property
    def changes(self) -> int:
        """A number that grows with every change of tags."""
        return self._store.changes

    def keys(self, arn: str) -> Mapping[str, Values]:
        """Return the tags of an alarm as condition keys."""
        match = _ARN.fullmatch(arn)
        alarm = None if match is None else self._store.get((match[2], match[1]), match[3])
        return {} if alarm is None else tag_keys(alarm.tags)
