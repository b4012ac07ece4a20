"""Event source mappings: which queue's messages which function gets."""
