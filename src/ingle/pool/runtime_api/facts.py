"""What the APIs tell of the function that a sandbox runs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Facts:
    """A function's version, as its sandbox's processes learn of it.

    Attributes:
        name: the function's name.
        version: `$LATEST` or a number.
        handler: as configured.
        account_id: the owner, twelve digits.
        memory_mb: the memory limit in MB.
        instance: the sandbox's own id.
        initialization: `on-demand`, `provisioned-concurrency` or `snap-start`.
    """

    name: str = ""
    version: str = "$LATEST"
    handler: str = ""
    account_id: str = ""
    memory_mb: int = 128
    instance: str = ""
    initialization: str = "on-demand"
