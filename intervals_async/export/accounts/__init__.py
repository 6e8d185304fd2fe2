"""Exporting many resources of an account into one folder."""
