"""What a service answers to requests made up from its own OpenAPI file, right ones and wrong ones.

``python benchmarks/fuzz.py`` serves the sample site, with accounts and keys,
and lets schemathesis make up ten thousand requests for all calls. Each answer
must be one that the file describes: its status, its type, its fields, and
never a 5xx. Beside keys that may do all there are weaker ones and none.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case, GenerationMode
from schemathesis.errors import FailureGroup
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from benchmarks.reporting import Report, Table
from benchmarks.service_process import Server, fenban_command, free_port
from benchmarks.storm import make_store
from router.site_files import sample_site
from router.storage.database import Database, open_database
from router.storage.keys import Keys, Scope
from router.web.openapi import OPERATIONS, Operation

__all__ = ["BEYOND_SCHEMAS", "FUZZED", "Found", "fuzz", "main", "takes_something"]

_REQUESTS = 10_000
_AT_ONCE = 40
"""Of one call before it is the next one's turn."""
_FEW = 5
_CASE = {"case_id": "028", "title": "关于修复文昌街路灯的建议", "body": "整条街的路灯坏了半年。"}
_OF_THE_SITE = {"section": "drainage", "co_sections": ["villages"], "topic": "township-sewage"}
_NOTE = (
    "Requests of schemathesis, right ones and wrong ones; three of four with a key that may do all, "
    "the others with a weaker one, a wrong one or none. "
    "Wrong: an answer that the OpenAPI file doesn't describe, or a 5xx."
)


def takes_something(operation: Operation) -> bool:
    """Say whether a call has any input to be made up."""
    return bool(operation.takes or operation.asks or "{" in operation.path)


FUZZED = [
    (operation, mode)
    for operation in OPERATIONS
    for mode in GenerationMode
    if takes_something(operation) or mode is GenerationMode.POSITIVE  # nothing can be wrong with no input
]
"""The calls, with requests that fit the file and with such that don't."""

BEYOND_SCHEMAS = {
    # That title or body has text is said in words: of an anyOf, generators make no usable class.
    "/api/v1/suggest": [positive_data_acceptance],
    # Whether a section exists and a pattern can be compiled, no schema can say.
    "/api/v1/rules/dry-run": [positive_data_acceptance],
    # The same address lists them: years before 1980 are no moments of ours.
    "/api/v1/verdicts": [positive_data_acceptance],
    "/api/v1/decisions": [positive_data_acceptance],
    # A case that is wrong gets its own problem, within a good answer.
    "/api/v1/suggest/batch": [negative_data_rejection],
}
"""Checks that a call need not pass, by path."""


