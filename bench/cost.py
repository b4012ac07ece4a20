"""What single stages of an invocation cost, each measured alone."""

from bench import auth_cost, iam_cost, measuring_cost, permission_cost, rules_cost, wire_cost
from bench.stats import Results


def measure() -> Results:
    """The median cost of each stage in microseconds, as `cost.<layer>.<stage>`."""
    layers = {
        "wire": wire_cost.measure(),
        "auth": auth_cost.measure(),
        "iam": iam_cost.measure() | permission_cost.measure(),
        "measuring": measuring_cost.measure(),
        "events": rules_cost.measure(),
    }
    return {
        f"cost.{layer}.{stage}": cost
        for layer, stages in layers.items()
        for stage, cost in stages.items()
    }
