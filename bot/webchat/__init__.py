"""How do customers write to us and read our replies on our own site?

router     the page at /chat and its requests
texts      the page's texts by language
channel    "sends" a reply by leaving it for the page to fetch
cookies    the signed cookie that identifies a customer
guards     the size limit of a request
limits     rate limits on writing and reading, by chat and by address
"""

from bot.webchat.channel import WebChannel
from bot.webchat.limits import ChatLimits
from bot.webchat.router import web_chat_router

__all__ = ["ChatLimits", "WebChannel", "web_chat_router"]
