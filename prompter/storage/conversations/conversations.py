"""Customers, their conversations, messages and turns."""

from prompter.storage.conversations.customers import CustomerRows
from prompter.storage.conversations.messages import MessageRows
from prompter.storage.conversations.operator_control import OperatorControlRows
from prompter.storage.conversations.turns import TurnRows


class ConversationRows(CustomerRows, MessageRows, TurnRows, OperatorControlRows):
    """All rows of a conversation, as one transaction sees them."""
