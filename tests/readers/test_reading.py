from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.errors import InputError, PluginError
from router.interfaces import ReadProblem
from router.proposal import Proposal
from router.readers import list_files, read_bytes, read_path, reading
from router.readers.values import normal_id
from router.sheets import write_csv

from .files import ole, pack, word

PAPER = "关于路灯的建议\n文昌街不亮。"


def test_a_folder_is_read_in_order_with_its_folders(tmp_path: Path) -> None:
    (tmp_path / "乙").mkdir()
    (tmp_path / "乙" / "2.txt").write_text(PAPER, encoding="utf-8")
    (tmp_path / "1.docx").write_bytes(word("关于公厕的建议", "少。"))
    seen: list[tuple[str, int, int]] = []
    report = read_path(tmp_path, on_file=lambda path, number, count: seen.append((path.name, number, count)))
    assert [case.source for case in report.proposals] == ["1.docx", "乙/2.txt"]
    assert seen == [("1.docx", 1, 2), ("2.txt", 2, 2)]


def test_hidden_and_lock_files_are_left_out_with_a_word(tmp_path: Path) -> None:
    for name in ("~$a.docx", ".DS_Store", "Thumbs.db", "a.txt"):
        (tmp_path / name).write_text(PAPER, encoding="utf-8")
    report = read_path(tmp_path)
    assert len(report.proposals) == 1
    assert {problem.code for problem in report.problems} == {"skipped"}
    assert len(report.problems) == 3


@pytest.mark.parametrize(
    "value", ["-028", "=1+1", "－1号楼电梯停运", "＋86路站牌损坏", "@物业", "'引文'", "028"]
)
def test_what_was_written_as_csv_is_read_as_it_was(value: str) -> None:
    target = io.StringIO(newline="")
    write_csv([{"case_id": value, "title": value, "body": "路灯不亮"}], ["case_id", "title", "body"], target)
    (case,) = read_bytes(target.getvalue().encode("utf-8-sig"), "a.csv").proposals
    assert (case.case_id, case.title) == (normal_id(value), value)


def test_file_libraries_are_loaded_only_when_a_file_needs_them() -> None:
    libraries = {
        "bs4",
        "docx",
        "pypdf",
        "python_calamine",
        "openpyxl",
        "flask",
        "sqlalchemy",
        "sklearn",
        "jieba",
        "pandas",
    }
    code = f"import sys, router.readers; sys.exit(bool({libraries} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="没有这个文件"):
        read_path(tmp_path / "无.csv")


def test_an_empty_folder_is_a_problem(tmp_path: Path) -> None:
    assert read_path(tmp_path).problems[0].code == "empty"
    assert list_files(tmp_path) == []


@pytest.mark.skipif(os.name != "posix", reason="only there can a name be bytes")
def test_a_file_name_in_gbk_can_be_printed(tmp_path: Path) -> None:
    path = os.path.join(os.fsencode(tmp_path), "提案.txt".encode("gbk"))  # noqa: PTH118  pathlib takes no bytes
    with open(path, "wb") as file:  # noqa: PTH123
        file.write(PAPER.encode())
    assert read_path(tmp_path).proposals[0].source == "提案.txt"


def test_a_file_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(reading, "MAX_FILE_BYTES", 10)
    (tmp_path / "a.txt").write_text(PAPER, encoding="utf-8")
    assert read_bytes(PAPER.encode(), "a.txt").problems[0].code == "unsupported"
    assert read_path(tmp_path).problems[0].code == "unsupported"


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"", "empty", "空"),
        (b" \n\t", "empty", "空"),
        (ole("WordDocument"), "unsupported", "另存为 .docx"),
        (ole("Other"), "unsupported", "另存"),
        (ole("EncryptedPackage"), "unsupported", "密码"),
        (pack({"OFD.xml": b"<x/>", "Doc_0/Document.xml": b"<x/>"}), "unsupported", "OFD"),
        (pack({"mimetype": b"x", "content.xml": b"<x/>"}), "unsupported", "OpenDocument"),
        (pack({"[Content_Types].xml": b"<x/>", "ppt/slides.xml": b"<x/>"}), "unsupported", "演示"),
        (b"{\\rtf1 abc}", "unsupported", "RTF"),
        (b"Rar!\x1a\x07\x00", "unsupported", "RAR"),
        (b"7z\xbc\xaf\x27\x1c", "unsupported", "7z"),
        (b"\x89PNG\r\n\x1a\n", "scan", "OCR"),
        (b"PK\x03\x04 not a workbook", "unreadable", "损坏"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>', "unsupported", "2003"),
        (bytes(range(256)) * 9, "unsupported", "认不出"),
    ],
)
def test_what_nobody_can_read_says_what_to_do(data: bytes, code: str, words: str) -> None:
    report = read_bytes(data, "a.xlsx")
    assert not report.proposals
    assert [problem.code for problem in report.problems] == [code]
    assert words in report.problems[0].reason


