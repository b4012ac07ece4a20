"""The nouns of the Lambda service."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from sqlalchemy import Row

from ingle.invoke.events.event import DEFAULT_AGE_S, DEFAULT_RETRIES, Settings
from ingle.pool.spec import IMAGE
from ingle.services.lambda_.image_model import (
    IN_PROGRESS,
    LAYER_PREFIX,
    NO_OVERRIDES,
    ROOT_PREFIX,
    FunctionImage,
    ImageOverrides,
    ImageUpdate,
)
from ingle.services.lambda_.names import LATEST, function_arn, layer_arn
from ingle.services.lambda_.policy_documents import HEAD, Statements

FunctionKey = tuple[str, str, str]
"""Account, region and name."""

ACTIVE, PENDING, FAILED = "Active", "Pending", "Failed"
"""States of a version; https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html"""

LayerKey = tuple[str, str, str]
"""Account, region and name."""


@dataclass(frozen=True, slots=True)
class Package:
    """A zip file: a function's code, or a layer.

    Attributes:
        sha256: of the zip file, 64 lower-case hex digits.
        size: of the zip file, in bytes.
    """

    sha256: str
    size: int


def package_of(image: FunctionImage) -> Package:
    """Return what stands for an image among packages, though it has no zip, and no size there."""
    return Package(image.sha256, 0)


@dataclass(frozen=True, slots=True)
class UsedLayer:
    """A layer version that a function has; it stays when the layer version is deleted.

    Attributes:
        arn: the layer version's.
        package: its zip.
    """

    arn: str
    package: Package


@dataclass(frozen=True, slots=True)
class Mount:
    """A file system that a function has.

    Attributes:
        arn: the access point's.
        path: where the function sees it, below `/mnt`.
    """

    arn: str
    path: str


@dataclass(frozen=True, slots=True)
class VpcNames:
    """The VPC that a function names; all of it is empty where it named one once.

    Attributes:
        vpc_id: its id.
        subnets: the ids of subnets.
        security_groups: those of security groups.
    """

    vpc_id: str = ""
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One revision of one version of a function; never changed once made.

    Attributes:
        account_id: the owner, twelve digits.
        region: where it is.
        name: unique among the account's functions in the region.
        version: `$LATEST`, or the number of a published version.
        revision_id: a UUID, new with every update, and with every version published of it.
        content_id: a UUID, new with every update of code or configuration, and another one for
            each published version. Sandboxes serve only one.
        last_modified_ms: when that update was, in milliseconds since the epoch.
        runtime: for instance `python3.11`; "" for a container image.
        handler: for instance `app.handler`; "" for a container image.
        role: the execution role's ARN.
        description: free text, "" by default.
        timeout_s: the longest an invocation may take, in seconds.
        memory_mb: the memory limit, in MB.
        ephemeral_mb: the size of `/tmp`, in MB.
        architecture: `x86_64` or `arm64`.
        environment: the user's variables, or None where they were never set.
        log_group: where the log lines go.
        log_format: `Text` or `JSON`.
        application_log_level: the least severe of its own events that a JSON log has, or None with
            text.
        system_log_level: the same for the platform's.
        snap_start: what SnapStart applies to, `None` or `PublishedVersions`.
        dead_letter: the ARN of where events go that were given up, or None.
        tracing: `Active` where Ingle decides which invocations are traced, if nobody did, or
            `PassThrough`.
        mounts: its file systems.
        vpc: the VPC that it names, or None where it never did.
        tenant_isolation: `PER_TENANT` where no sandbox serves two tenants, or None.
        durable_timeout_s: how long a durable execution of it may take, in seconds; None where it
            is not durable.
        durable_retention_days: how long such an execution is kept when it is over, in days.
        package: its code; for a container image, what stands for it.
        image: its container image, or None.
        image_overrides: what it sets in place of the image's own settings.
        image_update: of `$LATEST` only: the image that is to become its code, or could not.
        layers: in the order in which they are applied.
        tags: the function's tags; a published version has none of its own.
        last_version: of `$LATEST` only: the highest number that a version of it ever had.
        changed: of `$LATEST` only: whether code or configuration changed since that version.
        state: `Pending` until its image is unpacked or, of a version with SnapStart, its snapshot
            is made; then `Active`, or `Failed`. Everything else is `Active` from the start.
        state_reason: why it is not `Active`, or "".
        state_reason_code: the same, as AWS's code.
    """

    account_id: str
    region: str
    name: str
    version: str = LATEST
    revision_id: str
    content_id: str
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
    log_format: str = "Text"
    application_log_level: str | None = None
    system_log_level: str | None = None
    snap_start: str = "None"
    dead_letter: str | None = None
    tracing: str = "PassThrough"
    mounts: tuple[Mount, ...] = ()
    vpc: VpcNames | None = None
    tenant_isolation: str | None = None
    durable_timeout_s: int | None = None
    durable_retention_days: int | None = None
    package: Package
    image: FunctionImage | None = None
    image_overrides: ImageOverrides = NO_OVERRIDES
    image_update: ImageUpdate | None = None
    layers: tuple[UsedLayer, ...] = ()
    tags: Mapping[str, str]
    last_version: int = 0
    changed: bool = True
    state: str = ACTIVE
    state_reason: str = ""
    state_reason_code: str = ""

    @property
    def key(self) -> FunctionKey:
        """What identifies the function among all others."""
        return self.account_id, self.region, self.name

    @property
    def arn(self) -> str:
        """The function's ARN, without a qualifier."""
        return function_arn(self.account_id, self.region, self.name)

    @property
    def version_arn(self) -> str:
        """What identifies the version: its own ARN, or the function's for `$LATEST`."""
        return self.arn if self.version == LATEST else f"{self.arn}:{self.version}"

    @property
    def own_qualifier(self) -> str:
        """What belongs to the version is kept under this: its number, or "" for `$LATEST`."""
        return "" if self.version == LATEST else self.version

    @property
    def number(self) -> int:
        """The version's number, or 0 for `$LATEST`."""
        return 0 if self.version == LATEST else int(self.version)

    @property
    def is_durable(self) -> bool:
        """Whether its invocations are durable executions."""
        return self.durable_timeout_s is not None

    @property
    def program(self) -> str:
        """What runs it, as the pool names it: its runtime, or `IMAGE`."""
        return self.runtime if self.image is None else IMAGE

    @property
    def awaited_image(self) -> FunctionImage | None:
        """The image that is still to be unpacked, of the function itself or of its update."""
        if self.image is not None and self.state == PENDING:
            return self.image
        update = self.image_update
        return update.image if update is not None and update.status == IN_PROGRESS else None

    def uses(self) -> set[str]:
        """List what it needs on disk: digests of packages, and names of folders."""
        used = {self.package.sha256, *(layer.package.sha256 for layer in self.layers)}
        folder = layers_folder(self.layers)
        if folder:
            used.add(folder)
        if self.image is not None:
            used |= self.image.uses()
        awaited = self.awaited_image
        return used if awaited is None else used | awaited.uses()


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerVersion:
    """One version of a layer; nothing but its policy ever changes.

    Attributes:
        account_id: the owner, twelve digits.
        region: where it is.
        name: the layer's, unique among the account's layers in the region.
        version: its number, from 1.
        description: free text, "" by default.
        license_info: its licence, or None where none was given.
        runtimes: those that it says it is made for, or None where it says nothing.
        architectures: the same for architectures.
        created_ms: when it was published, in milliseconds since the epoch.
        package: its zip.
        statements: its policy's, in the order in which they were added.
        policy_revision_id: a UUID, new with every change of the policy; None before the first.
    """

    account_id: str
    region: str
    name: str
    version: int
    description: str
    license_info: str | None
    runtimes: tuple[str, ...] | None
    architectures: tuple[str, ...] | None
    created_ms: int
    package: Package
    statements: tuple[Mapping[str, Any], ...] = ()
    policy_revision_id: str | None = None

    @property
    def key(self) -> LayerKey:
        """What identifies the layer among all others."""
        return self.account_id, self.region, self.name

    @property
    def layer_arn(self) -> str:
        """The layer's ARN."""
        return layer_arn(self.account_id, self.region, self.name)

    @property
    def arn(self) -> str:
        """This version's ARN."""
        return layer_arn(self.account_id, self.region, self.name, self.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A name for a version of a function, or for two between which its invocations are shared out.

    Attributes:
        key: the function's.
        name: unique among the function's aliases.
        function_version: the version, a number or `$LATEST`.
        description: free text, "" by default.
        additional: the share of the invocations that goes to another version, by its number; from
            0 to 1, and at most one version.
        revision_id: a UUID, new with every update.
    """

    key: FunctionKey
    name: str
    function_version: str
    description: str = ""
    additional: Mapping[str, float] = field(default_factory=dict)
    revision_id: str

    @property
    def qualifier(self) -> str:
        """What stands for the alias behind the function's name."""
        return self.name

    @property
    def arn(self) -> str:
        """The alias's ARN."""
        return function_arn(*self.key, self.name)

    def leads_to(self, version: str) -> bool:
        """Say whether any of its invocations go to a version."""
        return version == self.function_version or version in self.additional

    def version_at(self, point: float) -> str:
        """Tell which version an invocation goes to.

        Args:
            point: drawn evenly from 0 (included) to 1 (excluded).
        """
        for version, weight in self.additional.items():
            if point < weight:
                return version
        return self.function_version

    def to_row(self) -> dict[str, Any]:
        """Give the columns of its row in `tables.aliases` besides the key."""
        return {
            "function_version": self.function_version,
            "description": self.description,
            "additional": dict(self.additional),
            "revision_id": self.revision_id,
        }

    @classmethod
    def from_row(cls, key: FunctionKey, qualifier: str, row: Row[Any]) -> Self:
        """Make it of its row."""
        return cls(
            key=key,
            name=qualifier,
            function_version=row.function_version,
            description=row.description,
            additional=row.additional,
            revision_id=row.revision_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Who else may do what with a function, a version or an alias: its resource-based policy.

    Its revision id is that of what it belongs to.

    Attributes:
        key: the function's.
        qualifier: the version's number or the alias's name, or "" for the function itself.
        statements: in the order in which they were added; in AWS's form.
        head: the document's other members, `Version` and `Id`.
    """

    key: FunctionKey
    qualifier: str
    statements: Statements
    head: Mapping[str, str] = field(default_factory=lambda: HEAD)

    def to_row(self) -> dict[str, Any]:
        """Give the columns of its row in `tables.policies` besides key and qualifier."""
        return {"statements": list(self.statements), "head": dict(self.head)}

    @classmethod
    def from_row(cls, key: FunctionKey, qualifier: str, row: Row[Any]) -> Self:
        """Make it of its row."""
        return cls(key=key, qualifier=qualifier, statements=tuple(row.statements), head=row.head)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnConcurrency:
    """What of its account's concurrency nobody else may use.

    Attributes:
        key: the function's.
        qualifier: the version's number or the alias's name, for which it is provisioned; or "" for
            the function itself, for which it is reserved.
        executions: how many invocations at a time.
        last_modified_ms: when that was said, in milliseconds since the epoch.
    """

    key: FunctionKey
    qualifier: str = ""
    executions: int
    last_modified_ms: int

    def to_row(self) -> dict[str, Any]:
        """Give the columns of its row in `tables.concurrency` besides key and qualifier."""
        return {"executions": self.executions, "last_modified_ms": self.last_modified_ms}

    @classmethod
    def from_row(cls, key: FunctionKey, qualifier: str, row: Row[Any]) -> Self:
        """Make it of its row."""
        return cls(
            key=key,
            qualifier=qualifier,
            executions=row.executions,
            last_modified_ms=row.last_modified_ms,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeManagement:
    """When a version of a function gets a new version of its runtime.

    Attributes:
        key: the function's.
        qualifier: the version's number, or "" for `$LATEST`.
        update_on: `Auto`, `FunctionUpdate` or `Manual`.
        version_arn: of the version of the runtime that it stays at, with `Manual`; else None.
    """

    key: FunctionKey
    qualifier: str = ""
    update_on: str
    version_arn: str | None = None

    def to_row(self) -> dict[str, Any]:
        """Give the columns of its row in `tables.runtime_management` besides key and qualifier."""
        return {"update_on": self.update_on, "version_arn": self.version_arn}

    @classmethod
    def from_row(cls, key: FunctionKey, qualifier: str, row: Row[Any]) -> Self:
        """Make it of its row."""
        return cls(
            key=key, qualifier=qualifier, update_on=row.update_on, version_arn=row.version_arn
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EventConfig:
    """How the events of a function, a version or an alias are treated; None is not set.

    Attributes:
        key: the function's.
        qualifier: the version's number or the alias's name, or "" for `$LATEST`.
        last_modified_ms: when it was set, in milliseconds since the epoch.
        retries: how often an event is run again on which the function failed.
        age_s: how old an event may get before it is given up, in seconds.
        on_success: the ARN of what is told of events that succeeded.
        on_failure: the same for those that were given up.
    """

    key: FunctionKey
    qualifier: str
    last_modified_ms: int = 0
    retries: int | None = None
    age_s: int | None = None
    on_success: str | None = None
    on_failure: str | None = None

    @property
    def arn(self) -> str:
        """What it is about, as an ARN with a qualifier."""
        return function_arn(*self.key, self.qualifier or LATEST)

    @property
    def settings(self) -> Settings:
        """What it means for the queue."""
        return Settings(
            retries=DEFAULT_RETRIES if self.retries is None else self.retries,
            age_s=DEFAULT_AGE_S if self.age_s is None else self.age_s,
            on_success=self.on_success,
            on_failure=self.on_failure,
        )

    def to_row(self) -> dict[str, Any]:
        """Give the columns of its row in `tables.event_configs` besides key and qualifier."""
        return {name: getattr(self, name) for name in _OF_EVENT_CONFIG}

    @classmethod
    def from_row(cls, key: FunctionKey, qualifier: str, row: Row[Any]) -> Self:
        """Make it of its row."""
        columns = {name: getattr(row, name) for name in _OF_EVENT_CONFIG}
        return cls(key=key, qualifier=qualifier, **columns)


_OF_EVENT_CONFIG = ("last_modified_ms", "retries", "age_s", "on_success", "on_failure")

ALLOW, TERMINATE = "Allow", "Terminate"
"""What may be said of a function that is invoked in an endless loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recursion:
    """Whether a function is stopped when it is invoked in an endless loop.

    Attributes:
        key: the function's.
        loop: `Allow` or `Terminate`.
    """

    key: FunctionKey
    loop: str

    @property
    def qualifier(self) -> str:
        """It is about the function with all its versions."""
        return ""

    def to_row(self) -> dict[str, Any]:
        """Give the columns of its row in `tables.recursions` besides key and qualifier."""
        return {"loop": self.loop}

    @classmethod
    def from_row(cls, key: FunctionKey, _qualifier: str, row: Row[Any]) -> Self:
        """Make it of its row."""
        return cls(key=key, loop=row.loop)


LAYERS_PREFIX = "layers-"
"""What the names of folders with merged layers begin with; those of packages are digests."""


def is_folder(name: str) -> bool:
    """Say whether something that functions use is a folder only, and no package with a blob."""
    return name.startswith((LAYERS_PREFIX, ROOT_PREFIX, LAYER_PREFIX))


def layers_folder(layers: Sequence[UsedLayer]) -> str | None:
    """Name the folder in which these layers, in this order, are merged; None for no layers."""
    if not layers:
        return None
    digests = "\n".join(layer.package.sha256 for layer in layers)
    return f"{LAYERS_PREFIX}{hashlib.sha256(digests.encode('ascii')).hexdigest()}"
