"""How a process is locked in, and the warden, the one process that has the rights to do it."""
