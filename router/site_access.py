"""Who stands before the pages: the ``[access]`` part of ``site.toml``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from router.errors import SiteError

__all__ = ["Access", "read_access", "to_address"]

Address = IPv4Address | IPv6Address

_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{2,60}")
_TAKEN = {"authorization", "content-length", "content-type", "cookie", "forwarded", "host", "origin"}


@dataclass(frozen=True, slots=True)
class Access:
    """How people reach the pages.

    Parameters
    ----------
    tls : bool
        Whether they come by https, which a proxy in front may unpack.
    identity_header : str
        The request header in which a proxy names who has logged in at it.
    trusted_proxies : frozenset of address
        From whom alone that header is believed.
    password_days : int
        After so many days a password must be changed.

    Examples
    --------
    >>> Access(trusted_proxies=frozenset({ip_address("10.0.0.5")})).trusts("::ffff:10.0.0.5")
    True
    """

    tls: bool = False
    identity_header: str = ""
    trusted_proxies: frozenset[Address] = frozenset()
    password_days: int = 90

    def trusts(self, address: str | None) -> bool:
        """Say whether a request from `address` comes from one of the proxies."""
        found = to_address(address or "")
        return found is not None and found in self.trusted_proxies


def to_address(text: str) -> Address | None:
    """Return an IP address, an IPv4 one also where it is written as IPv6; None for anything else.

    Examples
    --------
    >>> to_address("::ffff:127.0.0.1"), to_address("localhost")
    (IPv4Address('127.0.0.1'), None)
    """
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def read_access(written: object, path: Path) -> Access:
    """Check and return what ``[access]`` says.

    Parameters
    ----------
    written : object
        The table of the file.
    path : Path
        The file, for messages.

    Raises
    ------
    SiteError
        Naming what is wrong.
    """
    if not isinstance(written, Mapping):
        raise SiteError("access 写法不对", where=str(path), hint="写成一节：[access]")
    known = [field.name for field in fields(Access)]
    if unknown := sorted(set(written) - set(known)):
        hint = f"可用：{'、'.join(known)}"
        raise SiteError(f"[access] 里有不认识的设置 {'、'.join(unknown)}", where=str(path), hint=hint)
    header, days = written.get("identity_header", ""), written.get("password_days", 90)
    proxies = _proxies(written.get("trusted_proxies", []), path)
    if not isinstance(written.get("tls", False), bool):
        raise _wrong("tls", "true 或 false", path)
    if not isinstance(days, int) or isinstance(days, bool) or days < 1:
        raise _wrong("password_days", "正整数", path)
    if header != "" and not _is_header(header):
        raise _wrong("identity_header", '请求头的名字，如 "X-Remote-User"', path)
    if header and not proxies:
        hint = '写上代理服务器的地址，如 trusted_proxies = ["10.0.0.5"]'
        raise SiteError("写了 identity_header，没写 trusted_proxies", where=str(path), hint=hint)
    return Access(written.get("tls", False), header, proxies, days)


def _proxies(written: object, path: Path) -> frozenset[Address]:
    listed = written if isinstance(written, list) else [None]
    found = {to_address(one) if isinstance(one, str) else None for one in listed}
    known = frozenset(address for address in found if address is not None)
    if len(known) < len(found):
        raise _wrong("trusted_proxies", '一列 IP 地址（不能写网段、域名），如 ["10.0.0.5"]', path)
    return known


def _is_header(name: object) -> bool:
    return isinstance(name, str) and bool(_HEADER.fullmatch(name)) and name.lower() not in _TAKEN


def _wrong(name: str, wanted: str, path: Path) -> SiteError:
    return SiteError(f"[access] 的 {name} 应为{wanted}", where=str(path))
