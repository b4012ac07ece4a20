"""The roles that functions run with: who may give one to a function, and whether Lambda may use it.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from collections.abc import Callable

from ingle.auth.directory import Directory
from ingle.iam.authorize import Policies, authorize
from ingle.iam.principal import service_principal
from ingle.iam.request import AccessRequest
from ingle.services.lambda_.errors import InvalidParameterValue, RoleUnusable
from ingle.wire.errors import ServiceError
from ingle.wire.service import CallContext

LAMBDA = service_principal("lambda.amazonaws.com")
"""Lambda itself, which assumes the roles of functions."""
_NOT_ASSUMED = "The role defined for the function cannot be assumed by Lambda."


class ExecutionRoles:
    """Checks the roles of functions.

    Args:
        directory: knows which roles there are, and whom they trust.
        authority: says who may pass them on.
        forgiving: asked with the text of each fault; where it says True, the fault is let pass.
    """

    def __init__(
        self, directory: Directory, authority: "Authority", forgiving: Callable[[str], bool]
    ) -> None:
        self._directory = directory
        self._authority = authority
        self._forgiving = forgiving

    def check_passed(self, context: CallContext, function_arn: str, role: str) -> None:
        """Check that a caller may give a function a role, and that Lambda may assume it.

        Args:
            context: who calls.
            function_arn: the function that is to have it, of the caller's account.
            role: the role's ARN.

        Raises:
            AccessDenied: the caller may not pass the role on, or it is another account's.
            InvalidParameterValue: there is no such role, or it does not trust Lambda.
        """
        account_id = role.split(":")[4]
        if account_id != context.account_id:
            text = "Cross-account pass role is not allowed."
            if not self._forgiving(text):
                raise ServiceError(text, code="AccessDeniedException", status=403)
            return
        keys = {"iam:passedtoservice": (LAMBDA.arn,)}
        self._authority.check(context, "iam:PassRole", role, keys)
        if not self.trusts_lambda(role, function_arn) and not self._forgives(role):
            raise InvalidParameterValue(_NOT_ASSUMED)

    def check_assumed(self, role: str, function_arn: str) -> None:
        """Check that Lambda may still assume the role of a function that is to run.

        Raises:
            RoleUnusable: the role was deleted, or trusts Lambda no more.
        """
        if not self.trusts_lambda(role, function_arn) and not self._forgives(role):
            raise RoleUnusable(_NOT_ASSUMED)

    def exists(self, role: str) -> bool:
        """Say whether there is such a role."""
        return self._directory.role(role) is not None

    def trusts_lambda(self, role: str, function_arn: str) -> bool:
        """Say whether there is such a role, and Lambda may assume it for this function."""
        facts = self._directory.role(role)
        if facts is None:
            return False
        keys = {
            "aws:sourcearn": (function_arn,),
            "aws:sourceaccount": (function_arn.split(":")[4],),
        }
        request = AccessRequest(LAMBDA, "sts:AssumeRole", facts.arn, facts.arn.split(":")[4], keys)
        return authorize(request, Policies(resource=facts.trust)).allowed

    def _forgives(self, role: str) -> bool:
        return self._forgiving(f"{_NOT_ASSUMED} It is {role}.")
