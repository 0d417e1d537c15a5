"""Examples that the OpenAPI file shows; a test holds them against the schemas."""

from __future__ import annotations

from typing import Any

__all__ = ["BATCH", "DECISION", "DRY_RUN", "PLUGIN", "RULE", "SECTION", "STORED", "TOPIC", "VERDICT"]

UNIT: dict[str, Any] = {
    "id": "drainage",
    "name": "排水管理所",
    "external_code": "QH-ZJ-05",
    "person": "甲某",
    "deputy": "乙某",
}
DECISION: dict[str, Any] = {
    "decision_id": "0193a5c2b7d07e4f8a1b2c3d4e5f6071",
    "source": "oa",
    "kind": "提案",
    "session": "十五届三次",
    "level": "县",
    "case_id": "028",
    "title": "关于完善集镇生活污水管网的提案",
    "status": "suggested",
    "lead": UNIT,
    "probability": 0.97,
    "decided_by": "model",
    "set": ["drainage"],
    "topic": {"id": "township-sewage", "name": "乡镇生活污水", "probability": 0.93},
    "co_sections": [
        {"id": "villages", "name": "村镇建设股", "external_code": "QH-ZJ-09", "probability": 0.61}
    ],
    "flags": [{"id": "planned", "reason": "乡镇污水管网按既定计划逐步实施"}],
    "reasons": [],
    "candidates": [
        {
            "id": "drainage",
            "name": "排水管理所",
            "external_code": "QH-ZJ-05",
            "probability": 0.97,
            "evidence": [{"start": 8, "end": 12, "field": "title", "weight": 1.0}],
        }
    ],
    "votes": [
        {
            "rule": "planned-works",
            "kind": "flag",
            "target": "planned",
            "reason": "乡镇污水管网按既定计划逐步实施",
        }
    ],
    "return_reason": "",
    "failed_rules": [],
    "rule_notes": [],
    "similar": [],
    "deadlines": {"return_by": "2026-03-09", "reply_by": "2026-06-02", "certain": True, "assumed": False},
    "versions": {"model": "2026-01-05.1", "rules": "5f2a9c01d3e4", "site": "a1b2c3d4e5f6"},
    "revision": 1,
    "previous_decision": None,
    "created_at": "2026-03-02T01:20:30.123456+00:00",
}
VERDICT: dict[str, Any] = {
    "verdict_id": "0193a5d01f4c7a3b9c8d7e6f5a4b3c2d",
    "decision_id": DECISION["decision_id"],
    "created_at": "2026-03-03T02:10:00.123456+00:00",
    "made_by": "key:oa",
    "kind": "accepted",
    "section": "",
    "co_sections": [],
    "topic": "",
    "returned_by": "",
    "reason": "",
    "returned_on": None,
}
STORED: dict[str, Any] = {**DECISION, "made_by": "key:oa", "verdict": VERDICT}
BATCH: dict[str, Any] = {
    "results": [
        {"index": 0, "decision": DECISION, "problem": None},
        {
            "index": 1,
            "decision": None,
            "problem": {
                "type": "urn:fenban:problem:empty_text",
                "title": "No text to route",
                "status": 422,
                "detail": "案由和正文都是空的，至少填一项",
                "code": "empty_text",
                "request_id": "3f0c9b6e1d2a",
                "errors": [
                    {"path": "/cases/1/title", "message": "没有文字"},
                    {"path": "/cases/1/body", "message": "没有文字"},
                ],
            },
        },
    ]
}
SECTION: dict[str, Any] = {
    **UNIT,
    "duty": "负责城镇排水与污水处理。",
    "outside": False,
    "valid_from": None,
    "valid_to": None,
}
TOPIC: dict[str, Any] = {
    "id": "township-sewage",
    "name": "乡镇生活污水",
    "section": "drainage",
    "duty": "集镇污水的收集和处理。",
}
PLUGIN: dict[str, Any] = {
    "group": "rules",
    "name": "keyword",
    "distribution": "fenban",
    "version": "0.1.0",
    "target": "router.rules.keyword:KeywordRule",
}
RULE: dict[str, Any] = {
    "name": "按计划实施的项目",
    "type": "keyword",
    "distribution": "fenban",
    "version": "0.1.0",
    "effect": "flag",
    "target": "planned",
    "reason": "属于有固定计划的项目，请先查年度计划再答复。",
    "author": "办公室",
    "critical": False,
    "margin": None,
    "valid_from": "2026-01-01",
    "valid_to": None,
    "examples": 2,
    "where": "rules.toml 第 12 行",
}
_VOTE: dict[str, Any] = {
    "rule": "按计划实施的项目",
    "kind": "flag",
    "target": "planned",
    "reason": "属于有固定计划的项目，请先查年度计划再答复。",
}
DRY_RUN: dict[str, Any] = {
    "decision": {
        "status": "suggested",
        "lead": UNIT,
        "probability": 0.97,
        "decided_by": "model",
        "co_sections": [],
        "flags": [{"id": "planned", "reason": _VOTE["reason"]}],
        "reasons": [],
        "votes": [_VOTE],
        "failed_rules": [],
        "rule_notes": [],
    },
    "rules": [
        {
            "rule": "按计划实施的项目",
            "type": "keyword",
            "where": "/rules/0",
            "state": "fired",
            "why": "文中有“污水管网”",
            "votes": [_VOTE],
            "milliseconds": 0.012,
        }
    ],
    "steps": [{"id": "model", "text": "模型认为最可能是排水管理所（97%）"}],
}
