"""What the built-in rules share: checking their parameters and casting a vote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from router.decision import Vote, VoteKind

__all__ = ["Effect", "word_list"]

_TARGETLESS = frozenset({VoteKind.REVIEW})


@dataclass(frozen=True, slots=True)
class Effect:
    """What a rule does when it fires.

    Parameters
    ----------
    rule : str
        The rule's name.
    kind : str
        A `VoteKind`.
    target : str
        Section or ``out:`` id; for ``flag`` the flag's id.
    reason : str
        A Chinese sentence for the clerk.
    """

    rule: str
    kind: VoteKind
    target: str
    reason: str

    @classmethod
    def parse(cls, rule: str, effect: str, target: str, reason: str) -> Effect:
        """Check the parts as they stand in a rule file.

        Raises
        ------
        ValueError
            In words for the person who wrote the rule.
        """
        if not rule:
            raise ValueError("缺少 name")
        if effect not in set(VoteKind):
            raise ValueError(f"effect {effect!r} 不是 {'、'.join(VoteKind)} 之一")
        kind = VoteKind(effect)
        if not target and kind not in _TARGETLESS:
            raise ValueError(f"effect 为 {effect} 时要写 target")
        if not reason:
            raise ValueError("缺少 reason（给经办人看的理由）")
        return cls(rule, kind, target, reason)

    def vote(self) -> Vote:
        """Return the vote that carries this effect."""
        return Vote(self.rule, self.kind, self.target, self.reason)


def word_list(name: str, words: Sequence[str] | str) -> tuple[str, ...]:
    """Return `words` as a tuple; a lone string is one word.

    Raises
    ------
    ValueError
        If it is no list, or a word is empty or no string.
    """
    if not isinstance(words, Sequence):
        raise ValueError(f"{name} 应是方括号里的一列词，现为 {words!r}")  # noqa: TRY004  # a mistake in a file
    listed = (words,) if isinstance(words, str) else tuple(words)
    if not all(isinstance(word, str) and word.strip() for word in listed):
        raise ValueError(f"{name} 里有空词或不是文字的内容")
    return listed
