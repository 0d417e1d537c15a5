"""People who log in to the pages: roles, lockout, sessions."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Update, delete, insert, select, update

from router.errors import InputError, LoginError, StorageUnavailableError
from router.storage.audit import add_entry
from router.storage.database import Database
from router.storage.passwords import check_password, hash_password, is_password
from router.storage.tables import sessions, users

__all__ = ["Accounts", "Role", "Session", "User"]

_NAME = re.compile(r"[\w.-]{1,64}")
_FAILURES = 5
_LOCKED_FOR = timedelta(minutes=15)
_IDLE = timedelta(minutes=30)
_LONGEST = timedelta(hours=12)
_SEEN_STEP = timedelta(minutes=1)
"""A session's last use is noted no more often than this."""

_REFUSED = "用户名或口令不对"


class Role(StrEnum):
    """What a person may do."""

    CLERK = "clerk"
    SECTION_HEAD = "section_head"
    ADMIN = "admin"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class User:
    """An account.

    Parameters
    ----------
    name : str
    role : Role
    section : str
        The section that a section head leads.
    created_at : datetime
    password_at : datetime
        When the password was last set.
    provisional : bool
        Whether somebody else has set it: its owner changes it first.
    locked_until : datetime or None
        Until when no password is tried, after too many wrong ones.
    disabled_at : datetime or None
    """

    name: str
    role: Role
    section: str
    created_at: datetime
    password_at: datetime
    provisional: bool
    locked_until: datetime | None
    disabled_at: datetime | None

    @property
    def actor(self) -> str:
        """How audit and journal call the person."""
        return _actor(self.name)


@dataclass(frozen=True, slots=True)
class Session:
    """A login.

    Parameters
    ----------
    user : User
    token : str
        For the cookie; only its hash is stored.
    """

    user: User
    token: str

    @property
    def csrf(self) -> str:
        """What forms of this session must carry; it doesn't give the token away."""
        return hmac.new(self.token.encode(), b"csrf", hashlib.sha256).hexdigest()


