"""The memory of a process that has loaded what it works with."""

from __future__ import annotations

import ctypes
import gc

__all__ = ["settle"]


def settle() -> None:
    """Leave all that is loaded by now out of later garbage collections, and give back what is free.

    Libraries, model and site are over a hundred thousand objects that stay
    as long as the process. Python's collector would look through all of them
    again whenever some hundreds of decisions have been made, which takes
    about a tenth of a second; and looking copies the pages that forked workers
    share. To be called after loading, and again after loading anew.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # where the C library has it
    if trim:  # the heap would keep what two models at once took
        trim(0)
