"""Telegram: customers' messages come in by long polling, replies leave by sendMessage."""

from bot.telegram.channel import TelegramChannel
from bot.telegram.client import TelegramClient
from bot.telegram.poller import TelegramPoller

__all__ = ["TelegramChannel", "TelegramClient", "TelegramPoller"]
