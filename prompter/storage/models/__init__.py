"""Rows about model versions and about topics that may answer alone."""
