"""Which messages does an export of old chats hold, and who wrote them?

rows                                a message a row: CSV, JSON and JSONL; the names of columns
telegram, whatsapp                  what the messengers export
chatwoot, zendesk, jivo             what these desks give out, brought into rows
roles, times, json_items            words for roles and notes, times, JSON as a stream
formats                             which format a file has, and the messages of a file or a folder
message                             `HistoryMessage`, and what was passed over
"""

from prompter.knowledge.chat_history.formats import HistoryFormat, count_authors, count_hint, read_history
from prompter.knowledge.chat_history.message import (
    HistoryMessage,
    Omission,
    ReadReport,
    Speaker,
    UnknownOperators,
)

__all__ = [
    "HistoryFormat",
    "HistoryMessage",
    "Omission",
    "ReadReport",
    "Speaker",
    "UnknownOperators",
    "count_authors",
    "count_hint",
    "read_history",
]
