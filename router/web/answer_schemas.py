"""What is answered over HTTP; the OpenAPI file is made from these classes."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from router.verdict import VerdictKind

__all__ = [
    "BatchOut",
    "DecisionDetailOut",
    "DecisionOut",
    "DecisionsOut",
    "HealthOut",
    "ModelsOut",
    "PluginsOut",
    "ProblemOut",
    "ReadyOut",
    "SectionsOut",
    "TopicsOut",
    "VerdictOut",
    "VerdictsOut",
]


class Out(BaseModel):
    """Base of what we answer: every field is always there."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


class UnitOut(Out):
    """The section that should lead, or the outside unit the case belongs to."""

    id: str = Field(description="股室 id，外单位以 out: 开头")
    name: str
    external_code: str = Field(description="其他系统里的代码，没有则为空")
    person: str = Field(description="负责人")
    deputy: str = Field(description="分管领导")


class ScoredOut(BaseModel):
    """A section or topic with its probability."""

    id: str
    name: str
    external_code: str | None = Field(None, description="其他系统里的代码；没有则不出现")
    probability: float = Field(ge=0, le=1)


class EvidenceOut(Out):
    """Words that spoke for a candidate."""

    start: int = Field(ge=0, description="在所送字段里的起点，按 Unicode 字符计（不是 UTF-16 单元）")
    end: int = Field(ge=0, description="终点，不含")
    field: Literal["title", "body"]
    weight: float = Field(description="相对最强的词，最强为 1")


class CandidateOut(Out):
    """A possible lead, most probable first."""

    id: str
    name: str
    external_code: str
    probability: float = Field(ge=0, le=1)
    evidence: list[EvidenceOut]


class VoteOut(Out):
    """What a rule asked for."""

    rule: str
    kind: Literal["require", "forbid", "prefer", "co_handle", "flag", "review"]
    target: str
    reason: str


class FailedRuleOut(Out):
    """A rule that failed and did not vote."""

    rule: str
    error: str


class RuleNoteOut(Out):
    """Something about a rule's run that changed nothing about the others."""

    rule: str
    id: Literal["no_such_section", "slow"] = Field(
        description="no_such_section 指向今天没有的股室，该票不算；slow 用时过长"
    )
    text: str


class FlagOut(Out):
    """Something worth knowing at intake."""

    id: str
    reason: str


class ReasonOut(Out):
    """Why a person should look."""

    id: str
    text: str


class SimilarOut(Out):
    """A past case like this one."""

    case_id: str
    year: int | None = Field(description="收到的年份，不详为 null")
    section: str = Field(description="当年承办股室今天对应的 id")
    name: str
    result: str = Field(description="办理结果，如 A、B、C")
    similarity: float = Field(ge=0, le=1, description="1 为文字相同")
    title: str = Field(description="只在分办当时的回答里有；存下的决定里总是空的")


class DeadlinesOut(Out):
    """Days by which something must have happened."""

    return_by: str | None = Field(description="退回期限")
    reply_by: str | None = Field(description="答复期限")
    certain: bool = Field(description="为 false 时该年节假日安排尚未公布，按周一至周五推算")
    assumed: bool = Field(False, description="为 true 时没有收到日期，从作出决定的当天起算")


class VersionsOut(Out):
    """What the decision rests on."""

    model: str
    rules: str
    site: str


class DecisionOut(Out):
    """The suggestion for one case; a person decides."""

    decision_id: str
    source: str
    kind: str
    session: str
    level: str
    case_id: str
    title: str = Field(description="案由，电话和证件号已遮盖")
    status: Literal["suggested", "review", "not_ours"] = Field(
        description="suggested 可直接分办，review 请人工核对，not_ours 可能不属本局"
    )
    lead: UnitOut
    probability: float = Field(ge=0, le=1, description="模型自己对该股室的概率，规则不改变它")
    decided_by: str = Field(description="model 或规则名")
    set: list[str] = Field(description="合起来以站点承诺的把握包含正确股室的候选")
    topic: ScoredOut | None
    co_sections: list[ScoredOut]
    flags: list[FlagOut]
    reasons: list[ReasonOut]
    candidates: list[CandidateOut]
    votes: list[VoteOut]
    return_reason: str = Field(description="退回时给对方看的一句话；归本局的件为空")
    failed_rules: list[FailedRuleOut]
    rule_notes: list[RuleNoteOut]
    similar: list[SimilarOut]
    deadlines: DeadlinesOut
    versions: VersionsOut
    revision: int = Field(ge=1, description="同一件的第几稿，文字改过加一")
    previous_decision: str | None = Field(description="同一件的上一个决定")
    created_at: str


