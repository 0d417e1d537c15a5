"""Rows of the audit log in the words of the office."""

from __future__ import annotations

from datetime import datetime

from router.site import Site
from router.storage.audit import Entry

__all__ = ["in_words"]

_ACTORS = {"command": "命令", "key": "密钥", "local": "本机", "unknown": "不明", "user": "账户"}
_DETAILS = {
    "co_sections": "会办",
    "created_at": "时间",
    "decision_id": "建议",
    "expires_at": "到期",
    "failed": "连续次数",
    "kind": "处理",
    "made_by": "由谁",
    "older_than": "早于",
    "parts": "内容",
    "per_minute": "每分钟",
    "reasons": "理由",
    "returned_by": "退回的股室",
    "returned_on": "退回日期",
    "role": "角色",
    "scopes": "权限",
    "section": "股室",
    "texts": "文字",
    "topic": "主题",
}
_ACTIONS = {
    "access_refused": "越权访问被拒",
    "backed_up": "备份数据库",
    "identity_refused": "伪造身份头被拒",
    "identity_unknown": "统一认证的用户没有账户",
    "key_created": "建立密钥",
    "key_limited": "密钥超过限次",
    "key_refused": "密钥不对被拒",
    "key_revoked": "停用密钥",
    "login": "登录",
    "login_failed": "口令不对",
    "login_refused": "登录被拒",
    "logout": "退出登录",
    "password_set": "改口令",
    "restored": "从备份恢复",
    "role_set": "改角色",
    "texts_removed": "清理到期文字",
    "user_created": "建立账户",
    "user_disabled": "停用账户",
    "user_enabled": "启用账户",
    "user_locked": "账户锁定",
    "verdict": "处理意见",
}
_WORDS = {
    "kind": {"accepted": "采纳", "changed": "改办", "returned": "退回"},
    "parts": {"database": "数据库", "site": "站点", "store": "模型库"},
    "role": {"admin": "管理员", "auditor": "审计员", "clerk": "经办人", "section_head": "股室负责人"},
    "scopes": {"admin": "管理", "monitor": "看运行状况", "suggest": "分办", "verdict": "送回人的决定"},
}
_MOMENTS = ("created_at", "expires_at", "older_than")
_LABELS = ("co_sections", "returned_by", "section", "topic")


def in_words(entry: Entry, site: Site) -> dict[str, str]:
    """Return what the page tells of a row, in the time of this place.

    Examples
    --------
    >>> moment = datetime.fromisoformat("2026-03-02T00:00:00+00:00")
    >>> row = Entry(1, moment, "user:wang", "role_set", "li", {"role": "clerk"}, "")
    >>> told = in_words(row, Site())
    >>> told["actor"], told["action"], told["subject"], told["details"]
    ('账户 wang', '改角色', 'li', '角色 经办人')
    """
    told = [(_DETAILS.get(name, name), _value(name, value, site)) for name, value in entry.details.items()]
    return {
        "seq": str(entry.seq),
        "at": _local(entry.at),
        "actor": _actor(entry.actor),
        "action": _ACTIONS.get(entry.action, entry.action),
        "subject": entry.subject,
        "details": "；".join(f"{name} {value}" for name, value in told if value),
    }


def _value(name: str, value: object, site: Site) -> str:
    if isinstance(value, list):
        return "、".join(_value(name, one, site) for one in value)
    if value is None:
        return ""
    text = str(value)
    if name in _WORDS:
        return _WORDS[name].get(text, text)
    if name in _MOMENTS:
        return _local(datetime.fromisoformat(text))
    if name in _LABELS:
        return site.name(text)
    return _actor(text) if name == "made_by" else text


def _actor(actor: str) -> str:
    kind, colon, name = actor.partition(":")
    return f"{_ACTORS.get(kind, kind)}{' ' if colon else ''}{name}"


def _local(moment: datetime) -> str:
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}"
