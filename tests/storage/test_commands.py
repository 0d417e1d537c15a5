from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from router.doctor import State
from router.readers import read_path
from router.site_files import sample_site
from router.storage.accounts import Accounts, Role
from router.storage.audit import Audit
from router.storage.backup import kept_beside
from router.storage.database import Database, open_database
from router.storage.journal import Journal
from router.storage.keys import Keys, Scope
from router.storage.soundness import check_database
from router.verdict import Verdict, VerdictKind
from tests.commands import fenban, one_sentence, succeeded

from .cases import TEXT, new_decision
from .tampering import edit

PASSWORD = b"Qinghe-2026-lamp\n"


def decided(journal: Journal, case_id: str, verdict: Verdict, **changes: object) -> None:
    new = new_decision(case_id, **changes)
    journal.record(new)
    journal.verdict(new.id, verdict, "user:zhang")


def test_labels_go_out_as_a_case_table_that_is_read_again(url: str, journal: Journal, tmp_path: Path) -> None:
    decided(journal, "028", Verdict(VerdictKind.ACCEPTED))
    changed = Verdict(VerdictKind.CHANGED, "drainage", ("villages", "construction"), "flooding")
    decided(journal, "029", changed, body='=HYPERLINK("x")\n第二行，"引号"')
    decided(journal, "030", changed, keep_text=False)
    for name in ("v.csv", "v.jsonl"):
        result = succeeded(fenban("export", "verdicts", "-o", tmp_path / name, "--database", url))
        assert "2 件已写到" in result.stderr
        assert "另有 1 件没有存文字" in result.stderr
        cases = read_path(tmp_path / name).proposals
        assert [case.case_id for case in cases] == ["028", "029"]
        assert [case.section for case in cases] == ["municipal", "drainage"]
        assert cases[1].co_sections == ("villages", "construction")
        assert cases[0].title == f"关于{TEXT}的建议"
        assert (cases[0].kind, cases[0].session, cases[0].level) == ("建议", "十五届三次", "县")
    assert (tmp_path / "v.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    assert "'=HYPERLINK" in (tmp_path / "v.csv").read_text(encoding="utf-8-sig")


def test_an_export_of_nothing_is_a_table_without_rows(url: str, tmp_path: Path) -> None:
    succeeded(fenban("export", "verdicts", "-o", tmp_path / "v.csv", "--database", url))
    assert (tmp_path / "v.csv").read_text(encoding="utf-8-sig").count("\n") == 1


def test_an_export_that_can_not_be_written(url: str, tmp_path: Path) -> None:
    assert one_sentence(
        fenban("export", "verdicts", "-o", tmp_path / "v.doc", "--database", url), exit_code=2
    )
    for target in (tmp_path / "none" / "v.csv", tmp_path):
        result = fenban("export", "verdicts", "-o", f"{target}/v.csv" if target == tmp_path else target)
        one_sentence(result)


def test_the_chain_is_checked_against_a_head_from_before(
    url: str, audit: Audit, database: Database, tmp_path: Path
) -> None:
    for n in range(3):
        audit.add("user:zhang", "login", str(n))
    head = tmp_path / "head.json"
    succeeded(fenban("audit", "head", "--json", head, "--database", url))
    assert json.loads(head.read_text())["count"] == 3
    told = succeeded(fenban("audit", "verify", "--head", head, "--database", url)).stderr
    assert "审计记录 3 行，逐行核对无误" in told
    edit(database, "DELETE FROM audit WHERE seq = 3")
    succeeded(fenban("audit", "verify", "--database", url))
    said = one_sentence(fenban("audit", "verify", "--head", head, "--database", url))
    assert "第 3 行：末尾缺 1 行" in said
    edit(database, "UPDATE audit SET actor = 'x' WHERE seq = 1")
    result = fenban("audit", "verify", "--json", tmp_path / "v.json", "--database", url)
    assert "第 1 行：内容被改过" in one_sentence(result)
    assert json.loads((tmp_path / "v.json").read_text()) == {
        "count": 0,
        "broken_at": 1,
        "reason": "内容被改过",
        "sound": False,
        "unprotected": [],
    }


def test_a_file_that_is_no_head(url: str, tmp_path: Path) -> None:
    (tmp_path / "head.json").write_text("{")
    said = one_sentence(fenban("audit", "verify", "--head", tmp_path / "head.json", "--database", url))
    assert "head.json" in said


def test_keys_are_made_listed_and_revoked(url: str, keys: Keys) -> None:
    made = succeeded(
        fenban(
            "keys",
            "create",
            "erp",
            "--scope",
            "suggest",
            "--scope",
            "verdict",
            "--days",
            "9",
            "--database",
            url,
        )
    )
    key = keys.check(made.stdout.strip())
    assert key is not None
    assert key.scopes == {Scope.SUGGEST, Scope.VERDICT}
    assert key.created_by.startswith("command:")
    listed = succeeded(fenban("keys", "list", "--database", url, "--json", "-")).stdout
    assert [(k["name"], k["revoked_at"]) for k in json.loads(listed)] == [("erp", None)]
    assert made.stdout.strip() not in listed
    assert "在用" in succeeded(fenban("keys", "list", "--database", url)).stdout
    succeeded(fenban("keys", "revoke", "erp", "--database", url))
    assert "已停用" in succeeded(fenban("keys", "list", "--database", url)).stdout
    assert "没有在用的密钥" in one_sentence(fenban("keys", "revoke", "erp", "--database", url))


def test_accounts_are_made_changed_and_disabled(url: str) -> None:
    def users(*arguments: str, stdin: bytes | None = None) -> str:
        return succeeded(fenban("users", *arguments, "--database", url, stdin=stdin)).output

    assert "要改口令" in users("add", "zhang", "--role", "admin", "--password-stdin", stdin=PASSWORD)
    assert "登录后自己改" in users("list")
    assert PASSWORD.decode().strip() not in users("list", "--json", "-")
    users("role", "zhang", "--role", "section_head", "--section", "municipal")
    users("password", "zhang", "--password-stdin", stdin=b"Another-lamp-77\n")
    users("disable", "zhang")
    assert "已停用" in users("list")
    users("enable", "zhang")
    (user,) = json.loads(succeeded(fenban("users", "list", "--json", "-", "--database", url)).stdout)
    assert (user["role"], user["section"], user["disabled_at"]) == ("section_head", "municipal", None)


@pytest.mark.parametrize("written", ["drainage", "排水管理所", " ＤＲＡＩＮＡＧＥ "])
def test_the_section_of_a_section_head_is_one_of_the_site(url: str, accounts: Accounts, written: str) -> None:
    head = ("--role", "section_head", "--section", written, "--site", sample_site(), "--database", url)
    succeeded(fenban("users", "add", "li", *head, "--password-stdin", stdin=PASSWORD))
    succeeded(fenban("users", "role", "li", *head))
    assert accounts.list()[0].section == "drainage"


@pytest.mark.parametrize("written", ["教务处", "out:transport"])
def test_a_section_that_the_site_does_not_have_is_refused(url: str, accounts: Accounts, written: str) -> None:
    accounts.create("li", PASSWORD.decode().strip(), Role.CLERK, "command:root")
    head = ("--role", "section_head", "--section", written, "--site", sample_site(), "--database", url)
    for command in (("add", "sun", *head, "--password-stdin"), ("role", "li", *head)):
        said = one_sentence(fenban("users", *command, stdin=PASSWORD), exit_code=2)
        assert f"没有股室“{written}”" in said
        assert "drainage（排水管理所）" in said
    assert [(user.name, user.role) for user in accounts.list()] == [("li", Role.CLERK)]


def test_without_a_site_a_section_is_taken_as_it_is_written_and_that_is_said(url: str) -> None:
    head = ("--role", "section_head", "--section", "municipal", "--database", url)
    told = succeeded(fenban("users", "add", "li", *head, "--password-stdin", stdin=PASSWORD)).stderr
    assert "没有核对" in told
    told = succeeded(fenban("users", "role", "li", "--role", "clerk", "--database", url)).stderr
    assert "没有核对" not in told


def test_a_password_is_asked_for_twice_and_not_shown(url: str) -> None:
    result = succeeded(
        fenban("users", "add", "zhang", "--role", "admin", "--database", url, stdin=PASSWORD + PASSWORD)
    )
    assert PASSWORD.decode().strip() not in result.output


def test_a_password_that_would_be_seen_is_not_asked_for(url: str) -> None:
    add = ["users", "add", "zhang", "--role", "admin", "--database", url]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "service", *add],
        input=PASSWORD + PASSWORD, capture_output=True, check=False, start_new_session=True,
    )  # fmt: skip
    said = done.stderr.decode().splitlines()
    assert done.returncode == 2
    assert len(said) == 1
    assert "--password-stdin" in said[0]


