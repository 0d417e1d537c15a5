from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

RULE: dict[str, Any] = {
    "type": "keyword",
    "name": "口袋公园归园林",
    "effect": "require",
    "target": "园林绿化所",
    "any": ["口袋公园"],
    "reason": "口袋公园由园林绿化所主办。",
}
CASE = {"title": "在新城区停车场边建一个口袋公园"}


def tried(client: FlaskClient, *rules: dict[str, Any], **more: Any) -> TestResponse:
    body = {"case": CASE, "rules": list(rules), **more}
    return client.post("/api/v1/rules/dry-run", json=body)


def errors(response: TestResponse) -> dict[str, str]:
    assert response.status_code == 422, response.text
    return {error["path"]: error["message"] for error in response.get_json()["errors"]}


def test_the_rules_that_run_are_listed(client: FlaskClient) -> None:
    told = client.get("/api/v1/rules").get_json()
    assert told["version"]
    assert {rule["distribution"] for rule in told["rules"]} == {"fenban"}
    assert all(rule["where"].startswith("rules.") for rule in told["rules"])


def test_a_rule_is_tried_without_being_kept(client: FlaskClient) -> None:
    told = tried(client, RULE).get_json()
    assert (told["decision"]["lead"]["id"], told["decision"]["decided_by"]) == ("greening", RULE["name"])
    (trace,) = [trace for trace in told["rules"] if trace["rule"] == RULE["name"]]
    assert (trace["state"], trace["where"], trace["why"]) == ("fired", "/rules/0", "文中有“口袋公园”")
    assert [step["id"] for step in told["steps"]][:2] == ["model", "required"]
    assert RULE["name"] not in {rule["name"] for rule in client.get("/api/v1/rules").get_json()["rules"]}


def test_rules_are_added_to_those_of_the_site_or_take_their_place(client: FlaskClient) -> None:
    site = {rule["name"] for rule in client.get("/api/v1/rules").get_json()["rules"]}
    added = {trace["rule"] for trace in tried(client, RULE).get_json()["rules"]}
    assert added == site | {RULE["name"]}
    alone = {trace["rule"] for trace in tried(client, RULE, replace=True).get_json()["rules"]}
    assert alone == {RULE["name"]}


def test_a_rule_of_the_same_name_takes_the_place_of_the_sites(client: FlaskClient) -> None:
    name = client.get("/api/v1/rules").get_json()["rules"][0]["name"]
    traces = [t for t in tried(client, {**RULE, "name": name}).get_json()["rules"] if t["rule"] == name]
    assert [trace["where"] for trace in traces] == ["/rules/0"]


def test_without_rules_those_of_the_site_are_told(client: FlaskClient) -> None:
    assert client.post("/api/v1/rules/dry-run", json={"case": CASE}).status_code == 200


@pytest.mark.parametrize(
    ("changed", "path", "wanted"),
    [
        ({"target": "某某局"}, "/rules/0/target", "不是本局股室"),
        ({"any": []}, "/rules/0/any", "any 和 all 至少要写一个"),
        ({"any": ["灯"] * 201}, "/rules/0/any", "最多 200 项"),
        ({"any": ["灯" * 51]}, "/rules/0/any/0", "最多 50 个字"),
        ({"any": ["灯", 3]}, "/rules/0/any/1", "须为字符串"),
        ({"all": ["灯", []]}, "/rules/0/all", "须为词，或者一列词"),
        ({"type": "many-asks"}, "/rules/0/type", "须为 keyword、"),
        ({"type": "regex", "pattern": "(路"}, "/rules/0/pattern", "pattern 写法有误"),
        ({"type": "regex", "pattern": "路" * 1001}, "/rules/0/pattern", "最多 1000 个字"),
        ({"effect": "must"}, "/rules/0/effect", "须为 require、"),
        ({"within": "proposer"}, "/rules/0/within", "须为 text、"),
        ({"margin": 2}, "/rules/0/margin", "不能大于 1"),
        ({"path": "/etc/passwd"}, "/rules/0/path", "没有这一项"),
        ({"examples": {}}, "/rules/0/examples", "没有这一项"),
        ({"valid_from": "三月"}, "/rules/0/valid_from", "须为 1980 至 2099 年间的日期"),
        ({"name": ""}, "/rules/0/name", "不能为空"),
    ],
)
def test_a_wrong_rule_is_told_by_its_path(
    client: FlaskClient, changed: dict[str, Any], path: str, wanted: str
) -> None:
    assert wanted in errors(tried(client, {**RULE, **changed}))[path]


def test_all_wrong_rules_are_told_at_once(client: FlaskClient) -> None:
    found = errors(
        tried(client, {**RULE, "target": "甲"}, {**RULE, "name": "乙", "any": []}, {**RULE, "name": "丙"})
    )
    assert set(found) == {"/rules/0/target", "/rules/1/any"}


def test_the_number_of_rules_is_bounded(client: FlaskClient) -> None:
    rules = [{**RULE, "name": str(number)} for number in range(201)]
    assert errors(tried(client, *rules)) == {"/rules": "最多 200 项"}


def test_a_case_without_text_is_told_by_its_path(client: FlaskClient) -> None:
    response = client.post("/api/v1/rules/dry-run", json={"case": {"title": " "}, "rules": [RULE]})
    assert set(errors(response)) == {"/case/title", "/case/body"}
    assert set(errors(client.post("/api/v1/rules/dry-run", json={"rules": []}))) == {"/case"}


def test_nothing_is_tried_without_a_model(bare_client: FlaskClient) -> None:
    assert tried(bare_client, RULE).status_code == 503
    assert bare_client.get("/api/v1/rules").status_code == 503


def test_what_is_secret_is_refused_here_too(client: FlaskClient) -> None:
    response = client.post("/api/v1/rules/dry-run", json={"case": {"title": "机密★三年 关于某事的报告"}})
    assert response.get_json()["code"] == "secret_paper"


def test_two_rules_of_one_name_are_told(client: FlaskClient) -> None:
    assert errors(tried(client, RULE, RULE)) == {"/rules/1/name": "重名（另一条在 /rules/0/name）"}
