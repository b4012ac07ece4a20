"""Instance profiles."""

import dataclasses

from ingle.services.iam import tags
from ingle.services.iam.errors import EntityAlreadyExists, NoSuchEntity, in_use, over_quota
from ingle.services.iam.ids import Prefix, new_id
from ingle.services.iam.limits import ACCOUNT, EACH
from ingle.services.iam.listing import below, page
from ingle.services.iam.model import InstanceProfile
from ingle.services.iam.operations import Operations
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput


class InstanceProfileOperations(Operations):
    """The operations on instance profiles, their role and their tags."""

    async def create_instance_profile(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Make an instance profile."""
        name = request["InstanceProfileName"]
        async with self._locked(context):
            if self._store.instance_profiles.get(context.account_id, name) is not None:
                raise EntityAlreadyExists(f"Instance Profile {name} already exists.")
            if self._store.instance_profiles.count(context.account_id) >= (
                ACCOUNT.instance_profiles
            ):
                raise over_quota("InstanceProfilesPerAccount", ACCOUNT.instance_profiles)
            profile = InstanceProfile(
                account_id=context.account_id,
                name=name,
                unique_id=new_id(Prefix.INSTANCE_PROFILE),
                path=request.get("Path", "/"),
                created_ms=self._now_ms(),
                tags=tags.read(request.get("Tags", ())),
            )
            await self._store.change(put=[profile])
        answer = self._profile_answer(profile)
        if profile.tags:
            answer["Tags"] = tags.answer(profile.tags)
        return {"InstanceProfile": answer}

    async def get_instance_profile(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Tell of an instance profile."""
        profile = self._profile(context, request)
        answer = {**self._profile_answer(profile), "Tags": tags.answer(profile.tags)}
        return {"InstanceProfile": answer}

    async def delete_instance_profile(self, context: CallContext, request: ServiceInput) -> None:
        """Delete an instance profile that has no role."""
        async with self._locked(context):
            profile = self._profile(context, request)
            if profile.role is not None:
                raise in_use("remove roles from instance profile")
            await self._store.change(remove=[profile])

    async def list_instance_profiles(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the instance profiles, by name."""
        every = self._store.instance_profiles.list(context.account_id)
        return self._listed(list(below(every, lambda each: each.path, request)), request)

    async def list_instance_profiles_for_role(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the instance profiles that have a role, by name."""
        role = self._role(context, request["RoleName"])
        every = self._store.instance_profiles.list(context.account_id)
        return self._listed([each for each in every if each.role == role.name.lower()], request)

    async def add_role_to_instance_profile(
        self, context: CallContext, request: ServiceInput
    ) -> None:
        """Give an instance profile its role."""
        async with self._locked(context):
            profile = self._profile(context, request)
            role = self._own_role(context, request["RoleName"])
            if profile.role is not None:
                limit = EACH.roles_per_instance_profile
                raise over_quota("InstanceSessionsPerInstanceProfile", limit)
            new = dataclasses.replace(profile, role=role.name.lower())
            await self._store.change(put=[new])

    async def remove_role_from_instance_profile(
        self, context: CallContext, request: ServiceInput
    ) -> None:
        """Take its role from an instance profile."""
        async with self._locked(context):
            profile = self._profile(context, request)
            role = self._own_role(context, request["RoleName"])
            if profile.role != role.name.lower():
                raise NoSuchEntity(
                    f"Role {role.name} in Instance Profile {profile.name} cannot be found."
                )
            await self._store.change(put=[dataclasses.replace(profile, role=None)])

    async def tag_instance_profile(self, context: CallContext, request: ServiceInput) -> None:
        """Add tags to an instance profile."""
        async with self._locked(context):
            profile = self._profile(context, request)
            new = tags.merged(profile.tags, request["Tags"])
            await self._store.change(put=[dataclasses.replace(profile, tags=new)])

    async def untag_instance_profile(self, context: CallContext, request: ServiceInput) -> None:
        """Take tags from an instance profile."""
        async with self._locked(context):
            profile = self._profile(context, request)
            left = tags.without(profile.tags, request["TagKeys"])
            await self._store.change(put=[dataclasses.replace(profile, tags=left)])

    async def list_instance_profile_tags(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the tags of an instance profile."""
        return tags.listed(self._profile(context, request).tags, request)

    def _profile(self, context: CallContext, request: ServiceInput) -> InstanceProfile:
        name = request["InstanceProfileName"]
        profile = self._store.instance_profiles.get(context.account_id, name)
        if profile is None:
            raise NoSuchEntity(f"Instance Profile {name} cannot be found.")
        return profile

    def _listed(self, every: list[InstanceProfile], request: ServiceInput) -> ServiceOutput:
        found, standing = page(every, lambda each: each.name.lower(), request)
        return {"InstanceProfiles": [self._profile_answer(each) for each in found], **standing}
