"""Durable executions: what functions checkpoint, and what wakes them again."""
