"""What the web layer needs from the composition root."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from flask import current_app

from router.pipeline import Router
from router.sinks import Sinks
from router.site import Site
from router.storage.database import Database
from router.storage.journal import Journal

__all__ = ["Engine", "Limits", "Services", "services"]

EXTENSION = "fenban"
_MB = 1024 * 1024


class Engine(Protocol):
    """A loaded model, or the reason why there is none."""

    @property
    def router(self) -> Router | None:
        """The router of the live model; None while none can be loaded."""
        ...

    @property
    def site(self) -> Site:
        """The bureau's own data; an empty site where none was given."""
        ...

    @property
    def site_known(self) -> bool:
        """Whether `site` is the bureau's own; not where one was given and could not be read yet."""
        ...

    @property
    def sinks(self) -> Sinks:
        """Who is told of what is stored."""
        ...

    def ready(self) -> tuple[bool, str]:
        """Say whether cases can be answered, and in Chinese why not."""
        ...

    def problems(self) -> list[str]:
        """Say in Chinese what of the newest model and site files is not used, and why."""
        ...

    def model_digest(self, version: str) -> str:
        """Return the recorded digest of a stored model; empty where there is none."""
        ...

    def models(self) -> list[dict[str, Any]]:
        """Describe the stored models; each has ``version`` and ``live``."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one request may carry.

    Parameters
    ----------
    json_bytes : int
        Body of a JSON call.
    batch_bytes : int
        Body of a batch.
    form_bytes : int
        Body of a form of the page, an upload included.
    page_cases : int
        Cases of one upload. More are a job for ``fenban suggest``.
    read_seconds : float
        After which no further file of an uploaded archive is begun.
    """

    json_bytes: int = 2 * _MB
    batch_bytes: int = 20 * _MB
    form_bytes: int = 50 * _MB
    page_cases: int = 1000
    read_seconds: float = 30.0


@dataclass(frozen=True)
class Services:
    """What request handlers work with."""

    engine: Engine
    database: Database
    limits: Limits

    @cached_property
    def journal(self) -> Journal:
        """The decisions and verdicts of the database."""
        return Journal(self.database)


def services() -> Services:
    """Return the services of the running application."""
    found: Services = current_app.extensions[EXTENSION]
    return found
