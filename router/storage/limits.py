"""How often something may happen, counted for all workers together."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import bindparam, case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import Insert

from router.storage.database import Database
from router.storage.tables import counters

__all__ = ["Limits"]


class Limits:
    """Counters in fixed windows of time.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, name: str, most: int, window: timedelta = timedelta(minutes=1)) -> float:
        """Count one use.

        Parameters
        ----------
        name : str
            What is limited: ``key:…``, ``login:address``.
        most : int
            Uses within a window, which begins with the first one.
        window : timedelta

        Returns
        -------
        float
            0 where the use is within the limit, else the seconds until the next window.
        """
        now = self._database.now()
        values = {"name": name, "now": now, "ends": now + window}
        with self._database.write(durable=False) as connection:
            used, ends_at = connection.execute(_COUNT[connection.dialect.name], values).one()
            if used == 1:  # once a window, so that names seen once don't pile up
                # those that another caller holds stay: two that wait for each other's would never end
                ended = select(counters.c.name).where(counters.c.ends_at <= now)
                free = ended.with_for_update(skip_locked=True)
                connection.execute(delete(counters).where(counters.c.name.in_(free)))
        return 0.0 if used <= most else max((ends_at - now).total_seconds(), 0.001)


def _count(new: Insert | sqlite.Insert) -> Insert | sqlite.Insert:
    over = counters.c.ends_at <= bindparam("now", type_=counters.c.ends_at.type)
    return new.on_conflict_do_update(
        index_elements=[counters.c.name],
        set_={
            "n": case((over, 1), else_=counters.c.n + 1),
            "ends_at": case((over, new.excluded.ends_at), else_=counters.c.ends_at),
        },
    ).returning(counters.c.n, counters.c.ends_at)  # type: ignore[return-value]  # rows are what is wanted


_FIRST = {"name": bindparam("name"), "n": 1, "ends_at": bindparam("ends", type_=counters.c.ends_at.type)}
_COUNT = {
    "sqlite": _count(sqlite.insert(counters).values(**_FIRST)),
    "postgresql": _count(postgresql.insert(counters).values(**_FIRST)),
}
