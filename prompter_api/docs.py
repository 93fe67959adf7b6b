"""The API's documentation as a page that needs no network: Swagger UI from a Python package."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator
from functools import cache, cached_property
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException
from swagger_ui_bundle import swagger_ui_path

from web.problems import Problem

router = APIRouter(prefix="/docs", include_in_schema=False)

_ASSETS = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}
_PART = 65_536  # bytes sent at a time


@router.get("")
def show_docs(request: Request) -> HTMLResponse:
    """Show the page. FastAPI's own inline script, identified by its hash, is the only one that may run."""
    page = get_swagger_ui_html(
        openapi_url="/docs/openapi.json",
        title=f"{request.app.title} API",
        swagger_js_url="/docs/swagger-ui-bundle.js",
        swagger_css_url="/docs/swagger-ui.css",
        swagger_favicon_url="/docs/favicon-32x32.png",
        swagger_ui_parameters={"validatorUrl": None},  # the validator would send the document to its makers
    )
    page.headers["Content-Security-Policy"] = _policy(bytes(page.body).decode())
    return page


@router.get("/openapi.json")
def openapi_for_swagger_ui(request: Request) -> Response:
    description: Description = request.app.state.description
    return Response(description.openapi_3_0, media_type="application/json")


def openapi(request: Request) -> Response:
    """Return the API's description in OpenAPI 3.1."""
    description: Description = request.app.state.description
    return Response(description.openapi_3_1, media_type="application/json")


class Description:
    """An application's description as it is sent. It is built only once, as anybody may ask for it."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    @cached_property
    def openapi_3_1(self) -> bytes:
        return json.dumps(self._app.openapi(), ensure_ascii=False, separators=(",", ":")).encode()

    @cached_property
    def openapi_3_0(self) -> bytes:
        """The description in OpenAPI 3.0."""
        return json.dumps(as_openapi_3_0(self._app.openapi()), ensure_ascii=False).encode()


@router.get("/{name}")
async def get_asset(name: str) -> Response:
    """Send a file of the page from memory, in parts, so that slow readers take no thread from customers."""
    if name not in _ASSETS:
        raise HTTPException(404)
    content = _content(name)

    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, len(content), _PART):
            yield content[start : start + _PART]

    headers = {"Cache-Control": "public, max-age=86400", "Content-Length": str(len(content))}
    return StreamingResponse(parts(), media_type=_ASSETS[name], headers=headers)


@cache
def _content(name: str) -> bytes:
    return (Path(swagger_ui_path) / name).read_bytes()


# Errors of every request: the server's own limits, and an unavailable database.
_ALWAYS = (400, 408, 413, 429, 431, 503)


def add_description(app: FastAPI) -> None:
    """Serve the description. FastAPI itself would serialize it for every request, on the event loop."""
    _document_errors(app)
    app.state.description = Description(app)
    app.add_api_route("/openapi.json", openapi, include_in_schema=False)
    app.include_router(router)


def _document_errors(app: FastAPI) -> None:
    """Add to each operation in the API's description every status that it may return.

    The statuses follow from the operation's parameters: credentials may be refused, names and ids may be
    unknown, a change may conflict with another. A route's own `responses` stay unchanged.
    """
    describe = app.openapi

    def describe_with_errors() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = describe()
            shapes = document.setdefault("components", {}).setdefault("schemas", {})
            shapes.setdefault("Problem", Problem.model_json_schema())
            for path, methods in document["paths"].items():
                for method, operation in methods.items():
                    for status in _errors_of(path, method, operation):
                        operation["responses"].setdefault(str(status), _error_response(status))
        assert app.openapi_schema is not None  # noqa: S101 - FastAPI keeps what it has made
        return app.openapi_schema

    app.openapi = describe_with_errors  # type: ignore[method-assign]


def _errors_of(path: str, method: str, operation: dict[str, Any]) -> list[int]:
    statuses = set(_ALWAYS)
    if operation.get("security") or path.startswith("/api/"):
        statuses |= {401, 403}
        if method != "get":
            statuses.add(409)
    if operation.get("parameters") or operation.get("requestBody"):
        statuses |= {404, 422}
    return sorted(statuses)


def _error_response(status: int) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in (429, 503):
        seconds = {"description": "Seconds until another try makes sense", "schema": {"type": "integer"}}
        response["headers"] = {"Retry-After": seconds}
    return response


def _policy(page: str) -> str:
    scripts = [part.partition("</script>")[0] for part in page.split("<script>")[1:]]
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in scripts
    )
    return (
        f"default-src 'none'; script-src 'self' {hashes}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def as_openapi_3_0(document: dict[str, Any]) -> dict[str, Any]:
    """Convert the description to OpenAPI 3.0, as the packaged Swagger UI cannot read 3.1.

    >>> as_openapi_3_0({"openapi": "3.1.0", "x": {"anyOf": [{"type": "string"}, {"type": "null"}]}})
    {'openapi': '3.0.3', 'x': {'type': 'string', 'nullable': True}}
    """
    older = _downgrade(document)
    assert isinstance(older, dict)  # noqa: S101 - a document is a mapping, and stays one
    older["openapi"] = "3.0.3"
    if "info" in older:
        older["info"].pop("summary", None)
    return older


def _downgrade(node: Any) -> Any:
    if isinstance(node, list):
        return [_downgrade(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: _downgrade(value) for key, value in node.items()}
    if isinstance(node.get("examples"), list):
        node["example"] = node.pop("examples")[0]
    if "const" in node:
        node["enum"] = [node.pop("const")]
    choices = node.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices:
        rest = [choice for choice in choices if choice != {"type": "null"}]
        del node["anyOf"]
        if len(rest) > 1:
            node["anyOf"] = rest
        elif "$ref" in rest[0]:
            node["allOf"] = rest  # keys beside a $ref are ignored
        else:
            node |= rest[0]
        node["nullable"] = True
    return node
