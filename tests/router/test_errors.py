from __future__ import annotations

import pytest

from router import errors
from router.errors import FenbanError, InputError, SecretPaperError, StoreError, TamperedError, UsageError

ALL = [getattr(errors, name) for name in errors.__all__]


def test_all_is_what_the_module_defines() -> None:
    defined = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, Exception)
    }
    assert set(errors.__all__) == defined


def test_the_docstring_draws_every_error() -> None:
    assert all(f"* {name} " in (errors.__doc__ or "") for name in errors.__all__)


@pytest.mark.parametrize("error", ALL)
def test_every_error_is_one_of_ours(error: type[FenbanError]) -> None:
    assert issubclass(error, FenbanError)


def test_codes_tell_errors_apart() -> None:
    assert len({error.code for error in ALL}) == len(ALL)


def test_only_wrong_usage_exits_with_two() -> None:
    assert {error for error in ALL if error.exit_code == 2} == {UsageError}
    assert {error.exit_code for error in ALL} == {1, 2}


def test_special_errors_are_caught_as_their_kind() -> None:
    assert issubclass(SecretPaperError, InputError)
    assert issubclass(TamperedError, StoreError)


def test_the_sentence_names_place_and_advice() -> None:
    error = InputError("缺少 section 列", where="台账.csv", hint="请补上")
    assert str(error) == "台账.csv：缺少 section 列。请补上"
    assert str(InputError("缺少 section 列")) == "缺少 section 列"
