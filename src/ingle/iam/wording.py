"""AWS's words for a refusal.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from ingle.iam.authorize import Decision, Outcome
from ingle.iam.policy import PolicyKind
from ingle.iam.request import AccessRequest


def refusal(request: AccessRequest, decision: Decision) -> str:
    """What AWS tells a caller that may not do what it asks for.

    Args:
        request: what was asked.
        decision: what was decided; not that it is allowed.
    """
    text = (
        f"User: {request.principal.arn} is not authorized to perform: {request.action} "
        f"on resource: {request.resource}"
    )
    assert not decision.allowed
    assert decision.kind is not None
    if decision.outcome is Outcome.EXPLICIT_DENY:
        return f"{text} with an explicit deny in {_article(decision.kind)} {decision.kind}"
    return f"{text} because no {decision.kind} allows the {request.action} action"


def _article(kind: PolicyKind) -> str:
    return "an" if kind is PolicyKind.IDENTITY else "a"
