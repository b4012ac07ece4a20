"""The nouns of the Lambda service."""

from collections.abc import Mapping
from dataclasses import dataclass

from ingle.services.lambda_.names import function_arn

FunctionKey = tuple[str, str, str]
"""Account, region and name."""


@dataclass(frozen=True, slots=True)
class Package:
    """A function's code.

    Attributes:
        sha256: of the zip file, 64 lower-case hex digits.
        size: of the zip file, in bytes.
    """

    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One revision of a function's `$LATEST`; never changed once made.

    Attributes:
        account_id: the owner, twelve digits.
        region: where it is.
        name: unique among the account's functions in the region.
        revision_id: a UUID, new with every update.
        last_modified_ms: when that was, in milliseconds since the epoch.
        runtime: for instance `python3.11`.
        handler: for instance `app.handler`.
        role: the execution role's ARN.
        description: free text, "" by default.
        timeout_s: the longest an invocation may take, in seconds.
        memory_mb: the memory limit, in MB.
        ephemeral_mb: the size of `/tmp`, in MB.
        architecture: `x86_64` or `arm64`.
        environment: the user's variables, or None where they were never set.
        log_group: where the log lines go.
        tags: the function's tags.
        package: its code.
    """

    account_id: str
    region: str
    name: str
    revision_id: str
    last_modified_ms: int
    runtime: str
    handler: str
    role: str
    description: str
    timeout_s: int
    memory_mb: int
    ephemeral_mb: int
    architecture: str
    environment: Mapping[str, str] | None
    log_group: str
    tags: Mapping[str, str]
    package: Package

    @property
    def key(self) -> FunctionKey:
        """What identifies the function among all others."""
        return self.account_id, self.region, self.name

    @property
    def arn(self) -> str:
        """The ARN, without a qualifier."""
        return function_arn(self.account_id, self.region, self.name)
