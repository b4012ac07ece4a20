"""Writes AWS's managed policies, which Ingle has under their real ARNs, to a data file.

moto (https://github.com/getmoto/moto) collects them from AWS:

    pip download --no-deps --dest /tmp moto
    python scripts/aws_managed_policies.py /tmp/moto-*.whl

The data file is a zip archive. Its `index.json` has a list for each policy: its name, its path, the
number of its default version, when it was made and when it was changed last, both in milliseconds
since the epoch. The documents, as text, are in the same order in `documents/0.json` and so on, 32
in each, so that one can be read without the others.
"""

import ast
import json
import sys
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[1] / "src/ingle/services/iam/aws_managed.zip"
DOCUMENTS = 32
"""In one member of the archive."""

_MODULE = "moto/iam/aws_managed_policies.py"
_VARIABLE = "aws_managed_policies_data"
_DATE = (1980, 1, 1, 0, 0, 0)


def collected(wheel: Path) -> dict[str, dict[str, Any]]:
    """Read the policies, by name, out of a wheel of moto, without running anything of it."""
    with zipfile.ZipFile(wheel) as archive:
        tree = ast.parse(archive.read(_MODULE).decode())
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == _VARIABLE:
            policies: dict[str, dict[str, Any]] = json.loads(ast.literal_eval(node.value))
            return policies
    raise SystemExit(f"{wheel}: {_MODULE} has no {_VARIABLE}")


def members(policies: dict[str, dict[str, Any]]) -> dict[str, list[Any]]:
    """Make the members of the archive, by name."""
    ordered = sorted(policies.items())
    documents = [
        json.dumps(_ordered(policy["Document"]), ensure_ascii=False) for _, policy in ordered
    ]
    index = [
        [
            name,
            policy["Path"],
            int(policy["DefaultVersionId"].removeprefix("v")),
            _ms(policy["CreateDate"]),
            _ms(policy["UpdateDate"]),
        ]
        for name, policy in ordered
    ]
    pieces = range(0, len(documents), DOCUMENTS)
    return {"index.json": index} | {
        f"documents/{start // DOCUMENTS}.json": documents[start : start + DOCUMENTS]
        for start in pieces
    }


def _ordered(document: dict[str, Any]) -> dict[str, Any]:
    """Put the version first, as AWS's documents have it."""
    return {"Version": document["Version"], **document} if "Version" in document else document


def _ms(time: str) -> int:
    return int(datetime.fromisoformat(time).timestamp() * 1000)


if __name__ == "__main__":
    with zipfile.ZipFile(DATA, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in members(collected(Path(sys.argv[1]))).items():
            member = zipfile.ZipInfo(name, _DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, json.dumps(content, ensure_ascii=False))
    print(f"{DATA}: {DATA.stat().st_size} bytes")
