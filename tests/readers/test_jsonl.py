from __future__ import annotations

import json
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from router.readers import read_bytes

CASE = {
    "case_id": "028",
    "title": "关于路灯的建议",
    "co_sections": ["甲股", "乙股"],
    "received_on": "2026/3/9",
    "备注": "急",
}


def test_lines_lists_and_wrapped_lists_are_read() -> None:
    one = json.dumps(CASE, ensure_ascii=False)
    for text in (f"{one}\n\n{one}\n", f"[{one},{one}]", f'{{"cases": [{one},{one}]}}'):
        cases = read_bytes(text.encode(), "a.jsonl").proposals
        assert [case.case_id for case in cases] == ["028", "028"]
        assert (cases[0].co_sections, cases[0].received_on) == (("甲股", "乙股"), date(2026, 3, 9))
        assert cases[0].extra == {"备注": "急"}


def test_chinese_names_and_numbers_as_ids_are_read() -> None:
    case = read_bytes(
        '{"案号": 28, "案由": "关于路灯的建议", "正文": null}\n'.encode("gb18030"), "a"
    ).proposals[0]
    assert (case.case_id, case.body) == ("28", "")


def test_a_broken_line_is_named_and_the_others_are_read() -> None:
    report = read_bytes('{"title": "路灯"}\n{"title": \n{"title": "公厕"}\n'.encode(), "a.jsonl")
    assert [case.source for case in report.proposals] == ["a.jsonl 第1行", "a.jsonl 第3行"]
    assert report.problems[0].where == "第2行"


def test_a_record_without_text_names_its_fields() -> None:
    problem = read_bytes(b'{"name": "x", "price": 3}', "a.json").problems[0]
    assert "name、price" in problem.reason


def test_a_broken_list_says_where() -> None:
    assert "第2行" in read_bytes(b'[{"title": "x"},\n{"title": ]', "a.json").problems[0].reason


def test_lone_surrogates_become_blanks() -> None:
    assert read_bytes(b'{"title": "x\\ud800y"}', "a.json").proposals[0].title == "x y"


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda one: st.lists(one) | st.dictionaries(st.text(), one),
    max_leaves=10,
)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["title", "正文", "案号", "交办时间", "co_sections", "x"]), values, min_size=1
        ),
        min_size=1,
    )
)
def test_no_record_is_lost(records: list[dict[str, object]]) -> None:
    report = read_bytes("\n".join(map(json.dumps, records)).encode(), "a.jsonl")
    assert len(report.proposals) + len(report.problems) == len(records)
