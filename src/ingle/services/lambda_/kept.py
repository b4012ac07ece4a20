"""What functions have that AWS charges for as long as it is kept."""

from ingle.metering.meter import Kept
from ingle.metering.standing import Kind, StandingKey
from ingle.services.lambda_.model import ACTIVE
from ingle.services.lambda_.names import LATEST
from ingle.services.lambda_.snapstart import has_snapshots
from ingle.services.lambda_.store import LambdaStore


def kept(store: LambdaStore) -> list[Kept]:
    """List it: code of versions, snapshots, and provisioned concurrency.

    What is provisioned for an alias follows it to another version; it is charged for the alias.
    """
    found = []
    for each in store.all_versions():
        if each.package.size:
            key = StandingKey(Kind.CODE, *each.key, each.version)
            found.append(Kept(key, each.architecture, each.package.size))
        if has_snapshots(each) and each.state == ACTIVE:
            key = StandingKey(Kind.SNAPSHOT, *each.key, each.version)
            found.append(Kept(key, each.architecture, each.memory_mb))
    for own in store.concurrency.all():
        if not own.qualifier:
            continue  # reserved concurrency costs nothing
        alias = store.aliases.get(own.key, own.qualifier)
        version = store.version(own.key, alias.function_version if alias else own.qualifier)
        if version is not None and version.version != LATEST:
            key = StandingKey(Kind.PROVISIONED, *own.key, own.qualifier)
            found.append(Kept(key, version.architecture, own.executions * version.memory_mb))
    return found
