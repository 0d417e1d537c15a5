from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from models.artifact import read_manifest
from models.tokenizer import default_tokenizer
from router.errors import TrainingError
from router.proposal import Proposal
from router.site import Section, Settings, Site, Topic
from tests.foreign import ROOT, Foreign
from tests.sample import CASES, case_file
from training.history import to_history
from training.seen import seen_before
from training.train import Trained, train

SITE = Site(
    sections={
        "municipal": Section("municipal", "市政所", duty="道路、路灯的养护。", words=("路灯", "路面")),
        "drainage": Section("drainage", "排水所", duty="排水管网和污水。", words=("内涝", "雨污分流")),
        "property": Section("property", "物业股", duty="物业和电梯。", words=("物业费", "加装电梯")),
    },
    topics={
        "street-lights": Topic("street-lights", "路灯", "municipal", words=("路灯", "照明")),
        "lifts": Topic("lifts", "电梯", "property", words=("电梯",)),
    },
    user_words=("加装电梯", "雨污分流"),
)


def first(trained: Trained, title: str) -> tuple[str, str | None]:
    (output,) = trained.model.predict([Proposal(title=title)], explain=False)
    return output.section.candidates[0].label, output.topic.candidates[0].label if output.topic else None


def test_a_dozen_cases_make_a_model_of_section_and_topic(trained: Trained) -> None:
    assert first(trained, "门口的路灯坏了") == ("municipal", "street-lights")
    assert first(trained, "请加装电梯") == ("property", "lifts")


def test_the_manifest_tells_of_cases_and_how_well_they_were_told_apart(trained: Trained) -> None:
    manifest = trained.manifest
    assert manifest.labels["topic"] == sorted({c.topic for c in CASES})
    assert manifest.metrics["held_out_n"] == 12
    assert 0 <= manifest.metrics["held_out_accuracy"] <= manifest.metrics["held_out_top3_accuracy"] <= 1
    assert (manifest.classifier, manifest.tokenizer) == ("ridge", "jieba")
    assert date.fromisoformat(manifest.created_at[:10])


def test_the_same_cases_have_the_same_digest_and_others_another(trained: Trained) -> None:
    again = train(to_history(CASES, None))
    fewer = train(to_history(CASES[:-1], None))
    assert again.manifest.cases["digest"] == trained.manifest.cases["digest"]
    assert fewer.manifest.cases["digest"] != trained.manifest.cases["digest"]


def test_the_same_cases_make_the_same_model(trained: Trained, cases: list[Proposal]) -> None:
    assert train(to_history(CASES, None)).model.predict(cases) == trained.model.predict(cases)


def test_descriptions_alone_make_a_model() -> None:
    trained = train(to_history([], SITE), SITE)
    assert first(trained, "路灯不亮") == ("municipal", "street-lights")
    assert trained.manifest.cases["n"] == 0
    assert trained.manifest.cases["years"] == []
    assert trained.manifest.metrics == {}
    assert trained.lexicon == ("加装电梯", "雨污分流")


def test_descriptions_help_a_label_without_cases() -> None:
    without_drains = [c for c in CASES if c.section != "drainage"]
    assert first(train(to_history(without_drains, SITE), SITE), "污水管网破裂")[0] == "drainage"


def test_more_descriptions_may_be_given() -> None:
    trained = train(to_history(CASES, None), descriptions=[("greening", "\n行道树和公园")])
    assert first(trained, "修剪行道树")[0] == "greening"


def test_bare_texts_make_words_known() -> None:
    text = "\n龘靐齉"
    trained = train(to_history(CASES, None), unlabelled=[text])
    (output,) = trained.model.predict([Proposal(body="龘靐齉")])
    assert output.known_share == 1.0


def test_the_sites_terms_stay_whole() -> None:
    trained = train(to_history([], SITE), SITE)
    words = trained.model.section.embedding_.features.see(["\n请加装电梯"]).laid.words  # type: ignore[attr-defined]
    assert "加装电梯" in words
    assert default_tokenizer().tokenize("加装电梯") != ["加装电梯"]


def test_without_topics_there_is_no_topic_axis() -> None:
    cases = [dataclasses.replace(case, topic="") for case in CASES]
    trained = train(to_history(cases, None))
    assert trained.model.topic is None
    assert "topic" not in trained.manifest.labels


def test_one_topic_is_no_axis() -> None:
    cases = [dataclasses.replace(case, topic="only") for case in CASES]
    assert train(to_history(cases, None)).model.topic is None


def test_nothing_to_learn_from_is_an_error() -> None:
    with pytest.raises(TrainingError, match="没有可用于训练的案件"):
        train(to_history([], None))
    with pytest.raises(TrainingError, match="至少要有两个"):
        train(to_history(CASES[:2], None))


def promising(precision: float) -> Trained:
    """Train on eight dozen cases for a site that wants so many suggestions right."""
    copies = [dataclasses.replace(c, body=f"{c.body}{n}号") for c in CASES for n in "甲乙丙丁戊己庚辛"]
    site = Site(settings=Settings(precision_target=precision))
    return train(to_history(copies, None), site)


