"""Routing rules: the built-ins, the files they are written in, and running them."""

from __future__ import annotations

__all__: list[str] = []
