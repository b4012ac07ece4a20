"""Whether a function's role may write its logs: one that may not runs, and leaves no logs.

Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-prereqs.html
"""

from enum import Enum, auto
from typing import Protocol

from ingle.auth.authorizer import Authorizer
from ingle.auth.sessions import SOURCE_FUNCTION
from ingle.iam.resources import NO_RESOURCES, Resources
from ingle.iam.wording import refusal
from ingle.invoke.logs import Writer
from ingle.services.logs.model import StreamKey

_CREATE_GROUP = "logs:CreateLogGroup"
_ON_STREAM = ("logs:CreateLogStream", "logs:PutLogEvents")


class Access(Enum):
    """What a role may do.

    ALL: write, and make the log group where there is none.
    EXISTING: write where there is a log group.
    NONE: not write.
    """

    ALL = auto()
    EXISTING = auto()
    NONE = auto()


class WritePermission(Protocol):
    """Says who may write logs."""

    @property
    def generation(self) -> int:
        """A number that grows with every change that may change an answer."""
        ...

    def of(self, writer: Writer, stream: StreamKey) -> Access:
        """Say what a writer may do with a stream and its group; takes some 0.1 ms."""
        ...


class LogPermission:
    """Asks what decides everything else.

    Args:
        authorizer: decides.
        resources: what it decides by, of log groups.
    """

    def __init__(self, authorizer: Authorizer, resources: Resources = NO_RESOURCES) -> None:
        self._authorizer = authorizer
        self._resources = resources

    @property
    def generation(self) -> int:
        """A number that grows with every change of a role, a policy, or a group's tags."""
        return self._authorizer.generation + self._resources.changes

    def of(self, writer: Writer, stream: StreamKey) -> Access:
        """Say what a function's role may do with its log stream."""
        refused = self.refusals(writer, stream)
        if any(action in refused for action in _ON_STREAM):
            text = next(refused[action] for action in _ON_STREAM if action in refused)
            return Access.ALL if self._authorizer.forgives(text) else Access.NONE
        if _CREATE_GROUP in refused and not self._authorizer.forgives(refused[_CREATE_GROUP]):
            return Access.EXISTING
        return Access.ALL

    def refusals(self, writer: Writer, stream: StreamKey) -> dict[str, str]:
        """Say which permissions a function's role lacks for its logs, and why.

        Args:
            writer: the role, and the function that has it.
            stream: where it logs; any name stands for all streams that policies do not name.

        Returns:
            By the action, what AWS would say. Without `logs:CreateLogGroup` a function still logs
            into a group that is there.
        """
        principal = self._authorizer.principals.of_role(writer.role, writer.name)
        group = stream.group.arn
        needed = {_CREATE_GROUP: f"{group}:log-stream:"}
        needed |= dict.fromkeys(_ON_STREAM, f"{group}:log-stream:{stream.name}")
        if principal is None:
            return dict.fromkeys(needed, f"There is no role {writer.role}.")
        key = stream.group
        function_arn = f"arn:aws:lambda:{key.region}:{key.account_id}:function:{writer.name}"
        keys = {SOURCE_FUNCTION: (function_arn,)}
        rulings = (
            self._authorizer.rule(principal, action, arn, keys) for action, arn in needed.items()
        )
        return {
            each.request.action: refusal(each.request, each.decision)
            for each in rulings
            if not each.decision.allowed
        }
