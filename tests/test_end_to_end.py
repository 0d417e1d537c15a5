"""The way of a bureau on its first day, by the command line alone."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from openpyxl import load_workbook

from router.site import Site
from router.site_files import load_site

from .commands import fenban, succeeded
from .sample import case_file, write_cases

COLUMNS = (
    "case_id title status lead lead_name person probability decided_by topic co_sections flags reasons "
    "alternatives return_by"
)
SCANS_AND_OTHERS = 3  # a scan without text, and two papers that are no proposals


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a new site and a store trained on its descriptions alone."""
    place = tmp_path_factory.mktemp("bureau")
    succeeded(fenban("init", place / "site"))
    succeeded(fenban("train", "--site", place / "site", "--store", place / "store"))
    return place


def run(place: Path, command: str, *arguments: object, stdin: bytes | None = None) -> str:
    """Run a command on the place's site and store; return stdout."""
    result = fenban(command, *arguments, "--site", place / "site", "--store", place / "store", stdin=stdin)
    return succeeded(result).stdout


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def cases_of_a_year(place: Path, number: int = -1) -> Path:
    return sorted((place / "site" / "cases").glob("*.csv"))[number]


def test_init_makes_a_site_that_loads(place: Path) -> None:
    assert load_site(place / "site").sections


def test_training_without_a_case_tells_so(place: Path, tmp_path: Path) -> None:
    arguments = ("--site", place / "site", "--store", tmp_path / "store", "--json", "-")
    told = json.loads(succeeded(fenban("train", *arguments)).stdout)
    assert (told["n"], told["live"], told["unknown_labels"]) == (0, True, {})
    assert set(told["labels"]) == {*load_site(place / "site").sections, *load_site(place / "site").neighbours}


def test_the_inbox_becomes_a_table_for_the_office(place: Path, site: Site) -> None:
    run(place, "suggest", place / "site" / "inbox", "-o", place / "分办表.xlsx")
    book = load_workbook(place / "分办表.xlsx")
    assert book.sheetnames[:2] == ["分办表", "未读入"]
    table = [[cell.value for cell in row] for row in book["分办表"].iter_rows(min_row=3)]
    assert len(table) >= 20
    names = {s.name for s in site.sections.values()} | {n.name for n in site.neighbours.values()}
    lead = [cell.value for cell in book["分办表"][2]].index("主办股室")
    assert {row[lead] for row in table} <= names
    unread = [[cell.value for cell in row] for row in book["未读入"].iter_rows(min_row=3)]
    assert len({str(row[0]).partition("/")[0] for row in unread}) >= SCANS_AND_OTHERS
    assert all(row[2] for row in unread)


def test_the_same_as_csv_for_programs_and_excel(place: Path) -> None:
    run(place, "suggest", place / "site" / "inbox", "-o", place / "out.csv")
    rows = rows_of(place / "out.csv")
    assert set(COLUMNS.split()) <= set(rows[0])
    assert {row["status"] for row in rows} <= {"suggested", "review", "not_ours"}
    assert all(row["lead"] and row["lead_name"] and row["return_by"] for row in rows)
    assert all(0 <= float(row["probability"]) <= 1 for row in rows)
    assert all(row["person"] for row in rows if not row["lead"].startswith("out:"))
    assert all(row["reasons"] for row in rows if row["status"] != "suggested")


