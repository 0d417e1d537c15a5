"""What bad input, a damaged store and a full disk get: one sentence, the right exit code, nothing lost."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from models.store import ModelStore
from training.train import Trained

from .commands import fenban, one_sentence, succeeded
from .disks import small_disk
from .sample import case_file, write_cases

Damage = Callable[[ModelStore], object]


def contents(directory: Path) -> dict[str, str]:
    """Return each file of a directory with the hash of its content."""
    return {
        path.relative_to(directory).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in directory.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def untouched(store: ModelStore) -> Iterator[ModelStore]:
    """Give a store with a live model, and see that it is the same afterwards."""
    before = contents(store.directory)
    yield store
    assert contents(store.directory) == before
    store.load()


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", "64k") as place:
        yield place


def fails_to_train(store: ModelStore, *arguments: object, exit_code: int = 1) -> str:
    return one_sentence(fenban("train", *arguments, "--store", store.directory), exit_code)


def test_a_file_that_is_not_there(untouched: ModelStore, tmp_path: Path) -> None:
    assert "没有.csv" in fails_to_train(untouched, tmp_path / "没有.csv")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a workbook", b"\x00\x01\x02\xff" * 100])
def test_a_broken_workbook(untouched: ModelStore, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "坏.xlsx").write_bytes(content)
    assert "坏.xlsx" in fails_to_train(untouched, tmp_path / "坏.xlsx")


def test_a_workbook_cut_in_half(untouched: ModelStore, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.create_sheet().append(["标题", "正文", "股室"])
    book.save(tmp_path / "半.xlsx")
    whole = (tmp_path / "半.xlsx").read_bytes()
    (tmp_path / "半.xlsx").write_bytes(whole[: len(whole) // 2])
    assert "半.xlsx" in fails_to_train(untouched, tmp_path / "半.xlsx")


def test_a_table_without_a_section_column(untouched: ModelStore, tmp_path: Path) -> None:
    cases = write_cases(tmp_path / "无股室.csv", [("1", "路灯", "不亮")], "case_id,title,body")
    said = fails_to_train(untouched, cases)
    assert "section" in said


def test_a_table_without_any_text_column(untouched: ModelStore, tmp_path: Path) -> None:
    cases = write_cases(tmp_path / "无标题.csv", [("1", "municipal")], "case_id,section")
    assert "无标题.csv" in fails_to_train(untouched, cases)


def test_one_class_only(untouched: ModelStore, tmp_path: Path) -> None:
    cases = write_cases(tmp_path / "一类.csv", [(str(n), "路灯不亮", "报修", "municipal") for n in range(9)])
    assert "至少要有两个不同的标签" in fails_to_train(untouched, cases)


def test_no_case_and_nothing_that_says_what_labels_mean(untouched: ModelStore) -> None:
    assert "没有可用于训练的案件" in fails_to_train(untouched)


def test_cases_without_a_word(untouched: ModelStore, tmp_path: Path) -> None:
    cases = write_cases(tmp_path / "数字.csv", [("1", "12345", "678", "a"), ("2", "……", "。。。", "b")])
    assert "没有可用的文字" in fails_to_train(untouched, cases)


def test_a_folder_that_is_no_site(untouched: ModelStore, tmp_path: Path) -> None:
    assert "sections.csv" in fails_to_train(untouched, "--site", tmp_path)


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"section,text\na,b\n", "缺少 description 列"),
        (b"", "标签说明文件无法读取"),
        ("section,description\n股,说明\n".encode("utf-16"), "标签说明"),
    ],
)
def test_a_file_of_labels_that_cannot_be_used(
    untouched: ModelStore, tmp_path: Path, content: bytes, wanted: str
) -> None:
    (tmp_path / "labels.csv").write_bytes(content)
    assert wanted in fails_to_train(untouched, "--labels", tmp_path / "labels.csv")


def test_a_class_of_one_case_trains(tmp_path: Path) -> None:
    rows = [(str(n), "路灯不亮", "报修", "municipal") for n in range(5)] + [
        ("9", "下水道堵了", "", "drainage")
    ]
    cases = write_cases(tmp_path / "cases.csv", rows)
    succeeded(fenban("train", cases, "--store", tmp_path / "store", "--json", tmp_path / "t.json"))
    assert json.loads((tmp_path / "t.json").read_text())["labels"] == ["drainage", "municipal"]


def test_an_unknown_section_is_listed_and_left_out(site_directory: Path, tmp_path: Path) -> None:
    rows = [
        ("1", "路灯不亮", "报修", "municipal"),
        ("2", "办学", "扩建小学", "教务处"),
        ("3", "招生", "公布学区", "教务处"),
        ("4", "没写股室", "谁办", ""),
    ]
    cases = write_cases(tmp_path / "cases.csv", rows)
    result = succeeded(
        fenban(
            "train", cases, "--site", site_directory, "--store", tmp_path / "s", "--json", tmp_path / "t.json"
        )
    )
    assert "“教务处”（2 件）" in result.stderr
    told = json.loads((tmp_path / "t.json").read_text())
    assert (told["n"], told["unknown_labels"], told["unlabelled"]) == (1, {"教务处": 2}, 1)
    assert "教务处" not in told["labels"]


def suggested(
    store: Path, tmp_path: Path, *rows: tuple[str, str, str], site: Path | None = None
) -> list[dict[str, str]]:
    write_cases(tmp_path / "in.csv", rows, "case_id,title,body")
    more = ("--site", site) if site else ()
    succeeded(fenban("suggest", tmp_path / "in.csv", "--store", store, *more, "-o", tmp_path / "out.csv"))
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("title", "body"),
    [
        ("12345", "6789 0000 １２３"),
        ("Please repair the street lights", "They have been broken for a year."),
        ("😀😀😀", "🚧🚧"),
        ("。。。", "！！！"),
    ],
)
def test_a_case_that_says_nothing_goes_to_a_person(
    described_store: Path, site_directory: Path, tmp_path: Path, title: str, body: str
) -> None:
    (row,) = suggested(described_store, tmp_path, ("1", title, body), site=site_directory)
    assert row["status"] == "review"
    assert row["lead"]
    assert row["reasons"]


def test_an_empty_case_is_told_and_the_others_are_answered(store: ModelStore, tmp_path: Path) -> None:
    write_cases(tmp_path / "in.csv", [("1", "", ""), ("2", "路灯不亮", "")], "case_id,title,body")
    result = succeeded(
        fenban("suggest", tmp_path / "in.csv", "--store", store.directory, "-o", tmp_path / "o.jsonl")
    )
    assert "未读入 in.csv" in result.stderr
    lines = (tmp_path / "o.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["case_id"] for line in lines] == ["2"]


def test_two_megabytes_of_text_are_answered_or_refused_but_harm_nobody(
    untouched: ModelStore, tmp_path: Path
) -> None:
    rows = [("1", "路灯", "整条街路灯都不亮。" * 75_000), ("2", "路灯不亮", "")]
    answered = suggested(untouched.directory, tmp_path, *rows)
    assert answered[-1]["lead"] == "municipal"


def test_a_character_that_no_encoding_has_is_no_crash(untouched: ModelStore, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"case_id": "1\\ud800", "title": "路灯\\ud83d不亮", "body": ""}\n')
    for name in ("o.jsonl", "o.csv", "o.xlsx"):
        arguments = ("--store", untouched.directory, "-o", tmp_path / name)
        succeeded(fenban("suggest", tmp_path / "in.jsonl", *arguments))
    succeeded(fenban("suggest", tmp_path / "in.jsonl", "--store", untouched.directory))


def test_nothing_to_read(untouched: ModelStore, tmp_path: Path) -> None:
    (tmp_path / "空").mkdir()
    said = one_sentence(fenban("suggest", tmp_path / "空", "--store", untouched.directory))
    assert "没有读到案件" in said


def test_a_model_that_knows_none_of_the_sites_sections(untouched: ModelStore, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sections.csv").write_text("id,name\nschools,教育股\n", encoding="utf-8")
    write_cases(tmp_path / "in.csv", [("1", "路灯不亮", "报修")], "case_id,title,body")
    said = one_sentence(
        fenban("suggest", tmp_path / "in.csv", "--site", tmp_path / "site", "--store", untouched.directory)
    )
    assert "重新训练" in said


def test_no_model_yet(tmp_path: Path) -> None:
    write_cases(tmp_path / "in.csv", [("1", "路灯", "不亮", "municipal")])
    for command in ("suggest", "evaluate"):
        said = one_sentence(fenban(command, tmp_path / "in.csv", "--store", tmp_path / "none"))
        assert "请先运行 fenban train" in said
    assert not (tmp_path / "none").exists()


def test_no_case_with_a_section_cannot_be_judged(untouched: ModelStore, tmp_path: Path) -> None:
    cases = write_cases(tmp_path / "in.csv", [("1", "路灯", "不亮", "")])
    assert "没有一件案件写明承办股室" in one_sentence(
        fenban("evaluate", cases, "--store", untouched.directory)
    )


def test_an_unknown_version_lists_the_known_ones(untouched: ModelStore, tmp_path: Path) -> None:
    cases = case_file(tmp_path / "in.csv")
    for command in (["suggest", cases, "--version"], ["evaluate", cases, "--version"], ["models", "show"]):
        said = one_sentence(fenban(*command, "2001-01-01.1", "--store", untouched.directory))
        assert str(untouched.live) in said
    one_sentence(fenban("models", "promote", "../../etc", "--store", untouched.directory))
    assert "之前没有别的版本" in one_sentence(fenban("models", "rollback", "--store", untouched.directory))


def live_folder(store: ModelStore) -> Path:
    return store.directory / "versions" / str(store.live)


def edit(name: str, old: bytes, new: bytes) -> Damage:
    def damage(store: ModelStore) -> None:
        path = live_folder(store) / name
        content = path.read_bytes()
        assert old in content
        path.write_bytes(content.replace(old, new, 1))

    return damage


def flip_last_bit(store: ModelStore) -> None:
    path = live_folder(store) / "section.joblib"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


TAMPERED: dict[str, Damage] = {
    "manifest": edit("manifest.json", b'"n": 12', b'"n": 99'),
    "array": flip_last_bit,
    "state": edit("section.json", b'"municipal"', b'"drainagee"'),
    "lexicon": lambda store: (live_folder(store) / "lexicon.txt").write_text("路灯\n"),
    "extra file": lambda store: (live_folder(store) / "extra.py").write_text("print()"),
    "missing file": lambda store: (live_folder(store) / "topic.joblib").unlink(),
    "renamed file": lambda store: (live_folder(store) / "topic.json").rename(
        live_folder(store) / "topik.json"
    ),
    "history without digest": lambda store: (store.directory / "history.jsonl").unlink(),
}


@pytest.mark.parametrize("damage", TAMPERED.values(), ids=TAMPERED)
def test_a_tampered_model_is_never_used(store: ModelStore, tmp_path: Path, damage: Damage) -> None:
    damage(store)
    before = contents(store.directory)
    cases = case_file(tmp_path / "in.csv")
    for command in (["suggest", cases], ["evaluate", cases], ["models", "promote", store.live]):
        said = one_sentence(fenban(*command, "--store", store.directory))
        assert "摘要不符" in said
    assert contents(store.directory) == before


def point_at_a_folder(store: ModelStore) -> None:
    (store.directory / "live").unlink()
    (store.directory / "live").mkdir()


BROKEN: dict[str, Damage] = {
    "pointer to a missing version": lambda s: (s.directory / "live").write_text("2001-01-01.1\n"),
    "pointer outside the store": lambda s: (s.directory / "live").write_text("../../versions\n"),
    "pointer of another encoding": lambda s: (s.directory / "live").write_bytes(b"\xff\xfe\x00"),
    "pointer that is a folder": point_at_a_folder,
    "version folder gone": lambda s: shutil.rmtree(live_folder(s)),
    "history of another shape": lambda s: (s.directory / "history.jsonl").write_text('{"what": 1}\n'),
    "history that is no text": lambda s: (s.directory / "history.jsonl").write_bytes(b"\xff\xfe"),
}


@pytest.mark.parametrize("damage", BROKEN.values(), ids=BROKEN)
def test_a_broken_store_is_told_in_one_sentence(store: ModelStore, tmp_path: Path, damage: Damage) -> None:
    damage(store)
    before = contents(store.directory)
    cases = case_file(tmp_path / "in.csv")
    for command in (["suggest", cases], ["evaluate", cases]):
        assert str(store.directory) in one_sentence(fenban(*command, "--store", store.directory))
    assert contents(store.directory) == before


MANIFESTS = [
    b"",
    b"[]",
    b"3",
    b'{"format_version": 1}',
    b'{"format_version": 2}',
    b'{"format_version": 2, "x": 1}',
    b"\xff",
]


@pytest.mark.parametrize("manifest", MANIFESTS)
def test_a_manifest_of_another_shape_is_told_when_versions_are_listed(
    store: ModelStore, manifest: bytes
) -> None:
    (live_folder(store) / "manifest.json").write_bytes(manifest)
    for command in ("list", "show"):
        assert str(live_folder(store)) in one_sentence(fenban("models", command, "--store", store.directory))


@pytest.mark.parametrize(
    "change", [{"cases": 3}, {"cases": {}}, {"metrics": []}, {"labels": None}, {"thresholds": {"a": "b"}}]
)
def test_a_manifest_with_wrong_parts_is_told_too(store: ModelStore, change: dict[str, Any]) -> None:
    path = live_folder(store) / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    for command in ("list", "show"):
        one_sentence(fenban("models", command, "--store", store.directory))


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_a_port_in_use(untouched: ModelStore, taken_port: int) -> None:
    said = one_sentence(fenban("serve", "--store", untouched.directory, "--port", taken_port))
    assert f"端口 {taken_port}" in said
    assert "--port" in said


def test_a_mistyped_store_does_not_become_a_new_one(
    tmp_path: Path, taken_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = one_sentence(fenban("serve", "--store", tmp_path / "stroe", "--port", taken_port))
    assert f"{tmp_path / 'stroe'}：没有这个模型库目录" in said
    assert "fenban train" in said
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("FENBAN_STORE", str(tmp_path / "stroe"))
    assert one_sentence(fenban("serve", "--port", taken_port)) == said


def test_an_empty_store_may_be_served_before_its_first_model(
    tmp_path: Path, taken_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    for store in (["--store", "empty"], []):
        assert f"端口 {taken_port}" in one_sentence(fenban("serve", *store, "--port", taken_port))


OUTPUTS = ["o.csv", "o.xlsx", "o.jsonl"]


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_output_folder_that_is_not_there(untouched: ModelStore, tmp_path: Path, name: str) -> None:
    cases = case_file(tmp_path / "in.csv")
    said = one_sentence(
        fenban("suggest", cases, "--store", untouched.directory, "-o", tmp_path / "无" / name)
    )
    assert "目标文件夹不存在" in said


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_output_that_is_a_folder(untouched: ModelStore, tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    cases = case_file(tmp_path / "in.csv")
    said = one_sentence(fenban("suggest", cases, "--store", untouched.directory, "-o", tmp_path / name))
    assert name in said


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_output_that_may_not_be_written(
    untouched: ModelStore, tiny_disk: Path, tmp_path: Path, name: str
) -> None:
    cases = case_file(tmp_path / "in.csv")
    subprocess.run(["mount", "-o", "remount,ro", tiny_disk], check=True)
    said = one_sentence(fenban("suggest", cases, "--store", untouched.directory, "-o", tiny_disk / name))
    assert name in said


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_output_device_that_is_full(untouched: ModelStore, tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to("/dev/full")
    cases = case_file(tmp_path / "in.csv")
    said = one_sentence(fenban("suggest", cases, "--store", untouched.directory, "-o", tmp_path / name))
    assert "无法写入" in said


def test_json_that_cannot_be_written(untouched: ModelStore, tmp_path: Path) -> None:
    cases = case_file(tmp_path / "in.csv")
    for target in ("/dev/full", tmp_path / "无" / "m.json", tmp_path):
        said = one_sentence(fenban("evaluate", cases, "--store", untouched.directory, "--json", target))
        assert str(target) in said


def fill(disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


@pytest.mark.parametrize("spare", [0, 4096, 49152])
def test_a_full_disk_keeps_the_store_as_it_was(
    trained: Trained, store: ModelStore, tiny_disk: Path, tmp_path: Path, spare: int
) -> None:
    shutil.copy(store.directory / "history.jsonl", tiny_disk)
    shutil.copy(store.directory / "live", tiny_disk)
    (tiny_disk / "versions").symlink_to(store.directory / "versions")
    before = contents(store.directory)
    (tiny_disk / "spare").write_bytes(bytes(spare))
    fill(tiny_disk)
    (tiny_disk / "spare").unlink()
    said = fails_to_train(ModelStore(tiny_disk), case_file(tmp_path / "in.csv"))
    assert "磁盘已满" in said
    (tiny_disk / "filler").unlink()
    assert contents(store.directory) == before
    assert sorted(path.name for path in tiny_disk.iterdir()) == ["history.jsonl", "live", "versions"]
    assert ModelStore(tiny_disk).load().version == store.live


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_full_disk_keeps_the_table_that_was_there(
    untouched: ModelStore, tiny_disk: Path, tmp_path: Path, name: str
) -> None:
    cases = case_file(tmp_path / "in.csv")
    (tiny_disk / name).write_text("去年的分办表")
    fill(tiny_disk)
    said = one_sentence(fenban("suggest", cases, "--store", untouched.directory, "-o", tiny_disk / name))
    assert "无法写入" in said
    assert (tiny_disk / name).read_text() == "去年的分办表"
    assert {path.name for path in tiny_disk.iterdir()} == {name, "filler"}


def test_an_old_table_is_replaced_in_place(store: ModelStore, tmp_path: Path) -> None:
    cases = case_file(tmp_path / "in.csv")
    (tmp_path / "real.csv").write_text("旧")
    (tmp_path / "o.csv").symlink_to(tmp_path / "real.csv")
    succeeded(fenban("suggest", cases, "--store", store.directory, "-o", tmp_path / "o.csv"))
    assert (tmp_path / "o.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text(encoding="utf-8-sig").startswith("case_id,")


def test_a_site_with_a_mistake_stops_before_any_work(untouched: ModelStore, site_directory: Path) -> None:
    with (site_directory / "rules.toml").open("a", encoding="utf-8") as file:
        file.write('\n[[rule]]\ntype = "keyword"\nname = "新"\n')
    case = site_directory / "sections.csv"
    said = one_sentence(fenban("suggest", case, "--site", site_directory, "--store", untouched.directory))
    assert "规则“新”" in said


def test_a_wrong_rule_stops_training_with_that_site(untouched: ModelStore, site_directory: Path) -> None:
    (site_directory / "topics.csv").write_text("id,name,section\nx,甲,nowhere\n", encoding="utf-8")
    assert "nowhere" in fails_to_train(untouched, "--site", site_directory)
