"""Giving a recorded decision again: with the model, the rules and the site that it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from models.model import RoutingModel
from models.store import ModelStore
from router.console import (
    check_target,
    database_option,
    json_option,
    say,
    site_option,
    store_option,
    write_json,
)
from router.decision import Decision
from router.errors import FenbanError, SiteError, UnknownDecisionError
from router.likeness import SAME_MATTER
from router.pipeline import Router
from router.present import decision_json
from router.site import Site
from router.site_archive import kept_site
from router.site_files import load_site
from router.storage.answers import without_text
from router.storage.commands import opened
from router.storage.journal import Journal
from router.storage.records import StoredDecision

__all__ = ["Replayed", "replay", "replayed"]

_EXACT = 1e-6
_ROUNDED = 0.5e-4 + _EXACT
"""Answers carry probabilities with four digits; the lead's own is stored in full."""

_NOT_DECIDED = {"decision_id", "revision", "previous_decision", "created_at", "title"}
_ABOUT_THE_CASE = {"source", "kind", "session", "level"}
_PLACES = {"start", "end"}
"""Evidence points into the text as it was sent; what is kept has its numbers masked."""

Kept = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of giving a decision again.

    Parameters
    ----------
    missing : tuple of str
        What it rests on and is no longer there: ``text``, ``model``,
        ``site``, each with a Chinese sentence.
    differences : tuple of str
        Parts that came out otherwise, each with what was recorded and what
        came out.
    """

    missing: tuple[tuple[str, str], ...] = ()
    differences: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether the very same decision came out."""
        return not self.missing and not self.differences


def replayed(stored: StoredDecision, store: Path, site: Path | None = None) -> Replayed:
    """Give a decision again and compare.

    Parameters
    ----------
    stored : StoredDecision
    store : Path
        The model store, where site and rule files are kept too.
    site : Path, optional
        A site directory to take where the store keeps no copy, if its files
        are the same still.

    Returns
    -------
    Replayed
    """
    missing: list[tuple[str, str]] = []
    if stored.proposal is None:
        missing.append(("text", "没有存这一件的文字，或文字已到期清理"))
    model, why = _model(stored, ModelStore(store))
    if model is None:
        missing.append(("model", why))
    then, why = _site(stored, store, site)
    if then is None:
        missing.append(("site", why))
    if stored.proposal is None or model is None or then is None:
        return Replayed(tuple(missing))
    today = stored.created_at.astimezone().date()
    explain = any(one["evidence"] for one in stored.answer["candidates"])
    router = Router(model, then, today=today)
    (decision,) = router.suggest_many([stored.proposal], explain=explain, similar=True)
    return Replayed(differences=tuple(_differences(stored, decision, then)))


@click.command()
@click.argument("decision_id", metavar="DECISION")
@database_option
@store_option
@site_option
@json_option
def replay(
    decision_id: str, database: str | None, store: Path, site: Path | None, json_file: str | None
) -> None:
    """按当时的模型、规则和站点文件，把一个决定再算一遍，看是不是一致。

    Give a recorded decision again, with the recorded versions of model,
    rules and site, and say whether it is the same. --site is only needed
    where the store keeps no copy of the site's files.
    """
    check_target(json_file)
    with opened(database, store) as found:
        stored = Journal(found).decision(decision_id)
    if stored is None:
        raise UnknownDecisionError("没有这个编号的决定", where=decision_id)
    result = replayed(stored, store, site)
    if json_file:
        told = {
            "decision_id": stored.id,
            "same": result.same,
            "missing": [{"id": what, "text": why} for what, why in result.missing],
            "differences": list(result.differences),
        }
        write_json(told, json_file)
    _say(stored, result)


def _say(stored: StoredDecision, result: Replayed) -> None:
    versions = stored.versions
    rests_on = f"模型 {versions.model}，规则 {versions.rules or '无'}，站点 {versions.site or '无'}"
    if result.missing:
        raise FenbanError("不能复算：" + "；".join(why for _, why in result.missing), where=stored.id)
    if result.differences:
        for difference in result.differences:
            say(f"不同：{difference}")
        raise FenbanError(f"与记录不一致，{len(result.differences)} 处（{rests_on}）", where=stored.id)
    say(f"一致（{rests_on}）")


def _model(stored: StoredDecision, store: ModelStore) -> tuple[RoutingModel | None, str]:
    version = stored.versions.model
    wanted = stored.hashes.get("model", "")
    try:
        if wanted and store.digest(version) != wanted:
            return None, f"模型库里的 {version} 不是当时的那一个"
        return store.load(version), ""
    except FenbanError as error:
        return None, error.message


def _site(stored: StoredDecision, store: Path, directory: Path | None) -> tuple[Site | None, str]:
    digest, rules = stored.hashes.get("site", ""), stored.hashes.get("rules", "")
    if not digest and stored.versions.site:
        return None, "记录里没有站点文件的完整摘要"
    try:
        return kept_site(store, digest, rules), ""
    except SiteError as error:
        why = error.message
    if directory is not None:
        site = load_site(directory)
        if (site.digest, site.rules_digest) == (digest, rules):
            return site, ""
        why = f"{why}，--site 的文件也不是当时的"
    return None, why


def _differences(stored: StoredDecision, decision: Decision, site: Site) -> Iterator[str]:
    if abs(stored.probability - decision.probability) > _EXACT:
        yield f"probability：记录 {stored.probability:.7f}，复算 {decision.probability:.7f}"
    unrounded = {c.label: c.probability for c in decision.candidates}
    was, now = _comparable(stored.answer), _comparable(without_text(decision_json(decision, site)))
    # what only a later version of the program tells is no difference
    for name in sorted(was.keys() - _NOT_DECIDED - _ABOUT_THE_CASE - {"probability"}):
        if not _alike(was.get(name), now.get(name)):
            yield f"{name}：记录 {was.get(name)}，复算 {now.get(name)}"
    for candidate in stored.answer["candidates"]:
        label, told = candidate["id"], candidate["probability"]
        if abs(told - unrounded.get(label, -1.0)) > _ROUNDED:
            yield f"candidates {label}：记录 {told}，复算 {unrounded.get(label)}"


def _comparable(answer: Kept) -> dict[str, Any]:
    """Leave out what depends on more than the case: others of its batch, and places in the text as sent."""
    told = without_text(answer)
    flags = [flag for flag in told["flags"] if not _of_the_batch(flag)]
    return {**told, "flags": flags}


def _of_the_batch(flag: Kept) -> bool:
    return flag["id"] == SAME_MATTER and "同批" in flag["reason"]


def _alike(was: object, now: object) -> bool:
    """Compare, numbers as far as they were rounded."""
    if isinstance(was, float) and isinstance(now, int | float):
        return abs(was - now) <= 2 * _ROUNDED
    if isinstance(was, dict) and isinstance(now, dict):
        return all(_alike(was[name], now.get(name)) for name in was.keys() - _PLACES)
    if isinstance(was, list) and isinstance(now, list):
        return len(was) == len(now) and all(map(_alike, was, now))
    return was == now
