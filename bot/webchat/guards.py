"""The size limit of requests to the web chat."""

from fastapi import HTTPException, Request, status


async def read_json_body(request: Request, *, max_bytes: int) -> bytes:
    """Return the JSON body. Reading stops as soon as it is too large."""
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
