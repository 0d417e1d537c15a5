"""Faults under load that no restart mends: a full disk, a read-only one, broken models, broken rules."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from benchmarks.disks import FileDisk, memory_disk
from benchmarks.service_process import Answer, Connection, Server, request_bytes
from benchmarks.storm import PATIENCE, Outcome, Run, make_store, seconds_back, storm
from models.store import ModelStore
from router.errors import TamperedError
from router.rules.files import rules_digest
from router.site_files import sample_site

__all__ = ["on_full_disk", "on_read_only_disk", "with_broken_models", "with_broken_rules"]

_ASKED = 16
"""Answers on connections of their own after which all workers have spoken."""
_STEADY = 2.0
"""Seconds in which every worker has looked at its files, which each does every second."""
_PROBE = {"title": "文昌街路灯不亮", "body": "整条街的路灯坏了半年，请尽快维修。"}
_TOLD = "200 with problems"
_Damage = Callable[[Path], object]


def on_full_disk(store: Path, place: Path, times: int, lasting: float) -> Run:
    """Fill the disk of the database up, and free it again."""
    with memory_disk(place / "full") as disk:
        harm = partial(_fill_in_turn, disk=disk, times=times, lasting=lasting)
        return storm(store, place, f"sqlite:///{disk}/fenban.db", harm)


def _fill_in_turn(server: Server, outcome: Outcome, *, disk: Path, times: int, lasting: float) -> None:
    filler = disk / "filler"
    for _ in range(times):
        _work_on(outcome, lasting)
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(65536))
        _until_refused(outcome, "the disk is full")
        _meanwhile(server.port, outcome, lasting, "503")
        filler.unlink()
        outcome.back.append(seconds_back(server.port, time.monotonic()))
        _expect_ready(server.port, outcome)


def on_read_only_disk(store: Path, place: Path, times: int, lasting: float) -> Run:
    """Have the disk of the database fail, come up read-only, and mended."""
    with FileDisk(place / "read-only") as disk:
        harm = partial(_fail_in_turn, disk=disk, times=times, lasting=lasting)
        return storm(store, place, f"sqlite:///{disk.place}/fenban.db", harm)


def _fail_in_turn(server: Server, outcome: Outcome, *, disk: FileDisk, times: int, lasting: float) -> None:
    for _ in range(times):
        _work_on(outcome, lasting)
        disk.fail()
        _until_refused(outcome, "the disk has failed")
        _meanwhile(server.port, outcome, lasting, "503")
        server.kill_master()
        disk.come_up_read_only()
        server.start()
        _until_refused(outcome, "the disk came up read-only")
        _expect(outcome, "/readyz", _readiness(server.port), "503")
        disk.mend()
        outcome.back.append(seconds_back(server.port, time.monotonic()))
        _expect_ready(server.port, outcome)


def with_broken_models(store: Path, place: Path, times: int, lasting: float) -> Run:
    """Put a broken model live, then another that is sound."""
    models = shutil.copytree(store, place / "models")
    make_store(models, versions=2)
    harm = partial(_break_models, store=ModelStore(models), times=times, lasting=lasting)
    return storm(models, place, f"sqlite:///{place}/models.db", harm)


def _break_models(server: Server, outcome: Outcome, *, store: ModelStore, times: int, lasting: float) -> None:
    first, broken, last = store.versions()  # the first is live
    folder, whole = store.directory / "versions" / broken, store.directory / "whole"
    shutil.copytree(folder, whole)
    for damage in islice(cycle(_MODEL_DAMAGES), times):
        _work_on(outcome, lasting)
        before, after = (first, last) if store.live == first else (last, first)
        shutil.copytree(whole, folder, dirs_exist_ok=True)
        damage(folder)
        with suppress(TamperedError):
            store.promote(broken)
            outcome.wrong.append("a broken model was promoted")
        # as a backup that is put back might: past the check
        (store.directory / "live").write_text(f"{broken}\n", encoding="utf-8")
        _until_told(server.port, outcome)
        _meanwhile(server.port, outcome, lasting, _TOLD, {"model": before})
        store.promote(after)
        outcome.back.append(_seconds_taken(server.port, outcome, {"model": after}))
    _expect_undisturbed(outcome)


def _flip(version: Path) -> None:
    path = version / "section.joblib"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def _halve(version: Path) -> None:
    path = version / "section.joblib"
    os.truncate(path, path.stat().st_size // 2)


def _empty(version: Path) -> None:
    for path in version.iterdir():
        path.unlink()


_MODEL_DAMAGES: Sequence[_Damage] = [_flip, _halve, _empty]


def with_broken_rules(store: Path, place: Path, times: int, lasting: float) -> Run:
    """Break a rule file, then mend it with a change."""
    site = place / "site"
    shutil.copytree(sample_site(), site, ignore=shutil.ignore_patterns("cases", "inbox"))
    harm = partial(_break_rules, site=site, times=times, lasting=lasting)
    return storm(store, place, f"sqlite:///{place}/rules.db", harm, site=site)


def _break_rules(server: Server, outcome: Outcome, *, site: Path, times: int, lasting: float) -> None:
    for turn, (name, damage) in enumerate(islice(cycle(_RULE_DAMAGES), times)):
        _work_on(outcome, lasting)
        before, good = rules_digest(site)[:12], (site / name).read_bytes()
        damage(site / name)
        _until_told(server.port, outcome)
        _meanwhile(server.port, outcome, lasting, _TOLD, {"rules": before})
        (site / name).write_bytes(good)
        with (site / "rules.toml").open("a", encoding="utf-8") as file:
            file.write(f"# {turn}\n")
        outcome.back.append(_seconds_taken(server.port, outcome, {"rules": rules_digest(site)[:12]}))
    _expect_undisturbed(outcome)


_RULE_DAMAGES: Sequence[tuple[str, _Damage]] = [
    ("rules.toml", lambda path: path.write_text("这不是 TOML", encoding="utf-8")),
    (
        "rules.csv",
        lambda path: path.write_text("名称,词,股室,效果\n路灯,路灯,没有这个股,主办\n", encoding="utf-8"),
    ),
    ("rules.toml", lambda path: os.truncate(path, path.stat().st_size // 2)),
]


def _work_on(outcome: Outcome, seconds: float) -> None:
    """Let the clients work undisturbed."""
    before, until = len(outcome.decided), time.monotonic() + PATIENCE
    while len(outcome.decided) == before and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(seconds)


def _until_refused(outcome: Outcome, why: str) -> None:
    """Wait until a client is told so; what lies free inside of the database's files is used up first."""
    before, until = sum(outcome.codes.values()), time.monotonic() + PATIENCE
    while sum(outcome.codes.values()) == before:
        if time.monotonic() > until:
            outcome.wrong.append(f"{why}, and nobody was told")
            return
        time.sleep(0.02)