def test_the_same_as_jsonl_for_programs(place: Path) -> None:
    run(place, "suggest", place / "site" / "inbox", "-o", place / "out.jsonl")
    answers = [json.loads(line) for line in (place / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    rows = rows_of(place / "out.csv")
    assert [a["case_id"] for a in answers] == [row["case_id"] for row in rows]
    assert [a["lead"] for a in answers] == [row["lead"] for row in rows]
    assert "\\u" not in (place / "out.jsonl").read_text(encoding="utf-8")


def test_without_a_file_a_table_is_shown(place: Path) -> None:
    write_cases(place / "one.csv", [("028", "关于修复人民路路面的建议", "坑洼")], "case_id,title,body")
    shown = run(place, "suggest", place / "one.csv")
    assert "028" in shown
    assert "市政" in shown


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_standard_input_is_read_too(place: Path, tmp_path: Path, encoding: str) -> None:
    table = "编号,案由,正文\n028,关于修复人民路路面的建议,路面坑洼\n0076,集镇污水直排,请铺管网\n"
    run(place, "suggest", "-", "-o", tmp_path / "o.csv", stdin=table.encode(encoding))
    assert [(row["case_id"], row["lead"]) for row in rows_of(tmp_path / "o.csv")] == [
        ("028", "municipal"),
        ("0076", "drainage"),
    ]


def test_a_sheet_that_somebody_wrote_into_is_kept(place: Path, tmp_path: Path) -> None:
    sheet, cases = tmp_path / "分办表.xlsx", place / "site" / "inbox" / "会响的井盖.txt"
    for content in (b"first, by hand", b"second, by hand"):
        sheet.write_bytes(content)
        os.utime(sheet, (0, 0))  # within the same second
        result = succeeded(fenban("suggest", cases, "--store", place / "store", "-o", sheet))
        assert "留作 分办表-19" in result.stderr
        assert load_workbook(sheet).sheetnames
    old = sorted(path.read_bytes() for path in tmp_path.glob("分办表-*.xlsx"))
    assert old == [b"first, by hand", b"second, by hand"]
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("name", ["o.csv", "o.jsonl"])
def test_what_a_program_reads_is_replaced_and_that_is_said(place: Path, tmp_path: Path, name: str) -> None:
    cases = place / "site" / "inbox" / "会响的井盖.txt"
    command = ("suggest", cases, "--store", place / "store", "-o", tmp_path / name)
    assert "覆盖" not in succeeded(fenban(*command)).stderr
    assert "覆盖原来的" in succeeded(fenban(*command)).stderr
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_year_of_past_cases_judges_the_model(place: Path) -> None:
    figures = json.loads(run(place, "evaluate", cases_of_a_year(place), "--json", "-"))
    assert figures["n"] > 20
    assert figures["unseen_labels"] == []
    assert figures["top3_accuracy"] > figures["accuracy"] > 0.4  # from descriptions alone
    assert figures["docs_per_second"] > 0
    assert {key.partition("_")[0] for key in figures} >= {"topic", "co", "not"}


def test_the_figures_are_shown_as_a_table_for_people(place: Path) -> None:
    shown = run(place, "evaluate", cases_of_a_year(place))
    assert "主办准确率" in shown
    assert "accuracy" in shown


def test_past_cases_make_a_second_version_that_waits_and_is_better(place: Path, tmp_path: Path) -> None:
    store = ("--store", tmp_path / "store")
    site = ("--site", place / "site")
    shutil.copytree(place / "store", tmp_path / "store")
    year = rows_of(cases_of_a_year(place, -2))[:80]
    columns = "case_id,title,body,section,co_sections,topic,received_on"
    past = write_cases(tmp_path / "past.csv", [[row[c] for c in columns.split(",")] for row in year], columns)
    trained = json.loads(succeeded(fenban("train", past, *site, *store, "--json", "-")).stdout)
    assert (trained["live"], trained["unknown_labels"]) == (False, {})
    versions = json.loads(succeeded(fenban("models", "list", *store, "--json", "-")).stdout)
    first, second = (version["version"] for version in versions)
    assert [version["live"] for version in versions] == [True, False]

    def accuracy(*version: str) -> float:
        arguments = (cases_of_a_year(place), *site, *store, *version, "--json", "-")
        figures = json.loads(succeeded(fenban("evaluate", *arguments)).stdout)
        assert figures["model_version"] == (version[1] if version else first)
        return float(figures["accuracy"])

    assert accuracy("--version", second) > accuracy()
    shown = json.loads(succeeded(fenban("models", "show", second, *store, "--json", "-")).stdout)
    assert shown["cases"]["n"] == trained["n"]
    assert "训练时间" in succeeded(fenban("models", "list", *store)).stdout
    assert second in succeeded(fenban("models", "show", second, *store)).stdout
    compared = json.loads(succeeded(fenban("models", "compare", first, second, *store, "--json", "-")).stdout)
    assert compared[second]["cases"]["n"] > compared[first]["cases"]["n"] == 0
    assert (
        f"已启用 {second}" in succeeded(fenban("models", "promote", second, "--why", "年度", *store)).stderr
    )
    assert f"已退回 {first}" in succeeded(fenban("models", "rollback", *store)).stderr


def labels_of(*arguments: object, store: Path) -> tuple[list[str], str]:
    result = succeeded(fenban("train", *arguments, "--store", store, "--json", "-"))
    return json.loads(result.stdout)["labels"], result.stderr


def labels_file(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    return write_cases(path, rows, "section,description")


def test_without_a_site_any_labels_are_learned(tmp_path: Path) -> None:
    cases = case_file(tmp_path / "cases.csv")
    more = labels_file(tmp_path / "labels.csv", [("园林 所", "公园和行道树"), ("property", "物业")])
    labels, _ = labels_of(cases, "--labels", more, store=tmp_path / "store")
    assert labels == ["drainage", "municipal", "property", "园林所"]
    succeeded(fenban("suggest", cases, "--store", tmp_path / "store", "-o", tmp_path / "o.csv"))
    assert {row["lead"] for row in rows_of(tmp_path / "o.csv")} == {"drainage", "municipal", "property"}


def test_with_a_site_descriptions_are_for_its_own_labels(place: Path, tmp_path: Path) -> None:
    more = labels_file(tmp_path / "labels.csv", [("排水管理所", "龘靐"), ("教务处", "办学")])
    labels, said = labels_of("--site", place / "site", "--labels", more, store=tmp_path / "store")
    assert not {"排水管理所", "教务处"} & set(labels)
    assert "教务处" in said
    assert "排水管理所" not in said


def test_texts_without_labels_may_be_given(tmp_path: Path) -> None:
    bare = write_cases(tmp_path / "bare.csv", [("1", "", "灯杆歪斜")], "case_id,title,body")
    cases = case_file(tmp_path / "cases.csv")
    arguments = (cases, "--unlabelled", bare, "--unlabelled", bare, "--store", tmp_path / "store")
    succeeded(fenban("train", *arguments))


def test_the_store_of_the_environment_is_used(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENBAN_STORE", str(place / "store"))
    monkeypatch.chdir(tmp_path)
    assert succeeded(fenban("models", "list")).stdout
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_guessed_from_the_current_folder(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place / "site")
    cases = write_cases(tmp_path / "cases.csv", [("1", "办学", "", "教务处"), ("2", "路灯", "", "路灯股")])
    labels, _ = labels_of(cases, store=tmp_path / "store")
    assert labels == ["教务处", "路灯股"]
