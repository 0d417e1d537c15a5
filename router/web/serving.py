"""Running the application with several workers under gunicorn."""

from __future__ import annotations

import hashlib
import importlib
import logging
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from router.logs import set_up
from router.scratch import scratch_folder
from router.web.processors import free_place, keep_to_share
from router.web.worker import Worker

if TYPE_CHECKING:
    from flask import Flask

__all__ = ["Serving", "run"]

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_GRACE = 30
"""Seconds that requests under way may take once the service is told to stop."""
_TURN = 0.002
"""Seconds a thread may go on while others wait. With Python's own 5 ms, whoever writes would wait that
long after each statement, and everybody else for them."""
_KEPT_ALIVE = 75
"""Seconds a connection may be idle: longer than nginx keeps one, or it would send into a closed one."""


@dataclass(frozen=True, slots=True)
class Serving:
    """How a service runs.

    Parameters
    ----------
    host : str
    port : int
    workers : int
        Processes.
    threads : int
        Of each process.
    log_format, log_level : str
        See `router.logs.set_up`.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 2
    threads: int = 4
    log_format: str = "json"
    log_level: str = "info"

    @property
    def address(self) -> str:
        """Host and port as gunicorn reads them."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def run(
    make: Callable[[], Flask],
    serving: Serving,
    shared: Sequence[str] = (),
    held: AbstractContextManager[None] | None = None,
) -> None:
    """Serve until told to stop; requests under way are finished first.

    Parameters
    ----------
    make : callable
        Makes the application, once in each worker.
    serving : Serving
    shared : sequence of str
        Modules that are loaded before the workers are forked: they share the
        memory, and one that takes the place of another is there at once.
    held : context manager, optional
        Entered before the first worker starts; each worker leaves it, too.
    """
    set_up(serving.log_format, serving.log_level)
    os.environ[_FOLDER] = str(_counting_folder(serving.address))
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # the workers are what runs side by side
    sys.setswitchinterval(_TURN)
    for name in shared:
        importlib.import_module(name)
    with held or nullcontext():
        _Application(make, serving).run()


class _Application(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, make: Callable[[], Flask], serving: Serving) -> None:
        self._make, self._serving = make, serving
        self._dead: set[int] = set()
        super().__init__()

    def load_config(self) -> None:
        wanted = {
            "bind": self._serving.address,
            "workers": self._serving.workers,
            "threads": self._serving.threads,
            "worker_class": Worker,
            "graceful_timeout": _GRACE,
            "keepalive": _KEPT_ALIVE,
            "logger_class": _Log,
            "loglevel": self._serving.log_level,
            "pre_fork": self._find_place,
            "post_fork": self._keep_to_share,
            "child_exit": self._add_up,
            "on_exit": _clean,
            "control_socket_disable": True,  # systemd and signals are enough
        }
        for name, value in wanted.items():
            if name in self.cfg.settings:  # older gunicorns have no control socket
                self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._make()

    def _find_place(self, server: Any, worker: Any) -> None:
        taken = [each.place for each in server.WORKERS.values()]
        worker.place = free_place(taken, server.num_workers)

    def _keep_to_share(self, server: Any, worker: Any) -> None:
        keep_to_share(worker.place, server.num_workers)

    def _add_up(self, _server: object, worker: Any) -> None:
        from router.web.counts import add_up

        self._dead = add_up(Path(os.environ[_FOLDER]), self._dead | {worker.pid})


class _Log(Logger):  # type: ignore[misc]
    """Gunicorn's own lines among ours; requests are logged by `router.web.logs`."""

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self.error_log.propagate = True
        self.error_log.setLevel(cfg.loglevel.upper())
        for name in ("critical", "error", "warning", "info", "debug", "exception"):
            # called straight, so that a line knows which module of gunicorn speaks: see `router.logs`
            setattr(self, name, getattr(self.error_log, name))

    def access(self, *_: object) -> None:
        """Write nothing: gunicorn would write addresses as they were sent."""


def _counting_folder(address: str) -> Path:
    """Return the empty folder in which the workers of this address count, for us alone."""
    folder = scratch_folder(hashlib.sha256(address.encode()).hexdigest()[:12])
    _empty(folder)
    return folder


def _empty(folder: Path) -> None:
    for file in folder.glob("*.db"):
        file.unlink(missing_ok=True)


def _clean(_server: object) -> None:
    folder = Path(os.environ[_FOLDER])
    _empty(folder)
    try:
        folder.rmdir()
    except OSError as error:
        logging.getLogger("fenban").warning("the folder of counts stays: %s", error.strerror)
