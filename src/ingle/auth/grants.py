"""What a session token says: whose the credentials are, and within which bounds.

A grant is what was decided when the credentials were given out. What may change afterwards, such as
the role's policies and tags, is not in it: that is looked up at each use.
"""

import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import orjson

from ingle.auth.keys import SessionKind

_NOTHING: Mapping[str, str] = MappingProxyType({})
SECRET_BYTES = 30
# The format, the kind, the secret, from when to when, and how long what follows is: whose they are.
_HEAD = struct.Struct(f"<BB{SECRET_BYTES}sddH")
_PLAIN, _PACKED = 1, 2
_KINDS = tuple(SessionKind)
# Below this, packing costs more than it saves.
_WORTH_PACKING = 512
_MOST = 0xFFFF


_FORMS: dict[int, Callable[[bytes], bytes]] = {_PLAIN: bytes, _PACKED: zlib.decompress}


class GrantTooLarge(ValueError):
    """What was asked for does not fit into a session token."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Whose temporary credentials are, and within which bounds.

    Attributes:
        kind: the operation that gave them out.
        holder_arn: the role with its path, or for a session of a user, and for a federated user,
            the ARN of the user or root user whom it comes from.
        holder_id: `AROA…`, `AIDA…`, or the number of a root user's account: whoever gets the name
            later is somebody else.
        name: the role session's or the federated user's; "" for a session of a user.
        policy: the inline session policy, JSON; None where there is none.
        policy_arns: the managed policies that are session policies.
        tags: the session tags.
        transitive_tags: the names of those that stay when the next role is assumed.
        source_identity: who is behind it, as set when the first role was assumed; None if unset.
        federated_provider: the ARN of the OIDC provider that vouched, or None.
        context: further condition keys, in lower case.
        mfa_at: when the user proved a second factor, in seconds since the epoch; None if not.
    """

    kind: SessionKind
    holder_arn: str
    holder_id: str
    name: str = ""
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    transitive_tags: frozenset[str] = frozenset()
    source_identity: str | None = None
    federated_provider: str | None = None
    context: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    mfa_at: float | None = None

    @property
    def account_id(self) -> str:
        """The account that the credentials are of, twelve digits."""
        return self.holder_arn.split(":", 5)[4]


@dataclass(frozen=True, slots=True)
class Note:
    """What is sealed in a token.

    Attributes:
        grant: whose the credentials are.
        secret: of the secret key, 30 bytes.
        issued_at: from when on, in seconds since the epoch.
        expires_at: until when, likewise.
    """

    grant: Grant
    secret: bytes = field(repr=False)
    issued_at: float
    expires_at: float

    def pack(self, least: int = 0) -> bytes:
        """Write it down, and fill it up to this many bytes.

        Raises:
            GrantTooLarge: it is longer than anything can be that fits into a token.
        """
        grant = self.grant
        facts: dict[str, Any] = {"a": grant.holder_arn, "i": grant.holder_id}
        for key, value in (
            ("n", grant.name),
            ("p", grant.policy),
            ("m", grant.policy_arns),
            ("t", grant.tags),
            ("r", sorted(grant.transitive_tags)),
            ("s", grant.source_identity),
            ("f", grant.federated_provider),
            ("c", grant.context),
            ("x", grant.mfa_at),
        ):
            if value:
                facts[key] = dict(value) if isinstance(value, Mapping) else value
        body, form = orjson.dumps(facts), _PLAIN
        if len(body) > _WORTH_PACKING:
            body, form = zlib.compress(body), _PACKED
        if len(body) > _MOST:
            raise GrantTooLarge
        kind = _KINDS.index(grant.kind)
        head = _HEAD.pack(form, kind, self.secret, self.issued_at, self.expires_at, len(body))
        return (head + body).ljust(least, b"\0")

    @classmethod
    def unpack(cls, note: bytes) -> "Note":
        """Read what `pack` wrote.

        Raises:
            ValueError: it is of another version of Ingle.
        """
        try:
            form, kind, secret, issued_at, expires_at, length = _HEAD.unpack_from(note)
            body = note[_HEAD.size : _HEAD.size + length]
            facts = orjson.loads(_FORMS[form](body))
            grant = Grant(
                _KINDS[kind],
                facts["a"],
                facts["i"],
                facts.get("n", ""),
                facts.get("p"),
                tuple(facts.get("m", ())),
                MappingProxyType(facts.get("t", {})),
                frozenset(facts.get("r", ())),
                facts.get("s"),
                facts.get("f"),
                MappingProxyType(facts.get("c", {})),
                facts.get("x"),
            )
        except (struct.error, zlib.error, LookupError, ValueError) as error:
            raise ValueError("a session token of another version") from error
        return cls(grant, secret, issued_at, expires_at)


def packed_size(policy: str | None, policy_arns: tuple[str, ...], tags: Mapping[str, str]) -> int:
    """Say how many bytes session policies and tags take in a token."""
    if not (policy or policy_arns or tags):
        return 0
    return len(zlib.compress(orjson.dumps([policy, policy_arns, dict(tags)]), 9))
