"""Which execution a request is about."""

from dataclasses import dataclass

from ingle.invoke.durable.errors import ExecutionNotFound
from ingle.invoke.durable.model import Execution


@dataclass(frozen=True, slots=True)
class Reference:
    """The execution that a request is about.

    Attributes:
        arn: its ARN.
        id: its id, which is the ARN's last part.
    """

    arn: str
    id: str

    def check(self, execution: Execution) -> None:
        """Check that an execution with this id has this ARN, too.

        Raises:
            ExecutionNotFound: it has another one.
        """
        if execution.arn != self.arn:
            raise ExecutionNotFound
