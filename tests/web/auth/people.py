"""Who comes to the service in the tests."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from router.pipeline import Router
from router.site import Site
from router.site_access import Access
from router.storage.accounts import Accounts, Role
from router.storage.audit import Audit
from router.storage.database import Database
from router.web.app import make_app
from tests.web.stub import StubEngine

PASSWORD = "Qinghe-2026-lamp"
OTHER = "Wenchang.street.7"
ROLES = {
    "zhang": Role.CLERK,
    "li": Role.SECTION_HEAD,
    "wang": Role.ADMIN,
    "zhao": Role.AUDITOR,
}
ELSEWHERE = "10.1.2.3"


def make_accounts(database: Database) -> None:
    accounts = Accounts(database)
    for name, role in ROLES.items():
        section = "drainage" if role is Role.SECTION_HEAD else ""
        accounts.create(name, PASSWORD, role, "command:root", section)
        accounts.set_password(name, PASSWORD, f"user:{name}")


def with_access(router: Router, site: Site, database: Database, access: Access) -> Flask:
    """Make the service of a site whose ``[access]`` says something else."""
    changed = replace(site, settings=replace(site.settings, access=access))
    return make_app(StubEngine(router, changed), database)


def token_of(page: TestResponse) -> str:
    """Return what the forms of a page carry."""
    found = re.search(r'name="csrf_token" value="([0-9a-f]+)"', page.text)
    assert found, page.text
    return found[1]


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def actions(audit: Audit) -> list[str]:
    """Return what was done, the newest first."""
    return [entry.action for entry in audit.entries()]


class Visitor:
    """A browser, or a program."""

    def __init__(self, app: Flask, address: str = ELSEWHERE) -> None:
        self.client: FlaskClient = app.test_client()
        self._from = {"REMOTE_ADDR": address}

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.client.get(path, environ_base=self._from, **kwargs)

    def post(self, path: str, **kwargs: Any) -> TestResponse:
        return self.client.post(path, environ_base=self._from, **kwargs)

    def send(self, path: str, **fields: Any) -> TestResponse:
        """Send a form as the pages of this browser carry it."""
        page = self.get("/password") if self.cookie() else self.get("/login")
        return self.post(path, data={"csrf_token": token_of(page), **fields})

    def decide(self, decision_id: str, **fields: Any) -> TestResponse:
        """Send a verdict as the page of a decision carries it."""
        page = self.get(f"/decisions/{decision_id}")
        known = re.search(r'name="seen" value="([0-9a-f]*)"', page.text)
        carried = {"csrf_token": token_of(page), "seen": known[1] if known else ""}
        return self.post(f"/decisions/{decision_id}/verdict", data={**carried, **fields})

    def log_in(self, name: str, password: str = PASSWORD, **fields: str) -> TestResponse:
        page = self.get("/login")
        return self.post(
            "/login", data={"csrf_token": token_of(page), "name": name, "password": password, **fields}
        )

    def cookie(self, name: str = "fenban") -> str:
        found = self.client.get_cookie(name)
        return found.value if found else ""
