"""Can a file from a stranger be read within bounds of memory and time?

Every reader of articles, chats, rows, examples and settings opens its file here, so that the limits stand
in one place and hold while a file is read, not after. A file that exceeds one is refused with its place.

    limits, budget    how much a file may hold, and the processor time that reading it may take
    text              text, whole or line by line
    encoding          in which encoding a text is written
    csv_rows          rows of CSV, and cells that no spreadsheet runs as a formula
    yaml_tree         YAML as plain nodes that know their line
    errors            `BadFile`
"""

from files.budget import Budget
from files.csv_rows import as_cell, csv_rows, delimiter_of, nonempty_rows, text_of
from files.encoding import UTF_8, codec_of, detect_encoding, encoding_name
from files.errors import BadFile
from files.text import check_size, text_lines, unreadable_error, whole_text

__all__ = [
    "UTF_8",
    "BadFile",
    "Budget",
    "as_cell",
    "check_size",
    "codec_of",
    "csv_rows",
    "delimiter_of",
    "detect_encoding",
    "encoding_name",
    "nonempty_rows",
    "text_lines",
    "text_of",
    "unreadable_error",
    "whole_text",
]
