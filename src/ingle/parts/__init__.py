"""What the server is made of: a module builds what belongs together, and registers how it ends."""
