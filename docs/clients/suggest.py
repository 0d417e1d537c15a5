"""Send a case, print the section that should lead, send back that it was accepted.

Only the standard library: ``FENBAN_URL=http://127.0.0.1:8000 FENBAN_KEY=fenban_… python suggest.py``
"""

from __future__ import annotations

import json
import os
import time
import urllib.error
import urllib.request
from typing import Any

URL = os.environ.get("FENBAN_URL", "http://127.0.0.1:8000")
KEY = os.environ.get("FENBAN_KEY", "")
TRIES = 6


def post(path: str, idempotency_key: str, body: dict[str, Any]) -> dict[str, Any]:
    """Send JSON; send it again, with the same key and as late as told, where the service could not answer."""
    request = urllib.request.Request(  # noqa: S310  # the address is the operator's own
        f"{URL}/api/v1/{path}",
        data=json.dumps(body, ensure_ascii=False).encode(),
        headers={
            "Authorization": f"Bearer {KEY}",
            "Content-Type": "application/json",
            "Idempotency-Key": idempotency_key,
        },
    )
    for attempt in range(1, TRIES + 1):
        wait = attempt
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # the same address
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code not in (429, 503) or attempt == TRIES:
                raise SystemExit(told(error)) from error
            asked = error.headers.get("Retry-After", "")
            wait = max(wait, int(asked) if asked.isdecimal() else 0)
        except OSError as error:  # nobody listens, the cable is out, no answer within 30 seconds
            if attempt == TRIES:
                raise SystemExit(f"连不上 {URL}：{getattr(error, 'reason', error)}") from error
        time.sleep(wait)
    raise AssertionError


def told(error: urllib.error.HTTPError) -> str:
    """Return what went wrong in one sentence; a proxy in between answers in HTML."""
    try:
        problem = json.load(error)
        return f"{problem['code']}: {problem['detail']}"
    except (ValueError, KeyError, TypeError):
        return f"{error.code} {error.reason}"


def main() -> None:
    """Route one case."""
    case = {
        "case_id": "028",
        "kind": "提案",
        "session": "十五届三次",
        "level": "县",
        "title": "关于修复文昌街路灯的提案",
        "body": "文昌街整条街的路灯坏了半年，晚上出行不便，建议尽快维修。",
    }
    # made from the case's own number, so that it stays the same when this program is started again
    decision = post("suggest", "erp-2026-028-1", case)
    print(f"主办：{decision['lead']['name']}")
    verdict = {"decision_id": decision["decision_id"], "kind": "accepted"}
    post("verdicts", "erp-2026-028-1-verdict", verdict)
    print("已送回：采纳")


if __name__ == "__main__":
    main()
