"""Limits on the contents of a file.

These numbers ensure that a file of up to 10 MB is read or refused within 10 seconds of processor time and
500 MB of memory. No setting changes them, because a larger file is better split or converted.
"""

MB = 1024 * 1024

# any file
MAX_FILE_BYTES = 200 * MB  # for a format that has to be read whole
MAX_SECONDS = 7.0  # of processor time for a file of up to 10 MB, plus a second for each further MB
MAX_LINE_CHARS = 10_000_000  # a longer "line" is a binary file
MAX_EMPTY_LINES = 100_000  # consecutive
MAX_EMPTY_ROWS = 1_048_576  # consecutive empty CSV rows: as many as Excel can have below a table
MAX_CELL_CHARS = 2_000_000  # in CSV: twice the maximum phrasings of an article
MAX_COLUMNS = 1_000

# workbooks
MAX_UNPACKED_BYTES = 200 * MB
MAX_UNPACK_RATIO = 100  # unpacked bytes per packed byte
MIN_RATIO_BYTES = 20 * MB  # the ratio is not checked below this unpacked size
MAX_ARCHIVE_ENTRIES = 10_000
MAX_XML_TOKEN_BYTES = 1 * MB  # one tag with its attributes
MAX_XML_DEPTH = 64
MAX_XML_NAMES = 10_000  # distinct names in one part
MAX_XML_ELEMENTS = 2_500_000  # in all parts of a workbook that are read
MAX_SHEETS = 1_000
MAX_STYLES = 65_490  # Excel's own limit
MAX_SHEET_ROWS = 1_048_576  # Excel's own limit
MAX_SHEET_COLUMNS = 16_384  # Excel's own limit
MAX_SHEET_CELLS = 500_000  # cells that hold something
MAX_SHEET_CELL_CHARS = 32_767  # UTF-16 units, Excel's own limit
MAX_SHEET_MARKS = 100_000  # merged cells and links of one sheet
MAX_SHEET_CHARS = 50_000_000  # in all cells together, and in all distinct texts together

# JSON, YAML, HTML, Markdown
MAX_JSON_CONTAINERS = 1_000_000  # lists and objects
MAX_JSON_ITEM_CHARS = 1_000_000  # one message of a JSON file of chats
MAX_YAML_DEPTH = 50
MAX_YAML_NODES = 500_000
MAX_YAML_ALIASES = 1_000
MAX_YAML_COPIES = 1_000_000  # nodes that aliases repeat
MAX_YAML_COPIED_CHARS = 10_000_000  # characters that aliases repeat
MAX_YAML_MERGED = 100_000  # entries that merge keys bring
MAX_CONFIG_BYTES = 256 * 1024
MAX_CONFIG_ALIASES = 16  # each alias can double PyYAML's merge keys
MAX_EXAMPLES = 300_000  # in all intents together
MAX_EXAMPLE_CHARS = 20_000
MAX_HTML_TAGS = 200_000  # start tags, comments and declarations; 450 MB of memory
MAX_HTML_DEPTH = 450  # tags that are open at a time
MAX_HTML_PIECES = 1_000_000  # texts between tags, and characters written as &name;
MAX_HTML_UNCLOSED_CHARS = 32 * 1024  # after the start of an unclosed tag or comment
MAX_MARKDOWN_LINES = 500_000
MAX_MARKDOWN_TOKENS = 500_000
MAX_HEADING_CHARS = 20_000

# rows to evaluate on
MAX_EVALUATION_ROWS = 300_000
