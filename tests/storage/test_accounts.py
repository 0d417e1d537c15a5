from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import event, text

from router.errors import InputError, LoginError, StorageUnavailableError
from router.storage.accounts import Accounts, Role, User
from router.storage.audit import Audit
from router.storage.database import Database, open_database

from .conftest import Clock

PASSWORD = "Qinghe-2026-lamp"
OTHER = "Wenchang.street.7"


@pytest.fixture
def zhang(accounts: Accounts) -> User:
    return accounts.create("zhang", PASSWORD, Role.CLERK, "command:root")


def test_who_knows_the_password_is_let_in(accounts: Accounts, zhang: User) -> None:
    session = accounts.login("zhang", PASSWORD)
    assert session.user == zhang
    assert accounts.session(session.token) == session
    assert zhang.actor == "user:zhang"


@pytest.mark.parametrize(
    ("name", "password"),
    [("zhang", "wrong"), ("zhang", ""), ("li", PASSWORD), ("", ""), ("\ud800", "\ud800")],
)
def test_nobody_else_is_and_all_hear_the_same(
    accounts: Accounts, zhang: User, name: str, password: str
) -> None:
    with pytest.raises(LoginError, match="用户名或口令不对"):
        accounts.login(name, password)


def test_passwords_and_tokens_are_nowhere_in_the_database(
    accounts: Accounts, zhang: User, database: Database
) -> None:
    token = accounts.login("zhang", PASSWORD).token
    with database.read() as connection:
        tables = ("users", "sessions", "audit")
        rows = str([connection.execute(text(f"SELECT * FROM {table}")).all() for table in tables])
    assert "$argon2id$" in rows
    assert PASSWORD not in rows
    assert token not in rows


def test_five_wrong_passwords_lock_and_time_unlocks(accounts: Accounts, zhang: User, clock: Clock) -> None:
    for _ in range(5):
        with pytest.raises(LoginError, match="不对"):
            accounts.login("zhang", "wrong")
    with pytest.raises(LoginError, match=r"已锁定.*16 分钟"):
        accounts.login("zhang", PASSWORD)
    clock.pass_by(minutes=15)
    assert accounts.login("zhang", PASSWORD)


def test_four_wrong_passwords_are_forgotten_after_a_right_one(accounts: Accounts, zhang: User) -> None:
    for _ in range(2):
        for _ in range(4):
            with pytest.raises(LoginError):
                accounts.login("zhang", "wrong")
        accounts.login("zhang", PASSWORD)


def test_an_administrator_unlocks(accounts: Accounts, zhang: User) -> None:
    for _ in range(5):
        with pytest.raises(LoginError):
            accounts.login("zhang", "wrong")
    assert accounts.list()[0].locked_until
    accounts.enable("zhang", "user:admin")
    assert accounts.login("zhang", PASSWORD)


def test_a_session_ends_when_idle_for_half_an_hour(accounts: Accounts, zhang: User, clock: Clock) -> None:
    token = accounts.login("zhang", PASSWORD).token
    for _ in range(3):
        clock.pass_by(minutes=29)
        assert accounts.session(token)
    clock.pass_by(minutes=30)
    assert accounts.session(token) is None


def test_a_session_ends_after_twelve_hours_however_busy(
    accounts: Accounts, zhang: User, clock: Clock
) -> None:
    token = accounts.login("zhang", PASSWORD).token
    for _ in range(35):
        clock.pass_by(minutes=20)
        assert accounts.session(token)
    clock.pass_by(minutes=20)
    assert accounts.session(token) is None


def test_who_is_logged_in_goes_on_reading_while_nothing_can_be_stored(
    sqlite_template: Path, tmp_path: Path, clock: Clock
) -> None:
    path = shutil.copy(sqlite_template, tmp_path)
    database = open_database(f"sqlite:///{path}", clock=clock)
    accounts = Accounts(database)
    accounts.create("zhang", PASSWORD, Role.CLERK, "command:root")
    token = accounts.login("zhang", PASSWORD).token
    database.close()
    event.listen(database._engine, "connect", lambda raw, _: raw.execute("PRAGMA query_only=ON"))
    clock.pass_by(minutes=29)
    assert accounts.session(token)
    with pytest.raises(StorageUnavailableError):
        accounts.logout(token)
    clock.pass_by(minutes=1)  # the time it was last used couldn't be noted
    assert accounts.session(token) is None
    database.close()


def test_a_session_ends_on_logout(accounts: Accounts, zhang: User) -> None:
    one, other = accounts.login("zhang", PASSWORD), accounts.login("zhang", PASSWORD)
    accounts.logout(one.token)
    assert accounts.session(one.token) is None
    assert accounts.session(other.token) == other
    assert accounts.session("nothing") is None