@dataclass
class Found:
    """What was answered.

    Parameters
    ----------
    statuses : dict of Counter
        How often each status, by call.
    wrong : list of str
        Each answer that must not be, with the request.
    """

    statuses: dict[str, Counter[int]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """How many were answered."""
        return sum(counts.total() for counts in self.statuses.values())


@dataclass(frozen=True)
class Callers:
    """Who sends the requests.

    Parameters
    ----------
    strong : dict of str to str
        Headers with a key that may do all.
    others : sequence of such
    """

    strong: Mapping[str, str]
    others: tuple[Mapping[str, str], ...]

    def __iter__(self) -> Iterator[Mapping[str, str]]:
        """Yield headers without end."""
        others = itertools.cycle(self.others)
        while True:
            yield from (self.strong, self.strong, self.strong, next(others))


class Fuzzer:
    """Sends requests to a service and judges the answers.

    Parameters
    ----------
    described : BaseSchema
        Its OpenAPI file, with its address.
    callers : Callers
    decision_id : str
        Of a stored decision. It and names of the site replace those that were
        made up in half of the right requests, for those lead nowhere.
    """

    def __init__(self, described: BaseSchema, callers: Callers, decision_id: str) -> None:
        self._described = described
        self._callers = iter(callers)
        self._known = itertools.cycle(({"decision_id": decision_id, **_OF_THE_SITE}, {}))
        self._session = requests.Session()
        self.found = Found()

    def send(self, operation: Operation, mode: GenerationMode, most: int, turn: int) -> None:
        """Make up at most so many requests for one call."""
        name = f"{operation.method.upper()} {operation.path}"
        beyond = BEYOND_SCHEMAS.get(operation.path, [])

        @seed(turn)
        @settings(
            max_examples=most,
            phases=[Phase.generate],
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(
            case=self._described[operation.path][operation.method.upper()].as_strategy(generation_mode=mode)
        )
        def answered(case: Case) -> None:
            if mode is GenerationMode.POSITIVE:
                self._name_what_is_there(case)
            headers = dict(next(self._callers))
            response = case.call(session=self._session, headers=headers, timeout=60)
            self.found.statuses.setdefault(name, Counter())[response.status_code] += 1
            try:
                # a key that lacks a right is no proof of what the request was like
                refused = response.status_code in (401, 403)
                case.validate_response(
                    response,
                    excluded_checks=[positive_data_acceptance] if refused else beyond,
                    headers=headers,
                )
            except FailureGroup as failures:
                self._note(name, case, failures, headers)

        answered()

    def _name_what_is_there(self, case: Case) -> None:
        known = next(self._known)
        for part in (case.body, case.path_parameters):
            if isinstance(part, dict):
                part.update((name, value) for name, value in known.items() if part.get(name))

    def _note(self, name: str, case: Case, failures: FailureGroup, headers: Mapping[str, str]) -> None:
        said = "; ".join(f"{type(one).__name__}: {one}" for one in failures.exceptions)
        command = case.as_curl_command(headers=dict.fromkeys(headers, "…"))
        self.found.wrong.append(f"{name}: {said}\n  {command}")


def fuzz(url: str, callers: Callers, decision_id: str, most: int) -> Found:
    """Send at least `most` requests to a service; tell what it answered."""
    described = schemathesis.openapi.from_url(f"{url}/openapi.json", headers=dict(callers.strong))
    fuzzer = Fuzzer(described, callers, decision_id)
    with click.progressbar(length=most, label="fuzz", file=sys.stderr) as bar:
        for turn in itertools.count():
            for operation, mode in FUZZED:
                before = fuzzer.found.requests
                if before >= most:
                    return fuzzer.found
                share = _AT_ONCE if takes_something(operation) else _FEW
                fuzzer.send(operation, mode, min(share, most - before), turn)
                bar.update(fuzzer.found.requests - before)
    raise AssertionError  # the loop ends above


def made_callers(database: Database) -> Callers:
    """Make keys; return who sends requests."""
    keys = Keys(database)
    headers = {
        scope: {"Authorization": f"Bearer {keys.create(scope.value, [scope], 'command:benchmark').secret}"}
        for scope in Scope
    }
    weaker = [headers[scope] for scope in Scope if scope is not Scope.ADMIN]
    return Callers(headers[Scope.ADMIN], (*weaker, {"Authorization": "Bearer fenban_wrong"}, {}))


def stored_decision(url: str, headers: Mapping[str, str]) -> str:
    """Let one case be routed; return the decision's id."""
    answer = requests.post(f"{url}/api/v1/suggest", json=_CASE, headers=dict(headers), timeout=60)
    decision: str = answer.json()["decision_id"]
    return decision


def table_of(found: Found) -> Table:
    """Return how often each status was answered, by call."""
    statuses = sorted({status for counts in found.statuses.values() for status in counts})
    total: Counter[int] = sum(found.statuses.values(), Counter())
    rows = [
        [
            name,
            f"{counts.total():,}",
            *(f"{counts[status]:,}" if counts[status] else "" for status in statuses),
        ]
        for name, counts in {**found.statuses, "all": total}.items()
    ]
    title = f"{found.requests:,} requests, {len(found.wrong)} answered wrongly"
    return Table(title, ["", "requests", *map(str, statuses)], rows)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--requests", "most", default=_REQUESTS, show_default=True, help="How many are sent.")
@click.option(
    "--markdown", type=click.Path(dir_okay=False, path_type=Path), help="Put the table into this file."
)
@click.option("--part", default="fuzz", show_default=True, help="Which part of the Markdown file to replace.")
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write figures here."
)
def main(most: int, markdown: Path | None, part: str, json_file: Path | None) -> None:
    """Send made-up requests; exit with 1 where any is answered wrongly."""
    with TemporaryDirectory(prefix="fenban-fuzz-") as name:
        place, port = Path(name), free_port()
        database = open_database(f"sqlite:///{place}/fenban.db")
        callers = made_callers(database)
        database.close()
        more = ("--database", f"sqlite:///{place}/fenban.db", "--workers", "2", "--log-level", "error")
        command = fenban_command(make_store(place / "store"), port, *more, site=sample_site())
        with Server(command, port, place / "log"):
            url = f"http://127.0.0.1:{port}"
            found = fuzz(url, callers, stored_decision(url, callers.strong), most)
        logged = (place / "log").read_text(encoding="utf-8").partition("\n")[2]  # after where it listens
    if logged:
        found.wrong.append(f"logged as an error:\n{logged[:2000]}")
    figures = {"requests": found.requests, "statuses": found.statuses, "wrong": len(found.wrong)}
    Report([table_of(found)], json.loads(json.dumps(figures)), _NOTE).publish(markdown, part, json_file)
    if found.wrong:
        raise click.ClickException("\n".join(found.wrong[:20]))


if __name__ == "__main__":
    main()
