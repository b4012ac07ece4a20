"""What single stages of an invocation cost, each measured alone."""

import importlib
import importlib.util

from bench.stats import Results

STAGES = ("wire", "auth")


def measure() -> Results:
    """The median cost of each stage in microseconds, as `cost.<layer>.<stage>`."""
    results: Results = {}
    for layer in STAGES:
        name = f"bench.{layer}_cost"
        if importlib.util.find_spec(name) is not None:
            figures: Results = importlib.import_module(name).measure()
            results |= {f"cost.{layer}.{stage}": value for stage, value in figures.items()}
    return results
