from __future__ import annotations

from pathlib import Path

import pytest

from router.errors import SiteError
from router.site_access import Access, to_address
from router.site_files import load_site


def written(directory: Path, text: str) -> Access:
    with (directory / "site.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[access]\n{text}\n")
    return load_site(directory).settings.access


def test_nothing_is_believed_unless_it_is_written(site_directory: Path) -> None:
    access = load_site(site_directory).settings.access
    assert access == Access(tls=False, identity_header="", trusted_proxies=frozenset(), password_days=90)
    assert not access.trusts("127.0.0.1")


def test_what_is_written_is_read(site_directory: Path) -> None:
    access = written(
        site_directory,
        'tls = true\nidentity_header = "X-Remote-User"\n'
        'trusted_proxies = ["10.0.0.5", "::1", "10.0.0.5"]\npassword_days = 30',
    )
    assert (access.tls, access.identity_header, access.password_days) == (True, "X-Remote-User", 30)
    assert [access.trusts(peer) for peer in ("10.0.0.5", "::ffff:10.0.0.5", "0:0::1")] == [True] * 3
    assert [access.trusts(peer) for peer in ("10.0.0.6", "10.0.0.50", "", None, "localhost")] == [False] * 5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tls = 1", "tls"),
        ('tls = "true"', "tls"),
        ("password_days = 0", "password_days"),
        ("password_days = true", "password_days"),
        ('trusted_proxies = "10.0.0.5"', "trusted_proxies"),
        ('trusted_proxies = ["10.0.0.0/8"]', "trusted_proxies"),
        ('trusted_proxies = ["proxy.example"]', "trusted_proxies"),
        ('trusted_proxies = ["10.0.0.5", 7]', "trusted_proxies"),
        ('identity_header = "X-Remote-User"', "没写 trusted_proxies"),
        ('identity_header = "Cookie"\ntrusted_proxies = ["10.0.0.5"]', "identity_header"),
        ('identity_header = "X Remote"\ntrusted_proxies = ["10.0.0.5"]', "identity_header"),
        ("identity_header = 7", "identity_header"),
        ('header = "X-Remote-User"', "不认识的设置 header"),
    ],
)
def test_what_is_wrong_is_named(site_directory: Path, text: str, told: str) -> None:
    with pytest.raises(SiteError, match=told) as caught:
        written(site_directory, text)
    assert caught.value.where.endswith("site.toml")


def test_a_setting_that_is_no_part_is_refused(site_directory: Path) -> None:
    file = site_directory / "site.toml"
    file.write_text("access = 1\n" + file.read_text("utf-8"), "utf-8")
    with pytest.raises(SiteError, match=r"\[access\]"):
        load_site(site_directory)


@pytest.mark.parametrize("text", ["", "localhost", "10.0.0", "10.0.0.5:80", "[::1]", "10.0.0.5/32"])
def test_what_is_no_address(text: str) -> None:
    assert to_address(text) is None
