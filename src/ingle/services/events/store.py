"""Keeps buses and rules in the database, and all in memory as well."""

from collections.abc import Callable, Iterator
from typing import Any, Self

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingle.services.events import tables
from ingle.services.events.archive_store import ArchiveStore
from ingle.services.events.destination_store import DestinationStore
from ingle.services.events.matching import RuleIndex
from ingle.services.events.model import DEFAULT, Bus, BusKey, Rule, RuleKey
from ingle.storage.database import Database
from ingle.storage.encryption import KeyRing
from ingle.storage.keeping import keep
from ingle.storage.rows import delete_row, put_row


class EventsStore:
    """All buses and rules of all accounts and regions.

    Reading is from memory; a write is in memory once it is committed. Whoever changes something
    must see to it that nobody else changes the same meanwhile.

    Args:
        database: where everything is.
        keys: encrypt the secrets of connections.

    Attributes:
        changes: grows with every change of what decides who may use them: policies and tags.
        database: the same.
        archives: keeps archives and replays.
        destinations: keeps connections and API destinations.
    """

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self.changes = 0
        self.database = database
        self.archives = ArchiveStore(database)
        self.destinations = DestinationStore(database, keys)
        self._buses: dict[BusKey, Bus] = {}
        self._rules: dict[BusKey, dict[str, Rule]] = {}
        self._indexes: dict[BusKey, RuleIndex] = {}

    @classmethod
    async def open(cls, database: Database, keys: KeyRing) -> Self:
        """Read what is there.

        Raises:
            SealBroken: a secret cannot be decrypted.
        """
        store = cls(database, keys)

        async def run(connection: AsyncConnection) -> tuple[list[Any], list[Any]]:
            return (
                list(await connection.execute(select(tables.buses))),
                list(await connection.execute(select(tables.rules))),
            )

        await store.archives.read()
        await store.destinations.read()
        buses, rules = await database.read(run)
        for row in buses:
            bus = _bus(row)
            store._buses[bus.key] = bus
        for row in rules:
            store._remember_rule(_rule(row))
        return store

    def bus(self, key: BusKey) -> Bus | None:
        """Find a bus; the default one is always there."""
        found = self._buses.get(key)
        return Bus(key) if found is None and key.name == DEFAULT else found

    def buses(self, account_id: str, region: str) -> list[Bus]:
        """List the buses of an account in a region, by name."""
        found = {
            each.key.name: each
            for each in self._buses.values()
            if each.key[:2] == (account_id, region)
        }
        found.setdefault(DEFAULT, Bus(BusKey(account_id, region, DEFAULT)))
        return [found[name] for name in sorted(found)]

    def rule(self, key: RuleKey) -> Rule | None:
        """Find a rule."""
        return self._rules.get(key.bus, {}).get(key.name)

    def rules(self, bus: BusKey) -> list[Rule]:
        """List the rules of a bus, by name."""
        found = self._rules.get(bus, {})
        return [found[name] for name in sorted(found)]

    def all_rules(self) -> Iterator[Rule]:
        """Go through all rules of all accounts and regions."""
        return iter([rule for rules in self._rules.values() for rule in rules.values()])

    def index(self, bus: BusKey) -> RuleIndex | None:
        """Find what knows the patterns of a bus's rules; None where it has no rules."""
        return self._indexes.get(bus)

    async def put_bus(self, bus: Bus) -> None:
        """Keep a bus, in place of what was kept of it before."""
        values = {
            **bus.key._asdict(),
            "settings": dict(bus.settings),
            "policy": bus.policy,
            "tags": dict(bus.tags),
            "created_ms": bus.created_ms,
            "modified_ms": bus.modified_ms,
        }

        def remember() -> None:
            self._buses[bus.key] = bus
            self.changes += 1

        await keep(self.database, lambda c: put_row(c, tables.buses, values), remember)

    async def delete_bus(self, key: BusKey) -> None:
        """Keep a bus no more."""

        def forget() -> None:
            self._buses.pop(key, None)
            self.changes += 1

        await keep(self.database, lambda c: delete_row(c, tables.buses, key._asdict()), forget)

    async def put_rule(
        self, rule: Rule, also: Callable[[AsyncConnection], Any] | None = None
    ) -> None:
        """Keep a rule, in place of what was kept of it before.

        Args:
            rule: the rule.
            also: what is to be done in the same transaction.
        """

        async def run(connection: AsyncConnection) -> None:
            await put_row(connection, tables.rules, _values(rule))
            if also is not None:
                await also(connection)

        await keep(self.database, run, lambda: self._remember_rule(rule))

    async def delete_rule(self, key: RuleKey) -> None:
        """Keep a rule no more."""

        def forget() -> None:
            rules = self._rules.get(key.bus, {})
            rules.pop(key.name, None)
            index = self._indexes.get(key.bus)
            if index is not None:
                index.remove(key.name)
            if not rules:
                self._rules.pop(key.bus, None)
                self._indexes.pop(key.bus, None)
            self.changes += 1

        await keep(self.database, lambda c: delete_row(c, tables.rules, _rule_key(key)), forget)

    def _remember_rule(self, rule: Rule) -> None:
        bus = rule.key.bus
        rules = self._rules.setdefault(bus, {})
        old = rules.get(rule.key.name)
        rules[rule.key.name] = rule
        index = self._indexes.setdefault(bus, RuleIndex())
        if old is None or (old.pattern, old.enabled) != (rule.pattern, rule.enabled):
            index.remove(rule.key.name)
            if rule.pattern and rule.enabled:
                index.add(rule.key.name, rule.pattern)
        self.changes += 1


def _rule_key(key: RuleKey) -> dict[str, Any]:
    bus = key.bus
    return {
        "account_id": bus.account_id,
        "region": bus.region,
        "bus": bus.name,
        "name": key.name,
    }


def _values(rule: Rule) -> dict[str, Any]:
    return {
        **_rule_key(rule.key),
        "pattern": rule.pattern,
        "schedule": rule.schedule,
        "state": rule.state,
        "description": rule.description,
        "role": rule.role,
        "tags": dict(rule.tags),
        "targets": [dict(each) for each in rule.targets.values()],
        "since_ms": rule.since_ms,
        "next_ms": rule.next_ms,
    }


def _bus(row: Any) -> Bus:
    key = BusKey(row.account_id, row.region, row.name)
    return Bus(key, row.settings, row.policy, row.tags, row.created_ms, row.modified_ms)


def _rule(row: Any) -> Rule:
    return Rule(
        RuleKey(BusKey(row.account_id, row.region, row.bus), row.name),
        row.pattern,
        row.schedule,
        row.state,
        row.description,
        row.role,
        row.tags,
        {each["Id"]: each for each in row.targets},
        row.since_ms,
        row.next_ms,
    )
