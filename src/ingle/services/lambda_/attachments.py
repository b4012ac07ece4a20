"""What a function is attached to besides its code: file systems, and a VPC.

There is no EFS, S3 Files or EC2 in Ingle; the operator says what their ARNs and ids stand for
(`ingle.resources`). What nobody said is refused, so that no function is thought to be where it is
not. Source: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ingle.resources import FileSystem, Vpc
from ingle.services.lambda_.errors import FileSystemGone, InvalidParameterValue
from ingle.services.lambda_.model import Function, Mount, VpcNames

_HERE = frozenset({"/mnt/.", "/mnt/.."})
_S3_FILES = ":s3files:"


class Attachments:
    """What functions of this Ingle can be attached to.

    Args:
        file_systems: those that the operator allows.
        vpcs: the same.
    """

    def __init__(self, file_systems: Sequence[FileSystem], vpcs: Sequence[Vpc]) -> None:
        self._arns = frozenset(each.arn for each in file_systems)
        self._vpcs = vpcs

    def settings(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Read the settings that a request names, as attributes of `Function`.

        Raises:
            InvalidParameterValue: it names what the operator did not.
        """
        settings: dict[str, Any] = {}
        if "FileSystemConfigs" in request:
            settings["mounts"] = tuple(self._mount(each) for each in request["FileSystemConfigs"])
        if "VpcConfig" in request:
            settings["vpc"] = self._vpc(request["VpcConfig"])
        return settings

    def mount(self, function: Function) -> tuple[str, str] | None:
        """Say which file system a function's sandboxes have, and where they see it.

        Raises:
            FileSystemGone: the operator does not allow it any more.
        """
        for each in function.mounts:
            if each.arn not in self._arns:
                raise FileSystemGone(each.arn)
            return each.arn, each.path
        return None

    def vpcs_of(self, config: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the ids of the VPCs that a VpcConfig is in, as far as they are known."""
        subnets = frozenset(config.get("SubnetIds") or ())
        return tuple(vpc.vpc_id for vpc in self._vpcs if subnets.intersection(vpc.subnets))

    def _mount(self, config: Mapping[str, Any]) -> Mount:
        arn, path = config["Arn"], config["LocalMountPath"]
        if path in _HERE:
            raise InvalidParameterValue(f"LocalMountPath {path} is not a folder below /mnt.")
        if config.get("S3FilesConfig"):
            reason = "is not supported by this version of Ingle. Leave it out."
            if _S3_FILES not in arn:
                reason = "is valid only for an S3 Files access point."
            raise InvalidParameterValue(f"FileSystemConfigs.S3FilesConfig {reason}")
        if arn not in self._arns:
            raise InvalidParameterValue(
                f"The access point {arn} does not exist. Here it has to stand for a folder "
                "that the configuration of the server names: see file_systems."
            )
        return Mount(arn, path)

    def _vpc(self, config: Mapping[str, Any]) -> VpcNames:
        subnets = tuple(config.get("SubnetIds") or ())
        groups = tuple(config.get("SecurityGroupIds") or ())
        if bool(subnets) != bool(groups):
            raise InvalidParameterValue(
                "SubnetIds and SecurityIds must coexist or be both empty list."
            )
        if config.get("Ipv6AllowedForDualStack"):
            raise InvalidParameterValue(
                "VpcConfig.Ipv6AllowedForDualStack is not supported by this version of Ingle. "
                "Leave it out."
            )
        if not subnets:
            return VpcNames()
        if not self._vpcs:
            raise InvalidParameterValue(
                "VpcConfig is not supported by this Ingle: its configuration names no VPCs. Leave "
                "it out, or see vpcs."
            )
        found = {self._vpc_of_subnet(each) for each in subnets}
        found |= {self._vpc_of_group(each) for each in groups}
        if len(found) != 1:
            raise InvalidParameterValue("Security Groups are required to be in the same VPC.")
        return VpcNames(found.pop(), subnets, groups)

    def _vpc_of_subnet(self, subnet: str) -> str:
        for vpc in self._vpcs:
            if subnet in vpc.subnets:
                return vpc.vpc_id
        raise InvalidParameterValue(
            "Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. EC2 "
            f"Error Message: The subnet ID '{subnet}' does not exist"
        )

    def _vpc_of_group(self, group: str) -> str:
        for vpc in self._vpcs:
            if group in vpc.security_groups:
                return vpc.vpc_id
        raise InvalidParameterValue(
            "Error occurred while DescribeSecurityGroups. EC2 Error Code: InvalidGroup.NotFound. "
            f"EC2 Error Message: The security group '{group}' does not exist"
        )
