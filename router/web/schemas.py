"""What may be sent over HTTP; the OpenAPI file is made from these classes."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SkipValidation,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from router.present import PROPOSAL_COLUMNS, ROW_COLUMNS
from router.readers import MAX_CASE_CHARS
from router.verdict import VerdictKind

__all__ = [
    "LONGEST_CELL",
    "MOST_CASES",
    "MOST_ROWS",
    "BatchIn",
    "CaseIn",
    "SinceIn",
    "TableIn",
    "VerdictIn",
]

LONGEST_CELL = 32_767
"""What one cell of a workbook can hold."""
MOST_ROWS = 10_000
MOST_CASES = 1_000
"""Of one batch."""

_DATE = r"^(19[89]\d|20\d\d)-\d\d-\d\d$"
"""Years that the deadlines can be counted for."""


def _iso_date(value: object) -> date | None:
    if value is None:
        return None
    if isinstance(value, str) and re.fullmatch(_DATE, value, re.ASCII):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise PydanticCustomError("iso_date", "not an ISO date")


IsoDate = Annotated[
    date | None,
    BeforeValidator(_iso_date),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date", "pattern": _DATE}, {"type": "null"}]}),
]
_MOMENT = (
    r"^(19[89]\d|20\d\d)-\d\d-\d\d"
    r"(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+ -]\d\d:\d\d))?$"
)


def _moment(value: object) -> datetime | None:
    """Read a day, which begins at this place's midnight, or a moment with its zone."""
    if value is None:
        return None
    if isinstance(value, str) and re.fullmatch(_MOMENT, value, re.ASCII):
        try:
            # a plus sign that was not encoded arrives as a space
            return datetime.fromisoformat(value.replace(" ", "+")).astimezone(UTC)
        except ValueError:
            pass
    raise PydanticCustomError("moment", "not a moment")


Moment = Annotated[
    datetime | None,
    BeforeValidator(_moment),
    WithJsonSchema(
        {"type": "string", "pattern": _MOMENT, "examples": ["2026-03-01", "2026-03-01T08:00:00+08:00"]}
    ),
]
Short = Annotated[str | None, Field(max_length=200)]
DECISION_ID = r"^[0-9a-f]{32}$"
DecisionId = Annotated[str, Field(pattern=DECISION_ID)]

_EXAMPLE_CASE: dict[str, Any] = {
    "case_id": "028",
    "kind": "提案",
    "session": "十五届三次",
    "level": "县",
    "title": "关于完善集镇生活污水管网的提案",
    "body": "集镇污水直排河沟，夏天气味重，群众反映强烈。建议尽快铺设污水管网。",
    "received_on": "2026-03-02",
}


class CaseIn(BaseModel):
    """One case to route. Unknown fields are ignored; null is the same as absent."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={"examples": [_EXAMPLE_CASE]})

    # That one of the two has text is said, not required by an anyOf: of that, programs that
    # write clients from the file make classes with one field each.
    title: str | None = Field(None, description="案由；案由与正文至少一项有文字，都没有的答 422 empty_text")
    body: str | None = Field(
        None, description=f"正文；案由与正文至少一项有文字，合计不超过 {MAX_CASE_CHARS:,} 字"
    )
    case_id: Short = Field(None, description="编号，按字符串原样保留，如 028")
    kind: Short = Field(None, description="类型：建议 或 提案")
    session: Short = Field(None, description="届次")
    level: Short = Field(None, description="层级：县、市、省 或 国")
    role: Short = Field(
        None, description="本局承办身份：sole 独办、lead 主办、co 会办、separate 分别办理；也可写中文"
    )
    lead_unit: Short = Field(None, description="本局会办时的主办单位")
    proposer: Annotated[str | None, Field(max_length=2000)] = Field(None, description="提出人")
    received_on: IsoDate = Field(None, description="交办日期，期限从次日起算；不填按当天")
    source: Short = Field(
        None, description="案号是哪个系统的；来源、层级、届次、类型、案号都相同的才是同一件"
    )


class BatchIn(BaseModel):
    """Many cases in one call; each is checked by itself."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"cases": [_EXAMPLE_CASE]}]})

    cases: Annotated[list[SkipValidation[CaseIn]], Field(min_length=1, max_length=MOST_CASES)] = Field(
        description="逐件检查、逐件回答，一件有错不影响别的件"
    )


class VerdictIn(BaseModel):
    """What a person decided. Null is the same as absent."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"decision_id": "0193a5c2b7d07e4f8a1b2c3d4e5f6071", "kind": "accepted"},
                {
                    "decision_id": "0193a5c2b7d07e4f8a1b2c3d4e5f6071",
                    "kind": "changed",
                    "section": "drainage",
                    "co_sections": ["villages"],
                    "topic": "township-sewage",
                },
                {
                    "decision_id": "0193a5c2b7d07e4f8a1b2c3d4e5f6071",
                    "kind": "returned",
                    "section": "out:transport",
                    "reason": "通村公路归交通运输局",
                    "returned_on": "2026-03-05",
                },
            ]
        },
    )

    decision_id: DecisionId
    kind: VerdictKind = Field(description="accepted 采纳，changed 改办，returned 退回")
    section: Short = Field(None, description="改由谁主办；退回来文单位时为应由谁办（out: 开头），可不填")
    co_sections: Annotated[list[Annotated[str, Field(max_length=200)]] | None, Field(max_length=50)] = Field(
        None, description="会办股室，只用于 changed"
    )
    topic: Short = Field(None, description="主题，只用于 changed")
    returned_by: Short = Field(None, description="哪个股室退回的；空为退回来文单位")
    reason: Annotated[str | None, Field(max_length=2000)] = Field(None, description="理由，退回必填")
    returned_on: IsoDate = Field(None, description="退回日期，不填按当天")


class SinceIn(BaseModel):
    """Which decisions or verdicts to list.

    A mistyped name is refused: whoever sends `aftr` would get the first page again and again.
    """

    model_config = ConfigDict(extra="forbid")

    since: Moment = Field(None, description="这一刻起存下的：日期（当天零时起），或带时区的时间")
    after: DecisionId | None = Field(None, description="上次的 next")
    limit: Annotated[int, Field(ge=1, le=1000)] = Field(100, description="最多几条")


Cell = Annotated[str, Field(max_length=LONGEST_CELL)]
_TABLE_COLUMNS = frozenset([*ROW_COLUMNS, *PROPOSAL_COLUMNS, "handled"])


def _table_row(row: dict[str, str]) -> dict[str, str]:
    if set(row) - _TABLE_COLUMNS or not re.fullmatch(r"(?:[01]\.\d{1,6})?", row.get("probability", "")):
        raise PydanticCustomError("table_row", "not a row of results")
    return row


TableRow = Annotated[dict[str, Cell], AfterValidator(_table_row)]


class TableProblemIn(BaseModel):
    """Something of an upload that did not become a case."""

    source: Cell
    where: Cell
    reason: Cell


class TableNoteIn(BaseModel):
    """What a person has to look at in an upload."""

    source: Cell
    where: Cell
    text: Cell


class TableIn(BaseModel):
    """Results that the page carries so that they can be downloaded without being stored."""

    rows: list[TableRow] = Field(max_length=MOST_ROWS)
    problems: list[TableProblemIn] = Field(max_length=MOST_ROWS)
    notes: list[TableNoteIn] = Field([], max_length=MOST_ROWS)
