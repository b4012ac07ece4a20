"""What finding the rules of an event costs, in microseconds: `python -m bench.rules_cost`.

There are 1,000 rules on the bus, for as many kinds of orders of ten shops; an event matches one.
"""

import json
import statistics
import time
from typing import Any

from ingle.services.events.matching import RuleIndex

_RULES = 1000
_SHOPS = 10
_ROUNDS = 200
_LOOPS = 20


def measure() -> dict[str, float]:
    """Match events one after the other.

    Returns:
        The median in microseconds.
    """
    index = RuleIndex()
    for number in range(_RULES):
        index.add(f"rule-{number}", json.dumps(_pattern(number)))
    events = [_event(number) for number in range(0, _RULES, _RULES // _LOOPS)]
    for number, event in zip(range(0, _RULES, _RULES // _LOOPS), events, strict=True):
        if index.matches(event) != [f"rule-{number}"]:
            raise AssertionError(f"rule-{number} was not found")
    rounds = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        for event in events:
            index.matches(event)
        rounds.append((time.perf_counter() - began) / len(events))
    return {"match": statistics.median(rounds) * 1e6}


def _pattern(number: int) -> dict[str, Any]:
    return {
        "source": [f"shop-{number % _SHOPS}"],
        "detail-type": ["order"],
        "detail": {
            "kind": [f"kind-{number}"],
            "total": [{"numeric": [">", 10, "<=", 1000]}],
            "country": [{"anything-but": {"prefix": "x"}}],
        },
    }


def _event(number: int) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": "order",
        "source": f"shop-{number % _SHOPS}",
        "account": "000000000000",
        "time": "2026-01-01T00:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {"kind": f"kind-{number}", "total": 50, "country": "de", "items": [1, 2, 3]},
    }


if __name__ == "__main__":
    for name, cost in measure().items():
        print(f"{name}: {cost:.1f} µs")
