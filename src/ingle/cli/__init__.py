"""The `ingle` command: one file a command, assembled in `main`."""
