"""Answer messages that are for the bot itself: /start, /help and /stop."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kb_index.templates import fill
from prompter.domain.conversation import Command, Customer
from prompter.text.notices import command_reply
from prompter.text.template_fields import template_values
from prompter.text.translations import SOURCE_LANGUAGE, supported_language


@dataclass(frozen=True, kw_only=True)
class CommandReplies:
    """The replies to commands, in the customer's language, or in `language` if that is unknown.

    `greetings` by language replace the shipped answer to START. They may contain template fields. An empty
    one sends nothing.
    """

    language: str = SOURCE_LANGUAGE
    greetings: Mapping[str, str] = field(default_factory=dict)
    template_values: Mapping[str, str] = field(default_factory=dict)

    def reply_to(self, command: Command, customer: Customer) -> str:
        """Return the reply to a customer's command."""
        language = supported_language(customer.language, self.language)
        if command is Command.START and language in self.greetings:
            return fill(self.greetings[language], template_values(customer, self.template_values))
        return command_reply(command, language)
