"""Automatic messages to customers, in their language."""

from prompter.domain.conversation import Command
from prompter.domain.triage import HandoffReason
from prompter.text.translations import N_, supported_language, translator

_NOTICES = {
    HandoffReason.MEDIA: N_(
        "Thank you, we have received it. I can only read text, so an operator will take a look."
    ),
    HandoffReason.CUSTOMER_REQUEST: N_("I have passed your question to an operator. They will reply here."),
}


def notice(reason: HandoffReason | None, language: str) -> str | None:
    """Return the message for a customer whose turn goes to an operator for this reason, or None."""
    text = _NOTICES.get(reason) if reason else None
    return None if text is None else translator(supported_language(language, language)).gettext(text)


_REPLIES = {
    Command.START: N_("Hello! Write your question, and we will answer here."),
    Command.HELP: N_("Write your question in your own words. If you need a person, just say so."),
    Command.STOP: N_("All right. When you have a question, write here."),
}


def command_reply(command: Command, language: str) -> str:
    """Return the message for a customer who has sent a command."""
    return translator(language).gettext(_REPLIES[command])
