"""Errors that whoever runs Sufler can mend; the command line shows them in one line."""


class BadConfig(Exception):
    """The configuration cannot be used; the message names file, key and problem."""
