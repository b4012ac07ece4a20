"""Tables as a Markdown page that can be kept."""

import os
import platform
from collections.abc import Sequence
from datetime import datetime

from bench.table import Table


def machine() -> str:
    """What kind of machine and Python this is; nothing that would tell which one."""
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()} {platform.release()}, "
        f"{platform.python_implementation()} {platform.python_version()}"
    )


def page(tables: Sequence[Table], versions: Sequence[str], when: datetime) -> str:
    """The page of one run.

    Args:
        tables: its tables.
        versions: the measured packages, each as `name version`.
        when: the run's date.
    """
    parts = [
        "# Benchmark results\n",
        "Written by `make bench`; do not edit.\n",
        f"- Date: {when:%Y-%m-%d}\n- Machine: {machine()}\n- Measured: {', '.join(versions)}\n",
        "Every server runs on the loopback interface of the same machine, in the same run; the "
        "servers of a table run the same function, which greets. Every answer is checked. Ingle's "
        "and ministack's requests are signed with SigV4; Ingle alone checks the signatures and "
        "isolates functions.\n",
    ]
    for table in tables:
        lines = [_row(table.columns), _row(_rules(table)), *map(_row, table.rows)]
        parts.append(f"## {table.title}\n")
        parts.append("\n".join(lines) + "\n")
        if table.note:
            parts.append(f"{table.note}\n")
    return "\n".join(parts)


def _rules(table: Table) -> list[str]:
    return ["---:" if n in table.numeric else "---" for n in range(len(table.columns))]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
