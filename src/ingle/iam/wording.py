"""AWS's words for a refusal.

Sources:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    https://aws.amazon.com/blogs/security/enhanced-access-denied-error-messages-with-policy-arns/
"""

from ingle.iam.authorize import Decision, Outcome
from ingle.iam.policy import PolicyKind
from ingle.iam.principal import Principal, PrincipalKind
from ingle.iam.request import AccessRequest

_ARTICLES = {PolicyKind.IDENTITY: "an", PolicyKind.TRUST: "the"}
# Of a resource's policy, which has no ARN, AWS tells the kind only.
_TOLD_BY_ARN = frozenset(
    (PolicyKind.IDENTITY, PolicyKind.BOUNDARY, PolicyKind.SESSION, PolicyKind.ACCOUNT)
)


def refusal(request: AccessRequest, decision: Decision) -> str:
    """What AWS tells a caller that may not do what it asks for.

    Args:
        request: what was asked.
        decision: what was decided; not that it is allowed.
    """
    assert not decision.allowed
    return (
        f"User: {caller(request.principal)} is not authorized to perform: {request.action} "
        f"on resource: {request.resource} {reason(request, decision)}"
    )


def reason(request: AccessRequest, decision: Decision) -> str:
    """Why it may not, for instance `because no identity-based policy allows the … action`."""
    kind = decision.kind
    assert kind is not None
    if decision.outcome is Outcome.IMPLICIT_DENY:
        return f"because no {kind} allows the {request.action} action"
    text = f"with an explicit deny in {_ARTICLES.get(kind, 'a')} {kind}"
    arn = decision.statements[0].policy.name
    is_told = kind in _TOLD_BY_ARN and arn.startswith("arn:")
    # An ARN is told only to those of the account that the resource is in.
    if is_told and request.principal.account_id == request.resource_account:
        return f"{text}: {arn}"
    return text


def caller(principal: Principal) -> str:
    """How AWS names a caller: by its ARN, or as `anonymous`."""
    return "anonymous" if principal.kind is PrincipalKind.ANONYMOUS else principal.arn