def test_another_password_ends_all_sessions(accounts: Accounts, zhang: User) -> None:
    token = accounts.login("zhang", PASSWORD).token
    accounts.set_password("zhang", OTHER, "user:zhang")
    assert accounts.session(token) is None
    with pytest.raises(LoginError):
        accounts.login("zhang", PASSWORD)
    assert accounts.login("zhang", OTHER)


def test_a_password_is_provisional_until_its_owner_sets_one(accounts: Accounts, zhang: User) -> None:
    def provisional() -> list[bool]:
        return [user.provisional for user in (*accounts.list(), accounts.login("zhang", OTHER).user)]

    assert zhang.provisional
    assert accounts.login("zhang", PASSWORD).user.provisional
    accounts.set_password("zhang", OTHER, "user:zhang")
    assert provisional() == [False, False]
    accounts.set_password("zhang", OTHER, "user:wang")
    assert provisional() == [True, True]


def test_a_disabled_account_lets_nobody_in(accounts: Accounts, zhang: User) -> None:
    token = accounts.login("zhang", PASSWORD).token
    accounts.disable("zhang", "user:admin")
    assert accounts.session(token) is None
    with pytest.raises(LoginError, match="不对"):
        accounts.login("zhang", PASSWORD)
    accounts.enable("zhang", "user:admin")
    assert accounts.login("zhang", PASSWORD)


def test_another_role_ends_the_sessions_of_the_old_one(accounts: Accounts, zhang: User) -> None:
    token = accounts.login("zhang", PASSWORD).token
    accounts.set_role("zhang", Role.SECTION_HEAD, "user:admin", "municipal")
    assert accounts.session(token) is None
    (user,) = accounts.list()
    assert (user.role, user.section) == (Role.SECTION_HEAD, "municipal")


def test_forms_carry_what_the_cookie_does_not_tell(accounts: Accounts, zhang: User) -> None:
    one, other = accounts.login("zhang", PASSWORD), accounts.login("zhang", PASSWORD)
    assert one.csrf != other.csrf
    assert one.token not in one.csrf
    assert len(one.csrf) == 64


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "<b>", "a\x00"])
def test_a_name_of_other_characters_is_refused(accounts: Accounts, name: str) -> None:
    with pytest.raises(InputError, match="用户名"):
        accounts.create(name, PASSWORD, Role.CLERK, "command:root")


def test_only_a_section_head_has_a_section(accounts: Accounts) -> None:
    with pytest.raises(InputError, match="股室"):
        accounts.create("li", PASSWORD, Role.SECTION_HEAD, "command:root")
    with pytest.raises(InputError, match="股室"):
        accounts.create("li", PASSWORD, Role.CLERK, "command:root", "municipal")


def test_a_name_is_taken_once(accounts: Accounts, zhang: User, audit: Audit) -> None:
    with pytest.raises(InputError, match="已有用户"):
        accounts.create("zhang", OTHER, Role.ADMIN, "command:root")
    assert [entry.action for entry in audit.entries()] == ["user_created"]


@pytest.mark.parametrize("change", ["disable", "enable"])
def test_an_unknown_account_is_told(accounts: Accounts, change: str) -> None:
    with pytest.raises(InputError, match="没有用户"):
        getattr(accounts, change)("li", "user:admin")


@pytest.mark.parametrize(
    ("password", "wrong"),
    [
        ("Ab1-", "至少 10 位"),
        ("abcdefghij", "三种"),
        ("1234567890", "三种"),
        ("Zhang-2026-x", "用户名"),
        ("Password-1", "常见"),
        ("aA1aA1aA1aA1", "反复"),
        ("aA1-" * 100, "最长"),
    ],
)
def test_a_weak_password_is_refused_saying_why(accounts: Accounts, password: str, wrong: str) -> None:
    with pytest.raises(InputError, match=wrong):
        accounts.create("zhang", password, Role.CLERK, "command:root")
    assert accounts.list() == []


@pytest.mark.parametrize("password", [PASSWORD, OTHER, "路灯不亮请修一修Aa1", "correct Horse 7 staple"])
def test_a_good_password_is_taken(accounts: Accounts, password: str) -> None:
    accounts.create("zhang", password, Role.CLERK, "command:root")
    assert accounts.login("zhang", password)


def test_who_came_in_and_who_did_not_is_noted(accounts: Accounts, zhang: User, audit: Audit) -> None:
    with pytest.raises(LoginError):
        accounts.login("zhang", "wrong")
    accounts.login("zhang", PASSWORD)
    assert [entry.action for entry in audit.entries()] == ["login", "login_failed", "user_created"]
