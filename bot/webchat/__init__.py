"""The web chat: a page on our own site where customers write and read the replies."""

from bot.webchat.channel import WebChannel
from bot.webchat.router import web_chat_router

__all__ = ["WebChannel", "web_chat_router"]