class _Foreign:
    """A reader as somebody's plugin has it."""

    items: tuple[object, ...] = ()

    def accepts(self, head: bytes, name: str) -> bool:
        return True

    def read(self, file: object, name: str) -> Iterator[object]:
        yield from self.items
        raise ValueError("13800000000 is what this paper says")


@pytest.fixture
def foreign(monkeypatch: pytest.MonkeyPatch) -> type[_Foreign]:
    monkeypatch.setattr(reading, "make_plugin", lambda group, name: _Foreign())
    return _Foreign


def test_a_plugins_cases_pass_the_same_door(foreign: type[_Foreign], monkeypatch: pytest.MonkeyPatch) -> None:
    secret, phone = Proposal(title="机密★", body="x"), Proposal(title="路灯", body="13800000000")
    monkeypatch.setattr(
        foreign, "items", (secret, phone, Proposal(), ReadProblem("a", "", "电话13800000000"))
    )
    report = read_bytes(b"x", "a")
    assert [case.body for case in report.proposals] == ["〔电话〕"]
    assert [problem.code for problem in report.problems] == ["secret", "empty", "unreadable", "unreadable"]
    assert "13800000000" not in str(report)


def test_a_plugin_that_fails_is_one_problem_and_logs_no_text(
    foreign: type[_Foreign], caplog: pytest.LogCaptureFixture
) -> None:
    assert [problem.code for problem in read_bytes(b"x", "a").problems] == ["unreadable"]
    assert "ValueError" in caplog.text
    assert "13800000000" not in caplog.text


def test_a_plugin_that_fails_to_tell_a_file_leaves_it_to_the_others(
    foreign: type[_Foreign], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def accepts(self: object, head: bytes, name: str) -> bool:
        raise UnicodeError("13800000000")

    monkeypatch.setattr(foreign, "accepts", accepts)
    assert [problem.code for problem in read_bytes(b"x", "a").problems] == ["unsupported"]
    assert "_Foreign failed to tell a file: UnicodeError" in caplog.text
    assert "13800000000" not in caplog.text


def test_a_plugin_that_yields_something_else_is_named(
    foreign: type[_Foreign], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign, "items", ("text",))
    with pytest.raises(PluginError, match="_Foreign"):
        read_bytes(b"x", "a")


@given(
    st.sampled_from(
        [b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"%PDF-1.4\n", b"<html>", b"[{", b""]
    ),
    st.binary(),
)
def test_any_bytes_end_in_a_report(start: bytes, rest: bytes) -> None:
    report = read_bytes(start + rest, "a")
    assert report.proposals or report.problems


@given(st.integers(0, 3000), st.binary(min_size=1, max_size=40))
def test_a_damaged_document_ends_in_a_report(at: int, damage: bytes) -> None:
    whole = word(PAPER)
    at = len(whole) - at - len(damage)
    report = read_bytes(whole[:at] + damage + whole[at + len(damage) :], "a.docx")
    assert report.proposals or report.problems


def test_what_a_person_must_look_at_is_told_first(tmp_path: Path) -> None:
    for name, day in (("甲", "2026-03-02"), ("乙", "2026年3月")):
        (tmp_path / f"{name}.csv").write_text(f"案由,收到日期\n关于路灯的建议,{day}\n", encoding="utf-8")
    notes = read_path(tmp_path).notes
    assert [bool(note.code) for note in notes] == [True, False, False]
    assert notes[0].source == "乙.csv"
