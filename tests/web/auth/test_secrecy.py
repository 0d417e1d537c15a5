"""What must not stand in any log line."""

from __future__ import annotations

import logging

import pytest

from router.storage.audit import Audit
from router.storage.keys import Keys, Scope

from .people import OTHER, PASSWORD, Visitor, bearer, token_of

TITLE = "关于解决翠屏苑三号楼电梯停运的建议"
WRONG = "Wrong-password-77"
TYPED = "typed-into-the-wrong-field-9X"


def test_no_secret_password_token_or_text_is_logged(
    visitor: Visitor, keys: Keys, audit: Audit, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = keys.create("erp", [Scope.SUGGEST], "command:root", per_minute=2).secret
    told = [secret, PASSWORD, OTHER, WRONG, TYPED, TITLE, "翠屏苑"]
    visitor.post("/api/v1/suggest", json={"title": TITLE}, headers=bearer(secret))
    visitor.get("/api/v1/plugins", headers=bearer(secret))
    visitor.get("/api/v1/sections", headers=bearer(secret))
    visitor.get("/api/v1/sections", headers=bearer(secret + "x"))
    for _ in range(6):
        visitor.log_in("li", WRONG)
    visitor.log_in(TYPED, WRONG)
    visitor.log_in("zhang")
    told += [visitor.cookie(), token_of(visitor.get("/"))]
    visitor.post("/case", data={"title": TITLE, "csrf_token": token_of(visitor.get("/"))})
    visitor.post("/case", data={"title": TITLE, "csrf_token": "no"})
    visitor.get(f"/?q={TITLE}&password={WRONG}")
    visitor.get("/audit")
    visitor.send("/password", old=WRONG, new=OTHER, again=OTHER)
    visitor.send("/password", old=PASSWORD, new=OTHER, again=OTHER)
    told += [visitor.cookie(), token_of(visitor.get("/"))]
    visitor.send("/logout")
    lines = [str(vars(record)) + record.getMessage() for record in caplog.records]
    assert len(lines) > 20
    for what in told:
        assert what
        assert [line for line in lines if what in line] == []
        assert what not in str(audit.entries())
