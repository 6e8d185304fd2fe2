"""Tests of the rate limits: the limiter, and the stores of its slots."""
