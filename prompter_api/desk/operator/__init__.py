"""The pages where operators work."""
