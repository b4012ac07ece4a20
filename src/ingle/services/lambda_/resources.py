"""What decides who may use functions and layers: their resource-based policies, and their tags.

Sources: https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html,
https://docs.aws.amazon.com/lambda/latest/dg/attribute-based-access-control.html
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ingle.iam.grammar import listed
from ingle.iam.policy import Policy, PolicyKind
from ingle.iam.request import Values
from ingle.iam.resources import Resources
from ingle.services.lambda_.attachments import Attachments
from ingle.services.lambda_.model import FunctionKey, LayerKey
from ingle.services.lambda_.names import LATEST
from ingle.services.lambda_.policy_documents import HEAD
from ingle.services.lambda_.principals import Principals
from ingle.services.lambda_.store import LambdaStore

_FUNCTION = re.compile(
    r"arn:aws[a-zA-Z-]*:lambda:([^:]+):(\d{12}):function:([^:]+)(?::([^:]+))?", re.ASCII
)
_LAYER = re.compile(r"arn:aws[a-zA-Z-]*:lambda:([^:]+):(\d{12}):layer:([^:]+):([0-9]+)", re.ASCII)
# AddPermission takes the number of an account, and policies show this.
_ROOT = re.compile(r"arn:aws[a-zA-Z-]*:iam::(\d{12}):root", re.ASCII)
_TAG = "aws:resourcetag/"
_REMOVE = "lambda:RemovePermission"
_OF_URLS = frozenset(f"lambda:{verb}FunctionUrlConfig" for verb in ("Delete", "Get", "Update"))
_URL_AUTH_TYPE = "lambda:functionurlauthtype"
_KEPT = 4096


class LambdaResources(Resources):
    """Tells of functions, their versions and aliases, and of versions of layers.

    Args:
        store: where they are kept.
        principals: says whom policies mean.
        attachments: know which VPC a subnet is of.
    """

    def __init__(
        self, store: LambdaStore, principals: Principals, attachments: Attachments
    ) -> None:
        self._store = store
        self._principals = principals
        self._attachments = attachments
        # By ARN: what it was compiled of, and the result.
        self._compiled: dict[str, tuple[int, tuple[object, ...], Policy]] = {}

    @property
    def changes(self) -> int:
        """A number that grows with every change of policies and tags."""
        return self._store.changes + self._store.layers.changes

    def policy(self, action: str, arn: str) -> Policy | None:
        """Return the policy that an action is subject to; None where there is none.

        What is qualified is subject to its own policy and to that of the function, whose statements
        may be about `…:function:name:*`. That a statement is about the resource, the decision looks
        at.

        Args:
            action: for instance `lambda:InvokeFunction`.
            arn: of a function, a version, an alias or a version of a layer; others have no policy.
        """
        function = _FUNCTION.fullmatch(arn)
        if function is not None:
            region, account_id, name, qualifier = function.groups()
            return self._of_function(arn, (account_id, region, name), qualifier)
        layer = _LAYER.fullmatch(arn)
        if layer is not None:
            region, account_id, name, number = layer.groups()
            return self._of_layer(arn, (account_id, region, name), int(number))
        return None

    def keys(self, arn: str) -> Mapping[str, Values]:
        """Return the tags of a function as condition keys; a version has those of its function."""
        match = _FUNCTION.fullmatch(arn)
        if match is None:
            return {}
        region, account_id, name, _ = match.groups()
        function = self._store.get((account_id, region, name))
        tags = {} if function is None else function.tags
        return {f"{_TAG}{name.lower()}": (value,) for name, value in tags.items()}

    def keys_of_call(
        self, action: str, arn: str, params: Mapping[str, Any]
    ) -> Mapping[str, Values]:
        """Return the VPCs that a call names, or what its statement or function URL is like.

        So a policy that bounds which statements somebody may add bounds which may be removed, too.
        """
        if "VpcConfig" in params:
            vpcs = self._attachments.vpcs_of(params["VpcConfig"])
            return {"lambda:vpcids": vpcs} if vpcs else {}
        if action != _REMOVE and action not in _OF_URLS:
            return {}
        match = _FUNCTION.fullmatch(arn)
        if match is None:
            return {}
        region, account_id, name, qualifier = match.groups()
        key, kept = (account_id, region, name), "" if qualifier in (None, LATEST) else qualifier
        if action in _OF_URLS:
            url = self._store.urls.get(key, kept)
            return {} if url is None else {_URL_AUTH_TYPE: (url.auth_type,)}
        policy = self._store.policies.get(key, kept)
        for each in () if policy is None else self._principals.shown(policy.statements):
            if each.get("Sid") == params.get("StatementId"):
                return _keys_of_statement(each)
        return {}

    def _of_function(self, arn: str, key: FunctionKey, qualifier: str | None) -> Policy | None:
        policies = self._store.policies
        qualifiers = ("",) if qualifier in (None, LATEST) else (qualifier or "", "")
        found = tuple(each for each in (policies.get(key, q) for q in qualifiers) if each)
        shown = self._principals.shown
        return self._cached(
            arn, found, lambda: [_document(shown(each.statements), each.head) for each in found]
        )

    def _of_layer(self, arn: str, key: LayerKey, number: int) -> Policy | None:
        version = self._store.layers.get(key, number)
        if version is None or not version.statements:
            return None
        statements = version.statements
        return self._cached(arn, (statements,), lambda: [_document(statements, HEAD)])

    def _cached(
        self, arn: str, source: tuple[object, ...], documents: Callable[[], list[dict[str, Any]]]
    ) -> Policy | None:
        if not source:
            return None
        known, generation = self._compiled.get(arn), self._principals.generation
        same = known is not None and list(map(id, known[1])) == list(map(id, source))
        if known is not None and same and known[0] == generation:
            return known[2]
        policy = _joined(arn, documents())
        if len(self._compiled) >= _KEPT:
            self._compiled.clear()
        self._compiled[arn] = (generation, source, policy)
        return policy


def _keys_of_statement(statement: Mapping[str, Any]) -> dict[str, Values]:
    """The condition keys of RemovePermission: what AddPermission was given."""
    named = statement.get("Principal")
    principals = (
        [each for names in named.values() for each in listed(names)]
        if isinstance(named, Mapping)
        else listed(named)
    )
    found: dict[str, Values] = {
        "lambda:principal": tuple(_ROOT.sub(r"\1", str(each)) for each in principals)
    }
    for members in statement.get("Condition", {}).values():
        for name, value in members.items():
            if name.lower() == _URL_AUTH_TYPE:
                found[_URL_AUTH_TYPE] = tuple(map(str, listed(value)))
    return found


def _document(statements: Sequence[Mapping[str, Any]], head: Mapping[str, str]) -> dict[str, Any]:
    return {**head, "Statement": list(statements)}


def _joined(arn: str, documents: list[dict[str, Any]]) -> Policy:
    """Compile several documents into one policy; each keeps the meaning of its own version."""
    parts = [Policy.parse(each, PolicyKind.RESOURCE, arn) for each in documents]
    if len(parts) == 1:
        return parts[0]
    statements = [statement for part in parts for statement in part.statements]
    return Policy(
        arn,
        PolicyKind.RESOURCE,
        tuple(replace(statement, index=index) for index, statement in enumerate(statements)),
        tuple(dict.fromkeys(key for part in parts for key in part.context_keys)),
        {"Statement": [each for document in documents for each in document["Statement"]]},
    )
