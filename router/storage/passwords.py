"""What a password must be, and how it is kept."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from router.errors import InputError

__all__ = ["check_password", "hash_password", "is_password"]

_SHORTEST = 10
_LONGEST = 256
_KINDS = 3
_COMMON = ("password", "passw0rd", "qwerty", "admin", "fenban", "123456", "abc123", "111111", "000000")


def check_password(user: str, password: str) -> None:
    """See that a password is worth being one.

    Raises
    ------
    InputError
        Saying all that is missing.

    Examples
    --------
    >>> check_password("zhang", "Qinghe-2026-lamp")
    >>> check_password("zhang", "zhang123")
    Traceback (most recent call last):
    router.errors.InputError: password：口令至少 10 位；要有大写、小写、数字、其他字符中的三种；不能包含用户名
    """
    folded = password.casefold()
    kinds = (str.isupper, str.islower, str.isdigit, lambda c: not (c.isascii() and c.isalnum()))
    faults = {
        f"口令至少 {_SHORTEST} 位": len(password) < _SHORTEST,
        f"最长 {_LONGEST} 位": len(password) > _LONGEST,
        "要有大写、小写、数字、其他字符中的三种": sum(any(map(kind, password)) for kind in kinds) < _KINDS,
        "不能包含用户名": user.casefold() in folded,
        "不能只是常见口令加几个字": any(word in folded and len(password) < len(word) + 6 for word in _COMMON),
        "几个字符不能反复用": len(set(password)) < _SHORTEST // 2,
    }
    wrong = [fault for fault, holds in faults.items() if holds]
    if wrong:
        raise InputError("；".join(wrong), where="password")


def hash_password(password: str) -> str:
    """Hash with argon2id; salt and cost are in the result."""
    return _hasher().hash(password.encode("utf-8", "replace"))


def is_password(password: str, hashed: str | None) -> bool:
    """Say whether a password is the one; without a hash it takes as long and is not."""
    try:
        return (
            _hasher().verify(hashed or _nobodys(), password.encode("utf-8", "replace")) and hashed is not None
        )
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False


@cache
def _hasher() -> PasswordHasher:
    # OWASP's choice: 19 MiB, so that many logins at once don't fill a small machine
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def _nobodys() -> str:
    return _hasher().hash("nobody")
