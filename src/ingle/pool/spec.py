"""What the pool needs to know of a function to run it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

IMAGE = "image"
"""What stands for the runtime of functions whose code is a container image."""


@dataclass(frozen=True, slots=True)
class ImageRun:
    """How a container image is run, its own settings and the function's put together.

    Attributes:
        arguments: the program, perhaps one to look for on PATH, and its arguments.
        folder: the working folder; "/" where none is set.
        environment: the variables that the image sets.
    """

    arguments: tuple[str, ...]
    folder: str
    environment: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One revision of one function version, as the sandboxes see it; never changed once made.

    Sandboxes are shared by invocations of the same `(arn, revision_id)` and by no others.

    Attributes:
        account_id: the owner, twelve digits.
        region: the function's region.
        name: the function's name.
        version: `$LATEST` or a number.
        arn: identifies the version: the function's ARN, with the number for a published one.
        runtime: AWS's identifier, for instance `python3.11`; `IMAGE` for a container image.
        handler: for instance `app.handler`; "" for a container image.
        role: the ARN of the execution role.
        memory_mb: the memory limit in MB.
        timeout_s: the longest an invocation may take, in seconds.
        environment: the user's own variables; never shown by `repr`.
        ephemeral_mb: the size of `/tmp` in MB.
        code_dir: the unpacked package, or the root file system of a container image, an absolute
            path.
        log_group: where the log lines go.
        revision_id: changes with every update of code or configuration; a published version has
            one of its own.
        layers_dir: the merged layers, for `/opt`: an absolute path beside `code_dir`, whose name
            has only letters, digits, `_` and `-`; None where there are none.
        extensions: the names of the external extensions in the layers, in order.
        log_format: `Text` or `JSON`.
        application_log_level: the least severe of its own events that a JSON log has.
        system_log_level: the same for the platform's.
        tracing: `Active`, or `PassThrough`.
        mount: the file system that it has: the ARN of its access point, and where it is seen.
        tenant_id: the tenant that the sandbox serves, or "" where it serves all.
        snap_start: whether its sandboxes start from a snapshot of the initialised function.
        image: how its container image is run; None where it is none.
    """

    account_id: str
    region: str
    name: str
    version: str
    arn: str
    runtime: str
    handler: str
    role: str
    memory_mb: int
    timeout_s: int
    environment: Mapping[str, str] = field(repr=False)
    ephemeral_mb: int
    code_dir: Path
    log_group: str
    revision_id: str
    layers_dir: Path | None = None
    snap_start: bool = False
    extensions: tuple[str, ...] = ()
    log_format: str = "Text"
    application_log_level: str = "INFO"
    system_log_level: str = "INFO"
    tracing: str = "PassThrough"
    mount: tuple[str, str] | None = None
    tenant_id: str = ""
    image: ImageRun | None = None

    @property
    def speaks_http(self) -> bool:
        """Whether the runtime asks the Runtime API for its events, and gets no frames."""
        return self.image is not None or self.runtime.startswith("provided")

    def for_tenant(self, tenant_id: str) -> "FunctionSpec":
        """Return the same for the sandboxes of one tenant, which serve no other."""
        return replace(self, tenant_id=tenant_id, revision_id=f"{self.revision_id}/{tenant_id}")

    def initialization_type(self, *, provisioned: bool) -> str:
        """What `AWS_LAMBDA_INITIALIZATION_TYPE` says in its sandboxes, or in provisioned ones."""
        if provisioned:
            return "provisioned-concurrency"
        return "snap-start" if self.snap_start else "on-demand"
