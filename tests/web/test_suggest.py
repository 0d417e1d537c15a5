import json

import pytest
from flask.testing import FlaskClient

from router.web.answer_schemas import DecisionOut

from .stub import Suggest

SEWAGE = {
    "title": "关于完善集镇生活污水管网的建议",
    "body": "集镇污水直排河沟，夏天气味重，建议尽快铺设管网。",
}
STALLS = {
    "title": "关于整治流动摊贩占道经营的提案",
    "body": "夜市流动摊贩占道经营，请城管执法部门查处违法建设和渣土车。",
}


def test_answers_with_the_contracts_shape(suggest: Suggest) -> None:
    answer = suggest(**SEWAGE).get_json()
    DecisionOut.model_validate(answer)
    assert next(iter(answer)) == "decision_id"
    assert answer["lead"]["id"] == "drainage"
    assert answer["lead"]["person"]
    assert answer["topic"]["id"] == "township-sewage"


def test_each_answer_has_an_id_of_its_own(suggest: Suggest) -> None:
    first, second = (suggest(**SEWAGE).get_json()["decision_id"] for _ in range(2))
    assert first != second


def test_chinese_is_written_as_chinese(suggest: Suggest) -> None:
    assert "排水管理所" in suggest(**SEWAGE).get_data(as_text=True)


def test_a_case_of_another_unit_is_not_ours(suggest: Suggest) -> None:
    answer = suggest(**STALLS).get_json()
    assert (answer["status"], answer["lead"]["id"]) == ("not_ours", "out:urban-management")
    assert answer["deadlines"]["return_by"]
    assert answer["topic"] is None


@pytest.mark.parametrize("role", ["co", "会办", "协办"])
def test_the_role_is_understood_as_in_the_case_table(suggest: Suggest, role: str) -> None:
    assert suggest(**STALLS, role=role).get_json()["status"] != "not_ours"


def test_null_is_the_same_as_absent(suggest: Suggest) -> None:
    assert suggest(**SEWAGE, kind=None, received_on=None, case_id=None).get_json()["case_id"] == ""


def test_unknown_fields_are_ignored(suggest: Suggest) -> None:
    assert suggest(**SEWAGE, someday={"x": 1}).status_code == 200


def test_a_misspelt_field_is_named_in_a_header(suggest: Suggest) -> None:
    answer = suggest(**SEWAGE, recieved_on="2026-03-02", someday={"x": 1})
    assert answer.headers["Fenban-Ignored-Fields"] == "recieved_on, someday"
    assert "Fenban-Ignored-Fields" not in suggest(**SEWAGE, received_on="2026-03-02").headers


def test_only_names_that_fit_a_header_are_given_back_and_not_many(suggest: Suggest) -> None:
    odd = {"案由": "x", "a\r\nSet-Cookie: b": "x", "x" * 65: "x"}
    assert suggest(**SEWAGE, **odd).headers["Fenban-Ignored-Fields"] == "*"
    many = {f"f{n:02}": n for n in range(30)}
    assert suggest(**SEWAGE, **many, **odd).headers["Fenban-Ignored-Fields"] == ", ".join(
        [*sorted(many)[:20], "*"]
    )


def test_a_value_of_no_known_kind_is_kept_and_its_field_named(suggest: Suggest) -> None:
    answer = suggest(**SEWAGE, kind="议案", level="街道", role="转办")
    assert (answer.get_json()["kind"], answer.get_json()["level"]) == ("议案", "街道")
    assert answer.headers["Fenban-Unknown-Values"] == "kind, level, role"
    known = suggest(**SEWAGE, kind=" 政协提案", level="县级", role="协办")
    assert "Fenban-Unknown-Values" not in known.headers
    assert "Fenban-Unknown-Values" not in suggest(**SEWAGE, kind="", level=None).headers


def test_a_title_alone_is_enough(suggest: Suggest) -> None:
    assert suggest(title="路灯不亮").status_code == 200


def test_the_case_number_stays_a_string(suggest: Suggest) -> None:
    assert suggest(**SEWAGE, case_id="028").get_json()["case_id"] == "028"


def test_deadlines_count_from_the_day_received(suggest: Suggest) -> None:
    dates = suggest(**SEWAGE, received_on="2025-09-29").get_json()["deadlines"]
    assert (dates["return_by"], dates["reply_by"]) == ("2025-10-13", "2025-12-29")
    assert (dates["certain"], dates["assumed"]) == (True, False)


def test_deadlines_say_that_nobody_told_when_the_case_came(suggest: Suggest) -> None:
    assert suggest(**SEWAGE).get_json()["deadlines"]["assumed"] is True


def test_a_byte_order_mark_does_no_harm(client: FlaskClient) -> None:
    sent = '\ufeff{"title": "路灯不亮"}'.encode()
    assert client.post("/api/v1/suggest", data=sent, content_type="application/json").status_code == 200


def test_numbers_of_persons_never_come_back(suggest: Suggest) -> None:
    text = suggest(title="路灯不亮，电话13800000000", body="").get_data(as_text=True)
    assert "13800000000" not in text
    assert "〔电话〕" in text


def test_evidence_points_into_the_text_as_it_was_sent(suggest: Suggest) -> None:
    body = "联系电话13800000000。\x07集镇污水直排，请铺设污水管网。"
    answer = suggest(title="", body=body).get_json()
    words = {body[e["start"] : e["end"]] for e in answer["candidates"][0]["evidence"]}
    assert "污水" in "".join(words)
    assert not any("1380" in word for word in words)


def test_characters_that_no_file_can_hold_become_blanks(client: FlaskClient) -> None:
    sent = json.dumps({"case_id": "02\x008", "title": "路灯\ud800\x00不亮"})
    answer = client.post("/api/v1/suggest", data=sent, content_type="application/json").get_json()
    assert (answer["case_id"], answer["title"]) == ("028", "路灯  不亮")


@pytest.mark.parametrize("title", ["\x01", "\x01\x02 \x03"])
def test_a_title_of_nothing_that_can_be_kept_is_none(suggest: Suggest, title: str) -> None:
    answer = suggest(title=title)
    assert (answer.status_code, answer.get_json()["code"]) == (422, "empty_text")


@pytest.mark.parametrize("title", ["机\x01密★10年", "机\u200b密★10年", "\ufeff绝密"])
def test_a_marking_is_seen_through_characters_that_cannot_be_seen(suggest: Suggest, title: str) -> None:
    answer = suggest(title=title, body="内容")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "secret_paper")


def test_long_text_is_answered(suggest: Suggest) -> None:
    assert suggest(body="集镇污水直排河沟。" * 20_000).status_code == 200


@pytest.mark.parametrize("text", ["123456 7890", "Please repair the lights", "□□□", "😀" * 50, "\u200b的"])
def test_text_without_known_words_goes_to_a_person(suggest: Suggest, text: str) -> None:
    answer = suggest(title=text).get_json()
    assert answer["status"] != "suggested"
    assert answer["lead"]["id"]
