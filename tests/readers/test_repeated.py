from __future__ import annotations

from pathlib import Path

from router.proposal import Proposal
from router.readers import read_bytes, read_files, read_path
from router.readers.repeated import REPEATED, repeated_numbers

from .files import pack

HEAD = "编号,案由\n"
LEDGER = HEAD + "003,关于公交线路的建议\n004,关于路灯的建议\n003,关于菜市场污水的建议\n"


def test_a_number_on_two_papers_of_a_ledger_is_a_warning_with_its_rows() -> None:
    report = read_bytes(LEDGER.encode(), "台账.csv")
    (warning,) = report.warnings
    assert (warning.source, warning.code) == ("台账.csv", REPEATED)
    assert warning.text.startswith("编号 003 在本表出现 2 次（第 2、4 行）")
    assert len(report.proposals) == 3


def test_numbers_that_are_different_or_missing_are_no_warning() -> None:
    assert not read_bytes(f"{HEAD}1,关于路灯的建议\n2,关于公厕的建议\n".encode(), "台账.csv").warnings
    assert not read_bytes("案由\n关于路灯的建议\n关于公厕的建议\n".encode(), "台账.csv").warnings


def test_a_number_of_another_kind_session_or_level_is_another_number() -> None:
    cases = [
        Proposal(case_id="1", title="路灯"),
        Proposal(case_id="1", title="公厕", kind="提案"),
        Proposal(case_id="1", title="井盖", session="二次"),
        Proposal(case_id="1", title="公园", level="市"),
    ]
    assert not list(repeated_numbers(cases))


def test_a_number_in_two_files_is_a_warning_once(tmp_path: Path) -> None:
    files = {name: f"{HEAD}003,关于{name}的建议\n" for name in ("甲.csv", "乙.csv")}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    packed = read_bytes(pack({name: text.encode() for name, text in files.items()}), "来件.zip")
    sent = read_files([(name, text.encode()) for name, text in files.items()])
    for report in (packed, sent, read_path(tmp_path)):
        (warning,) = report.warnings
        assert warning.text.startswith("编号 003 出现 2 次（")
        assert all(name in warning.text for name in files)


def test_very_many_repeated_numbers_are_counted() -> None:
    cases = [Proposal(case_id=str(n % 60), title="路灯", source="a.csv") for n in range(120)]
    notes = list(repeated_numbers(cases))
    assert len(notes) == 51
    assert notes[-1].text == "另有 10 个编号也出现不止一次"


def test_several_files_share_the_time_there_is() -> None:
    report = read_files([(f"{n}.csv", LEDGER.encode()) for n in range(3)], seconds=0)
    assert {case.source for case in report.proposals} == {"0.csv 第2行"}
    assert [problem.source for problem in report.problems] == ["0.csv", "1.csv", "2.csv"]
