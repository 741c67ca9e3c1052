"""A process that stays: how often it looks for garbage."""

import gc

GARBAGE_AFTER = 50_000
"""Objects made and not freed before Python looks for cycles among them. Its own 700 are less than a batch of
transfers makes, so it looked through what is kept for each of them, and found nothing."""


def settle() -> None:
    """Say that all is loaded: what is there now stays, and is not looked through for garbage any more."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER, *gc.get_threshold()[1:])
