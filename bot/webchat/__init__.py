"""The web chat: a page on our own site where customers write and read the replies."""

from bot.webchat.channel import WebChannel
from bot.webchat.limits import ChatLimits
from bot.webchat.router import web_chat_router

__all__ = ["ChatLimits", "WebChannel", "web_chat_router"]
