"""The lines and form fields that a paper consists of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from router.readers.columns import resolve, tidy

__all__ = ["Block", "form_blocks", "label_of", "text_blocks"]

# Labels of forms that fenban has no field for; their values are kept.
_OTHER_LABELS = """
    附议人 联名人 附议代表 联名委员 附议委员 代表团 界别 所属界别 联系电话 电话 手机 手机号码 手机号
    联系方式 通讯地址 联系地址 地址 邮编 邮政编码 单位 工作单位 单位及职务 工作单位及职务 职务 类别
    分类 审查意见 立案意见 提案委意见 会办单位 协办单位 参办单位 是否公开 满意度 密级 保密级别
    身份证号 身份证号码 联系人 姓名 附件 主题词 办理时限 审查分类 内容分类 日期 提交时间 提交日期
    建议承办单位 代表证号 委员证号 党派 所在单位 收件单位 转办单位 交办单位
"""
# These stand before a colon in running text as well.
_AMBIGUOUS = "类型 种类 主题 级别 层级 号 序 序号 no text content id 科室 股室 建议提案"

_LABEL = r"[^\s:：【】\[\]〔〕。，；、][^:：【】\[\]〔〕。，；\n]{0,13}"
_BEFORE_COLON = re.compile(rf"[【\[〔]?({_LABEL})[】\]〕]?\s*[:：]\s*(.*)", re.DOTALL)
# Who signed is often written without a colon.
_BEFORE_SPACE = re.compile(
    r"(领衔代表|(?:第一)?提案人|建议人|附议人|联名人|联系电话|电话|手机)[ \t\u3000]+(\S{1,20})"
)
_IN_BRACKETS = re.compile(r"【([^】]{2,10})】\s*(.*)", re.DOTALL)
_NEXT_LABEL = re.compile(r"(?<![ \t\u3000])[ \t\u3000]+(?=[^\s:：]{2,8}[:：])")


@dataclass(frozen=True, slots=True)
class Block:
    """A line of a paper, or a field of its form.

    Parameters
    ----------
    text : str
    label : str
        What stands before it, such as 案由; empty for running text.
    heading : bool
        Whether the file itself calls the line a heading.
    form : bool
        Whether label and text are two cells of a table.
    """

    text: str
    label: str = ""
    heading: bool = False
    form: bool = False

    def __str__(self) -> str:
        return f"{self.label}：{self.text}" if self.label else self.text


def label_of(text: str) -> str:
    """Return the field a label names, ``extra`` for another known label, or nothing.

    Examples
    --------
    >>> label_of("案　由"), label_of("联系电话"), label_of("一是")
    ('title', 'extra', '')
    """
    name = tidy(text)
    if name in _OTHER_LABELS.split():
        return "extra"
    match = resolve(text) if name not in _AMBIGUOUS.split() else None
    return match.field if match else ""


def text_blocks(text: str) -> list[Block]:
    r"""Cut a text into lines, and lines such as 案由：… into label and value.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of Block

    Examples
    --------
    >>> [(block.label, block.text) for block in text_blocks("提案人：甲某  联系电话：无\n路灯不亮")]
    [('提案人', '甲某'), ('联系电话', '无'), ('', '路灯不亮')]
    """
    return [block for line in text.splitlines() if line.strip() for block in _line_blocks(line.strip())]


def form_blocks(rows: Sequence[Sequence[str]]) -> list[Block]:
    """Read a table as a form: a label, its value, the next label, its value.

    Parameters
    ----------
    rows : sequence of sequences of str
        Cells from left to right; a merged cell stands once, then empty.

    Returns
    -------
    list of Block

    Examples
    --------
    >>> [str(block) for block in form_blocks([["案由", "路灯不亮", "提案人", "甲某"], ["正文", ""]])]
    ['案由：路灯不亮', '提案人：甲某', '正文：']
    """
    blocks: list[Block] = []
    for row in rows:
        cells = [cell.strip() for cell in row]
        while cells:
            cell = cells.pop(0)
            if len(cell) <= 16 and label_of(cell):
                value = "" if not cells or label_of(cells[0]) else cells.pop(0)
                blocks.append(Block(value, cell, form=True))
            else:
                blocks += text_blocks(cell)
    return blocks


def _line_blocks(line: str) -> list[Block]:
    first = _labelled(line)
    if not first.label:
        return _signed(line) or [first]
    parts = [_labelled(part) for part in _NEXT_LABEL.split(line)]
    return parts if all(part.label for part in parts) else [first]


def _signed(line: str) -> list[Block]:
    """Read a line such as 领衔代表 甲某  电话 无."""
    parts = [_BEFORE_SPACE.fullmatch(part.strip()) for part in re.split(r"[ \t\u3000]{2,}", line)]
    return [Block(part[2], part[1]) for part in parts if part] if all(parts) else []


def _labelled(line: str) -> Block:
    found = _BEFORE_COLON.match(line) or _IN_BRACKETS.match(line)
    if found and label_of(found[1]):
        return Block(found[2].strip(), found[1].strip())
    return Block(line)
