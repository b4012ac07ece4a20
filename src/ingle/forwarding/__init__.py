"""Calls of services that the operator has elsewhere."""
