"""A few invented cases with labels, for tests that train."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from router.proposal import Proposal

_ROWS = (
    ("street-lights", "municipal", "文昌街路灯不亮", "整条街路灯坏了半年，晚上走路看不见。"),
    ("street-lights", "municipal", "建议增设路灯", "桥头没有路灯，照明不足，请安装。"),
    ("road-repair", "municipal", "人民路路面破损", "路面坑洼，雨天积水，请修补路面。"),
    ("road-repair", "municipal", "修复东环路坑洞", "路面塌陷，车辆颠簸。"),
    ("flooding", "drainage", "老城内涝", "一下大雨就内涝，下水道堵塞，积水进屋。"),
    ("flooding", "drainage", "车站积水", "站前排水不畅，雨水倒灌。"),
    ("sewers", "drainage", "雨污分流改造", "污水管网老化，雨污混流，请改造管网。"),
    ("sewers", "drainage", "污水管破裂", "污水外溢，管网要换。"),
    ("lifts", "property", "老楼加装电梯", "老人上下楼难，请加装电梯。"),
    ("lifts", "property", "电梯经常困人", "小区电梯年久失修，物业不管。"),
    ("property-service", "property", "物业收费不服务", "物业公司不打扫，物业费照收。"),
    ("property-service", "property", "更换物业公司", "业主要求换物业，服务太差。"),
)

CASES = tuple(
    Proposal(
        case_id=f"{number:03}",
        title=title,
        body=body,
        section=section,
        topic=topic,
        received_on=date(2020 + number % 3, 3, 1 + number),
    )
    for number, (topic, section, title, body) in enumerate(_ROWS, 1)
)


def write_cases(
    path: Path, rows: Sequence[Sequence[str]], columns: str = "case_id,title,body,section"
) -> Path:
    """Write a case table as a test gives it."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns.split(","))
        writer.writerows(rows)
    return path


def case_file(path: Path) -> Path:
    """Write `CASES` as a case table."""
    rows = [(c.case_id, c.title, c.body, c.section, c.topic, str(c.received_on)) for c in CASES]
    return write_cases(path, rows, "case_id,title,body,section,topic,received_on")
