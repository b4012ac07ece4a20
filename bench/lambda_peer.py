"""Servers that speak the Lambda API: functions are deployed and invoked alike on all of them."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from bench import aws_functions
from bench.endpoint import Endpoint, Key
from bench.load import invoke_once
from bench.peers import Peer
from bench.programs import HELLO, Program


class LambdaPeer(Peer):
    """A server with the Lambda API.

    Attributes:
        languages: those besides Python whose functions it runs without containers.
    """

    languages: ClassVar[frozenset[str]]

    @abstractmethod
    def key(self) -> Key:
        """What its requests are signed with."""

    def deploy(self, functions: Sequence[str]) -> None:
        self.deploy_program(functions, HELLO)

    def deploy_program(self, functions: Sequence[str], program: Program) -> None:
        """Makes these functions, all of this program, ready to be invoked for the first time."""
        aws_functions.deploy(self.port, self.key(), functions, program)

    def publish(self, function: str) -> str:
        """Publishes a version of a deployed function, ready to be invoked; returns its number."""
        return aws_functions.publish(self.port, self.key(), function)

    def end_sandbox(self, function: str, version: str | None = None) -> None:
        """Ends the warm environment of a function, which must do so on an empty event."""
        aws_functions.end_sandbox(self.port, self.key(), function, version)

    def endpoint(self, function: str, version: str | None = None) -> Endpoint:
        return aws_functions.endpoint(self.port, self.key(), function, version)

    def cold_start(self, function: str) -> float:
        return invoke_once(self.endpoint(function))
