"""How letters end: greetings, signatures and contact lines, which ask for nothing.

Left in, a line such as 联系人电话 would count as a request of its own, and
thin out the others.
"""

from __future__ import annotations

import re

from router.text import MASK

__all__ = ["without_closing"]

_UNIT = re.compile(r"[^。;!?,\n]+")
_VISIBLE = re.compile(r"[^\n]")
_SEARCHED = 300  # characters from the end

_WHO = (
    "联系人|提案人|建议人|反映人|领衔代表|附议人|联名人|姓名|工作单位|单位及职务|政协委员|人大代表|委员|代表"
)
_WHERE = "联系电话|联系方式|联系地址|通讯地址|家庭住址|地址|住址|电话|手机|座机|传真|邮箱|微信|邮编|邮政编码"
_NUMBER = rf"(?:〔电话〕|〔证件号〕|{MASK}(?:-{MASK})*)"
_CONTACT = re.compile(
    rf"(?:[县市区省]?(?:{_WHO}|{_WHERE})(?:及(?:{_WHERE}))?(?:号码?)?[: ]+[^:]{{0,40}}){{1,4}}"
    rf"|(?:(?:{_WHO})[: ]*[^: ]{{0,4}})?[ (]*(?:{_WHERE})(?:号码?)?(?:是|为)?[: ]*{_NUMBER}[ )]*"
    rf"|(?:[\u4e00-\u9fff]{{2,4}} ?)?〔电话〕|{_NUMBER}"
    rf"|{MASK} ?年 ?{MASK} ?月(?: ?{MASK} ?[日号])?"
    r"|[〇○零一二三四五六七八九]{4}年[一二三四五六七八九十]{1,2}月[一二三四五六七八九十]{1,3}日"
)
_LAST_NUMBER = re.compile(rf"(?:联系人?)?(?:联系)?(?:电话|手机|方式)(?:号码?)?(?:是|为)?[: ]*{_NUMBER}[ )]*$")
_FORMULA = re.compile(
    "(?:此致|敬礼|顺颂|祝好|特此|谨此|为此|以上|如上|妥否|当否|供参考|为盼|为感|为荷|为谢|不胜感激|非常感谢|谢谢|感谢"
    "|如有不妥|不当之处|不妥之处|建议|提案|提议|意见|报告|反映|提出|敬请|恳请|恳望|诚望|伏望|万望|希望|请求|望|盼|请|并"
    "|有关部门|相关部门|县政府|政府|领导|上级|县?住建局|贵局|尽快|尽早|早日|抓紧|及时|认真|予以|给予|研究|考虑|采纳|办理|处理"
    "|解决|落实|重视|支持|关注|答复|回复|批示|审议|审阅|指正|批评| )++"
)


def without_closing(text: str) -> str:
    r"""Blank out how the body of a case ends, as far as that says nothing of the matter.

    Parameters
    ----------
    text : str
        Normalised (`router.text.normalise`); title, line break, body.

    Returns
    -------
    str
        Of the same length: every place stays what it was.

    Examples
    --------
    >>> without_closing("路灯\n东街不亮。请修。请研究办理。\n联系人电话〔电话〕").rstrip()
    '路灯\n东街不亮。请修。'
    """
    body = text.find("\n") + 1
    backwards = text[max(body, len(text) - _SEARCHED) :][::-1] if body else ""
    start = len(text)
    for unit in _UNIT.finditer(backwards):  # the last one tells most texts apart
        said, first = unit[0][::-1], len(text) - unit.end()
        bare = said.strip()
        if not bare or _CONTACT.fullmatch(bare) or _FORMULA.fullmatch(bare):
            start = first
            continue
        if number := _LAST_NUMBER.search(said):
            start = first + number.start()
        break
    return text[:start] + _VISIBLE.sub(" ", text[start:]) if start < len(text) else text
