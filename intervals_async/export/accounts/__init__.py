"""Many resources into one folder."""
