"""How much a request to the web chat may bring."""

from fastapi import HTTPException, Request, status


async def read_json_body(request: Request, *, max_bytes: int) -> bytes:
    """The body; one that is too large is not read to its end."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise HTTPException(status.HTTP_415_UNSUPPORTED_MEDIA_TYPE, "Send JSON.")
    too_large = HTTPException(status.HTTP_413_CONTENT_TOO_LARGE, "The message is too long.")
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > max_bytes:
        raise too_large
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise too_large
    return bytes(body)
