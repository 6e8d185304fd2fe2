"""The limits: the line, and the stores that it stands before."""
