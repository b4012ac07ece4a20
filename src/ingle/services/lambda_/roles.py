"""The roles that functions run with: whether Lambda may use them, and what they may do.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from ingle.auth.authorizer import Authorizer
from ingle.auth.directory import Directory
from ingle.auth.sessions import RoleMissing, assumed_role_arn
from ingle.iam.authorize import Policies, authorize
from ingle.iam.principal import Principal, PrincipalKind, service_principal
from ingle.iam.request import AccessRequest
from ingle.services.lambda_.errors import InvalidParameterValue, RoleNotPassed
from ingle.services.lambda_.model import Function
from ingle.wire.service import CallContext

LAMBDA = service_principal("lambda.amazonaws.com")
"""Lambda itself, which assumes the roles of functions."""
_NOT_ASSUMED = "The role defined for the function cannot be assumed by Lambda."


class ExecutionRoles:
    """Knows the roles of functions.

    Args:
        directory: knows which roles there are, and whom they trust.
        authorizer: says what they may do, and whether faults are let pass.
    """

    def __init__(self, directory: Directory, authorizer: Authorizer) -> None:
        self._directory = directory
        self._authorizer = authorizer

    def check_given(self, context: CallContext, role: str, function_arn: str) -> None:
        """Check a role that a function is to have.

        Args:
            context: the call of who gives it.
            role: the role's ARN.
            function_arn: the function's.

        Raises:
            RoleNotPassed: it is another account's.
            ServiceError: the caller may not pass it on to Lambda.
            InvalidParameterValue: there is no such role, or it does not trust Lambda.
        """
        if role.split(":")[4] != function_arn.split(":")[4]:
            error = RoleNotPassed()
            if not self._authorizer.forgives(f"{error.message} It is {role}, for {function_arn}."):
                raise error
            return
        keys = {"iam:passedtoservice": (LAMBDA.arn,), "iam:associatedresourcearn": (function_arn,)}
        self._authorizer.require(context, "iam:PassRole", role, keys)
        if not self.trusts_lambda(role, function_arn) and not self._forgives(role, function_arn):
            raise InvalidParameterValue(_NOT_ASSUMED)

    def check_assumed(self, role: str, function_arn: str) -> None:
        """Check that Lambda may still assume the role of a function that is to run.

        Raises:
            RoleMissing: the role was deleted, or trusts Lambda no more.
        """
        if not self.trusts_lambda(role, function_arn) and not self._forgives(role, function_arn):
            raise RoleMissing

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

    def may_not(self, function: Function, action: str, resource: str) -> str:
        """Say why a function may not do something by its role; "" where it may.

        Args:
            function: a version, which has a role of its own.
            action: for instance `lambda:InvokeFunction`.
            resource: an ARN.
        """
        principal = self.principal(function)
        if principal is None:
            fault = f"there is no role {function.role}"
            return "" if self._authorizer.forgives(fault) else fault
        return self._authorizer.fault_of(self._authorizer.rule(principal, action, resource))

    def principal(self, function: Function) -> Principal | None:
        """Say who a function is by its role; None where there is no such role."""
        facts = self._directory.role(function.role)
        if facts is None:
            return None
        return Principal(
            PrincipalKind.ROLE_SESSION,
            assumed_role_arn(facts.arn, function.name),
            function.account_id,
            f"{facts.unique_id}:{function.name}",
            facts.arn,
            facts.tags,
        )

    def _forgives(self, role: str, function_arn: str) -> bool:
        return self._authorizer.forgives(f"{_NOT_ASSUMED} It is {role}, of {function_arn}.")
