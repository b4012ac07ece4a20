"""What services tell the authorizer of resources that have policies and tags."""

import json

import pytest

from ingle.services import policies_and_tags
from ingle.services.policies_and_tags import CompiledPolicies, tag_keys

ARN = "arn:aws:sqs:us-east-1:000000000000:q"


def policy(action: str) -> str:
    statement = {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": ARN}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_policy_is_the_same_object_until_it_changes() -> None:
    policies = CompiledPolicies()
    first = policies.of(ARN, policy("sqs:SendMessage"))
    assert policies.of(ARN, policy("sqs:SendMessage")) is first
    assert policies.of(ARN, policy("sqs:*")) is not first
    assert policies.of(ARN, policy("sqs:SendMessage")) is not first


def test_only_so_many_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policies_and_tags, "_KEPT", 1)
    policies = CompiledPolicies()
    first = policies.of(ARN, policy("sqs:*"))
    policies.of(f"{ARN}2", policy("sqs:*"))
    assert policies.of(ARN, policy("sqs:*")) is not first


def test_tags_are_condition_keys_in_lower_case() -> None:
    assert tag_keys({"Team": "Red"}) == {"aws:resourcetag/team": ("Red",)}