def _until_told(port: int, outcome: Outcome) -> None:
    """Wait until all workers have seen what is broken: nobody has said otherwise for a while."""
    since = time.monotonic()
    until = since + PATIENCE
    while time.monotonic() < since + _STEADY:
        if _readiness(port) != _TOLD:
            since = time.monotonic()
        if time.monotonic() > until:
            outcome.wrong.append("/readyz doesn't say what is broken")
            return
        time.sleep(0.05)


def _meanwhile(
    port: int, outcome: Outcome, seconds: float, ready: str, versions: dict[str, str] | None = None
) -> None:
    """See for a while that what can go on goes on, and that it is told what can't."""
    known, until = next(iter(outcome.decided.values())), time.monotonic() + seconds
    while time.monotonic() < until:
        for path in ("/api/v1/decisions?limit=20", f"/api/v1/decisions/{known}", "/api/v1/sections"):
            status = _status(_ask(port, "GET", path))
            outcome.reads[status] += 1
            _expect(outcome, path, status, "200")
        told = _readiness(port)
        outcome.readiness[told] += 1
        _expect(outcome, "/readyz", told, ready)
        if versions and not _all_use(port, versions, 2):
            outcome.wrong.append(f"not all answers are by {versions}")
        time.sleep(0.05)


def _seconds_taken(port: int, outcome: Outcome, versions: dict[str, str]) -> float:
    """Wait until all workers use what is right now; return how long that took."""
    since = time.monotonic()
    while not (_all_use(port, versions, _ASKED) and _readiness(port) == "200"):
        if time.monotonic() - since > PATIENCE:
            outcome.wrong.append(f"{versions} was not taken")
            break
        time.sleep(0.05)
    return time.monotonic() - since


def _all_use(port: int, versions: dict[str, str], asked: int) -> bool:
    for _ in range(asked):
        answer = _ask(port, "POST", "/api/v1/suggest", _PROBE)
        if answer is None or answer.status != 200 or not versions.items() <= _versions(answer).items():
            return False
    return True


def _versions(answer: Answer) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["versions"]
    return found


def _readiness(port: int) -> str:
    answer = _ask(port, "GET", "/readyz")
    told = answer is not None and answer.status == 200 and answer.json()["problems"]
    return _TOLD if told else _status(answer)


def _ask(port: int, method: str, path: str, body: object = None) -> Answer | None:
    """Ask on a connection of its own, which any worker may take; None where nobody answers."""
    with suppress(OSError, ValueError), Connection(port, 15) as connection:
        return connection.ask(request_bytes(method, path, body))
    return None


def _status(answer: Answer | None) -> str:
    return "no answer" if answer is None else str(answer.status)


def _expect(outcome: Outcome, what: str, found: str, wanted: str) -> None:
    if found != wanted:
        outcome.wrong.append(f"{what} was answered {found}, not {wanted}")


def _expect_ready(port: int, outcome: Outcome) -> None:
    for _ in range(_ASKED):
        _expect(outcome, "/readyz afterwards", _readiness(port), "200")


def _expect_undisturbed(outcome: Outcome) -> None:
    if outcome.repeated:
        outcome.wrong.append(f"{outcome.repeated} requests were dropped")
