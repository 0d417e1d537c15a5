"""Passes events on as lines of JSON."""

from __future__ import annotations

import json
import os
from pathlib import Path

from router.interfaces import Event

__all__ = ["EventLinesSink"]

_VARIABLE = "FENBAN_EXAMPLE_EVENTS"


class EventLinesSink:
    """Appends a line for each event to the file that ``FENBAN_EXAMPLE_EVENTS`` names.

    fenban calls `notify` in a thread of this sink's own, one event after the
    other, so that it may take its time. What it raises is logged by the name
    of the error, and the event is not told again.

    Raises
    ------
    ValueError
        If the variable isn't set.
    """

    def __init__(self) -> None:
        if not os.environ.get(_VARIABLE):
            raise ValueError(f"请用环境变量 {_VARIABLE} 写明事件写到哪个文件")
        self._file = Path(os.environ[_VARIABLE])

    def notify(self, event: Event) -> None:
        """Append `event`."""
        told = {"event": event.kind, "case_id": event.case_id, **event.payload}
        with self._file.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(told, ensure_ascii=False)}\n")
