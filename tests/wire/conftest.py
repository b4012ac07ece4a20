"""Settings of the wire layer's tests."""

from hypothesis import HealthCheck, settings

# The same examples in every run, and no deadlines: a busy machine is not a mistake in the code.
settings.register_profile(
    "wire", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("wire")
