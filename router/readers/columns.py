"""The columns of the case table, and what ledgers call them."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

__all__ = ["CANONICAL", "FIELD_NAMES", "LAST_RESORT", "Match", "resolve", "tidy"]

FIELD_NAMES = {
    "case_id": "案号",
    "title": "案由",
    "body": "正文",
    "section": "主办股室",
    "co_sections": "会办股室",
    "topic": "主题",
    "received_on": "收到日期",
    "kind": "类型",
    "session": "届次",
    "level": "级别",
    "role": "办理角色",
    "lead_unit": "主办单位",
    "proposer": "提出人",
    "result": "办理结果",
}
CANONICAL = tuple(FIELD_NAMES)

# Best name first: where a ledger has several, the first is taken and the
# others are kept as extra columns.
_NAMES = {
    "case_id": """
        案号 编号 建议号 提案号 建议编号 提案编号 议案编号 开案案号 案件编号 建议提案编号 建议提案号
        工单编号 工单号 留言编号 立案号 id
    """,
    "title": """
        案由 标题 建议标题 提案标题 议案标题 建议提案标题 建议名称 提案名称 议案名称 建议提案名称
        建议案由 提案案由 案件名称 案名 工单标题 留言主题 来信主题 题目 题名 事由
    """,
    "body": """
        正文 建议内容 提案内容 议案内容 建议提案内容 提案正文 建议正文 正文内容 具体内容 主要内容
        案件内容 诉求内容 留言内容 工单内容 留言详情 来信内容 content text 内容
    """,
    "section": """
        主办股室 承办股室 责任股室 主办科室 承办科室 责任科室 主办处室 承办处室 股室 科室 主办部门
        承办部门 责任部门
    """,
    "co_sections": """
        会办股室 协办股室 参办股室 配合股室 会办科室 协办科室 参办科室 配合科室 会办处室 协办处室
    """,
    "topic": """
        主题 主题分类 主题类别
    """,
    "received_on": """
        收到时间 收到日期 交办时间 交办日期 收文日期 收文时间 收件日期 收件时间 接收日期 登记日期
        登记时间 立案日期 立案时间 留言时间 日期
    """,
    "kind": """
        建议提案类型 案件类型 案别 建议提案 类型 种类
    """,
    "session": """
        届次 会次 届别
    """,
    "level": """
        级别 层级 案件级别 来源级别
    """,
    "role": """
        办理角色 承办方式 办理方式 主办会办 主会办 主协办 办理性质 承办类型
    """,
    "lead_unit": """
        主办单位 承办单位 拟主办单位 牵头单位
    """,
    "proposer": """
        领衔代表 第一提案人 提案人 建议人 提案者 提出人 领衔人 领衔代表姓名 代表姓名 委员姓名
        提案委员 提案单位 提案人姓名 建议人姓名 第一提案人姓名
    """,
    "result": """
        办理结果 办结类型 解决程度 办理情况 结果类别 答复类别 办理类别
    """,
}
# Names that stand in other tables too: alone they don't make a ledger.
_WEAK = """
    content id text 主题 事由 内容 层级 日期 案名 种类 科室 类型 级别 编号 题名 题目
"""
LAST_RESORT = 90  # rank from which on a name is taken only where there is no better
_SERIAL = ("序号", "no", "序", "号")

# For headers such as "县委员提案（案由）" or a joined "承办股室 / 主办".
_OWN, _OTHERS = "主办|承办|责任|牵头", "会办|协办|参办|配合"
_PATTERNS = (
    ("co_sections", re.compile(rf"(?=.*(?:股室|科室|处室))(?=.*(?:{_OTHERS}))(?!.*(?:意见|时间|日期|人$))")),
    ("section", re.compile(rf"(?=.*(?:股室|科室|处室))(?=.*(?:{_OWN}))(?!.*(?:意见|时间|日期|人$|电话))")),
    ("lead_unit", re.compile(r"^(?:拟?(?:主办|承办|牵头)单位)(?:主办|名称|牵头)?$|^办理单位主办(?:单位)?$")),
    ("title", re.compile(r"^(?:代表|委员|人大|政协|县|市)*(?:建议|提案|议案)*(?:案由|标题|题目)$")),
    ("case_id", re.compile(r"^(?:代表|委员|人大|政协|县|市)*(?:建议|提案|议案)+(?:编号|案号|号|序号)$")),
    (
        "proposer",
        re.compile(r"^(?:领衔代表|(?:第一)?提案(?:人|者|委员)|建议人|提出人|领衔人)(?:姓名|名单|名称)$"),
    ),
    ("received_on", re.compile(r"^(?:收到|交办|收文|接收|登记)(?:时间|日期)")),
    ("result", re.compile(r"^(?:办理|办结)(?:结果|类型)(?:类别|类型|分类)?$")),
)
_BRACKETS = re.compile(r"[(\[【〔{<《][^)\]】〕}>》]*[)\]】〕}>》]")
_MARKS = re.compile(r"[\s\u200b\ufeff*:;、,./\\|_\-—·#\"'“”‘’]+")


class Match(NamedTuple):
    """What a header means.

    Parameters
    ----------
    field : str
        One of `CANONICAL`.
    rank : int
        Smaller is better, where several columns mean the same field.
    strong : bool
        Whether the name alone speaks for a ledger of cases.
    """

    field: str
    rank: int
    strong: bool


def tidy(header: str) -> str:
    r"""Bring a header into the one form that names are compared in.

    Examples
    --------
    >>> tidy("案　由\n（必填）："), tidy("ＩＤ")
    ('案由', 'id')
    """
    plain = unicodedata.normalize("NFKC", header[:80]).lower()
    return _MARKS.sub("", _BRACKETS.sub("", plain)) or _MARKS.sub("", plain).strip("()[]【】〔〕{}<>《》")


def _known() -> dict[str, Match]:
    known = {tidy(name): Match(name, 0, True) for name in CANONICAL}
    for field, names in _NAMES.items():
        for rank, name in enumerate(names.split(), start=1):
            known.setdefault(tidy(name), Match(field, rank, name not in _WEAK.split()))
    for rank, name in enumerate(_SERIAL, start=LAST_RESORT):
        known.setdefault(tidy(name), Match("case_id", rank, False))
    return known


_KNOWN = _known()


@lru_cache(maxsize=4096)
def resolve(header: str) -> Match | None:
    """Say which column of the case table a header means.

    Parameters
    ----------
    header : str
        One cell, or two joined ones of a two-row header.

    Returns
    -------
    Match or None
        None for a column that fenban has no name for.

    Examples
    --------
    >>> resolve("提案名称（必填）").field, resolve("承办股室/会办").field
    ('title', 'co_sections')
    >>> resolve("满意度") is None
    True
    """
    name = tidy(header)
    if not name:
        return None
    if name in _KNOWN:
        return _KNOWN[name]
    if len(name) > 16:
        return None
    return next((Match(field, 50, True) for field, pattern in _PATTERNS if pattern.search(name)), None)