class VerdictOut(Out):
    """A person's decision as it was stored."""

    verdict_id: str
    decision_id: str
    created_at: str
    made_by: str = Field(description="key:密钥名、user:用户名 或 local")
    kind: VerdictKind
    section: str
    co_sections: list[str]
    topic: str
    returned_by: str
    reason: str = Field(description="到期清理后为空")
    returned_on: str | None


class StoredDecisionOut(DecisionOut):
    """A suggestion of the journal. Titles of similar cases are empty; its own is where no text is kept."""

    made_by: str
    verdict: VerdictOut | None = Field(description="算数的那个，即最后一个")


class DecisionDetailOut(StoredDecisionOut):
    """A suggestion with all that people decided on it."""

    verdicts: list[VerdictOut] = Field(description="从早到晚")


class DecisionsOut(Out):
    """Suggestions in the order they were stored."""

    decisions: list[StoredDecisionOut]
    next: str | None = Field(description="下次作为 after 送来，不会漏也不会重；一条也没有时为 null")
    more: bool = Field(description="现在就还有")


class VerdictsOut(Out):
    """What people decided, in the order it was stored."""

    verdicts: list[VerdictOut] = Field(description="同一个决定有几次的，后面的算数")
    next: str | None = Field(description="下次作为 after 送来，不会漏也不会重；一条也没有时为 null")
    more: bool = Field(description="现在就还有")


class FieldErrorOut(Out):
    """What is wrong with one field."""

    path: str = Field(description="JSON pointer，空串指整个请求体")
    message: str = Field(description="中文说明")


class ProblemOut(BaseModel):
    """RFC 9457 problem."""

    type: str
    title: str = Field(description="English, stable for a code")
    status: int
    detail: str = Field(description="中文说明")
    code: str = Field(description="稳定的错误码，程序按它判断")
    request_id: str = Field(description="请求号，可在日志里查到")
    errors: list[FieldErrorOut] | None = Field(None, description="逐个字段的错误；没有则不出现")


class BatchItemOut(Out):
    """One case of a batch: either a decision or a problem."""

    index: int = Field(ge=0, description="第几件，从 0 起")
    decision: DecisionOut | None
    problem: ProblemOut | None


class BatchOut(Out):
    """The cases of a batch, in their order."""

    results: list[BatchItemOut]


class SectionOut(Out):
    """A section of the bureau, or a unit outside it."""

    id: str
    name: str
    external_code: str
    duty: str
    person: str
    deputy: str
    outside: bool = Field(description="是否外单位")
    valid_from: str | None
    valid_to: str | None


class SectionsOut(Out):
    """All sections and outside units of the site."""

    sections: list[SectionOut]


class TopicOut(Out):
    """A topic and the section it belongs to."""

    id: str
    name: str
    section: str
    duty: str


class TopicsOut(Out):
    """All topics of the site."""

    topics: list[TopicOut]


class ModelOut(BaseModel):
    """A stored model."""

    model_config = ConfigDict(extra="allow")

    version: str
    live: bool


class ModelsOut(Out):
    """All stored models."""

    models: list[ModelOut]


class PluginOut(Out):
    """Where a plugin comes from."""

    group: str
    name: str
    distribution: str
    version: str
    target: str


class PluginsOut(Out):
    """All plugins that were found."""

    plugins: list[PluginOut]


class HealthOut(Out):
    """The process answers."""

    status: Literal["ok"]


class ReadyOut(Out):
    """A model is loaded."""

    status: Literal["ready"]
    model: str
    problems: list[str] = Field(description="新的模型或站点文件没有用上的原因；这时仍用原来的")
