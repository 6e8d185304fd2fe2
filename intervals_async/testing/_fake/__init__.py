"""The implementation of the fake server."""
