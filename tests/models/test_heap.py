from __future__ import annotations

import gc
import weakref

from models.heap import settle


class Loaded:
    """Something that refers to itself, as models and sites may."""

    def __init__(self) -> None:
        self.itself = self


def test_what_is_loaded_is_looked_at_no_more() -> None:
    loaded = [Loaded() for _ in range(1_000)]
    settle()
    assert gc.get_freeze_count() > len(loaded)
    assert not any(isinstance(each, Loaded) for each in gc.get_objects())


def test_what_was_replaced_is_given_back_when_settling_again() -> None:
    loaded = Loaded()
    settle()
    gone = weakref.ref(loaded)
    del loaded
    gc.collect()
    assert gone() is not None
    settle()
    assert gone() is None
