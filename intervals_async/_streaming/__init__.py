"""Many calls, one listing: every matching record, exactly once."""
