from __future__ import annotations

from router.readers import read_bytes

from .files import pdf


def test_text_is_read_and_wrapped_lines_are_joined() -> None:
    lines = [
        "政协青禾县第十一届委员会第五次会议",
        "案由：关于路灯的提案",
        "提案人：甲某 界别：文化艺术界",
        "文昌街东段四百米两侧还立着六十七盏路灯里有一半已经",
        "不亮，请修复。",
        "二、请公布电话。",
    ]
    case = read_bytes(pdf(*lines), "a.pdf").proposals[0]
    assert (case.title, case.proposer, case.extra["界别"]) == ("关于路灯的提案", "甲某", "文化艺术界")
    assert case.body.splitlines() == [lines[3] + lines[4], lines[5]]


def test_a_scan_says_what_to_do() -> None:
    problem = read_bytes(pdf(), "a.pdf").problems[0]
    assert problem.code == "scan"
    assert "OCR" in problem.reason


def test_a_locked_file_says_so() -> None:
    assert "密码" in read_bytes(pdf("关于路灯的提案", password="x"), "a.pdf").problems[0].reason


def test_a_cut_off_file_is_a_problem() -> None:
    assert read_bytes(pdf("关于路灯的提案")[:200], "a.pdf").problems[0].code in ("unreadable", "scan")
