"""Principals by their names, as they are now: for those who ask what one may do."""

import re

from ingle.auth.directory import Directory
from ingle.auth.root import root_user
from ingle.auth.sessions import assumed_role_arn
from ingle.iam.principal import ANONYMOUS, Principal, PrincipalKind, service_principal
from ingle.iam.resources import Resources

_ARN = re.compile(r"arn:aws:(?:iam|sts)::(\d{12}):(root|user|role|assumed-role)(?:/(.+))?")
_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com")


class Principals:
    """Finds principals.

    Args:
        directory: knows users and roles.
        resources: completes their ARNs.
    """

    def __init__(self, directory: Directory, resources: Resources) -> None:
        self._directory = directory
        self._resources = resources

    def find(self, name: str, session_name: str = "session") -> Principal | None:
        """Find who is meant.

        Args:
            name: the ARN of a root user, a user, a role (with or without its path) or a role's
                session; the name of a service; or `*` for nobody in particular.
            session_name: of the session, where a role is named.

        Returns:
            The principal, or None where there is none.
        """
        if name == ANONYMOUS.arn:
            return ANONYMOUS
        if _SERVICE.fullmatch(name):
            return service_principal(name)
        match = _ARN.fullmatch(name)
        if match is None:
            return None
        account_id, kind, rest = match.groups()
        if kind == "root":
            return root_user(account_id) if self._directory.account_exists(account_id) else None
        if rest is None:
            return None
        if kind == "user":
            return self._directory.user(self._resources.full_arn(name))
        if kind == "role":
            return self.of_role(name, session_name)
        role, _, session_name = rest.partition("/")
        return self.of_role(f"arn:aws:iam::{account_id}:role/{role}", session_name)

    def of_role(self, arn: str, session_name: str) -> Principal | None:
        """Make the principal that a session of a role is; None where there is no such role."""
        facts = self._directory.role(self._resources.full_arn(arn))
        if facts is None:
            return None
        return Principal(
            PrincipalKind.ROLE_SESSION,
            assumed_role_arn(facts.arn, session_name),
            facts.arn.split(":")[4],
            f"{facts.unique_id}:{session_name}",
            facts.arn,
            facts.tags,
        )
