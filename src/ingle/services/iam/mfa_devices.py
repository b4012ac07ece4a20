"""Virtual MFA devices, which make one-time passwords.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa.html
"""

import base64
import dataclasses
import os
from collections.abc import Sequence
from typing import Any

from ingle.services.iam import tags
from ingle.services.iam.errors import (
    DeleteConflict,
    EntityAlreadyExists,
    InvalidAuthenticationCode,
    NoSuchEntity,
    over_quota,
)
from ingle.services.iam.limits import EACH
from ingle.services.iam.listing import page
from ingle.services.iam.model import MfaDevice
from ingle.services.iam.one_time import matching_step
from ingle.services.iam.operations import Operations, seconds
from ingle.services.iam.users import user_answer
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_SEED_BYTES = 40


class MfaDeviceOperations(Operations):
    """The operations on virtual MFA devices and their tags."""

    async def create_virtual_mfa_device(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Make a virtual device; this answer alone holds its seed."""
        name = request.get("Path", "/") + request["VirtualMFADeviceName"]
        seed = base64.b32encode(os.urandom(_SEED_BYTES)).decode("ascii")
        async with self._locked(context):
            if self._store.mfa_devices.get(context.account_id, name) is not None:
                raise EntityAlreadyExists("MFA device already exists.")
            device = MfaDevice(
                account_id=context.account_id,
                name=name,
                seed=seed,
                created_ms=self._now_ms(),
                tags=tags.read(request.get("Tags", ())),
            )
            await self._store.change(put=[self._store.secrets.seal(device)])
        answer: dict[str, Any] = {
            "SerialNumber": device.serial_number,
            "Base32StringSeed": seed.encode(),
        }
        if device.tags:
            answer["Tags"] = tags.answer(device.tags)
        return {"VirtualMFADevice": answer}

    async def delete_virtual_mfa_device(self, context: CallContext, request: ServiceInput) -> None:
        """Delete a virtual device that no user has."""
        async with self._locked(context):
            device = self._device(context, request["SerialNumber"])
            if device.user is not None:
                raise DeleteConflict("MFA VirtualDevice in use. Must deactivate first.")
            await self._store.change(remove=[device])

    async def list_virtual_mfa_devices(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the virtual devices, by name."""
        status = request.get("AssignmentStatus", "Any")
        every = [
            each
            for each in self._store.mfa_devices.list(context.account_id)
            if status == "Any" or (each.user is not None) == (status == "Assigned")
        ]
        found, standing = page(every, lambda each: each.name.lower(), request)
        return {"VirtualMFADevices": [self._virtual_answer(each) for each in found], **standing}

    async def enable_mfa_device(self, context: CallContext, request: ServiceInput) -> None:
        """Give a device to a user, who proves by two passwords in a row to have it."""
        async with self._locked(context):
            user = self._user(context, request["UserName"])
            device = self._device(context, request["SerialNumber"])
            if device.user is not None:
                raise EntityAlreadyExists("MFA Device is already in use.")
            if len(self._devices_of(context, user.name)) >= EACH.mfa_devices_per_user:
                raise over_quota("MFADevicesPerUser", EACH.mfa_devices_per_user)
            self._check_codes(device, request)
            new = dataclasses.replace(device, user=user.name.lower(), enabled_ms=self._now_ms())
            await self._store.change(put=[new])

    async def resync_mfa_device(self, context: CallContext, request: ServiceInput) -> None:
        """Check two passwords in a row of a user's device, whose clock may be off."""
        user = self._user(context, request["UserName"])
        self._check_codes(self._device(context, request["SerialNumber"], user.name), request)

    async def deactivate_mfa_device(self, context: CallContext, request: ServiceInput) -> None:
        """Take a device from its user."""
        async with self._locked(context):
            user = self._named_or_caller(context, request)
            device = self._device(context, request["SerialNumber"], user)
            new = dataclasses.replace(device, user=None, enabled_ms=None)
            await self._store.change(put=[new])

    async def list_mfa_devices(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List the devices of a user, by name; without `UserName`, the caller's own."""
        user = self._named_or_caller(context, request)
        found, standing = page(
            self._devices_of(context, user), lambda each: each.name.lower(), request
        )
        return {"MFADevices": [self._device_answer(each) for each in found], **standing}

    async def get_mfa_device(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Tell of a user's device."""
        name = request.get("UserName")
        user = None if name is None else self._user(context, name).name
        return self._device_answer(self._device(context, request["SerialNumber"], user))

    async def tag_mfa_device(self, context: CallContext, request: ServiceInput) -> None:
        """Add tags to a device."""
        async with self._locked(context):
            device = self._device(context, request["SerialNumber"])
            new = tags.merged(device.tags, request["Tags"])
            await self._store.change(put=[dataclasses.replace(device, tags=new)])

    async def untag_mfa_device(self, context: CallContext, request: ServiceInput) -> None:
        """Take tags from a device."""
        async with self._locked(context):
            device = self._device(context, request["SerialNumber"])
            left = tags.without(device.tags, request["TagKeys"])
            await self._store.change(put=[dataclasses.replace(device, tags=left)])

    async def list_mfa_device_tags(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the tags of a device."""
        return tags.listed(self._device(context, request["SerialNumber"]).tags, request)

    def _device(
        self, context: CallContext, serial_number: str, user: str | None = None
    ) -> MfaDevice:
        """Find a device; with a user, only if it is that user's."""
        name = serial_number.partition(":mfa")[2]
        device = self._store.mfa_devices.get(context.account_id, name)
        if (
            device is None
            or device.serial_number != serial_number
            or (user is not None and device.user != user.lower())
        ):
            raise NoSuchEntity(f"MFA Device with serial number {serial_number} does not exist.")
        return device

    def _devices_of(self, context: CallContext, user: str) -> list[MfaDevice]:
        every = self._store.mfa_devices.list(context.account_id)
        return [each for each in every if each.user == user.lower()]

    def _check_codes(self, device: MfaDevice, request: ServiceInput) -> None:
        codes = request["AuthenticationCode1"], request["AuthenticationCode2"]
        if not are_consecutive(self._store.secrets.open(device), codes, self._clock.time()):
            raise InvalidAuthenticationCode("Authentication code for device is not valid.")

    def _device_answer(self, device: MfaDevice) -> dict[str, Any]:
        user = self._store.users.get(device.account_id, device.user or "")
        return {
            "UserName": None if user is None else user.name,
            "SerialNumber": device.serial_number,
            "EnableDate": None if device.enabled_ms is None else seconds(device.enabled_ms),
        }

    def _virtual_answer(self, device: MfaDevice) -> dict[str, Any]:
        user = self._store.users.get(device.account_id, device.user or "")
        return {
            "SerialNumber": device.serial_number,
            "User": None if user is None else user_answer(user),
            "EnableDate": None if device.enabled_ms is None else seconds(device.enabled_ms),
        }


def are_consecutive(seed: str, codes: Sequence[str], now: float) -> bool:
    """Say whether two one-time passwords follow one another, at about this time.

    Args:
        seed: the device's, in Base32.
        codes: the two passwords, the earlier first.
        now: in seconds since the epoch.
    """
    first, second = (matching_step(seed, code, now) for code in codes)
    return first is not None and second == first + 1
