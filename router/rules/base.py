"""What the built-in rules share: checking their parameters and casting a vote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from router.decision import Vote, VoteKind

__all__ = ["EFFECT_NAMES", "Effect", "WrongKeyError", "one_of", "word_list"]

EFFECT_NAMES: dict[str, VoteKind] = {
    "主办": VoteKind.REQUIRE,
    "退回": VoteKind.REQUIRE,
    "不归": VoteKind.FORBID,
    "优先": VoteKind.PREFER,
    "会办": VoteKind.CO_HANDLE,
    "提示": VoteKind.FLAG,
    "请人看": VoteKind.REVIEW,
}
"""What a clerk writes for an effect; ``退回`` is ``require`` of a unit outside."""


class WrongKeyError(ValueError):
    """One key of a rule's table is wrong.

    Parameters
    ----------
    key : str
    message : str
        In words for the person who wrote the rule.
    """

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


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
        WrongKeyError
        """
        if not rule:
            raise WrongKeyError("name", "缺少 name")
        kind = EFFECT_NAMES.get(effect, effect)
        if kind not in set(VoteKind):
            known = f"{'、'.join(VoteKind)}，或{'、'.join(EFFECT_NAMES)}"
            wrong = f"effect {effect!r} 不认识" if effect else "缺少 effect"
            raise WrongKeyError("effect", f"{wrong}，可写：{known}")
        if not target and kind != VoteKind.REVIEW:
            raise WrongKeyError("target", f"effect 为 {effect} 时要写 target")
        if not reason:
            raise WrongKeyError("reason", "缺少 reason（给经办人看的理由）")
        return cls(rule, VoteKind(kind), target, reason)

    def vote(self) -> Vote:
        """Return the vote that carries this effect."""
        return Vote(self.rule, self.kind, self.target, self.reason)


def word_list(name: str, words: Sequence[str] | str) -> tuple[str, ...]:
    """Return `words` as a tuple; a lone string is one word.

    Raises
    ------
    WrongKeyError
        If it is no list, or a word is empty or no string.
    """
    if not isinstance(words, Sequence):
        raise WrongKeyError(name, f"{name} 应是方括号里的一列词，现为 {words!r}")
    listed = (words,) if isinstance(words, str) else tuple(words)
    if not all(isinstance(word, str) and word.strip() for word in listed):
        raise WrongKeyError(name, f"{name} 里有空词或不是文字的内容")
    return listed


def one_of(name: str, value: object, known: Sequence[str]) -> str:
    """Return `value` if it is one of those known.

    Raises
    ------
    WrongKeyError
    """
    if not isinstance(value, str) or value not in known:
        raise WrongKeyError(name, f"{name} {value!r} 不是 {'、'.join(known)} 之一")
    return value
