from __future__ import annotations

from router.storage.accounts import Accounts, Role
from router.storage.database import Database
from router.storage.guarded import is_guarded
from router.storage.keys import Keys, Scope

PASSWORD = "Qinghe-2026-lamp"


def test_the_first_key_guards_for_good(database: Database, keys: Keys) -> None:
    assert not is_guarded(database)
    keys.create("erp", [Scope.SUGGEST], "command:root")
    assert is_guarded(database)
    keys.revoke("erp", "command:root")
    assert is_guarded(database)


def test_the_first_account_does_too(database: Database, accounts: Accounts) -> None:
    accounts.create("wang", PASSWORD, Role.ADMIN, "command:root")
    accounts.disable("wang", "command:root")
    assert is_guarded(database)


def test_an_account_is_found_while_it_may_be_used(accounts: Accounts) -> None:
    made = accounts.create("wang", PASSWORD, Role.ADMIN, "command:root")
    assert accounts.user("wang") == made
    assert accounts.user("WANG") is None
    accounts.disable("wang", "command:root")
    assert accounts.user("wang") is None
