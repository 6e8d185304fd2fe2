"""Tests of the comparison of a server with its documentation."""
