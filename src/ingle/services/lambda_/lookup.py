"""Finds the version of a function that a request means."""

import random
from dataclasses import dataclass, replace

from ingle.invoke.events.event import BacklogKey
from ingle.services.lambda_.errors import ResourceNotFound
from ingle.services.lambda_.model import Alias, Function
from ingle.services.lambda_.names import LATEST, Reference, is_alias_name, resolve
from ingle.services.lambda_.store import LambdaStore
from ingle.wire.service import CallContext, ServiceInput


@dataclass(frozen=True, slots=True)
class Target:
    """What a request means.

    Attributes:
        function: the version; where the request names an alias, the one that it leads to.
        qualifier: what the request names: a version, an alias, or None.
        alias: the alias that the request names, if it names one.
    """

    function: Function
    qualifier: str | None = None
    alias: Alias | None = None


def find(
    store: LambdaStore, context: CallContext, request: ServiceInput, action: str
) -> tuple[Function, str | None]:
    """Find the version that the members FunctionName and Qualifier of a request mean.

    Returns:
        The version, `$LATEST` where the request names none and its first where it names an alias,
        and the qualifier that the request does name.

    Raises:
        ResourceNotFound: there is no such function, version or alias.
        Validation, AccessDenied, InvalidParameterValue: as `names.resolve`.
    """
    reference = resolve(request["FunctionName"], context, action, request.get("Qualifier"))
    return existing(store, reference), reference.qualifier


def find_target(
    store: LambdaStore, context: CallContext, request: ServiceInput, action: str
) -> Target:
    """Find the version that one invocation is to run: as `find`, but a weighted alias is drawn.

    Raises:
        ResourceNotFound, Validation, AccessDenied, InvalidParameterValue: as `find`.
    """
    return target(
        store, resolve(request["FunctionName"], context, action, request.get("Qualifier"))
    )


def target(store: LambdaStore, reference: Reference) -> Target:
    """Find the version that one invocation of what a reference means is to run.

    Raises:
        ResourceNotFound: there is no such function, version or alias.
    """
    key, qualifier = reference.key, reference.qualifier
    alias = store.aliases.get(key, qualifier) if qualifier else None
    if alias is None:
        return Target(existing(store, reference), qualifier)
    version = alias.function_version
    if alias.additional:
        version = alias.version_at(random.random())  # noqa: S311 - it shares out, and hides nothing
    function = store.version(key, version)
    if function is None:
        raise reference.not_found()
    return Target(function, qualifier, alias)


def existing(store: LambdaStore, reference: Reference) -> Function:
    """Find the version that a reference means, of a weighted alias its first.

    Raises:
        ResourceNotFound: there is none.
    """
    qualifier = reference.qualifier or LATEST
    function = store.version(reference.key, qualifier)
    if function is None:
        alias = store.aliases.get(reference.key, qualifier)
        if alias is not None:
            function = store.version(reference.key, alias.function_version)
    if function is None:
        raise reference.not_found()
    return function


def version_of(store: LambdaStore, key: BacklogKey) -> Function | None:
    """Find the version that an event was for; None where it is gone."""
    account_id, region, name, qualifier = key
    try:
        return existing(store, Reference(account_id, region, name, qualifier or None))
    except ResourceNotFound:
        return None


def owner_of(store: LambdaStore, reference: Reference) -> Function | Alias:
    """Find what a reference names, an alias as such; the function as its `$LATEST`.

    Raises:
        ResourceNotFound: there is none.
    """
    key, qualifier = reference.key, reference.qualifier or LATEST
    if store.get(key) is None:
        raise replace(reference, qualifier=None).not_found()
    owner = store.aliases.get(key, qualifier) or store.version(key, qualifier)
    if owner is None:
        raise (reference.alias_not_found() if is_alias_name(qualifier) else reference.not_found())
    return owner
