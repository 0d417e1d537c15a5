from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.proposal import Proposal
from router.rule_tables import RuleTables
from router.rules.book import RuleBook
from router.rules.building import build_rules
from router.rules.files import RULE_FILES, read_rules, rules_digest
from router.site import Site

from .tables import SITE

GOOD = """
[synonyms]
灯 = ["路灯", "照明"]  # 灯 = 路灯

[[rule]]
type = "keyword"
name = "路灯"
effect = "require"
target = "lamps"
any = ["@灯"]
reason = "路灯归路灯所"
"""
SHEET = "名称,词,不含词,股室,效果,理由\n"


def read(folder: Path, **files: str) -> RuleTables:
    for ending, content in files.items():
        (folder / f"rules.{ending}").write_text(content, encoding="utf-8")
    return read_rules(folder)


def mistakes(folder: Path, **files: str) -> list[str]:
    _, found = build_rules(read(folder, **files), SITE)
    return list(map(str, found))


def leads(tables: RuleTables, title: str, **case: str) -> list[tuple[str, str]]:
    rules, found = build_rules(tables, SITE)
    assert found == []
    votes = RuleBook(rules).run(Proposal(title=title, **case), ()).votes
    return [(vote.kind.value, vote.target) for vote in votes]


def workbook(path: Path, rows: Sequence[Sequence[object]]) -> None:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    book.save(path)


def test_a_folder_without_rule_files_has_no_rules(tmp_path: Path) -> None:
    assert read_rules(tmp_path) == RuleTables()


def test_all_three_files_are_read_together(tmp_path: Path) -> None:
    workbook(
        tmp_path / "rules.xlsx",
        [["名称", "词", "股室", "效果", "理由"], ["桥", "桥梁", "道路所", "主办", "归道路"]],
    )
    tables = read(tmp_path, toml=GOOD, csv=f"{SHEET}排水,内涝；积水,,排水所,主办,归排水所\n")
    for title, lead in (("路灯", "lamps"), ("积水", "drains"), ("桥梁", "roads")):
        assert leads(tables, title) == [("require", lead)]


def test_each_rule_knows_its_line_and_its_keys(tmp_path: Path) -> None:
    (table,) = read(tmp_path, toml=GOOD).tables
    assert [table.where(key) for key in ("", "name", "any", "none")] == [
        f"rules.toml 第 {line} 行" for line in (5, 7, 10, 5)
    ]


def test_all_mistakes_of_all_files_are_told_at_once_with_line_or_cell(tmp_path: Path) -> None:
    toml = (
        GOOD
        + '\n[[rule]]\ntype = "keyword"\nname = "坏"\nwithin = "all"\nany = ["桥"]\neffect = "flag"\n'
        + ('target = "k"\nreason = "r"\n\n[[rule]]\nname = "更坏"\n\n[odd]\n')
    )
    sheet = f"{SHEET}排水,内涝,,园林所,主办,归它\n\n灯,路灯,,lamps,分给,归它\n空,,,lamps,主办,归它\n"
    assert mistakes(tmp_path, toml=toml, csv=sheet) == [
        "rules.toml：不认识 odd，每条规则应写成一个 [[rule]] 表",
        "rules.toml 第 16 行：规则“坏”：within 'all' 不是 text、title、body 之一",
        "rules.toml 第 22 行：规则“更坏”：缺少 type（规则插件名）",
        "rules.csv 第 2 行“股室”列（D2）：规则“排水”：target '园林所' 不是本局股室或外单位",
        "rules.csv 第 4 行“效果”列（E4）：规则“灯”：effect '分给' 不认识，可写："
        "require、forbid、prefer、co_handle、flag、review，或主办、退回、不归、优先、会办、提示、请人看",
        "rules.csv 第 5 行“词”列（B5）：规则“空”：any 和 all 至少要写一个",
    ]


