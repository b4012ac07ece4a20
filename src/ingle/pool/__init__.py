"""Which sandbox runs an invocation: reuse, cold starts, reaping."""