class Accounts:
    """The accounts of a database.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, password: str, role: Role, made_by: str, section: str = "") -> User:
        """Make an account.

        Raises
        ------
        InputError
            If the name is taken, a value can't be used or the password is too weak.
        """
        if not _NAME.fullmatch(name):
            raise InputError("用户名只能用文字、数字和 . - _，最长 64 个字", where="name")
        if (role is Role.SECTION_HEAD) != bool(section):
            raise InputError("股室负责人要写明股室，其他角色不写", where="section")
        check_password(name, password)
        hashed, now, provisional = hash_password(password), self._database.now(), made_by != _actor(name)
        with self._database.write() as connection:
            # the chain first: who makes an account of the same name at the same time waits here
            self._note(connection, made_by, "user_created", name, role=role.value, section=section)
            if _row(connection, name):
                raise InputError(f"已有用户 {name}", where="name")
            row = {
                "name": name,
                "password_hash": hashed,
                "role": role.value,
                "section": section,
                "created_at": now,
                "created_by": made_by,
                "password_at": now,
                "provisional": provisional,
                "failed": 0,
            }
            connection.execute(insert(users), row)
        return User(name, role, section, now, now, provisional, None, None)

    def list(self) -> list[User]:
        """Return all accounts by name, the disabled ones too."""
        with self._database.read() as connection:
            return [_user(row) for row in connection.execute(select(users).order_by(users.c.name))]

    def user(self, name: str) -> User | None:
        """Return an account that may be used, for whom a proxy vouches; None where there is none."""
        with self._database.read() as connection:
            row = _row(connection, name)
        return None if row is None or row.disabled_at else _user(row)

    def set_password(self, name: str, password: str, made_by: str) -> None:
        """Set another password; all sessions of the account end, a lock too.

        One that anybody but the account's owner sets is provisional.

        Raises
        ------
        InputError
            If there is no such account, or the password is too weak.
        """
        check_password(name, password)
        new = {
            "password_hash": hash_password(password),
            "password_at": self._database.now(),
            "provisional": made_by != _actor(name),
        }
        self._change(name, made_by, "password_set", {**new, "failed": 0, "locked_until": None})

    def set_role(self, name: str, role: Role, made_by: str, section: str = "") -> None:
        """Give an account another role; its sessions end."""
        if (role is Role.SECTION_HEAD) != bool(section):
            raise InputError("股室负责人要写明股室，其他角色不写", where="section")
        told = {"role": role.value, "section": section}
        self._change(name, made_by, "role_set", told, **told)

    def disable(self, name: str, made_by: str) -> None:
        """Let nobody in with an account; its sessions end. What was done under its name stays."""
        self._change(name, made_by, "user_disabled", {"disabled_at": self._database.now()})

    def enable(self, name: str, made_by: str) -> None:
        """Let an account in again that was disabled or is locked."""
        self._change(name, made_by, "user_enabled", {"disabled_at": None, "failed": 0, "locked_until": None})

    def login(self, name: str, password: str) -> Session:
        """Begin a session.

        After five wrong passwords in a row none is tried for 15 minutes.

        Raises
        ------
        LoginError
            Which tells that an account is locked, but not whether there is one.
        """
        return self._begin(self._checked(name, password))

    def change_password(self, name: str, old: str, new: str) -> Session:
        """Set another password for its owner, who goes on in a new session: that is no login of its own.

        Raises
        ------
        LoginError
            As `login` does, for the old password.
        InputError
            If the new one is too weak.
        """
        row = self._checked(name, old)
        self.set_password(name, new, _actor(name))
        with self._database.read() as connection:
            row = connection.execute(select(users).where(users.c.name == row.name)).one()
        return self._begin(row, noted=False)

    def session(self, token: str) -> Session | None:
        """Return the session of a cookie's token, None where it has ended; its idle time begins anew.

        Where that can't be noted, on a full disk say, who is logged in can read on for the time left.
        """
        now, hashed = self._database.now(), _hash(token)
        query = (
            select(users, sessions.c.seen_at, sessions.c.expires_at)
            .join(sessions, sessions.c.user == users.c.name)
            .where(sessions.c.hash == hashed, users.c.disabled_at.is_(None))
        )
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None or row.expires_at <= now or row.seen_at + _IDLE <= now:
            return None
        if now - row.seen_at >= _SEEN_STEP:
            with suppress(StorageUnavailableError), self._database.write(durable=False) as connection:
                connection.execute(update(sessions).where(sessions.c.hash == hashed).values(seen_at=now))
        return Session(_user(row), token)

    def logout(self, token: str) -> None:
        """End a session."""
        with self._database.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.hash == _hash(token)))

    def _checked(self, name: str, password: str) -> Row[Any]:
        """Return the account whose password that is; see `login`."""
        with self._database.read() as connection:
            row = _row(connection, name)
        right = is_password(password, row.password_hash if row else None)  # first: all refusals take as long
        now = self._database.now()
        if row and row.locked_until and row.locked_until > now:
            left = int((row.locked_until - now).total_seconds() // 60) + 1
            raise LoginError("口令连续输错，账户已锁定", hint=f"请 {left} 分钟后再试")
        if row is None or row.disabled_at:
            raise LoginError(_REFUSED)
        if not right:
            self._failed(name)
            raise LoginError(_REFUSED)
        return row

    def _begin(self, row: Row[Any], *, noted: bool = True) -> Session:
        now, token = self._database.now(), secrets.token_urlsafe(32)
        with self._database.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
            connection.execute(_one(row.name).values(failed=0, locked_until=None))
            connection.execute(
                insert(sessions),
                {
                    "hash": _hash(token),
                    "user": row.name,
                    "created_at": now,
                    "seen_at": now,
                    "expires_at": now + _LONGEST,
                },
            )
            if noted:
                self._note(connection, _actor(row.name), "login", row.name)
        return Session(_user(row), token)

    def _failed(self, name: str) -> None:
        with self._database.write() as connection:
            failed = connection.execute(
                _one(name).values(failed=users.c.failed + 1).returning(users.c.failed)
            ).scalar_one()
            self._note(connection, _actor(name), "login_failed", name, failed=failed)
            if failed >= _FAILURES:
                until = self._database.now() + _LOCKED_FOR
                connection.execute(_one(name).values(failed=0, locked_until=until))
                self._note(connection, _actor(name), "user_locked", name)

    def _change(self, name: str, made_by: str, action: str, values: dict[str, Any], **told: Any) -> None:
        with self._database.write() as connection:
            if not connection.execute(_one(name).values(values)).rowcount:
                raise InputError(f"没有用户 {name}", where="name", hint="用 fenban users list 查看")
            connection.execute(delete(sessions).where(sessions.c.user == name))
            self._note(connection, made_by, action, name, **told)

    def _note(self, connection: Connection, actor: str, action: str, subject: str, **details: Any) -> None:
        add_entry(connection, self._database, actor, action, subject, **details)


def _actor(name: str) -> str:
    return f"user:{name}"


def _row(connection: Connection, name: str) -> Row[Any] | None:
    return connection.execute(select(users).where(users.c.name == name)).one_or_none()


def _one(name: str) -> Update:
    return update(users).where(users.c.name == name)


def _user(row: Row[Any]) -> User:
    return User(
        name=row.name,
        role=Role(row.role),
        section=row.section,
        created_at=row.created_at,
        password_at=row.password_at,
        provisional=row.provisional,
        locked_until=row.locked_until,
        disabled_at=row.disabled_at,
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
