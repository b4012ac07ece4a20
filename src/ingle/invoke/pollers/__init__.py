"""Pollers: they take records out of queues and run functions with them."""
