"""What messages say is encrypted on disk, where their queue says so, as it does by default."""

import base64
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.storage.encryption import KeyRing, SealBroken
from tests.services.sqs.conftest import Sqs

OLD, NEW = bytes(32), bytes([1]) * 32
SECRET = "a-secret-that-nobody-else-may-read"
ATTRIBUTES = {"Who": {"DataType": "Binary", "BinaryValue": SECRET.encode()}}
FORMS = (SECRET.encode(), base64.b64encode(SECRET.encode())[:-4])


def holders(folder: Path) -> list[str]:
    """The files in which what a message says can be found."""
    files = [each for each in folder.rglob("*") if each.is_file()]
    assert any(each.name == "ingle.db" for each in files)
    return [each.name for each in files if any(form in each.read_bytes() for form in FORMS)]


async def columns(sqs: Sqs) -> list[tuple[str, bool, bool]]:
    """Of each message its body, whether it has attributes, and whether it is sealed."""

    async def run(connection: AsyncConnection) -> list[tuple[str, bool, bool]]:
        rows = await connection.execute(
            text("SELECT body, attributes, sealed FROM sqs_messages ORDER BY id")
        )
        return [(each[0], each[1] is not None, each[2] is not None) for each in rows]

    return await sqs.database.read(run)


async def check_received(sqs: Sqs, queue: str, count: int = 1) -> None:
    received = await sqs.receive(queue, VisibilityTimeout=0)
    assert [each["Body"] for each in received] == [SECRET] * count
    assert all(each["MessageAttributes"] == ATTRIBUTES for each in received)


async def test_what_messages_say_is_nowhere_on_disk_in_the_clear(sqs: Sqs, tmp_path: Path) -> None:
    await sqs.make("q")
    await sqs.send("q", SECRET, MessageAttributes=ATTRIBUTES)
    await sqs.restart()
    await check_received(sqs, "q")
    assert holders(tmp_path) == []


async def test_a_queue_without_it_keeps_messages_as_they_are(sqs: Sqs) -> None:
    await sqs.make("q", SqsManagedSseEnabled="false")
    await sqs.send("q", SECRET, MessageAttributes=ATTRIBUTES)
    await sqs.call("SetQueueAttributes", "q", Attributes={"SqsManagedSseEnabled": "TRUE"})
    await sqs.send("q", SECRET, MessageAttributes=ATTRIBUTES)
    assert await columns(sqs) == [(SECRET, True, False), ("", False, True)]
    await check_received(sqs, "q", 2)


async def test_messages_of_before_are_encrypted_at_the_next_start(sqs: Sqs, tmp_path: Path) -> None:
    await sqs.make("q", SqsManagedSseEnabled="false")
    await sqs.send("q", SECRET, MessageAttributes=ATTRIBUTES)
    await sqs.restart()
    assert await columns(sqs) == [(SECRET, True, False)]
    await sqs.call("SetQueueAttributes", "q", Attributes={"SqsManagedSseEnabled": "true"})
    await sqs.restart()
    assert await columns(sqs) == [("", False, True)]
    assert holders(tmp_path) == []
    await check_received(sqs, "q")


async def test_a_new_key_encrypts_all_messages_anew_and_the_old_one_may_go(sqs: Sqs) -> None:
    path = Path("secret.key")
    await sqs.make("q")
    await sqs.send("q", SECRET, MessageAttributes=ATTRIBUTES)
    sqs.keys = KeyRing([OLD, NEW], path)
    await sqs.restart()
    sqs.keys = KeyRing([NEW], path)
    await sqs.restart()
    await check_received(sqs, "q")
    sqs.keys = KeyRing([OLD], path)
    await sqs.service.close()
    with pytest.raises(SealBroken, match=r"which the key file secret\.key does not hold"):
        await sqs.open()


async def test_what_one_message_says_opens_for_no_other(sqs: Sqs) -> None:
    await sqs.make("q")
    for body in ("a", "b"):
        await sqs.send("q", body)

    async def swap(connection: AsyncConnection) -> None:
        await connection.execute(
            text("UPDATE sqs_messages SET sealed = (SELECT max(sealed) FROM sqs_messages)")
        )

    await sqs.database.write(swap)
    await sqs.restart()
    with pytest.raises(SealBroken, match="what is stored was changed, or belongs elsewhere"):
        await sqs.receive("q")
