"""Each worker keeps to its own share of the processors.

Python runs one thread of a process at a time. Where the threads of a worker
wander over all processors, each finds the caches cold that the other has
just filled.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Sequence

__all__ = ["free_place", "keep_to_share", "share"]


def free_place(taken: Sequence[int], workers: int) -> int:
    """Return the first of the places that fewest workers have: a reload starts the new beside the old.

    Examples
    --------
    >>> free_place([0, 2], 3), free_place([0, 1], 2), free_place([0, 1, 0], 2)
    (1, 0, 1)
    """
    return min(range(workers), key=taken.count)


def share(processors: Collection[int], place: int, workers: int) -> set[int]:
    """Return the processors of one worker; all of them where there are fewer than workers.

    Parameters
    ----------
    processors : collection of int
        Which the service may use.
    place : int
        Of the worker among the workers, from 0.
    workers : int

    Examples
    --------
    >>> [share(range(5), place, 2) for place in range(2)]
    [{0, 1}, {2, 3, 4}]
    """
    known = sorted(processors)
    if len(known) < workers:
        return set(known)
    return set(known[place * len(known) // workers : (place + 1) * len(known) // workers])


def keep_to_share(place: int, workers: int) -> None:
    """Let this process keep to its share, where the system has a way to say so and lets it."""
    if not hasattr(os, "sched_setaffinity"):
        return
    try:
        os.sched_setaffinity(0, share(os.sched_getaffinity(0), place, workers))
    except OSError as error:  # a sandbox that filters calls: it is slower so, and no worse
        logging.getLogger("fenban").warning("the worker uses all processors: %s", error.strerror)
