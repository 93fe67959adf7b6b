"""Errors that an administrator can fix. The command line shows them as one line."""


class BadConfig(Exception):
    """The configuration cannot be used. The message names file, key and problem."""
