"""Accounts, sessions and API tokens."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from prompter.accounts.service import MAX_TOKEN_DAYS, TOKEN_DAYS
from prompter.domain.account import Account, ApiToken, Role, Scope, Session
from prompter_api.schemas.common import Input, Language, Line, Name, Output, Password, SecretOutput


class RoleName(StrEnum):
    """The roles. Each role includes the permissions of the roles before it."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"

    @property
    def role(self) -> Role:
        return Role.from_name(self.value)


class AccountOut(Output):
    """A person who may log in."""

    id: int
    name: str = Field(examples=["anna"])
    role: RoleName
    language: str | None = Field(description="Of the pages; null: the installation's", examples=["ru"])
    one_time_password: bool = Field(description="The person has to choose a password of their own")
    created_at: datetime
    disabled_at: datetime | None

    @classmethod
    def of(cls, account: Account) -> "AccountOut":
        return cls(
            id=account.id,
            name=account.name,
            role=RoleName(account.role.label),
            language=account.language,
            one_time_password=account.one_time_password,
            created_at=account.created_at,
            disabled_at=account.disabled_at,
        )


class Login(Input):
    name: str = Field(max_length=200, pattern=r"^[^\x00]*$", examples=["anna"])
    password: Password = Field(repr=False)


class PasswordChange(Input):
    old: Password = Field(repr=False)
    new: Password = Field(repr=False)


class LanguageChange(Input):
    language: Language


class NewAccount(Input):
    name: Name = Field(examples=["boris"])
    role: RoleName


class OneTimePassword(SecretOutput):
    """A one-time password. It is shown only once, and its owner has to replace it at the first login."""

    account: AccountOut
    password: str = Field(repr=False, examples=["kY3vQ9s0mF2xL8aT"])


class SessionOut(Output):
    """A browser in which the account is logged in."""

    id: int = Field(description="No secret: it only names the session")
    created_at: datetime
    seen_at: datetime = Field(description="When its owner did something last, give or take a minute")
    expires_at: datetime
    user_agent: str = Field(description="As the browser calls itself", examples=["Mozilla/5.0 (X11; …"])
    current: bool = Field(description="The one that asks")

    @classmethod
    def of(cls, session: Session, *, current: int | None) -> "SessionOut":
        return cls(
            id=session.id,
            created_at=session.created_at,
            seen_at=session.seen_at,
            expires_at=session.expires_at,
            user_agent=session.user_agent,
            current=session.id == current,
        )


class NewToken(Input):
    name: Line = Field(description="What the token is for", examples=["nightly export"])
    scopes: list[Scope] = Field(
        [Scope.READ],
        min_length=1,
        max_length=len(Scope),
        description="What it may do, within the role: of read, operate, supervise and admin each contains "
        "those before it; metrics and rasa stand for themselves",
    )
    expires_in_days: int | None = Field(
        TOKEN_DAYS, ge=1, le=MAX_TOKEN_DAYS, description="null: never, for admins only"
    )


class TokenOut(Output):
    id: int
    name: str = Field(examples=["nightly export"])
    scopes: list[Scope]
    created_at: datetime
    expires_at: datetime | None = Field(description="null: never")
    last_used_at: datetime | None = Field(description="Give or take a minute; null: never")

    @classmethod
    def of(cls, token: ApiToken) -> "TokenOut":
        return cls(
            id=token.id,
            name=token.name,
            scopes=[scope for scope in Scope if scope in token.scopes],
            created_at=token.created_at,
            expires_at=token.expires_at,
            last_used_at=token.last_used_at,
        )


class TokenWithSecret(TokenOut, SecretOutput):
    token: str = Field(
        repr=False,
        description="Shown this once; send it as `Authorization: Bearer …`",
        examples=["sufler_1_Zk9…"],
    )
