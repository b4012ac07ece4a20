"""The configuration of one server."""
