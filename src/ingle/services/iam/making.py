"""Makes new nouns, with all that AWS gives them; `IamStore.change` keeps them."""

from collections.abc import Mapping

from ingle.services.iam.ids import Prefix, new_access_key_id, new_id, new_secret
from ingle.services.iam.model import (
    Account,
    Group,
    ManagedPolicy,
    PolicyVersion,
    Role,
    User,
    UserKey,
)


def new_account(account_id: str, title: str, now_ms: int) -> Account:
    """Make an account.

    Args:
        account_id: twelve digits that no other account has.
        title: what it is called, or "".
        now_ms: the time, in milliseconds since the epoch.
    """
    return Account(account_id=account_id, name=account_id, title=title, created_ms=now_ms)


def new_user(
    account_id: str,
    name: str,
    now_ms: int,
    *,
    path: str = "/",
    boundary: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> User:
    """Make a user, whose name is free."""
    return User(
        account_id=account_id,
        name=name,
        unique_id=new_id(Prefix.USER),
        path=path,
        created_ms=now_ms,
        boundary=boundary,
        tags=tags or {},
    )


def new_access_key(account_id: str, user: str, now_ms: int) -> UserKey:
    """Make an access key whose secret is in the clear; `Secrets.seal` makes it fit to be kept.

    Args:
        account_id: the account.
        user: the user's name; "" for the account's root user.
        now_ms: the time, in milliseconds since the epoch.
    """
    return UserKey(
        account_id=account_id,
        name=new_access_key_id(),
        user=user.lower(),
        secret=new_secret(),
        active=True,
        created_ms=now_ms,
    )


def new_group(account_id: str, name: str, now_ms: int, *, path: str = "/") -> Group:
    """Make a group, whose name is free."""
    return Group(
        account_id=account_id,
        name=name,
        unique_id=new_id(Prefix.GROUP),
        path=path,
        created_ms=now_ms,
    )


def new_role(
    account_id: str,
    name: str,
    trust: str,
    now_ms: int,
    *,
    path: str = "/",
    description: str | None = None,
    max_session_s: int = 3600,
    boundary: str | None = None,
    tags: Mapping[str, str] | None = None,
    attached: tuple[str, ...] = (),
) -> Role:
    """Make a role, whose name is free.

    Args:
        account_id: the account.
        name: its name.
        trust: who may assume it, as `Trust.kept` returns it.
        now_ms: the time, in milliseconds since the epoch.
        path: begins and ends with a slash.
        description: free text.
        max_session_s: how long a session may last at most, in seconds.
        boundary: the ARN of its permissions boundary.
        tags: its tags.
        attached: the ARNs of managed policies, which there are.
    """
    return Role(
        account_id=account_id,
        name=name,
        unique_id=new_id(Prefix.ROLE),
        path=path,
        created_ms=now_ms,
        attached=attached,
        trust=trust,
        description=description,
        max_session_s=max_session_s,
        boundary=boundary,
        tags=tags or {},
    )


def new_policy(
    account_id: str,
    name: str,
    document: str,
    now_ms: int,
    *,
    path: str = "/",
    description: str | None = None,
    tags: Mapping[str, str] | None = None,
) -> ManagedPolicy:
    """Make a managed policy, whose name is free and whose document is valid."""
    return ManagedPolicy(
        account_id=account_id,
        name=name,
        unique_id=new_id(Prefix.POLICY),
        path=path,
        description=description,
        default=1,
        last=1,
        versions=(PolicyVersion(1, document, now_ms),),
        created_ms=now_ms,
        updated_ms=now_ms,
        tags=tags or {},
    )
