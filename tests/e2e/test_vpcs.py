"""VpcConfig, where the operator has said what it means and where not."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.callers import allow, new_user
from tests.e2e.conftest import create, refusal
from tests.e2e.server import Server

VPCS = {
    "vpc-1": {"subnets": ["subnet-1", "subnet-2"], "security_groups": ["sg-1"]},
    "vpc-2": {"subnets": ["subnet-3"], "security_groups": ["sg-3"]},
}
NAMED = {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
EMPTY: dict[str, Any] = {"SubnetIds": [], "SecurityGroupIds": []}
REFUSED = "InvalidParameterValueException"
SOURCE = "def handler(event, context):\n    return event\n"


@pytest.fixture(scope="module")
def with_vpcs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("vpcs") / "data"
    server = Server(data, "--vpcs", json.dumps(VPCS)).start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def client(with_vpcs: Server) -> Any:
    return with_vpcs.client("lambda")


def test_a_vpc_that_the_operator_named_is_told(client: Any) -> None:
    name = create(client, SOURCE, VpcConfig=NAMED)
    told = {**NAMED, "VpcId": "vpc-1", "Ipv6AllowedForDualStack": False}
    assert client.get_function_configuration(FunctionName=name)["VpcConfig"] == told
    assert client.publish_version(FunctionName=name)["VpcConfig"] == told
    assert client.invoke(FunctionName=name, Payload=b"1")["Payload"].read() == b"1"
    updated = client.update_function_configuration(FunctionName=name, VpcConfig=EMPTY)
    assert updated["VpcConfig"] == {**EMPTY, "VpcId": "", "Ipv6AllowedForDualStack": False}
    version = client.get_function_configuration(FunctionName=name, Qualifier="1")
    assert version["VpcConfig"] == told


def test_a_function_that_never_named_one_tells_of_none(client: Any) -> None:
    name = create(client, SOURCE)
    assert "VpcConfig" not in client.get_function_configuration(FunctionName=name)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {"SubnetIds": ["subnet-1"]},
            "SubnetIds and SecurityIds must coexist or be both empty list.",
        ),
        (
            {"SubnetIds": ["subnet-9"], "SecurityGroupIds": ["sg-1"]},
            "Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. EC2 "
            "Error Message: The subnet ID 'subnet-9' does not exist",
        ),
        (
            {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-9"]},
            "Error occurred while DescribeSecurityGroups. EC2 Error Code: InvalidGroup.NotFound. "
            "EC2 Error Message: The security group 'sg-9' does not exist",
        ),
        (
            {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-3"]},
            "Security Groups are required to be in the same VPC.",
        ),
        (
            {**NAMED, "Ipv6AllowedForDualStack": True},
            "VpcConfig.Ipv6AllowedForDualStack is not supported by this version of Ingle. Leave it "
            "out.",
        ),
    ],
)
def test_what_does_not_fit_is_refused_in_aws_s_words(
    client: Any, config: dict[str, Any], message: str
) -> None:
    name = create(client, SOURCE)
    call = client.update_function_configuration
    assert refusal(call, FunctionName=name, VpcConfig=config) == (400, REFUSED, message)


def test_policies_say_which_vpcs_a_function_may_be_in(with_vpcs: Server, client: Any) -> None:
    name = create(client, SOURCE)
    within = {"StringEquals": {"lambda:VpcIds": "vpc-1"}}
    keys = new_user(with_vpcs, allow("lambda:UpdateFunctionConfiguration", Condition=within))
    bounded = with_vpcs.client("lambda", **keys)
    update = bounded.update_function_configuration
    assert update(FunctionName=name, VpcConfig=NAMED)["VpcConfig"]["VpcId"] == "vpc-1"
    other = {"SubnetIds": ["subnet-3"], "SecurityGroupIds": ["sg-3"]}
    for config in ({"VpcConfig": other}, {"VpcConfig": EMPTY}, {"Timeout": 5}):
        assert refusal(update, FunctionName=name, **config)[1] == "AccessDeniedException"


def test_without_vpcs_a_function_cannot_name_one(functions: Any, deploy: Any) -> None:
    name = deploy(SOURCE)
    call = functions.update_function_configuration
    assert refusal(call, FunctionName=name, VpcConfig=NAMED) == (
        400,
        REFUSED,
        "VpcConfig is not supported by this Ingle: its configuration names no VPCs. Leave it out, "
        "or see vpcs.",
    )
    told = functions.update_function_configuration(FunctionName=name, VpcConfig=EMPTY)
    assert told["VpcConfig"]["VpcId"] == ""
