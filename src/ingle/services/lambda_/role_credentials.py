"""The credentials that a function has while it runs."""

from ingle.auth.grants import Grant
from ingle.auth.keys import SessionKind
from ingle.auth.sessions import DURATION_S, SessionCredentials, SessionMinter
from ingle.pool.spec import FunctionSpec
from ingle.services.lambda_.roles import ExecutionRoles


def role_credentials(
    spec: FunctionSpec, roles: ExecutionRoles, sessions: SessionMinter, now: float
) -> SessionCredentials:
    """Make credentials of the role of a function that is to run.

    Where nobody is refused, also of one that is not there: they are good for nothing.

    Raises:
        RoleMissing: Lambda cannot assume it.
    """
    function_arn = spec.arn.removesuffix(f":{spec.version}")
    roles.check_assumed(spec.role, function_arn)
    if roles.exists(spec.role):
        return sessions.mint_for_function(spec.role, function_arn, now)
    return sessions.mint(Grant(SessionKind.ROLE, spec.role, "", spec.name), now, DURATION_S)
