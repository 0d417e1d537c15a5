"""Examples that the OpenAPI file shows; a test holds them against the schemas."""

from __future__ import annotations

from typing import Any

__all__ = ["DECISION", "PLUGIN", "SECTION", "TOPIC"]

UNIT: dict[str, Any] = {
    "id": "drainage",
    "name": "排水管理所",
    "external_code": "QH-ZJ-05",
    "person": "甲某",
    "deputy": "乙某",
}
DECISION: dict[str, Any] = {
    "decision_id": "0b9c6f0e2d4b4f1c9a5e7d3c1f2a4b6c",
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
    "failed_rules": [],
    "similar": [],
    "deadlines": {"return_by": "2026-03-09", "reply_by": "2026-06-02", "certain": True},
    "versions": {"model": "2026-01-05.1", "rules": "5f2a9c01d3e4", "site": "a1b2c3d4e5f6"},
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
