"""Tests of the fake server, over HTTP with plain aiohttp."""
