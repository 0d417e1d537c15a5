"""Reading one paper: its form fields, title and body."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from router.interfaces import ReadNote, ReadProblem
from router.proposal import Proposal
from router.readers.blocks import Block, label_of
from router.readers.columns import FIELD_NAMES, tidy
from router.readers.dates import column_year, parse_date
from router.readers.not_proposals import not_a_proposal
from router.readers.report import Item
from router.readers.rows import UNREAD_DATE
from router.readers.secrecy import SECRET_REASON, is_marked
from router.readers.titles import case_number, number_of_file, session_of, split_title
from router.readers.values import NORMAL, split_sections

__all__ = ["read_paper"]

_OF_CPPCC = re.compile("提案(?!委)|政协|界别")
_OF_CONGRESS = re.compile("人大|人民代表大会|代表|建议人|建议号|号建议")
_LONG = 40  # a longer line of running text is where the body has begun
# Labels that, below the body, still are labels and not part of it.
_SIGNED = """
    附议人 联名人 附议代表 联名委员 附议委员 联系电话 电话 手机 手机号 手机号码 联系方式 联系人 姓名
    工作单位 单位及职务 工作单位及职务 身份证号 身份证号码 通讯地址 邮编 代表团 界别
"""
# These head other papers too (请假事由), so they don't vouch for a proposal.
_COMMON = frozenset({"标题", "题目", "题名", "事由", "内容", "title"})


def read_paper(blocks: Sequence[Block], name: str) -> Iterator[Item]:
    """Yield the case that a paper holds, or why it holds none.

    Parameters
    ----------
    blocks : sequence of Block
    name : str
        File name, for messages.

    Yields
    ------
    Proposal, ReadProblem or ReadNote

    Examples
    --------
    >>> case, note = read_paper([Block("路灯不亮", "案由"), Block("整条街不亮。")], "来信.txt")
    >>> case.title, case.body
    ('路灯不亮', '整条街不亮。')
    """
    if is_marked(map(str, blocks)):
        yield ReadProblem(name, "", SECRET_REASON, "secret")
        return
    paper = _Paper()
    for block in blocks:
        paper.take(block)
    case = paper.proposal(name)
    if not case.title and not case.body:
        yield ReadProblem(name, "", "文件里没有文字，请检查是否为空表或图片", "empty")
    elif not paper.vouched and (reason := not_a_proposal([str(block) for block in blocks])):
        yield ReadProblem(name, "", reason, "not_a_proposal")
    else:
        yield case
        if case.received_text:
            said = f"收到日期“{case.received_text[:20]}”认不出，日期留空，期限暂从当天起算，原文另存"
            yield ReadNote(name, "", said, UNREAD_DATE)
        yield ReadNote(name, "", paper.summary(case))


@dataclass(slots=True)
class _Paper:
    """Collects what the blocks of a paper say."""

    fields: dict[str, str] = field(default_factory=dict)
    extra: dict[str, str] = field(default_factory=dict)
    preface: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    headings: list[int] = field(default_factory=list)
    begun: bool = False
    vouched: bool = False
    awaits_title: bool = False
    labels: list[str] = field(default_factory=list)

    def take(self, block: Block) -> None:
        name = label_of(block.label) if block.label else ""
        if not name or (self.begun and not block.form and not _signs(block, name)):
            self._line(block)
            return
        self.labels.append(tidy(block.label))
        if name == "body":
            self._body(block)
        elif name == "extra" or name in self.fields:
            self._keep(block)
        else:
            self._field(name, block)

    def _line(self, block: Block) -> None:
        text = str(block)
        if self.awaits_title:
            self.fields["title"], self.awaits_title = text, False
            return
        if block.heading:
            self.headings.append(len(self.lines))
        self.lines.append(text)
        self.begun = self.begun or len(text) > _LONG

    def _body(self, block: Block) -> None:
        self.lines += [line.strip() for line in block.text.splitlines() if line.strip()]
        self.begun = True

    def _keep(self, block: Block) -> None:
        if block.text:
            before = self.extra.get(block.label)
            self.extra[block.label] = f"{before}；{block.text}" if before else block.text

    def _field(self, name: str, block: Block) -> None:
        self.vouched = self.vouched or (name in ("title", "proposer") and tidy(block.label) not in _COMMON)
        if name == "title":
            # What stood above the title is the form's own heading.
            self.preface, self.lines, self.headings = self.lines, [], []
            self.awaits_title = not block.text
        if block.text:
            self.fields[name] = " ".join(block.text.split()) if name == "title" else block.text

    def proposal(self, source: str) -> Proposal:
        title, preface, body = self.fields.get("title", ""), self.preface, self.lines
        if not title:
            above, title, body = split_title(body, frozenset(self.headings))
            preface = [*preface, *above]
        values: dict[str, Any] = {
            name: NORMAL[name](text) if name in NORMAL else text for name, text in self.fields.items()
        }
        extra = dict(self.extra)
        if preface:
            extra["抬头"] = "；".join(preface)
        if "co_sections" in values:
            values["co_sections"] = split_sections(values["co_sections"])
        if raw := values.pop("received_on", ""):
            year = column_year([raw], "\n".join(preface), source)
            values["received_on"] = parse_date(raw, year)
            if values["received_on"] is None:
                values["received_text"] = extra["收到日期"] = raw
        values["case_id"] = values.get("case_id") or case_number(preface) or number_of_file(source)
        values["session"] = values.get("session") or session_of(preface)
        values["kind"] = values.get("kind") or _kind_of([*preface, *self.labels], title)
        values |= {"title": title, "body": "\n".join(body)}
        return Proposal(**values, extra=extra, source=source)

    def summary(self, case: Proposal) -> str:
        named = [FIELD_NAMES[name] for name in FIELD_NAMES if getattr(case, name)]
        kept = f"；原样保留：{'、'.join(case.extra)}" if case.extra else ""
        return f"读到 1 件；识别的内容：{'、'.join(named)}{kept}"


def _kind_of(form: Sequence[str], title: str) -> str:
    """Tell 提案 from 建议 by the form; a title …的建议 can be either."""
    words = " ".join(form)
    if _OF_CPPCC.search(words) or title.endswith("提案"):
        return "提案"
    return "建议" if _OF_CONGRESS.search(words) else ""


def _signs(block: Block, name: str) -> bool:
    return len(block.text) <= _LONG and (name == "proposer" or tidy(block.label) in _SIGNED.split())
