"""What the program says of itself while it serves: one line an event, never what a case says.

Messages of errors may quote a case, and messages of the web server what was
asked of it. So of an exception only its kind and place are written, and of
what other libraries say only what stands before the first thing they quote.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

__all__ = ["FORMATS", "LEVELS", "JsonFormatter", "TextFormatter", "set_up", "told"]

FORMATS = ("json", "text")
LEVELS = ("debug", "info", "warning", "error")

_OURS = "fenban"
_LIFECYCLE = "arbiter"
"""The module of gunicorn that starts and stops workers and sees no request."""
_QUOTES = re.compile(r"[%{:'\"\n]")
_FRAMES = 5


def told(**fields: Any) -> dict[str, dict[str, Any]]:
    """Return `fields` as a logging call takes them.

    Examples
    --------
    >>> logging.getLogger("fenban").debug("request", extra=told(status=200))
    """
    return {"fields": fields}


class JsonFormatter(logging.Formatter):
    """One JSON object a line.

    Examples
    --------
    >>> record = logging.LogRecord("fenban.web", logging.INFO, "", 0, "request", None, None)
    >>> record.fields = {"status": 200}
    >>> line = json.loads(JsonFormatter().format(record))
    >>> line["level"], line["event"], line["status"]
    ('info', 'request', 200)
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "pid": record.process,
            "event": _said(record),
            **_fields(record),
        }
        return json.dumps(line, ensure_ascii=False, default=str)


class TextFormatter(logging.Formatter):
    """The same for a person who watches.

    Examples
    --------
    >>> record = logging.LogRecord("fenban.web", logging.INFO, "", 0, "request", None, None)
    >>> record.fields = {"method": "GET", "status": 200}
    >>> TextFormatter().format(record).partition(" ")[2]
    'info fenban.web: request method=GET status=200'
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = "".join(f" {name}={value}" for name, value in _fields(record).items() if value is not None)
        line = f"{_time(record)} {record.levelname.lower()} {record.name}: {_said(record)}{fields}"
        return "".join(letter if letter.isprintable() else "?" for letter in line)


def set_up(style: str, level: str) -> None:
    """Write all log lines of this process to stderr.

    Parameters
    ----------
    style : str
        One of `FORMATS`.
    level : str
        One of `LEVELS`, for our own lines; of other libraries only warnings
        are of use.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(_OURS).setLevel(level.upper())
    logging.captureWarnings(capture=True)
    threading.excepthook = _thread_failed


def _thread_failed(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_value is not None:
        found = (failed.exc_type, failed.exc_value, failed.exc_traceback)
        logging.getLogger(_OURS).error("a thread failed", exc_info=found)


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC).astimezone()
    return moment.isoformat(timespec="milliseconds")


def _said(record: logging.LogRecord) -> str:
    ours = record.name == _OURS or record.name.startswith(f"{_OURS}.")
    if ours:
        return record.getMessage()
    if record.module == _LIFECYCLE:
        return record.getMessage().partition("\n")[0]  # below may stand a traceback
    return _QUOTES.split(str(record.msg), maxsplit=1)[0].strip() or "-"


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, Any] = dict(getattr(record, "fields", {}))
    if record.exc_info and record.exc_info[0] is not None:
        fields |= {"error": record.exc_info[0].__name__, "at": _place(record.exc_info[2])}
    return fields


def _place(found: TracebackType | None) -> str:
    """Return where it happened, the innermost first; no line of code, which might quote."""
    frames = reversed(traceback.extract_tb(found)[-_FRAMES:])
    return " < ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames)
