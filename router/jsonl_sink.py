"""The built-in sink: a file with one line of JSON for each event."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path

from router.interfaces import Event

__all__ = ["JsonlSink"]


class JsonlSink:
    """Appends each event to a file, which it opens anew each time: it may be moved away at any moment.

    Several processes may write to one file; a line is written whole or not
    at all.

    Parameters
    ----------
    file : str
        Full path. Made with access for its owner only, where it doesn't exist.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "events.jsonl")
    ...     JsonlSink(str(path)).notify(Event("verdict", "028", {"kind": "accepted"}))
    ...     print(path.read_text(encoding="utf-8").strip())
    {"kind": "verdict", "case_id": "028", "payload": {"kind": "accepted"}}
    """

    def __init__(self, file: str = "") -> None:
        if not isinstance(file, str) or not Path(file).is_absolute():
            raise ValueError(f"file 应为完整路径，如 /var/lib/fenban/events.jsonl，现为 {file!r}")
        self._file = Path(file)
        if not self._file.parent.is_dir():
            raise ValueError(f"没有 file 所在的文件夹 {self._file.parent}")

    def notify(self, event: Event) -> None:
        """Append `event`."""
        told = {"kind": event.kind, "case_id": event.case_id, "payload": dict(event.payload)}
        line = f"{json.dumps(told, ensure_ascii=False)}\n".encode()
        self._file.touch(mode=0o600)
        with self._file.open("ab", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # other workers write here too; closing lets go of it
            before = file.seek(0, os.SEEK_END)
            try:
                while line:
                    line = line[file.write(line) :]
            except OSError:
                file.truncate(before)  # half a line would spoil the next one
                raise
