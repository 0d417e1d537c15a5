"""Fetch what people decided since the last time; run it every few minutes.

Only the standard library: ``FENBAN_URL=http://127.0.0.1:8000 FENBAN_KEY=fenban_… python verdicts.py``
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

URL = os.environ.get("FENBAN_URL", "http://127.0.0.1:8000")
KEY = os.environ.get("FENBAN_KEY", "")
KNOWN = Path(os.environ.get("FENBAN_NEXT", "fenban-next.txt"))
"""Where the id of the last verdict that was taken over is kept."""


def get(path: str, **query: str) -> dict[str, Any]:
    """Ask for JSON."""
    request = urllib.request.Request(  # noqa: S310  # the address is the operator's own
        f"{URL}/api/v1/{path}?{urllib.parse.urlencode(query)}", headers={"Authorization": f"Bearer {KEY}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # the same address
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise SystemExit(told(error)) from error
    except OSError as error:  # nothing is lost: the next run goes on from the same place
        raise SystemExit(f"连不上 {URL}：{getattr(error, 'reason', error)}") from error


def told(error: urllib.error.HTTPError) -> str:
    """Return what went wrong in one sentence; a proxy in between answers in HTML."""
    try:
        problem = json.load(error)
        return f"{problem['code']}: {problem['detail']}"
    except (ValueError, KeyError, TypeError):
        return f"{error.code} {error.reason}"


def take_over(verdict: dict[str, Any]) -> None:
    """Put your own system's work here; a verdict may come again if it is interrupted."""
    print(verdict["decision_id"], verdict["kind"], verdict["section"] or verdict["returned_by"])


def main() -> None:
    """Take over all that is new, page by page."""
    known = KNOWN.read_text("utf-8").strip() if KNOWN.exists() else ""
    more = True
    while more:
        page = get("verdicts", **({"after": known} if known else {}))
        for verdict in page["verdicts"]:
            take_over(verdict)
        if page["verdicts"]:
            known = page["next"]
            KNOWN.write_text(known, "utf-8")  # only now: nothing is lost if this program is stopped
        more = page["more"]


if __name__ == "__main__":
    main()
