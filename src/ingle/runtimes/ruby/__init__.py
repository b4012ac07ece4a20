"""The Ruby runtime: `bootstrap/` runs inside sandboxes."""
