"""Decisions to be stored, made up."""

from __future__ import annotations

from typing import Any

from router.decision import Deadlines, Decision, Flag, OtherCase, ScoredLabel, SimilarCase, Status, Versions
from router.present import decision_json
from router.proposal import Proposal
from router.site import Site
from router.storage.records import NewDecision

__all__ = ["TEXT", "new_decision"]

TEXT = "青禾县文昌街路灯整夜不亮"
"""What no table but ``texts`` may hold."""


def new_decision(case_id: str = "028", body: str = f"{TEXT}，请修。", **changes: Any) -> NewDecision:
    """Return a decision on a street light; `changes` go to `NewDecision`."""
    proposal = Proposal(
        case_id=case_id,
        title=f"关于{TEXT}的建议",
        body=body,
        kind="建议",
        session="十五届三次",
        level="县",
        proposer="赵某甲",
        extra={"界别": "工会"},
    )
    other = SimilarCase(OtherCase("017", f"{TEXT}（旧）", "municipal", 2021), 0.91)
    decision = Decision(
        case_id=case_id,
        title=proposal.title,
        status=Status.SUGGESTED,
        lead="municipal",
        probability=0.97,
        decided_by="model",
        topic=ScoredLabel("street-lights", 0.93),
        co_sections=(ScoredLabel("construction", 0.6),),
        flags=(Flag("same_matter", f"与往年案件 2021 年 017 号《{TEXT}（旧）》（相似 91%）像是同一件事"),),
        similar=(other,),
        deadlines=Deadlines(),
        versions=Versions("2026-03-01.1", "r" * 12, "s" * 12),
    )
    given = {"made_by": "key:erp", "keep_text": True, "hashes": {"model": "m" * 64}, **changes}
    return NewDecision(proposal, decision, decision_json(decision, Site()), **given)
