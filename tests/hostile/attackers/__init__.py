"""Functions that attack. The tests deploy these files; nothing imports them here."""
