"""Rows of people, their tokens and sessions."""
