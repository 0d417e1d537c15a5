"""What labels mean, in words: from a site's duties and topics, or from a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from router.errors import InputError
from router.proposal import case_text
from router.site import Site
from training.history import clean_label

__all__ = ["of_site", "read_descriptions", "section_descriptions", "topic_descriptions"]

Description = tuple[str, str]
_WORDS_A_TEXT = 3


def section_descriptions(site: Site) -> list[Description]:
    """Return (label, text) pairs that say what sections and neighbours do.

    A section is described by its own duty and words and by each of its
    topics, so that a classifier can learn it without a single case.
    """
    found: list[Description] = []
    for section in site.sections.values():
        found += _texts(section.id, section.name, section.duty, section.words)
    for neighbour in site.neighbours.values():
        found += _texts(neighbour.id, neighbour.name, neighbour.duty, neighbour.words)
    for topic in site.topics.values():
        found += _texts(topic.section, topic.name, topic.duty, topic.words)
    return found


def topic_descriptions(site: Site) -> list[Description]:
    """Return (topic id, text) pairs that say what topics mean."""
    found: list[Description] = []
    for topic in site.topics.values():
        found += _texts(topic.id, topic.name, topic.duty, topic.words)
    return found


def read_descriptions(path: Path) -> list[Description]:
    """Read a CSV ``section,description``, several rows a label allowed.

    Raises
    ------
    InputError
        If the file or one of the two columns is missing.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        hint = "应为 UTF-8 的 CSV，含 section,description 两列"
        raise InputError("标签说明文件无法读取", where=str(path), hint=hint) from error
    missing = [c for c in ("section", "description") if c not in table.columns]
    if missing:
        raise InputError(
            f"缺少 {'、'.join(missing)} 列", where=str(path), hint="表头应为 section,description"
        )
    pairs = zip(map(clean_label, table["section"]), table["description"].str.strip(), strict=True)
    return [(label, case_text("", text)) for label, text in pairs if label and text]


def of_site(described: Sequence[Description], site: Site) -> tuple[list[Description], list[str]]:
    """Give descriptions the labels of a site.

    Returns
    -------
    known : list of (label, text)
        Those whose label is a section or neighbour, by id, name or alias.
    strange : list of str
        The other labels, each once.
    """
    labels = [site.label_of(label) for label, _ in described]
    known = [(to, text) for to, (_, text) in zip(labels, described, strict=True) if to]
    strange = [label for to, (label, _) in zip(labels, described, strict=True) if not to]
    return known, list(dict.fromkeys(strange))


def _texts(label: str, name: str, duty: str, words: tuple[str, ...]) -> list[Description]:
    """Return the name with the duty, then the words a few at a time.

    A long list of words would be one odd document; a few words weigh like
    the title of a case.
    """
    few = (words[at : at + _WORDS_A_TEXT] for at in range(0, len(words), _WORDS_A_TEXT))
    texts = [case_text(name, duty), *(case_text("", "，".join(part)) for part in few)]
    return [(label, text) for text in texts if text.strip()]
