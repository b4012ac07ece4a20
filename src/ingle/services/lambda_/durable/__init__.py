"""Durable functions: their configuration, their executions, and the operations on these."""
