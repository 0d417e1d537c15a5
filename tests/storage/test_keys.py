from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from router.errors import InputError
from router.storage.audit import Audit
from router.storage.database import Database
from router.storage.keys import Keys, Scope
from router.storage.limits import Limits

from .conftest import Clock


def test_a_key_is_known_by_its_secret_alone(keys: Keys) -> None:
    new = keys.create("erp", [Scope.SUGGEST, Scope.VERDICT], "user:admin", per_minute=60)
    assert keys.check(new.secret) == new.key
    assert (new.key.actor, new.key.per_minute) == ("key:erp", 60)
    for wrong in ("", "erp", new.secret[:-1], new.secret + "x", new.secret.upper(), "\ud800"):
        assert keys.check(wrong) is None


def test_the_secret_is_nowhere_in_the_database(keys: Keys, database: Database) -> None:
    secret = keys.create("erp", [Scope.SUGGEST], "user:admin").secret
    with database.read() as connection:
        rows = [str(connection.execute(text(f"SELECT * FROM {t}")).all()) for t in ("api_keys", "audit")]
    assert "erp" in rows[0]
    assert secret not in str(rows)


def test_a_revoked_key_is_useless_at_once_and_its_name_stays_taken(keys: Keys) -> None:
    secret = keys.create("erp", [Scope.SUGGEST], "user:admin").secret
    keys.revoke("erp", "user:admin")
    assert keys.check(secret) is None
    assert keys.list()[0].revoked_at is not None
    with pytest.raises(InputError, match="没有在用的密钥"):
        keys.revoke("erp", "user:admin")
    with pytest.raises(InputError, match="已有名为 erp 的密钥"):
        keys.create("erp", [Scope.SUGGEST], "user:admin")


def test_a_key_expires(keys: Keys, clock: Clock) -> None:
    secret = keys.create("erp", [Scope.SUGGEST], "user:admin", clock() + timedelta(days=1)).secret
    assert keys.check(secret)
    clock.pass_by(days=1)
    assert keys.check(secret) is None


@pytest.mark.parametrize("name", ["", "a b", "a'; DROP TABLE api_keys--", "x" * 65, "a\n", "../x"])
def test_a_name_of_other_characters_is_refused(keys: Keys, name: str) -> None:
    with pytest.raises(InputError):
        keys.create(name, [Scope.SUGGEST], "user:admin")
    assert keys.list() == []


def test_values_that_make_no_sense_are_refused(keys: Keys, clock: Clock) -> None:
    with pytest.raises(InputError, match="权限"):
        keys.create("erp", [], "user:admin")
    with pytest.raises(InputError, match="每分钟"):
        keys.create("erp", [Scope.SUGGEST], "user:admin", per_minute=0)
    with pytest.raises(InputError, match="到期"):
        keys.create("erp", [Scope.SUGGEST], "user:admin", clock())


def test_making_and_revoking_is_noted(keys: Keys, audit: Audit) -> None:
    keys.create("erp", [Scope.SUGGEST], "command:root")
    keys.revoke("erp", "user:admin")
    told = [(entry.actor, entry.action, entry.subject) for entry in audit.entries()]
    assert told == [("user:admin", "key_revoked", "erp"), ("command:root", "key_created", "erp")]


def test_so_many_uses_a_minute_and_no_more(database: Database, clock: Clock) -> None:
    limits, workers = Limits(database), Limits(database)
    assert [limits.take("key:erp", 3) for _ in range(2)] == [0, 0]
    clock.pass_by(seconds=20)
    assert [workers.take("key:erp", 3) for _ in range(2)] == [0, 40]
    assert workers.take("key:other", 3) == 0
    clock.pass_by(seconds=40)
    assert limits.take("key:erp", 3) == 0


def test_counters_of_the_past_do_not_pile_up(database: Database, clock: Clock) -> None:
    limits = Limits(database)
    for n in range(5):
        limits.take(f"login:10.0.0.{n}", 3)
    clock.pass_by(minutes=2)
    limits.take("login:10.0.0.9", 3)
    with database.read() as connection:
        assert connection.execute(text("SELECT name FROM counters")).scalars().all() == ["login:10.0.0.9"]
