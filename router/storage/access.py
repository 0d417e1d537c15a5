"""The commands about who may what: API keys and accounts."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from datetime import datetime, timedelta
from getpass import GetPassWarning
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from router.console import database_option, json_option, say, site_option, store_option, write_json
from router.errors import UsageError
from router.site_files import load_site
from router.storage.accounts import Accounts, Role, User
from router.storage.commands import opened, who
from router.storage.keys import ApiKey, Keys, Scope

__all__ = ["keys", "users"]

_ROLE_WORDS = {
    Role.CLERK: "经办人",
    Role.SECTION_HEAD: "股室负责人",
    Role.ADMIN: "管理员",
    Role.AUDITOR: "审计员",
}
_section_option = click.option(
    "--section",
    default="",
    help="股室负责人的股室，id、名称或代码；给出 --site 才核对 · section of a section head",
)
_password_option = click.option(
    "--password-stdin",
    is_flag=True,
    help="从标准输入读口令，不在屏幕上问 · read the password from standard input",
)


@click.group()
def keys() -> None:
    """接口密钥：建立、列出、停用。

    API keys: create, list, revoke.
    """


@keys.command("create")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="权限，可写几次 · what it may do, several times",
)
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    help="几天后失效，默认不失效 · days until it expires, never by default",
)
@click.option(
    "--per-minute", type=int, help="每分钟最多几次，默认不限 · requests a minute, no limit by default"
)
@database_option
@store_option
def create_key(
    name: str,
    scopes: Sequence[str],
    days: int | None,
    per_minute: int | None,
    database: str | None,
    store: Path,
) -> None:
    """建立一个密钥，只显示这一次。

    Make a key. It is shown on standard output, this once.
    """
    with opened(database, store, create=True) as found:
        expires_at = found.now() + timedelta(days=days) if days else None
        new = Keys(found).create(name, map(Scope, scopes), who(), expires_at, per_minute)
    say("密钥只显示这一次，请存到对方系统的配置里：")
    click.echo(new.secret)


@keys.command("list")
@database_option
@store_option
@json_option
def list_keys(database: str | None, store: Path, json_file: str | None) -> None:
    """列出密钥，不含密钥本身 · list the keys, without their secrets."""
    with opened(database, store) as found:
        known = Keys(found).list()
        now = found.now()
    if json_file:
        write_json([_key_json(key) for key in known], json_file)
        return
    table = Table("名称", "权限", "每分钟", "建立", "失效", "状态", title=f"接口密钥（{found.place}）")
    for key in known:
        limit = str(key.per_minute) if key.per_minute else "不限"
        table.add_row(
            key.name,
            "、".join(sorted(key.scopes)),
            limit,
            _day(key.created_at),
            _day(key.expires_at),
            _state(key, now),
        )
    Console().print(table)


@keys.command()
@click.argument("name")
@database_option
@store_option
def revoke(name: str, database: str | None, store: Path) -> None:
    """停用一个密钥，立即生效 · make a key useless at once."""
    with opened(database, store) as found:
        Keys(found).revoke(name, who())
    say(f"已停用 {name}")


@click.group()
def users() -> None:
    """网页账户：建立、列出、改口令、停用。

    Accounts for the pages. The first administrator is made here; there is no
    default password anywhere.
    """


@users.command("add")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice([role.value for role in Role]),
    required=True,
    help="角色：clerk 经办人、section_head 股室负责人、admin 管理员、auditor 审计员 · role",
)
@_section_option
@site_option
@_password_option
@database_option
@store_option
def add_user(
    name: str,
    role: str,
    section: str,
    site: Path | None,
    *,
    password_stdin: bool,
    database: str | None,
    store: Path,
) -> None:
    """建立一个账户 · make an account."""
    section = _known_section(section, site)
    with opened(database, store, create=True) as found:
        Accounts(found).create(name, _password(password_stdin), Role(role), who(), section)
    say(f"已建立账户 {name}（{_ROLE_WORDS[Role(role)]}），第一次登录时要改口令")


@users.command("list")
@database_option
@store_option
@json_option
def list_users(database: str | None, store: Path, json_file: str | None) -> None:
    """列出账户 · list the accounts."""
    with opened(database, store) as found:
        known = Accounts(found).list()
        now = found.now()
    if json_file:
        write_json([_user_json(user) for user in known], json_file)
        return
    table = Table("用户名", "角色", "股室", "建立", "改口令", "状态", title=f"账户（{found.place}）")
    for user in known:
        locked = user.locked_until and user.locked_until > now
        state = "已停用" if user.disabled_at else "已锁定" if locked else "在用"
        role = _ROLE_WORDS[user.role]
        changed = "登录后自己改" if user.provisional else _day(user.password_at)
        table.add_row(user.name, role, user.section, _day(user.created_at), changed, state)
    Console().print(table)


@users.command()
@click.argument("name")
@_password_option
@database_option
@store_option
def password(name: str, *, password_stdin: bool, database: str | None, store: Path) -> None:
    """另设口令，并解除锁定 · set another password, and unlock."""
    with opened(database, store) as found:
        Accounts(found).set_password(name, _password(password_stdin), who())
    say(f"已改 {name} 的口令，原来的登录已退出，再登录时要改成自己的")


@users.command()
@click.argument("name")
@click.option(
    "--role", type=click.Choice([role.value for role in Role]), required=True, help="角色 · the new role"
)
@_section_option
@site_option
@database_option
@store_option
def role(name: str, role: str, section: str, site: Path | None, database: str | None, store: Path) -> None:
    """改角色 · give an account another role."""
    section = _known_section(section, site)
    with opened(database, store) as found:
        Accounts(found).set_role(name, Role(role), who(), section)
    say(f"{name} 现为{_ROLE_WORDS[Role(role)]}")


@users.command()
@click.argument("name")
@database_option
@store_option
def disable(name: str, database: str | None, store: Path) -> None:
    """停用一个账户 · let nobody in with an account."""
    with opened(database, store) as found:
        Accounts(found).disable(name, who())
    say(f"已停用 {name}")


@users.command()
@click.argument("name")
@database_option
@store_option
def enable(name: str, database: str | None, store: Path) -> None:
    """重新启用或解锁一个账户 · enable or unlock an account."""
    with opened(database, store) as found:
        Accounts(found).enable(name, who())
    say(f"已启用 {name}")


def _known_section(written: str, site: Path | None) -> str:
    """Return the id of a section as the site has it; without a site, what was written."""
    if not written:
        return ""
    if site is None:
        say(f"没有用 --site 指明站点，没有核对股室“{written}”")
        return written
    known = load_site(site)
    found = known.label_of(written)
    if found is None or found not in known.sections:
        there = "、".join(f"{one.id}（{one.name}）" for one in known.sections.values())
        raise UsageError(f"站点里没有股室“{written}”", where=str(site), hint=f"可写 {there}")
    return found


def _password(from_stdin: bool) -> str:  # a flag of the command line
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error", GetPassWarning)
        try:
            typed: str = click.prompt("口令", hide_input=True, confirmation_prompt="再输一遍", err=True)
        except GetPassWarning as error:
            hint = "请在终端里运行，或用 --password-stdin 从标准输入读"
            raise UsageError("没有终端，输口令会显示出来", hint=hint) from error
    return typed


def _state(key: ApiKey, now: datetime) -> str:
    if key.revoked_at:
        return "已停用"
    return "已过期" if key.expires_at and key.expires_at <= now else "在用"


def _day(moment: datetime | None) -> str:
    return moment.astimezone().date().isoformat() if moment else "—"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _key_json(key: ApiKey) -> dict[str, object]:
    return {
        "name": key.name,
        "scopes": sorted(key.scopes),
        "per_minute": key.per_minute,
        "created_at": _iso(key.created_at),
        "created_by": key.created_by,
        "expires_at": _iso(key.expires_at),
        "revoked_at": _iso(key.revoked_at),
    }


def _user_json(user: User) -> dict[str, object]:
    return {
        "name": user.name,
        "role": user.role.value,
        "section": user.section,
        "created_at": _iso(user.created_at),
        "password_at": _iso(user.password_at),
        "provisional": user.provisional,
        "locked_until": _iso(user.locked_until),
        "disabled_at": _iso(user.disabled_at),
    }
