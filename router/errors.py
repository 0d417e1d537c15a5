"""The errors of fenban, one small tree.

* FenbanError                what a person is told in one sentence
    * UsageError             the command or call was wrong (exit code 2)
    * InputError             a file, row or field cannot be used
        * SecretPaperError   a paper marked 秘密, 机密 or 绝密: refused, never stored
    * SiteError              a file of the site directory is wrong
    * PluginError            a plugin is missing, doubled or of the wrong shape
    * TrainingError          the cases at hand cannot train a model
    * StoreError             the model store cannot do what was asked
        * TamperedError      an artifact does not match its recorded digest
    * StorageError           the database cannot do what was asked
        * StorageUnavailableError   it does not answer now: stopped, full, read-only, locked
        * IdempotencyConflictError  a key was used again with another request
        * UnknownDecisionError      there is no decision of that id
        * UnknownVerdictError       there is no verdict of that id
        * OvertakenError            somebody decided in the meantime
    * LoginError             name and password do not let anybody in
    * OutputError            a result could not be written
"""

from __future__ import annotations

__all__ = [
    "FenbanError",
    "IdempotencyConflictError",
    "InputError",
    "LoginError",
    "OutputError",
    "OvertakenError",
    "PluginError",
    "SecretPaperError",
    "SiteError",
    "StorageError",
    "StorageUnavailableError",
    "StoreError",
    "TamperedError",
    "TrainingError",
    "UnknownDecisionError",
    "UnknownVerdictError",
    "UsageError",
]


class FenbanError(Exception):
    """Base of every error that fenban raises on purpose.

    Parameters
    ----------
    message : str
        What happened, in the reader's language.
    where : str, optional
        The file, row or field it happened at.
    hint : str, optional
        What to do about it.

    Examples
    --------
    >>> str(FenbanError("读不出表头", where="台账.xlsx", hint="请检查第一行"))
    '台账.xlsx：读不出表头。请检查第一行'
    """

    code = "error"
    exit_code = 1

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        place = f"{self.where}：" if self.where else ""
        advice = f"。{self.hint}" if self.hint else ""
        return f"{place}{self.message}{advice}"


class UsageError(FenbanError):
    """The command line or call itself was wrong."""

    code = "usage"
    exit_code = 2


class InputError(FenbanError):
    """A file, row or field of the input cannot be used."""

    code = "invalid_input"


class SecretPaperError(InputError):
    """A paper marked as a state secret; it must not enter this system."""

    code = "secret_paper"


class SiteError(FenbanError):
    """A file of the site directory is missing or wrong."""

    code = "site"


class PluginError(FenbanError):
    """A plugin is unknown, registered twice or has the wrong signature."""

    code = "plugin"


class TrainingError(FenbanError):
    """The cases given cannot train a model."""

    code = "training"


class StoreError(FenbanError):
    """The model store cannot do what was asked."""

    code = "store"


class TamperedError(StoreError):
    """An artifact does not match the digest recorded when it was made."""

    code = "tampered"


class StorageError(FenbanError):
    """The database cannot do what was asked."""

    code = "storage"


class StorageUnavailableError(StorageError):
    """The database does not answer now; the same may work later."""

    code = "storage_unavailable"


class IdempotencyConflictError(StorageError):
    """An idempotency key was used before, with another request."""

    code = "idempotency_conflict"


class UnknownDecisionError(StorageError):
    """No decision has the id that was given."""

    code = "unknown_decision"


class UnknownVerdictError(StorageError):
    """No verdict has the id that was given."""

    code = "unknown_verdict"


class OvertakenError(StorageError):
    """Somebody has decided on the case since the page was shown on which somebody decides now."""

    code = "overtaken"


class LoginError(FenbanError):
    """Name and password do not let anybody in."""

    code = "login_refused"


class OutputError(FenbanError):
    """A result could not be written."""

    code = "output"
