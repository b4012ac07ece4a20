"""What the stores of functions and of layers do alike."""

from typing import Any

from sqlalchemy import Table


def has_key(table: Table, key: tuple[str, str, str]) -> Any:
    """Make the condition that a row is of this account, region and name."""
    columns = table.c
    account_id, region, name = key
    return (columns.account_id == account_id) & (columns.region == region) & (columns.name == name)
