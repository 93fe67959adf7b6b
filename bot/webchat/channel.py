"""Replies to the web chat."""

from prompter.conversations.delivery import OutgoingMessage

CHANNEL = "web"


class WebChannel:
    """The page reads the conversation from our own database: what is marked as sent can be seen there."""

    name = CHANNEL
    idempotent = True

    async def send(self, message: OutgoingMessage) -> str:
        return str(message.id)
