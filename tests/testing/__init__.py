"""Tests of the fake server, asked with plain aiohttp."""