def test_a_weak_password_is_refused(url: str) -> None:
    add = ("users", "add", "zhang", "--role", "admin", "--password-stdin", "--database", url)
    assert "至少 10 位" in one_sentence(fenban(*add, stdin=b"123\n"))
    assert "至少 10 位" in one_sentence(fenban(*add, stdin=b""))


def a_model_store(place: Path) -> Path:
    """Return what a store looks like to those who only need to know that it is one."""
    place.mkdir(parents=True)
    (place / "live").write_text("2026-03-02.1\n")
    return place


def test_the_first_key_begins_the_database_beside_the_model_store(tmp_path: Path) -> None:
    store = ("--store", a_model_store(tmp_path / "var" / "store"))
    made = succeeded(fenban("keys", "create", "erp", "--scope", "suggest", *store))
    assert f"新建了数据库 {tmp_path}/var/fenban.db" in made.stderr
    again = succeeded(fenban("keys", "create", "oa", "--scope", "suggest", *store))
    assert "新建" not in again.stderr
    assert made.stdout.startswith("fenban_")


FIRST = [
    ["keys", "create", "erp", "--scope", "suggest"],
    ["users", "add", "wang", "--role", "admin", "--password-stdin"],
]


@pytest.mark.parametrize("command", FIRST, ids=" ".join)
def test_no_key_and_no_account_is_made_where_no_service_would_read_it(
    tmp_path: Path, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    a_model_store(tmp_path / "var" / "store")
    (tmp_path / "empty").mkdir()
    for place in ([], ["--store", "wrong/store"], ["--store", "empty"]):
        result = fenban(*command, *place, stdin=PASSWORD)
        assert "什么也没有建" in one_sentence(result)
        assert "--store var/store" in result.stderr
        assert result.stdout == ""
    said = one_sentence(fenban(*command, "--database", "sqlite:///wrong/fenban.db", stdin=PASSWORD))
    assert "没有这个目录" in said
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["empty", "live", "store", "var"]


def test_a_refused_account_is_not_said_to_have_begun_a_database(tmp_path: Path) -> None:
    add = ("users", "add", "wang", "--role", "admin", "--password-stdin")
    result = fenban(*add, "--store", a_model_store(tmp_path / "store"), stdin=b"123\n")
    one_sentence(result)
    assert "新建" not in result.stderr


def test_a_list_names_its_database_and_a_store_that_is_not_there(tmp_path: Path) -> None:
    store = ("--store", a_model_store(tmp_path / "store"))
    succeeded(fenban("keys", "create", "erp", "--scope", "suggest", *store))
    assert "注意" not in succeeded(fenban("keys", "list", *store)).stderr
    for command in ("keys", "users"):
        other = succeeded(fenban(command, "list", "--store", tmp_path / "nostore"))
        assert "没有模型库" in other.stderr
        assert "fenban.db" in other.stderr
        assert "fenban.db" in other.stdout.replace("\n", "")


def test_backup_and_restore(tmp_path: Path) -> None:
    store = ("--store", a_model_store(tmp_path / "store"))
    succeeded(fenban("keys", "create", "erp", "--scope", "suggest", *store))
    assert "已备份到" in succeeded(fenban("backup", tmp_path / "copy.db", *store)).stderr
    succeeded(fenban("keys", "revoke", "erp", *store))
    assert "原来的数据库留在" in succeeded(fenban("restore", tmp_path / "copy.db", *store)).stderr
    database = open_database(f"sqlite:///{tmp_path}/fenban.db")
    assert [key.revoked_at for key in Keys(database).list()] == [None]
    assert [entry.action for entry in Audit(database).entries()] == ["restored", "key_created"]
    database.close()


def test_a_database_that_only_the_environment_names_is_not_replaced_from_afar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, drill = tmp_path / "var" / "fenban.db", tmp_path / "drill" / "fenban.db"
    store = ("--store", a_model_store(tmp_path / "var" / "store"))
    succeeded(fenban("keys", "create", "erp", "--scope", "suggest", *store))
    for name in ("copy.db", "copy.tar"):
        succeeded(fenban("backup", tmp_path / name, *store))
    monkeypatch.setenv("FENBAN_DATABASE", f"sqlite:///{real}")
    elsewhere = ("--store", tmp_path / "drill" / "store")
    for name in ("copy.db", "copy.tar"):
        said = one_sentence(fenban("restore", tmp_path / name, *elsewhere), exit_code=2)
        assert said.startswith(f"错误：{real}：环境变量 FENBAN_DATABASE")
        succeeded(fenban("restore", tmp_path / name, *elsewhere, "--database", f"sqlite:///{drill}"))
        assert "原来的" not in said
    assert not kept_beside(real)
    succeeded(fenban("restore", tmp_path / "copy.tar", *store))
    assert len(kept_beside(real)) == 1


def test_retention_removes_what_is_old_enough(url: str, journal: Journal) -> None:
    journal.record(new_decision())
    told = succeeded(fenban("retention", "--months", "1200", "--database", url)).stderr
    assert "已删除 0 件的文字、0 条理由" in told


def test_the_database_is_named_by_the_environment_too(
    url: str, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FENBAN_DATABASE", url)
    succeeded(fenban("keys", "create", "erp", "--scope", "suggest"))
    assert [key.name for key in keys.list()] == ["erp"]


OPENING = {
    "sqlite": ("DROP TRIGGER decisions_no_update", "DROP TRIGGER verdicts_no_replace"),
    "postgresql": (
        "ALTER TABLE decisions DISABLE TRIGGER decisions_append_only",
        "ALTER TABLE verdicts ENABLE REPLICA TRIGGER verdicts_append_only",
    ),
}
CLOSING = ("ALTER TABLE decisions ENABLE TRIGGER ALL", "ALTER TABLE verdicts ENABLE TRIGGER ALL")


def test_a_trigger_that_is_gone_or_turned_off_is_seen(url: str, database: Database, journal: Journal) -> None:
    journal.record(new_decision())
    succeeded(fenban("audit", "verify", "--database", url))
    assert not [one for one in check_database(database) if one.state is not State.GOOD]
    kind = url.partition(":")[0]
    try:
        with database.write() as connection:
            for statement in OPENING[kind]:
                connection.execute(text(statement))
        said = one_sentence(fenban("audit", "verify", "--database", url))
        assert "触发器不全：decisions、verdicts" in said
        result = fenban("audit", "verify", "--database", url, "--json", "-")
        told = json.loads(result.stdout)
        assert (told["sound"], told["unprotected"]) == (False, ["decisions", "verdicts"])
        (found,) = (one for one in check_database(database) if one.state is State.ERROR)
        assert found.message.endswith("decisions、verdicts")
    finally:
        if kind == "postgresql":  # the database is emptied for the next test, not made anew
            with database.write() as connection:
                for statement in CLOSING:
                    connection.execute(text(statement))


def test_a_table_that_is_gone_is_told_in_one_sentence(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/fenban.db"
    database = open_database(url)
    with database.write() as connection:
        connection.execute(text("DROP TABLE audit"))
    for command in ("verify", "head"):
        assert "缺数据表 audit。" in one_sentence(fenban("audit", command, "--database", url))
    first, *_ = check_database(database)
    assert (first.state, first.message.endswith("缺数据表 audit")) == (State.ERROR, True)
    database.close()


def test_only_what_was_looked_through_is_called_sound(url: str, database: Database) -> None:
    told = "".join(one.message for one in check_database(database))
    assert ("内容完好" in told) == url.startswith("sqlite")


@pytest.mark.parametrize(
    "command",
    [
        ["audit", "verify"],
        ["audit", "head"],
        ["keys", "list"],
        ["users", "list"],
        ["retention", "--months", "1"],
    ],
    ids=" ".join,
)
def test_commands_that_look_make_no_database(tmp_path: Path, command: list[str]) -> None:
    assert "没有这个数据库" in one_sentence(fenban(*command, "--store", tmp_path / "store"))
    assert list(tmp_path.iterdir()) == []
