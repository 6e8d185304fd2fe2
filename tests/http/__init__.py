"""Tests of single calls: requests, responses, retries, and the daily quota."""