def test_thresholds_are_those_of_this_very_model() -> None:
    trained = promising(0.5)
    assert 0 < trained.model.thresholds["accept"] < 1
    assert trained.model.thresholds == trained.manifest.thresholds
    assert trained.manifest.metrics["held_out_accuracy"] > 0.5


def test_dated_cases_give_thresholds_that_later_cases_kept() -> None:
    handled = [("路灯不亮", "lamps"), ("污水倒灌", "drains"), ("电梯停运", "lifts")]
    moved = [*handled[:2], ("电梯停运", "safety")]  # to another section, half way
    kinds = handled * 45 + moved * 45
    days = [date(2016 + n // 30, 1 + n // 3 % 10, 1 + n % 3) for n in range(len(kinds))]
    cases = [
        Proposal(title=title, body=f"{day:%m}号楼", section=section, received_on=day)
        for (title, section), day in zip(kinds, days, strict=True)
    ]
    dated = train(to_history(cases, None)).model.thresholds
    undated = [dataclasses.replace(case, received_on=None) for case in cases]
    assert dated["accept"] > train(to_history(undated, None)).model.thresholds["accept"]


def test_the_manifest_can_tell_which_texts_were_learned(trained: Trained) -> None:
    texts = [CASES[0].text, "别的\n"]
    assert seen_before(texts, trained.manifest.cases["texts"]) == [True, False]


def test_who_wants_more_suggestions_right_gets_fewer() -> None:
    lax, strict = (promising(precision).model.thresholds["accept"] for precision in (0.3, 0.8))
    assert lax <= strict


def test_progress_is_told_in_chinese() -> None:
    told: list[str] = []
    train(to_history(CASES, None), progress=told.append)
    assert told[0].startswith("训练股室分类器（12 件案件")


def test_cases_that_are_all_alike_still_train() -> None:
    cases = [Proposal(title="路灯不亮", section=label) for label in ("甲", "乙") for _ in range(12)]
    (output,) = train(to_history(cases, None)).model.predict([Proposal(title="路灯不亮")])
    assert [c.probability for c in output.section.candidates] == pytest.approx([0.5, 0.5], abs=1e-3)


NAIVE = (Path(__file__).parent / "naive_bayes.py").read_text(encoding="utf-8")
BROKEN = NAIVE.replace(
    "        described = list", "        raise ValueError('too few')\n        described = list"
)


@pytest.fixture
def foreign(tmp_path: Path) -> Foreign:
    return Foreign(tmp_path / "site-packages")


@pytest.fixture
def naive_site(tmp_path: Path) -> Path:
    """Return a small site, set to a classifier of other people."""
    directory = tmp_path / "site"
    directory.mkdir()
    sections = [f"{s.id},{s.name},{s.duty}" for s in SITE.sections.values()]
    (directory / "sections.csv").write_text("\n".join(["id,name,duty", *sections]), encoding="utf-8")
    (directory / "site.toml").write_text('classifier = "naive"\n', encoding="utf-8")
    return directory


def fenban(foreign: Foreign, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "ignore", "-c", "import service; service.main()", *map(str, arguments)]
    return subprocess.run(
        command, env=foreign.environment(), capture_output=True, encoding="utf-8", check=False, cwd=ROOT
    )


def test_a_classifier_of_other_people_trains_stores_and_suggests(
    foreign: Foreign, naive_site: Path, tmp_path: Path
) -> None:
    foreign.install("naive", "classifiers", {"naive": "naive_bayes:NaiveBayes"}, naive_bayes=NAIVE)
    cases, store, out = case_file(tmp_path / "cases.csv"), tmp_path / "store", tmp_path / "out.jsonl"
    trained = fenban(foreign, "train", cases, "--site", naive_site, "--store", store)
    assert trained.returncode == 0, trained.stderr
    manifest = read_manifest(next((store / "versions").iterdir()))
    assert manifest.classifier == "naive"
    assert manifest.metrics["held_out_n"] == 12
    suggested = fenban(foreign, "suggest", cases, "--site", naive_site, "--store", store, "-o", out)
    assert suggested.returncode == 0, suggested.stderr
    leads = [json.loads(line)["lead"] for line in out.read_text(encoding="utf-8").splitlines()]
    assert np.mean([lead == c.section for lead, c in zip(leads, CASES, strict=True)]) > 0.5


def test_without_the_plugin_its_model_is_told_to_need_it(
    foreign: Foreign, naive_site: Path, tmp_path: Path
) -> None:
    failed = fenban(foreign, "train", "--site", naive_site, "--store", tmp_path / "store")
    assert failed.returncode == 1
    assert "没有名为 'naive' 的 fenban.classifiers 插件。现有：ridge" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_a_classifier_that_fails_is_named_in_one_sentence(
    foreign: Foreign, naive_site: Path, tmp_path: Path
) -> None:
    foreign.install("naive", "classifiers", {"naive": "naive_bayes:NaiveBayes"}, naive_bayes=BROKEN)
    failed = fenban(foreign, "train", "--site", naive_site, "--store", tmp_path / "store")
    assert failed.returncode == 1
    assert "Traceback" not in failed.stderr
    assert failed.stderr.splitlines()[-1] == "错误：分类器 NaiveBayes 训练失败：ValueError too few"
