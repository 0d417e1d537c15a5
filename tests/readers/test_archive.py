from __future__ import annotations

import io
import zipfile

import pytest

from router.readers import archive, read_bytes, zips

from .files import pack, word, xlsx

PAPER = "关于路灯的建议\n文昌街不亮。".encode()


def test_every_member_is_read_as_the_file_it_is() -> None:
    book = xlsx([["案号", "案由"], ["028", "关于公厕的建议"]])
    report = read_bytes(
        pack({"a.txt": PAPER, "b/c.docx": word("关于停车的建议", "难。"), "d.xlsx": book}), "收件.zip"
    )
    assert [case.source for case in report.proposals] == [
        "收件.zip/a.txt",
        "收件.zip/b/c.docx",
        "收件.zip/d.xlsx 第2行",
    ]


def test_chinese_names_without_the_unicode_flag_are_decoded() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("AAAA.txt", PAPER)
    data = buffer.getvalue().replace(b"AAAA.txt", "提案".encode("gbk") + b".txt")
    assert read_bytes(data, "收件.zip").proposals[0].source == "收件.zip/提案.txt"


def test_a_zip_in_a_zip_is_read_and_deeper_ones_are_refused() -> None:
    inner = pack({"a.txt": PAPER})
    assert len(read_bytes(pack({"b.zip": inner}), "c.zip").proposals) == 1
    deep = read_bytes(pack({"b.zip": pack({"c.zip": inner})}), "d.zip")
    assert not deep.proposals
    assert "层" in deep.problems[0].reason


def test_system_files_are_left_out_with_a_word() -> None:
    report = read_bytes(pack({"__MACOSX/._a.txt": b"x", "~$a.docx": b"x", "a.txt": PAPER}), "a.zip")
    assert [problem.code for problem in report.problems] == ["skipped", "skipped"]


def test_one_bad_member_leaves_the_others() -> None:
    report = read_bytes(pack({"a.xlsx": b"PK\x03\x04 broken", "b.txt": PAPER}), "a.zip")
    assert len(report.proposals) == 1
    assert report.problems[0].source == "a.zip/a.xlsx"


def test_numbers_are_masked_and_counted_once_for_each_member() -> None:
    report = read_bytes(pack({"a.txt": PAPER + "电话13800000000".encode()}), "a.zip")
    assert [note.text for note in report.notes if "遮盖" in note.text] == ["已遮盖电话 1 处、证件号 0 处"]


@pytest.mark.parametrize(("limit", "value"), [("members", 1), ("total", 10)])
def test_too_many_or_too_large_members_are_refused(
    limit: str, value: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "Budget", lambda: zips.Budget(**{limit: value}))
    report = read_bytes(pack({"a.txt": PAPER, "b.txt": PAPER}), "a.zip")
    assert [problem.code for problem in report.problems] == ["unsupported"]


def test_a_bomb_is_refused() -> None:
    assert "压缩" in read_bytes(pack({"a.txt": b"0" * 30_000_000}), "a.zip").problems[0].reason


def test_who_has_only_so_much_time_gets_what_was_read_until_then() -> None:
    data = pack({f"{n}.txt": PAPER for n in range(5)} | {"z.zip": pack({"a.txt": PAPER})})
    hurried = read_bytes(data, "a.zip", seconds=0)
    assert [case.source for case in hurried.proposals] == ["a.zip/0.txt"]
    (problem,) = hurried.problems
    assert (problem.source, problem.code) == ("a.zip", "unsupported")
    assert "已读了 0 秒" in problem.reason
    assert len(read_bytes(data, "a.zip", seconds=60).proposals) == 6


def test_broken_and_empty_zips_end_in_a_problem() -> None:
    whole = pack({"a.txt": PAPER})
    assert read_bytes(whole[:-30], "a.zip").problems[0].code == "unreadable"
    assert read_bytes(pack({}), "a.zip").problems[0].code == "empty"
