from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from werkzeug.test import TestResponse

from router.sinks import Sinks
from router.site import Site

Suggest = Callable[..., TestResponse]


@dataclass
class StubEngine:
    """An engine that is what it is told to be."""

    router: Any
    site: Site
    why_not: str = ""
    unused: list[str] = field(default_factory=list)
    site_known: bool = True
    sinks: Sinks = field(default_factory=lambda: Sinks({}))
    listed: list[dict[str, Any]] = field(default_factory=lambda: [{"version": "test.1", "live": True}])

    def ready(self) -> tuple[bool, str]:
        return self.router is not None, self.why_not

    def problems(self) -> list[str]:
        return self.unused

    def model_digest(self, version: str) -> str:
        return "m" * 64

    def models(self) -> list[dict[str, Any]]:
        return self.listed
