from __future__ import annotations

import csv
import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.readers import read_bytes

LEDGER = "案号,案由,正文\n028,关于路灯的建议,路灯不亮\n029,关于公厕的建议,公厕太少\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_any_encoding_and_delimiter(encoding: str, delimiter: str) -> None:
    report = read_bytes(LEDGER.replace(",", delimiter).encode(encoding), "台账.xls")
    assert [case.case_id for case in report.proposals] == ["028", "029"]
    assert not report.problems


def test_cells_with_line_breaks_are_one_row() -> None:
    report = read_bytes('case_id,title,body\n1,路灯,"第一行\n第二行"\n2,公厕,无\n'.encode(), "a.csv")
    assert report.proposals[0].body == "第一行\n第二行"
    assert report.proposals[1].source == "a.csv 第3行"


def test_a_quote_that_is_never_closed_is_reported() -> None:
    report = read_bytes('案号,案由\n1,路灯\n2,"公厕\n3,停车\n'.encode(), "a.csv")
    assert report.problems[0].where == "第3行"
    assert "引号" in report.problems[0].reason


def test_a_table_without_known_columns_names_those_it_has() -> None:
    report = read_bytes(b"name,price\npaper,20\npen,3\n", "a.csv")
    assert "name、price" in report.problems[0].reason


def test_running_text_is_no_table() -> None:
    report = read_bytes("关于路灯的建议\n文昌街,建设路,路灯不亮。".encode(), "来信.txt")
    assert report.proposals[0].title == "关于路灯的建议"


def test_an_empty_section_column_is_fine() -> None:
    report = read_bytes("case_id,title,body,section\n1,路灯,不亮,\n".encode(), "a.csv")
    assert report.proposals[0].section == ""


def test_only_a_header_is_said_to_be_empty() -> None:
    assert read_bytes(b"case_id,title,body,section\n", "a.csv").problems[0].code == "empty"


def test_a_hundred_thousand_characters_in_a_cell_are_read() -> None:
    report = read_bytes(f"案号,正文\n1,{'路' * 150_000}\n".encode(), "a.csv")
    assert len(report.proposals[0].body) == 150_000


def test_a_large_file_is_read_in_seconds() -> None:
    row = ",".join(
        [
            "20171221962760",
            "",
            "市民来电反映路灯不亮，电话13800000000，" + "请处理" * 40,
            "路灯所",
            "2017-12-21",
        ]
    )
    data = ("case_id,title,body,section,received_on\n" + f"{row}\n" * 43_000).encode()
    start = time.perf_counter()
    report = read_bytes(data, "热线.csv")
    assert len(report.proposals) == 43_000
    assert time.perf_counter() - start < 10  # about one second on the machine that CI has


@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30), min_size=3, max_size=3
        ),
        max_size=8,
    )
)
def test_no_row_of_a_written_table_is_lost(rows: list[list[str]]) -> None:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(["case_id", "title", "备注"])
    writer.writerows(
        [f"id{number}", f"关于第{number}盏路灯的建议：{row[0]}", row[1]] for number, row in enumerate(rows)
    )
    report = read_bytes(buffer.getvalue().encode(), "a.csv")
    assert len(report.proposals) == len(rows)


@given(st.binary(max_size=400))
def test_any_bytes_named_csv_end_in_a_report(data: bytes) -> None:
    report = read_bytes(data, "a.csv")
    assert report.proposals or report.problems
