from __future__ import annotations

import dataclasses
import json
import pickletools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from models.artifact import (
    FORMAT_VERSION,
    folder_digest,
    read_artifact,
    read_manifest,
    write_artifact,
)
from models.model import RoutingModel
from router.errors import FenbanError, StoreError
from router.proposal import Proposal
from training.history import to_history
from training.train import Trained, train

from .stateful import StatefulClassifier


@pytest.fixture
def folder(tmp_path: Path, trained: Trained) -> Path:
    """Return an artifact of the dozen cases."""
    write_artifact(tmp_path, trained.model, trained.manifest, ("加装电梯", "雨污分流"))
    return tmp_path


def test_an_artifact_is_a_few_plain_files(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == [
        "held_out.joblib",
        "held_out.json",
        "lexicon.txt",
        "manifest.json",
        "section.joblib",
        "section.json",
        "similar.joblib",
        "similar.json",
        "topic.joblib",
        "topic.json",
    ]
    assert (folder / "lexicon.txt").read_text(encoding="utf-8").split() == ["加装电梯", "雨污分流"]


def test_the_manifest_says_what_the_model_is_and_where_it_came_from(folder: Path, trained: Trained) -> None:
    manifest = read_manifest(folder)
    assert manifest == trained.manifest
    assert manifest.labels["section"] == ["drainage", "municipal", "property"]
    assert (manifest.cases["n"], manifest.cases["years"]) == (12, [2020, 2022])
    assert manifest.cases["per_label"] == {"municipal": 4, "drainage": 4, "property": 4}
    assert {"fenban", "scikit-learn", "jieba", "python"} <= set(manifest.libraries)
    assert manifest.format_version == FORMAT_VERSION


def test_a_format_of_another_version_is_refused(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format_version": FORMAT_VERSION + 1}))
    with pytest.raises(StoreError, match="模型格式 3 不是本版本认识的 2"):
        read_manifest(folder)


def test_arrays_are_mapped_from_disk_and_read_only(folder: Path) -> None:
    model = read_artifact(folder, "v")
    weights = model.section.weights_  # type: ignore[attr-defined]  # of our own classifier
    assert isinstance(weights.base, np.memmap)
    assert not weights.flags.writeable


def test_a_loaded_model_answers_the_same(folder: Path, trained: Trained, cases: list[Proposal]) -> None:
    (folder / "lexicon.txt").write_text("")
    assert read_artifact(folder, "v").predict(cases) == trained.model.predict(cases)


def test_no_class_of_ours_is_pickled(folder: Path) -> None:
    for path in folder.glob("*.joblib"):
        strings = {str(argument) for _, argument, _ in pickled(path) if isinstance(argument, str)}
        modules = {text.split()[0].partition(".")[0] for text in strings if text.strip()}
        assert modules & {"router", "models", "training", "service", "sklearn", "scipy"} == set()
        assert "joblib" in modules


def pickled(path: Path) -> list[tuple[Any, Any, Any]]:
    """Return the pickle instructions of a joblib file, which raw arrays interrupt."""
    content, found, at = path.read_bytes(), [], 0
    while at < len(content):
        try:
            for instruction in pickletools.genops(content[at:]):
                found.append(instruction)
                at += 1
        except ValueError:
            at += 1
    return found


def test_a_model_without_topics_has_none_when_loaded(tmp_path: Path, trained: Trained) -> None:
    manifest = dataclasses.replace(trained.manifest, labels={"section": trained.manifest.labels["section"]})
    write_artifact(tmp_path, RoutingModel(trained.model.section), manifest, ())
    assert read_artifact(tmp_path, "v").topic is None


def test_the_digest_changes_with_any_content_or_name(folder: Path) -> None:
    before = folder_digest(folder)
    assert folder_digest(folder) == before
    (folder / "lexicon.txt").write_text("别的\n")
    changed = folder_digest(folder)
    (folder / "lexicon.txt").rename(folder / "lexikon.txt")
    renamed = folder_digest(folder)
    (folder / "sub").mkdir()
    (folder / "sub" / "more").write_text("")
    assert len({before, changed, renamed, folder_digest(folder)}) == 4


def stored_and_read(state: Mapping[str, Any], folder: Path, manifest: Any) -> Mapping[str, Any]:
    """Return a foreign classifier's state after a round trip through the disk."""
    for path in folder.iterdir():
        path.unlink()
    manifest = dataclasses.replace(manifest, labels={"section": ["a", "b"]}, classifier="stateful")
    write_artifact(folder, RoutingModel(StatefulClassifier(state)), manifest, ())
    loaded = read_artifact(folder, "v").section
    assert isinstance(loaded, StatefulClassifier)
    return {key: value for key, value in loaded.kept.items() if key != "tokenizer"}


def same_numbers(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and one.tobytes() == other.tobytes()  # nan is as good as any


def same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.dtype == other.dtype and same_numbers(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


@pytest.fixture
def with_stateful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `stateful` be the only classifier plugin."""
    monkeypatch.setattr("models.artifact.get_plugin", lambda group, name: StatefulClassifier)
    monkeypatch.setattr("models.artifact.default_tokenizer", lambda words, name: None)  # takes its time


plain = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text()
numbers = arrays_of.arrays(
    st.sampled_from([np.float32, np.float64, np.int64, np.uint64, np.bool_]),
    arrays_of.array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=3),
)
states = st.dictionaries(
    st.text(),
    st.recursive(
        plain | numbers,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)


@pytest.mark.usefixtures("with_stateful")
def test_any_state_of_arrays_numbers_and_strings_comes_back(
    tmp_path_factory: pytest.TempPathFactory, trained: Trained
) -> None:
    folder = tmp_path_factory.mktemp("state")

    @given(states)
    @settings(max_examples=40)
    def comes_back(state: dict[str, Any]) -> None:
        assert same(state, stored_and_read(state, folder, trained.manifest))

    comes_back()


@pytest.mark.usefixtures("with_stateful")
def test_numpys_own_numbers_and_strings_become_plain_ones(tmp_path: Path, trained: Trained) -> None:
    state = {"share": np.float32(0.5), "labels": [np.str_("甲")], "on": np.bool_(True), "names": ("a", "b")}
    assert stored_and_read(state, tmp_path, trained.manifest) == {
        "share": 0.5,
        "labels": ["甲"],
        "on": True,
        "names": ["a", "b"],
    }


@pytest.mark.usefixtures("with_stateful")
@pytest.mark.parametrize(
    "value", [np.array([object()]), np.array(["甲", None], dtype=object), object(), {1, 2}, b"bytes"]
)
def test_what_could_only_be_pickled_is_refused(tmp_path: Path, trained: Trained, value: object) -> None:
    with pytest.raises(FenbanError, match="state"):
        stored_and_read({"deep": [{"x": value}]}, tmp_path, trained.manifest)


def test_joblib_files_hold_nothing_but_arrays(folder: Path) -> None:
    for path in folder.glob("*.joblib"):
        held = joblib.load(path)
        assert all(isinstance(value, np.ndarray) and value.dtype != object for value in held.values())


def test_half_a_surrogate_pair_in_a_past_case_can_be_kept(tmp_path: Path, cases: list[Proposal]) -> None:
    learned = [dataclasses.replace(case, title=f"{case.title}\ud83d") for case in cases]
    made = train(to_history(learned, None))
    write_artifact(tmp_path, made.model, made.manifest, made.lexicon)
    (output,) = read_artifact(tmp_path, "v").predict([Proposal(title=cases[0].title, body=cases[0].body)])
    assert output.similar is not None
    assert output.similar[0].case.title == learned[0].title
