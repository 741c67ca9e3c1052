"""What a process that stays does about garbage."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from aia.infra.gc import GARBAGE_AFTER, settle


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


class _Knot:
    def __init__(self) -> None:
        self.own = self


def test_what_is_loaded_is_not_looked_through_any_more() -> None:
    settle()
    assert gc.get_freeze_count() > 1_000
    assert gc.get_threshold()[0] == GARBAGE_AFTER


def test_garbage_made_later_is_still_found() -> None:
    settle()
    gone = weakref.ref(_Knot())
    kept = [_Knot() for _ in range(GARBAGE_AFTER + 1)]
    assert gone() is None
    assert len(kept) == GARBAGE_AFTER + 1
