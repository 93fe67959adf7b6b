"""Can a file that somebody else made be read, within bounds of memory and time?

Every reader of articles, chats, rows, examples and settings opens its file here, so that the limits stand
in one place and hold while a file is read, not after. A file that breaks one is refused with its place.
"""

from files.budget import Budget
from files.csv_rows import as_cell, csv_rows, delimiter_of, filled_rows, text_of
from files.errors import BadFile
from files.text import check_size, text_lines, unreadable, whole_text

__all__ = [
    "BadFile",
    "Budget",
    "as_cell",
    "check_size",
    "csv_rows",
    "delimiter_of",
    "filled_rows",
    "text_lines",
    "text_of",
    "unreadable",
    "whole_text",
]
