"""Lifecycle rules: what expires when, and the task that deletes it."""
