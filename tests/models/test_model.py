from __future__ import annotations

import numpy as np
import pytest

from models.model import RoutingModel
from router.interfaces import Model
from router.proposal import Proposal
from training.train import Trained

from .stateful import StatefulClassifier


def test_every_case_gets_all_labels_most_probable_first(trained: Trained, cases: list[Proposal]) -> None:
    for output in trained.model.predict(cases):
        for axis, labels in ((output.section, trained.model.section.classes_), (output.topic, None)):
            assert axis is not None
            probabilities = [c.probability for c in axis.candidates]
            assert probabilities == sorted(probabilities, reverse=True)
            assert sum(probabilities) == pytest.approx(1)
            assert labels is None or {c.label for c in axis.candidates} == set(labels.tolist())
        assert 0 <= output.known_share <= 1


def test_only_the_first_three_are_explained_and_only_when_asked(
    trained: Trained, cases: list[Proposal]
) -> None:
    (explained,) = trained.model.predict(cases[:1])
    (plain,) = trained.model.predict(cases[:1], explain=False)
    assert explained.section.candidates[0].evidence
    assert all(not candidate.evidence for candidate in plain.section.candidates)
    assert [(c.label, c.probability) for c in explained.section.candidates] == [
        (c.label, c.probability) for c in plain.section.candidates
    ]


def test_a_case_alone_is_answered_as_among_others(trained: Trained, cases: list[Proposal]) -> None:
    together = trained.model.predict(cases, explain=False)
    for case, among in zip(cases, together, strict=True):
        (alone,) = trained.model.predict([case], explain=False)
        assert [c.label for c in alone.section.candidates] == [c.label for c in among.section.candidates]
        assert [c.probability for c in alone.section.candidates] == pytest.approx(
            [c.probability for c in among.section.candidates]
        )


def test_no_case_needs_no_answer(trained: Trained) -> None:
    assert trained.model.predict([]) == []


def test_answers_are_plain_values(trained: Trained, cases: list[Proposal]) -> None:
    (output,) = trained.model.predict(cases[:1])
    first = output.section.candidates[0]
    assert (type(first.label), type(first.probability), type(output.known_share)) == (str, float, float)


def test_a_foreign_classifier_needs_neither_evidence_nor_known_share() -> None:
    model: Model = RoutingModel(StatefulClassifier({}))
    (output,) = model.predict([Proposal(title="路灯")])
    assert [(c.label, c.probability, c.evidence) for c in output.section.candidates] == [
        ("a", 0.5, ()),
        ("b", 0.5, ()),
    ]
    assert (output.topic, output.known_share) == (None, 1.0)


def test_section_and_topic_share_one_embedding(trained: Trained) -> None:
    section, topic = trained.model.section, trained.model.topic
    assert section.embedding_ is topic.embedding_  # type: ignore[attr-defined, union-attr]  # of our own classifier


def test_axes_with_embeddings_of_their_own_answer_too(trained: Trained, cases: list[Proposal]) -> None:
    own = type(trained.model.section)().fit([c.text for c in cases], [c.topic for c in cases])
    model = RoutingModel(trained.model.section, own)
    for output, expected in zip(
        model.predict(cases), own.predict_proba([c.text for c in cases]), strict=True
    ):
        assert output.topic is not None
        assert max(expected) == pytest.approx(output.topic.candidates[0].probability)
        assert np.isfinite(expected).all()
