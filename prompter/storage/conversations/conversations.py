"""Customers, their conversations, messages and turns."""

from prompter.storage.conversations.customers import CustomerRows
from prompter.storage.conversations.messages import MessageRows
from prompter.storage.conversations.open_questions import OpenQuestionRows
from prompter.storage.conversations.operator_control import OperatorControlRows


class ConversationRows(CustomerRows, MessageRows, OpenQuestionRows, OperatorControlRows):
    """All rows of a conversation, as one transaction sees them."""
