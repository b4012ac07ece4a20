"""Unpacks the images of functions in the background, and tells of it in their states.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html. A function whose image
is being unpacked is `Pending`; one that has an image already goes on with it meanwhile, and its
`LastUpdateStatus` is `InProgress`. What is under way when the server stops goes on with its next
start.
"""

import asyncio
import logging
import uuid
from dataclasses import replace

from ingle.clock import Clock
from ingle.services.lambda_.errors import ResourceConflict
from ingle.services.lambda_.image_model import IN_PROGRESS, FunctionImage
from ingle.services.lambda_.images import ImageRefused, Images
from ingle.services.lambda_.invocations import Invocations
from ingle.services.lambda_.model import ACTIVE, FAILED, PENDING, Function, FunctionKey, package_of
from ingle.services.lambda_.packages import Packages
from ingle.services.lambda_.store import LambdaStore
from ingle.services.locks import KeyedLocks
from ingle.wire.errors import ServiceError

_INVALID, _INTERNAL = "InvalidImage", "InternalError"
logger = logging.getLogger(__name__)


class Intakes:
    """Sees to it that functions get the images that they wait for.

    Args:
        store: where functions are kept.
        images: takes images in.
        packages: keeps what they need.
        invocations: must know when a function changes.
        changing: the lock of each function.
        clock: tells when a function was modified.
    """

    def __init__(
        self,
        store: LambdaStore,
        images: Images,
        packages: Packages,
        invocations: Invocations,
        changing: KeyedLocks[FunctionKey],
        clock: Clock,
    ) -> None:
        self._store = store
        self._images = images
        self._packages = packages
        self._invocations = invocations
        self._changing = changing
        self._clock = clock
        self._group: asyncio.TaskGroup | None = None

    def begin(self, key: FunctionKey) -> None:
        """Begin with the image that a function waits for."""
        if self._group is not None:
            self._group.create_task(self._take_in(key))

    async def keep(self) -> None:
        """Take images in for as long as this runs, first those that are still awaited."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for key in self._store.taking_in():
                self.begin(key)
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                self._group = None  # what begins now, the next start goes on with

    async def _take_in(self, key: FunctionKey) -> None:
        function = self._store.get(key)
        image = None if function is None else function.awaited_image
        if image is None:
            return
        reason = code = ""
        async with self._packages.holding(image.uses()):
            try:
                await self._images.ready(image)
            except ImageRefused as error:
                reason, code = error.message, _INVALID
            except ServiceError as error:
                reason, code = error.message, _INTERNAL
            except Exception:
                logger.exception("The image %s could not be unpacked", image.uri)
                reason, code = "An internal error occurred.", _INTERNAL
            async with self._changing(key):
                now = self._store.get(key)
                if now is None or now.awaited_image != image:
                    return
                if now.state == PENDING:
                    await self._settle(now, reason, code)
                else:
                    await self._conclude(now, image, reason, code)

    async def _settle(self, function: Function, reason: str, code: str) -> None:
        """A function that is being created, and its first version, can be invoked, or never."""
        state = FAILED if code else ACTIVE
        for each in self._store.versions(function.key):
            if each.state == PENDING and each.image == function.image:
                await self._store.settle(
                    replace(each, state=state, state_reason=reason, state_reason_code=code)
                )

    async def _conclude(
        self, function: Function, image: FunctionImage, reason: str, code: str
    ) -> None:
        """A function gets its new image, or keeps the one that it has."""
        update = function.image_update
        assert update is not None
        if code:
            failed = replace(update, status=FAILED, reason=reason, reason_code=code)
            await self._store.replace(replace(function, image_update=failed))
            return
        await self._store.replace(
            replace(
                function,
                image=image,
                package=package_of(image),
                architecture=update.architecture,
                image_update=None,
                revision_id=str(uuid.uuid4()),
                content_id=str(uuid.uuid4()),
                changed=True,
                state=ACTIVE,
                state_reason="",
                state_reason_code="",
            )
        )
        self._invocations.retire(function)
        for name in sorted(function.uses()):
            await self._packages.release(name)


def check_settled(function: Function) -> None:
    """Check that nothing is under way that changes a function.

    Raises:
        ResourceConflict: its image is being unpacked.
    """
    if function.state == PENDING:
        raise ResourceConflict(
            "The operation cannot be performed at this time. The function is currently in the "
            f"following state: {PENDING}"
        )
    check_not_updating(function)


def check_not_updating(function: Function) -> None:
    """Check that no update of a function is under way.

    Raises:
        ResourceConflict: its new image is being unpacked.
    """
    update = function.image_update
    if update is not None and update.status == IN_PROGRESS:
        raise ResourceConflict(
            "The operation cannot be performed at this time. An update is in progress for "
            f"resource: {function.arn}"
        )
