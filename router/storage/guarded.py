"""Whether the service is anybody's: before the first key and account only its own machine is answered."""

from __future__ import annotations

from sqlalchemy import exists, or_, select

from router.storage.database import Database
from router.storage.tables import api_keys, users

__all__ = ["is_guarded"]

_EITHER = select(or_(exists().where(api_keys.c.name.is_not(None)), exists().where(users.c.name.is_not(None))))


def is_guarded(database: Database) -> bool:
    """Say whether a key or an account was ever made.

    Those that were revoked, disabled or have expired count as well: a
    service whose last key ends must not open by that.

    Examples
    --------
    >>> import tempfile
    >>> from router.storage.database import open_database
    >>> from router.storage.keys import Keys, Scope
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     database = open_database(f"{folder}/fenban.db")
    ...     before = is_guarded(database)
    ...     _ = Keys(database).create("erp", [Scope.SUGGEST], "command:root")
    ...     Keys(database).revoke("erp", "command:root")
    ...     print(before, is_guarded(database))
    ...     database.close()
    False True
    """
    with database.read() as connection:
        return bool(connection.execute(_EITHER).scalar_one())
