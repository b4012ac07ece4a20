"""Asynchronous invocation: a durable queue, retries, and what becomes of an event in the end."""
