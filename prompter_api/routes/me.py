"""A person's own account and API tokens."""

from fastapi import APIRouter, Request

from prompter_api.auth import CurrentAccount, Operator
from prompter_api.login import change_password
from prompter_api.parts import parts_of
from prompter_api.schemas.accounts import (
    AccountOut,
    LanguageChange,
    NewToken,
    PasswordChange,
    TokenOut,
    TokenWithSecret,
)
from prompter_api.schemas.common import Done, Id

router = APIRouter(prefix="/api/me", tags=["me"])


@router.get("")
def get_me(me: CurrentAccount) -> AccountOut:
    """Who am I?"""
    return AccountOut.of(me)


@router.post("/password")
def change_my_password(request: Request, me: CurrentAccount, body: PasswordChange) -> AccountOut:
    """Choose a new password: every other session of mine ends."""
    parts = parts_of(request)
    changed = change_password(request, parts, me, body.old, body.new)
    return AccountOut.of(changed)


@router.post("/language")
def change_my_language(request: Request, me: CurrentAccount, body: LanguageChange) -> Done:
    """Choose the language of my pages."""
    parts_of(request).accounts.set_language(me.id, body.language)
    return Done()


@router.get("/tokens")
def list_my_tokens(request: Request, me: Operator) -> list[TokenOut]:
    """My API tokens, without their secrets."""
    return [TokenOut.model_validate(token) for token in parts_of(request).accounts.tokens(me.id)]


@router.post("/tokens", status_code=201)
def create_my_token(request: Request, me: Operator, body: NewToken) -> TokenWithSecret:
    """A new API token with my role; it is shown this once."""
    token, secret = parts_of(request).accounts.issue_token(me.id, body.name)
    return TokenWithSecret(id=token.id, name=token.name, created_at=token.created_at, token=secret)


@router.delete("/tokens/{token_id}")
def revoke_my_token(request: Request, me: Operator, token_id: Id) -> Done:
    """End one of my API tokens."""
    parts_of(request).accounts.revoke_token(token_id, of=me.id)
    return Done()
