from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from werkzeug.test import TestResponse

from router.site import Site

Suggest = Callable[..., TestResponse]


@dataclass
class StubEngine:
    """An engine that is what it is told to be."""

    router: Any
    site: Site
    why_not: str = ""
    listed: list[dict[str, Any]] = field(default_factory=lambda: [{"version": "test.1", "live": True}])

    def ready(self) -> tuple[bool, str]:
        return self.router is not None, self.why_not

    def models(self) -> list[dict[str, Any]]:
        return self.listed
