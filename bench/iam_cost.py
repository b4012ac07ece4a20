"""What a decision about permissions costs, in microseconds: `python -m bench.iam_cost`.

The decisions are fresh: what a server keeps of earlier ones has no part in them. The policies are
compiled, as a server has them.
"""

import statistics
import time
from typing import Any

from ingle.iam.authorize import Outcome, Policies, authorize
from ingle.iam.policy import Policy, PolicyKind
from ingle.iam.principal import Principal, PrincipalKind
from ingle.iam.request import AccessRequest

_ROUNDS = 300
_LOOPS = 20
_ACCOUNT = "000000000000"
_STATEMENTS = 10
_FUNCTION = f"arn:aws:lambda:us-east-1:{_ACCOUNT}:function"

_SESSION = Principal(
    kind=PrincipalKind.ROLE_SESSION,
    arn=f"arn:aws:sts::{_ACCOUNT}:assumed-role/app/one",
    account_id=_ACCOUNT,
    unique_id="AROAEXAMPLE:one",
    role_arn=f"arn:aws:iam::{_ACCOUNT}:role/app",
    tags={"team": "blue"},
)
_INVOKE = AccessRequest(
    _SESSION,
    "lambda:InvokeFunction",
    f"{_FUNCTION}:blue-orders",
    _ACCOUNT,
    {"aws:sourceip": ("10.1.2.3",), "aws:requestedregion": ("us-east-1",)},
)


def _plain(number: int) -> dict[str, Any]:
    """What most policies are like: services' actions and resources, the last one's the asked."""
    service = "lambda" if number == _STATEMENTS - 1 else f"service-{number}"
    return {
        "Effect": "Allow",
        "Action": [f"{service}:Get*", f"{service}:Invoke*"],
        "Resource": [f"arn:aws:{service}:*:{_ACCOUNT}:function:*", "arn:aws:s3:::app/*"],
    }


def _conditional(number: int) -> dict[str, Any]:
    """A statement that applies, with variables, wildcards and conditions to be looked at."""
    return {
        "Effect": "Allow",
        "Action": ["lambda:Get*", "lambda:Invoke*"],
        "Resource": f"arn:aws:lambda:*:{_ACCOUNT}:function:${{aws:PrincipalTag/team}}-*",
        "Condition": {
            "StringLike": {"aws:RequestedRegion": ["us-*", "eu-*"]},
            "IpAddress": {"aws:SourceIp": f"10.{number}.0.0/8"},
        },
    }


def _policies(statements: list[dict[str, Any]]) -> Policies:
    document = {"Version": "2012-10-17", "Statement": statements}
    return Policies(identity=(Policy.parse(document, PolicyKind.IDENTITY),))


def measure() -> dict[str, float]:
    """Decide some typical requests many times over.

    Returns:
        The median of each in microseconds, by what the ten statements are like.
    """
    return {
        name: _median(_policies([statement(number) for number in range(_STATEMENTS)]))
        for name, statement in (("ten_plain", _plain), ("ten_conditional", _conditional))
    }


def _median(policies: Policies) -> float:
    assert authorize(_INVOKE, policies).outcome is Outcome.ALLOWED
    samples = []
    for _ in range(_ROUNDS):
        start = time.perf_counter()
        for _ in range(_LOOPS):
            authorize(_INVOKE, policies)
        samples.append((time.perf_counter() - start) / _LOOPS * 1e6)
    return statistics.median(samples)


if __name__ == "__main__":
    for name, microseconds in measure().items():
        print(f"{name:<26} {microseconds:8.1f} µs")
