"""Only valid accounts can log in."""

import pytest

from prompter.accounts.passwords import WeakPassword
from prompter.accounts.service import Accounts, NameTaken, WrongPassword
from prompter.common.errors import NotFound
from prompter.domain.account import Role, Scope
from prompter.storage import Store
from tests.fakes import FAST_HASHER

PASSWORD = "correct horse battery"


@pytest.fixture
def accounts(store: Store) -> Accounts:
    return Accounts(store, hasher=FAST_HASHER)


def test_name_and_password_let_in_whatever_the_case_of_the_name(accounts: Accounts) -> None:
    accounts.add("Анна", Role.OPERATOR, PASSWORD)
    account = accounts.log_in(" анна ", PASSWORD)
    assert account is not None
    assert (account.name, account.role) == ("Анна", Role.OPERATOR)


@pytest.mark.parametrize(
    ("name", "password"), [("anna", "wrong password"), ("nobody", PASSWORD), ("", ""), ("anna", "")]
)
def test_anything_else_does_not(accounts: Accounts, name: str, password: str) -> None:
    accounts.add("anna", Role.OPERATOR, PASSWORD)
    assert accounts.log_in(name, password) is None


def test_a_disabled_account_is_out(accounts: Accounts) -> None:
    account = accounts.add("anna", Role.OPERATOR, PASSWORD)
    token = accounts.create_token(account.id, "script", scopes={Scope.READ})
    accounts.disable("anna")
    assert accounts.log_in("anna", PASSWORD) is None
    assert accounts.find_active(account.id) is None
    assert accounts.find_by_token(token) is None


def test_a_new_password_replaces_the_old_one(accounts: Accounts) -> None:
    accounts.add("anna", Role.OPERATOR, PASSWORD, one_time_password=True)
    accounts.set_password("anna", "another good one")
    assert accounts.log_in("anna", PASSWORD) is None
    account = accounts.log_in("anna", "another good one")
    assert account is not None
    assert not account.one_time_password


@pytest.mark.parametrize("change", ["reset", "disabled"])
def test_a_change_does_not_undo_what_an_admin_did_meanwhile(
    accounts: Accounts, store: Store, change: str
) -> None:
    accounts.add("adam", Role.ADMIN, PASSWORD)
    anna = accounts.add("anna", Role.OPERATOR, PASSWORD)
    verified = accounts.verify_password(anna.id, PASSWORD)
    if change == "reset":
        accounts.set_password("anna", "another good one", one_time_password=True)
    else:
        accounts.disable("anna")
    with pytest.raises(WrongPassword):
        accounts.change_password(verified, PASSWORD, "a password of my own", then=lambda *_: None)
    with store.read() as tx:
        now = tx.accounts.get(anna.id)
    assert now is not None
    assert (now.one_time_password, now.disabled_at is None) == (change == "reset", change == "reset")
    assert accounts.log_in("anna", "a password of my own") is None


@pytest.mark.parametrize("password", ["short", "operator-anna", "x" * 201])
def test_weak_passwords_are_refused(accounts: Accounts, password: str) -> None:
    with pytest.raises(WeakPassword):
        accounts.add("operator-anna", Role.OPERATOR, password)
    assert accounts.all() == []


def test_a_name_is_given_once(accounts: Accounts) -> None:
    accounts.add("Анна", Role.OPERATOR, PASSWORD)
    with pytest.raises(NameTaken):
        accounts.add("АННА", Role.OPERATOR, PASSWORD)


def test_a_token_stands_for_its_account_until_it_is_revoked(accounts: Accounts) -> None:
    account = accounts.add("anna", Role.SUPERVISOR, PASSWORD)
    token = accounts.create_token(account.id, "script", scopes={Scope.READ})
    found = accounts.find_by_token(token)
    assert found is not None
    assert found.account.id == account.id
    accounts.revoke_token(int(token.split("_")[1]))
    assert accounts.find_by_token(token) is None
    with pytest.raises(NotFound):
        accounts.revoke_token(int(token.split("_")[1]))


@pytest.mark.parametrize(
    "token", ["", "sufler", "sufler_1", "sufler_1_x", "sufler_²_x", "other_1_x", "sufler_9999999999_x"]
)
def test_made_up_tokens_are_nobody(accounts: Accounts, token: str) -> None:
    accounts.create_token(accounts.add("anna", Role.OPERATOR, PASSWORD).id, "script", scopes={Scope.READ})
    assert accounts.find_by_token(token) is None


def test_secrets_stay_out_of_reprs_and_of_the_database(accounts: Accounts, store: Store) -> None:
    account = accounts.add("anna", Role.OPERATOR, PASSWORD)
    token = accounts.create_token(account.id, "script", scopes={Scope.READ})
    assert "$argon2" not in repr(account)
    with store.read() as tx:
        assert tx.accounts.find_by_token(1) is not None
        assert token.split("_", 2)[2] not in str(tx.accounts.find_by_token(1))
