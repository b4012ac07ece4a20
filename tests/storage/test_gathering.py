"""How long a commit waits for those who are about to come."""

import asyncio

from ingle.storage.gathering import Gathering


async def test_the_first_one_is_not_held_up() -> None:
    waiting = [1]
    gathering = Gathering(waiting)
    gathering.came()
    await gathering.complete()


async def test_as_many_are_waited_for_as_came_the_last_time() -> None:
    waiting = [1]
    gathering = Gathering(waiting)
    gathering.taken(3)
    complete = asyncio.create_task(gathering.complete())
    await asyncio.sleep(0)
    waiting.append(2)
    gathering.came()
    await asyncio.sleep(0)
    assert not complete.done()
    waiting.append(3)
    gathering.came()
    await complete


async def test_nobody_waits_for_ever_for_those_who_do_not_come() -> None:
    gathering = Gathering([1])
    gathering.taken(100)
    await gathering.complete()
