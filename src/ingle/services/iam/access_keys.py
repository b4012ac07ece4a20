"""Access keys of users, and of the account's root user."""

import dataclasses
from typing import Any

from ingle.services.iam.errors import AccessDenied, InvalidInput, NoSuchEntity, over_quota
from ingle.services.iam.limits import EACH
from ingle.services.iam.listing import page
from ingle.services.iam.making import new_access_key
from ingle.services.iam.model import UserKey
from ingle.services.iam.operations import Operations, seconds
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_STATUSES = ("Active", "Inactive")


class AccessKeyOperations(Operations):
    """The operations on access keys. Without `UserName` they are about the caller's own.

    The root key pair of the data folder is not among them: it is a file, and the operator's.
    """

    async def create_access_key(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """Make an access key; this answer alone holds its secret."""
        async with self._locked(context):
            user = self._named_or_caller(context, request)
            if len(self._store.access_keys.of(context.account_id, user)) >= (
                EACH.access_keys_per_user
            ):
                raise over_quota("AccessKeysPerUser", EACH.access_keys_per_user)
            key = new_access_key(context.account_id, user, self._now_ms())
            await self._store.change(put=[self._store.secrets.seal(key)])
        return {"AccessKey": {**self._key_answer(key), "SecretAccessKey": key.secret}}

    async def list_access_keys(self, context: CallContext, request: ServiceInput) -> ServiceOutput:
        """List a user's access keys, by id."""
        user = self._named_or_caller(context, request)
        every = sorted(
            self._store.access_keys.of(context.account_id, user), key=lambda each: each.name
        )
        found, standing = page(every, lambda each: each.name, request)
        return {"AccessKeyMetadata": [self._key_answer(each) for each in found], **standing}

    async def get_access_key_last_used(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Tell when, where and for which service an access key of the account was used last."""
        key_id = request["AccessKeyId"]
        key = self._store.access_keys.identified(key_id)
        if key is None or key.account_id != context.account_id:
            raise AccessDenied(
                f"User: {context.principal_arn} is not authorized to perform "
                f"iam:GetAccessKeyLastUsed on resource: access key {key_id}"
            )
        use = self._store.uses.get(key.name)
        if use is None:
            told: dict[str, Any] = {"ServiceName": "N/A", "Region": "N/A"}
        else:
            told = {
                "LastUsedDate": seconds(use.at_ms),
                "ServiceName": use.service,
                "Region": use.region,
            }
        return {"UserName": self._user_name(key), "AccessKeyLastUsed": told}

    async def update_access_key(self, context: CallContext, request: ServiceInput) -> None:
        """Switch an access key on or off, from the next request on."""
        if request["Status"] not in _STATUSES:
            raise InvalidInput(f"The status {request['Status']} cannot be set.")
        async with self._locked(context):
            key = self._key(context, request)
            active = request["Status"] == "Active"
            await self._store.change(put=[dataclasses.replace(key, active=active)])

    async def delete_access_key(self, context: CallContext, request: ServiceInput) -> None:
        """Delete an access key."""
        async with self._locked(context):
            await self._store.change(remove=[self._key(context, request)])

    def _key(self, context: CallContext, request: ServiceInput) -> UserKey:
        user = self._named_or_caller(context, request)
        key = self._store.access_keys.get(context.account_id, request["AccessKeyId"])
        if key is None or key.user != user:
            raise NoSuchEntity(f"The Access Key with id {request['AccessKeyId']} cannot be found.")
        return key

    def _key_answer(self, key: UserKey) -> dict[str, Any]:
        return {
            "UserName": self._user_name(key),
            "AccessKeyId": key.name,
            "Status": "Active" if key.active else "Inactive",
            "CreateDate": seconds(key.created_ms),
        }

    def _user_name(self, key: UserKey) -> str | None:
        user = self._store.users.get(key.account_id, key.user)
        return None if user is None else user.name
