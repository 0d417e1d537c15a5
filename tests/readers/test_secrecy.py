from __future__ import annotations

import pytest

from router.readers.secrecy import is_marked, is_secret


@pytest.mark.parametrize(
    "line",
    [
        "机密★",
        "秘密★1年",
        "绝密★长期",
        "机 密 ★ 10年",
        "绝密",
        "　秘　密　",
        "机密 特急",
        "特急 机密",
        "密级：秘密",
        "【密级】：机密",
        "（机密）",
        "秘密级",
        "份号：000001    密级：机密★1年",
    ],
)
def test_a_marking_is_recognised(line: str) -> None:
    assert is_marked(["青禾县文件", line, "关于某项工作的建议"])


@pytest.mark.parametrize(
    "line",
    [
        "关于保护商业秘密的建议",
        "保守秘密",
        "干部应当保守国家秘密。",
        "工作秘密、商业秘密和个人隐私不得公开",
        "密级：无",
        "**商业秘密**",
        "机密文件的管理办法",
    ],
)
def test_words_about_secrets_are_no_marking(line: str) -> None:
    assert not is_marked([line])


def test_a_word_alone_on_a_late_line_is_running_text() -> None:
    assert not is_marked([*["正文"] * 30, "秘密"])


@pytest.mark.parametrize(
    ("key", "value"), [("密级", "秘密"), ("密级", "机密级"), ("是否涉密", "是"), ("涉密", "涉密")]
)
def test_a_column_can_mark_a_row(key: str, value: str) -> None:
    assert is_secret("关于路灯的建议", "正文", {key: value})


@pytest.mark.parametrize(
    ("key", "value"), [("密级", "非密"), ("密级", "无"), ("是否涉密", "否"), ("密级", "公开"), ("密级", "")]
)
def test_a_column_can_say_no(key: str, value: str) -> None:
    assert not is_secret("关于路灯的建议", "正文", {key: value})


def test_a_title_can_carry_the_marking() -> None:
    assert is_secret("关于某工程的建议（机密）", "")
