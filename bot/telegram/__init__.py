"""How are Telegram chats and our conversations translated into each other?

Messages arrive by long polling and are acknowledged after they are stored. Replies are sent by sendMessage.

    poller      asks for updates, stores them, then acknowledges
    mapping     turns an update into a message or a button press
    channel     sends a reply and reports the outcome
    formatting  bold, links and so on of an answer
    keyboard    the buttons under an automated reply
    client      a thin wrapper around python-telegram-bot's `Bot` that keeps the token out of logs
"""

from bot.telegram.channel import TelegramChannel
from bot.telegram.client import TelegramClient
from bot.telegram.poller import TelegramPoller

__all__ = ["TelegramChannel", "TelegramClient", "TelegramPoller"]
