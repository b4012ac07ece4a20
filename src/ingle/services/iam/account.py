"""What there is once an account: its alias, its password policy and its summary."""

import dataclasses
from typing import Any

from ingle.services.iam.errors import EntityAlreadyExists, NoSuchEntity
from ingle.services.iam.limits import ACCOUNT, EACH, SIZE
from ingle.services.iam.listing import page
from ingle.services.iam.making import new_account
from ingle.services.iam.model import Account
from ingle.services.iam.operations import Operations
from ingle.wire.service import CallContext, ServiceInput, ServiceOutput

_ALIASES = "aliases"
"""The lock under which aliases are given, which no two accounts share."""

# AWS's values for what UpdateAccountPasswordPolicy does not name.
_PASSWORD_POLICY: dict[str, Any] = {
    "MinimumPasswordLength": 6,
    "RequireSymbols": False,
    "RequireNumbers": False,
    "RequireUppercaseCharacters": False,
    "RequireLowercaseCharacters": False,
    "AllowUsersToChangePassword": False,
}


class AccountOperations(Operations):
    """The operations on the account itself."""

    async def create_account_alias(self, context: CallContext, request: ServiceInput) -> None:
        """Give the account an alias in place of the one that it has."""
        alias = request["AccountAlias"]
        async with self._store.locks(_ALIASES), self._locked(context):
            account = self._account(context)
            for each in self._store.accounts.all():
                if each.alias == alias and each.account_id != context.account_id:
                    raise EntityAlreadyExists(f"The account alias {alias} already exists.")
            await self._store.change(put=[dataclasses.replace(account, alias=alias)])

    async def delete_account_alias(self, context: CallContext, request: ServiceInput) -> None:
        """Take its alias from the account."""
        alias = request["AccountAlias"]
        async with self._locked(context):
            account = self._account(context)
            if account.alias != alias:
                raise NoSuchEntity(f"The account alias with name {alias} cannot be found.")
            await self._store.change(put=[dataclasses.replace(account, alias=None)])

    async def list_account_aliases(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """List the alias of the account, if it has one."""
        alias = self._account(context).alias
        found, standing = page([] if alias is None else [alias], lambda each: each, request)
        return {"AccountAliases": found, **standing}

    async def update_account_password_policy(
        self, context: CallContext, request: ServiceInput
    ) -> None:
        """Say what the passwords of users must be like; what is not named gets AWS's default."""
        policy = _PASSWORD_POLICY | {
            name: value for name, value in request.items() if value is not None
        }
        policy["ExpirePasswords"] = policy.get("MaxPasswordAge", 0) > 0
        async with self._locked(context):
            new = dataclasses.replace(self._account(context), password_policy=policy)
            await self._store.change(put=[new])

    async def get_account_password_policy(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Tell what the passwords of users must be like."""
        policy = self._account(context).password_policy
        if policy is None:
            raise NoSuchEntity(
                f"The Password Policy with domain name {context.account_id} cannot be found."
            )
        return {"PasswordPolicy": policy}

    async def delete_account_password_policy(
        self, context: CallContext, request: ServiceInput
    ) -> None:
        """Go back to AWS's default for passwords."""
        async with self._locked(context):
            account = self._account(context)
            if account.password_policy is None:
                raise NoSuchEntity("The account policy with name PasswordPolicy cannot be found.")
            await self._store.change(put=[dataclasses.replace(account, password_policy=None)])

    async def get_account_summary(
        self, context: CallContext, request: ServiceInput
    ) -> ServiceOutput:
        """Count what the account has, and tell its quotas."""
        store, account_id = self._store, context.account_id
        policies = store.policies.list(account_id)
        devices = store.mfa_devices.list(account_id)
        used = {each.user for each in devices if each.user is not None}
        return {
            "SummaryMap": {
                "Users": store.users.count(account_id),
                "UsersQuota": ACCOUNT.users,
                "Groups": store.groups.count(account_id),
                "GroupsQuota": ACCOUNT.groups,
                "GroupsPerUserQuota": EACH.groups_per_user,
                "Roles": store.roles.count(account_id),
                "RolesQuota": ACCOUNT.roles,
                "Policies": len(policies),
                "PoliciesQuota": ACCOUNT.policies,
                "PolicyVersionsInUse": sum(len(each.versions) for each in policies),
                "PolicyVersionsInUseQuota": ACCOUNT.policy_versions,
                "VersionsPerPolicyQuota": EACH.versions_per_policy,
                "InstanceProfiles": store.instance_profiles.count(account_id),
                "InstanceProfilesQuota": ACCOUNT.instance_profiles,
                "ServerCertificates": store.server_certificates.count(account_id),
                "ServerCertificatesQuota": ACCOUNT.server_certificates,
                "Providers": store.oidc_providers.count(account_id),
                "MFADevices": len(devices),
                "MFADevicesInUse": sum(each.user is not None for each in devices),
                "AccountMFAEnabled": int("" in used),
                # The root user's key pair is the one in the data folder.
                "AccountAccessKeysPresent": 1,
                "AccountPasswordPresent": 0,
                "AccountSigningCertificatesPresent": 0,
                "AccessKeysPerUserQuota": EACH.access_keys_per_user,
                "SigningCertificatesPerUserQuota": EACH.signing_certificates_per_user,
                "AttachedPoliciesPerUserQuota": EACH.attached_per_user,
                "AttachedPoliciesPerGroupQuota": EACH.attached_per_group,
                "AttachedPoliciesPerRoleQuota": EACH.attached_per_role,
                "UserPolicySizeQuota": SIZE.user_inline,
                "GroupPolicySizeQuota": SIZE.group_inline,
                "RolePolicySizeQuota": SIZE.role_inline,
                "PolicySizeQuota": SIZE.policy,
                "AssumeRolePolicySizeQuota": SIZE.trust,
                "GlobalEndpointTokenVersion": 1,
            }
        }

    def _account(self, context: CallContext) -> Account:
        account = self._store.accounts.get(context.account_id, context.account_id)
        return account or new_account(context.account_id, "", self._now_ms())