def test_each_broken_rule_of_a_toml_file_is_told_and_the_others_are_still_checked(tmp_path: Path) -> None:
    toml = 'x = \n[[rule]]\nname = "甲\n[[rule]]\nname = "乙"\ntype = 3\n[[rule]]\nany = [\n'
    assert [told.partition("（")[0] for told in mistakes(tmp_path, toml=toml)] == [
        "rules.toml 第 1 行第 5 列：TOML 写法有误",
        "rules.toml 第 3 行第 10 列：TOML 写法有误",
        "rules.toml 第 7 行起的一段：TOML 写法有误",
        "rules.toml 第 6 行：规则“乙”：缺少 type",
    ]


@pytest.mark.parametrize(
    ("toml", "wanted"),
    [
        ('rule = "keyword"\n', "rules.toml：规则应写成 [[rule]] 表"),
        ("rule = [3]\n", "rules.toml 第 1 条：规则应写成 [[rule]] 表"),
        ("[[rules]]\n", "rules.toml：不认识 rules"),
        ("[synonyms]\n灯 = '路灯'\n", "[synonyms] 的 灯 应是方括号里的一列词"),
        ("synonyms = 3\n", "[synonyms] 应是一张表"),
        ('[places]\n乡 = ["乡"]\n', "[places] 里不认识 乡"),
        ("[a]\n[a]\n", "TOML 写法有误"),
        ("a = " + "[" * 5000, "TOML 写法有误"),
    ],
)
def test_a_wrong_toml_file_is_told(tmp_path: Path, toml: str, wanted: str) -> None:
    assert wanted in mistakes(tmp_path, toml=toml)[0]


def test_a_header_inside_a_long_text_misleads_no_line(tmp_path: Path) -> None:
    toml = GOOD + '\n[[rule]]\ntype = "keyword"\nname = "坏"\nreason = """\n[[rule]]\n"""\n'
    assert "rules.toml 第 2 条：规则“坏”" in mistakes(tmp_path, toml=toml)[0]


