"""What a request to the web chat has to pass: origin, size, rate."""

import hashlib
import re
import secrets

from fastapi import HTTPException, Request, status

COOKIE = "sufler_chat"
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")  # 256 bits


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def secret_of(request: Request) -> str | None:
    """The customer's secret, from the cookie that we have made."""
    secret = request.cookies.get(COOKIE, "")
    return secret if _SECRET.fullmatch(secret) else None


def chat_id_of(secret: str) -> str:
    """The chat's id; the secret itself is stored nowhere, so the database does not open conversations."""
    return hashlib.sha256(secret.encode()).hexdigest()


async def read_json_body(request: Request, *, most_bytes: int) -> bytes:
    """The body; one that is too large is not read to its end."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise HTTPException(status.HTTP_415_UNSUPPORTED_MEDIA_TYPE, "Send JSON.")
    too_large = HTTPException(status.HTTP_413_CONTENT_TOO_LARGE, "The message is too long.")
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > most_bytes:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most_bytes:
            raise too_large
    return bytes(body)
