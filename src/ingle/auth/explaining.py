"""Why calls were allowed or denied, or would be: what `ingle iam explain` asks the server."""

from collections.abc import Mapping
from typing import Any

from ingle.auth.authorizer import Authorizer
from ingle.auth.context import timestamp
from ingle.auth.keys import Identity
from ingle.auth.verdicts import Call, Ruling, Verdict
from ingle.iam.authorize import Match, Outcome
from ingle.iam.explain import NearMiss, Suggestion, near_misses, suggest
from ingle.iam.wording import refusal
from ingle.wire.errors import ServiceError
from ingle.wire.http import Request

ROUTES = frozenset({"decisions", "explain"})
"""Below Ingle's own prefix. `decisions` tells of calls: `?request=<id>`, or the latest that were
denied, `?denied=<count>`. `explain` tells of what would be: `?principal=…&action=…&resource=…`, and
`&context.<key>=<value>` for condition keys, several values separated by commas."""
_PERMISSION = "iam:SimulatePrincipalPolicy"
_MOST = 100
_CONTEXT = "context."


class Explanations:
    """Tells those who may simulate policies why calls were allowed or denied.

    Args:
        authorizer: has decided.
    """

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    def answer(
        self, route: str, query: Mapping[str, str], identity: Identity, request: Request
    ) -> Mapping[str, Any]:
        """Answer one of `ROUTES`.

        Args:
            route: which.
            query: what was asked.
            identity: who asks; only decisions about callers of its account are told.
            request: the request.

        Raises:
            ServiceError: the caller may not know, or asks for what is not there.
        """
        if route == "explain":
            return self._would_be(query, identity, request)
        self._authorizer.require_of(identity, request, _PERMISSION, "*")
        calls = self._authorizer.calls
        found = calls.of(query["request"]) if "request" in query else list(calls.denied())
        own = [each for each in found if each.verdict.identity.account_id == identity.account_id]
        if "request" in query and not own:
            raise ServiceError(
                f"No decision on a request {query['request']} is kept. The latest "
                "calls are, the denied ones for longer.",
                code="NoSuchRequest",
                status=404,
            )
        limit = _count(query.get("denied", "1")) if "request" not in query else len(own)
        return {"Calls": [_told(each) for each in own[:limit]]}

    def _would_be(
        self, query: Mapping[str, str], identity: Identity, request: Request
    ) -> Mapping[str, Any]:
        for name in ("principal", "action"):
            if not query.get(name):
                raise ServiceError(f"{name} is missing.", code="ValidationError", status=400)
        principal = self._authorizer.principals.find(query["principal"])
        source = query["principal"]
        if principal is not None:
            source = principal.role_arn or principal.arn
        self._authorizer.require_of(identity, request, _PERMISSION, source)
        if principal is None:
            raise ServiceError(
                f"There is no principal {query['principal']}.", code="NoSuchEntity", status=404
            )
        keys = {
            name.removeprefix(_CONTEXT).lower(): tuple(value.split(","))
            for name, value in query.items()
            if name.startswith(_CONTEXT)
        }
        resource = query.get("resource") or "*"
        ruling = self._authorizer.rule(principal, query["action"], resource, keys)
        return {"Decisions": [explained(ruling)]}


def explained(ruling: Ruling) -> Mapping[str, Any]:
    """Write down what was decided on one permission, why, and what would change it."""
    request, decision = ruling.request, ruling.decision
    return {
        "Principal": request.principal.arn,
        "Action": request.action,
        "Resource": request.resource,
        "Decision": decision.outcome.value,
        "Reason": _reason(ruling),
        "Statements": [_matched(match) for match in decision.statements],
        "NearMisses": []
        if decision.allowed
        else [_missed(each) for each in near_misses(request, ruling.policies)],
        "Context": {name: list(values) for name, values in request.keys.items()},
        "Remove": [_matched(match) for match in decision.statements]
        if decision.outcome is Outcome.EXPLICIT_DENY
        else [],
        "Add": [_added(each) for each in suggest(request, decision)],
    }


def _told(call: Call) -> Mapping[str, Any]:
    verdict = call.verdict
    return {
        "RequestId": call.request_id,
        "Time": timestamp(call.at),
        "Operation": _operation(verdict),
        "Allowed": verdict.refusal is None,
        "Enforced": call.enforced,
        "Decisions": [explained(each) for each in verdict.rulings],
    }


def _operation(verdict: Verdict) -> str:
    """What was called; of a permission that a call took besides, the permission."""
    operation = verdict.operation
    return operation if ":" in operation else f"{verdict.identity.service}:{operation}"


def _reason(ruling: Ruling) -> str:
    if not ruling.decision.allowed:
        return refusal(ruling.request, ruling.decision)
    kind = ruling.decision.kind
    if kind is None:
        return "A root user may do everything in its account that no policy denies."
    return f"It is allowed by {'an' if kind.value[0] in 'aeiou' else 'a'} {kind}."


def _matched(match: Match) -> Mapping[str, Any]:
    return {
        "Policy": match.policy.name,
        "Kind": match.kind.value,
        "Number": match.statement.index + 1,
        "Statement": match.statement.source,
    }


def _missed(miss: NearMiss) -> Mapping[str, Any]:
    """A statement that names the action, and what of it does not match."""
    told = {**_matched(miss.match), "Mismatch": miss.mismatch.value}
    return told if miss.condition is None else {**told, "Condition": miss.condition.name}


def _added(suggestion: Suggestion) -> Mapping[str, Any]:
    return {"Kind": suggestion.kind.value, "Statement": suggestion.statement}


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= _MOST):
        raise ServiceError(
            f"denied is a number from 1 to {_MOST}.", code="ValidationError", status=400
        )
    return int(text)
