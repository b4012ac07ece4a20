"""Writes AWS's managed policies, which Ingle has under their real ARNs, to a data file.

moto (https://github.com/getmoto/moto) collects them from AWS:

    pip download --no-deps --dest /tmp moto
    python scripts/aws_managed_policies.py /tmp/moto-*.whl

The data file is an xz-compressed JSON list with an item for each policy: its name, its path, the
number of its default version, when it was made and when it was changed last, both in milliseconds
since the epoch, and its document as text.
"""

import ast
import json
import lzma
import sys
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[1] / "src/ingle/services/iam/aws_managed.json.xz"
_MODULE = "moto/iam/aws_managed_policies.py"
_VARIABLE = "aws_managed_policies_data"


def collected(wheel: Path) -> dict[str, dict[str, Any]]:
    """Read the policies, by name, out of a wheel of moto, without running anything of it."""
    with zipfile.ZipFile(wheel) as archive:
        tree = ast.parse(archive.read(_MODULE).decode())
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == _VARIABLE:
            policies: dict[str, dict[str, Any]] = json.loads(ast.literal_eval(node.value))
            return policies
    raise SystemExit(f"{wheel}: {_MODULE} has no {_VARIABLE}")


def distilled(policies: dict[str, dict[str, Any]]) -> list[list[Any]]:
    """Make the items of the data file."""
    return [
        [
            name,
            policy["Path"],
            int(policy["DefaultVersionId"].removeprefix("v")),
            _ms(policy["CreateDate"]),
            _ms(policy["UpdateDate"]),
            json.dumps(_ordered(policy["Document"]), ensure_ascii=False),
        ]
        for name, policy in sorted(policies.items())
    ]


def _ordered(document: dict[str, Any]) -> dict[str, Any]:
    """Put the version first, as AWS's documents have it."""
    return {"Version": document["Version"], **document} if "Version" in document else document


def _ms(time: str) -> int:
    return int(datetime.fromisoformat(time).timestamp() * 1000)


if __name__ == "__main__":
    content = json.dumps(distilled(collected(Path(sys.argv[1]))), ensure_ascii=False).encode()
    DATA.write_bytes(lzma.compress(content, preset=9 | lzma.PRESET_EXTREME))
    print(f"{DATA}: {DATA.stat().st_size} bytes")
