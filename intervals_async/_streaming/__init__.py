"""Listings: many requests combined, so that every matching record is yielded exactly once."""
