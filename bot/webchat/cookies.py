"""The signed cookie that identifies a returning customer.

A cookie that we did not sign opens no chat. Otherwise an attacker who controls a sibling subdomain could
plant a cookie that they know, and read the conversation. They could also plant a cookie that we signed for
them, so behind HTTPS the name begins with `__Host-`: browsers accept such a cookie from this very host only.
Without HTTPS no name protects from that.

Earlier versions did not sign cookies. An unsigned cookie (43 characters) opens no chat, but it can be
exchanged once: the page gives its chat a new, signed cookie, and the old cookie is worthless from then on. So
customers keep their conversations after the update, and an attacker who planted an old cookie cannot read
later messages. Two pages that are opened at the same moment can lose that exchange. The conversation is
then still on the desk. Browsers forget the last unsigned cookies 180 days after the update. After that,
`old_chat_id_of` can be removed.
"""

import hashlib
import re
import secrets

from fastapi import Request, Response
from itsdangerous import BadSignature, Signer

from web.cookies import exact_cookie

_SECONDS = 180 * 24 * 3600
_OLD_NAME = "sufler_chat"
_OLD_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")  # 256 bits


class ChatCookies:
    """Makes and verifies the cookies of chats.

    `secret` is the installation's. The key that is derived from it is for chats only.
    """

    def __init__(self, secret: str, *, secure: bool) -> None:
        self.name = "__Host-sufler_chat" if secure else "sufler_chat"
        self._secure = secure
        self._signer = Signer(secret, salt="web chat", key_derivation="hmac", digest_method=hashlib.sha256)

    def make(self) -> str:
        """Make a cookie for a new customer. Nothing of it is stored until they write."""
        return self._signer.sign(secrets.token_urlsafe(32)).decode()

    def read(self, request: Request) -> str | None:
        """Return the customer's cookie, or None if it is missing or not signed by us."""
        cookie = exact_cookie(request, self.name) or ""
        try:
            self._signer.unsign(cookie)
        except BadSignature:
            return None
        return cookie

    def give(self, request: Request, response: Response, cookie: str) -> None:
        """Set the cookie in the response. It replaces an unsigned cookie of earlier versions."""
        response.set_cookie(
            self.name, cookie, max_age=_SECONDS, path="/", httponly=True, samesite="lax", secure=self._secure
        )
        if self.name != _OLD_NAME and exact_cookie(request, _OLD_NAME) is not None:
            response.delete_cookie(_OLD_NAME, path="/", httponly=True, samesite="lax", secure=True)


def chat_id_of(cookie: str) -> str:
    """Return the chat's id: a hash of the cookie, so that a copy of the database opens no conversation."""
    return hashlib.sha256(cookie.encode()).hexdigest()


def old_chat_id_of(request: Request) -> str | None:
    """Return the id of the chat that an unsigned cookie of earlier versions belongs to, or None."""
    secret = exact_cookie(request, _OLD_NAME) or ""
    return chat_id_of(secret) if _OLD_SECRET.fullmatch(secret) else None
