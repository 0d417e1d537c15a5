from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from models.store import ModelStore
from router.site import Site
from tests.commands import fenban, one_sentence, succeeded
from tests.sample import CASES, case_file, write_cases
from training.history import to_history
from training.train import Trained, train

RULE = """
[[rule]]
type = "keyword"
name = "电梯先归市政"
effect = "require"
target = "municipal"
any = ["电梯"]
reason = "试一试。"
"""


@pytest.fixture(scope="module")
def learned(site: Site) -> Trained:
    """Return a model of the dozen cases and of the sample site."""
    return train(to_history(CASES, site), site)


@pytest.fixture
def options(learned: Trained, site_directory: Path, tmp_path: Path) -> tuple[object, ...]:
    """Return the store and the site, with one rule more, for a command line."""
    ModelStore(tmp_path / "store").add(learned.model, learned.manifest, learned.lexicon)
    with (site_directory / "rules.toml").open("a", encoding="utf-8") as file:
        file.write(RULE)
    return ("--site", site_directory, "--store", tmp_path / "store")


def test_rules_are_tried_on_the_cases_a_model_learned(tmp_path: Path, options: tuple[object, ...]) -> None:
    cases = case_file(tmp_path / "cases.csv")
    done = succeeded(fenban("rules", "backtest", cases, *options))
    assert "12 件里，不用规则主办说对" in done.stdout
    assert "12 件是模型学过的" in done.stdout
    assert "定主办的规则" in done.stdout


def test_programs_and_people_get_files(tmp_path: Path, options: tuple[object, ...]) -> None:
    cases = case_file(tmp_path / "cases.csv")
    targets = ("--json", tmp_path / "found.json", "--html", tmp_path / "found.html")
    done = succeeded(fenban("rules", "backtest", cases, *options, *targets))
    assert done.stdout == ""
    found = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    [one] = [rule for rule in found["rules"] if rule["rule"] == "电梯先归市政"]
    assert (one["fired"], one["wrong"], one["where"].startswith("rules.toml 第 ")) == (2, 2, True)
    assert [case["case_id"] for case in one["wrong_cases"]] == ["009", "010"]
    page = (tmp_path / "found.html").read_text(encoding="utf-8")
    assert "电梯先归市政" in page
    assert CASES[8].title not in page


def test_cases_that_were_not_learned_are_told_apart(tmp_path: Path, options: tuple[object, ...]) -> None:
    learned = [(c.case_id, c.title, c.body, c.section) for c in CASES[:2]]
    cases = write_cases(tmp_path / "mixed.csv", [*learned, ("901", "楼顶漏雨", "屋面要修。", "property")])
    about = json.loads(succeeded(fenban("rules", "backtest", cases, *options, "--json", "-")).stdout)["about"]
    assert (about["held_out"], about["new"]) == (2, 1)


def test_new_cases_come_out_as_they_do_where_a_model_is_judged(
    tmp_path: Path, site_directory: Path, described_store: Path
) -> None:
    cases = case_file(tmp_path / "cases.csv")
    options = ("--site", site_directory, "--store", described_store, "--json", "-")
    judged = json.loads(succeeded(fenban("evaluate", cases, *options)).stdout)
    found = json.loads(succeeded(fenban("rules", "backtest", cases, *options)).stdout)["overall"]["rules"]
    assert found["accuracy"]["value"] == judged["accuracy"]
    assert (found["coverage"], found["accuracy_covered"]) == (judged["coverage"], judged["accuracy_covered"])


def test_a_model_of_before_must_be_trained_anew(
    tmp_path: Path, learned: Trained, site_directory: Path
) -> None:
    store = ModelStore(tmp_path / "store")
    store.add(dataclasses.replace(learned.model, held_out=None), learned.manifest)
    cases = case_file(tmp_path / "cases.csv")
    failed = fenban("rules", "backtest", cases, "--site", site_directory, "--store", tmp_path / "store")
    assert "请用 fenban train 重新训练一个版本" in one_sentence(failed)


def test_it_wants_a_site_and_cases(tmp_path: Path, options: tuple[object, ...]) -> None:
    cases = case_file(tmp_path / "cases.csv")
    assert "--site" in one_sentence(fenban("rules", "backtest", cases), exit_code=2)
    assert fenban("rules", "backtest", *options).exit_code == 2


def test_a_target_that_cannot_be_written_is_told_before_the_work(
    tmp_path: Path, options: tuple[object, ...]
) -> None:
    cases = case_file(tmp_path / "cases.csv")
    failed = fenban("rules", "backtest", cases, *options, "--html", tmp_path / "none" / "found.html")
    assert "目标文件夹不存在" in one_sentence(failed)


def test_a_file_without_labels_cannot_be_tried(tmp_path: Path, options: tuple[object, ...]) -> None:
    cases = write_cases(tmp_path / "bare.csv", [("1", "路灯不亮", "整条街都黑。", "")])
    assert "没有一件能拿来试算" in one_sentence(fenban("rules", "backtest", cases, *options))
