"""Which database the service of a model store works with, noted beside the store.

A command that is told of no database takes the file beside the store. Where
the service has another one from its environment, and the command was run
without that environment, this is the wrong one: a key made there opens
nothing, and a copy of it holds nothing.
"""

from __future__ import annotations

import logging
from pathlib import Path

from sqlalchemy import make_url

from router.console import save, say
from router.errors import OutputError, StorageError
from router.storage.database import Database
from router.storage.sqlite import Sqlite

__all__ = ["check_noted", "note_database", "noted_elsewhere"]

log = logging.getLogger("fenban.storage")

_HINT = (
    "请先读入服务的 FENBAN_DATABASE（sudo 不传环境变量，写法见 docs/operations.md 第九节），"
    "或用 --database 写明；服务真要换成后一个，启动时用 --database 写明它"
)


def note_database(database: Database, store: Path) -> None:
    """Note which database a service works with; never a user name or password.

    Parameters
    ----------
    database : Database
    store : Path
        The model store.

    Examples
    --------
    >>> import tempfile
    >>> from router.storage.database import open_database
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     note_database(open_database(f"{folder}/other.db"), Path(folder, "store"))
    ...     check_noted(open_database(f"{folder}/fenban.db"), Path(folder, "store"), named=False)
    Traceback (most recent call last):
    router.errors.StorageError: ...服务用的数据库是 ...other.db，这条命令没有读到，会用 ...fenban.db...
    """
    name, place = _name(database), _place(store)
    if isinstance(database.backend, Sqlite) and Path(name).is_relative_to(place.parent):
        name = str(Path(name).relative_to(place.parent))  # holds when the folder is moved as a whole
    try:
        save(place, f"{name}\n".encode())
    except OutputError as error:  # a disk that can't be written must not keep the service from starting
        log.warning("nothing tells the commands which database is served: %s", error.code)


def noted_elsewhere(database: Database, store: Path) -> str:
    """Return the database that is noted where `database` is another one; empty where it isn't.

    Parameters
    ----------
    database : Database
    store : Path
        The model store.
    """
    place = _place(store)
    try:
        noted = place.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):  # no service has run here yet
        return ""
    if not noted.startswith("postgresql:"):
        noted = str((place.parent / noted).resolve())
    return "" if noted == _name(database) else noted


def check_noted(database: Database, store: Path, *, named: bool) -> None:
    """Refuse another database than the service's; where it was named, that is meant, and only said.

    Parameters
    ----------
    database : Database
    store : Path
        The model store.
    named : bool
        Whether an option or the environment named the database.

    Raises
    ------
    StorageError
        If nothing named it, and the service works with another one.
    """
    noted = noted_elsewhere(database, store)
    if noted and named:
        say(f"注意：{store} 的服务用的数据库是 {noted}，这条命令用的是 {_name(database)}")
    elif noted:
        told = f"服务用的数据库是 {noted}，这条命令没有读到，会用 {_name(database)}，所以什么也没有做"
        raise StorageError(told, where=str(store), hint=_HINT)


def _place(store: Path) -> Path:
    folder = store.resolve()
    return folder.with_name(f".{folder.name}-database")


def _name(database: Database) -> str:
    """Return what stays the same however somebody logs in."""
    if isinstance(database.backend, Sqlite):
        return str(database.backend.path)
    url = make_url(database.place)
    asked = {name: ",".join(values) for name, values in url.normalized_query.items()}
    host = url.host or asked.get("host", "")
    port = url.port or asked.get("port") or 5432
    return f"postgresql://{host}:{port}/{url.database or asked.get('dbname') or url.username or ''}"
