"""How much a file may hold.

A file of up to 10 MB is read, or refused, within 10 seconds of one processor and 500 MB of memory. These
numbers see to it; no setting changes them, because a file that needs more is better split or converted.
"""

MB = 1024 * 1024

# any file
MAX_FILE_BYTES = 200 * MB  # of a format that has to be read whole
MAX_SECONDS = 7.0  # of processor time for a file of up to 10 MB; a second for each further MB
MAX_LINE_CHARS = 10_000_000  # a longer "line" is a binary file
MAX_EMPTY_LINES = 100_000  # one after the other
MAX_EMPTY_ROWS = 1_048_576  # one after the other, of CSV: as many as Excel can have below a table
MAX_CELL_CHARS = 2_000_000  # of CSV: the phrasings of one article, twice over
MAX_COLUMNS = 1_000

# workbooks
MAX_UNPACKED_BYTES = 200 * MB
MAX_UNPACK_RATIO = 100  # unpacked bytes for each packed one
MIN_RATIO_BYTES = 20 * MB  # what unpacks to less may be packed as tightly as it likes
MAX_ARCHIVE_ENTRIES = 10_000
MAX_XML_TOKEN_BYTES = 1 * MB  # one tag with its attributes
MAX_XML_DEPTH = 64
MAX_XML_NAMES = 10_000  # different ones, in one part
MAX_XML_ELEMENTS = 2_500_000  # all that is read of a workbook together
MAX_SHEETS = 1_000
MAX_STYLES = 65_490  # Excel's own limit
MAX_SHEET_ROWS = 1_048_576  # Excel's own limit
MAX_SHEET_COLUMNS = 16_384  # Excel's own limit
MAX_SHEET_CELLS = 500_000  # cells that hold something
MAX_SHEET_CELL_CHARS = 32_767  # UTF-16 units, Excel's own limit
MAX_SHEET_CHARS = 50_000_000  # of all cells together, and of all different texts together

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
MAX_CONFIG_ALIASES = 16  # PyYAML's merge keys may double with each
MAX_EXAMPLES = 300_000  # of all intents together
MAX_EXAMPLE_CHARS = 20_000
MAX_HTML_TAGS = 200_000  # start tags, remarks and declarations; 450 MB
MAX_HTML_DEPTH = 450  # tags that are open at a time
MAX_HTML_PIECES = 1_000_000  # texts between tags, and characters written as &name;
MAX_HTML_UNCLOSED_CHARS = 32 * 1024  # behind the start of a tag or comment that never ends
MAX_MARKDOWN_LINES = 500_000
MAX_MARKDOWN_TOKENS = 500_000
MAX_HEADING_CHARS = 20_000

# rows to evaluate on
MAX_EVALUATION_ROWS = 300_000
