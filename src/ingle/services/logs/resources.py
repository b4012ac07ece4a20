"""What decides who may use log groups: their tags, which count for their streams, too.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
"""

import re
from collections.abc import Mapping

from ingle.iam.request import Values
from ingle.iam.resources import Resources
from ingle.services.logs.model import GroupKey
from ingle.services.logs.store import LogsStore
from ingle.services.policies_and_tags import tag_keys

_ARN = re.compile(
    r"arn:aws:logs:([a-z0-9-]+):(\d{12}):log-group:([^:*]+)(?::.*)?", re.ASCII | re.DOTALL
)


class LogsResources(Resources):
    """Tells of log groups.

    Args:
        store: where they are kept.
    """

    def __init__(self, store: LogsStore) -> None:
        self._store = store

    @property
    def changes(self) -> int:
        """A number that grows with every change of tags."""
        return self._store.changes

    def keys(self, arn: str) -> Mapping[str, Values]:
        """Return the tags of a group as condition keys."""
        match = _ARN.fullmatch(arn)
        if match is None:
            return {}
        return tag_keys(self._store.tags(GroupKey(match[2], match[1], match[3])))
