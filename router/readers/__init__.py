"""Reading papers and ledgers: one reader a file kind, one door for all cases."""

from __future__ import annotations

from router.readers.masking import Masked, mask
from router.readers.reading import MAX_FILE_BYTES, is_clutter, list_files, read_bytes, read_files, read_path
from router.readers.report import ReadReport
from router.readers.screening import MAX_CASE_CHARS, Screen
from router.readers.secrecy import is_secret
from router.readers.workbook import first_sheet

__all__ = [
    "MAX_CASE_CHARS",
    "MAX_FILE_BYTES",
    "Masked",
    "ReadReport",
    "Screen",
    "first_sheet",
    "is_clutter",
    "is_secret",
    "list_files",
    "mask",
    "read_bytes",
    "read_files",
    "read_path",
]
