"""Single statements of policies."""

import json

from ingle.services.policy_statements import Statements, is_account

QUEUE = "arn:aws:sqs:us-east-1:000000000000:q"
ONE = {"Sid": "one", "Effect": "Allow", "Principal": "*", "Action": "SQS:*", "Resource": QUEUE}


def statements(*found: object) -> Statements:
    return Statements(json.dumps({"Version": "2008-10-17", "Id": "i", "Statement": list(found)}))


def test_a_statement_is_added_to_those_there_are() -> None:
    policy = statements(ONE)
    policy.allow("two", ["1" * 12], ["SQS:SendMessage"], QUEUE)
    written = json.loads(policy.written())
    assert written == {
        "Version": "2008-10-17",
        "Id": "i",
        "Statement": [
            ONE,
            {
                "Sid": "two",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{'1' * 12}:root"},
                "Action": "SQS:SendMessage",
                "Resource": QUEUE,
            },
        ],
    }


def test_several_accounts_and_actions_are_lists() -> None:
    policy = statements()
    policy.allow("two", ["1" * 12, "2" * 12], ["SNS:Publish", "SNS:Receive"], QUEUE)
    (statement,) = json.loads(policy.written())["Statement"]
    assert len(statement["Principal"]["AWS"]) == 2
    assert statement["Action"] == ["SNS:Publish", "SNS:Receive"]


def test_a_statement_is_found_and_taken_away_by_its_label() -> None:
    policy = Statements(json.dumps({"Version": "2012-10-17", "Statement": ONE}))
    assert "one" in policy
    assert "two" not in policy
    policy.remove("one")
    assert "one" not in policy
    assert policy.written() == ""


def test_an_account_has_twelve_digits() -> None:
    assert is_account("0" * 12)
    assert not is_account("0" * 11)
    assert not is_account("٠" * 12)
