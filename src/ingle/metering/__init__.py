"""What functions use, counted for the bill: in memory first, then in batches on the disk."""
