"""What the operator says that resources of AWS's stand for which Ingle has not.

File systems are folders of this machine, and VPCs mean the network that all functions have. Nothing
is shared, and no VPC is known, that the operator did not name.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ACCESS_POINT = re.compile(
    r"arn:aws[a-zA-Z-]*:elasticfilesystem:[a-z0-9-]+:\d{12}:access-point/fsap-[a-f0-9]{17}"
    r"|arn:aws[-a-z]*:s3files:[0-9a-z-:]+:file-system/fs-[0-9a-f]{17,40}"
    r"/access-point/fsap-[0-9a-f]{17,40}"
)
"""https://docs.aws.amazon.com/lambda/latest/api/API_FileSystemConfig.html"""
_VPC, _SUBNET, _GROUP = (re.compile(rf"{kind}-[0-9a-zA-Z]+") for kind in ("vpc", "subnet", "sg"))
_MOST_ID = 0x7FFFFFFF


@dataclass(frozen=True, slots=True)
class FileSystem:
    """A folder that functions may mount under the ARN of an access point.

    Attributes:
        arn: the access point's.
        folder: an absolute path, which leads through no symbolic link.
        read_only: whether functions cannot write to it.
        uid: the user that all they do there is done as; None for the folder's owner.
        gid: the same for the group.
        map_users: whether that user is put in the place of a sandbox's own. Where the file system
            cannot (NFS), what a sandbox may do there is decided for the user that it runs as.
    """

    arn: str
    folder: str
    read_only: bool = False
    uid: int | None = None
    gid: int | None = None
    map_users: bool = True


@dataclass(frozen=True, slots=True)
class Vpc:
    """A VPC that functions may name; they have the network that they would have without it.

    Attributes:
        vpc_id: its own id.
        subnets: the ids of its subnets.
        security_groups: those of its security groups.
    """

    vpc_id: str
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()


def read_file_systems(value: object) -> tuple[FileSystem, ...]:
    """Read a table of file systems by the ARNs of their access points, or its JSON.

    Raises:
        ValueError: it is none.
    """
    return tuple(
        _file_system(_named(_ACCESS_POINT, arn), _members(entry))
        for arn, entry in _table(value).items()
    )


def read_vpcs(value: object) -> tuple[Vpc, ...]:
    """Read a table of VPCs by their ids, or its JSON.

    Raises:
        ValueError: it is none.
    """
    return tuple(
        _vpc(_named(_VPC, vpc_id), _members(entry)) for vpc_id, entry in _table(value).items()
    )


def _file_system(arn: str, members: dict[str, Any]) -> FileSystem:
    folder = members.pop("folder", None)
    _check(isinstance(folder, str) and Path(folder).is_absolute() and "\0" not in folder)
    flags = {name: members.pop(name) for name in ("read_only", "map_users") if name in members}
    _check(all(isinstance(each, bool) for each in flags.values()))
    ids = {name: members.pop(name) for name in ("uid", "gid") if name in members}
    # What functions do as root would be done with root's rights over this machine's files.
    _check(all(type(each) is int and 0 < each < _MOST_ID for each in ids.values()))
    _check(not members)
    return FileSystem(arn, folder, **flags, **ids)


def _vpc(vpc_id: str, members: dict[str, Any]) -> Vpc:
    subnets = _names(_SUBNET, members.pop("subnets", []))
    groups = _names(_GROUP, members.pop("security_groups", []))
    _check(not members)
    return Vpc(vpc_id, subnets, groups)


def _table(value: object) -> dict[str, object]:
    return _members(json.loads(value) if isinstance(value, str) else value)


def _members(value: object) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError
    return dict(value)


def _names(pattern: re.Pattern[str], value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise ValueError
    return tuple(_named(pattern, each) for each in value)


def _named(pattern: re.Pattern[str], value: object) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError
    return value


def _check(holds: bool) -> None:
    if not holds:
        raise ValueError
