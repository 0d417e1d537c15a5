from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands import fenban, one_sentence, succeeded


def add_rule(site: Path, text: str) -> None:
    with (site / "rules.toml").open("a", encoding="utf-8") as file:
        file.write(text)


GOOD = """
[[rule]]
type = "keyword"
name = "试用"
effect = "flag"
target = "trial"
any = ["试用词"]
reason = "试用。"
examples = { fires = ["一个试用词"], quiet = ["别的"] }
"""


def test_the_rules_of_the_sample_site_pass_the_check(site_directory: Path) -> None:
    done = succeeded(fenban("rules", "check", "--site", site_directory, "--json", "-"))
    told = json.loads(done.stdout)
    assert told["ok"]
    assert told["mistakes"] == []
    assert {(rule["distribution"], bool(rule["version"])) for rule in told["rules"]} == {("fenban", True)}
    assert "0 处错误，可以用" in done.stderr


def test_the_check_lists_rules_with_where_they_come_from(site_directory: Path) -> None:
    add_rule(site_directory, GOOD)
    done = succeeded(fenban("rules", "check", "--site", site_directory))
    assert "试用" in done.stdout
    assert "fenban" in done.stdout


def test_every_mistake_is_told_on_a_line_of_its_own_and_the_check_fails(site_directory: Path) -> None:
    add_rule(site_directory, GOOD.replace('quiet = ["别的"]', 'quiet = ["也有试用词"]'))
    add_rule(site_directory, '\n[[rule]]\ntype = "magic"\nname = "坏"\n')
    done = fenban("rules", "check", "--site", site_directory, "--json", "-")
    assert done.exit_code == 1
    assert len(json.loads(done.stdout)["mistakes"]) == 2
    said = [line for line in done.stderr.splitlines() if line.startswith("错误：rules.toml 第 ")]
    assert len(said) == 2
    assert any("没有名为 'magic'" in line for line in said)
    assert any("样例“也有试用词”不应对上却对上了" in line for line in said)


def test_the_check_wants_a_site() -> None:
    assert "--site" in one_sentence(fenban("rules", "check"), exit_code=2)


def test_a_title_is_explained_rule_by_rule(site_directory: Path, described_store: Path) -> None:
    add_rule(site_directory, GOOD)
    options = ("--site", site_directory, "--store", described_store)
    done = succeeded(fenban("rules", "explain", "这里有试用词", *options))
    assert "模型认为最可能是" in done.stdout
    assert "提示：试用。" in done.stdout
    told = json.loads(succeeded(fenban("rules", "explain", "这里有试用词", *options, "--json", "-")).stdout)
    fired = {trace["rule"]: trace for trace in told["rules"] if trace["state"] == "fired"}
    assert fired["试用"]["why"] == "文中有“试用词”"


def test_a_file_and_standard_input_are_explained_too(
    site_directory: Path, described_store: Path, tmp_path: Path
) -> None:
    add_rule(site_directory, GOOD)
    options = ("--site", site_directory, "--store", described_store, "--json", "-")
    text = "关于试用词的建议\n\n路灯不亮，这里有试用词，请尽快解决。\n"
    (tmp_path / "一件.txt").write_text(text, encoding="utf-8")
    for done in (
        fenban("rules", "explain", tmp_path / "一件.txt", *options),
        fenban("rules", "explain", "-", *options, stdin=text.encode()),
    ):
        told = json.loads(succeeded(done).stdout)
        assert {flag["id"] for flag in told["decision"]["flags"]} >= {"trial"}


@pytest.mark.parametrize("content", ["", " \n"])
def test_a_file_without_a_case_is_told(
    site_directory: Path, described_store: Path, tmp_path: Path, content: str
) -> None:
    (tmp_path / "空.txt").write_text(content)
    options = ("--site", site_directory, "--store", described_store)
    assert "没有读到案件" in one_sentence(fenban("rules", "explain", tmp_path / "空.txt", *options))
