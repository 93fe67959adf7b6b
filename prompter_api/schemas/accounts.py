"""Accounts, sessions and API tokens."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from prompter.storage import Account, Role
from prompter_api.schemas.common import Input, Language, Line, Name, Output, Password


class RoleName(StrEnum):
    """Each role may do what the ones before it may."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"

    @property
    def role(self) -> Role:
        return Role.named(self.value)


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


class OneTimePassword(Output):
    """The password is shown this once; its owner has to replace it at the first login."""

    account: AccountOut
    password: str = Field(repr=False, examples=["kY3vQ9s0mF2xL8aT"])


class NewToken(Input):
    name: Line = Field(description="What the token is for", examples=["nightly export"])


class TokenOut(Output):
    id: int
    name: str = Field(examples=["nightly export"])
    created_at: datetime


class TokenWithSecret(TokenOut):
    token: str = Field(
        repr=False,
        description="Shown this once; send it as `Authorization: Bearer …`",
        examples=["sufler_1_Zk9…"],
    )
