"""Signs messages, so that those who get them can tell that they are from here.

Source: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

import asyncio
import hashlib
import importlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.clock import Clock
from ingle.services.sns import tables
from ingle.storage.database import Database
from ingle.storage.encryption import KeyRing

if TYPE_CHECKING:
    from ingle.services.sns.signing_key import SigningKey

_BOUND_TO = "signing key of Amazon SNS"
_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_AT_ONCE = 3
"""A signature takes 0.2 ms, less than the way to another thread and back where many are busy."""


class Signer:
    """Signs with a key of its own, which `prepare` makes.

    Signing itself never writes, because it is also done within transactions, where a write would
    wait for itself.

    Args:
        database: where the key is.
        keys: what it is encrypted with there.
        clock: the time of day.
    """

    def __init__(self, database: Database, keys: KeyRing, clock: Clock) -> None:
        self._database = database
        self._box = keys.box("topics")
        self._clock = clock
        self._key: SigningKey | None = None
        self._pem = ""
        self._making = asyncio.Lock()

    async def prepare(self) -> None:
        """Have a key at hand: to be called before there is a topic, never within a transaction."""
        async with self._making:
            if self._key is None and not await self._load():
                await self._make()

    async def load(self) -> None:
        """Have the key at hand, if one was ever made."""
        async with self._making:
            if self._key is None:
                await self._load()

    def certificate(self) -> tuple[str, str] | None:
        """The file name of the certificate, and the certificate in PEM; None without a key."""
        if self._key is None:
            return None
        digest = hashlib.sha256(self._pem.encode()).hexdigest()[:32]
        return f"SimpleNotificationService-{digest}.pem", self._pem

    async def sign(self, messages: Sequence[Mapping[str, str]], version: str) -> list[str]:
        """Sign messages.

        Args:
            messages: their members, of which `Type` says which are signed.
            version: `1` or `2`.

        Returns:
            A signature each, in Base64.

        Raises:
            RuntimeError: there is no key yet, for want of `prepare`.
        """
        key = self._key
        if key is None:
            raise RuntimeError("Nothing can be signed before there is a key.")
        texts = [canonical(each) for each in messages]
        if len(messages) <= _AT_ONCE:
            return key.sign(texts, version)
        return await asyncio.to_thread(key.sign, texts, version)

    async def _load(self) -> bool:
        async def read(connection: AsyncConnection) -> tuple[bytes, str] | None:
            row = (await connection.execute(select(tables.signing_keys))).first()
            return None if row is None else (row.sealed, row.certificate)

        found = await self._database.read(read)
        if found is None:
            return False
        await self._take(self._box.open(found[0], _BOUND_TO), found[1])
        return True

    async def _make(self) -> None:
        crypto = await _crypto()
        pem, certificate = await asyncio.to_thread(crypto.make, self._clock.time())
        values = {"sealed": self._box.seal(pem, _BOUND_TO), "certificate": certificate}

        async def write(connection: AsyncConnection) -> None:
            await connection.execute(insert(tables.signing_keys).values(values))

        await self._database.write(write)
        await self._take(pem, certificate)

    async def _take(self, pem: bytes, certificate: str) -> None:
        crypto = await _crypto()
        self._pem, self._key = certificate, crypto.SigningKey(pem)


async def _crypto() -> Any:
    """Load what makes keys and signs, in a thread: it takes long, and needs topics to be of use."""
    return await asyncio.to_thread(importlib.import_module, "ingle.services.sns.signing_key")


def canonical(message: Mapping[str, str]) -> bytes:
    """What of a message is signed: names and values, a line each, as far as they are there."""
    names = _NOTIFICATION if message["Type"] == "Notification" else _CONFIRMATION
    parts = [f"{name}\n{message[name]}\n" for name in names if message.get(name) is not None]
    return "".join(parts).encode(errors="surrogatepass")
