from __future__ import annotations

import errno
import os
from datetime import date
from pathlib import Path

import pytest

from router.errors import SiteError
from router.site_files import init_site, load_site, sample_site

SECTIONS = "id,name,duty,words,person,deputy\nroads,道路股,修路。,路面；坑洼;,甲某,乙某\nlamps,路灯股,,,,\n"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Return a site of two sections."""
    (tmp_path / "sections.csv").write_text(SECTIONS, encoding="utf-8")
    return tmp_path


def mistake(directory: Path, name: str, content: str) -> str:
    (directory / name).write_text(content, encoding="utf-8")
    with pytest.raises(SiteError) as caught:
        load_site(directory)
    return str(caught.value)


def test_sections_alone_are_a_site(small: Path) -> None:
    site = load_site(small)
    assert list(site.sections) == ["roads", "lamps"]
    assert site.sections["roads"].words == ("路面", "坑洼")
    assert site.rules.tables == ()
    assert site.settings.return_working_days == 5


def test_a_folder_without_sections_is_no_site(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match=r"sections\.csv.*fenban init"):
        load_site(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_files_of_excel_and_notepad_read_alike(tmp_path: Path, encoding: str, newline: str) -> None:
    (tmp_path / "sections.csv").write_bytes(SECTIONS.replace("\n", newline).encode(encoding))
    (tmp_path / "userdict.txt").write_bytes(
        newline.join(["加装电梯", "# 说明", " 公租房 # 词"]).encode(encoding)
    )
    (tmp_path / "site.toml").write_bytes(
        '[bureau]\nbureau = "青禾县住建局"\n'.replace("\n", newline if newline != "\r" else "\n").encode(
            encoding
        )
    )
    site = load_site(tmp_path)
    assert site.sections["roads"].name == "道路股"
    assert site.user_words == ("加装电梯", "公租房")
    assert site.settings.bureau == "青禾县住建局"


def test_a_quoted_cell_may_hold_line_breaks_commas_and_quotes(tmp_path: Path) -> None:
    (tmp_path / "sections.csv").write_text(
        'id,name,duty\nroads,道路股,"修路，\n换""井盖"", 等"\n', encoding="utf-8"
    )
    assert load_site(tmp_path).sections["roads"].duty == '修路，\n换"井盖", 等'


def test_a_mistake_below_a_line_break_is_named_by_the_row_that_excel_shows(small: Path) -> None:
    said = mistake(small, "sections.csv", 'id,name,duty\nroads,道路股,"一\n二\n三"\n\n,路灯股,\n')
    assert "sections.csv 第 4 行 id 列" in said


def test_blank_rows_are_no_sections(small: Path) -> None:
    (small / "sections.csv").write_text(SECTIONS + "\n,,,,,\n", encoding="utf-8")
    assert len(load_site(small).sections) == 2


@pytest.mark.parametrize(
    ("name", "content", "wanted"),
    [
        ("sections.csv", "id,name\nroads,\n", "sections.csv 第 2 行 name 列"),
        ("sections.csv", "id,title\nroads,道路股\n", "sections.csv 第 2 行 name 列"),
        ("sections.csv", "id,name\nroads,甲\nroads,乙\n", "sections.csv 第 3 行 id 列：roads 出现了两次"),
        ("sections.csv", "id,name\nout:x,甲\n", "sections.csv 第 2 行 id 列"),
        (
            "sections.csv",
            "id,name,valid_to\nroads,甲,2019年\n",
            "sections.csv 第 2 行 valid_to 列：日期 '2019年'",
        ),
        ("sections.csv", "id,name,valid_to\nroads,甲,2019-02-30\n", "sections.csv 第 2 行 valid_to 列"),
        ("sections.csv", "id,name,duty\nroads,甲,修路,换灯\n", "sections.csv 第 2 行"),
        ("sections.csv", 'id,name,duty\nroads,甲,"修路\nlamps,乙,\n', "sections.csv 第 2 行"),
        ("sections.csv", "id,name\n", "sections.csv 里没有股室"),
        ("topics.csv", "id,name,section\npotholes,坑洞,\n", "topics.csv 第 2 行 section 列"),
        (
            "topics.csv",
            "id,name,section\npotholes,坑洞,nowhere\n",
            "topics.csv 的主题 potholes 指向不存在的股室 nowhere",
        ),
        ("neighbours.csv", "id,name\ntransport,交通局\n", "neighbours.csv 第 2 行 id 列"),
        (
            "successors.csv",
            "old,changed_on,by,values,successor\n甲,2019-03-01,date,,roads\n",
            "第 2 行 by 列：'date'",
        ),
        (
            "successors.csv",
            "old,changed_on,by,values,successor\n甲,,all,,roads\n",
            "successors.csv 第 2 行 changed_on 列",
        ),
        (
            "successors.csv",
            "old,changed_on,by,values,successor\n甲,2019-03-01,words,,roads\n",
            "第 2 行 values 列",
        ),
        (
            "successors.csv",
            "old,changed_on,by,values,successor\n甲,2019-03-01,all,,nobody\n",
            "不存在的 nobody",
        ),
        (
            "successors.csv",
            "old,changed_on,by,values,successor\n甲,2019-03-01,topic,x,roads\n",
            "不存在的主题 x",
        ),
        ("holidays.csv", "date,kind\n2027-01-01,假\n", "holidays.csv 第 2 行 kind 列：'假'"),
        ("holidays.csv", "date,kind\n,休\n", "holidays.csv 第 2 行 date 列"),
        ("site.toml", "[policy]\nmargin = 0.1\n", "site.toml：不认识的设置 margin"),
        ("site.toml", "[policy]\nclose_margin = 2\n", "close_margin 应为0 到 1 之间的数，现为 2"),
        ("site.toml", '[deadlines]\nreply_months = "三"\n', "reply_months 应为正整数"),
        ("site.toml", "[bureau]\nbureau = 3\n", "bureau 应为带引号的文字"),
        ("site.toml", "[storage]\nkeep_texts = 1\n", "keep_texts 应为 true 或 false"),
        ("site.toml", "bureau = 青禾县\n", "site.toml：TOML 写法有误"),
    ],
)
def test_a_mistake_is_named_with_its_place(small: Path, name: str, content: str, wanted: str) -> None:
    assert wanted in mistake(small, name, content)


def test_all_wrong_references_are_told_at_once(small: Path) -> None:
    said = mistake(small, "topics.csv", "id,name,section\na,甲,x\nb,乙,y\n")
    assert "主题 a" in said
    assert "主题 b" in said


def test_a_file_in_no_known_encoding_is_named(small: Path) -> None:
    (small / "userdict.txt").write_bytes(b"\xff\xfe\x00\x81\xff")
    with pytest.raises(SiteError, match=r"userdict\.txt：文字编码无法识别"):
        load_site(small)


def test_an_endless_cell_is_a_mistake_not_a_crash(small: Path) -> None:
    assert "sections.csv" in mistake(small, "sections.csv", 'id,name\nroads,"' + "路" * 200_000)


def test_holidays_tell_days_off_from_make_up_days(small: Path) -> None:
    (small / "holidays.csv").write_text(
        "date,kind,note\n2027/1/1,休,元旦\n2027-01-02,班,\n", encoding="utf-8"
    )
    assert load_site(small).holidays == {date(2027, 1, 1): True, date(2027, 1, 2): False}


def test_the_digest_follows_the_files(small: Path) -> None:
    before = load_site(small)
    (small / "rules.toml").write_text("# 一条都没有\n", encoding="utf-8")
    after_rules = load_site(small)
    (small / "userdict.txt").write_text("盲道\n", encoding="utf-8")
    after_words = load_site(small)
    assert before.digest == after_rules.digest != after_words.digest
    assert before.rules_digest != after_rules.rules_digest == after_words.rules_digest


def test_init_copies_the_sample_into_a_new_or_empty_directory(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("new", "empty"):
        init_site(tmp_path / name)
        assert load_site(tmp_path / name).digest == load_site(sample_site()).digest
        assert any((tmp_path / name / "inbox").iterdir())


def test_init_refuses_a_directory_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("别动我")
    with pytest.raises(SiteError, match="已经有文件"):
        init_site(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_init_refuses_a_file(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(SiteError):
        init_site(tmp_path / "taken")


def test_init_says_where_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SiteError, match="file/site"):
        init_site(tmp_path / "file" / "site")


def test_init_leaves_no_half_site_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: Path, target: Path, **_: object) -> None:
        target.mkdir()
        (target / "sections.csv").write_text("id")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("shutil.copytree", full)
    with pytest.raises(SiteError, match="无法写入"):
        init_site(tmp_path / "site")
    assert not (tmp_path / "site").exists()


def test_a_wrong_rule_file_is_kept_for_whoever_runs_the_rules(small: Path) -> None:
    (small / "rules.toml").write_text("[[rule]\n", encoding="utf-8")
    assert [mistake.where for mistake in load_site(small).rules.mistakes] == ["rules.toml 第 1 行第 7 列"]
