"""Recognising papers that are plainly something else than a proposal.

Conservative on purpose: an ordinary suggestion must never be refused, so
only papers are recognised whose own heading says what they are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

__all__ = ["not_a_proposal"]

_ASKS = re.compile(r"^关于.*(?:建议|提案|议案|意见)$|^.*的(?:建议|提案|议案)$")
_NOTICE = re.compile(
    r"^(?:关于.{2,60}的(?:紧急|补充)?(?:通知|通告|公告|公示|答复|复函|答复函|答复意见|批复)"
    r"|(?:紧急|温馨)?(?:通知|通告|公告|公示|答复函|复函)"
    r"|[^没不未无]{0,16}(?:会议?|培训班?|放假|停水|停电|停气|缴费|体检|值班|调休|学习|招聘|招标)(?:的)?(?:通知|公告)"
    r"|对.{2,60}第.{1,12}号(?:建议|提案)的(?:答复|复函|答复意见)(?:的函)?)$"
)
_SHEET = re.compile(
    r"^[^没不未无，。]{0,20}(?:请假条|请假单|报价单|报价表|价目表|价格表|工资表|值班表|排班表|签到表|签到册|通讯录|花名册"
    r"|会议纪要|会议记录|会议议程|会议日程|邀请函|请柬|借条|收条|欠条|报销单|采购清单|物资清单)$"
)
_AGENDA = re.compile(
    r"^(?:会议)?(?:时间|地点|议题|议程|主持人?|参会人员|参加人员|出席人员|与会人员|注意事项)[:：]"
)
_REQUEST = re.compile(r"建议|希望|恳请|请求|要求|应当|应该|能否|能不能|盼|投诉|反映|诉求")
_HANDS_OVER = re.compile("查收|查阅|附件|压缩包")
_COVER = re.compile(
    "(?:请|敬请|烦请|望|注意|查收|查阅|接收|签收|收到|回复|附件|附上|附|随信|材料|文件|台账|照片|名单|目录|电子版|扫描件|压缩包"
    "|人大|政协|代表|委员|建议|提案|各位|领导|同志|老师|大家|您好|你好|你们|您|好|贵局|我局|住建局|谢谢|感谢|此致|敬礼"
    "|现|将|已|发给|发送|报送|转给|转来|送上|发|报|送|转|给|的|等|为|是|和|及|共|内|中|里|含|如|详见|见|一并|本次|本批|今年"
    "|县|市|省|第|批|次|年|月|日|件|份|个|[0-9])++|(?:联系人|联系电话|电话|手机|邮箱)[:].{0,30}|.{1,12}[室局办委科股处]"
)
_SENTENCE_END = re.compile(r"[。！？!?；;，,、\n]")
_COVER_LONGEST, _NAME = 120, 3
_SUFFIX = re.compile(r"[(（][^)）]{0,20}[)）]$")
_HEADS, _LONGEST, _AGENDA_LINES = 5, 80, 3


def not_a_proposal(lines: Sequence[str]) -> str:
    """Say why a paper is no proposal.

    Parameters
    ----------
    lines : sequence of str
        The paper's lines from the top.

    Returns
    -------
    str
        A Chinese sentence; empty where the paper may well be a proposal.

    Examples
    --------
    >>> not_a_proposal(["青禾县住建局", "关于召开建议提案交办会的通知", "各股室："])[:12]
    '从标题看这不是建议或提案'
    >>> not_a_proposal(["关于规范停水通知的建议", "停水前应有通知。"])
    ''
    >>> not_a_proposal(["您好！附件请查收。"])[:12]
    '只写了请查收附件一类的话'
    """
    heads = [_bare(line) for line in lines if line.strip()][:_HEADS]
    heads = [head for head in heads if len(head) <= _LONGEST]
    if any(map(_ASKS.match, heads)):
        return ""
    if any(_NOTICE.match(head) or _SHEET.match(head) for head in heads):
        return (
            "从标题看这不是建议或提案（是通知、答复、条据或表单一类），未读；如确是建议提案，请写明案由再读"
        )
    agenda = sum(1 for line in lines[:40] if _AGENDA.match(line.strip()))
    if agenda >= _AGENDA_LINES and not any(map(_REQUEST.search, lines)):
        return "从内容看这是会议安排一类的文件，没有提出建议，未读；如确是建议提案，请写明案由再读"
    if _only_hands_over("\n".join(lines[:_COVER_LONGEST])):
        return "只写了请查收附件一类的话，没有提出建议，未读；建议提案若在附件里，请把附件一起放进来再读"
    return ""


def _only_hands_over(text: str) -> bool:
    """Say whether a text is a few words that go with something else; a name may stand below them."""
    if len(text) > _COVER_LONGEST or not _HANDS_OVER.search(text):
        return False
    units = [bare for unit in _SENTENCE_END.split(text) if (bare := _bare(unit).rstrip(":"))]
    if len(units) > 1 and len(units[-1]) <= _NAME:
        units.pop()
    return all(map(_COVER.fullmatch, units))


def _bare(line: str) -> str:
    bare = "".join(unicodedata.normalize("NFKC", line[:200]).split())
    return _SUFFIX.sub("", bare)