def test_line_breaks_of_windows_count_once(tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_bytes(GOOD.replace("\n", "\r\n").encode("gb18030"))
    (table,) = read_rules(tmp_path).tables
    assert table.where("name") == "rules.toml 第 7 行"


def test_a_sheet_may_be_headed_in_english_and_written_by_excel(tmp_path: Path) -> None:
    sheet = (
        "name,words,not_words,section,effect,reason\n灯,路灯、照明 亮化，灯杆,采购,lamps,require,归路灯所\n"
    )
    (tmp_path / "rules.csv").write_bytes(sheet.encode("gb18030"))
    tables = read_rules(tmp_path)
    assert [bool(leads(tables, title)) for title in ("路灯", "照明", "亮化", "灯杆", "路灯采购")] == [
        True
    ] * 4 + [False]


@pytest.mark.parametrize(
    ("row", "votes"),
    [
        ("甲,河道,,out:water,主办,归水利", [("require", "out:water")]),
        ("甲,河道,,水利局,退回,", [("require", "out:water")]),
        ("甲,河道,,排水所,不归,不归它", [("forbid", "drains")]),
        ("甲,河道,,排水所,优先,归它", [("prefer", "drains")]),
        ("甲,河道,,排水所,会办,请它", [("co_handle", "drains")]),
        ("甲,河道,,重点,提示,重点件", [("flag", "重点")]),
        ("甲,河道,,,提示,重点件", [("flag", "甲")]),
        ("甲,河道,,,请人看,看一看", [("review", "")]),
    ],
)
def test_effects_are_written_in_words(tmp_path: Path, row: str, votes: list[tuple[str, str]]) -> None:
    assert leads(read(tmp_path, csv=f"{SHEET}{row}\n"), "河道") == votes


def test_a_row_that_sends_a_case_back_leaves_those_for_an_opinion(tmp_path: Path) -> None:
    tables = read(tmp_path, csv=f"{SHEET}甲,河道,,out:water,主办,归水利\n")
    assert leads(tables, "河道", role="co") == []


def test_a_sheet_may_say_more(tmp_path: Path) -> None:
    sheet = "名称,词,必有词,股室,效果,理由,位置,起用日期,停用日期,作者,应对上,不应对上\n" + (
        "甲,路灯,不亮 @坏,lamps,主办,归它,案由,2026/3/1,2026-12-31,办公室,路灯不亮坏了；不亮的路灯破损,路灯\n"
    )
    tables = read(tmp_path, csv=sheet, toml='[synonyms]\n坏 = ["坏了", "破损"]\n')
    ((one,), _) = build_rules(tables, SITE)
    assert (one.author, str(one.valid_from), str(one.valid_to)) == ("办公室", "2026-03-01", "2026-12-31")
    assert (one.fires, one.quiet) == (("路灯不亮坏了", "不亮的路灯破损"), ("路灯",))
    assert leads(tables, "路灯不亮破损")
    assert not leads(tables, "", body="路灯不亮破损")


@pytest.mark.parametrize(
    ("sheet", "wanted"),
    [
        (
            "名称,词\n",
            "rules.csv 第 1 行：表头缺少 效果（effect）、理由（reason）。可写的列：名称（name）、词（words）",
        ),
        ("", "表头缺少 名称（name）"),
        (f'{SHEET}甲,"路灯,,lamps,主办,归它\n', "rules.csv 第 2 行：表格读不下去，多半是双引号没有成对"),
        (
            f"{SHEET}甲,路灯,,lamps,主办,归它\n甲,桥,,roads,主办,归它\n",
            "rules.csv 第 3 行“名称”列（A3）：规则“甲”：重名",
        ),
    ],
)
def test_a_wrong_sheet_is_told(tmp_path: Path, sheet: str, wanted: str) -> None:
    assert wanted in mistakes(tmp_path, csv=sheet)[0]


def test_a_workbook_is_told_by_cell_too(tmp_path: Path) -> None:
    workbook(
        tmp_path / "rules.xlsx",
        [["名称", "词", "股室", "效果", "理由"], ["桥", "桥", "园林所", "主办", "归它"]],
    )
    _, (mistake,) = build_rules(read_rules(tmp_path), SITE)
    assert mistake.where == "rules.xlsx 第 2 行“股室”列（C2）"


def test_what_is_no_workbook_is_told(tmp_path: Path) -> None:
    (tmp_path / "rules.xlsx").write_bytes(b"PK\x03\x04 not really")
    (tmp_path / "rules.csv").write_bytes(b"\xff\xfe\x00\x81\xff")
    said = [str(mistake) for mistake in read_rules(tmp_path).mistakes]
    assert len(said) == 2
    assert said[0] == "rules.csv：文字编码无法识别"
    assert said[1].startswith("rules.xlsx：")


def test_a_file_too_large_for_rules_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "rules.csv").open("wb") as file:
        file.truncate(6 * 1024 * 1024)
    assert "超过 5 MB" in str(read_rules(tmp_path).mistakes[0])


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "rules.csv").write_text(SHEET)
    (tmp_path / "rules.csv").chmod(0)
    assert "无法读取" in str(read_rules(tmp_path).mistakes[0])


def test_the_digest_follows_every_rule_file(tmp_path: Path) -> None:
    seen = {rules_digest(tmp_path)}
    for name in RULE_FILES:
        (tmp_path / name).write_text("x")
        seen.add(rules_digest(tmp_path))
    assert len(seen) == 4


pieces = st.sampled_from(
    [
        "[[rule]]\n",
        'type = "keyword"\n',
        'name = "甲"\n',
        "name = \n",
        '"',
        "'''",
        "any = [",
        '"路灯"',
        "]\n",
        "=",
        "\n",
        *(
            "[synonyms]\n",
            "#",
            ",",
            "名称",
            "词",
            "股室",
            "效果",
            "理由",
            "主办",
            "；",
            "\t",
            "\ufeff",
            "{",
            "}",
        ),
    ]
)


@given(st.lists(pieces, max_size=30).map("".join), st.sampled_from(["rules.toml", "rules.csv"]))
def test_no_file_is_too_broken_to_be_told(
    tmp_path_factory: pytest.TempPathFactory, text: str, name: str
) -> None:
    folder = tmp_path_factory.getbasetemp()
    for other in RULE_FILES:
        (folder / other).unlink(missing_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    rules, found = build_rules(read_rules(folder), Site())
    assert all(mistake.where.startswith(name) for mistake in found)
    assert len({one.name for one in rules}) == len(rules)
