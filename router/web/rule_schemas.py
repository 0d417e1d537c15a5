"""What goes in and out when rules are listed or tried; see `router.web.schemas`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from router.web.answer_schemas import (
    FailedRuleOut,
    FlagOut,
    Out,
    ReasonOut,
    RuleNoteOut,
    ScoredOut,
    UnitOut,
    VoteOut,
)
from router.web.schemas import CaseIn, IsoDate

__all__ = ["DryRunIn", "DryRunOut", "RuleIn", "RulesOut"]

MOST_RULES = 200
MOST_WORDS = 200
LONGEST_WORD = 50

Word = Annotated[str, Field(min_length=1, max_length=LONGEST_WORD)]
Words = Annotated[list[Word], Field(max_length=MOST_WORDS)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Sentence = Annotated[str, Field(max_length=500)]


def _word_groups(groups: list[Any]) -> list[Any]:
    for group in groups:
        words = group if isinstance(group, list) else [group]
        if not 0 < len(words) <= MOST_WORDS or not all(map(_is_word, words)):
            raise PydanticCustomError("word_groups", "not words or lists of words")
    return groups


def _is_word(word: object) -> bool:
    return isinstance(word, str) and 0 < len(word) <= LONGEST_WORD


_WORD = {"type": "string", "minLength": 1, "maxLength": LONGEST_WORD}
_GROUP = {"type": "array", "items": _WORD, "minItems": 1, "maxItems": MOST_WORDS}
WordGroups = Annotated[
    list[Any],
    Field(max_length=MOST_WORDS),
    AfterValidator(_word_groups),
    WithJsonSchema({"type": "array", "items": {"anyOf": [_WORD, _GROUP]}, "maxItems": MOST_WORDS}),
]
Count = Annotated[int, Field(ge=0, le=10**9)]
Level = Literal["县城", "集镇", "村"]
Effect = Literal[
    "require", "forbid", "prefer", "co_handle", "flag", "review",
    "主办", "退回", "不归", "优先", "会办", "提示", "请人看",
]  # fmt: skip
Places = Annotated[dict[Level, Words], Field(max_length=3)]
Sections = Annotated[dict[Name, Words], Field(max_length=50)]

_EXAMPLE_RULE: dict[str, Any] = {
    "type": "keyword",
    "name": "口袋公园归园林绿化所",
    "effect": "require",
    "target": "greening",
    "any": ["口袋公园"],
    "reason": "口袋公园由园林绿化所主办。",
}


class RuleIn(BaseModel):
    """One rule to try, with the keys of a table in rules.toml; only kinds that come with fenban.

    Null is the same as absent.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE_RULE]})

    type: Literal["keyword", "regex", "field", "place", "neighbour", "requests"]
    name: Name
    effect: Effect | None = Field(None, description="neighbour 和 requests 不写")
    target: Name | None = Field(None, description="股室或外单位的 id 或名称；flag 为提示的代号")
    reason: Sentence = ""
    any: Words = []
    all: WordGroups = []
    none: Words = []
    within: Literal["text", "title", "body"] = "text"
    match: Literal["substring", "word"] = "substring"
    pattern: Annotated[str, Field(max_length=1000)] = Field("", description="RE2 正则表达式")
    field: Annotated[str, Field(max_length=50)] = ""
    values: Words = []
    contains: bool = False
    at_least: Count | None = None
    at_most: Count | None = None
    place: Level | None = None
    places: Places = {}
    sections: Sections = {}
    least: Annotated[int, Field(ge=2, le=100)] = 2
    critical: bool = False
    margin: Annotated[float, Field(ge=0, le=1)] | None = Field(None, description="prefer 的范围")
    valid_from: IsoDate = None
    valid_to: IsoDate = None
    author: Annotated[str, Field(max_length=100)] = ""


class DryRunIn(BaseModel):
    """A case, and rules to try on it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"case": {"title": "在新城建一个口袋公园"}, "rules": [_EXAMPLE_RULE], "replace": False}
            ]
        },
    )

    case: CaseIn
    rules: Annotated[list[RuleIn], Field(max_length=MOST_RULES)] = Field(
        [], description="试用的规则；与站点规则同名的，代替那一条"
    )
    replace: bool = Field(False, description="true 只用请求里的规则，false 加在站点的规则之上")


class TriedDecisionOut(Out):
    """What the case would come to; nothing is stored."""

    status: Literal["suggested", "review", "not_ours"]
    lead: UnitOut
    probability: float = Field(ge=0, le=1, description="模型自己的概率，规则不改变它")
    decided_by: str
    co_sections: list[ScoredOut]
    flags: list[FlagOut]
    reasons: list[ReasonOut]
    votes: list[VoteOut]
    failed_rules: list[FailedRuleOut]
    rule_notes: list[RuleNoteOut]


class TraceOut(Out):
    """What one rule did."""

    rule: str
    type: str
    where: str = Field(description="写在哪里：文件和行；请求里的规则为 JSON 指针")
    state: Literal["fired", "quiet", "failed", "not_valid"]
    why: str = Field(description="依据的字词或栏目；外来插件为空")
    votes: list[VoteOut]
    milliseconds: float


class StepOut(Out):
    """One step on the way to the decision."""

    id: str
    text: str


class DryRunOut(Out):
    """What every rule said, and how the decision came about."""

    decision: TriedDecisionOut
    rules: list[TraceOut]
    steps: list[StepOut]


class RuleOut(Out):
    """One rule of the site."""

    name: str
    type: str
    distribution: str = Field(description="规则种类来自哪个软件包")
    version: str
    effect: str
    target: str
    reason: str
    author: str
    critical: bool
    margin: float | None
    valid_from: str | None
    valid_to: str | None
    examples: int
    where: str


class RulesOut(Out):
    """The rules that run now."""

    version: str = Field(description="规则文件的指纹，即 versions.rules")
    rules: list[RuleOut]
