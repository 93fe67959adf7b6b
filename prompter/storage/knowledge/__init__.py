"""Rows of articles and proposals."""
