"""The cookie by which a customer is known again, signed by us.

A cookie that we have not made opens nothing: whoever controls a neighbour subdomain could otherwise plant
one that they know, and read along. They could plant one that we made for them, too, so behind HTTPS the
name begins with `__Host-`: browsers take such a cookie from this very host only. Without HTTPS no name
protects from that.

Earlier versions signed nothing. Such a cookie (43 characters) opens no chat, but it can be exchanged once:
the page gives its chat a new, signed cookie, and the old one is worth nothing from then on. So customers
keep their conversations over the update, and a planted old cookie does not let the one who planted it read
what is written afterwards. Two pages that are opened at the same moment can lose that exchange; the
conversation is then still on the desk. Browsers forget the last of the old cookies 180 days after the
update; `old_chat_id_of` can go then.
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
    """Makes cookies and knows them again.

    `secret` is the installation's; the key that is made of it is for chats only.
    """

    def __init__(self, secret: str, *, secure: bool) -> None:
        self.name = "__Host-sufler_chat" if secure else "sufler_chat"
        self._secure = secure
        self._signer = Signer(secret, salt="web chat", key_derivation="hmac", digest_method=hashlib.sha256)

    def make(self) -> str:
        """A new customer's cookie; nothing of it is stored anywhere before they write."""
        return self._signer.sign(secrets.token_urlsafe(32)).decode()

    def read(self, request: Request) -> str | None:
        """The customer's cookie, if we have made it."""
        cookie = exact_cookie(request, self.name) or ""
        try:
            self._signer.unsign(cookie)
        except BadSignature:
            return None
        return cookie

    def give(self, request: Request, response: Response, cookie: str) -> None:
        """Hand the cookie out, in place of one from before cookies were signed."""
        response.set_cookie(
            self.name, cookie, max_age=_SECONDS, path="/", httponly=True, samesite="lax", secure=self._secure
        )
        if self.name != _OLD_NAME and exact_cookie(request, _OLD_NAME) is not None:
            response.delete_cookie(_OLD_NAME, path="/", httponly=True, samesite="lax", secure=True)


def chat_id_of(cookie: str) -> str:
    """The chat's id; the cookie itself is stored nowhere, so the database does not open conversations."""
    return hashlib.sha256(cookie.encode()).hexdigest()


def old_chat_id_of(request: Request) -> str | None:
    """The id of a chat from before cookies were signed, of which this may be the customer."""
    secret = exact_cookie(request, _OLD_NAME) or ""
    return chat_id_of(secret) if _OLD_SECRET.fullmatch(secret) else None
