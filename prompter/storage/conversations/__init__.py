"""Rows of messages, turns, decisions and replies."""
