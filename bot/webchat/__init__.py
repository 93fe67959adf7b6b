"""How do visitors of our own site write to us and read the replies?

router     the page at /chat and its requests
texts      the page's texts by language
channel    "sends" a reply by leaving it for the page to fetch
cookies    the signed cookie by which a visitor is recognized
guards     the size and origin of a request
limits     how often one chat or one address may write and read
"""

from bot.webchat.channel import WebChannel
from bot.webchat.limits import ChatLimits
from bot.webchat.router import web_chat_router

__all__ = ["ChatLimits", "WebChannel", "web_chat_router"]
