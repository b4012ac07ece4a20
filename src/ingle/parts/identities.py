"""Who there is, and who may do what."""

from dataclasses import dataclass
from typing import Self

from ingle.auth.authorizer import Authorizer
from ingle.auth.directory import note_use
from ingle.auth.keys import AccessKey
from ingle.auth.root import load_or_create_root_key
from ingle.auth.sessions import SessionMinter
from ingle.auth.sigv4 import Verifier
from ingle.config import Config
from ingle.observe.logs import tell
from ingle.parts.base import Base
from ingle.services.iam.accounts import Accounts
from ingle.services.iam.directory import Directory
from ingle.services.iam.resources import IamResources
from ingle.services.iam.store import IamStore
from ingle.wire.routing import find_service

_DEV_KEY = "test"


@dataclass(frozen=True, slots=True)
class Identities:
    """Who there is, and who may do what.

    Attributes:
        root_key: of the account that the server has from the start.
        store: where identities are kept.
        accounts: all accounts.
        directory: finds identities by their keys and ARNs.
        sessions: makes session tokens.
        verifier: checks signatures.
        authorizer: decides; services are still to tell it of their resources.
    """

    root_key: AccessKey
    store: IamStore
    accounts: Accounts
    directory: Directory
    sessions: SessionMinter
    verifier: Verifier
    authorizer: Authorizer

    @classmethod
    async def open(cls, base: Base) -> Self:
        """Read the identities, and make the root key where there is none."""
        config, clock = base.config, base.clock
        root_key = load_or_create_root_key(base.folder.credentials, config.account_id)
        store = await IamStore.open(base.database, base.keys)
        root_keys = _root_keys(root_key, config)
        accounts = await Accounts.open(
            store, clock, base.folder.credentials, config.account_id, root_keys
        )
        directory = Directory(store, root_keys.get)
        base.ending.push_async_callback(store.uses.write)
        sessions = SessionMinter(base.keys, directory)
        verifier = Verifier(
            directory.access_key, clock, find_service, sessions.find, note_use(directory)
        )
        authorizer = Authorizer(
            directory,
            clock,
            resources={"iam": IamResources(store)},
            enforced=_enforced(config),
            organization=config.organization_id or None,
        )
        return cls(root_key, store, accounts, directory, sessions, verifier, authorizer)


def _root_keys(root_key: AccessKey, config: Config) -> dict[str, AccessKey]:
    keys = {root_key.access_key_id: root_key}
    if config.dev:
        keys[_DEV_KEY] = AccessKey(
            _DEV_KEY,
            _DEV_KEY,
            root_key.principal,
            loopback_only=True,
        )
    return keys


def _enforced(config: Config) -> bool:
    """Whether permissions are enforced; say so where they are not."""
    if config.iam == "audit":
        tell(
            "permissions are not enforced (iam = audit): every signed request is let through, "
            "and what would be denied is logged; `ingle iam explain` tells why",
            config.log_format,
        )
    return config.iam == "enforce"
