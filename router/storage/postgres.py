"""PostgreSQL: one server for several machines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, text
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from router.errors import UsageError
from router.storage.backend import Fault, Lock

__all__ = ["Postgres"]

_CLASS = 0x66656E62
"""Our advisory locks among those of other programs in the same database: "fenb"."""

_ALONE = text("SELECT pg_advisory_xact_lock(:program, :lock)")
_TOGETHER = text("SELECT pg_advisory_xact_lock_shared(:program, :lock)")

_CONNECT = {
    "connect_timeout": 5,
    "application_name": "fenban",
    # a server that vanished from the net is noticed within seconds
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "options": "-c timezone=UTC -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s",
}

_GONE = Fault("数据库连不上", "请检查 PostgreSQL 是否在运行、网络是否通；恢复后不必重启本服务")
_BUSY = Fault("数据库正忙，等了 10 秒也没有轮到", "请稍后重试")
_BY_STATE = {
    "53100": Fault("数据库服务器磁盘已满，没有保存", "请腾出空间"),
    "53300": Fault("数据库连接数已满", "请调大 PostgreSQL 的 max_connections，或减少 --workers"),
    "25006": Fault("数据库只读，写不进去", "请检查是不是连到了备库"),
    "28P01": Fault("数据库口令不对", "请检查 FENBAN_DATABASE 里的用户名和口令"),
    "28000": Fault("数据库不许这个用户登录", "请检查用户名和 pg_hba.conf"),
    "3D000": Fault("没有这个数据库", "请先用 createdb 建库"),
    "42501": Fault("数据库用户权限不够", "请让该用户做这个数据库的属主"),
    "55P03": _BUSY,
    "40001": _BUSY,
    "40P01": _BUSY,
}
_UNAVAILABLE_CLASSES = {"08", "53", "57", "58", "XX"}
_NO_ANSWER = {"OperationalError", "ConnectionTimeout"}
"""What psycopg calls it where nobody listens, or listens and says nothing."""


class Postgres:
    """A database of a PostgreSQL server.

    Parameters
    ----------
    url : URL
    """

    numbers_in_order = False

    def __init__(self, url: URL) -> None:
        if find_spec("psycopg") is None:
            raise UsageError("用 PostgreSQL 还缺一个程序包", hint="请安装 fenban[postgres]")
        self._url = url.set(drivername="postgresql+psycopg")
        self.reading: Mapping[str, Any] = {"isolation_level": "REPEATABLE READ"}
        self.place = self._url.render_as_string(hide_password=True)

    def engine(self) -> Engine:
        """Make the engine; a connection that died is replaced before it is used."""
        return create_engine(
            self._url, pool_pre_ping=True, pool_size=8, pool_timeout=10, connect_args=dict(_CONNECT)
        )

    def make(self) -> None:
        """Do nothing: the database is made by whoever runs the server."""

    def free_bytes(self) -> int | None:
        """Return None: only the server knows."""
        return None

    def exists(self) -> bool:
        """Say that connecting will tell."""
        return True

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Let several write at once."""
        yield

    def begin(self, connection: Connection, *, durable: bool) -> None:
        """Let the server not wait for its disk where nothing durable is written."""
        if not durable:
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")

    def flush(self) -> None:
        """Do nothing: a commit returns when it is durable."""

    def alone(self, connection: Connection, lock: Lock) -> None:
        """Hold an advisory lock to the end of the transaction."""
        connection.execute(_ALONE, {"program": _CLASS, "lock": lock.value})

    def together(self, connection: Connection, lock: Lock) -> None:
        """Hold an advisory lock, shared, to the end of the transaction."""
        connection.execute(_TOGETHER, {"program": _CLASS, "lock": lock.value})

    def scrub(self, engine: Engine) -> None:
        """Write the tables of texts anew; the files that held the deleted ones are dropped.

        Among them those of the statistics, where samples of texts may lie from
        before they were left out.
        """
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in ("texts", "remarks", "idempotency", "pg_statistic"):
                connection.exec_driver_sql(f"VACUUM FULL {table}")

    def fault(self, error: BaseException) -> Fault | None:
        """Say what an error of the driver or of the pool means."""
        if isinstance(error, PoolTimeoutError):
            return _BUSY
        if isinstance(error, OSError):
            return _GONE
        state = getattr(error, "sqlstate", None)
        if state in _BY_STATE:
            return _BY_STATE[state]
        if type(error).__name__ in _NO_ANSWER or (state or "")[:2] in _UNAVAILABLE_CLASSES:
            return _GONE
        return None
